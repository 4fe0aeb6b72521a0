"""What must be known of a caller: the table, and what holds for all of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resets.evidence import How
from resets.reasons import Reason
from resets.request import Why
from resets.verification import Needed, enough, offered

HOWS = st.frozensets(st.sampled_from(How))
WHYS, NEEDED = st.sampled_from(Why), st.sampled_from(Needed)


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
        ((), Why.FORGOT, Needed.IN_PERSON, Reason.NOT_VERIFIED),
        ((How.CALL_BACK,), Why.FORGOT, Needed.IN_PERSON, Reason.EVIDENCE_WEAK),
        ((How.VIDEO,), Why.FORGOT, Needed.IN_PERSON, Reason.EVIDENCE_WEAK),
        ((How.UNASKED,), Why.COMPROMISE, Needed.IN_PERSON, Reason.EVIDENCE_WEAK),
        ((How.IN_PERSON,), Why.FORGOT, Needed.IN_PERSON, None),
    ],
)
def test_the_table(hows, why, needed, lack):
    """Each row as an auditor would read it."""
    assert enough(hows, why, needed) is lack


@given(HOWS, WHYS, NEEDED, NEEDED)
def test_what_is_enough_for_more_is_enough_for_less(hows, why, one, other):
    """The needs rise: a tier that needs more never takes what one that needs less would refuse."""
    less, more = sorted((one, other), key=list(Needed).index)
    if enough(hows, why, more) is None:
        assert enough(hows, why, less) is None


@given(HOWS, st.sampled_from([how for how in How if how is not How.UNASKED]), WHYS, NEEDED)
def test_to_know_more_is_never_worse(hows, more, why, needed):
    """Nobody is punished for having asked once more."""
    if enough(hows, why, needed) is None:
        assert enough(hows | {more}, why, needed) is None


@given(WHYS, NEEDED)
def test_what_is_offered_can_be_enough(why, needed):
    """Nothing stands on the form that no reason goes with; and where anything is needed, something is offered."""
    assert all(any(enough((how,), each, needed) is None for each in Why) for how in offered(needed))
    assert bool(offered(needed)) is (needed is not Needed.NONE)
    assert needed is Needed.NONE or any(enough((how,), why, needed) is None for how in offered(needed))
