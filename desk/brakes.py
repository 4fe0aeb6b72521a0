"""What stops a run by itself: too many failures, a first wave that went wrong, a directory that is not there."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

from desk import history
from desk.faults import reason as reason_of
from desk.journal import alarm, announce
from directory.base import DirectoryError, NotNow
from resets.audit import Deed
from resets.notice import NoticeKind
from resets.reasons import Reason
from store import chunks, freezes, requests, runs

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from desk.tools import Tools
    from store.base import Tx
    from store.chunks import Chunk
    from store.runs import Run

Answer = TypeVar("Answer")

LAST = 100  # people of whom the failures are counted
TOO_MANY = 5  # percent of them
ENOUGH = 20  # people who have to be over before a share of them means anything
PATIENCE = (1.0, 2.0, 4.0, 8.0)  # seconds between looks at a directory that does not answer
REST = timedelta(seconds=5)


async def patiently(tools: Tools, chunk: Chunk, read: Callable[[], Awaitable[Answer]]) -> Answer:
    """Read from a directory, some times where it does not answer, for as long as the run goes on.

    Raises:
        DirectoryError: it asked for a longer wait, refuses, or was silent each time.
    """
    for pause in PATIENCE:
        try:
            return await read()
        except DirectoryError as error:
            if isinstance(error, NotNow) or not error.retryable:
                raise
        await tools.sleep(pause)
        async with tools.store.read() as tx:
            if await freezes.standing(tx) is not None or not await chunks.may_go_on(tx, chunk):
                break
    return await read()


async def directory_failed(tools: Tools, request_id: str, error: DirectoryError) -> timedelta | None:
    """Wait as long as a busy directory asks for; stop the run where it does not answer or refuses to be read."""
    if isinstance(error, NotNow):
        return error.after or REST
    await stop(tools, request_id, reason_of(error))
    return None


async def stop(tools: Tools, request_id: str, reason: Reason) -> bool:
    """Pause a run by itself, and say why; False where it was not running."""
    async with tools.store.write() as tx:
        request = await requests.get(tx, request_id)
        if request is None or not await runs.pause(tx, request_id, reason):
            return False
        await history.note(tools, tx, Deed.PAUSED, request=request, reason=reason.value)
        # Slack tells nobody that a message was edited: what stopped by itself is said anew, in its thread.
        await announce(tools, tx, NoticeKind.RESULT, request_id=request_id)
        if reason is Reason.NOT_PROVED:
            await alarm(tools, tx, reason.value, request_id=request_id, about="")
    return True


async def look(tools: Tools, request_id: str) -> None:
    """Stop a run in which too many have failed."""
    async with tools.store.read() as tx:
        run = await runs.get(tx, request_id)
        reason = await verdict(tx, run) if run else None
    if reason is not None:
        await stop(tools, request_id, reason)


async def verdict(tx: Tx, run: Run) -> Reason | None:
    """Say why a run should stop by how its last people went; None when it may go on."""
    failed, over = await runs.last_ended(tx, run.request_id, run.judged_from, LAST)
    return Reason.TOO_MANY_FAILED if over >= ENOUGH and failed * 100 > TOO_MANY * over else None
