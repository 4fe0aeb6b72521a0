"""What the operator has decided is asked by tier and by directory; where nothing was decided there is an answer too."""

from __future__ import annotations

from dataclasses import replace

import pytest

from resets import break_glass
from resets.request import Tier
from resets.rules import AT_ONCE
from resets.scope import Grant
from resets.verification import Needed


def test_of_a_caller_is_needed_what_was_decided_for_the_tier(rules):
    """And nothing of whom nothing was decided."""
    decided = replace(rules, verification={Tier.SENSITIVE: Needed.IN_PERSON})
    assert [decided.needed_of(tier) for tier in Tier] == [Needed.NONE, Needed.IN_PERSON, Needed.NONE]


def test_all_lanes_together_keep_the_pace(rules):
    """Three lanes at two writes a second: each leaves a second and a half. Without a pace none waits."""
    slow = replace(rules, pace={"corp": 2.0, "lab": 0.5}, lanes={"corp": 3})
    assert slow.apart("corp") == pytest.approx(1.5)
    assert slow.apart("lab") == pytest.approx(2)
    assert slow.apart("other") == 0


def test_a_directory_of_which_nothing_was_said_has_one_lane_and_the_usual_width(rules):
    """What was said of another directory says nothing of it."""
    said = replace(rules, concurrency={"corp": 4}, lanes={"corp": 3})
    assert (said.at_once("corp"), said.lanes_of("corp")) == (4, 3)
    assert (said.at_once("lab"), said.lanes_of("lab")) == (AT_ONCE, 1)


def test_a_directory_is_called_as_people_know_it(rules):
    """Else by its key."""
    assert (rules.called("corp"), rules.called("lab")) == ("Corporate", "lab")


def test_by_the_sealed_code_nobody_privileged_is_reset(rules):
    """Whatever the roles may: standard and sensitive accounts of every directory, and no rule of a role counts."""
    for grants in (None, {}, {break_glass.ROLE: (Grant(frozenset(Tier)),)}):
        (grant,) = replace(rules, grants=grants).grants_of(break_glass.ROLE, "corp")
        assert grant == Grant(frozenset({Tier.STANDARD, Tier.SENSITIVE}))


@pytest.mark.parametrize(
    ("role", "grants", "approvers", "security", "nobody", "only"),
    [
        ("admin", None, None, frozenset(), False, False),  # no roles are written: everybody resets standard accounts
        ("admin", {"admin": (Grant(frozenset({Tier.STANDARD})),)}, frozenset(), frozenset(), False, False),
        ("manager", {"manager": ()}, frozenset(), frozenset(), True, True),
        ("manager", {"manager": ()}, frozenset({"admin"}), frozenset({"admin"}), True, True),
        ("manager", {"manager": ()}, None, frozenset(), True, False),  # every role agrees
        ("board", {"board": ()}, frozenset({"board"}), frozenset(), True, False),
        ("watch", {"watch": ()}, frozenset(), frozenset({"watch"}), True, False),
        ("gone", {"manager": ()}, frozenset(), frozenset(), False, False),  # not configured: refused as no role
    ],
)
def test_what_is_left_to_a_role_without_rules(rules, role, grants, approvers, security, nobody, only):
    """It resets nobody; where it neither agrees to anything nor ends a freeze, all that it can do is vouch."""
    said = replace(rules, grants=grants, approvers=approvers, security=security)
    assert (said.resets_nobody(role), said.only_vouches(role)) == (nobody, only)
