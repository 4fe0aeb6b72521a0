"""What a chunk has to say: which of its notices are next, and when there are none left."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from resets.request import RequestState
from store import chunks, outbox, runs

if TYPE_CHECKING:
    from desk.tools import Tools

AT_ONCE = 20
LOOK_AGAIN = timedelta(seconds=2)


async def waiting(tools: Tools, work_id: str) -> tuple[str, ...]:
    """Return the notices of a chunk that are to be said next (0-20)."""
    async with tools.store.read() as tx:
        return await outbox.of_chunk(tx, work_id.rpartition(".")[0], AT_ONCE)


async def rest(tools: Tools, work_id: str) -> timedelta | None:
    """Say how long to wait for more, once nothing is left to say; None where no more will come in this round."""
    chunk_id, _, round_ = work_id.rpartition(".")
    async with tools.store.write() as tx:
        chunk = await chunks.get(tx, chunk_id)
        if chunk is None or await chunks.told(tx, chunk_id):
            return None
        run = await runs.get(tx, chunk.request_id)
        if run is None or str(chunk.round) != round_ or chunk.told_at is not None:
            return None
        more = run.state is RequestState.RUNNING or await chunks.writing(tx, chunk_id)
    return LOOK_AGAIN if more else None
