"""What is done by the clock, beside the work: mending, expiring, refreshing the index, tidying up.

Of several workers the one that leads does it; where that one goes, the next begins at once.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from typing import TYPE_CHECKING

from desk import decide, freeze, live, number, remind, steer, sweep, vouch
from directory.base import DirectoryError
from store.base import StoreFailed

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime

    from bot.duties import Duties
    from bot.worker import Worker
    from desk.tools import Tools

log = logging.getLogger(__name__)

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
LIVE_EVERY = timedelta(seconds=3)  # one message of one bulk: Slack allows 50 updates a minute
QUESTIONS_EVERY = timedelta(seconds=10)  # one about a caller may be answered for minutes
TIDY_EVERY = timedelta(minutes=10)
KEEP_ENDED = timedelta(hours=1)  # the engine's own rows of what has ended
LOOK_SECONDS = 1.0  # how often a worker that does not lead asks itself whether it does by now
WHOLE_WALK_EVERY = timedelta(hours=24)  # deletions show only in a walk over all accounts


class Rounds:
    """Every round runs at the start and then at its own pace; one that fails is told in the log and comes again."""

    def __init__(self, tools: Tools, duties: Duties, worker: Worker, refresh_every: dict[str, timedelta]) -> None:
        self._tools = tools
        self._duties = duties
        self._worker = worker
        self._refresh_every = refresh_every
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin all rounds."""
        rounds: list[tuple[str, timedelta, Callable[[], Awaitable[object]]]] = [
            ("mend", MINUTE, self._mend),
            ("steer", SECOND, self._steer),
            ("freeze", LIVE_EVERY, lambda: freeze.over(self._tools)),
            ("approvals", LIVE_EVERY, lambda: decide.lapse(self._tools)),
            ("reminders", MINUTE, lambda: remind.remind(self._tools)),
            ("cards", MINUTE, lambda: remind.repair(self._tools)),
            ("live", LIVE_EVERY, lambda: live.say_one(self._tools)),
            ("numbers", QUESTIONS_EVERY, lambda: number.expire(self._tools)),
            ("vouches", QUESTIONS_EVERY, lambda: vouch.expire(self._tools)),
            ("expire", MINUTE, lambda: sweep.expire(self._tools)),
            ("signed in", MINUTE, lambda: sweep.signed_in(self._tools)),
            ("tidy", TIDY_EVERY, self._tidy),
        ]
        rounds += [(f"index {name}", pause, self._refresher(name)) for name, pause in self._refresh_every.items()]
        self._tasks = [asyncio.create_task(self._for_ever(*each)) for each in rounds]

    async def stop(self) -> None:
        """End all rounds where they stand."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _steer(self) -> None:
        if await steer.all_runs(self._tools):
            await self._worker.bulks_go_on()

    async def _mend(self) -> None:
        await self._worker.mend(await self._duties.unfinished())

    async def _tidy(self) -> None:
        await self._worker.tidy((self._tools.clock() - KEEP_ENDED).isoformat())
        await sweep.forget_drafts(self._tools)
        await self._tools.store.tidy()

    def _refresher(self, name: str) -> Callable[[], Awaitable[object]]:
        last_whole: datetime | None = None

        async def refresh() -> None:
            nonlocal last_whole
            now = self._tools.clock()
            whole = last_whole is None or now - last_whole >= WHOLE_WALK_EVERY
            seen = await sweep.refresh(self._tools, name, whole=whole)
            if whole:
                last_whole = now
                log.info("index_refreshed", extra={"directory": name, "accounts": seen})

        return refresh

    async def _for_ever(self, name: str, pause: timedelta, deed: Callable[[], Awaitable[object]]) -> None:
        while True:
            while not self._worker.leads:  # noqa: ASYNC110 - nothing tells when another worker dies
                await asyncio.sleep(LOOK_SECONDS)
            try:
                await deed()
            except (DirectoryError, StoreFailed) as error:
                log.warning("round_failed", extra={"round": name, "error": type(error).__name__})
            except Exception:  # the worker's loop is one of three doors
                log.exception("round_failed", extra={"round": name})
            await asyncio.sleep(pause.total_seconds())
