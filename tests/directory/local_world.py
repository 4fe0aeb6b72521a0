"""A `local` directory with its clock, its randomness and its hashing in a test's hands."""

from __future__ import annotations

import asyncio
import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from argon2 import PasswordHasher

from directory.local import LocalDirectory
from directory.local_file import LocalFile
from directory.local_hash import Hasher
from directory.local_parts import Parts
from directory.local_people import NewAccount
from directory.opening import Opening
from directory.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from directory.base import Account

OLD = "Analytical-engine-1843"
NEW = "Speech-annually-nephew-dispense-3"
OTHER = "Velvet-otter-plank-moss-dune-7"


class Engine(PasswordHasher):
    """Argon2 itself, made cheap, that counts how many work at once and can be held: all, or only the one to come."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=64, parallelism=1)
        self.guard = threading.Lock()
        self.now = self.most = self.hashes = self.comparisons = 0
        self.threads: set[str] = set()
        self.held = threading.Event()
        self.reached = threading.Event()
        self.held.set()
        self.arrived = 0
        self.hold_at: int | None = None  # None: all are held
        self.meddle: Callable[[str | bytes], None] | None = None  # called in the thread, before a hash

    def hash(self, password: str | bytes, **more: Any) -> str:
        self.hashes += 1
        if self.meddle is not None:
            self.meddle(password)
        return self._counted(lambda: super(Engine, self).hash(password, **more))

    def verify(self, hash: str | bytes, password: str | bytes) -> Any:  # noqa: A002
        self.comparisons += 1
        return self._counted(lambda: super(Engine, self).verify(hash, password))

    def _counted(self, work: Any) -> Any:
        with self.guard:
            self.now += 1
            self.most = max(self.most, self.now)
            self.threads.add(threading.current_thread().name)
            self.arrived += 1
            held = self.hold_at in {None, self.arrived}
        try:
            if held:
                self.reached.set()
                assert self.held.wait(30)
            return work()
        finally:
            with self.guard:
                self.now -= 1


class World:
    """A directory with a clock and an engine in the test's hands."""

    def __init__(self, path: Path, at_once: int = 2) -> None:
        self.now = datetime(2026, 3, 1, 12, tzinfo=UTC)
        self.engine = Engine()
        self.numbers = 0
        file = LocalFile(path, busy=timedelta(seconds=5), opening=Opening.MAKE)
        hasher = Hasher(self.engine, at_once=at_once)
        self.local = LocalDirectory("corp", Parts(file, hasher, lambda: self.now, self.randbytes))

    def randbytes(self, count: int) -> bytes:
        self.numbers += 1
        return self.numbers.to_bytes(count, "big")

    async def ada(self, **more: Any) -> Account:
        account_id = await self.local.add_account(NewAccount("ada", "Ada Lovelace", password=Secret(OLD), **more))
        return await self.again(account_id)

    async def again(self, account_id: str) -> Account:
        return (await self.local.fetch([account_id]))[account_id]

    async def opens(self, password: str) -> bool:
        return (await self.local.sign_in("ada", Secret(password))).ok

    async def held(self) -> None:
        """Wait until a hash or a comparison stands still in its thread."""
        assert await asyncio.to_thread(self.engine.reached.wait, 30)

    def hold(self, let_pass: int = 0) -> None:
        """Hold one hash or comparison, after so many; all that come later pass."""
        self.engine.arrived, self.engine.hold_at = 0, let_pass + 1
        self.engine.reached.clear()
        self.engine.held.clear()
