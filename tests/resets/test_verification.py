"""What must be known of a caller: the table, and what holds for all of it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resets.evidence import How
from resets.reasons import Reason
from resets.request import Channel, Tier, Why
from resets.verification import About, Needed, enough, may_vouch, offered

ABOUT = st.builds(
    About,
    needed=st.sampled_from(Needed),
    tier=st.sampled_from(Tier),
    why=st.sampled_from(Why),
    channels=st.sets(st.sampled_from(Channel), min_size=1).map(tuple),
    denied=st.booleans(),
)
HOWS = st.frozensets(st.sampled_from(How))
DM, MAIL, BOTH = (Channel.DM,), (Channel.MAIL,), (Channel.DM, Channel.MAIL)


@pytest.mark.parametrize(
    ("hows", "why", "needed", "lack"),
    [
        ((), Why.FORGOT, Needed.NONE, None),
        ((), Why.FORGOT, Needed.SAID, Reason.NOT_VERIFIED),
        ((), Why.COMPROMISE, Needed.SAID, Reason.NOT_VERIFIED),
        ((How.CALL_BACK,), Why.FORGOT, Needed.SAID, None),
        ((How.VIDEO,), Why.FORGOT, Needed.SAID, None),
        ((How.TICKET,), Why.LOCKED_OUT, Needed.SAID, None),
        ((How.IN_PERSON,), Why.OTHER, Needed.SAID, None),
        ((How.UNASKED,), Why.FORGOT, Needed.SAID, Reason.SOMEBODY_ASKED),
        ((How.UNASKED,), Why.COMPROMISE, Needed.SAID, None),
        ((How.UNASKED,), Why.ONBOARDING, Needed.SAID, None),
        ((How.UNASKED,), Why.FORGOT, Needed.NONE, None),
        ((How.NUMBER,), Why.FORGOT, Needed.SAID, Reason.EVIDENCE_SLACK),
        ((How.NUMBER, How.CALL_BACK), Why.FORGOT, Needed.SAID, None),
        ((), Why.FORGOT, Needed.NUMBER, Reason.NOT_VERIFIED),
        ((How.CALL_BACK,), Why.FORGOT, Needed.NUMBER, Reason.EVIDENCE_WEAK),
        ((How.NUMBER,), Why.FORGOT, Needed.NUMBER, Reason.EVIDENCE_SLACK),
        ((How.NUMBER, How.UNASKED), Why.COMPROMISE, Needed.NUMBER, Reason.EVIDENCE_SLACK),
        ((How.NUMBER, How.TICKET), Why.FORGOT, Needed.NUMBER, None),
        ((How.IN_PERSON,), Why.FORGOT, Needed.NUMBER, None),
        ((How.MANAGER,), Why.FORGOT, Needed.SAID, None),
        ((How.MANAGER,), Why.FORGOT, Needed.NUMBER, None),
        ((How.MANAGER,), Why.FORGOT, Needed.MANAGER, None),
        ((How.MANAGER, How.NUMBER), Why.FORGOT, Needed.MANAGER, None),
        ((How.MANAGER, How.UNASKED), Why.COMPROMISE, Needed.MANAGER, None),
        ((How.NUMBER, How.CALL_BACK), Why.FORGOT, Needed.MANAGER, Reason.EVIDENCE_WEAK),
        ((), Why.FORGOT, Needed.MANAGER, Reason.NOT_VERIFIED),
        ((How.IN_PERSON,), Why.FORGOT, Needed.MANAGER, None),
        ((How.MANAGER, How.NUMBER), Why.FORGOT, Needed.IN_PERSON, Reason.EVIDENCE_WEAK),
        ((), Why.FORGOT, Needed.IN_PERSON, Reason.NOT_VERIFIED),
        ((How.CALL_BACK,), Why.FORGOT, Needed.IN_PERSON, Reason.EVIDENCE_WEAK),
        ((How.NUMBER, How.VIDEO), Why.FORGOT, Needed.IN_PERSON, Reason.EVIDENCE_WEAK),
        ((How.UNASKED,), Why.COMPROMISE, Needed.IN_PERSON, Reason.EVIDENCE_WEAK),
        ((How.IN_PERSON,), Why.FORGOT, Needed.IN_PERSON, None),
    ],
)
def test_the_table(hows, why, needed, lack):
    """Each row as an auditor would read it: a standard account whose password goes by Slack."""
    assert enough(hows, About(needed, Tier.STANDARD, why, DM)) is lack


@pytest.mark.parametrize(
    ("tier", "channels", "lack"),
    [
        (Tier.STANDARD, MAIL, None),
        (Tier.STANDARD, (Channel.MAIL, Channel.RECOVERY), None),
        (Tier.STANDARD, DM, Reason.EVIDENCE_SLACK),
        (Tier.STANDARD, BOTH, Reason.EVIDENCE_SLACK),
        (Tier.SENSITIVE, MAIL, Reason.EVIDENCE_WEAK),
        (Tier.PRIVILEGED, MAIL, Reason.EVIDENCE_WEAK),
    ],
)
@pytest.mark.parametrize("needed", [Needed.SAID, Needed.NUMBER])
def test_a_number_alone(tier, channels, lack, needed):
    """Evidence out of Slack alone: never where Slack delivers too, never above the standard tier."""
    assert enough({How.NUMBER}, About(needed, tier, Why.FORGOT, channels)) is lack


@pytest.mark.parametrize("tier", Tier)
@pytest.mark.parametrize("channels", [DM, MAIL, BOTH])
@pytest.mark.parametrize(
    ("needed", "lack"),
    [(Needed.SAID, None), (Needed.MANAGER, None), (Needed.IN_PERSON, Reason.EVIDENCE_WEAK)],
)
def test_a_managers_word_alone(tier, channels, needed, lack):
    """It is no evidence out of Slack alone, since it took a code; and it is worth what the tier's need says."""
    assert enough({How.MANAGER}, About(needed, tier, Why.FORGOT, channels)) is lack
    assert may_vouch(needed) is (lack is None)


