"""The store itself: opening it, one writer at a time, and every failure as one exception."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Self, TypeVar

from sqlalchemy.dialects.postgresql import Insert as PostgresInsert
from sqlalchemy.dialects.sqlite import Insert as SqliteInsert
from sqlalchemy.exc import SQLAlchemyError

from store import address, postgres, schema, sqlite
from store.schema import SchemaState

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
    from datetime import datetime

    from sqlalchemy import URL, Connection, Executable, Table

    from store.keys import KeyRing
    from store.sqlite import Here
    from store.uncut import UncutConnection


Result = TypeVar("Result")


class StoreFailed(Exception):
    """The database did not do what it was asked to; nothing of the transaction was kept.

    `what` is one word: "full" (disk), "locked" (another writer never finished), "lost" (gone, unreadable, refused),
    "conflict" (a row is already there), "address" (no usable URL) or "broken" (anything else: a bug).
    """

    def __init__(self, what: str, detail: str = "") -> None:
        super().__init__(f"{what}: {detail}" if detail else what)
        self.what = what


class StoreNotReady(Exception):
    """The store is there, but not in the shape that this code needs. `state` is "empty", "old" or "newer"."""

    def __init__(self, state: SchemaState) -> None:
        super().__init__(state.value)
        self.state = state


@contextmanager
def _failures() -> Iterator[None]:
    """Turn what SQLAlchemy, a driver or the system raises into StoreFailed. Its text holds no parameter."""
    try:
        yield
    except (SQLAlchemyError, OSError, UnicodeError) as error:
        raise StoreFailed(address.what_failed(error), type(error).__name__) from error


def _address(url: str) -> URL:
    try:
        return address.parsed(url)
    except (SQLAlchemyError, ValueError) as error:
        raise StoreFailed("address", str(error)) from error


@dataclass(slots=True)
class Tx:
    """One transaction. What a write does is kept as a whole when its `async with` ends without an exception."""

    conn: UncutConnection | Here
    store: Store
    writes: bool  # it may write, and what it locks stays as it is until it ends
    callbacks: list[Callable[[], None]] = field(default_factory=list)

    @property
    def ring(self) -> KeyRing:
        """Return the keys that seal and sign."""
        return self.store.ring

    def now(self) -> datetime:
        """Ask the clock that the store was opened with."""
        return self.store.clock()

    def after_commit(self, callback: Callable[[], None]) -> None:
        """Call something (short, never failing) once the transaction is kept for good."""
        self.callbacks.append(callback)

    async def upsert(self, table: Table, keys: tuple[str, ...], values: dict[str, Any]) -> None:
        """Insert a row, or bring the one with the same keys up to date."""
        await self.conn.execute(_upserting(self.store.dialect, table, keys, tuple(values)), values)

    async def upsert_many(self, table: Table, keys: tuple[str, ...], rows: list[dict[str, Any]]) -> None:
        """Insert rows that name the same columns, or bring those with the same keys up to date."""
        if rows:
            await self.conn.execute(_upserting(self.store.dialect, table, keys, tuple(rows[0])), rows)

    async def insert_once(self, table: Table, values: dict[str, Any]) -> bool:
        """Insert a row; say False, and change nothing, where one with its keys is there."""
        return (await self.conn.execute(_inserting(self.store.dialect, table), values)).first() is not None


@lru_cache
def _inserting(dialect: str, table: Table) -> Executable:
    made = SqliteInsert(table) if dialect == "sqlite" else PostgresInsert(table)
    # What comes back tells; an insert's row count is not to be relied on.
    return made.on_conflict_do_nothing().returning(*table.primary_key)


@lru_cache
def _upserting(dialect: str, table: Table, keys: tuple[str, ...], names: tuple[str, ...]) -> Executable:
    made = SqliteInsert(table) if dialect == "sqlite" else PostgresInsert(table)
    rest = {name: made.excluded[name] for name in names if name not in keys}
    return made.on_conflict_do_update(index_elements=list(keys), set_=rest)


class Store:
    """What is kept. Open one per process; share it among tasks."""

    def __init__(self, url: URL, ring: KeyRing, clock: Callable[[], datetime]) -> None:
        self.url = url
        self.ring = ring
        self.clock = clock
        self.dialect = url.get_backend_name()  # "sqlite" or "postgresql"
        self._database = sqlite.SqliteDatabase(url) if self.dialect == "sqlite" else postgres.PostgresDatabase(url)

    @classmethod
    async def open(cls, url: str, ring: KeyRing, *, clock: Callable[[], datetime]) -> Self:
        """Open a store that is up to date.

        Raises:
            StoreNotReady: it was never set up, or its migrations are not exactly ours; nothing was changed.
            StoreFailed: it cannot be reached or read.
        """
        found = await state(url)
        if found is not SchemaState.CURRENT:
            raise StoreNotReady(found)
        return cls(_address(url), ring, clock)

    async def close(self) -> None:
        """Let go of all connections. May be called twice."""
        await self._database.close()

    @asynccontextmanager
    async def write(self, *, waited_for: bool = False) -> AsyncIterator[Tx]:
        """Do something as a whole or not at all; one at a time on SQLite, in the order of asking.

        Args:
            waited_for: Slack counts the seconds until this is done; it goes before what nobody counts.

        Raises:
            StoreFailed: nothing was kept (where the connection broke during the commit: perhaps it was).
        """
        with _failures():
            async with self._database.write(waited_for=waited_for) as (conn, commit):
                tx = Tx(conn, self, writes=True)
                yield tx
                await _commit(tx, commit)

    @asynccontextmanager
    async def read(self, *, short: bool = False) -> AsyncIterator[Tx]:
        """Look at one moment of the store; writing is refused by the database.

        Args:
            short: a few rows are read, each by its key: on SQLite on the spot, without a trip to a thread for each.

        Raises:
            StoreFailed: it could not be read.
        """
        with _failures():
            async with self._database.read(short=short) as conn:
                yield Tx(conn, self, writes=False)

    async def tidy(self) -> None:
        """Fold SQLite's write-ahead log into its file, so that no wiped row lives on in it; waits for nobody."""
        with _failures():
            await self._database.tidy()


