"""A second pair of eyes: who may agree to a request, whose yes counts, and when there are enough. Pure rules."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime  # noqa: TC003
from typing import TYPE_CHECKING

from resets.actor import SlackPerson  # noqa: TC001
from resets.reasons import Reason, Refused
from resets.request import Options, RequestState, Tier

if TYPE_CHECKING:
    from collections.abc import Sequence

    from resets.actor import Actor
    from resets.rules import Rules

LONGEST_WHY = 200  # characters of a denial's reason
NAMED = 20  # people of a bulk that the details name


@dataclass(frozen=True, slots=True)
class Need:
    """What one request waits for, as the journal has it."""

    approvals: int  # 1 and more
    of_security: int  # of them: by somebody with a security role
    since: datetime
    until: datetime
    person: str = ""  # the Slack account of a single request's target, however they are reached; "": not known

    @property
    def half(self) -> datetime:
        """When half of the time is over: others are reminded, and more of them may agree."""
        return self.since + (self.until - self.since) / 2


@dataclass(frozen=True, slots=True)
class Voice:
    """One person's word on a request; several Slack accounts of one directory identity are one person."""

    account: str  # "directory/immutable id"
    user: str  # Slack's id
    name: str
    yes: bool
    security: bool  # they held a security role when they said so
    why: str  # of a no
    at: datetime


def account_of(actor: Actor) -> str:
    """Return the identity by which a person's word counts once."""
    return f"{actor.directory}/{actor.account_id}"


def missing(need: Need, voices: Sequence[Voice]) -> int:
    """Return how many more have to agree; 0: enough have."""
    agreed = [voice for voice in voices if voice.yes]
    security = sum(voice.security for voice in agreed)
    return max(need.approvals - len(agreed), need.of_security - security, 0)


def may_agree(actor: Actor, rules: Rules) -> bool:
    """Say whether somebody's role lets them agree to anything at all, sooner or later."""
    return rules.approvers is None or actor.role in rules.approvers


def demand_able(
    actor: Actor,
    requester: Actor,
    need: Need,
    voices: Sequence[Voice],
    rules: Rules,
    now: datetime,
    *,
    is_target: bool,
    has_vouched: bool,
) -> None:
    """Refuse whoever may not decide about a request.

    Args:
        actor: who wants to agree, or to deny.
        requester: whose request it is.
        need: what it waits for.
        voices: who has spoken already.
        rules: the operator's.
        now: aware UTC.
        is_target: the actor is among the people to be reset, by account or by Slack account.
        has_vouched: the actor has vouched for the caller: who agrees is to look at that with other eyes.

    Raises:
        Refused: OWN_REQUEST, NOT_APPROVER, IS_TARGET, HAS_VOUCHED, SPOKEN, DECIDED (too late) or NOT_YET_APPROVER.
    """
    if actor.is_same(requester):
        raise Refused(Reason.OWN_REQUEST)
    if not may_agree(actor, rules):
        raise Refused(Reason.NOT_APPROVER)
    if is_target:
        raise Refused(Reason.IS_TARGET)
    if has_vouched:
        raise Refused(Reason.HAS_VOUCHED)
    if account_of(actor) in {voice.account for voice in voices}:
        raise Refused(Reason.SPOKEN)
    if now >= need.until:
        raise Refused(Reason.DECIDED)
    if actor.role in rules.late_approvers and now < need.half:
        raise Refused(Reason.NOT_YET_APPROVER, seconds=max(1, round((need.half - now).total_seconds())))


@dataclass(frozen=True, slots=True)
class Awaited:
    """What a requester is told: whom their request waits for."""

    approvals: int
    of_security: int
    until: datetime
    able: tuple[str, ...]  # names of those who can agree (1 and more)
    missing: int = 0
    voices: tuple[Voice, ...] = ()  # who has spoken already


@dataclass(frozen=True, slots=True)
class CardFacts:
    """One request as its card in the approvals channel shows it."""

    request_id: str
    digest: str
    requester: SlackPerson
    requester_name: str
    count: int  # people to be reset
    people: tuple[tuple[str, str, str], ...]  # (name, login, directory for people), NAMED at most
    tiers: tuple[tuple[Tier, int], ...]
    excluded: tuple[tuple[Reason, int], ...]
    options: Options
    start: datetime | None
    state: RequestState
    need: Need
    missing: int
    voices: tuple[Voice, ...]
    able: tuple[SlackPerson, ...]  # who can decide now
    moved_at: datetime  # of the last word, or of the end
    alone: bool = False  # asked as one person's reset: its requester can change it
    replaces: str = ""  # the request whose place it took
    replaced_by: str = ""  # the one that took its place

    @property
    def waits(self) -> bool:
        """Say whether anything can be decided."""
        return self.state is RequestState.PROVED


@dataclass(frozen=True, slots=True)
class Reminder:
    """Half of the time is over, and too few have agreed."""

    card: CardFacts
    late: tuple[str, ...] = ()  # roles that may decide from now on


@dataclass(frozen=True, slots=True)
class AskDecision:
    """Next for an approver: enter the code, or say why not."""

    form_id: str
    card: CardFacts
