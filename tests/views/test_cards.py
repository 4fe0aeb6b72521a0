"""The messages: what each says, which buttons it has, and that none ever holds a password."""

from __future__ import annotations

import pytest

from resets.outcome import Step, StepRecord, StepState
from resets.reasons import Reason
from resets.request import Channel, TargetState
from tests.views import catalogue, samples
from tests.views.catalogue import read, walk
from tests.views.samples import NOW
from views import cards, home
from views.status import status


def buttons(message):
    return {part["action_id"]: part for part in walk(message["blocks"]) if part.get("type") == "button"}


@pytest.mark.parametrize(
    ("state", "pressed"),
    [
        (TargetState.SET, {"show_password", "not_me"}),
        (TargetState.DELIVERED, {"show_password", "not_me"}),
        (TargetState.COLLECTED, {"not_me"}),
        (TargetState.EXPIRED, set()),
        (TargetState.SPOILED, set()),
        (TargetState.FAILED, set()),
    ],
)
def test_the_targets_buttons_vanish_when_decided(state, pressed):
    """What cannot be done any more cannot be pressed; a stop stays possible after somebody has looked."""
    message = cards.show(samples.show(state=state, collected_at=NOW))
    assert set(buttons(message)) == pressed
    assert all(button["value"] == "T1" for button in buttons(message).values())


def test_only_the_stop_asks_again():
    """A confirmation stands before what cannot be undone, and before nothing else."""
    found = [part for m in catalogue.messages().values() for part in walk(m["blocks"]) if part.get("type") == "button"]
    assert {part["action_id"] for part in found if "confirm" in part} == {"not_me", "bulk_cancel"}


def test_the_target_hears_who_asked_and_that_it_never_asks():
    """The DM names the requester, the system and the account, and that IT asks for no password."""
    said = read(cards.show(samples.show()))
    assert "<@U0ADMIN>" in said
    assert "Ada Admin" in said
    assert "Corp" in said
    assert "IT never asks you" in said
    assert "pickup code" in said
    assert "pickup code" not in read(cards.show(samples.show(pickup=False)))


def test_each_step_has_a_glyph_and_words():
    """A screen reader and an eye read the same of every step in every state."""
    for state in StepState:
        said = read(status(samples.status(steps=tuple(StepRecord(step, state) for step in Step))))
        assert said.count("*New password*: ") == 1
        assert ": \n" not in said
        assert not said.endswith(": ")


@pytest.mark.parametrize(
    ("count", "said"), [(0, "there was no session to end"), (1, "1 session ended"), (3, "3 sessions ended")]
)
def test_ended_sessions_are_counted(count, said):
    """How many were ended stands in words; none is a success."""
    steps = (StepRecord(Step.SESSIONS, StepState.DONE, None, count),)
    assert f"*Sessions*: {said}" in read(status(samples.status(steps=steps)))


def test_a_step_that_is_left_has_its_button():
    """A button names the step and the target, and is there for exactly the steps that may be tried again."""
    facts = samples.status(steps=samples.steps(sessions=StepState.FAILED), retry=(Step.SESSIONS,))
    found = [part for part in walk(status(facts)["blocks"]) if part.get("type") == "button"]
    assert [(part["action_id"], part["value"], part["text"]["text"]) for part in found] == [
        ("retry_step", "T1:sessions", "Retry sessions")
    ]


def test_a_failure_says_whether_the_password_is_set():
    """The headline of what did not finish tells the one thing that matters: which password opens the account."""
    heads = {
        StepState.DONE: "the password is set",
        StepState.UNKNOWN: "it is not known whether the password is set",
        StepState.FAILED: "the old password still stands",
    }
    for state, said in heads.items():
        assert said in status(samples.status(target_state=TargetState.FAILED, steps=samples.steps(set=state)))["text"]


def test_a_reason_is_said_once():
    """A reason that a step has told already is not repeated below."""
    facts = samples.status(
        target_state=TargetState.FAILED, steps=samples.steps(set=StepState.FAILED), reason=Reason.DIRECTORY_DOWN
    )
    assert read(status(facts)).count("cannot be reached") == 1


def test_a_password_that_could_not_be_replaced_is_said():
    """After a stop whose replacement failed, nobody is told that the account is safe."""
    facts = samples.status(target_state=TargetState.SPOILED, reason=Reason.DIRECTORY_DOWN)
    said = read(status(facts))
    assert "could *not* be replaced" in said
    assert "gets another random password" not in said


def test_another_password_after_not_me_is_said_to_all_three():
    """Who set it can sign in: nobody is left to think that "stopped" means safe, and each reads what to do."""
    changed = Reason.PASSWORD_CHANGED
    told = samples.show(state=TargetState.SPOILED, reason=changed, ended=samples.steps()[3:5])
    failed = samples.steps(sessions=StepState.FAILED, tokens=StepState.CANNOT)[3:5]
    messages = [
        read(cards.show(told)),
        read(cards.alarm(samples.alarm(what=changed, ended=failed))),
        read(status(samples.status(target_state=TargetState.SPOILED, reason=changed))),
    ]
    for said in messages:
        assert "omebody has set another password" in said
        assert "can sign in" in said
        assert "Suspected compromise" in said
    assert "all ended" in messages[0]
    assert "could not be ended" in messages[1]
    assert "cannot revoke API tokens" in messages[1]


def test_mail_waits_for_nobody_to_press():
    """A password that went by mail alone is not said to wait for a button."""
    said = read(status(samples.status(channels=(Channel.MAIL,))))
    assert "Sent by mail" in said
    assert "Shown" not in said


def test_no_message_holds_a_password_or_a_pickup_code():
    """What stays in histories and exports has neither."""
    for message in catalogue.messages().values():
        assert samples.PASSWORD not in str(message)
        assert "K7QM" not in str(message)


def test_an_unknown_alarm_is_still_an_alarm():
    """A name that has no words yet reaches the security channel all the same."""
    assert "something_new" in read(cards.alarm(samples.alarm(what="something_new")))
    assert "Too many pickup codes" in read(cards.alarm(samples.alarm(what="pickup_burned")))


def test_a_mention_is_only_made_of_an_id():
    """A user id that is none becomes text."""
    person = samples.SlackPerson("T0123", "U1> <!channel")
    assert "<" not in cards.mention(person)


def test_home_teaches_when_it_is_empty():
    """A new admin reads how to begin, a user reads what will happen; only the admin has a button to reset."""
    admin = home.view(samples.home(rows=(), unclaimed=0, failed=0), NOW)
    user = home.view(samples.home(rows=(), role=None), NOW)
    assert "/reset-password" in read(admin)
    assert set(buttons(admin)) == {"home_reset", "home_bulk", "home_freeze"}
    assert "message here" in read(user)
    assert set(buttons(user)) == set()


def test_home_counts_what_needs_me():
    """What waits for the person stands at the top, in words."""
    said = read(home.view(samples.home(failed=1, unclaimed=2), NOW))
    assert "1 reset not finished" in said
    assert "2 one-time passwords not collected" in said
