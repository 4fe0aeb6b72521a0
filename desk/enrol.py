"""Who may act: enrolment at the host, bound to a directory account's immutable id, proved by one code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from desk.faults import reason as reason_of
from desk.journal import alarm, note
from desk.prove import PURPOSE, seed_context
from directory.base import DirectoryError
from resets import stepup
from resets.actor import Actor, SlackPerson
from resets.audit import Deed
from resets.reasons import Reason, Refused
from store import admins, vault

if TYPE_CHECKING:
    from collections.abc import Callable

    from desk.tools import Tools
    from directory.secret import Secret
    from store.admins import AdminRow
    from store.base import Tx

ISSUER = "Rekey"


@dataclass(frozen=True, slots=True)
class Enrolling:
    """An enrolment that is not proved yet; nothing of it is kept."""

    actor: Actor
    seed: Secret
    uri: Secret  # for the QR code


async def enrol(
    tools: Tools, *, slack_user: str, directory: str, login: str, role: str, randbytes: Callable[[int], bytes]
) -> Enrolling:
    """Find the account that will stand behind a Slack person, and draw a seed.

    Raises:
        Refused: NO_SUCH_DIRECTORY, NOT_FOUND, DISABLED, EXTERNAL, SERVICE, ALREADY_ENROLLED, ACTOR_FROZEN, or the
            directory failed.
    """
    person = SlackPerson(tools.team, slack_user)
    async with tools.store.read() as tx:
        if await admins.by_slack(tx, person) is not None:
            raise Refused(Reason.ALREADY_ENROLLED, user=slack_user)
    try:
        account = await tools.directory(directory).find(login)
    except DirectoryError as error:
        raise Refused(reason_of(error), directory=directory, login=login) from error
    if account is None:
        raise Refused(Reason.NOT_FOUND, login=login, directory=directory)
    for wrong, why in ((account.disabled, Reason.DISABLED), (account.external, Reason.EXTERNAL)):
        if wrong:
            raise Refused(why, login=login, directory=directory)
    if account.service:
        raise Refused(Reason.SERVICE, login=login, directory=directory)
    actor = Actor(tools.new_id(), person, directory, account.id, account.login, account.name, role)
    async with tools.store.read() as tx:
        await _demand_free(tx, actor)
    seed = stepup.new_seed(randbytes)
    return Enrolling(actor, seed, stepup.uri(seed, account.login, ISSUER))


async def confirm(tools: Tools, enrolling: Enrolling, typed: str, *, by: str) -> Actor:
    """Keep an enrolment whose seed has given a right code; the code is spent by it.

    Raises:
        Refused: CODE_MALFORMED, CODE_WRONG, CODE_SKEWED, ALREADY_ENROLLED, or ACTOR_FROZEN.
    """
    code = stepup.well_formed(typed)
    if code is None:
        raise Refused(Reason.CODE_MALFORMED)
    now = tools.clock()
    match stepup.match(enrolling.seed, code, now, 0):
        case stepup.Right(step):
            pass
        case stepup.Skewed(minutes):
            raise Refused(Reason.CODE_SKEWED, minutes=minutes)
        case _:
            raise Refused(Reason.CODE_WRONG)
    actor = enrolling.actor
    async with tools.store.write() as tx:
        if await admins.by_slack(tx, actor.slack) is not None:
            raise Refused(Reason.ALREADY_ENROLLED, user=actor.slack.user)
        await _demand_free(tx, actor)
        await admins.add(tx, actor, now)
        await vault.put(tx, PURPOSE, actor.id, enrolling.seed, seed_context(actor))
        await admins.spend(tx, actor.id, step, unlock=False)
        await note(tools, tx, Deed.ENROLLED, by=actor, role=actor.role, login=actor.login, host=by)
        await alarm(tools, tx, "enrolled", user=actor.slack.user, name=actor.name, about=actor.login)
    return actor


async def _demand_free(tx: Tx, actor: Actor) -> None:
    """Refuse another enrolment to somebody who is frozen: it would be free, before anybody has looked.

    Raises:
        Refused: ACTOR_FROZEN.
    """
    if any(row.frozen_at is not None for row in await admins.of_accounts(tx, [actor], hold=tx.writes)):
        raise Refused(Reason.ACTOR_FROZEN, login=actor.login)


async def listing(tools: Tools) -> tuple[AdminRow, ...]:
    """Return all enrolments, the revoked ones too."""
    async with tools.store.read() as tx:
        return tuple(await admins.listing(tx))


async def revoke(tools: Tools, admin_id: str, *, by: str) -> bool:
    """End an enrolment at once; its seed is destroyed. False when there is none such, or it was ended before."""
    async with tools.store.write() as tx:
        row = await admins.by_id(tx, admin_id)
        if row is None or not await admins.revoke(tx, admin_id, tools.clock()):
            return False
        await vault.wipe(tx, PURPOSE, admin_id)
        await note(tools, tx, Deed.REVOKED, by=row.actor, host=by)
        await alarm(tools, tx, "revoked", user=row.actor.slack.user, name=row.actor.name, about=row.actor.login)
        return True


async def unlock(tools: Tools, admin_id: str, *, by: str) -> bool:
    """Lift the lock after ten wrong codes, or after a clock that ran ahead. False when there is nothing to lift."""
    async with tools.store.write() as tx:
        row = await admins.by_id(tx, admin_id)
        if row is None or not await admins.unlock(tx, admin_id, stepup.step_of(tools.clock())):
            return False
        await note(tools, tx, Deed.UNLOCKED, by=row.actor, host=by)
        return True


async def unfreeze(tools: Tools, admin_id: str, *, by: str) -> bool:
    """Let an admin begin resets again, of whom people said "not me". False when there is nothing to lift."""
    async with tools.store.write() as tx:
        row = await admins.by_id(tx, admin_id)
        if row is None or not await admins.unfreeze(tx, admin_id):
            return False
        await note(tools, tx, Deed.ACTOR_UNFROZEN, by=row.actor, host=by)
        await alarm(tools, tx, "actor_unfrozen", user=row.actor.slack.user, name=row.actor.name, about=row.actor.login)
        return True
