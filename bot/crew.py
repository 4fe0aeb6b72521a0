"""Who works: one process alone on SQLite, any number on PostgreSQL, each of which says every few seconds that it lives.

Whoever has been silent for the time to live is declared dead: its row is struck out and another worker goes on with
its works. A process that was only frozen finds its row gone, and begins anew under another name. Until then it is
kept from beginning anything by its own watch: nobody can have declared it dead before the time to live has passed.
"""

from __future__ import annotations

import asyncio
import fcntl
import logging
import os
import secrets
import socket
import time
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import make_url

from bot.errors import OperatorError
from store import workers

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from store.base import Store

log = logging.getLogger(__name__)

BEAT = timedelta(seconds=5)
TTL = timedelta(seconds=30)
STEADY_BEATS = 3  # so many of our own without a gap, before we judge others: after an outage all are late


class EngineNotReady(OperatorError):
    """The engine cannot run here; the sentence says what mends it."""


class DeclaredDead(Exception):
    """This worker was silent for too long; others go on with what it had begun."""


class Alone:
    """The one process that runs the engine on a SQLite file; a locked file beside it says so."""

    beat_seconds: float | None = None
    leads = True
    id = "rekey"  # stable, so that a restart finds its own work again

    def __init__(self, url: str) -> None:
        self._path = Path(f"{make_url(url).database}.worker")
        self._file: Any = None

    async def join(self) -> None:
        """Take the right to work.

        Raises:
            EngineNotReady: another process runs the engine on this file.
        """
        self._file = self._path.open("w", encoding="ascii")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            await self.leave()
            raise EngineNotReady(
                "Another rekey process runs the worker on this store; stop it, or start this one with --no-worker."
            ) from None

    def fit(self) -> bool:
        """Say whether this process may begin something."""
        return self._file is not None

    async def sure(self) -> None:
        """Nothing: who holds the lock is not declared dead."""

    async def beat(self) -> bool:
        """Say that nobody else is silent."""
        return False

    async def leave(self) -> None:
        """Give the right back."""
        if self._file is not None:
            self._file.close()
            self._file = None


def since_boot() -> float:
    """Return the seconds since the machine started, those in which it slept among them."""
    clock = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return time.clock_gettime(clock)


class Crew:
    """This process among all that run the engine on one PostgreSQL database."""

    def __init__(
        self, store: Store, *, beat: timedelta = BEAT, ttl: timedelta = TTL, watch: Callable[[], float] = since_boot
    ) -> None:
        self.beat_seconds: float | None = beat.total_seconds()
        self.id = ""
        self._store = store
        self._beat, self._ttl = beat, ttl
        self._watch = watch
        self._confirmed = float("-inf")  # when we asked to be written down as living, the last time that it was done
        self._steady = 0
        self._eldest = False
        self._beating = asyncio.Lock()

    async def join(self) -> None:
        """Write this process down, under a name that nobody ever had.

        Raises:
            StoreFailed: the database did not do it.
        """
        host, pid = socket.gethostname(), os.getpid()
        self.id = f"{host}-{pid}-{secrets.token_hex(4)}"
        asked = self._watch()
        async with self._store.write() as tx:
            await workers.join(tx, self.id, host, pid)
        self._confirmed, self._steady, self._eldest = asked, 0, False

    @property
    def leads(self) -> bool:
        """Whether this is the eldest living worker, which does what must be done by one."""
        return self._eldest and self.fit()

    def fit(self) -> bool:
        """Say whether nobody can have declared this process dead; asks nothing but its own watch."""
        return self._watch() - self._confirmed < self._ttl.total_seconds()

    async def sure(self) -> None:
        """Make sure of it, before something is begun.

        Raises:
            DeclaredDead: it was.
            StoreFailed: the database does not say.
        """
        if self._watch() - self._confirmed > self._ttl.total_seconds() / 2:
            await self.beat()

    async def beat(self) -> bool:
        """Say that this process lives. Returns whether another has fallen silent and it is for us to say so.

        Raises:
            DeclaredDead: we were declared dead.
            StoreFailed: the database did not do it.
        """
        async with self._beating:
            asked = self._watch()
            async with self._store.write() as tx:
                heard = await workers.beat(tx, self.id, self._ttl)
            if heard is None:
                self._confirmed = float("-inf")
                raise DeclaredDead
            regular = asked - self._confirmed < 2 * self._beat.total_seconds()
            self._steady = self._steady + 1 if regular else 0
            self._confirmed, self._eldest = asked, heard.eldest
            return heard.others_silent and self._steady >= STEADY_BEATS

    async def reap(self, hand_on: Callable[[str], Awaitable[int]]) -> None:
        """Have the works of each dead worker handed on, then strike it out. One process at a time does this.

        Raises:
            StoreFailed: nobody was struck out.
        """
        async with self._store.write() as tx:
            if not await workers.reaping(tx):
                return
            for dead in await workers.silent(tx, self._ttl):
                count = await hand_on(dead)
                await workers.leave(tx, dead)
                log.warning("worker_dead", extra={"worker": dead, "handed_on": count})

    async def strangers(self, names: frozenset[str]) -> frozenset[str]:
        """Return which of these names are no worker's."""
        async with self._store.read() as tx:
            return names - await workers.known(tx)

    async def leave(self) -> None:
        """Strike this process out."""
        self._confirmed = float("-inf")
        if self.id:
            async with self._store.write() as tx:
                await workers.leave(tx, self.id)


def crew_of(store: Store) -> Crew | None:
    """Return this process among the workers of a store; None where there is only one."""
    return Crew(store) if store.dialect == "postgresql" else None
