"""The addresses: which database, which driver, which file; and what an error of theirs means in one word."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import make_url
from sqlalchemy.exc import DBAPIError, IntegrityError

if TYPE_CHECKING:
    from sqlalchemy import URL

DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "sqlite+aiosqlite": "sqlite+aiosqlite",
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
}

FULL_DISK = "53100"
WAITED_IN_VAIN = frozenset({"55P03", "40P01", "40001", "57014"})


def parsed(url: str) -> URL:
    """Return the URL with our asynchronous driver.

    Raises:
        ValueError: it is for another database than SQLite (a file) and PostgreSQL.
        sqlalchemy.exc.ArgumentError: it is no URL at all.
    """
    made = make_url(url)
    driver = DRIVERS.get(made.drivername)
    if driver is None:
        raise ValueError("the store is sqlite+aiosqlite:///FILE or postgresql+psycopg://...")
    if driver.startswith("sqlite") and made.database in {None, "", ":memory:"}:
        raise ValueError("the store needs a file")
    return made.set(drivername=driver)


def file_of(url: URL) -> Path | None:
    """Return SQLite's file, or None for PostgreSQL."""
    return Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None


def create_file(url: URL) -> None:
    """Make SQLite's file, for its owner only, where it does not exist; its -wal and -shm take the mode over."""
    path = file_of(url)
    if path is not None and not path.exists():
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))


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
