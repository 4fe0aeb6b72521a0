"""The part of the configuration that says how much is reset, and when, and what it makes of the rules."""

from __future__ import annotations

import re
from datetime import UTC, time, timedelta, tzinfo
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field

from bot.section import Section, Span
from resets import limits as rules

HOURS = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])-([01][0-9]|2[0-3]):([0-5][0-9])")
Many = Annotated[int, Field(ge=1, le=100_000)]


def _hours(value: str) -> str:
    if value and not HOURS.fullmatch(value):
        raise ValueError('must be two times of the day such as "07:00-19:00", or empty')
    opens, _, closes = value.partition("-")
    if value and opens == closes:
        raise ValueError("must be two different times; for the whole day leave it empty")
    return value


def _named(value: str) -> tzinfo:
    """Return a time zone by its name; UTC needs no list of them on this host."""
    return UTC if value == "UTC" else ZoneInfo(value)


def _zone(value: str) -> str:
    try:
        _named(value)
    except (ValueError, OSError, KeyError) as error:
        raise ValueError('must be "UTC", or a time zone that this host knows, such as "Europe/Berlin"') from error
    return value


class Limits(Section):
    """What keeps a stolen session, or a stolen code, from doing much, and many from being reset by mistake."""

    lookups_per_hour: Annotated[int, Field(ge=1, le=10000)] = 60
    hold: Span = timedelta(seconds=60)
    freeze: Span = timedelta(minutes=30)
    not_me_in_bulk: Annotated[int, Field(ge=1, le=1000)] = 3
    resets_per_hour: Many = 10
    resets_per_day: Many = 30
    bulks_per_hour: Many = 2
    open_requests: Many = 3
    same_target_per_day: Many = 2
    all_per_hour: Many = 100
    denials_in_a_row: Annotated[int, Field(ge=1, le=1000)] = 3
    fresh_enrolment_hours: Annotated[int, Field(ge=0, le=8760)] = 24
    hours: Annotated[str, AfterValidator(_hours)] = ""
    time_zone: Annotated[str, AfterValidator(_zone)] = "UTC"
    out_of_hours: Literal["alarm", "freeze"] = "alarm"


def limits(given: Limits) -> rules.Limits:
    """Return what the operator allows, as the rules read it."""
    return rules.Limits(
        resets_per_hour=given.resets_per_hour,
        resets_per_day=given.resets_per_day,
        bulks_per_hour=given.bulks_per_hour,
        open_requests=given.open_requests,
        same_target_per_day=given.same_target_per_day,
        all_per_hour=given.all_per_hour,
        denials_in_a_row=given.denials_in_a_row,
        fresh_enrolment=timedelta(hours=given.fresh_enrolment_hours),
        hours=_working(given.hours, given.time_zone),
        late_freezes=given.out_of_hours == "freeze",
    )


def _working(text: str, where: str) -> rules.Hours | None:
    if not text:
        return None
    opens, _, closes = text.partition("-")
    return rules.Hours(time.fromisoformat(opens), time.fromisoformat(closes), _named(where))
