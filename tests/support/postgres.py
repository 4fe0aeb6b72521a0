"""A throw-away PostgreSQL: one folder, one free port of 127.0.0.1, ended by its own pg_ctl.

Its default collation is a language's (ICU, English), as in real life, so that what relies on byte order must say so.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest

from store import base
from store.tables import metadata

if TYPE_CHECKING:
    from collections.abc import Iterator

BINARIES = Path("/usr/lib/postgresql")
FIRST_WITH_ICU = 15  # as the default of a whole cluster
# Nothing here needs to survive a power cut. But every commit must reach the kernel before it is answered
# (synchronous_commit): what `stop` kills would otherwise forget up to 0.6 s of what it had said was done.
FAST = ("fsync=off", "full_page_writes=off", "shared_buffers=32MB", "max_connections=60")
EMPTIED = f"""TRUNCATE {", ".join(metadata.tables)};
INSERT INTO audit_head (id, seq, mac) VALUES (1, 0, repeat('0', 64));
INSERT INTO freezes (id, actor_id, slack_user, name, why, proved) VALUES (1, '', '', '', '', 0)"""


class Postgres:
    """A running server. `database()` gives the URL of a new, empty database in it."""

    def __init__(self, binaries: Path, folder: Path, port: int) -> None:
        self._binaries, self._folder, self.port = binaries, folder, port
        self._numbers = itertools.count(1)
        self._migrated: str | None = None

    def database(self) -> str:
        """Make a new database; gives its URL."""
        name = f"store{next(self._numbers)}"
        self.sql(f"CREATE DATABASE {name}")
        return f"postgresql+psycopg://rekey@127.0.0.1:{self.port}/{name}"

    @contextmanager
    def migrated(self) -> Iterator[str]:
        """Lend the URL of a database that is up to date. There is one, for a new one takes long; it is left empty."""
        if self._migrated is None:
            url = self.database()
            with ThreadPoolExecutor(1) as thread:  # a loop may be running in this one
                thread.submit(asyncio.run, base.upgrade(url)).result()
            self._migrated = url
        yield self._migrated
        self.sql(EMPTIED, self._migrated.rpartition("/")[2])

    def end_connections(self) -> None:
        """Break every connection but our own, as a restart of the server does."""
        self.sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname <> ''"
        )

    def sql(self, statement: str, database: str = "postgres") -> None:
        where = f"host=127.0.0.1 port={self.port} user=rekey dbname={database}"
        with psycopg.connect(where, autocommit=True) as connection:
            connection.execute(statement)

    def start(self) -> None:
        self._run("initdb", "-D", "data", "-U", "rekey", "-A", "trust", "-E", "UTF8", "--no-sync", *self._collation())
        self.start_again()

    def start_again(self) -> None:
        settings = (f"port={self.port}", "listen_addresses=127.0.0.1", "unix_socket_directories=", *FAST)
        options = " ".join(f"-c {setting}" if "=" in setting else setting for setting in settings)
        self._run("pg_ctl", "-D", "data", "-w", "-t", "60", "-l", "log", "-o", options, "start")

    def stop(self) -> None:
        self._run("pg_ctl", "-D", "data", "-w", "-m", "immediate", "stop")

    def _collation(self) -> tuple[str, ...]:
        if int(self._binaries.parent.name) < FIRST_WITH_ICU:
            return ("--locale=C.UTF-8",)
        return ("--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en-US")

    def _run(self, program: str, *arguments: str) -> None:
        # The server refuses to run as root; Debian's package makes a user for it.
        become = ("runuser", "-u", "postgres", "--") if os.geteuid() == 0 else ()
        command = [*become, str(self._binaries / program), *arguments]
        # Output goes to a file: a pipe would be held open by the server that pg_ctl leaves behind.
        with (self._folder / f"{program}.out").open("w+b") as out:
            done = subprocess.run(command, cwd=self._folder, stdout=out, stderr=out, check=False)
            if done.returncode:
                out.seek(0)
                raise RuntimeError(f"{program} failed: {out.read().decode(errors='replace')[-2000:]}")


@contextmanager
def running() -> Iterator[Postgres]:
    """Start a server for as long as the context lasts; skip the test (fail it under CI) where there is none."""
    found = sorted(BINARIES.glob("*/bin/postgres"), key=lambda path: int(path.parent.parent.name))
    if not found:
        missing = f"PostgreSQL is not installed (no {BINARIES}/*/bin/postgres)"
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)
    folder = Path(tempfile.mkdtemp(prefix="rekey-pg-"))
    if os.geteuid() == 0:
        owner = pwd.getpwnam("postgres")
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    try:
        server = Postgres(found[-1].parent, folder, _free_port())
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
