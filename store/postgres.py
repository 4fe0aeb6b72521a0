"""PostgreSQL: a pool, and as many writers as come."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from sqlalchemy.ext.asyncio import create_async_engine

from store.uncut import UncutConnection, uncut

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from sqlalchemy import URL
    from sqlalchemy.ext.asyncio import AsyncEngine

POOL = 10


def connect(url: URL) -> AsyncEngine:
    """Return an engine. No parameter of a statement ever enters a log or an error's text."""
    return create_async_engine(url, hide_parameters=True, pool_pre_ping=True, pool_size=POOL, max_overflow=0)


class PostgresDatabase:
    """One database on a server."""

    def __init__(self, url: URL) -> None:
        self._engine = connect(url)

    @asynccontextmanager
    async def write(self, *, waited_for: bool) -> AsyncIterator[tuple[UncutConnection, Callable[[], Awaitable[None]]]]:
        """Begin a transaction; gives the connection, and what commits it."""
        del waited_for  # nobody stands in line here
        async with self._connection() as conn:
            await uncut(conn.begin())
            yield conn, conn.commit

    @asynccontextmanager
    async def read(self, *, short: bool) -> AsyncIterator[UncutConnection]:
        """Look at one moment of the database."""
        del short  # nothing stands still meanwhile
        async with self._connection() as conn:
            await uncut(conn.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True))
            await uncut(conn.begin())
            yield conn

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[UncutConnection]:
        """Lend a connection; one that is still being made when the task is cancelled goes back, and is not lost."""
        conn = UncutConnection(self._engine)
        try:
            await uncut(conn.start())
            yield conn
        finally:
            if conn.sync_connection is not None:
                await uncut(conn.close())

    async def tidy(self) -> None:
        """Do nothing: PostgreSQL's autovacuum does."""

    async def close(self) -> None:
        """Let go of all connections."""
        await self._engine.dispose()