def test_where_nothing_is_needed_nobody_has_to_vouch():
    """No manager is asked for a word that nobody waits for."""
    assert not may_vouch(Needed.NONE)


@pytest.mark.parametrize(
    ("hows", "why", "lack"),
    [
        ((), Why.FORGOT, Reason.CALLER_DENIED),
        ((How.MANAGER,), Why.FORGOT, Reason.CALLER_DENIED),
        ((How.CALL_BACK,), Why.FORGOT, Reason.CALLER_DENIED),
        ((How.UNASKED,), Why.ONBOARDING, Reason.CALLER_DENIED),
        ((How.UNASKED,), Why.COMPROMISE, None),
        ((How.IN_PERSON,), Why.FORGOT, None),
    ],
)
def test_after_a_no(hows, why, lack):
    """Whoever calls next is believed by sight alone; who acts because of that call goes on."""
    assert enough(hows, About(Needed.SAID, Tier.STANDARD, why, DM, denied=True)) is lack


@given(HOWS, ABOUT, st.sampled_from(Needed))
def test_what_is_enough_for_more_is_enough_for_less(hows, about, other):
    """The needs rise: a tier that needs more never takes what one that needs less would refuse."""
    less, more = sorted((about.needed, other), key=list(Needed).index)
    if enough(hows, replace(about, needed=more)) is None:
        assert enough(hows, replace(about, needed=less)) is None


@given(HOWS, ABOUT, st.sampled_from(Tier))
def test_what_is_enough_for_a_higher_tier_is_enough_for_a_lower(hows, about, other):
    """More privilege of the target never takes less evidence."""
    lower, higher = sorted((about.tier, other), key=list(Tier).index)
    if enough(hows, replace(about, tier=higher)) is None:
        assert enough(hows, replace(about, tier=lower)) is None


@given(HOWS, st.sampled_from([how for how in How if how is not How.UNASKED]), ABOUT)
def test_to_know_more_is_never_worse(hows, more, about):
    """Nobody is punished for having asked once more."""
    if enough(hows, about) is None:
        assert enough(hows | {more}, about) is None


@given(HOWS, ABOUT)
def test_slack_alone_never_opens_slack(hows, about):
    """The one rule above all settings but "none"."""
    if about.needed is not Needed.NONE and hows and hows <= {How.NUMBER} and Channel.DM in about.channels:
        assert enough(hows, about) is not None


@given(HOWS, ABOUT)
def test_a_no_is_never_worth_more_than_silence(hows, about):
    """What is enough in spite of it would be enough without it."""
    if enough(hows, replace(about, denied=True)) is None:
        assert enough(hows, replace(about, denied=False)) is None


@given(ABOUT, st.booleans(), st.booleans())
def test_what_is_offered_can_be_enough(about, in_slack, manager):
    """Nothing stands on the form that no reason goes with; and where anything is needed, something is offered."""
    hows = offered(about.needed, about.tier, about.channels, in_slack=in_slack, manager=manager)
    assert bool(hows) is (about.needed is not Needed.NONE)
    assert How.NUMBER not in hows or in_slack
    assert (How.MANAGER in hows) is (manager and may_vouch(about.needed))
    known = frozenset(({How.NUMBER} if in_slack else set()) | ({How.MANAGER} if manager else set()))
    for how in hows:
        ways = [replace(about, why=why, channels=(way,), denied=False) for why in Why for way in about.channels]
        assert any(enough({how} | known, way) is None for way in ways)


def test_a_number_is_not_offered_where_it_can_never_be_enough():
    """By Slack alone, or above the standard tier; and a manager who could be asked changes nothing of that."""
    for manager in (True, False):
        can = {"in_slack": True, "manager": manager}
        assert How.NUMBER in offered(Needed.SAID, Tier.STANDARD, BOTH, **can)
        assert How.NUMBER not in offered(Needed.SAID, Tier.STANDARD, DM, **can)
        assert How.NUMBER not in offered(Needed.SAID, Tier.SENSITIVE, BOTH, **can)
    assert offered(Needed.NUMBER, Tier.STANDARD, DM, in_slack=False, manager=False) == (How.IN_PERSON,)


def test_what_is_enough_beside_a_number_is_offered_with_it():
    """Where the person can be asked for one; and that nobody asked, wherever some reason goes with it."""
    ways = {How.CALL_BACK, How.VIDEO, How.TICKET}
    assert ways < set(offered(Needed.NUMBER, Tier.STANDARD, DM, in_slack=True, manager=False))
    assert ways.isdisjoint(offered(Needed.NUMBER, Tier.STANDARD, DM, in_slack=False, manager=False))
    assert How.UNASKED in offered(Needed.SAID, Tier.STANDARD, DM, in_slack=False, manager=False)
