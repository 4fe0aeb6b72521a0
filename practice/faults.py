"""For tests: the record of everything said, and misfortunes that can be ordered."""

from __future__ import annotations

import json
from collections import defaultdict, deque
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

Json = dict[str, Any]
KEPT = 20_000


class Direction(StrEnum):
    """Which way something went, seen from the practice workspace."""

    IN = "in"
    OUT = "out"


@dataclass(frozen=True, slots=True)
class Said:
    """One thing that crossed the wire.

    kind: a Web API method, "slash_commands", "interactive", "events_api", "ack", "response_url" or "mail".
    payload: what was said, without tokens.
    reply: what the workspace answered, for a method.
    """

    direction: Direction
    kind: str
    payload: Any
    reply: Any = None


class Record(list[Said]):
    """All traffic since the start, the newest last; the oldest fall off after twenty thousand."""

    def note(self, direction: Direction, kind: str, payload: Any, reply: Any = None) -> None:
        """Write down one thing."""
        self.append(Said(direction, kind, payload, reply))
        if len(self) > KEPT:
            del self[: KEPT // 10]

    def calls(self, method: str) -> list[Json]:
        """Answer the arguments of all calls of one method."""
        return [said.payload for said in self if said.direction is Direction.IN and said.kind == method]

    def text(self) -> str:
        """Answer everything as one text, for a search."""
        return "\n".join(
            json.dumps([said.kind, said.payload, said.reply], ensure_ascii=False, default=str) for said in self
        )


class Mishap(StrEnum):
    """What can happen to a call."""

    ANSWER = "answer"  # answered with the ordered status; nothing is done
    SILENCE = "silence"  # never answered; nothing is done
    LOST = "lost"  # done, and never answered


@dataclass(frozen=True, slots=True)
class Fault:
    """One ordered mishap."""

    mishap: Mishap
    status: int = 500
    error: str = "internal_error"
    retry_after: int = 1


@dataclass(slots=True)
class Faults:
    """Orders mishaps: the next calls of a method meet them, in the order in which they were ordered."""

    drop: Callable[[], None]
    mute: Callable[[], None]
    refresh: Callable[[str], None]
    _ordered: defaultdict[str, deque[Fault]] = field(default_factory=lambda: defaultdict(deque))

    def answer(
        self, method: str, status: int, *, times: int = 1, error: str | None = None, retry_after: int = 1
    ) -> None:
        """Have the next calls answered with an HTTP status (429 with Retry-After in seconds); nothing is done."""
        word = error or ("ratelimited" if status == 429 else "internal_error")  # noqa: PLR2004
        self._ordered[method].extend([Fault(Mishap.ANSWER, status, word, retry_after)] * times)

    def silence(self, method: str, *, times: int = 1) -> None:
        """Have the next calls wait for an answer that never comes; nothing is done."""
        self._ordered[method].extend([Fault(Mishap.SILENCE)] * times)

    def lose_answer(self, method: str, *, times: int = 1) -> None:
        """Have the next calls done, and their answers lost: the caller cannot know."""
        self._ordered[method].extend([Fault(Mishap.LOST)] * times)

    def drop_sockets(self) -> None:
        """Tear all Socket Mode connections down, without a word."""
        self.drop()

    def mute_sockets(self) -> None:
        """Leave all present connections open and dead: no pong, no payload, no ack read."""
        self.mute()

    def refresh_sockets(self, reason: str = "refresh_requested") -> None:
        """Ask all connections to come again, as Slack does: warning, refresh_requested or link_disabled."""
        self.refresh(reason)

    def clear(self) -> None:
        """Forget what was ordered and has not happened."""
        self._ordered.clear()

    def next(self, method: str) -> Fault | None:
        """Take the next mishap of a method ("*" stands for any)."""
        for name in (method, "*"):
            if self._ordered.get(name):
                return self._ordered[name].popleft()
        return None
