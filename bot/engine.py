"""The durable engine's tables: its queues, what is put into them, and what is found there. Runs nothing.

Only ids stand in the engine's tables, as JSON; reading pickle is switched off, since whoever can write a row could
otherwise run code in here. The tables live in the store's database, so that a deed and its work are written in one
transaction.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Never

from dbos import DBOS, DBOSClient
from dbos._serialization import DBOSPortableJSONSerializer, DefaultSerializer
from sqlalchemy import make_url
from sqlalchemy.exc import SQLAlchemyError

from desk.tools import Work, WorkKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from sqlalchemy import Connection

    from store.base import Tx

log = logging.getLogger(__name__)

NAME = "rekey"  # of the application
VERSION = "1"  # the engine runs only work of its own version; ours is the rows' business, so it never changes
WORKFLOW = "work"
LISTED = 500  # rows of the engine in one question
ALIVE = frozenset({"ENQUEUED", "PENDING", "DELAYED"})
ENDED = ("SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED")
THREADS = "dbos-executor-"
NO_LANE = "-"  # a queue of lanes passes over what has none
HURRIED_SECONDS = 30.0  # so long a queue that was hurried is not hurried again
CALM_SECONDS = 60.0  # so long it stays in a hurry at least


@dataclass(frozen=True, slots=True)
class Queue:
    """How one kind of work waits.

    `at_once` is how many one process is doing; `claimed`, how many of them it may hold, doing something or sleeping.
    What it holds, no other process can do: where works are long, it holds no more than it does, and where there may be
    other processes no more than `shared`. It looks for work every so many seconds, which takes 2 to 3 ms of CPU: every
    `idle` while none is to be expected, else every `busy` (`Intake.hurry`). It gets from one to the other by tenths of
    its pause (DBOS: `polling_interval * 0.9`), in some ten seconds, so it is hurried before there is work: when
    somebody does something in Slack, or a bulk is about to begin.
    """

    name: str
    at_once: int
    claimed: int
    idle: float
    busy: float
    shared: int | None = None
    lanes: bool = False

    def held(self, url: str) -> int:
        """Return how many works one process may hold, with the store there."""
        alone = make_url(url).get_backend_name() == "sqlite"
        return self.claimed if alone or self.shared is None else self.shared


JOBS = Queue("jobs", at_once=4, claimed=200, idle=1.0, busy=0.2)
NOTICES = Queue("notices", at_once=4, claimed=200, idle=1.0, busy=0.25)
# The engine has no cheaper way of lanes than one at a time in each: only there, workers skip each other's locks.
CHUNKS = Queue("chunks", at_once=8, claimed=8, idle=1.0, busy=0.1, shared=4, lanes=True)
TELLING = Queue("telling", at_once=4, claimed=8, idle=1.0, busy=0.25)
OF_PEOPLE, OF_BULKS = (JOBS, NOTICES), (CHUNKS, TELLING)
QUEUES = {
    WorkKind.RESET: JOBS,
    WorkKind.EXPIRE: JOBS,
    WorkKind.SPOIL: JOBS,
    WorkKind.NOTICE: NOTICES,
    WorkKind.CHUNK: CHUNKS,
    WorkKind.TELL: TELLING,
}


def sync_url(url: str) -> str:
    """Return the store's address as the engine's own, synchronous driver needs it."""
    parsed = make_url(url)
    driver = "sqlite" if parsed.get_backend_name() == "sqlite" else "postgresql"
    return parsed.set(drivername=driver).render_as_string(hide_password=False)


def still_waits(seconds: float) -> bool:
    """Say whether a thread of an engine that is gone still waits for a database that is away: it may for minutes."""
    until = time.monotonic() + seconds
    for thread in threading.enumerate():
        if thread.name.startswith(THREADS):
            thread.join(max(0.0, until - time.monotonic()))
            if thread.is_alive():
                return True
    return False


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
    DBOS.migrate(sync_url(url))
    client = _client(url)
    try:
        for queue in sorted(set(QUEUES.values()), key=lambda queue: queue.name):
            client.register_queue(
                queue.name,
                worker_concurrency=queue.held(url),
                partition_concurrency=1 if queue.lanes else None,
                polling_interval_sec=queue.idle,
            )
    finally:
        client.destroy()


def _client(url: str) -> DBOSClient:
    return DBOSClient(
        system_database_url=sync_url(url),
        serializer=DBOSPortableJSONSerializer(),
        application_name=NAME,
        system_database_pool_size=2,
        lazy=True,
        retry_connection_errors=False,
    )


def _options(work: Work) -> Any:
    queue = QUEUES[work.kind]
    options = {"workflow_name": WORKFLOW, "queue_name": queue.name, "workflow_id": work.workflow_id}
    return {**options, "queue_partition_key": work.lane or NO_LANE} if queue.lanes else options


@dataclass(frozen=True, slots=True)
class Held:
    """A work that some process of ours has begun and not ended, by the engine's account."""

    workflow_id: str
    by: str
    queue: str


