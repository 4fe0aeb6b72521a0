"""A wish to reset, its frozen plan, and the digest that everything signs."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime  # noqa: TC003
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import rfc8785

if TYPE_CHECKING:
    from resets.actor import Actor
    from resets.evidence import Evidence


class RequestState(StrEnum):
    """Where a request stands; moved only by conditional updates."""

    ASKED = "asked"  # written, not proved
    PROVED = "proved"  # the requester has stepped up, and others have to agree
    APPROVED = "approved"  # of one person: everything that the rules demand is there, and a job is on its way
    HELD = "held"  # the same of a bulk: it begins when the hold is over, or at the time that was asked for
    RUNNING = "running"  # a worker has begun
    PAUSED = "paused"  # somebody, or the run itself, has stopped it for now
    DONE = "done"  # every target has its outcome
    CANCELLED = "cancelled"
    DENIED = "denied"  # somebody who had to agree said no
    WITHDRAWN = "withdrawn"  # by its requester, before everybody had agreed
    EXPIRED = "expired"  # nobody agreed in time


class TargetState(StrEnum):
    """Where one target of a request stands; moved only by conditional updates."""

    NEW = "new"
    SEALED = "sealed"  # the new password is sealed in the store, the directory does not know it yet
    STARTED = "started"  # the directory may have been told
    SET = "set"  # the directory has it
    DELIVERED = "delivered"  # the person has been told how to get it, or has it by mail
    COLLECTED = "collected"  # it was shown
    EXCLUDED = "excluded"  # the rules forbade it, judged again right before the write
    EXPIRED = "expired"  # not collected in time; the account has another random password
    SPOILED = "spoiled"  # "not me"; the account has another random password
    SUPERSEDED = "superseded"  # a newer reset of the same account stands; never shown
    CANCELLED = "cancelled"  # nothing was done, and nothing will be
    FAILED = "failed"


class Why(StrEnum):
    """The reason that the requester gives."""

    FORGOT = "forgot"
    LOCKED_OUT = "locked_out"
    COMPROMISE = "compromise"
    ONBOARDING = "onboarding"
    OTHER = "other"


class Channel(StrEnum):
    """How the one-time password reaches the person."""

    DM = "dm"  # a Slack message with a *Show* button
    MAIL = "mail"  # in a mail to the account's address; only where the operator allows it
    RECOVERY = "recovery"  # the same, to the account's recovery address


class Tier(StrEnum):
    """How much harm a taken-over account does."""

    STANDARD = "standard"
    SENSITIVE = "sensitive"
    PRIVILEGED = "privileged"


@dataclass(frozen=True, slots=True)
class Options:
    """What the requester chose. Sessions are always cleared after a suspected compromise."""

    why: Why
    ticket: str  # 0-200 characters
    must_change: bool
    clear_sessions: bool  # mobile sessions and API tokens
    unlock: bool
    channels: tuple[Channel, ...]  # 1-3, each once, in the enum's order
    evidence: tuple[Evidence, ...] = ()  # how the caller was verified; of a bulk nothing: nobody calls


@dataclass(frozen=True, slots=True)
class PlannedTarget:
    """One account as the requester saw it. `login` and `name` are for people; the digest signs the rest."""

    directory: str
    account_id: str
    login: str
    name: str
    tier: Tier
    slack_user: str | None  # whom a DM would reach; None where DM is not offered
    address: str | None  # where a mail would go
    recovery_address: str | None
    channels: tuple[Channel, ...] | None = None  # of a bulk: how this one is reached; None: as the options say

    def signed(self) -> list[str]:
        """Return what the digest signs of it; the first two parts are no other target's."""
        parts = [self.directory, self.account_id, self.slack_user or "", _hashed(self.address)]
        parts.append(_hashed(self.recovery_address))
        return parts if self.channels is None else [*parts, " ".join(self.channels)]


@dataclass(frozen=True, slots=True)
class Plan:
    """What was frozen when the requester pressed the button.

    Of a bulk, the targets are rows of their own, `count` says how many, and `targets` is empty.
    """

    team: str
    requester_account_id: str
    requester_directory: str
    targets: tuple[PlannedTarget, ...]
    options: Options
    policy_version: str
    start: datetime | None = None  # aware UTC; None is now
    count: int | None = None  # targets of a bulk; None: they stand in `targets`

    def channels_of(self, target: PlannedTarget) -> tuple[Channel, ...]:
        """Return how one target is reached."""
        return self.options.channels if target.channels is None else target.channels

    def head(self) -> str:
        """Return the SHA-256 (64 hex digits) of all but the targets: what the run of one chunk can check."""
        return hashlib.sha256(b"rekey-head-1\n" + rfc8785.dumps(self._body())).hexdigest()

    def digest(self) -> str:
        r"""Return the SHA-256 (64 hex digits) over "rekey-plan-1\n" and the RFC 8785 JSON of the plan.

        Source: docs/architecture.md, "The plan's digest"; RFC 8785.
        """
        made = PlanDigest(self)
        for target in sorted(self.targets, key=PlannedTarget.signed):
            made.add(target)
        return made.hex()

    def _body(self) -> dict[str, Any]:
        verified = {"verified": [each.signed() for each in self.options.evidence]} if self.options.evidence else {}
        return {
            "team": self.team,
            "requester": [self.requester_directory, self.requester_account_id],
            "targets": [],
            "options": {
                "channels": [c.value for c in self.options.channels],
                "clear_sessions": self.options.clear_sessions,
                "must_change": self.options.must_change,
                "unlock": self.options.unlock,
                **verified,
            },
            "reason": self.options.why.value,
            "ticket": self.options.ticket,
            "start": self.start.isoformat() if self.start else "",
            "policy": self.policy_version,
        }


class PlanDigest:
    """The digest of a plan whose targets come one by one, so that 100,000 of them need no room."""

    def __init__(self, plan: Plan) -> None:
        before, _, self._after = rfc8785.dumps(plan._body()).partition(b'"targets":[]')  # noqa: SLF001
        self._hash = hashlib.sha256(b"rekey-plan-1\n" + before + b'"targets":[')
        self._last: list[str] = []

    def add(self, target: PlannedTarget) -> None:
        """Add the next target, in the order of `signed`.

        Raises:
            ValueError: it is not the next one, or is there twice.
        """
        signed = target.signed()
        if signed[:2] <= self._last[:2] and self._last:
            raise ValueError("targets are added in order, each once")
        self._hash.update((b"," if self._last else b"") + rfc8785.dumps(signed))
        self._last = signed

    def hex(self) -> str:
        """Return the digest of what was added."""
        whole = self._hash.copy()
        whole.update(b"]" + self._after)
        return whole.hexdigest()


def _hashed(address: str | None) -> str:
    return hashlib.sha256(address.encode()).hexdigest() if address else ""


@dataclass(frozen=True, slots=True)
class ResetRequest:
    """One actor's wish for 1 or more targets, with its plan and its state."""

    id: str
    requester: Actor
    plan: Plan
    digest: str
    state: RequestState
    asked_at: datetime