async def _commit(tx: Tx, commit: Callable[[], Awaitable[None]]) -> None:
    """Commit to the end even when the task is cancelled meanwhile, so that what was kept is also told."""
    committing = asyncio.ensure_future(commit())
    try:
        await asyncio.shield(committing)
    except asyncio.CancelledError:
        await committing
        _tell(tx)
        raise
    _tell(tx)


def _tell(tx: Tx) -> None:
    for callback in tx.callbacks:
        callback()


async def state(url: str) -> SchemaState:
    """Say where a store stands; creates nothing.

    Raises:
        StoreFailed: it cannot be reached or read.
    """
    parsed = _address(url)
    path = address.file_of(parsed)
    if path is not None and not path.exists():
        return SchemaState.EMPTY
    return await _once(parsed, schema.state_of, writer=False)


async def upgrade(url: str) -> None:
    """Set a store up, or bring it up to date, as a whole or not at all.

    Raises:
        StoreNotReady: it was made by a newer version; nothing was changed.
        StoreFailed: it cannot be reached, read or written.
    """
    if await state(url) is SchemaState.NEWER:
        raise StoreNotReady(SchemaState.NEWER)
    parsed = _address(url)
    with _failures():
        address.create_file(parsed)
    await _once(parsed, schema.to_head, writer=True)


async def _once(url: URL, work: Callable[[Connection], Result], *, writer: bool) -> Result:
    with _failures():
        if url.get_backend_name() == "sqlite":
            return await asyncio.to_thread(_on_file, url, work, writer=writer)
        made = postgres.connect(url)
        try:
            async with made.begin() as conn:
                return await conn.run_sync(work)
        finally:
            await made.dispose()


def _on_file(url: URL, work: Callable[[Connection], Result], *, writer: bool) -> Result:
    made = sqlite.connect(url, writer=writer)
    try:
        with made.begin() as conn:
            return work(conn)
    finally:
        made.dispose()
