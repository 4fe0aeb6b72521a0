"""The step-up: an attempt is paid for before the code is looked at, and a code is spent in the deed's transaction."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING

from desk.journal import alarm, note
from desk.sealed import unsealed
from resets import stepup
from resets.audit import Deed
from resets.reasons import Reason, Refused
from store import admins

if TYPE_CHECKING:
    from datetime import datetime

    from desk.tools import Tools
    from directory.secret import Secret
    from resets.actor import Actor
    from store.admins import AdminRow
    from store.base import Tx

PURPOSE = "totp"
ALARM_AT = 3  # the third miss in a row is told to the security channel


@dataclass(frozen=True, slots=True)
class Right:
    """A code that fits and was not used before; `spend` makes it used."""

    admin_id: str
    step: int


def seed_context(actor: Actor) -> str:
    """Return what a sealed seed is tied to: it opens for no other enrolment, Slack person or account."""
    return f"{actor.id}|{actor.slack.team}/{actor.slack.user}|{actor.directory}/{actor.account_id}"


async def look(tools: Tools, actor: Actor, typed: str) -> Right:
    """Pay for an attempt and look at the code. Nothing is spent yet, and nothing is changed by a wrong one.

    Raises:
        Refused: CODE_MALFORMED (not paid for), CODE_LOCKED, CODE_WAIT, CODE_WRONG, CODE_SKEWED or CODE_USED.
    """
    code = stepup.well_formed(typed)
    if code is None:
        raise Refused(Reason.CODE_MALFORMED)
    now = tools.clock()
    async with tools.store.write(waited_for=True) as tx:
        row = await admins.by_id(tx, actor.id)
        if row is None or row.revoked_at is not None:
            raise Refused(Reason.NO_ROLE)
        _demand_turn(row, now)
        wait, lock = stepup.price(row.misses)
        if not await admins.pay(tx, row.id, now, wait=wait, lock=lock, seen_misses=row.misses):
            raise Refused(Reason.CODE_WAIT, seconds=1)
        seed = await unsealed(tx, PURPOSE, row.actor.id, seed_context(row.actor))
    if seed is None:
        raise Refused(Reason.KEY_WRONG)
    return await _judge(tools, row, seed, code, now)


async def spend(tx: Tx, right: Right) -> None:
    """Make a code used, in the transaction of the deed that it proves.

    Raises:
        Refused: CODE_USED: another request was faster with the same code.
    """
    if not await admins.spend(tx, right.admin_id, right.step, unlock=True):
        raise Refused(Reason.CODE_USED)


def _demand_turn(row: AdminRow, now: datetime) -> None:
    if row.locked_at is not None:
        raise Refused(Reason.CODE_LOCKED, login=row.actor.login)
    if row.next_try_at is not None and row.next_try_at > now:
        raise Refused(Reason.CODE_WAIT, seconds=ceil((row.next_try_at - now).total_seconds()))


async def _judge(tools: Tools, row: AdminRow, seed: Secret, code: str, now: datetime) -> Right:
    match stepup.match(seed, code, now, row.last_step):
        case stepup.Right(step):
            return Right(row.actor.id, step)
        case stepup.Used():
            reason, facts = Reason.CODE_USED, {}
        case stepup.Skewed(minutes):
            reason, facts = Reason.CODE_SKEWED, {"minutes": minutes}
        case stepup.Wrong():
            reason, facts = Reason.CODE_WRONG, {}
    misses = row.misses + 1
    wait, locked = stepup.price(row.misses)
    async with tools.store.write(waited_for=True) as tx:
        await note(tools, tx, Deed.STEP_UP_MISSED, by=row.actor, why=reason.value, misses=misses)
        if locked:
            await note(tools, tx, Deed.STEP_UP_LOCKED, by=row.actor, misses=misses)
        if locked or misses == ALARM_AT:
            what = "step_up_locked" if locked else "step_up_misses"
            await alarm(tools, tx, what, user=row.actor.slack.user, name=row.actor.name, about=row.actor.login)
    if locked:
        raise Refused(Reason.CODE_LOCKED, login=row.actor.login)
    raise Refused(reason, **facts, **({"seconds": ceil(wait.total_seconds())} if wait else {}))
