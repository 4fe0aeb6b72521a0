"""SQLite: one writer at a time, statements on the spot, and threads for what may wait for the disk or for others.

A statement takes some 50 µs; a trip to a thread and back takes longer, and ten times that while the loop is busy, with
the one write lock held all the while. So a write makes one trip: to commit, since the disk must have it. Where somebody
else is writing, it asks again every few milliseconds: SQLite's own wait is a lottery, with sleeps of up to 100 ms.
A read may be long, so each of its statements is run to its last row in a thread, unless it is said to be short.
"""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, cast

from sqlalchemy import create_engine, event
from sqlalchemy.exc import OperationalError

from store.gate import Gate
from store.uncut import uncut

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from sqlalchemy import URL, Connection, CursorResult, Engine, Executable, ScalarResult

BUSY_SECONDS = 10.0  # how long to wait for another process's (or the engine's own) write
ASK_AGAIN_SECONDS = 0.002
READERS = 4
ON_THE_SPOT = 60  # rows that are written without a trip to a thread: less than a millisecond

# WAL: readers never wait for the writer. FULL: what is committed survives a power cut, since we write before we act.
# secure_delete: what is wiped is overwritten in the file, not only unlinked.
# wal_autocheckpoint, in pages: a commit that also folds the log in takes 100 ms, and Slack may be waiting for it. The
# worker's tidying does it every ten minutes; this is for when there is no worker.
WRITER_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    "secure_delete=ON",
    "cache_size=-16384",
    "wal_autocheckpoint=10000",
)
READER_PRAGMAS = ("query_only=ON",)

P = ParamSpec("P")
Answer = TypeVar("Answer")


def connect(url: URL, *, writer: bool, patient: bool = True) -> Engine:
    """Return an engine for writing (one connection) or for reading (which cannot write).

    No parameter of a statement ever enters a log or an error's text.

    Args:
        url: names the file.
        writer: whether it may write.
        patient: a begin waits for another's write, blocking; else it fails at once.
    """
    made = create_engine(
        url.set(drivername="sqlite"),
        hide_parameters=True,
        pool_size=1 if writer else READERS,
        max_overflow=0,
        connect_args={"check_same_thread": False},  # one transaction is one task's; where it runs is ours to say
    )
    waiting = f"busy_timeout={int(BUSY_SECONDS * 1000)}"
    pragmas = (waiting, *(WRITER_PRAGMAS if writer else READER_PRAGMAS), waiting if patient else "busy_timeout=0")
    begin = "BEGIN IMMEDIATE" if writer else "BEGIN"

    @event.listens_for(made, "connect")
    def prepare(connection: Any, _record: object) -> None:
        # The driver begins nothing by itself: it would begin DEFERRED, and two writers would read one chain head.
        connection.isolation_level = None
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}").close()

    @event.listens_for(made, "begin")
    def begin_for_real(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return made


async def _trip(threads: ThreadPoolExecutor, work: Callable[P, Answer], *args: P.args, **kw: P.kwargs) -> Answer:
    """Run something in a thread, to its end even when the task is cancelled meanwhile."""
    return await uncut(asyncio.get_running_loop().run_in_executor(threads, partial(work, *args, **kw)))


class Here:
    """A connection in a write or a short read: one statement runs on the spot, a long list of them in the thread."""

    def __init__(self, conn: Connection, threads: ThreadPoolExecutor) -> None:
        self._conn = conn
        self._threads = threads

    async def execute(self, statement: Executable, parameters: Any = None) -> CursorResult[Any]:
        """Execute a statement, for one set of parameters or for a list of them."""
        if isinstance(parameters, list) and len(parameters) > ON_THE_SPOT:
            return await _trip(self._threads, self._conn.execute, statement, parameters)
        return self._conn.execute(statement, parameters)

    async def scalar(self, statement: Executable, parameters: Any = None) -> Any:
        """Return the first column of the first row, or None."""
        return (await self.execute(statement, parameters)).scalar()

    async def scalars(self, statement: Executable, parameters: Any = None) -> ScalarResult[Any]:
        """Return the first column of every row."""
        return (await self.execute(statement, parameters)).scalars()

    async def run_sync(self, work: Callable[[Connection], Answer]) -> Answer:
        """Have a library that is not asynchronous work on the connection: on the spot, so only what is short."""
        return work(self._conn)

    async def run_in_thread(self, work: Callable[[Connection], Answer]) -> Answer:
        """Have it work for longer, in the thread; nothing else of the transaction goes on meanwhile."""
        return await _trip(self._threads, work, self._conn)


class There(Here):
    """A connection in a read: every statement runs in the thread, to its last row."""

    async def execute(self, statement: Executable, parameters: Any = None) -> CursorResult[Any]:
        """Execute a statement and fetch all its rows."""

        def whole() -> CursorResult[Any]:
            found = self._conn.execute(statement, parameters)
            return cast("CursorResult[Any]", found.freeze()()) if found.returns_rows else found

        return await _trip(self._threads, whole)


class SqliteDatabase:
    """One file: who may write now, and who reads meanwhile."""

    def __init__(self, url: URL) -> None:
        self._writer = connect(url, writer=True, patient=False)
        self._reader = connect(url, writer=False)
        self._gate = Gate()
        self._reading = asyncio.Semaphore(READERS)
        self._threads = ThreadPoolExecutor(READERS + 1, thread_name_prefix="store")

    @asynccontextmanager
    async def write(self, *, waited_for: bool) -> AsyncIterator[tuple[Here, Callable[[], Awaitable[None]]]]:
        """Hold the write lock; gives the connection, and what commits it."""
        async with self._gate.turn(first=waited_for):
            with self._writer.connect() as conn:  # what was not committed is rolled back
                await _locked(conn)
                yield Here(conn, self._threads), partial(_trip, self._threads, conn.commit)

    @asynccontextmanager
    async def read(self, *, short: bool) -> AsyncIterator[Here]:
        """Look at one moment of the file; what is `short` runs on the spot, as in a write."""
        async with self._reading:
            with self._reader.connect() as conn:
                conn.begin()
                yield Here(conn, self._threads) if short else There(conn, self._threads)

    async def tidy(self) -> None:
        """Fold the write-ahead log into the file, so that no wiped row lives on in it; waits for nobody."""

        def fold() -> None:
            with self._writer.connect() as conn:
                conn.connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").close()

        async with self._gate.turn():
            await _trip(self._threads, fold)

    async def close(self) -> None:
        """Let go of the file."""
        self._writer.dispose()
        self._reader.dispose()


async def _locked(conn: Connection) -> None:
    """Begin a write; where somebody else has the lock, ask again until they are done, or for BUSY_SECONDS."""
    until = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            conn.begin()
        except OperationalError as error:
            if getattr(error.orig, "sqlite_errorname", "") != "SQLITE_BUSY" or time.monotonic() > until:
                raise
            await asyncio.sleep(ASK_AGAIN_SECONDS)
        else:
            return
