"""Every reason has a sentence for a person."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resets.brief import BRIEF, LONGEST
from resets.outcome import Step, StepState
from resets.reasons import Reason
from resets.request import Channel, RequestState, TargetState, Tier, Why
from tests.views.samples import HOSTILE
from views import labels
from views.words import SENTENCES, sentence

FACTS = ("login", "directory", "directory_key", "domain", "typed", "user", "role", "place")
JARGON = re.compile(
    r"traceback|exception|\berror\b|invalid|illegal|\bnull\b|\bNone\b|\bLDAP\b|\bHTTP\b|timeout|payload|\bdigest\b|"
    r"\bfailed\b|\bhash\b|your fault|you (forgot|failed|should have)|wrong",
    re.IGNORECASE,
)
NOT_HAPPENED = re.compile(
    r"not|nothing|nobody|no longer|neither|never|left as it is|gone on|no mail|no other|stopped", re.IGNORECASE
)


@pytest.mark.parametrize("reason", Reason)
def test_a_sentence_says_enough_and_blames_nobody(reason):
    """Each says what did not happen and what to do, within 300 characters, without jargon or an unfilled place."""
    for facts in ({}, dict.fromkeys(FACTS, "x" * 300) | {"seconds": 3600, "minutes": 7, "limit": 60, "left": 4}):
        text = sentence(reason, facts)
        assert 40 < len(text) < 300
        assert text.endswith(".")
        assert not JARGON.search(text)
        assert NOT_HAPPENED.search(text)
        assert "{" not in text
        assert "}" not in text
        assert "  " not in text
        assert len(re.findall(r"[.:](?:\s|$)", text)) >= 2  # what happened, and what to do now


@pytest.mark.parametrize("reason", Reason)
def test_a_sentence_survives_hostile_facts(reason):
    """A name with placeholders, controls or 300 letters changes nothing but its own place in the sentence."""
    for text in HOSTILE:
        said = sentence(reason, dict.fromkeys(FACTS, text) | {"no_dm": "guest", "no_mail": "cannot"})
        assert len(said) < 400
        assert "\n" not in said
        assert "\u202e" not in said


def test_no_sentence_is_left_over():
    """The list of sentences is exactly the list of reasons."""
    assert set(SENTENCES) == set(Reason)


@pytest.mark.parametrize("reason", Reason)
def test_a_reason_has_a_few_words_too(reason):
    """For lists: short, without jargon or formatting, and no two the same."""
    assert 5 < len(BRIEF[reason]) <= LONGEST
    assert not JARGON.search(BRIEF[reason])
    assert not re.search(r"[<>&*_~`.]", BRIEF[reason])
    assert list(BRIEF.values()).count(BRIEF[reason]) == 1


@given(st.sampled_from(Reason), st.dictionaries(st.sampled_from(FACTS), st.text(max_size=60)))
def test_any_facts_make_a_sentence(reason, facts):
    """No facts, whatever they hold, keep a person from hearing what happened."""
    assert sentence(reason, facts)


@pytest.mark.parametrize(
    ("reason", "facts", "part"),
    [
        (Reason.CODE_WAIT, {"seconds": 30}, "wait 30 seconds"),
        (Reason.CODE_WAIT, {"seconds": 90}, "wait 2 minutes"),
        (Reason.CODE_WAIT, {"seconds": 3600}, "wait 1 hour"),
        (Reason.CODE_WRONG, {"seconds": 30}, "Please wait 30 seconds before that."),
        (Reason.TOO_MANY_LOOKUPS, {"limit": 60}, "This hour's 60 look-ups"),
        (Reason.RESETS_USED_UP, {"limit": 10, "ago": 2880, "hours": 1}, "within 1 hour (10 in the last 48 minutes)"),
        (Reason.RESET_LATELY, {"login": "anna", "hours": 24, "seconds": 7200}, "anna was reset as often as it may be"),
        (Reason.TOO_MANY_OPEN, {"limit": 3}, "may have at once (3), so nothing"),
        (Reason.CODE_SKEWED, {"minutes": 2, "seconds": 30}, "2 minutes off"),
        (Reason.CODE_SKEWED, {"minutes": 1}, "clock is about 1 minute off"),
        (Reason.CODE_SKEWED, {"minutes": -7}, "clock is about 7 minutes off"),
        (Reason.PICKUP_WRONG, {"left": 1}, "One try is left."),
        (Reason.PICKUP_WRONG, {"left": 4}, "4 tries are left."),
        (Reason.NOT_FOUND, {"typed": "anna"}, "no account for “anna”"),
        (Reason.DISABLED, {"login": "anna", "directory": "Corp"}, "anna is disabled in Corp"),
        (Reason.UNVERIFIED_DOMAIN, {"directory_key": "corp"}, "verified_domains of “corp”"),
        (Reason.NOT_YOUR_RUN, {"user": "Ada Admin"}, "Only Ada Admin, who began this run, may let it go on"),
        (Reason.WRITTEN_ELSEWHERE, {"people": 1}, "For 1 person nothing was done"),
        (Reason.WRITTEN_ELSEWHERE, {"people": 1200}, "For 1,200 people nothing was done"),
        (Reason.UNREACHABLE_PERSON, {"no_dm": "guest", "no_mail": "cannot"}, "Slack: the person is a guest in Slack"),
    ],
)
def test_a_sentence_uses_its_facts(reason, facts, part):
    """What the desk knows stands in the sentence, in words."""
    assert part in sentence(reason, facts)


def test_a_login_keeps_its_case():
    """A sentence that begins with a login does not change it; one that begins with our words has a capital."""
    assert sentence(Reason.DISABLED, {"login": "anna"}).startswith("anna is")
    assert sentence(Reason.DISABLED).startswith("This account is")


def test_every_closed_list_has_words():
    """No step, state, channel, tier, reason given or title is without words, and titles fit Slack's 24."""
    assert set(labels.WHY) == set(Why)
    assert set(labels.TIER) == set(Tier)
    assert set(labels.CHANNEL) == set(Channel)
    assert set(labels.STATE) == set(labels.HEADLINE) == set(TargetState)
    assert set(labels.RUN) == set(RequestState)
    assert set(labels.GLYPH) == set(StepState)
    assert set(labels.STEP) == set(labels.RETRY) == set(labels.DONE) == set(labels.CANNOT) == set(Step)
    titles = (labels.RESET, labels.WHO, labels.EXCLUDED, labels.QUEUED, labels.PICKUP, labels.STOPPED)
    titles += (labels.MANY, labels.PREVIEW, labels.LEFT_OUT, labels.HELD)
    assert all(0 < len(title) <= 24 for title in (*titles, *(labels.title(reason) for reason in Reason)))
