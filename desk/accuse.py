"""Freezing one admin: whom they reset says "not me", so that what they began stands still until somebody has looked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desk.journal import alarm, announce, note
from resets.audit import Deed
from resets.notice import NoticeKind
from resets.reasons import Reason
from resets.request import RequestState
from store import admins, audit, requests, runs

if TYPE_CHECKING:
    from desk.tools import Tools
    from resets.request import ResetRequest
    from store.base import Tx

STOPPED = (RequestState.HELD, RequestState.RUNNING)


async def frozen(tools: Tools, tx: Tx, request: ResetRequest) -> tuple[str, ...] | None:
    """Freeze the requester of somebody who says "not me", where it is time to, and pause what they had begun.

    Nothing is written into the journal yet: `told` does that, last. The enrolment's row is held from here on, so that
    of several people who speak at once each is counted.

    Returns:
        the ids of the runs that were paused; None where the requester is not frozen by this.
    """
    actor = request.requester
    row = await admins.by_id(tx, actor.id, hold=True)
    if row is None:
        return None
    if request.plan.count is not None:
        said = await audit.deeds_of(tx, request.id, Deed.NOT_ME) + 1
        if said < tools.rules.not_me_in_bulk:
            return None
    if not await admins.freeze(tx, actor.id, tools.clock()):
        return None
    theirs = await runs.of_actor(tx, actor.id, STOPPED)
    return tuple([run for run in theirs if await runs.pause(tx, run, Reason.ACTOR_FROZEN)])


async def told(tools: Tools, tx: Tx, request: ResetRequest, paused: tuple[str, ...]) -> None:
    """Write down that the requester is frozen, what is paused by that, and tell the security channel."""
    actor = request.requester
    await note(tools, tx, Deed.ACTOR_FROZEN, by=None, request=request, login=actor.login, account=actor.account_id)
    for run in paused:
        await note(tools, tx, Deed.PAUSED, request=await requests.get(tx, run), reason=Reason.ACTOR_FROZEN.value)
        await announce(tools, tx, NoticeKind.RESULT, request_id=run)
    who = actor.slack.user
    await alarm(tools, tx, "actor_frozen", request_id=request.id, user=who, name=actor.name, about=actor.login)
