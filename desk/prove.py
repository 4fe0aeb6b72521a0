"""The step-up: an attempt is paid for before the code is looked at, and both before anybody hears what it was."""

from __future__ import annotations

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
    from resets.actor import Actor
    from store.admins import AdminRow
    from store.base import Tx

PURPOSE = "totp"
ALARM_AT = 3  # the third miss in a row is told to the security channel


def seed_context(actor: Actor) -> str:
    """Return what a sealed seed is tied to: it opens for no other enrolment, Slack person or account."""
    return f"{actor.id}|{actor.slack.team}/{actor.slack.user}|{actor.directory}/{actor.account_id}"


async def step_up(tools: Tools, tx: Tx, actor: Actor, typed: str) -> Refused | None:
    """Pay for an attempt, look at the code, and spend it in the transaction of the deed that it proves.

    A miss is returned, not raised, so that its price is kept: commit, do nothing else, and only then raise it.

    Raises:
        Refused: nothing was paid and nobody looked: CODE_MALFORMED, CODE_LOCKED, CODE_WAIT, NO_ROLE or KEY_WRONG;
            or CODE_USED: another request was faster with the same code.
    """
    code = stepup.well_formed(typed)
    if code is None:
        raise Refused(Reason.CODE_MALFORMED)
    now = tools.clock()
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
    match stepup.match(seed, code, now, row.last_step):
        case stepup.Right(step):
            if not await admins.spend(tx, row.id, step, unlock=True):
                raise Refused(Reason.CODE_USED)
            return None
        case stepup.Used():
            return await _missed(tools, tx, row, Reason.CODE_USED)
        case stepup.Skewed(minutes):
            return await _missed(tools, tx, row, Reason.CODE_SKEWED, minutes=minutes)
        case stepup.Wrong():
            return await _missed(tools, tx, row, Reason.CODE_WRONG)


def _demand_turn(row: AdminRow, now: datetime) -> None:
    if row.locked_at is not None:
        raise Refused(Reason.CODE_LOCKED, login=row.actor.login)
    if row.next_try_at is not None and row.next_try_at > now:
        raise Refused(Reason.CODE_WAIT, seconds=ceil((row.next_try_at - now).total_seconds()))


async def _missed(tools: Tools, tx: Tx, row: AdminRow, reason: Reason, **facts: int) -> Refused:
    """Note a miss, alarm where it is time to, and return what the person is told."""
    misses = row.misses + 1
    wait, locked = stepup.price(row.misses)
    await note(tools, tx, Deed.STEP_UP_MISSED, by=row.actor, why=reason.value, misses=misses)
    if locked:
        await note(tools, tx, Deed.STEP_UP_LOCKED, by=row.actor, misses=misses)
    if locked or misses == ALARM_AT:
        what = "step_up_locked" if locked else "step_up_misses"
        await alarm(tools, tx, what, user=row.actor.slack.user, name=row.actor.name, about=row.actor.login)
    if locked:
        return Refused(Reason.CODE_LOCKED, login=row.actor.login)
    return Refused(reason, **facts, **({"seconds": ceil(wait.total_seconds())} if wait else {}))
