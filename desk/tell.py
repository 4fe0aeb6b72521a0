"""What a chunk has to say: which of its notices are next, which rest, and when there are none left."""

from __future__ import annotations

import asyncio
from collections import deque
from datetime import timedelta
from typing import TYPE_CHECKING

from resets.request import RequestState
from store import chunks, freezes, outbox, runs

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence

    from desk.tools import Tools
    from store.base import Tx
    from store.chunks import Chunk

AT_ONCE = 20
SIDE_BY_SIDE = 4
LOOK_AGAIN = timedelta(seconds=2)
LONGEST = timedelta(seconds=30)  # that those wait which were not even tried
MOST = 2_000  # chunks whose rests are remembered


class Rests:
    """Until when notices rest that could not be said, by the watch: the clock may be set back meanwhile.

    In memory alone: who takes the work over tries them at once.
    """

    def __init__(self) -> None:
        self._until: dict[str, dict[str, float]] = {}

    def of(self, chunk_id: str, now: float) -> Mapping[str, float]:
        """Return those of a chunk that still rest."""
        left = {notice_id: until for notice_id, until in self._until.pop(chunk_id, {}).items() if until > now}
        if left:
            self._until[chunk_id] = left
        return left

    def add(self, chunk_id: str, some: Mapping[str, float]) -> None:
        """Let some of a chunk rest."""
        self._until.setdefault(chunk_id, {}).update(some)
        while len(self._until) > MOST:
            del self._until[next(iter(self._until))]  # whose work others may have taken over


async def go_on(
    tools: Tools, rests: Rests, work_id: str, say: Callable[[str], Awaitable[timedelta | None]]
) -> timedelta | None:
    """Say a chunk's notices, those with the fewest tries first; one that has to wait holds up no other.

    Args:
        tools: the desk's.
        rests: the same for all calls of a process.
        work_id: the chunk's, with its round.
        say: tries one notice; returns how long that one has to wait, None once it is said or given up.

    Returns:
        how long to wait before going on; None when no more will come in this round.
    """
    chunk_id = work_id.rpartition(".")[0]
    while True:
        resting = rests.of(chunk_id, tools.watch())
        ids = await _waiting(tools, chunk_id, resting)
        if not ids:
            break
        waits = await _tried(ids, say)
        now = tools.watch()
        rests.add(chunk_id, {notice_id: now + wait.total_seconds() for notice_id, wait in waits.items()})
        if len(waits) == AT_ONCE:  # not one was said: Slack or the mail server wants a rest, and not another twenty
            return min(max(min(waits.values()), LOOK_AGAIN), LONGEST)
    if not resting:
        return await _rest(tools, work_id)
    if await _grows(tools, chunk_id):
        return LOOK_AGAIN
    return max(timedelta(seconds=min(resting.values()) - tools.watch()), LOOK_AGAIN)


async def _tried(ids: Sequence[str], say: Callable[[str], Awaitable[timedelta | None]]) -> dict[str, timedelta]:
    """Try notices, a few side by side; returns how long those wait who have to.

    Where one try breaks off, no other is begun, and those under way are waited for: the work is begun anew, and would
    say what is just being said.
    """
    left, waits = deque(ids), {}

    async def some() -> None:
        while left:
            notice_id = left.popleft()
            try:
                wait = await say(notice_id)
            except BaseException:
                left.clear()
                raise
            if wait is not None:
                waits[notice_id] = wait

    ends = await asyncio.gather(*(some() for _ in range(SIDE_BY_SIDE)), return_exceptions=True)
    for error in ends:
        if error is not None:
            raise error
    return waits


async def _waiting(tools: Tools, chunk_id: str, resting: Collection[str]) -> tuple[str, ...]:
    async with tools.store.read() as tx:
        return await outbox.of_chunk(tx, chunk_id, AT_ONCE, besides=resting)


async def _rest(tools: Tools, work_id: str) -> timedelta | None:
    """Say how long to wait for more, once nothing is left to say; None where no more will come in this round."""
    chunk_id, _, round_ = work_id.rpartition(".")
    async with tools.store.write() as tx:
        stands = await freezes.standing(tx)
        chunk = await chunks.get(tx, chunk_id)
        if chunk is None or await chunks.told(tx, chunk_id):
            return None
        if str(chunk.round) != round_ or chunk.told_at is not None:
            return None
        if await outbox.of_chunk(tx, chunk_id, 1):
            return timedelta(0)  # written since we looked, perhaps as the last of a run that was cancelled
        again = stands.rest(tools.clock()) if stands else LOOK_AGAIN
        return again if await _works(tx, chunk) else None


async def _grows(tools: Tools, chunk_id: str) -> bool:
    """Say whether a chunk may still get notices that were not there before."""
    async with tools.store.read() as tx:
        chunk = await chunks.get(tx, chunk_id)
        return chunk is not None and chunk.finished_at is None and await _works(tx, chunk)


async def _works(tx: Tx, chunk: Chunk) -> bool:
    run = await runs.get(tx, chunk.request_id)
    return run is not None and (run.state is RequestState.RUNNING or await chunks.to_finish(tx, chunk))
