"""A manager's word: who may give it, how long it is waited for, and what of it is signed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resets.actor import Actor, SlackPerson
from resets.evidence import Evidence, How, has_vouched
from resets.request import Why
from resets.vouch import Vouch, VouchState, is_involved

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
ADA = Actor("A1", SlackPerson("T0", "U0ADA"), "corp", "id-ada", "ada", "Ada", "helpdesk")
EVE = Actor("A2", SlackPerson("T0", "U0EVE"), "corp", "id-eve", "eve", "Eve", "manager")
BOB = ("corp", "id-bob")
VOUCH = Vouch(
    *("V1", "F1", ADA, EVE, *BOB, "bob", "Bob", Why.FORGOT),
    *(VouchState.WAITING, NOW, NOW + timedelta(minutes=10)),
)
PEOPLE = st.builds(
    Actor,
    id=st.sampled_from("123"),
    slack=st.builds(SlackPerson, st.just("T0"), st.sampled_from(["U1", "U2", "U3"])),
    directory=st.sampled_from(["corp", "lab"]),
    account_id=st.sampled_from(["a", "b", "c"]),
    login=st.just("x"),
    name=st.just("X"),
    role=st.just("manager"),
)


def test_how_long_it_is_waited_for():
    """Until its time is over, or it was answered."""
    assert VOUCH.waits(NOW)
    assert not VOUCH.waits(VOUCH.expires_at)
    assert not replace(VOUCH, state=VouchState.VOUCHED).waits(NOW)


@pytest.mark.parametrize(
    ("manager", "users", "involved"),
    [
        (EVE, (None, ""), False),
        (EVE, ("U0BOB",), False),
        (replace(EVE, account_id="id-bob"), (), True),  # they manage themselves
        (replace(EVE, directory="lab", account_id="id-bob"), (), False),  # another directory's id means nothing here
        (EVE, ("U0EVE",), True),  # the person's Slack account is the manager's
        (replace(EVE, account_id="id-ada"), (), True),  # the requester, by another Slack account
        (replace(EVE, slack=ADA.slack), (), True),  # the requester's own Slack account
    ],
)
def test_whose_word_would_be_no_second_one(manager, users, involved):
    """The requester's and the person's own, by account and by Slack account."""
    assert is_involved(manager, ADA, BOB, users) is involved


@given(PEOPLE, PEOPLE, st.tuples(st.sampled_from(["corp", "lab"]), st.sampled_from("abc")))
def test_nobody_who_is_not_involved_shares_anything(manager, requester, account):
    """Neither an account nor a Slack account, with the requester or with the person."""
    if not is_involved(manager, requester, account, (requester.slack.user,)):
        assert (manager.directory, manager.account_id) not in {account, (requester.directory, requester.account_id)}
        assert manager.slack != requester.slack


@given(PEOPLE, PEOPLE)
def test_who_vouched_is_one_person_whatever_they_sign_in_with(manager, other):
    """Recognised by account or by Slack account, either way round; and of no word, nobody is."""
    evidence = (Evidence(How.CALL_BACK), Evidence(How.MANAGER, "V1", manager))
    assert has_vouched(manager, evidence)
    assert has_vouched(replace(manager, slack=other.slack), evidence)
    assert has_vouched(other, evidence) is has_vouched(manager, [Evidence(How.MANAGER, "V1", other)])
    assert not has_vouched(manager, evidence[:1])


@pytest.mark.parametrize(
    "change", [{"id": "A9"}, {"account_id": "id-x"}, {"directory": "lab"}, {"slack": SlackPerson("T0", "U9")}]
)
def test_who_vouched_is_signed(change):
    """Whoever else is put there gives another digest; a name is for people alone."""
    evidence = Evidence(How.MANAGER, "V1", EVE)
    assert evidence.signed() == ["manager", "V1", "A2", "corp", "id-eve", "U0EVE"]
    assert Evidence(How.MANAGER, "V1", replace(EVE, **change)).signed() != evidence.signed()
    assert Evidence(How.MANAGER, "V1", replace(EVE, name="Eva", login="eva")).signed() == evidence.signed()
