"""The digest that step-up signs: fixed for all time, and changed by whatever matters."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from resets.evidence import Evidence, How
from resets.request import Channel, Options, Plan, PlanDigest, PlannedTarget, Tier, Why

PLAN = Plan(
    team="T0123",
    requester_account_id="id-ada",
    requester_directory="corp",
    targets=(
        PlannedTarget("corp", "id-bob", "bob", "Bob", Tier.STANDARD, "U0BOB", "bob@example.com", None),
        PlannedTarget("corp", "id-amy", "amy", "Amy", Tier.STANDARD, None, None, "amy@example.org"),
    ),
    options=Options(Why.FORGOT, "INC-1 “ü”", True, False, True, (Channel.DM, Channel.MAIL)),
    policy_version="1",
)
BOB = PLAN.targets[0]


def test_the_vector():
    """Written out by hand after RFC 8785: keys sorted, no blanks, targets sorted, addresses hashed."""
    bob = hashlib.sha256(b"bob@example.com").hexdigest()
    amy = hashlib.sha256(b"amy@example.org").hexdigest()
    body = (
        '{"options":{"channels":["dm","mail"],"clear_sessions":false,"must_change":true,"unlock":true},'
        '"policy":"1","reason":"forgot","requester":["corp","id-ada"],"start":"",'
        f'"targets":[["corp","id-amy","","","{amy}"],["corp","id-bob","U0BOB","{bob}",""]],'
        '"team":"T0123","ticket":"INC-1 “ü”"}'
    )
    assert PLAN.digest() == hashlib.sha256(b"rekey-plan-1\n" + body.encode()).hexdigest()
    assert PLAN.digest() == "bf0fd6cd1264676fcfd6e574b5e0e996c0e544df9afb1dca20514993ed1a9a4c"


def test_the_vector_with_evidence():
    """How the caller was verified, and by which match, stands among the options, and only where it was asked for."""
    evidence = (Evidence(How.CALL_BACK), Evidence(How.NUMBER, "M1"))
    known = replace(PLAN, targets=(), options=replace(PLAN.options, evidence=evidence))
    body = (
        '{"options":{"channels":["dm","mail"],"clear_sessions":false,"must_change":true,"unlock":true,'
        '"verified":[["call_back"],["number","M1"]]},"policy":"1","reason":"forgot","requester":["corp","id-ada"],'
        '"start":"","targets":[],"team":"T0123","ticket":"INC-1 “ü”"}'
    )
    assert known.digest() == hashlib.sha256(b"rekey-plan-1\n" + body.encode()).hexdigest()


def test_the_vector_of_the_head():
    """What a chunk of a bulk can check: the same body without anybody in it, under a prefix of its own."""
    body = (
        '{"options":{"channels":["dm","mail"],"clear_sessions":false,"must_change":true,"unlock":true},'
        '"policy":"1","reason":"forgot","requester":["corp","id-ada"],"start":"","targets":[],"team":"T0123",'
        '"ticket":"INC-1 “ü”"}'
    )
    assert PLAN.head() == hashlib.sha256(b"rekey-head-1\n" + body.encode()).hexdigest()
    assert PLAN.head() == replace(PLAN, targets=()).head()


def test_the_vector_of_one_who_is_reached_another_way():
    """In a bulk each target's own channels are signed with it, and go before those that were wanted for all."""
    bob = replace(BOB, channels=(Channel.DM, Channel.RECOVERY))
    mail = hashlib.sha256(b"bob@example.com").hexdigest()
    assert bob.signed() == ["corp", "id-bob", "U0BOB", mail, "", "dm recovery"]
    assert (PLAN.channels_of(bob), PLAN.channels_of(BOB)) == (bob.channels, PLAN.options.channels)
    assert replace(PLAN, targets=(bob,)).digest() != replace(PLAN, targets=(BOB,)).digest()


@pytest.mark.parametrize("second", [0, 1])
def test_one_by_one_they_are_added_in_order_and_once(second):
    """A plan whose targets come as rows is refused where they are not sorted, or one stands there twice."""
    amy_and_bob = sorted(PLAN.targets, key=PlannedTarget.signed)
    made = PlanDigest(PLAN)
    made.add(amy_and_bob[1])
    with pytest.raises(ValueError, match=r"^targets are added in order, each once$"):
        made.add(amy_and_bob[second])


def test_the_order_of_targets_does_not_matter():
    """The same people are the same plan."""
    assert replace(PLAN, targets=PLAN.targets[::-1]).digest() == PLAN.digest()


@pytest.mark.parametrize(
    "other",
    [
        replace(PLAN, team="T9"),
        replace(PLAN, requester_account_id="id-eve"),
        replace(PLAN, requester_directory="lab"),
        replace(PLAN, targets=PLAN.targets[:1]),
        replace(PLAN, targets=(replace(BOB, account_id="id-eve"), PLAN.targets[1])),
        replace(PLAN, targets=(replace(BOB, slack_user="U0EVE"), PLAN.targets[1])),
        replace(PLAN, targets=(replace(BOB, address="eve@example.com"), PLAN.targets[1])),
        replace(PLAN, targets=(replace(BOB, recovery_address="eve@example.com"), PLAN.targets[1])),
        replace(PLAN, options=replace(PLAN.options, why=Why.COMPROMISE)),
        replace(PLAN, options=replace(PLAN.options, ticket="")),
        replace(PLAN, options=replace(PLAN.options, must_change=False)),
        replace(PLAN, options=replace(PLAN.options, clear_sessions=True)),
        replace(PLAN, options=replace(PLAN.options, unlock=False)),
        replace(PLAN, options=replace(PLAN.options, channels=(Channel.DM,))),
        replace(PLAN, options=replace(PLAN.options, evidence=(Evidence(How.TICKET),))),
        replace(PLAN, policy_version="2"),
        replace(PLAN, start=datetime(2026, 3, 2, tzinfo=UTC)),
    ],
)
def test_whatever_matters_changes_it(other):
    """A code that was given for one plan is not good for another."""
    assert other.digest() != PLAN.digest()