class Intake:
    """Puts work on its way, in the transaction of the deed, and asks where it stands. Any process may have one."""

    def __init__(self, url: str) -> None:
        refuse_pickle()
        self._url = url
        self._client = _client(url)
        self._since = time.monotonic()
        self._hurried: dict[Queue, float] = {}
        self._stirring: asyncio.Task[None] | None = None

    async def enqueue(self, tx: Tx, work: Work) -> None:
        """Enqueue once: the same work asked for twice is one workflow. Rolled back with the transaction."""
        await tx.conn.run_sync(self._adding([work]))

    async def enqueue_many(self, tx: Tx, works: Sequence[Work]) -> None:
        """Enqueue many, each once, off the loop: some 0.6 ms each, and on SQLite nobody else writes meanwhile."""
        await tx.conn.run_in_thread(self._adding(works))

    def _adding(self, works: Iterable[Work]) -> Callable[[Connection], None]:
        def add(connection: Connection) -> None:
            for work in works:
                self._client.enqueue_in_transaction(connection, _options(work), work.kind.value, work.id)

        return add

    async def again(self, work: Work) -> None:
        """Enqueue in a transaction of its own."""
        await self._client.enqueue_async(_options(work), work.kind.value, work.id)

    async def states(self, ids: Sequence[str]) -> dict[str, str]:
        """Return in what state the engine has these workflows; ask for at most LISTED at once."""
        found = await self._client.list_workflows_async(
            workflow_ids=list(ids), load_input=False, load_output=False, limit=LISTED
        )
        return {each.workflow_id: each.status for each in found}

    async def held(self, by: str | None = None) -> list[Held]:
        """Return what is begun and not ended, by one process or by all."""
        found: list[Held] = []
        while True:
            some = await self._client.list_workflows_async(
                status="PENDING", executor_id=by, load_input=False, load_output=False, limit=LISTED, offset=len(found)
            )
            found += [Held(each.workflow_id, each.executor_id or "", _queue_of(each.workflow_id)) for each in some]
            if len(some) < LISTED:
                return found

    async def give_back(self, held: Iterable[Held]) -> int:
        """Put works that nobody does any more back into their queues; returns how many."""
        queues: dict[str, list[str]] = {}
        for each in held:
            queues.setdefault(each.queue, []).append(each.workflow_id)
        for queue, ids in queues.items():
            await self._client.resume_workflows_async(ids, queue_name=queue)
        return sum(map(len, queues.values()))

    async def ended(self, before: str, limit: int) -> list[str]:
        """Return works that ended before a time (ISO 8601)."""
        found = await self._client.list_workflows_async(
            status=list(ENDED), completed_before=before, limit=limit, load_input=False, load_output=False
        )
        return [each.workflow_id for each in found]

    async def remove(self, ids: Sequence[str]) -> None:
        """Remove the engine's rows of works."""
        await self._client.delete_workflows_async(list(ids))

    def stir(self) -> None:
        """Have what people ask for looked for often, since somebody is about to ask; returns at once."""
        if any(self._to_be_hurried(queue) for queue in OF_PEOPLE):
            self._stirring = asyncio.create_task(self._stir())

    async def _stir(self) -> None:
        try:
            await self.hurry(OF_PEOPLE)
        except SQLAlchemyError as error:  # it is looked for all the same, only less often
            log.warning("queues_not_hurried", extra={"error": type(error).__name__})

    async def hurry(self, queues: Iterable[Queue]) -> None:
        """Have all processes look for work often: there is some, or there soon will be. May be asked as often as liked.

        Raises:
            SQLAlchemyError: the database did not do it.
        """
        for queue in filter(self._to_be_hurried, queues):
            self._hurried[queue] = time.monotonic()
            try:
                await self._pace(queue, queue.busy)
            except BaseException:
                del self._hurried[queue]
                raise

    async def calm(self) -> None:
        """Have all processes look less often where nothing waits or runs, and nobody has hurried here for a while.

        Raises:
            SQLAlchemyError: the database did not do it.
        """
        for queue in (*OF_PEOPLE, *OF_BULKS):
            calm = time.monotonic() - self._hurried.get(queue, self._since) > CALM_SECONDS
            if calm and await self._empty(queue):
                await self._pace(queue, queue.idle)

    def _to_be_hurried(self, queue: Queue) -> bool:
        return time.monotonic() - self._hurried.get(queue, float("-inf")) > HURRIED_SECONDS

    async def _pace(self, queue: Queue, seconds: float) -> None:
        found = await self._client.retrieve_queue_async(queue.name)
        if found is not None and await found.get_polling_interval_sec_async() != seconds:
            await found.set_polling_interval_sec_async(seconds)

    async def share(self, queue: Queue, claimed: int) -> None:
        """Have each process hold no more works of a queue than so many: one that holds them looks for none.

        Raises:
            SQLAlchemyError: the database did not do it.
        """
        found = await self._client.retrieve_queue_async(queue.name)
        if found is not None:
            await found.set_worker_concurrency_async(min(claimed, queue.held(self._url)))

    async def _empty(self, queue: Queue) -> bool:
        return not await self._client.list_workflows_async(
            queue_name=queue.name, status=sorted(ALIVE), limit=1, load_input=False, load_output=False
        )

    def close(self) -> None:
        """Let go of the database."""
        self._client.destroy()


def _queue_of(workflow_id: str) -> str:
    """Return the queue that a work belongs into; a workflow's id begins with its kind."""
    kind = workflow_id.partition("-")[0]
    return QUEUES[WorkKind(kind)].name if kind in set(WorkKind) else JOBS.name
