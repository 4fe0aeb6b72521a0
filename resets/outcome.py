"""What happened to one target, step by step."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime  # noqa: TC003
from enum import StrEnum

from resets.reasons import Reason  # noqa: TC001
from resets.request import PlannedTarget, TargetState  # noqa: TC001


class Step(StrEnum):
    """The steps of a reset, in their order."""

    SET = "set"
    MUST_CHANGE = "must_change"
    UNLOCK = "unlock"
    SESSIONS = "sessions"
    TOKENS = "tokens"
    DELIVER = "deliver"


class StepState(StrEnum):
    """Where one step stands."""

    TODO = "todo"
    UNDER_WAY = "under_way"  # handed over, not yet answered (delivery)
    DONE = "done"
    FAILED = "failed"  # it did not happen; may be retried alone
    UNKNOWN = "unknown"  # sent and not answered
    CANNOT = "cannot"  # this directory cannot
    SKIPPED = "skipped"  # not asked for


@dataclass(frozen=True, slots=True)
class StepRecord:
    """One step of one target. `count` is how many were ended, where a number means something."""

    step: Step
    state: StepState
    reason: Reason | None = None
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """One target of a request as it stands now. Holds no secret."""

    id: str
    request_id: str
    planned: PlannedTarget
    state: TargetState
    reason: Reason | None
    steps: tuple[StepRecord, ...]
    attempts: int  # tries of the current step, for the wait before the next
    marker: str | None  # the account's change marker right after our write
    sealed_at: datetime | None
    set_at: datetime | None
    expires_at: datetime | None
    collected_at: datetime | None
    signed_in_at: datetime | None = None  # the first sign-in with it, where the directory can tell
    chunk_id: str | None = None  # of a bulk

    def step(self, step: Step) -> StepRecord:
        """Return the record of one step; one that was never written is TODO."""
        return next((s for s in self.steps if s.step is step), StepRecord(step, StepState.TODO))
