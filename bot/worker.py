"""The durable engine: the one place that names DBOS. It moves work on; the rows of the store are the truth.

One workflow, `work(kind, id)`: do a step, sleep durably if it says so, do it again. Only ids stand in the engine's
tables, as JSON; reading pickle is switched off, since whoever can write a row could otherwise run code in here.
The engine's tables live in the store's database, so that a deed and its work are written in one transaction.
"""

from __future__ import annotations

import asyncio
import fcntl
import logging
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Never

from dbos import DBOS, DBOSClient
from dbos._serialization import DBOSPortableJSONSerializer, DefaultSerializer
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from bot.errors import OperatorError
from desk.tools import Work, WorkKind

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence

    from sqlalchemy import Connection

    from store.base import Tx

log = logging.getLogger(__name__)

NAME = "rekey"  # of the application and of its one executor: stable, so that a restart finds its own work again
VERSION = "1"  # the engine runs only work of its own version; ours is the rows' business, so it never changes
WORKFLOW = "work"
QUEUES = {kind: "notices" if kind in (WorkKind.NOTICE, WorkKind.TELL) else "jobs" for kind in WorkKind}
AT_ONCE = 4  # of each queue, doing something
CLAIMED = 200  # of each queue, doing something or sleeping until it is time to try again
POLL_SECONDS = 0.15
STOP_LATENCY_SECONDS = 0.3  # a thread of the engine that we have no use for sleeps so long before it sees the stop
DRAIN_SECONDS = 10.0
LET_GO_SECONDS = 5.0
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=1), timedelta(minutes=5)
PG_LOCK = 0x72656B6579  # "rekey"
ALIVE = {"ENQUEUED", "PENDING", "DELAYED"}
ENDED = ["SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"]


class EngineNotReady(OperatorError):
    """The engine cannot run here; the sentence says what mends it."""


def _sync_url(url: str) -> str:
    parsed = make_url(url)
    driver = "sqlite" if parsed.get_backend_name() == "sqlite" else "postgresql"
    return parsed.set(drivername=driver).render_as_string(hide_password=False)


def _no_pickle(*_: object) -> Never:
    raise TypeError("pickle is switched off")


def _not_kept(*_: object) -> str:
    return ""


def refuse_pickle() -> None:
    """Switch off reading and writing pickle in the engine, for the whole process.

    A row tagged "py_pickle" is unpickled by the engine whatever serializer is configured; with this it ends in ERROR.
    """
    DefaultSerializer.serialize = _not_kept  # type: ignore[method-assign,assignment]
    DefaultSerializer.deserialize = _no_pickle  # type: ignore[method-assign,assignment]


def migrate(url: str) -> None:
    """Bring the engine's tables and queues up to date; blocks. Part of `rekey db upgrade`."""
    refuse_pickle()
    DBOS.migrate(_sync_url(url))
    client = _client(url)
    try:
        for queue in sorted(set(QUEUES.values())):
            client.register_queue(queue, worker_concurrency=CLAIMED, polling_interval_sec=POLL_SECONDS)
    finally:
        client.destroy()


def _client(url: str) -> DBOSClient:
    return DBOSClient(
        system_database_url=_sync_url(url),
        serializer=DBOSPortableJSONSerializer(),
        application_name=NAME,
        system_database_pool_size=2,
        lazy=True,
        retry_connection_errors=False,
    )


class Intake:
    """Puts work on its way, in the transaction of the deed. Runs nothing; any process may have one."""

    def __init__(self, url: str) -> None:
        refuse_pickle()
        self._client = _client(url)

    async def enqueue(self, tx: Tx, work: Work) -> None:
        """Enqueue once: the same work asked for twice is one workflow. Rolled back with the transaction."""
        options: Any = {"workflow_name": WORKFLOW, "queue_name": QUEUES[work.kind], "workflow_id": work.workflow_id}

        def add(connection: Connection) -> None:
            self._client.enqueue_in_transaction(connection, options, work.kind.value, work.id)

        await tx.conn.run_sync(add)

    async def enqueue_many(self, tx: Tx, works: Sequence[Work]) -> None:
        """Enqueue each once, as `enqueue`."""
        for work in works:
            await self.enqueue(tx, work)

    async def again(self, work: Work) -> None:
        """Enqueue in a transaction of its own."""
        await self._client.enqueue_async(
            {"workflow_name": WORKFLOW, "queue_name": QUEUES[work.kind], "workflow_id": work.workflow_id},
            work.kind.value,
            work.id,
        )

    def close(self) -> None:
        """Let go of the database."""
        self._client.destroy()


