"""How a directory fails: every connector raises these, and nothing else.

DirectoryError
├── Unreachable          no answer; a write MAY have happened
├── NotNow               the directory answered "too busy", with or without a time to wait; nothing has changed
├── NotAllowed           our service account lacks the right; nothing has changed
├── AccountGone          no such account any more, or its guard no longer holds; nothing has changed
├── GroupGone            no such group or organizational unit (any more)
├── Ambiguous            more than one account answers to the name
├── PasswordRejected     length, classes, history or dictionary; nothing has changed
├── PasswordUnchanged    this very password is the account's password already
├── CannotDo             the connector does not declare the capability
└── BadAnswer            the directory answered something that its protocol does not allow
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from datetime import timedelta

    from directory.account import Account


class DirectoryError(Exception):
    """Something that a directory did not do. The text is for the log: no name, no secret, no vendor payload."""

    retryable: ClassVar[bool] = False

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail)
        self.detail = detail


class Unreachable(DirectoryError):
    """No answer within the timeout. `sent` tells whether a write had left us: then it MAY have happened."""

    retryable = True

    def __init__(self, detail: str = "", *, sent: bool = False) -> None:
        super().__init__(detail)
        self.sent = sent


class NotNow(DirectoryError):
    """The directory is too busy and said so; nothing has changed. `after` is how long it asks us to wait."""

    retryable = True

    def __init__(self, detail: str = "", *, after: timedelta | None = None) -> None:
        super().__init__(detail)
        self.after = after


class NotAllowed(DirectoryError):
    """Our service account lacks the right; nothing has changed."""


class AccountGone(DirectoryError):
    """The account is no longer there, or is no longer what was found (disabled meanwhile); nothing has changed."""


class GroupGone(DirectoryError):
    """The group or the organizational unit is not there (any more), or may not be seen."""


class Ambiguous(DirectoryError):
    """More than one account answers to what was asked for; `accounts` holds them (2-20)."""

    def __init__(self, detail: str = "", *, accounts: tuple[Account, ...] = ()) -> None:
        super().__init__(detail)
        self.accounts = accounts


class PasswordRejected(DirectoryError):
    """The directory's policy refuses this password; nothing has changed."""


class PasswordUnchanged(DirectoryError):
    """The directory says that this password is the current one, which is how it answers a repeated write."""


class CannotDo(DirectoryError):
    """The connector does not declare this capability; nothing was tried."""


class BadAnswer(DirectoryError):
    """The directory answered nonsense. A write MAY have happened where one had been sent."""

    def __init__(self, detail: str = "", *, sent: bool = False) -> None:
        super().__init__(detail)
        self.sent = sent
