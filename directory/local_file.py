"""The SQLite file of a `local` directory: opened, read and written, and its failures told in our words."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import secrets
import sqlite3
from contextlib import suppress
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import create_engine, event, insert
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from directory.base import BadAnswer, DirectoryError, NotAllowed, NotNow, PasswordPolicy, Unreachable
from directory.local_tables import APPLICATION, VERSION, metadata, settings
from directory.misconfigured import Misconfigured
from directory.opening import Opening

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine
    from datetime import timedelta
    from pathlib import Path

    from sqlalchemy import Connection, Engine
    from sqlalchemy.ext.asyncio import AsyncConnection

T = TypeVar("T")

# NIST SP 800-63B-4, 3.1.1.2: 15 characters where a password stands alone, no composition rules; ours never does
POLICY = PasswordPolicy(min_length=12, max_length=128, forbid_names=True, history=5)
LOCK_AFTER = 10  # wrong passwords in a row


class Conflict(ValueError):
    """A login or a group's name is taken, or an account that was named is not there; nothing has changed."""


class LocalFile:
    """One file, which other processes may have open too: WAL, one writer at a time, first come first served.

    A write that was acknowledged survives a loss of power (synchronous = FULL); one that was refused has not happened,
    unless Unreachable says `sent`. Cancelling waits for the transaction under way to end: milliseconds, or `busy` while
    another process writes.
    """

    def __init__(self, path: Path, *, busy: timedelta, opening: Opening = Opening.USE) -> None:
        """Open the file; with MAKE, a missing or empty one is made (mode 0600), with its tables.

        Args:
            path: its folder must exist.
            busy: how long to wait for another process' write.
            opening: what may be written.

        Raises:
            Misconfigured: no such folder, no SQLite file, another program's, or a newer version's; but with MAKE, also
                a missing or empty one; with LOOK, also an older version's.
        """
        self.path = path
        logging.getLogger("aiosqlite").setLevel(logging.INFO)  # at DEBUG it writes down every value of every statement
        _prepare(path, busy, opening)
        self._identity = _identity(path)
        self._gate = asyncio.Lock()  # SQLite's own waiting is not fair
        self.engine = create_async_engine(
            f"sqlite+aiosqlite:///{path}", hide_parameters=True, pool_size=4, max_overflow=0, pool_timeout=30
        )
        _set_up(self.engine.sync_engine, busy)

    async def read(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        """Do some work that sees one moment of the directory."""
        return await _to_its_end(self._transaction(work, writes=False))

    async def write(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        """Do some work that alone may write; all of it is kept when it ends well, and nothing otherwise."""
        async with self._gate:
            return await _to_its_end(self._transaction(work, writes=True))

    async def close(self) -> None:
        """Close the connections. May be called twice."""
        await self.engine.dispose()

    async def _transaction(self, work: Callable[[AsyncConnection], Awaitable[T]], *, writes: bool) -> T:
        if _identity(self.path) != self._identity:
            raise Unreachable("the file is gone or is another one")
        committing = False
        try:
            async with self.engine.connect() as conn:
                await conn.execution_options(rekey_writes=writes)
                await conn.begin()
                done = await work(conn)
                if writes:
                    committing = True
                    await conn.commit()
                return done
        except SQLAlchemyError as error:
            raise _told(error, sent=committing) from error
        except UnicodeEncodeError:
            raise BadAnswer("a text that is no Unicode") from None  # its own words would repeat the text


async def _to_its_end(transaction: Coroutine[Any, Any, T]) -> T:
    """Let a transaction end before a cancellation goes on.

    A statement that is cancelled while it has rows to give keeps its connection half alive after SQLAlchemy has closed
    it (sqlite3_close_v2), and with it the lock, until the garbage collector comes by: nobody could write any more.
    """
    task = asyncio.ensure_future(transaction)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        while not task.done():
            with suppress(asyncio.CancelledError):
                await asyncio.wait([task])
        if not task.cancelled():
            task.exception()  # looked at, so that asyncio does not complain
        raise


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        seen = path.stat()
    except OSError:
        return None
    return seen.st_dev, seen.st_ino


def _set_up(engine: Any, busy: timedelta) -> None:
    """Take transactions out of the driver's hands: it would begin them late, and two writers would meet midway."""

    @event.listens_for(engine, "connect")
    def connected(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in (
            f"busy_timeout = {int(busy.total_seconds() * 1000)}",
            "foreign_keys = ON",
            "synchronous = FULL",
            "secure_delete = ON",  # an old hash is overwritten, not only unlinked
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begun(conn: Connection) -> None:
        conn.exec_driver_sql("BEGIN IMMEDIATE" if conn.get_execution_options().get("rekey_writes") else "BEGIN")


def _prepare(path: Path, busy: timedelta, opening: Opening) -> None:
    make = opening is Opening.MAKE
    if not path.parent.is_dir():
        raise Misconfigured("path", f"The folder {path.parent} does not exist.", "Create it, or name another file.")
    if not make and not path.exists():
        raise _none_yet(path, "is not there")
    engine = create_engine(f"sqlite:///{path}", hide_parameters=True, poolclass=NullPool)
    _set_up(engine, busy)
    try:
        if not path.exists():  # closing a file that SQLite has open here would drop its locks
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        with engine.connect() as conn:
            version = _version(conn, path)
        if not version and not make:
            raise _none_yet(path, "is empty")
        if not version:
            _make(engine, path)
        elif version < VERSION:
            if opening is Opening.LOOK:
                raise _older(path, version)
            _step_up(engine, path)
    except OSError as error:
        raise Misconfigured("path", f"{path} cannot be opened ({error.strerror}).", "See to its rights.") from error
    except SQLAlchemyError as error:
        told = _told(error, sent=False)
        of_rights = isinstance(told, NotAllowed | Unreachable)
        remedy = "See to the rights of the file and its folder." if of_rights else "Name another file, or put it back."
        raise Misconfigured("path", f"{path} cannot be opened ({told.detail}).", remedy) from error
    finally:
        engine.dispose()


def _none_yet(path: Path, what: str) -> Misconfigured:
    remedy = "Mend `path`, or put the file back. A new, empty one is made by: rekey directory new NAME."
    return Misconfigured("path", f"{path} {what}, and nothing was made.", remedy)


def _older(path: Path, version: int) -> Misconfigured:
    what = f"{path} was written by an older Rekey (its version is {version}, this one reads {VERSION})."
    return Misconfigured("path", what, "Start `rekey serve` once: it brings the file up to date.")


def _step_up(engine: Engine, path: Path) -> None:
    """Bring a file of an older version up to date; a process of that version may go on reading and writing it."""
    with engine.connect() as conn:
        conn.execution_options(rekey_writes=True)
        if _version(conn, path) < VERSION:  # another process may have been faster
            wanted = "REFERENCES accounts(id) ON DELETE SET NULL"
            conn.exec_driver_sql(f"ALTER TABLE accounts ADD COLUMN manager_id VARCHAR {wanted}")
            conn.exec_driver_sql("CREATE INDEX ix_accounts_manager_id ON accounts (manager_id)")
            conn.exec_driver_sql(f"PRAGMA user_version = {VERSION}")
        conn.commit()


def _make(engine: Engine, path: Path) -> None:
    with engine.connect() as conn:
        raw: Any = conn.connection.dbapi_connection
        raw.execute("PRAGMA journal_mode = WAL").close()  # outside of a transaction; stays with the file
        conn.execution_options(rekey_writes=True)
        if not _version(conn, path):  # another process may have been faster
            metadata.create_all(conn)
            first = {"id": 1, "directory": secrets.token_hex(8), "change": 0, "lock_after": LOCK_AFTER}
            conn.execute(insert(settings).values(**first, policy=json.dumps(asdict(POLICY))))
            conn.exec_driver_sql(f"PRAGMA application_id = {APPLICATION}")
            conn.exec_driver_sql(f"PRAGMA user_version = {VERSION}")
        conn.commit()


def _version(conn: Connection, path: Path) -> int:
    """Return of which version the file is; 0: it is still empty.

    Raises:
        Misconfigured: it holds something else than a directory that we can read.
    """
    version = conn.exec_driver_sql("PRAGMA user_version").scalar_one()
    owner = conn.exec_driver_sql("PRAGMA application_id").scalar_one()
    tables = conn.exec_driver_sql("SELECT count(*) FROM sqlite_master").scalar_one()
    if not (version or owner or tables):
        return 0
    if owner != APPLICATION:
        raise Misconfigured("path", f"{path} is a database of another program.", "Name a file of its own.")
    if version > VERSION:
        raise Misconfigured(
            "path",
            f"{path} was written by a newer Rekey (its version is {version}, this one reads {VERSION}).",
            "Start that newer version.",
        )
    return int(version)


# SQLite's primary result codes. Source: https://www.sqlite.org/rescode.html
_NOT_NOW = {
    sqlite3.SQLITE_BUSY: "another process is writing",
    sqlite3.SQLITE_LOCKED: "another process is writing",
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_NOMEM: "no memory",
    sqlite3.SQLITE_INTERRUPT: "interrupted",
}
_NOT_ALLOWED = {
    sqlite3.SQLITE_READONLY: "the file may only be read",
    sqlite3.SQLITE_PERM: "no right to the file",
    sqlite3.SQLITE_AUTH: "no right to the file",
}
_UNREACHABLE = {
    sqlite3.SQLITE_CANTOPEN: "the file cannot be opened",
    sqlite3.SQLITE_IOERR: "the disk failed",
}
_SPOILED = {
    sqlite3.SQLITE_NOTADB: "it is no SQLite file",
    sqlite3.SQLITE_CORRUPT: "it is damaged",
}


def _told(error: SQLAlchemyError, *, sent: bool) -> DirectoryError:
    """Turn SQLAlchemy's error into ours; `sent` says that a commit was on its way."""
    if isinstance(error, PoolTimeout):
        return NotNow("all connections are taken")
    code = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF if isinstance(error, DBAPIError) else 0
    if code in _NOT_NOW:
        return NotNow(_NOT_NOW[code])
    if code in _NOT_ALLOWED:
        return NotAllowed(_NOT_ALLOWED[code])
    if code in _UNREACHABLE:
        return Unreachable(_UNREACHABLE[code], sent=sent)
    return BadAnswer(_SPOILED.get(code, f"SQLite's error {code}"), sent=sent)
