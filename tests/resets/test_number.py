"""The number match: three numbers, one of them right, one press."""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from resets.actor import Actor, SlackPerson
from resets.number import LEAST, NUMBERS, MatchState, NumberMatch, draw

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
ADA = Actor("A1", SlackPerson("T0", "U0ADA"), "corp", "id-ada", "ada", "Ada", "helpdesk")
MATCH = NumberMatch(
    *("M1", "F1", ADA, SlackPerson("T0", "U0BOB"), "corp", "id-bob", "bob", "Bob"),
    *((17, 42, 83), 42, MatchState.WAITING, NOW, NOW + timedelta(minutes=5)),
)


def test_three_different_numbers_of_two_digits():
    """And the right one is among them."""
    for _ in range(500):
        numbers, right = draw(secrets.randbelow)
        assert len(set(numbers)) == 3
        assert all(LEAST <= number < LEAST + NUMBERS for number in numbers)
        assert right in numbers


def test_a_number_that_was_drawn_is_drawn_again():
    """A draw that repeats itself costs another one."""
    drawn = iter([7, 7, 7, 8, 7, 9, 2])
    assert draw(lambda _: next(drawn)) == ((17, 18, 19), 19)


def test_each_place_is_right_as_often():
    """Whoever guesses is right once in three."""
    places = [numbers.index(right) for numbers, right in (draw(secrets.randbelow) for _ in range(3000))]
    assert all(800 < places.count(place) < 1200 for place in range(3))  # else once in 10^13 runs


@pytest.mark.parametrize(
    ("number", "state"),
    [(42, MatchState.MATCHED), (17, MatchState.WRONG), (5, MatchState.WRONG), (None, MatchState.DENIED)],
)
def test_one_press(number, state):
    """The right one, another one, or no."""
    assert MATCH.pressed(number) is state


def test_how_long_it_waits():
    """Until its time is over, or it was pressed."""
    assert MATCH.waits(NOW)
    assert not MATCH.waits(MATCH.expires_at)
    assert not replace(MATCH, state=MatchState.MATCHED).waits(NOW)