class OnlyOne:
    """Holds the right to run the engine on one database: a locked file beside SQLite's, an advisory lock elsewhere."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._file: Any = None
        self._connection: Connection | None = None

    def take(self) -> None:
        """Take the right, or say who has it; blocks on the database.

        Raises:
            EngineNotReady: another process runs the engine on this database.
        """
        busy = EngineNotReady(
            "Another rekey process runs the worker on this store; stop it, or start this one with --no-worker."
        )
        parsed = make_url(self._url)
        if parsed.get_backend_name() == "sqlite":
            self._file = Path(f"{parsed.database}.worker").open("w", encoding="ascii")  # noqa: SIM115 - held until `free`
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                self.free()
                raise busy from None
            return
        self._connection = create_engine(self._url, poolclass=NullPool, isolation_level="AUTOCOMMIT").connect()
        if not self._connection.scalar(text("SELECT pg_try_advisory_lock(:n)"), {"n": PG_LOCK}):
            self.free()
            raise busy

    def held(self) -> bool:
        """Say whether it is still held; a database that was lost takes its lock with it. Blocks."""
        if self._connection is None:
            return self._file is not None
        with suppress(SQLAlchemyError):
            return bool(self._connection.scalar(text("SELECT 1")) == 1)
        return False

    def free(self) -> None:
        """Give it back."""
        if self._file is not None:
            self._file.close()
            self._file = None
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class Worker:
    """The engine in this process. `do` does one step of a work and says when to call again; None is finished."""

    def __init__(self, url: str, intake: Intake, do: Callable[[Work], Awaitable[timedelta | None]]) -> None:
        self._url = url
        self._intake = intake
        self._do = do
        self._lock = OnlyOne(url)
        self._turns = {queue: asyncio.Semaphore(AT_ONCE) for queue in QUEUES.values()}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._here: set[str] = set()  # workflow ids that live in this process
        self._strays: set[str] = set()  # seen pending without a task, one round ago
        self._misses: dict[str, int] = {}
        self._busy = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._stopping = False
        self._running = False

    async def start(self) -> None:
        """Start the engine on the running loop; work that was in flight when it last stopped goes on.

        Raises:
            EngineNotReady: another process runs it, or the tables are missing or old.
        """
        refuse_pickle()
        await asyncio.to_thread(self._lock.take)
        DBOS(
            config={
                "name": NAME,
                "system_database_url": _sync_url(self._url),
                "application_version": VERSION,
                "executor_id": NAME,
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
            log.warning("engine_not_launched", extra={"error": type(error).__name__})
            raise EngineNotReady("The store has no engine's tables, or old ones; run `rekey db upgrade`.") from error
        self._running = True
        log.info("worker_started")

    async def stop(self, seconds: float = DRAIN_SECONDS) -> None:
        """Begin nothing more, wait for what is being done, then let go; what sleeps goes on at the next start."""
        self._stopping = True
        if not self._running:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._idle.wait()
        await self._let_go()
        await self._destroy()
        await self._let_go()  # the engine may have begun more until it was gone
        log.info("worker_stopped", extra={"cut_short": self._busy})

    async def _let_go(self) -> None:
        """End the tasks of all works, wherever they stand; a workflow left behind would be collected with a noise."""
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=LET_GO_SECONDS)

    async def _destroy(self) -> None:
        self._running = False
        await asyncio.to_thread(DBOS.destroy, destroy_registry=True)
        # The engine had made its own executor the loop's default and has now shut it down.
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(thread_name_prefix="rekey"))
        await asyncio.to_thread(self._lock.free)

    async def check(self) -> str | None:
        """Return what is wrong with the engine, or None."""
        if not self._running or self._stopping:
            return "stopped"
        if not await asyncio.to_thread(self._lock.held):
            return "lock lost"
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
            wait = await self._do(work)
        except Exception:  # the worker's loop is one of three doors
            misses = self._misses[work.id] = self._misses.get(work.id, 0) + 1
            wait = min(FIRST_WAIT * 2 ** min(misses - 1, 16), LONGEST_WAIT)
            log.exception("work_failed", extra={"kind": work.kind.value, "work": work.id, "again_in": wait.seconds})
        else:
            self._misses.pop(work.id, None)
        return None if wait is None else max(wait.total_seconds(), 0.001)

    async def mend(self, works: Iterable[Work]) -> int:
        """Start again what ought to be under way and is not; returns how many. Harmless for what is.

        Args:
            works: all that the store's rows say is not finished.
        """
        wanted = {work.workflow_id: work for work in works}
        known: dict[str, str] = {}
        ids = list(wanted)
        for start in range(0, len(ids), 500):
            found = await DBOS.list_workflows_async(
                workflow_ids=ids[start : start + 500], load_input=False, load_output=False
            )
            known.update({w.workflow_id: w.status for w in found})
        lost = [i for i in ids if known.get(i) not in ALIVE and i not in self._here]
        ended = [i for i in lost if i in known]
        if ended:
            await DBOS.delete_workflows_async(ended)
        for workflow_id in lost:
            await self._intake.again(wanted[workflow_id])
        pending = {i for i, status in known.items() if status == "PENDING" and i not in self._here}
        stray = sorted(pending & self._strays)  # twice in a row: the engine forgot them when it started
        self._strays = pending
        if stray:
            await DBOS.resume_workflows_async(stray)
        if lost or stray:
            log.warning("work_mended", extra={"lost": len(lost), "stray": len(stray)})
        return len(lost) + len(stray)

    async def tidy(self, before: str) -> int:
        """Remove the engine's rows of work that ended before `before` (ISO 8601); returns how many."""
        found = await DBOS.list_workflows_async(
            status=ENDED, completed_before=before, limit=1000, load_input=False, load_output=False
        )
        if found:
            await DBOS.delete_workflows_async([w.workflow_id for w in found])
        return len(found)
