"""Rate limits: so many calls of a method in a minute, and one message per channel in a second."""

from __future__ import annotations

import math
from collections import defaultdict, deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from practice.limits import Limits, Tier

MINUTE = timedelta(minutes=1)


@dataclass(slots=True)
class Throttle:
    """Counts calls by the clock that was handed in."""

    clock: Callable[[], datetime]
    limits: Limits
    _calls: defaultdict[str, deque[datetime]] = field(default_factory=lambda: defaultdict(deque))
    _posted: dict[str, datetime] = field(default_factory=dict)

    def call(self, method: str, tier: Tier) -> int | None:
        """Count a call; answer None, or the seconds to wait if it is one too many (it is not counted then)."""
        now = self.clock()
        calls = self._calls[method]
        while calls and now - calls[0] >= MINUTE:
            calls.popleft()
        if len(calls) >= self.limits.per_minute[tier]:
            return max(1, math.ceil((MINUTE - (now - calls[0])).total_seconds()))
        calls.append(now)
        return None

    def post(self, channel: str) -> int | None:
        """Count a message in a channel; answer None, or the seconds to wait."""
        now = self.clock()
        last = self._posted.get(channel)
        if last is not None and now - last < self.limits.post_gap:
            return max(1, math.ceil((self.limits.post_gap - (now - last)).total_seconds()))
        self._posted[channel] = now
        return None
