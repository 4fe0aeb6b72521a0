"""What a request demands: the table, and that more of anything never needs less."""

from __future__ import annotations

from itertools import chain, combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.assembly import quorum
from bot.settings import Settings
from resets.demand import HARDNESS, Demand, Quorum, demand
from resets.request import Tier

TABLE = quorum(Settings())
SETS = [frozenset(s) for s in chain.from_iterable(combinations(HARDNESS, n) for n in (1, 2, 3))]
COUNTS = [1, 2, 3, 50, 51, 52, 500, 501, 502, 100_000]


@pytest.mark.parametrize(
    ("count", "tier", "wanted"),
    [
        (1, Tier.STANDARD, Demand(1, 0, 0)),
        (2, Tier.STANDARD, Demand(2, 1, 0)),
        (50, Tier.STANDARD, Demand(2, 1, 0)),
        (51, Tier.STANDARD, Demand(2, 2, 0)),
        (500, Tier.STANDARD, Demand(2, 2, 0)),
        (501, Tier.STANDARD, Demand(2, 2, 1)),
        (1, Tier.SENSITIVE, Demand(2, 1, 0)),
        (51, Tier.SENSITIVE, Demand(2, 2, 0)),
        (1, Tier.PRIVILEGED, Demand(3, 2, 0)),
        (501, Tier.PRIVILEGED, Demand(3, 2, 1)),
    ],
)
def test_the_table(count, tier, wanted):
    """The settings' defaults are the numbers of docs/security.md."""
    assert demand(count, [tier], TABLE) == wanted


def parts(asked):
    return asked.level, asked.approvals, asked.of_security


def harder(some, others):
    """Whoever is in the first is in the second, or somebody harder is."""
    return max(map(HARDNESS.index, some)) <= max(map(HARDNESS.index, others))


def holds(numbers):
    for count in COUNTS:
        for more in (c for c in COUNTS if c >= count):
            for some in SETS:
                for others in (s for s in SETS if harder(some, s)):
                    less, full = demand(count, some, numbers), demand(more, others, numbers)
                    assert all(a <= b for a, b in zip(parts(less), parts(full), strict=True)), (
                        count,
                        more,
                        some,
                        others,
                    )


def test_more_never_needs_less():
    """Exhaustively, by the table: more people, or more privilege, never need less proof or fewer approvals."""
    holds(TABLE)


APPROVALS, LEVELS = st.integers(0, 5), st.integers(1, 3)


@given(
    st.builds(
        Quorum,
        *[APPROVALS] * 5,
        many_from=st.integers(2, 1000),
        security_from=st.none() | st.integers(1, 1000),
        level_standard=LEVELS,
        level_many=LEVELS,
        level_sensitive=LEVELS,
        level_privileged=LEVELS,
    )
)
def test_nor_by_any_other_numbers(numbers):
    """An operator who sets the numbers the wrong way round gets the harder of them, never a hole."""
    holds(numbers)


def test_without_numbers_nothing_is_demanded():
    """Rules that say nothing of it ask nobody."""
    assert demand(100_000, Tier, Quorum()) == Demand()
    assert Demand().by_code


def test_of_nobody_is_demanded_what_is_of_one_standard_account():
    """A preview in which nobody is left has no tiers."""
    assert demand(1, [], TABLE) == demand(1, [Tier.STANDARD], TABLE)


def test_a_code_is_no_passkey():
    """Level 3 is not met by what is typed into Slack."""
    assert [Demand(level=level).by_code for level in (1, 2, 3)] == [True, True, False]
