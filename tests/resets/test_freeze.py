"""A freeze as a value: how long it stands, what it outlasts, and how long one waits who waits for its end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from resets.freeze import LATEST, LONGEST_WHY, SOONEST, Freeze, tidy

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
HALF = timedelta(minutes=30)


def put(until=NOW + HALF):
    return Freeze("a1", "U0ADA", "Ada Admin", "", NOW, until, proved=until is None)


def test_it_stands_until_its_time_is_over():
    """The very moment of its end is no part of it; without an end it stands for ever."""
    assert put().stands(NOW)
    assert not put().stands(NOW + HALF)
    assert put(None).stands(NOW + timedelta(days=3650))


def test_what_is_left_of_it_is_never_negative():
    """A sentence counts seconds, at least one, or says that somebody has to end it."""
    assert put().left(NOW + timedelta(minutes=10)) == timedelta(minutes=20)
    assert put().left(NOW + timedelta(days=1)) == timedelta(0)
    assert put(None).left(NOW) is None
    assert put().facts(NOW + HALF) == {"user": "Ada Admin", "seconds": 1}
    assert put(None).facts(NOW) == {"user": "Ada Admin"}


@pytest.mark.parametrize(
    ("stands", "other", "outlasts"),
    [
        (None, None, True),
        (None, NOW, True),
        (NOW + HALF, None, False),
        (NOW + HALF, NOW + HALF, True),
        (NOW + HALF, NOW + HALF * 2, False),
    ],
)
def test_only_a_longer_one_takes_its_place(stands, other, outlasts):
    """As long is not longer."""
    assert put(stands).outlasts(other) is outlasts


def test_who_waits_for_long_looks_less_often():
    """Between two seconds and half a minute, also where the clock was set back."""
    assert put().rest(NOW - timedelta(days=1)) == put().rest(NOW) == SOONEST
    assert put().rest(NOW + timedelta(minutes=2)) == timedelta(seconds=6)
    assert put().rest(NOW + timedelta(days=1)) == LATEST


def test_a_reason_is_one_line():
    """Whatever was typed, it is short and has no line breaks."""
    assert tidy("  a\n strange\t call ") == "a strange call"
    assert len(tidy("x" * 1000)) == LONGEST_WHY
