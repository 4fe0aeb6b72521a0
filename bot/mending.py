"""What keeps the engine whole: works that it lost, forgot or whose worker died go on, and what has ended is removed."""

from __future__ import annotations

import asyncio
import logging
from itertools import islice
from typing import TYPE_CHECKING

from bot.engine import ALIVE, LISTED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bot.crew import Alone, Crew
    from bot.engine import Held, Intake
    from desk.tools import Work

log = logging.getLogger(__name__)

REMOVED_AT_ONCE = 100  # on SQLite nobody else writes meanwhile


class Mender:
    """Looks after the engine's rows. `here` holds the workflow ids that live in this process."""

    def __init__(self, intake: Intake, crew: Alone | Crew, here: set[str]) -> None:
        self._intake = intake
        self._crew = crew
        self._here = here
        self._strays: set[Held] = set()  # begun by us and without a task, one look ago
        self._orphans: set[Held] = set()  # begun by nobody who is known, one look ago

    async def mend(self, works: Iterable[Work]) -> int:
        """Start again what ought to be under way and is not; returns how many. Harmless for what is.

        Args:
            works: all that the store's rows say is not finished; read once, a few hundred at a time.
        """
        lost = 0
        for some in _batches(works, LISTED):
            wanted = {work.workflow_id: work for work in some}
            known = await self._intake.states(list(wanted))
            gone = [i for i in wanted if known.get(i) not in ALIVE and i not in self._here]
            ended = [i for i in gone if i in known]
            if ended:
                await self._intake.remove(ended)
            for workflow_id in gone:
                await self._intake.again(wanted[workflow_id])
            lost += len(gone)
        lost += await self._adopt()
        if lost:
            log.warning("work_mended", extra={"lost": lost})
        await self._intake.calm()
        return lost

    async def find_strays(self) -> int:
        """Go on with what the engine has begun in our name and then forgotten, seen so twice; returns how many."""
        found = {each for each in await self._intake.held(self._crew.id) if each.workflow_id not in self._here}
        strays = found & self._strays
        self._strays = found - strays
        if strays:
            log.warning("work_mended", extra={"stray": len(strays)})
        return await self._intake.give_back(strays)

    async def _adopt(self) -> int:
        """Go on with what was begun by workers that nobody knows (an older version's, say), seen so twice."""
        strangers = getattr(self._crew, "strangers", None)
        if strangers is None:
            return 0
        held = await self._intake.held()
        unknown = await strangers(frozenset(each.by for each in held))
        found = {each for each in held if each.by in unknown}
        orphans = found & self._orphans
        self._orphans = found - orphans
        return await self._intake.give_back(orphans)

    async def hand_on(self, worker_id: str) -> int:
        """Put what a worker had begun back into the queues, where a living one finds it; returns how many."""
        return await self._intake.give_back(await self._intake.held(worker_id))

    async def tidy(self, before: str) -> int:
        """Remove the engine's rows of work that ended before `before` (ISO 8601); returns how many."""
        removed = 0
        while ids := await self._intake.ended(before, REMOVED_AT_ONCE):
            await self._intake.remove(ids)
            removed += len(ids)
            await asyncio.sleep(0)
        return removed


def _batches(works: Iterable[Work], size: int) -> Iterator[list[Work]]:
    left = iter(works)
    while some := list(islice(left, size)):
        yield some
