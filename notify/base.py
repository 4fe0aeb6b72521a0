"""What came of saying something: said, or failed with a reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import timedelta

    from resets.reasons import Reason


@dataclass(frozen=True, slots=True)
class Said:
    """It was said: where (a Slack channel's id, or "mail"), and its stamp (Slack's ts, or the mail's Message-ID)."""

    place: str
    stamp: str


async def always() -> bool:
    """Say that it is for this process to say it."""
    return True


class Failed(Exception):
    """It was not said, or nobody answered whether it was; then it is tried once more.

    `retryable` says whether trying again may help; `after` is how long the other side asked us to wait. It holds
    nothing of the content, and its cause is left behind: servers quote what they were sent.
    """

    def __init__(self, reason: Reason, *, retryable: bool, after: timedelta | None = None) -> None:
        super().__init__(reason.value)
        self.reason = reason
        self.retryable = retryable
        self.after = after
