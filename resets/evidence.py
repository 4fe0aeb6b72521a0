"""What a requester knows of whoever asked for a reset: the closed list of ways in which a caller is verified."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from resets.actor import Actor


class How(StrEnum):
    """One way in which the caller was verified. A voice that one knows is none: voices are cloned."""

    IN_PERSON = "in_person"  # face to face, by a known face or a document
    CALL_BACK = "call_back"  # called back on a number that the directory gives
    VIDEO = "video"  # a video call with a document
    TICKET = "ticket"  # out of the person's own signed-in portal
    NUMBER = "number"  # pressed the number that the caller was read, in their own Slack
    MANAGER = "manager"  # their manager vouched, with a code of their own
    UNASKED = "unasked"  # nobody asked: a suspected compromise, or a new person


@dataclass(frozen=True, slots=True)
class Evidence:
    """One thing that speaks for the caller, as it is kept with the request and signed by the step-up."""

    how: How
    ref: str = ""  # the id of the number match, or of the question to the manager
    by: Actor | None = None  # the manager who vouched

    def signed(self) -> list[str]:
        """Return what the digest signs of it; of a manager, who that is, and nothing that is for people alone."""
        parts = [self.how.value, self.ref] if self.ref else [self.how.value]
        who = self.by
        return parts if who is None else [*parts, who.id, who.directory, who.account_id, who.slack.user]


def has_vouched(actor: Actor, evidence: Iterable[Evidence]) -> bool:
    """Say whether somebody, by whatever enrolment, has vouched for the caller."""
    return any(each.by is not None and each.by.is_same(actor) for each in evidence)
