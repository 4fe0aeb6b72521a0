"""Something that a person should hear. Written in the transaction of the fact; said by a worker."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime  # noqa: TC003
from enum import StrEnum


class NoticeKind(StrEnum):
    """What is to be said, and to whom."""

    STATUS = "status"  # the requester's one message about a request, kept current
    SHOW = "show"  # the target's DM with *Show* and *Not me*, kept current
    NUMBER = "number"  # the person's question which number the caller was read, kept current
    VOUCH = "vouch"  # the manager's question whether they stand up for a person, kept current
    MAIL_PASSWORD = "mail_password"  # the one-time password, to the account's address
    MAIL_PASSWORD_RECOVERY = "mail_password_recovery"  # the same, to the recovery address
    MAIL_NOTICE = "mail_notice"  # "your password was reset", without it
    ALARM = "alarm"  # the security channel
    MAIL_ALARM = "mail_alarm"  # the same, to the operator's address
    LIVE = "live"  # a bulk's one message, kept current
    RESULT = "result"  # a bulk's outcome, in the thread of its message, with the report as a file
    REMINDER = "reminder"  # in the card's thread, once half of the time is over
    CARD = "card"  # a request in the approvals channel, kept current
    HISTORY = "history"  # in the card's thread: one thing that has happened to the request
    PREVIEW = "preview"  # the whole preview of a bulk as a file, to its requester


class NoticeState(StrEnum):
    """Where a notice stands."""

    WAITING = "waiting"
    SAID = "said"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing to say. `facts` are ids and words of ours, never a secret, never a text of a person."""

    id: str
    kind: NoticeKind
    request_id: str | None
    target_id: str | None
    facts: dict[str, str]
    state: NoticeState
    attempts: int
    created_at: datetime
    place: str | None = None  # where it was said: a Slack channel id
    stamp: str | None = None  # Slack's ts of that message, or the mail's Message-ID
    chunk_id: str | None = None  # of a bulk: the works of the chunk say it
