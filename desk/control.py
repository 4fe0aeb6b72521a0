"""Pause, resume, cancel the rest, retry what failed: what people do to a run, from Slack or the command line."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

from desk import steer
from desk.dossier import PURPOSE
from desk.forms import role_of
from desk.journal import announce, note
from desk.retry import RETRY_WITHIN
from resets.actor import Actor, SlackPerson
from resets.audit import Deed
from resets.notice import NoticeKind
from resets.reasons import Reason, Refused
from resets.request import RequestState
from store import chunks, requests, runs, vault

if TYPE_CHECKING:
    from desk.tools import Tools
    from resets.request import ResetRequest
    from store.base import Tx
    from store.runs import Run

WAIT_FOR = timedelta(seconds=20)  # how long a cancellation waits for what was begun
LOOK_EVERY = 0.1  # seconds
MOST_NAMED = 50


async def pause(tools: Tools, request_id: str, by: SlackPerson | Actor) -> None:
    """Stop a run for now; who is being reset at this moment is finished. Any admin may.

    Raises:
        Refused: NO_ROLE, RUN_OVER (also where it is paused already).
    """
    async with tools.store.write() as tx:
        actor, request, _ = await _found(tx, request_id, by)
        if not await runs.pause(tx, request_id, Reason.STOPPED_BY_HAND):
            raise Refused(Reason.RUN_OVER)
        await note(tools, tx, Deed.PAUSED, by=actor, request=request, reason=Reason.STOPPED_BY_HAND.value)


async def resume(tools: Tools, request_id: str, by: SlackPerson | Actor) -> None:
    """Let a paused run go on. Only its requester may: others can stop it, but not start it.

    Raises:
        Refused: NO_ROLE, NOT_YOURS, RUN_OVER (also where it is not paused), TOO_LATE.
    """
    async with tools.store.write() as tx:
        actor, request, run = await _found(tx, request_id, by)
        _demand_own(actor, request)
        if run.begins_at is None or tools.clock() > run.begins_at + RETRY_WITHIN:
            raise Refused(Reason.TOO_LATE)
        if not await runs.resume(tx, request_id):
            raise Refused(Reason.RUN_OVER)
        await note(tools, tx, Deed.RESUMED, by=actor, request=request)
        await steer.send_again(tools, tx, request_id)


async def cancel(tools: Tools, request_id: str, by: SlackPerson | Actor) -> tuple[int, tuple[str, ...]]:
    """Cancel the rest of a run. When this returns, no further password is set by it. Any admin may.

    What was only sealed is destroyed; what had begun is waited for, within bounds.

    Returns:
        how many were spared, and the logins (0-50) of those of whom nobody knows yet how it went.

    Raises:
        Refused: NO_ROLE, RUN_OVER.
    """
    async with tools.store.write() as tx:
        actor, request, _ = await _found(tx, request_id, by)
        spared = await runs.cancel(tx, request_id)
        if spared is None:
            raise Refused(Reason.RUN_OVER)
        await vault.wipe_of(tx, PURPOSE, runs.cancelled(request_id))
        await note(tools, tx, Deed.CANCELLED, by=actor, request=request, spared=spared)
    under_way = await _waited(tools, request_id)
    async with tools.store.write() as tx:
        await announce(tools, tx, NoticeKind.RESULT, request_id=request_id)
    return spared, under_way


async def retry_failed(tools: Tools, request_id: str, by: SlackPerson | Actor) -> int:
    """Try those who failed once more, under the same proof. Only the requester may, within a day of the beginning.

    Raises:
        Refused: NO_ROLE, NOT_YOURS, NOTHING_LEFT, TOO_LATE.
    """
    async with tools.store.write() as tx:
        actor, request, run = await _found(tx, request_id, by)
        _demand_own(actor, request)
        if run.begins_at is None or tools.clock() > run.begins_at + RETRY_WITHIN:
            raise Refused(Reason.TOO_LATE)
        if run.state is not RequestState.DONE:
            raise Refused(Reason.NOTHING_LEFT)
        again = await runs.retry_failed(tx, request_id)
        if not again or not await runs.reopen(tx, request_id):
            raise Refused(Reason.NOTHING_LEFT)
        await chunks.reopen(tx, request_id, again)
        await note(tools, tx, Deed.RETRIED, by=actor, request=request, chunks=len(again))
    return len(again)


async def _found(tx: Tx, request_id: str, by: SlackPerson | Actor) -> tuple[Actor, ResetRequest, Run]:
    actor = await role_of(tx, by.slack if isinstance(by, Actor) else by)
    request, run = await requests.get(tx, request_id), await runs.get(tx, request_id)
    if request is None or run is None or run.state is RequestState.ASKED:
        raise Refused(Reason.RUN_OVER)
    return actor, request, run


def _demand_own(actor: Actor, request: ResetRequest) -> None:
    if request.requester.id != actor.id:
        raise Refused(Reason.NOT_YOURS)


async def _waited(tools: Tools, request_id: str) -> tuple[str, ...]:
    """Wait until nobody's password is being written any more, or for as long as is reasonable."""
    until = tools.clock() + WAIT_FOR
    while True:
        async with tools.store.read() as tx:
            under_way = await runs.begun(tx, request_id, MOST_NAMED)
        if not under_way or tools.clock() >= until:
            return under_way
        await asyncio.sleep(LOOK_EVERY)
