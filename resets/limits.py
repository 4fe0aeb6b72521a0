"""How much may be asked for within an hour or a day, counted by people and not by Slack accounts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo
from math import ceil

from resets.reasons import Reason

AN_HOUR, A_DAY = timedelta(hours=1), timedelta(days=1)

Facts = dict[str, str | int]


@dataclass(frozen=True, slots=True)
class Hours:
    """When people work; also over midnight."""

    opens: time
    closes: time
    zone: tzinfo

    def holds(self, now: datetime) -> bool:
        """Say whether a moment lies within them; that of closing does not."""
        at = now.astimezone(self.zone).time()
        if self.opens <= self.closes:
            return self.opens <= at < self.closes
        return at >= self.opens or at < self.closes


@dataclass(frozen=True, slots=True)
class Limits:
    """What the operator allows; None: as much as anybody likes. And what is a sign that something may be wrong."""

    resets_per_hour: int | None = None  # single ones, of one admin
    resets_per_day: int | None = None
    bulks_per_hour: int | None = None  # of one admin, however many people each
    open_requests: int | None = None  # of one admin: that are not over
    same_target_per_day: int | None = None  # of one account, whoever asks
    all_per_hour: int | None = None  # single ones, of all admins together; more, and everything is frozen
    denials_in_a_row: int | None = None  # so many of one admin's requests, and that admin is frozen
    fresh_enrolment: timedelta = timedelta(0)  # the first reset of an enrolment younger than this alarms
    hours: Hours | None = None  # a run that is begun outside of them alarms; None: there are none
    late_freezes: bool = False  # and freezes everything

    def of_one(self, *, many: bool) -> tuple[Limit, ...]:
        """Return what one admin is held to, who asks for a single reset or for many at once."""
        if many:
            return _set((Reason.BULKS_USED_UP, self.bulks_per_hour, AN_HOUR))
        hour = (Reason.RESETS_USED_UP, self.resets_per_hour, AN_HOUR)
        return _set(hour, (Reason.RESETS_USED_UP, self.resets_per_day, A_DAY))

    def of_target(self) -> Limit | None:
        """Return how often one account is reset; None: as often as anybody likes."""
        return next(iter(_set((Reason.RESET_LATELY, self.same_target_per_day, A_DAY))), None)

    def of_all(self) -> Limit | None:
        """Return what all admins together are held to; None: nothing."""
        return next(iter(_set((Reason.ALL_USED_UP, self.all_per_hour, AN_HOUR))), None)

    def fresh(self, enrolled_at: datetime, now: datetime) -> bool:
        """Say whether an enrolment is so new that its first reset is a sign."""
        return now - enrolled_at < self.fresh_enrolment

    def late(self, now: datetime) -> bool:
        """Say whether nobody should begin a run at this time of the day."""
        return self.hours is not None and not self.hours.holds(now)

    def too_open(self, count: int) -> Facts | None:
        """Return the facts of a refusal for somebody who has so many open requests; None: another one may be begun."""
        most = self.open_requests
        return None if most is None or count < most else {"limit": most}


@dataclass(frozen=True, slots=True)
class Limit:
    """So many within a span, and the reason that says so."""

    reason: Reason
    most: int  # 1 or more
    within: timedelta

    def since(self, now: datetime) -> datetime:
        """Return from when on something counts."""
        return now - self.within

    def facts(self, last: datetime | None, now: datetime) -> Facts | None:
        """Return the facts of a refusal; None: there is room for another one.

        Args:
            last: when the one was that is as old as any may be: of those that count, number `most` from the newest;
                None: there are not so many.
            now: of the clock; where that was set back, what lies ahead of it counts as of now.
        """
        if last is None or last <= self.since(now):
            return None
        ago = max(now - last, timedelta(0))
        wait = self.within - ago
        since = {"ago": max(ceil(ago.total_seconds()), 1), "hours": self.within // AN_HOUR}
        return {"limit": self.most, **since, "seconds": ceil(wait.total_seconds())}


def _set(*given: tuple[Reason, int | None, timedelta]) -> tuple[Limit, ...]:
    return tuple(Limit(reason, most, within) for reason, most, within in given if most is not None)
