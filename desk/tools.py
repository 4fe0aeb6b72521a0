"""What every deed works with, handed in once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence  # noqa: TC003
from dataclasses import dataclass
from datetime import datetime  # noqa: TC003
from enum import StrEnum

from directory.base import Directory  # noqa: TC001
from resets.reasons import Reason, Refused
from resets.rules import Rules  # noqa: TC001
from store.base import Store, Tx  # noqa: TC001


class WorkKind(StrEnum):
    """What the worker may be asked to do."""

    RESET = "reset"  # go on with a request from wherever its target stands
    EXPIRE = "expire"  # an unclaimed password is replaced by one that nobody has
    SPOIL = "spoil"  # the same, and sessions end, because the person said "not me"
    NOTICE = "notice"  # say something
    CHUNK = "chunk"  # go on with one chunk of a bulk; the id is "CHUNK.ROUND"
    TELL = "tell"  # say the notices of one chunk


@dataclass(frozen=True, slots=True)
class Work:
    """A piece of work: the id of a row in `jobs`, of a notice or a chunk. The row is the truth; the engine moves it."""

    kind: WorkKind
    id: str
    lane: str = ""  # works of one lane are done one after the other, on whatever machine; "" is no lane

    @property
    def workflow_id(self) -> str:
        """The engine's name for it: asking twice for the same work is asking once."""
        return f"{self.kind}-{self.id}"


def always() -> bool:
    """Say that this process may go on."""
    return True


@dataclass(frozen=True, slots=True)
class Tools:
    """The store, the directories, the rules, and what must be handed in to be testable: clock and randomness."""

    store: Store
    directories: Mapping[str, Directory]
    rules: Rules
    clock: Callable[[], datetime]  # aware UTC
    randbelow: Callable[[int], int]  # uniform in 0..n-1, from the operating system's generator
    new_id: Callable[[], str]  # opaque, unguessable
    enqueue: Callable[[Tx, Work], Awaitable[None]]  # durable, in the caller's transaction
    enqueue_many: Callable[[Tx, Sequence[Work]], Awaitable[None]]  # the same, for up to 1,000 at once
    team: str
    security_channel: str
    security_mail: str = ""  # where alarms are mailed to as well; "": nowhere
    approvals_channel: str = ""  # private; without one, nothing that others have to agree to is taken
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep  # seconds
    fit: Callable[[], bool] = always  # whether this process is still taken for alive by the other workers
    watch: Callable[[], float] = time.monotonic  # seconds since some moment; never set back, nor forward

    def directory(self, name: str) -> Directory:
        """Return a configured directory, or refuse."""
        found = self.directories.get(name)
        if found is None:
            raise Refused(Reason.NO_SUCH_DIRECTORY, directory=name)
        return found
