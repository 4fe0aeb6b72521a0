"""One's share for now: how many within a span, since when, and when there is room again."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resets.limits import A_DAY, AN_HOUR, Hours, Limit, Limits
from resets.reasons import Reason

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
LIMIT = Limit(Reason.RESETS_USED_UP, 10, AN_HOUR)
ALL = Limits(
    resets_per_hour=1, resets_per_day=2, bulks_per_hour=3, open_requests=4, same_target_per_day=5, all_per_hour=6
)


def test_nothing_is_limited_unless_the_operator_says_so():
    """Without a number there is no limit of that kind."""
    none = Limits()
    assert none.of_one(many=False) == none.of_one(many=True) == ()
    assert none.of_target() is none.of_all() is none.too_open(10**9) is None


def test_each_number_limits_its_own_kind():
    """Single resets by the hour and by the day, runs by the hour, an account by the day, all together by the hour."""
    assert ALL.of_one(many=False) == (
        Limit(Reason.RESETS_USED_UP, 1, AN_HOUR),
        Limit(Reason.RESETS_USED_UP, 2, A_DAY),
    )
    assert ALL.of_one(many=True) == (Limit(Reason.BULKS_USED_UP, 3, AN_HOUR),)
    assert ALL.of_target() == Limit(Reason.RESET_LATELY, 5, A_DAY)
    assert ALL.of_all() == Limit(Reason.ALL_USED_UP, 6, AN_HOUR)
    assert Limits(resets_per_day=2).of_one(many=False) == (Limit(Reason.RESETS_USED_UP, 2, A_DAY),)


def test_so_many_runs_may_be_open():
    """One fewer than the number leaves room for one."""
    assert ALL.too_open(3) is None
    assert ALL.too_open(4) == ALL.too_open(9) == {"limit": 4}


def test_the_facts_say_how_many_since_when_and_until_when():
    """The tenth last was 48 minutes ago: the next one fits in 12. People read whole numbers."""
    assert LIMIT.facts(None, NOW) is None
    facts = LIMIT.facts(NOW - timedelta(minutes=48), NOW)
    assert facts == {"limit": 10, "ago": 48 * 60, "hours": 1, "seconds": 12 * 60}
    assert all(type(number) is int for number in facts.values())


def test_the_very_end_of_the_span_is_no_part_of_it():
    """After exactly an hour there is room; a moment before there is a second to wait."""
    assert LIMIT.facts(NOW - AN_HOUR, NOW) is None
    assert LIMIT.facts(NOW - AN_HOUR + SECOND / 4, NOW)["seconds"] == 1
    assert LIMIT.facts(NOW, NOW)["ago"] == 1


def test_a_clock_that_was_set_back_gives_nothing_away():
    """What lies ahead counts as of now: for a whole span, and not for longer."""
    facts = LIMIT.facts(NOW + timedelta(days=3), NOW)
    assert (facts["ago"], facts["seconds"]) == (1, 3600)


def test_an_enrolment_is_fresh_for_a_while():
    """Without a span none is; the very end is no part of it."""
    assert not Limits().fresh(NOW, NOW)
    day = Limits(fresh_enrolment=A_DAY)
    assert day.fresh(NOW - A_DAY + SECOND, NOW)
    assert not day.fresh(NOW - A_DAY, NOW)


@pytest.mark.parametrize(
    ("opens", "closes", "at", "holds"),
    [
        (7, 19, 7, True),
        (7, 19, 19, False),
        (7, 19, 3, False),
        (22, 6, 22, True),
        (22, 6, 23, True),
        (22, 6, 5, True),
        (22, 6, 6, False),
        (22, 6, 12, False),
        (9, 9, 9, False),
        (9, 9, 12, False),
    ],
)
def test_hours_are_those_of_a_zone_and_may_go_over_midnight(opens, closes, at, holds):
    """The moment of closing is late; whose clock counts is the setting's."""
    hours = Hours(time(opens), time(closes), timezone(timedelta(hours=9)))
    moment = datetime(2026, 3, 2, at, 0, tzinfo=timezone(timedelta(hours=9))).astimezone(UTC)
    assert hours.holds(moment) is holds
    assert Limits(hours=hours).late(moment) is not holds
    assert not Limits().late(moment)


spans = st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=3))


@given(st.lists(spans, max_size=20), st.integers(1, 5), st.sampled_from([AN_HOUR, A_DAY]))
def test_there_is_room_exactly_where_fewer_count(ago, most, within):
    """Whatever was asked for before: refused if and only if so many lie within the span, until one of them does not."""
    limit = Limit(Reason.RESETS_USED_UP, most, within)
    moments = sorted((NOW - each for each in ago), reverse=True)
    counted = [each for each in moments if each > limit.since(NOW)]
    facts = limit.facts(moments[most - 1] if len(moments) >= most else None, NOW)
    assert (facts is not None) is (len(counted) >= most)
    if facts:
        later = NOW + timedelta(seconds=facts["seconds"])
        assert sum(each > limit.since(later) for each in moments) < most
