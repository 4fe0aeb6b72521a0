"""What was planned is judged once more before the write: whatever has changed for the worse is left out."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from resets.again import changed
from resets.reasons import Reason
from resets.request import Channel, Options, Plan, PlannedTarget, RequestState, ResetRequest, Tier, Why
from resets.ruling import Facts
from resets.scope import Grant, Listed

FACTS = Facts(frozenset({"example.com"}))


@pytest.fixture
def again(actor, account, rules, now):
    """Judge again, with changes of the account, of the plan's channels and tier, and of the rules."""

    def judged(now_is, *, tier=Tier.STANDARD, channels=(Channel.DM,), agreed=(), **decided):
        planned = PlannedTarget(
            "corp", account.id, "bob", account.name, tier, "U0BOB", account.mail, account.recovery_mail
        )
        options = Options(Why.FORGOT, "", True, False, False, channels)
        plan = Plan("T0", actor.account_id, "corp", (planned,), options, "1")
        request = ResetRequest("r1", actor, plan, plan.digest(), RequestState.PROVED, now)
        return changed(request, planned, replace(account, **now_is), FACTS, replace(rules, **decided), agreed)

    return judged


@pytest.mark.parametrize(
    ("now_is", "channels", "reason"),
    [
        ({}, (Channel.DM,), None),
        ({"login": "bobby"}, (Channel.DM,), Reason.CHANGED_SINCE),
        ({"mail": "other@example.com"}, (Channel.DM,), None),
        ({"mail": "other@example.com"}, (Channel.MAIL,), Reason.CHANGED_SINCE),
        ({"recovery_mail": None}, (Channel.DM, Channel.MAIL), None),
        ({"recovery_mail": None}, (Channel.RECOVERY,), Reason.CHANGED_SINCE),
        ({"disabled": True}, (Channel.DM,), Reason.DISABLED),
        ({"privileged": True}, (Channel.DM,), Reason.PRIVILEGED),
    ],
)
def test_what_has_changed_for_the_worse(again, now_is, channels, reason):
    """Another login; another address, where a password goes there; whatever the rules say of it now."""
    assert again(now_is, channels=channels) is reason


@pytest.mark.parametrize(("planned", "tier"), list(product(Tier, Tier)))
def test_a_higher_tier_than_planned_is_a_change(again, planned, tier):
    """What was proved for less is not enough for more, though a rule allows both; the other way round it is."""
    listed = {"corp": () if tier is Tier.STANDARD else (Listed(tier, frozenset({"bob"})),)}
    reason = again({}, tier=planned, grants={"admin": (Grant(frozenset(Tier)),)}, listed=listed)
    worse = list(Tier).index(tier) > list(Tier).index(planned)
    assert reason is (Reason.CHANGED_SINCE if worse else None)


def test_whoever_agreed_to_it_is_not_reset_by_it(again):
    """An account that has become theirs since is left out, whatever else is wrong with it; others are not."""
    assert again({}, agreed={"U0BOB"}) is Reason.TARGET_AGREED
    assert again({"disabled": True}, agreed={"U0BOB"}) is Reason.TARGET_AGREED
    assert again({"slack_user": None}, agreed={"U0BOB", "U0EVE"}) is None
