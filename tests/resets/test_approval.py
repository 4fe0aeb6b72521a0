"""Whose yes counts, and when there are enough."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resets.actor import Actor, SlackPerson
from resets.approval import Need, Voice, account_of, demand_able, may_agree, missing
from resets.reasons import Reason, Refused
from resets.rules import Rules

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
NEED = Need(1, 0, NOW, NOW + timedelta(minutes=15))
RULES = Rules(version="1", approvers=frozenset({"helpdesk", "managers"}), late_approvers=frozenset({"managers"}))
ADA = Actor("1", SlackPerson("T1", "U1"), "corp", "a", "ada", "Ada", "helpdesk")
NEITHER = {"is_target": False, "has_vouched": False}
EVE = Actor("2", SlackPerson("T1", "U2"), "corp", "e", "eve", "Eve", "helpdesk")


def voice(account="corp/e", *, yes=True, security=False):
    return Voice(account, "U9", "Somebody", yes=yes, security=security, why="", at=NOW)


def refusal(actor=EVE, *, now=NOW, voices=(), is_target=False, has_vouched=False, rules=RULES):
    try:
        demand_able(actor, ADA, NEED, voices, rules, now, is_target=is_target, has_vouched=has_vouched)
    except Refused as refused:
        return refused.reason
    return None


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, None),
        ({"actor": ADA}, Reason.OWN_REQUEST),
        ({"actor": replace(EVE, account_id="a")}, Reason.OWN_REQUEST),  # the same person, by another Slack account
        ({"actor": replace(EVE, slack=ADA.slack)}, Reason.OWN_REQUEST),
        ({"actor": replace(EVE, role="guests")}, Reason.NOT_APPROVER),
        ({"is_target": True}, Reason.IS_TARGET),
        ({"has_vouched": True}, Reason.HAS_VOUCHED),
        ({"voices": [voice()]}, Reason.SPOKEN),
        ({"voices": [voice("corp/x")]}, None),
        ({"now": NEED.until}, Reason.DECIDED),
        ({"now": NEED.until - timedelta(seconds=1)}, None),
        ({"actor": replace(EVE, role="managers")}, Reason.NOT_YET_APPROVER),
        ({"actor": replace(EVE, role="managers"), "now": NEED.half}, None),
    ],
)
def test_who_may_decide(changes, reason):
    """Somebody else, of a role that may, not a target, once, in time."""
    assert refusal(**changes) is reason


@pytest.mark.parametrize(("before", "seconds"), [(timedelta(minutes=7), 420), (timedelta(milliseconds=200), 1)])
def test_who_may_agree_later_hears_when(before, seconds):
    """Until half of the time is over; never in no time at all."""
    with pytest.raises(Refused) as refused:
        demand_able(replace(EVE, role="managers"), ADA, NEED, (), RULES, NEED.half - before, **NEITHER)
    assert (refused.value.reason, refused.value.facts) == (Reason.NOT_YET_APPROVER, {"seconds": seconds})


def test_every_role_agrees_where_none_is_named():
    """And who holds none of the named ones does not."""
    assert may_agree(replace(EVE, role="any"), Rules(version="1"))
    assert not may_agree(replace(EVE, role="any"), RULES)


@given(st.integers(1, 4), st.integers(0, 1), st.lists(st.tuples(st.booleans(), st.booleans()), max_size=6))
def test_enough_is_never_fewer_than_needed(approvals, of_security, said):
    """A no is no yes, and nobody's yes stands for a security role's."""
    voices = [voice(f"corp/{n}", yes=yes, security=security) for n, (yes, security) in enumerate(said)]
    need = replace(NEED, approvals=approvals, of_security=of_security)
    agreed = [v for v in voices if v.yes]
    left = missing(need, voices)
    enough = len(agreed) >= approvals and sum(v.security for v in agreed) >= of_security
    assert (left == 0) is enough
    assert left >= 0


def test_a_person_is_their_directory_identity():
    """Not their Slack account."""
    assert account_of(ADA) == account_of(replace(ADA, slack=SlackPerson("T1", "U7"), id="9"))
