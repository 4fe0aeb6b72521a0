"""Whether what is known of the caller is enough for an account of a tier: a rule over values, asked at the submission.

It is asked of requests that name one person. Nobody calls for many at once, so nothing is asked there.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from resets.evidence import How
from resets.reasons import Reason
from resets.request import Why

if TYPE_CHECKING:
    from collections.abc import Collection


class Needed(StrEnum):
    """What a tier needs, the least first: whatever is enough for one is enough for those before it."""

    NONE = "none"
    SAID = "said"  # the requester says how
    IN_PERSON = "in_person"  # seen face to face: what nobody does from afar


_ENOUGH: dict[Needed, frozenset[How]] = {
    Needed.SAID: frozenset(How),
    Needed.IN_PERSON: frozenset({How.IN_PERSON}),
}
UNASKED_FOR = frozenset({Why.COMPROMISE, Why.ONBOARDING})  # where it may be true that nobody asked


def enough(hows: Collection[How], why: Why, needed: Needed) -> Reason | None:
    """Say why the evidence is not enough; None where it is.

    Args:
        hows: each way in which the caller was verified.
        why: the requester's reason for the reset.
        needed: what the account's tier needs.
    """
    if needed is Needed.NONE:
        return None
    if How.UNASKED in hows and why not in UNASKED_FOR:
        return Reason.SOMEBODY_ASKED
    if not hows:
        return Reason.NOT_VERIFIED
    return None if _ENOUGH[needed].intersection(hows) else Reason.EVIDENCE_WEAK


def offered(needed: Needed) -> tuple[How, ...]:
    """Return what the requester may say, where anything is asked."""
    return tuple(how for how in How if needed is not Needed.NONE and how in _ENOUGH[needed])
