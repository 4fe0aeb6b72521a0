"""Argon2id, in threads of its own: at most as many hashes at once as there are cores."""

from __future__ import annotations

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import HashingError, InvalidHashError, VerificationError, VerifyMismatchError

from directory.base import BadAnswer, NotNow, Unreachable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from directory.secret import Secret

T = TypeVar("T")

# OWASP Password Storage Cheat Sheet, Argon2id: m = 19 MiB, t = 2, p = 1
MEMORY_KIB = 19 * 1024
PASSES = 2
LANES = 1


def cores() -> int:
    """Return how many cores this process may use, at least 1."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def argon2id() -> PasswordHasher:
    """Return argon2-cffi's hasher with our parameters; salts of 16 bytes, hashes of 32."""
    return PasswordHasher(
        time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES, hash_len=32, salt_len=16, encoding="utf-8"
    )


class Hasher:
    """Hashes and compares without holding up the event loop.

    The threads are the limit, not a semaphore beside them: who stops waiting for a hash that has begun leaves its
    thread taken until it ends, so that cancelled callers cannot pile hashes (19 MiB each) upon one another.
    """

    def __init__(self, engine: PasswordHasher | None = None, *, at_once: int | None = None) -> None:
        self._engine = engine or argon2id()
        self._threads = ThreadPoolExecutor(at_once or cores(), thread_name_prefix="argon2id")
        self._nobodys: str | None = None

    async def hash(self, password: Secret) -> str:
        """Return the encoded hash, with a salt of its own. The policy has seen to it that the text is Unicode."""
        return await self._in_thread(lambda: self._engine.hash(password.reveal()))

    async def matches(self, hashed: str, password: Secret) -> bool:
        """Say whether the hash was made of this password, byte for byte."""
        return await self._in_thread(lambda: self._compare(hashed, password))

    async def matches_any(self, hashes: Sequence[str], password: Secret) -> bool:
        """Say whether one of the hashes was made of this password; all are looked at, side by side."""
        return any(await asyncio.gather(*(self.matches(hashed, password) for hashed in hashes)))

    async def waste(self, password: Secret) -> None:
        """Take the time of a comparison, so that an unknown login cannot be told by the clock."""
        if self._nobodys is None:
            self._nobodys = await self._in_thread(lambda: self._engine.hash("nobody's"))
        await self.matches(self._nobodys, password)

    def close(self) -> None:
        """Let the threads end; hashes that have not begun are dropped. May be called twice."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _compare(self, hashed: str, password: Secret) -> bool:
        try:
            return self._engine.verify(hashed, password.reveal())
        except (VerifyMismatchError, UnicodeEncodeError):
            return False  # a text that is no Unicode is nobody's password

    async def _in_thread(self, work: Callable[[], T]) -> T:
        try:
            waiting = asyncio.get_running_loop().run_in_executor(self._threads, work)
        except RuntimeError as error:
            raise Unreachable("the directory is closed") from error
        try:
            return await waiting
        except HashingError as error:
            raise NotNow("no memory for a hash") from error
        except (InvalidHashError, VerificationError) as error:
            raise BadAnswer("a stored hash cannot be read") from error
