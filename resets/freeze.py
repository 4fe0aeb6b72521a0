"""A freeze: nobody's password begins to be set until it ends. One stands at a time, for everybody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

ONCE_PER = timedelta(hours=24)  # without a code, one person freezes once in so long
LONGEST_WHY = 200  # characters
SOONEST, LATEST = timedelta(seconds=2), timedelta(seconds=30)  # between two looks of one who waits for the end
SHARE = 20  # who has waited for long looks less often


@dataclass(frozen=True, slots=True)
class Freeze:
    """Who has stopped everything, why, and until when."""

    actor_id: str  # of the enrolment
    slack_user: str
    name: str
    why: str  # 0-200 characters, as it was typed
    at: datetime
    until: datetime | None  # None: until somebody ends it
    proved: bool  # by a code, at the host

    def stands(self, now: datetime) -> bool:
        """Say whether it still stands."""
        return self.until is None or now < self.until

    def left(self, now: datetime) -> timedelta | None:
        """Return how long it stands from now on; None: until somebody ends it."""
        return None if self.until is None else max(self.until - now, timedelta(0))

    def outlasts(self, until: datetime | None) -> bool:
        """Say whether it stands as long as another that would end then, or longer."""
        return self.until is None or (until is not None and until <= self.until)

    def rest(self, now: datetime) -> timedelta:
        """Return how long one who waits for its end may wait before looking again."""
        return min(max((now - self.at) / SHARE, SOONEST), LATEST)

    def facts(self, now: datetime) -> dict[str, str | int]:
        """Return the facts of a sentence about it."""
        left = self.left(now)
        seconds = {} if left is None else {"seconds": max(1, round(left.total_seconds()))}
        return {"user": self.name, **seconds}


def tidy(why: str) -> str:
    """Return a typed reason as it is kept: on one line, at most 200 characters."""
    return " ".join(why.split())[:LONGEST_WHY]
