"""Whether what is known of the caller is enough for an account of a tier: a rule over values, asked at the submission.

It is asked of requests that name one person. Nobody calls for many at once, so nothing is asked there.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from resets.evidence import How
from resets.reasons import Reason
from resets.request import Channel, Tier, Why

if TYPE_CHECKING:
    from collections.abc import Collection


class Needed(StrEnum):
    """What a tier needs, the least first: whatever is enough for one is enough for those before it."""

    NONE = "none"
    SAID = "said"  # the requester says how
    NUMBER = "number"  # Rekey itself has seen it: a number match
    MANAGER = "manager"  # somebody else stands up for them, with a code: their manager
    IN_PERSON = "in_person"  # seen face to face: what nobody does from afar


_ENOUGH: dict[Needed, frozenset[How]] = {
    Needed.SAID: frozenset(How),
    Needed.NUMBER: frozenset({How.NUMBER, How.MANAGER, How.IN_PERSON}),
    Needed.MANAGER: frozenset({How.MANAGER, How.IN_PERSON}),
    Needed.IN_PERSON: frozenset({How.IN_PERSON}),
}
UNASKED_FOR = frozenset({Why.COMPROMISE, Why.ONBOARDING})  # where it may be true that nobody asked
_SEEN = frozenset({How.NUMBER, How.MANAGER})  # what nobody says: we have it from the person, or from their manager
_OF_SLACK = frozenset({How.NUMBER, How.UNASKED})  # with these alone, nothing outside of Slack speaks for a caller


@dataclass(frozen=True, slots=True)
class About:
    """What is to be reset, as far as the evidence depends on it."""

    needed: Needed  # of the account's tier
    tier: Tier
    why: Why
    channels: tuple[Channel, ...]  # by which the password goes
    denied: bool = False  # the person has said within the last hour that a caller was not them


def enough(hows: Collection[How], about: About) -> Reason | None:
    """Say why the ways in which the caller was verified are not enough; None where they are."""
    if about.needed is Needed.NONE:
        return None
    if How.UNASKED in hows and about.why not in UNASKED_FOR:
        return Reason.SOMEBODY_ASKED
    if about.denied and not _in_spite(hows, about.why):
        return Reason.CALLER_DENIED
    if not hows:
        return Reason.NOT_VERIFIED
    good = _ENOUGH[about.needed].intersection(hows)
    if good - {How.NUMBER} or (good and _number_counts(hows, about)):
        return None
    return Reason.EVIDENCE_SLACK if good and about.tier is Tier.STANDARD else Reason.EVIDENCE_WEAK


def _in_spite(hows: Collection[How], why: Why) -> bool:
    """Say whether a reset may go on although a caller was somebody else: for whom one sees, or because of just that."""
    return How.IN_PERSON in hows or (How.UNASKED in hows and why is Why.COMPROMISE)


def _number_counts(hows: Collection[How], about: About) -> bool:
    """Say whether a number match counts: whoever sits in the person's Slack presses it, and would read the password."""
    outside = set(hows) - _OF_SLACK or Channel.DM not in about.channels
    return about.tier is Tier.STANDARD and bool(outside)


def may_vouch(needed: Needed) -> bool:
    """Say whether a manager's word alone can ever be enough."""
    return How.MANAGER in _ENOUGH.get(needed, ())


def offered(
    needed: Needed, tier: Tier, channels: Collection[Channel], *, in_slack: bool, manager: bool
) -> tuple[How, ...]:
    """Return what the requester may say, where anything is asked, so that nothing is offered that can never be enough.

    Args:
        needed: what the account's tier needs.
        tier: the account's.
        channels: those that the password may go by.
        in_slack: can the person be asked for a number.
        manager: can their manager be asked to vouch.
    """
    abouts = [About(needed, tier, why, (channel,)) for why in Why for channel in channels]
    seen = {how for how, can in ((How.NUMBER, in_slack), (How.MANAGER, manager)) if can}

    def can_be_enough(how: How) -> bool:
        besides = set() if how in _SEEN else seen  # what is said may stand beside what we have seen
        return any(enough({how} | besides, about) is None for about in abouts)

    return tuple(
        how for how in How if needed is not Needed.NONE and (how not in _SEEN or how in seen) and can_be_enough(how)
    )
