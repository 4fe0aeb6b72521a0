"""The connections: which driver, which pragmas, and what an error of theirs means in one word."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import event, make_url
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import create_async_engine

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection
    from sqlalchemy.ext.asyncio import AsyncEngine

DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "sqlite+aiosqlite": "sqlite+aiosqlite",
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
}

BUSY_MS = 10_000  # how long SQLite waits for another process's (or the engine's own) write

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

FULL_DISK = "53100"
WAITED_IN_VAIN = frozenset({"55P03", "40P01", "40001", "57014"})


def address(url: str) -> URL:
    """Return the URL with our asynchronous driver.

    Raises:
        ValueError: it is for another database than SQLite (a file) and PostgreSQL.
        sqlalchemy.exc.ArgumentError: it is no URL at all.
    """
    parsed = make_url(url)
    driver = DRIVERS.get(parsed.drivername)
    if driver is None:
        raise ValueError("the store is sqlite+aiosqlite:///FILE or postgresql+psycopg://...")
    if driver.startswith("sqlite") and parsed.database in {None, "", ":memory:"}:
        raise ValueError("the store needs a file")
    return parsed.set(drivername=driver)


def file_of(url: URL) -> Path | None:
    """Return SQLite's file, or None for PostgreSQL."""
    return Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None


def create_file(url: URL) -> None:
    """Make SQLite's file, for its owner only, where it does not exist; its -wal and -shm take the mode over."""
    path = file_of(url)
    if path is not None and not path.exists():
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))


def connect(url: URL, *, writer: bool) -> AsyncEngine:
    """Return an engine for writing (one connection, on SQLite) or for reading (which cannot write).

    No parameter of a statement ever enters a log or an error's text.
    """
    if url.get_backend_name() != "sqlite":
        return create_async_engine(url, hide_parameters=True, pool_pre_ping=True, pool_size=10, max_overflow=0)
    engine = create_async_engine(url, hide_parameters=True, pool_size=1 if writer else 4, max_overflow=0)
    pragmas = (f"busy_timeout={BUSY_MS}", *(WRITER_PRAGMAS if writer else READER_PRAGMAS))
    begin = "BEGIN IMMEDIATE" if writer else "BEGIN"

    @event.listens_for(engine.sync_engine, "connect")
    def prepare(connection: Any, _record: object) -> None:
        # The driver begins nothing by itself: it would begin DEFERRED, and two writers would read one chain head.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in pragmas:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def begin_for_real(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


def what_failed(error: BaseException) -> str:
    """Name a failure in one word: "full", "locked", "conflict", "lost" or "broken"."""
    if isinstance(error, IntegrityError):
        return "conflict"
    if not isinstance(error, DBAPIError):
        return "lost"
    name = str(getattr(error.orig, "sqlite_errorname", ""))
    code = str(getattr(error.orig, "sqlstate", None) or "")
    if name == "SQLITE_FULL" or code == FULL_DISK:
        return "full"
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")) or code in WAITED_IN_VAIN:
        return "locked"
    lost = ("SQLITE_IOERR", "SQLITE_CANTOPEN", "SQLITE_NOTADB", "SQLITE_CORRUPT", "SQLITE_READONLY")
    if error.connection_invalidated or name.startswith(lost) or code.startswith(("08", "57P", "53")):
        return "lost"
    return "lost" if not name and not code else "broken"
