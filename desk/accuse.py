"""Freezing one admin until somebody has looked, and what they began with them.

Whom they reset says "not me", or others deny one request of theirs after the other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from desk import history
from desk.journal import alarm, announce, note
from resets.audit import Deed
from resets.notice import NoticeKind
from resets.reasons import Reason
from resets.request import RequestState
from store import admins, audit, freezes, limits, requests, runs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from desk.tools import Tools
    from resets.actor import Actor
    from resets.request import ResetRequest
    from store.admins import AdminRow
    from store.base import Tx

STOPPED = (RequestState.HELD, RequestState.RUNNING)


async def frozen(tools: Tools, tx: Tx, request: ResetRequest) -> tuple[str, ...] | None:
    """Freeze the requester of somebody who says "not me", where it is time to, and pause what they had begun.

    They are frozen under every enrolment. Nothing is written into the journal yet: `told` does that, last: a run that
    goes on holds its own row and then waits for the journal. The enrolments' rows are held from here on, so that
    of several people who speak at once each is counted.

    Returns:
        the ids of the runs that were paused; None where the requester is not frozen by this.
    """
    actor = request.requester
    rows = await admins.of_accounts(tx, [actor], hold=True)
    if request.plan.count is not None:
        said = await audit.deeds_of(tx, request.id, Deed.NOT_ME) + 1
        if said < tools.rules.not_me_in_bulk:
            return None
    return await _stopped(tools, tx, rows)


async def hold(tx: Tx, request_id: str, decides: Actor) -> None:
    """Hold the enrolments of who decides about a request and of whoever asked for it, before the request itself."""
    await freezes.standing(tx)
    request = await requests.get(tx, request_id)
    await admins.of_accounts(tx, [decides, *([request.requester] if request else [])], hold=True)


async def denied(tools: Tools, tx: Tx, request: ResetRequest) -> tuple[str, ...] | None:
    """Freeze the requester whose last few requests were all denied, this one among them; returns what `frozen` does.

    Of those before somebody has let them act again none counts. `hold` comes first.
    """
    actor, most = request.requester, tools.rules.limits.denials_in_a_row
    rows = await admins.of_accounts(tx, [actor])
    since = max((row.unfrozen_at for row in rows if row.unfrozen_at), default=None)
    if most is None or not await limits.denied_in_a_row(tx, actor, most, since):
        return None
    return await _stopped(tools, tx, rows)


async def _stopped(tools: Tools, tx: Tx, rows: Sequence[AdminRow]) -> tuple[str, ...] | None:
    stopped = [row.id for row in rows if await admins.freeze(tx, row.id, tools.clock())]
    return tuple([run for each in stopped for run in await _paused(tx, each)]) if stopped else None


async def _paused(tx: Tx, actor_id: str) -> tuple[str, ...]:
    theirs = await runs.of_actor(tx, actor_id, STOPPED)
    return tuple([run for run in theirs if await runs.pause(tx, run, Reason.ACTOR_FROZEN)])


async def told(
    tools: Tools, tx: Tx, request: ResetRequest, paused: tuple[str, ...], *, what: str = "actor_frozen"
) -> None:
    """Write down that the requester is frozen, what is paused by that, and tell the security channel."""
    actor = request.requester
    await note(tools, tx, Deed.ACTOR_FROZEN, by=None, request=request, login=actor.login, account=actor.account_id)
    for run in paused:
        if (held := await requests.get(tx, run)) is not None:
            await history.note(tools, tx, Deed.PAUSED, request=held, reason=Reason.ACTOR_FROZEN.value)
        await announce(tools, tx, NoticeKind.RESULT, request_id=run)
    who = actor.slack.user
    await alarm(tools, tx, what, request_id=request.id, user=who, name=actor.name, about=actor.login)
