"""The durable engine in this process. It moves work on; the rows of the store are the truth.

One workflow, `work(kind, id)`: do a step, sleep durably if it says so, do it again. Only here and in `bot/engine.py` is
DBOS named.
"""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from dbos import DBOS
from dbos._serialization import DBOSPortableJSONSerializer
from sqlalchemy.exc import SQLAlchemyError

from bot.crew import Alone, DeclaredDead, EngineNotReady
from bot.engine import CHUNKS, NAME, OF_BULKS, QUEUES, VERSION, WORKFLOW, refuse_pickle, sync_url
from bot.mending import Mender
from desk.tools import Work, WorkKind
from store.base import StoreFailed
from store.uncut import uncut

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from bot.crew import Crew
    from bot.engine import Intake

log = logging.getLogger(__name__)

STOP_LATENCY_SECONDS = 0.3  # a thread of the engine that we have no use for sleeps so long before it sees the stop
DRAIN_SECONDS = 10.0
LET_GO_SECONDS = 5.0
STRAYS_SECONDS = 5.0
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=1), timedelta(minutes=5)
LONGEST_FOR_STORE = timedelta(seconds=10)  # a store that was away does not mind who asks


class Worker:
    """The engine in this process. `do` does one step of a work and says when to call again; None is finished.

    `crew` is this process among others; None where it is the only one, which is so on SQLite. `lanes` is how many
    chunks can be under way at once, in all directories.
    """

    def __init__(
        self,
        url: str,
        intake: Intake,
        do: Callable[[Work], Awaitable[timedelta | None]],
        crew: Crew | None = None,
        *,
        lanes: int = CHUNKS.claimed,
    ) -> None:
        self._url = url
        self._intake = intake
        self._do = do
        self._lanes = lanes
        self._crew: Alone | Crew = crew or Alone(url)
        self._turns = {queue: asyncio.Semaphore(queue.at_once) for queue in QUEUES.values()}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._here: set[str] = set()  # workflow ids that live in this process
        self._mender = Mender(intake, self._crew, self._here)
        self._keepers: list[asyncio.Task[None]] = []
        self._misses: dict[str, int] = {}
        self._busy = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._stopping = False
        self._running = False

    @property
    def leads(self) -> bool:
        """Whether this process is the one that does what must be done by one."""
        return self._running and not self._stopping and self._crew.leads

    def fit(self) -> bool:
        """Say whether a work of this process may begin its next act; asks no database.

        False in a process that stops, or that was frozen for so long that others may have taken its works over.
        """
        return not self._stopping and self._crew.fit()

    async def start(self) -> None:
        """Start the engine on the running loop; work that was in flight when it last stopped goes on.

        Raises:
            EngineNotReady: another process runs it, or the tables are missing or old.
            StoreFailed: we could not be written down among the workers.
        """
        refuse_pickle()
        await self._launch()
        if self._crew.beat_seconds is None:  # among others, one with fewer directories would speak for all
            with suppress(SQLAlchemyError):  # it would only look for chunks in vain
                await self._intake.share(CHUNKS, max(1, self._lanes))
        self._keepers = [asyncio.create_task(self._for_ever(STRAYS_SECONDS, self._mender.find_strays))]
        if self._crew.beat_seconds is not None:
            self._keepers.append(asyncio.create_task(self._for_ever(self._crew.beat_seconds, self._beat)))
        log.info("worker_started", extra={"worker": self._crew.id})

    async def _launch(self) -> None:
        await self._crew.join()
        await self._crew.beat()  # tells whether we lead
        DBOS(
            config={
                "name": NAME,
                "system_database_url": sync_url(self._url),
                "application_version": VERSION,
                "executor_id": self._crew.id,
                "serializer": DBOSPortableJSONSerializer(),
                "run_migrations": False,
                "sys_db_pool_size": 4,
                "notification_listener_polling_interval_sec": STOP_LATENCY_SECONDS,
                "log_level": "WARNING",
                "enable_otlp": False,
            }
        )

        @DBOS.workflow(name=WORKFLOW, max_recovery_attempts=None)
        async def work(kind: str, work_id: str) -> None:
            await self._go_on(Work(WorkKind(kind), work_id))

        try:
            DBOS.launch()  # on this loop, so that workflows run on it
        except Exception as error:
            await self._destroy()
            with suppress(StoreFailed):
                await self._crew.leave()
            log.warning("engine_not_launched", extra={"error": type(error).__name__})
            raise EngineNotReady("The store has no engine's tables, or old ones; run `rekey db upgrade`.") from error
        self._running = True

    async def stop(self, seconds: float = DRAIN_SECONDS) -> None:
        """Begin nothing more, wait for what is being done, then let go; what sleeps goes on at the next start.

        Where there are other workers, it goes on there at once.
        """
        self._stopping = True
        for keeper in self._keepers:
            keeper.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)
        if not self._running:
            return
        # Who begins nothing for long still has to say that he lives: what he is doing is his until the end.
        beating = asyncio.create_task(self._for_ever(self._crew.beat_seconds or seconds + 1, self._crew.beat))
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._idle.wait()
        beating.cancel()
        await asyncio.gather(beating, return_exceptions=True)
        await self._let_go()
        await self._destroy()
        await self._let_go()  # the engine may have begun more until it was gone
        await self._leave()
        log.info("worker_stopped", extra={"worker": self._crew.id, "cut_short": self._busy})

    async def _leave(self) -> None:
        """Hand on what we had begun, and go; what does not succeed is done by the others when we have been silent."""
        try:
            if self._crew.beat_seconds is not None:
                await self._mender.hand_on(self._crew.id)
            await self._crew.leave()
        except (StoreFailed, SQLAlchemyError) as error:
            log.warning("worker_not_left", extra={"worker": self._crew.id, "error": type(error).__name__})

    async def _let_go(self) -> None:
        """End the tasks of all works, wherever they stand; a workflow left behind would be collected with a noise."""
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=LET_GO_SECONDS)

    async def _destroy(self) -> None:
        self._running = False
        # The engine had made its own executor the loop's default, and shuts it down.
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(thread_name_prefix="rekey"))
        await asyncio.to_thread(DBOS.destroy, destroy_registry=True)

    async def _for_ever(self, seconds: float, deed: Callable[[], Awaitable[object]]) -> None:
        while True:
            await asyncio.sleep(seconds)
            try:
                await deed()
            except (StoreFailed, SQLAlchemyError, EngineNotReady) as error:
                log.warning("worker_not_kept", extra={"error": type(error).__name__})
            except Exception:  # the worker's loop is one of three doors
                log.exception("worker_not_kept")

    async def _beat(self) -> None:
        """Say that we live, look whether the others do, and begin anew where we were taken for dead."""
        try:
            if not self._running:
                await self._launch()
            elif await self._crew.beat():
                assert not isinstance(self._crew, Alone)
                await self._crew.reap(self._mender.hand_on)
        except DeclaredDead:
            log.warning("worker_was_declared_dead", extra={"worker": self._crew.id})
            await uncut(self._begin_anew())

    async def _begin_anew(self) -> None:
        """Let go of everything, since others have it by now, and come back under another name."""
        await self._let_go()
        await self._destroy()
        await self._let_go()
        await self._launch()
        log.info("worker_started", extra={"worker": self._crew.id})

    async def check(self) -> str | None:
        """Return what is wrong with the engine, or None."""
        if not self._running or self._stopping:
            return "stopped"
        if not self._crew.fit():
            return "cannot say that it lives"
        await DBOS.list_workflows_async(limit=1, load_input=False, load_output=False)
        return None

    async def _go_on(self, work: Work) -> None:
        """Do one work to its end, however often it must wait. What is done once is never done again on a restart."""
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._here.add(work.workflow_id)
        try:
            while True:
                async with self._turns[QUEUES[work.kind]]:
                    wait = await self._counted(work)
                if wait is None:
                    return
                await DBOS.sleep_async(wait)
        finally:
            self._tasks.discard(task)
            self._here.discard(work.workflow_id)

    async def _counted(self, work: Work) -> float | None:
        if self._stopping:
            await asyncio.Event().wait()  # until `stop` cancels it; its row stays as it is
        self._busy += 1
        self._idle.clear()
        try:
            return await DBOS.run_step_async({"name": "once"}, self._once, work)
        finally:
            self._busy -= 1
            if not self._busy:
                self._idle.set()

    async def _once(self, work: Work) -> float | None:
        """Do one step. Returns the seconds to wait before the next, or None. Nothing of an error reaches the engine."""
        try:
            await self._crew.sure()
            wait = await self._do(work)
        except Exception as error:  # the worker's loop is one of three doors
            misses = self._misses[work.workflow_id] = self._misses.get(work.workflow_id, 0) + 1
            store = isinstance(error, StoreFailed | SQLAlchemyError | DeclaredDead)
            wait = min(FIRST_WAIT * 2 ** min(misses - 1, 16), LONGEST_FOR_STORE if store else LONGEST_WAIT)
            told = {"kind": work.kind.value, "work": work.id, "again_in": wait.seconds}
            if store:
                log.warning("work_waits", extra={**told, "error": getattr(error, "what", type(error).__name__)})
            else:
                log.exception("work_failed", extra=told)
        else:
            self._misses.pop(work.workflow_id, None)
        return None if wait is None else max(wait.total_seconds(), 0.001)

    async def mend(self, works: Iterable[Work]) -> int:
        """Start again what the store's rows say is not finished, and is not under way; returns how many."""
        return await self._mender.mend(works)

    async def bulks_go_on(self) -> None:
        """Look often for the works of bulks: one is under way, or begins soon."""
        await self._intake.hurry(OF_BULKS)

    async def tidy(self, before: str) -> int:
        """Remove the engine's rows of work that ended before `before` (ISO 8601); returns how many."""
        return await self._mender.tidy(before)
