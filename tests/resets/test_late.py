"""What has come of the reset that followed a question, for whoever says no to it too late."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from resets.actor import Actor, SlackPerson
from resets.late import Meanwhile, became
from resets.outcome import Step, StepRecord, StepState, Target
from resets.request import Channel, Options, Plan, PlannedTarget, RequestState, ResetRequest, TargetState, Tier, Why

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
ADA = Actor("A1", SlackPerson("T0", "U0ADA"), "corp", "id-ada", "ada", "Ada", "helpdesk")
BOB = PlannedTarget("corp", "id-bob", "bob", "Bob", Tier.STANDARD, "U0BOB", None, None)
OPTIONS = Options(Why.FORGOT, "", must_change=True, clear_sessions=False, unlock=False, channels=(Channel.DM,))
PLAN = Plan("T0", "id-ada", "corp", (BOB,), OPTIONS, "1")
EVERY = [(request, target) for request in RequestState for target in TargetState]


def followed(request, target, step=StepState.TODO):
    records = (StepRecord(Step.SET, step),)
    return (
        ResetRequest("R1", ADA, PLAN, PLAN.digest(), request, NOW),
        Target("T1", "R1", BOB, target, None, records, 0, None, None, None, None, None, None),
    )


def test_nothing_followed():
    """Nobody has asked for a reset since."""
    assert became(None) is Meanwhile.NOTHING


@pytest.mark.parametrize(("request_state", "target"), EVERY)
def test_what_the_directory_has_is_said_to_be_set(request_state, target):
    """In whatever state the request is, and nothing else is."""
    has = {TargetState.SET, TargetState.DELIVERED, TargetState.COLLECTED}
    assert (became(followed(request_state, target)) is Meanwhile.SET) == (target in has)


@pytest.mark.parametrize(
    ("request_state", "target", "step", "known"),
    [
        (RequestState.PROVED, TargetState.NEW, StepState.TODO, Meanwhile.WAITS),
        (RequestState.APPROVED, TargetState.NEW, StepState.TODO, Meanwhile.RUNS),
        (RequestState.PAUSED, TargetState.SEALED, StepState.TODO, Meanwhile.RUNS),
        (RequestState.RUNNING, TargetState.STARTED, StepState.UNDER_WAY, Meanwhile.RUNS),
        (RequestState.CANCELLED, TargetState.STARTED, StepState.UNDER_WAY, Meanwhile.RUNS),
        (RequestState.DONE, TargetState.FAILED, StepState.UNKNOWN, Meanwhile.RUNS),
        (RequestState.DONE, TargetState.FAILED, StepState.FAILED, Meanwhile.OVER),
        (RequestState.DONE, TargetState.EXPIRED, StepState.DONE, Meanwhile.OVER),
        (RequestState.DONE, TargetState.SPOILED, StepState.DONE, Meanwhile.OVER),
        (RequestState.DONE, TargetState.SUPERSEDED, StepState.DONE, Meanwhile.OVER),
        (RequestState.DONE, TargetState.EXCLUDED, StepState.TODO, Meanwhile.OVER),
        *[
            (state, TargetState.NEW, StepState.TODO, Meanwhile.OVER)
            for state in (
                RequestState.DENIED,
                RequestState.WITHDRAWN,
                RequestState.EXPIRED,
                RequestState.CANCELLED,
            )
        ],
    ],
)
def test_how_it_stands(request_state, target, step, known):
    """What may still be written is never said to be over."""
    assert became(followed(request_state, target, step)) is known
