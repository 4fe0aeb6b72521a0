"""What a requester knows of whoever asked for a reset: the closed list of ways in which a caller is verified."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class How(StrEnum):
    """One way in which the caller was verified. A voice that one knows is none: voices are cloned."""

    IN_PERSON = "in_person"  # face to face, by a known face or a document
    CALL_BACK = "call_back"  # called back on a number that the directory gives
    VIDEO = "video"  # a video call with a document
    TICKET = "ticket"  # out of the person's own signed-in portal
    NUMBER = "number"  # pressed the number that the caller was read, in their own Slack
    UNASKED = "unasked"  # nobody asked: a suspected compromise, or a new person


@dataclass(frozen=True, slots=True)
class Evidence:
    """One thing that speaks for the caller, as it is kept with the request and signed by the step-up."""

    how: How
    ref: str = ""  # the id of the number match

    def signed(self) -> list[str]:
        """Return what the digest signs of it."""
        return [self.how.value, self.ref] if self.ref else [self.how.value]
