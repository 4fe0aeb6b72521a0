"""What must never be forgotten: the closed list of deeds, and the chain that holds the entries together."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import datetime  # noqa: TC003
from enum import StrEnum

import rfc8785


class Deed(StrEnum):
    """The closed list of audited deeds."""

    ENROLLED = "enrolled"
    REVOKED = "revoked"
    UNLOCKED = "unlocked"  # an admin's step-up lock, lifted at the host
    LOOKED_UP = "looked_up"
    STEP_UP_MISSED = "step_up_missed"
    STEP_UP_LOCKED = "step_up_locked"
    NUMBER_ASKED = "number_asked"  # a person is asked which number the caller was read
    NUMBER_MATCHED = "number_matched"
    NUMBER_WRONG = "number_wrong"
    NUMBER_DENIED = "number_denied"  # "I did not ask for this"
    NUMBER_DENIED_LATE = "number_denied_late"  # the same, or a wrong number, once it was over or answered
    VOUCH_ASKED = "vouch_asked"  # a manager is asked whether they stand up for a person
    VOUCHED = "vouched"  # with a code of their own
    VOUCH_DENIED = "vouch_denied"  # "I do not know of this"
    VOUCH_DENIED_LATE = "vouch_denied_late"  # the same, once it was over or answered
    ASKED = "asked"
    STEPPED_UP = "stepped_up"  # the requester's proof of a request that others have to agree to
    APPROVED = "approved"  # by one of them
    DENIED = "denied"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"  # nobody agreed in time
    PROVED = "proved"  # all that the rules demand is there: nothing runs without
    SEALED = "sealed"
    STARTED = "started"
    STEP_DONE = "step_done"
    STEP_FAILED = "step_failed"
    EXCLUDED = "excluded"
    FAILED = "failed"
    DELIVERED = "delivered"
    PICKUP_MISSED = "pickup_missed"
    PICKUP_BURNED = "pickup_burned"
    COLLECTED = "collected"
    MAILED = "mailed"
    EXPIRED = "expired"
    NOT_ME = "not_me"
    SPOILED = "spoiled"
    SUPERSEDED = "superseded"
    RETRIED = "retried"
    PREVIEWED = "previewed"  # a bulk was resolved and frozen; nothing was changed
    PAUSED = "paused"
    RESUMED = "resumed"
    CANCELLED = "cancelled"
    FROZEN = "frozen"  # everything, by anybody with a role
    RESUMED_ALL = "resumed_all"  # the freeze has ended, by a person or by itself
    ACTOR_FROZEN = "actor_frozen"  # one admin, by the word of whom they reset
    ACTOR_UNFROZEN = "actor_unfrozen"  # at the host
    LIMITED = "limited"  # proved with a code, and not taken: it was one too many
    GLASS_SEALED = "glass_sealed"  # a new break-glass code was made, at the host
    GLASS_MISSED = "glass_missed"
    GLASS_USED = "glass_used"  # besides ASKED and PROVED: who sat there, and why
    GLASS_REVIEWED = "glass_reviewed"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One deed. Ids and names as they were; no secret, ever."""

    at: datetime
    deed: Deed
    actor: str = ""  # "slack:T0123/U0123", "host:alice" or "rekey"
    actor_account: str = ""  # "corp/<immutable id>"
    request_id: str = ""
    target_id: str = ""
    target_account: str = ""  # "corp/<immutable id>"
    digest: str = ""
    facts: dict[str, str | int] = field(default_factory=dict)

    def body(self) -> bytes:
        """Return the entry as RFC 8785 JSON, the form that is stored and signed."""
        return rfc8785.dumps(
            {
                "at": self.at.isoformat(),
                "deed": self.deed.value,
                "actor": self.actor,
                "actor_account": self.actor_account,
                "request": self.request_id,
                "target": self.target_id,
                "target_account": self.target_account,
                "digest": self.digest,
                "facts": dict(self.facts),
            }
        )


GENESIS = "0" * 64


def link(key: bytes, previous: str, sequence: int, body: bytes) -> str:
    """Return the MAC (64 hex digits) that ties entry number `sequence` (from 1) to the one before it."""
    message = f"rekey-audit-1\n{previous}\n{sequence}\n".encode() + body
    return hmac.new(key, message, hashlib.sha256).hexdigest()
