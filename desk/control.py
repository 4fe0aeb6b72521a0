"""Pause, resume, cancel the rest, retry what failed: what people do to a run, from Slack or at the host.

To stop is always allowed, but to a role that only vouches: that may freeze everything. What sets passwords again is
the requester's alone; at the host, where no session stands for them, their code proves it in the deed's transaction,
and the journal names who sat there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from desk import freeze, history, prove, roles, steer
from desk.dossier import PURPOSE
from desk.forms import role_of
from desk.journal import announce
from desk.retry import RETRY_WITHIN
from resets.audit import Deed
from resets.notice import NoticeKind
from resets.reasons import Reason, Refused
from resets.request import RequestState
from store import chunks, requests, runs, vault

if TYPE_CHECKING:
    from desk.tools import Tools
    from resets.actor import Actor, SlackPerson
    from resets.request import ResetRequest
    from store.base import Tx
    from store.runs import Run

LOOKS, LOOK_EVERY = 200, 0.1  # how often, in seconds, a cancellation looks whether what was begun is over
MOST_NAMED = 50
NO_RUN = (RequestState.ASKED, RequestState.DENIED, RequestState.WITHDRAWN, RequestState.EXPIRED)  # never begun


async def pause(tools: Tools, request_id: str, by: SlackPerson, *, host: str = "") -> None:
    """Stop a run for now; who is being reset at this moment is finished. Any admin may, but who only vouches.

    Raises:
        Refused: NO_ROLE, RESETS_NOBODY (but of one's own run), RUN_OVER (also where it is paused already).
    """
    async with tools.store.write() as tx:
        actor, request = await _stoppable(tools, tx, request_id, by)
        if not await runs.pause(tx, request_id, Reason.STOPPED_BY_HAND):
            raise Refused(Reason.RUN_OVER)
        more = _at(host)
        await history.note(
            tools, tx, Deed.PAUSED, by=actor, request=request, reason=Reason.STOPPED_BY_HAND.value, more=more
        )


async def resume(tools: Tools, request_id: str, by: SlackPerson, *, host: str = "", code: str | None = None) -> None:
    """Let a paused run go on. Only its requester may: others can stop it, but not start it.

    Raises:
        Refused: NO_ROLE, NOT_YOUR_RUN, RUN_OVER (also where it is not paused), TOO_LATE, FROZEN, ACTOR_FROZEN, or a
            CODE_ reason.
    """
    async with tools.store.write() as tx:
        actor, request, run = await _own(tools, tx, request_id, by)
        if run.state is not RequestState.PAUSED:
            raise Refused(Reason.RUN_OVER)
        await freeze.demand(tools, tx, actor)
        missed = None if code is None else await prove.step_up(tools, tx, actor, code)
        if missed is None:
            if not await runs.resume(tx, request_id):
                raise Refused(Reason.RUN_OVER)
            await history.note(tools, tx, Deed.RESUMED, by=actor, request=request, more=_at(host, code))
            await steer.send_again(tools, tx, request_id)
            return
    raise missed


async def cancel(tools: Tools, request_id: str, by: SlackPerson, *, host: str = "") -> int:
    """Cancel the rest of a run; returns how many were spared. Any admin may, but who only vouches.

    `settled` then waits for what had begun.

    What was only sealed is destroyed.

    Raises:
        Refused: NO_ROLE, RESETS_NOBODY (but of one's own run), RUN_OVER.
    """
    async with tools.store.write() as tx:
        actor, request = await _stoppable(tools, tx, request_id, by)
        spared = await runs.cancel(tx, request_id, Reason.RUN_CANCELLED)
        if spared is None:
            raise Refused(Reason.RUN_OVER)
        await vault.wipe_of(tx, PURPOSE, runs.cancelled(request_id))
        await history.note(tools, tx, Deed.CANCELLED, by=actor, request=request, spared=spared, more=_at(host))
        await announce(tools, tx, NoticeKind.RESULT, request_id=request_id)
    return spared


async def settled(tools: Tools, request_id: str) -> tuple[str, ...]:
    """Wait, within bounds, until a cancelled run changes nothing any more: whoever was begun is finished.

    Returns:
        the logins (0-50) of those who are not finished yet; empty: no further directory call starts.
    """
    under_way: tuple[str, ...] = ()
    for _ in range(LOOKS):
        async with tools.store.read() as tx:
            under_way = await runs.begun(tx, request_id, MOST_NAMED)
        if not under_way:
            break
        await tools.sleep(LOOK_EVERY)
    return under_way


async def retry_failed(
    tools: Tools, request_id: str, by: SlackPerson, *, host: str = "", code: str | None = None
) -> int:
    """Try those who failed once more. Only the requester may, within a day.

    Of a run that was cancelled only those who were begun: of whom nobody knows, and of whom a later step failed.

    Returns:
        how many were left out: another request is writing their passwords at this moment.

    Raises:
        Refused: NO_ROLE, NOT_YOUR_RUN, RUN_OVER, NOTHING_LEFT, WRITTEN_ELSEWHERE (all of them are left out), TOO_LATE,
            FROZEN, ACTOR_FROZEN, or a CODE_ reason.
    """
    async with tools.store.write() as tx:
        actor, request, run = await _own(tools, tx, request_id, by)
        if run.state not in runs.OVER:
            raise Refused(Reason.NOTHING_LEFT)
        await freeze.demand(tools, tx, actor)
        missed = None if code is None else await prove.step_up(tools, tx, actor, code)
        if missed is None:
            again, left = await runs.retry_failed(tx, request_id, anew=run.state is RequestState.DONE)
            if left and not again:
                raise Refused(Reason.WRITTEN_ELSEWHERE, people=left)
            if not again or not await runs.reopen(tx, request_id):
                raise Refused(Reason.NOTHING_LEFT)
            await chunks.close(tx, request_id)
            await chunks.reopen(tx, request_id, again)
            counts = {"chunks": len(again), **({"left": left} if left else {})}
            await history.note(tools, tx, Deed.RETRIED, by=actor, request=request, more={**counts, **_at(host, code)})
            return left
    raise missed


def _at(host: str, code: str | None = None) -> dict[str, str | int]:
    where: dict[str, str | int] = {"host": host} if host else {}
    return where if code is None else {**where, "method": "totp"}


async def _found(tx: Tx, request_id: str, by: SlackPerson) -> tuple[Actor, ResetRequest, Run]:
    actor = await role_of(tx, by)
    request, run = await requests.get(tx, request_id), await runs.get(tx, request_id)
    if request is None or run is None or run.state in NO_RUN:
        raise Refused(Reason.RUN_OVER)
    if run.state is RequestState.PROVED:
        raise Refused(Reason.UNDECIDED)
    return actor, request, run


async def _stoppable(tools: Tools, tx: Tx, request_id: str, by: SlackPerson) -> tuple[Actor, ResetRequest]:
    actor, request, _ = await _found(tx, request_id, by)
    if request.requester.id != actor.id:
        roles.demand_more(tools, actor)
    return actor, request


async def _own(tools: Tools, tx: Tx, request_id: str, by: SlackPerson) -> tuple[Actor, ResetRequest, Run]:
    actor, request, run = await _found(tx, request_id, by)
    if request.requester.id != actor.id:
        raise Refused(Reason.NOT_YOUR_RUN, user=request.requester.name)
    if run.begins_at is None or tools.clock() > run.begins_at + RETRY_WITHIN:
        raise Refused(Reason.TOO_LATE)
    return actor, request, run
