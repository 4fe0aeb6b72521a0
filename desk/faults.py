"""What a directory did not do, as a reason for a person."""

from __future__ import annotations

from directory.base import (
    AccountGone,
    Ambiguous,
    BadAnswer,
    CannotDo,
    DirectoryError,
    GroupGone,
    NotAllowed,
    NotNow,
    PasswordRejected,
    PasswordUnchanged,
    Unreachable,
)
from resets.reasons import Reason
from store.base import StoreFailed

REASONS: dict[type[DirectoryError], Reason] = {
    Unreachable: Reason.DIRECTORY_DOWN,
    NotNow: Reason.DIRECTORY_BUSY,
    NotAllowed: Reason.DIRECTORY_REFUSED,
    AccountGone: Reason.ACCOUNT_GONE,
    GroupGone: Reason.GROUP_GONE,
    Ambiguous: Reason.AMBIGUOUS,
    PasswordRejected: Reason.PASSWORD_REFUSED,
    PasswordUnchanged: Reason.PASSWORD_REFUSED,
    CannotDo: Reason.CANNOT,
    BadAnswer: Reason.DIRECTORY_NONSENSE,
}


def reason(error: DirectoryError) -> Reason:
    """Return the reason for an error of a directory; a write that was sent and not answered is "silent"."""
    if getattr(error, "sent", False):
        return Reason.DIRECTORY_SILENT
    for kind in type(error).__mro__:
        if kind in REASONS:
            return REASONS[kind]
    return Reason.DIRECTORY_NONSENSE


def may_have_happened(error: DirectoryError) -> bool:
    """Say whether a write may have happened although it was not answered."""
    return bool(getattr(error, "sent", False))


def known(error: Exception) -> Reason | None:
    """Return the reason for what no deed has caught: our own store, or a directory; None for a bug of ours."""
    if isinstance(error, StoreFailed):
        return Reason.STORE_FAILED
    return reason(error) if isinstance(error, DirectoryError) else None
