"""The durable engine's tables: its queues, what is put into them, and what is found there. Runs nothing.

Only ids stand in the engine's tables, as JSON; reading pickle is switched off, since whoever can write a row could
otherwise run code in here. The tables live in the store's database, so that a deed and its work are written in one
transaction.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Never

from dbos import DBOS, DBOSClient
from dbos._serialization import DBOSPortableJSONSerializer, DefaultSerializer
from sqlalchemy import make_url

from desk.tools import Work, WorkKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from sqlalchemy import Connection

    from store.base import Tx

NAME = "rekey"  # of the application
VERSION = "1"  # the engine runs only work of its own version; ours is the rows' business, so it never changes
WORKFLOW = "work"
LISTED = 500  # rows of the engine in one question
ALIVE = frozenset({"ENQUEUED", "PENDING", "DELAYED"})
ENDED = ("SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED")
THREADS = "dbos-executor-"
NO_LANE = "-"  # a queue of lanes passes over what has none


@dataclass(frozen=True, slots=True)
class Queue:
    """How one kind of work waits.

    `at_once` is how many one process is doing; `claimed`, how many of them it may hold, doing something or sleeping.
    What it holds, no other process can do: where works are long, it holds no more than it does, and where there may be
    other processes no more than `shared`. `idle` is how often it looks for work, in seconds; looking takes 1 to 2 ms of
    CPU. `busy`, while there is some.
    """

    name: str
    at_once: int
    claimed: int
    idle: float
    busy: float | None = None
    shared: int | None = None
    lanes: bool = False

    def held(self, url: str) -> int:
        """Return how many works one process may hold, with the store there."""
        alone = make_url(url).get_backend_name() == "sqlite"
        return self.claimed if alone or self.shared is None else self.shared


JOBS = Queue("jobs", at_once=4, claimed=200, idle=0.2)
NOTICES = Queue("notices", at_once=4, claimed=200, idle=0.25)
# The engine has no cheaper way of lanes than one at a time in each: only there, workers skip each other's locks.
# A queue in a hurry gets there by tenths of its pause (DBOS: `polling_interval * 0.9`), so that a long one lasts.
CHUNKS = Queue("chunks", at_once=8, claimed=8, idle=0.2, busy=0.1, shared=4, lanes=True)
TELLING = Queue("telling", at_once=4, claimed=8, idle=1.0, busy=0.25)
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
        self._client = _client(url)

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

    async def pace(self, queue: Queue, seconds: float) -> None:
        """Have all processes look for work in a queue at this pace."""
        found = await self._client.retrieve_queue_async(queue.name)
        if found is not None:
            await found.set_polling_interval_sec_async(seconds)

    async def empty(self, queue: Queue) -> bool:
        """Say whether nothing waits or runs in a queue."""
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
