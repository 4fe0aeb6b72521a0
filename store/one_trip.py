"""SQLite's driver with one trip to its thread for a statement, where SQLAlchemy and aiosqlite make four.

A trip takes longer than the statement: the loop and the thread must both be given the interpreter. SQLAlchemy asks for
a cursor, has it execute, fetches all rows and closes it; here all of that is done in the one trip that executes.
"""

from __future__ import annotations

import sqlite3
from functools import partial
from typing import TYPE_CHECKING, Any, Self

import aiosqlite

if TYPE_CHECKING:
    from collections.abc import Iterable

CHUNK = 64  # aiosqlite's own default; nothing here reads in chunks


class Connection(aiosqlite.Connection):
    """A connection whose cursors exist only while they execute."""

    def __init__(self, database: str, **options: Any) -> None:
        super().__init__(partial(sqlite3.connect, database, **options), CHUNK)
        self._thread.daemon = True  # as SQLAlchemy does where it makes the connection itself

    def cursor(self) -> Cursor:  # type: ignore[override]
        """Return a cursor; makes no trip."""
        return Cursor(self)

    async def whole(self, method: str, sql: str, parameters: Iterable[Any]) -> tuple[Any, list[Any], int, int | None]:
        """Execute in the thread, to the last row; returns description, rows, row count and last row's id."""

        def deed() -> tuple[Any, list[Any], int, int | None]:
            cursor = self._conn.cursor()
            try:
                getattr(cursor, method)(sql, parameters)
                rows = cursor.fetchall() if cursor.description else []
                return cursor.description, rows, cursor.rowcount, cursor.lastrowid
            finally:
                cursor.close()

        found: tuple[Any, list[Any], int, int | None] = await self._execute(deed)  # type: ignore[no-untyped-call]
        return found


class Cursor:
    """What SQLAlchemy's adapter asks a cursor for. Has all rows as soon as it has executed."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._rows: list[Any] = []
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None
        self.arraysize = 1

    async def __aenter__(self) -> Self:
        return self

    async def execute(self, sql: str, parameters: Iterable[Any] = ()) -> Self:
        """Execute a statement."""
        return await self._run("execute", sql, parameters)

    async def executemany(self, sql: str, parameters: Iterable[Iterable[Any]]) -> Self:
        """Execute a statement once for each set of parameters."""
        return await self._run("executemany", sql, parameters)

    async def _run(self, method: str, sql: str, parameters: Iterable[Any]) -> Self:
        found = await self._connection.whole(method, sql, parameters)
        self.description, self._rows, self.rowcount, self.lastrowid = found
        return self

    async def fetchall(self) -> list[Any]:
        """Hand the rows over."""
        rows, self._rows = self._rows, []
        return rows

    async def close(self) -> None:
        """Forget the rows."""
        self._rows = []
