"""What people do to a run at the host: as in `desk/control.py`, and the journal names who sat there.

To stop is always allowed there. What sets passwords again is proved by the requester's code, in the deed's transaction.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from desk import prove, steer
from desk.control import LOOK_EVERY, MOST_NAMED, WAIT_FOR
from desk.dossier import PURPOSE
from desk.forms import BULK, open_form, role_of
from desk.journal import announce, note
from desk.retry import RETRY_WITHIN
from resets.audit import Deed
from resets.notice import NoticeKind
from resets.reasons import Reason, Refused
from resets.request import RequestState
from store import chunks, requests, runs, vault

if TYPE_CHECKING:
    from desk.tools import Tools
    from resets.actor import Actor
    from resets.request import ResetRequest
    from store.base import Tx
    from store.runs import Run


async def start(tools: Tools, admin: Actor, host: str) -> str:
    """Open a form for many in an admin's name, and write down who sits at the host. Returns the form's id.

    Raises:
        Refused: NO_ROLE.
    """
    async with tools.store.write() as tx:
        actor = await role_of(tx, admin.slack)
        await note(tools, tx, Deed.LOOKED_UP, by=actor, query="the command line", host=host)
        return await open_form(tools, tx, BULK, admin.slack, actor)


async def pause(tools: Tools, request_id: str, admin: Actor, host: str) -> None:
    """Stop a run for now; who is being reset at this moment is finished.

    Raises:
        Refused: NO_ROLE, RUN_OVER (also where it is paused already).
    """
    async with tools.store.write() as tx:
        actor, request, _ = await _found(tx, request_id, admin)
        if not await runs.pause(tx, request_id, Reason.STOPPED_BY_HAND):
            raise Refused(Reason.RUN_OVER)
        await note(tools, tx, Deed.PAUSED, by=actor, request=request, reason=Reason.STOPPED_BY_HAND.value, host=host)


async def cancel(tools: Tools, request_id: str, admin: Actor, host: str) -> int:
    """Cancel the rest of a run; returns how many were spared. `settled` then waits for what had begun.

    Raises:
        Refused: NO_ROLE, RUN_OVER.
    """
    async with tools.store.write() as tx:
        actor, request, _ = await _found(tx, request_id, admin)
        spared = await runs.cancel(tx, request_id)
        if spared is None:
            raise Refused(Reason.RUN_OVER)
        await vault.wipe_of(tx, PURPOSE, runs.cancelled(request_id))
        await note(tools, tx, Deed.CANCELLED, by=actor, request=request, spared=spared, host=host)
    return spared


async def settled(tools: Tools, request_id: str) -> tuple[str, ...]:
    """Wait, within bounds, until a cancelled run sets no password any more, and have its result told.

    Returns:
        the logins (0-50) of those of whom nobody knows yet how it went.
    """
    until = tools.clock() + WAIT_FOR
    try:
        while True:
            async with tools.store.read() as tx:
                under_way = await runs.begun(tx, request_id, MOST_NAMED)
            if not under_way or tools.clock() >= until:
                return under_way
            await asyncio.sleep(LOOK_EVERY)
    finally:
        async with tools.store.write() as tx:
            await announce(tools, tx, NoticeKind.RESULT, request_id=request_id)


async def resume(tools: Tools, request_id: str, admin: Actor, host: str, code: str) -> None:
    """Let a paused run go on. Only its requester may, with a code.

    Raises:
        Refused: NO_ROLE, NOT_YOURS, RUN_OVER (also where it is not paused), TOO_LATE, or a CODE_ reason.
    """
    async with tools.store.write() as tx:
        actor, request, run = await _own(tools, tx, request_id, admin)
        if run.state is not RequestState.PAUSED:
            raise Refused(Reason.RUN_OVER)
        missed = await prove.step_up(tools, tx, actor, code)
        if missed is None:
            if not await runs.resume(tx, request_id):
                raise Refused(Reason.RUN_OVER)
            await note(tools, tx, Deed.RESUMED, by=actor, request=request, method="totp", host=host)
            await steer.send_again(tools, tx, request_id)
            return
    raise missed


async def retry_failed(tools: Tools, request_id: str, admin: Actor, host: str, code: str) -> int:
    """Try those who failed once more; returns in how many chunks they are. Only the requester may, with a code.

    Raises:
        Refused: NO_ROLE, NOT_YOURS, RUN_OVER, NOTHING_LEFT, TOO_LATE, or a CODE_ reason.
    """
    async with tools.store.write() as tx:
        actor, request, run = await _own(tools, tx, request_id, admin)
        if run.state is not RequestState.DONE:
            raise Refused(Reason.NOTHING_LEFT)
        missed = await prove.step_up(tools, tx, actor, code)
        if missed is None:
            again = await runs.retry_failed(tx, request_id)
            if not again or not await runs.reopen(tx, request_id):
                raise Refused(Reason.NOTHING_LEFT)
            await chunks.reopen(tx, request_id, again)
            await note(tools, tx, Deed.RETRIED, by=actor, request=request, chunks=len(again), method="totp", host=host)
            return len(again)
    raise missed


async def _found(tx: Tx, request_id: str, admin: Actor) -> tuple[Actor, ResetRequest, Run]:
    actor = await role_of(tx, admin.slack)
    request, run = await requests.get(tx, request_id), await runs.get(tx, request_id)
    if request is None or run is None or run.state is RequestState.ASKED:
        raise Refused(Reason.RUN_OVER)
    return actor, request, run


async def _own(tools: Tools, tx: Tx, request_id: str, admin: Actor) -> tuple[Actor, ResetRequest, Run]:
    actor, request, run = await _found(tx, request_id, admin)
    if request.requester.id != actor.id:
        raise Refused(Reason.NOT_YOURS)
    if run.begins_at is None or tools.clock() > run.begins_at + RETRY_WITHIN:
        raise Refused(Reason.TOO_LATE)
    return actor, request, run
