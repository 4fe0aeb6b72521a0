"""A no to a question about a caller that comes once it is over: it decides nothing, and what became of it is said."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from resets.outcome import Step, StepState
from resets.request import RequestState, TargetState

if TYPE_CHECKING:
    from resets.outcome import Target
    from resets.request import ResetRequest


class Meanwhile(StrEnum):
    """What has come of the call that a late no is about."""

    NOTHING = "nothing"  # no reset was asked for
    WAITS = "waits"  # others have to agree: nothing has changed yet
    RUNS = "runs"  # on its way, or nobody knows whether the directory has taken it
    SET = "set"  # the directory has another password, and the person's *Not me* takes it back
    OVER = "over"  # it was not done, or its password is good for nothing any more


_HAS_IT = frozenset({TargetState.SET, TargetState.DELIVERED, TargetState.COLLECTED})
_TO_COME = frozenset({TargetState.NEW, TargetState.SEALED})
_ENDED = frozenset({RequestState.CANCELLED, RequestState.DENIED, RequestState.WITHDRAWN, RequestState.EXPIRED})


def became(followed: tuple[ResetRequest, Target] | None) -> Meanwhile:
    """Return what has come of the reset that followed a question; None: none did."""
    if followed is None:
        return Meanwhile.NOTHING
    request, target = followed
    if target.state in _HAS_IT:
        return Meanwhile.SET
    unknown = target.state is TargetState.FAILED and target.step(Step.SET).state is StepState.UNKNOWN
    if target.state is TargetState.STARTED or unknown:
        return Meanwhile.RUNS
    if request.state in _ENDED or target.state not in _TO_COME:
        return Meanwhile.OVER
    return Meanwhile.WAITS if request.state is RequestState.PROVED else Meanwhile.RUNS
