"""States move one way: nothing leaves an end, and a target whose password may be set never looks as if it were not."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from resets.lifecycle import REQUEST_MOVES, TARGET_MOVES, request_may, target_may
from resets.request import RequestState, TargetState

TOLD = {
    TargetState.SET,
    TargetState.DELIVERED,
    TargetState.COLLECTED,
    TargetState.EXPIRED,
    TargetState.SPOILED,
    TargetState.SUPERSEDED,
}


def test_every_state_says_where_it_may_go():
    """The tables are total, and no state moves to itself."""
    assert set(TARGET_MOVES) == set(TargetState)
    assert set(REQUEST_MOVES) == set(RequestState)
    assert not any(state in to for state, to in (*TARGET_MOVES.items(), *REQUEST_MOVES.items()))


class TargetLife(RuleBasedStateMachine):
    """One target that somebody tries to move to any state, and that moves where it may."""

    def __init__(self):
        super().__init__()
        self.past = [TargetState.NEW]

    @rule(then=st.sampled_from(TargetState))
    def ask(self, then):
        if target_may(self.past[-1], then):
            self.past.append(then)

    @invariant()
    def the_write_is_marked_before_it_is_done(self):
        """The directory has a password only after the row said that it might."""
        if TargetState.SET in self.past:
            assert self.past[self.past.index(TargetState.SET) - 1] is TargetState.STARTED

    @invariant()
    def what_is_set_stays_set(self):
        """Once the directory has the password, no state says otherwise."""
        if TargetState.SET in self.past:
            assert set(self.past[self.past.index(TargetState.SET) :]) <= TOLD

    @invariant()
    def nothing_is_shown_after_it_is_void(self):
        """An expired, spoiled or superseded password is never collected."""
        for void in (TargetState.EXPIRED, TargetState.SPOILED, TargetState.SUPERSEDED):
            if void in self.past:
                assert TargetState.COLLECTED not in self.past[self.past.index(void) :]


TestTargetLife = TargetLife.TestCase
TestTargetLife.settings = settings(max_examples=100, stateful_step_count=40)


def test_a_write_needs_a_seal_or_a_failed_try():
    """A new target is never started at once."""
    assert {s for s in TargetState if target_may(s, TargetState.STARTED)} == {TargetState.SEALED, TargetState.FAILED}


def test_a_request_is_proved_before_it_runs():
    """RUNNING follows all that is demanded (APPROVED, HELD), a pause, or a DONE of which something is tried again."""
    before = {s for s in RequestState if request_may(s, RequestState.RUNNING)}
    assert before == {RequestState.APPROVED, RequestState.HELD, RequestState.PAUSED, RequestState.DONE}
    assert {s for s in RequestState if request_may(s, RequestState.PAUSED)} == {RequestState.HELD, RequestState.RUNNING}
    ends = {RequestState.CANCELLED, RequestState.DENIED, RequestState.WITHDRAWN, RequestState.EXPIRED}
    assert {s for s in RequestState if not REQUEST_MOVES[s]} == ends
