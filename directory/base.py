"""The contract that every directory keeps: what an account is, what a connector can do, and how it fails.

DirectoryError
├── Unreachable          no answer; a write MAY have happened
├── NotNow               the directory answered "too busy", with or without a time to wait; nothing has changed
├── NotAllowed           our service account lacks the right; nothing has changed
├── AccountGone          no such account any more, or its guard no longer holds; nothing has changed
├── Ambiguous            more than one account answers to the name
├── PasswordRejected     length, classes, history or dictionary; nothing has changed
├── PasswordUnchanged    this very password is the account's password already
├── CannotDo             the connector does not declare the capability
└── BadAnswer            the directory answered something that its protocol does not allow
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import datetime, timedelta  # noqa: TC003
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from directory.secret import Secret


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


class Capability(StrEnum):
    """What a directory can do beyond finding accounts and setting a password."""

    MUST_CHANGE = "must_change"  # a new password can be asked for at the next sign-in
    REVOKE_SESSIONS = "revoke_sessions"  # signed-in sessions (mobile ones too) can be ended
    REVOKE_TOKENS = "revoke_tokens"  # API tokens can be revoked
    UNLOCK = "unlock"  # a lock after too many wrong passwords can be lifted
    GROUPS = "groups"  # the groups of an account can be read
    PASSWORD_POLICY = "password_policy"  # the policy in force for an account can be read
    VERIFIED_DOMAINS = "verified_domains"  # the directory knows which mail domains it has verified
    LAST_SIGN_IN = "last_sign_in"  # the time of the last sign-in can be read
    VERIFY_PASSWORD = "verify_password"  # a password can be tried
    CHANGES = "changes"  # `pages(since)` gives only the accounts that changed since a marker


@dataclass(frozen=True, slots=True)
class Account:
    """What a directory tells of one account, at one moment.

    `id` never changes and is never given to another account (entryUUID, objectGUID, a vendor's own id).
    `marker` changes whenever the account's password changes, by anyone; None where the directory has nothing such.
    Texts are as the directory has them: hostile until a view has escaped them.
    """

    id: str
    login: str
    name: str
    given_name: str = ""
    family_name: str = ""
    mail: str | None = None
    recovery_mail: str | None = None
    department: str | None = None
    slack_user: str | None = None  # from the configured attribute that holds a Slack user id
    disabled: bool = False
    locked: bool = False
    external: bool = False
    privileged: bool = False  # owner, or holder of administrative rights over the directory
    service: bool = False  # no person: a service or computer account
    confirmed: bool = True  # False: invited, has never confirmed
    must_change: bool = False
    password_changed_at: datetime | None = None
    marker: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Some accounts of a walk over a directory (1-1,000), and the change marker to ask from next time, if any."""

    accounts: tuple[Account, ...]
    marker: str | None = None
    gone: tuple[str, ...] = ()  # ids deleted since the marker, where the directory tells


@dataclass(frozen=True, slots=True)
class PasswordPolicy:
    """The password policy in force for one account. Numbers are in characters; 0 is "not demanded"."""

    min_length: int = 8
    max_length: int = 128
    min_classes: int = 0  # of: upper, lower, digit, special
    forbid_names: bool = False  # login and parts of the display name of 3 characters and more
    history: int = 0  # remembered passwords
    min_upper: int = 0
    min_lower: int = 0
    min_digits: int = 0
    min_special: int = 0


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of a directory's own check, for `rekey doctor`."""

    ok: bool
    what: str  # "connect", "find", "right to reset": a few words
    detail: str = ""  # what was seen
    remedy: str = ""  # what to do about it; empty when ok


@dataclass(frozen=True, slots=True)
class Written:
    """What a directory said of a password that it took."""

    marker: str | None = None  # the account's marker right after the write
    must_change: bool = False  # it was set in the same operation


class Directory(ABC):
    """A configured place where accounts live. A connector fills in the `_`-methods for what it declares.

    Every public method may raise Unreachable, NotNow, NotAllowed or BadAnswer besides what it names itself.
    """

    kind: ClassVar[str]
    capabilities: ClassVar[frozenset[Capability]]

    def __init__(self, name: str) -> None:
        self.name = name

    def can(self, capability: Capability) -> bool:
        """Say whether this directory declares a capability."""
        return capability in self.capabilities

    def _demand(self, capability: Capability) -> None:
        if capability not in self.capabilities:
            raise CannotDo(capability)

    # -- what every connector does -------------------------------------------------------------------------

    @abstractmethod
    async def find(self, ident: str) -> Account | None:
        """Find the account whose login or mail address is exactly `ident` (any case), or None.

        Raises:
            Ambiguous: two accounts or more answer to it.
        """

    @abstractmethod
    async def fetch(self, ids: Sequence[str]) -> Mapping[str, Account]:
        """Read accounts anew by their immutable ids (1-1,000); an id that is gone is missing from the answer."""

    @abstractmethod
    def pages(self, since: str | None = None) -> AsyncIterator[Page]:
        """Walk over all accounts, or, with Capability.CHANGES, over those changed since a marker."""

    @abstractmethod
    async def set_password(self, account: Account, password: Secret, *, must_change: bool) -> Written:
        """Replace the account's password.

        Args:
            account: as `find` or `fetch` of this same directory returned it.
            password: any Unicode, sent byte for byte.
            must_change: ask for a new one at the next sign-in; ignored without Capability.MUST_CHANGE. Where the
                directory cannot do both at once, `Written.must_change` is False and `must_change` is called next.

        Raises:
            PasswordRejected: the policy refuses it; nothing has changed.
            PasswordUnchanged: it is the account's password already.
            AccountGone: deleted, or disabled since it was found; nothing has changed.
            Unreachable: no answer within the timeout; with `sent`, it MAY have changed.
        """

    @abstractmethod
    async def check(self) -> list[Finding]:
        """Try out what can be tried without changing anything; never raises DirectoryError."""

    async def close(self) -> None:
        """Let go of connections. May be called twice."""

    # -- what a connector may declare ----------------------------------------------------------------------

    async def must_change(self, account: Account) -> None:
        """Ask for a new password at the next sign-in."""
        self._demand(Capability.MUST_CHANGE)
        await self._must_change(account)

    async def revoke_sessions(self, account: Account) -> int:
        """End all sessions of the account; returns how many were ended. Ending none is success."""
        self._demand(Capability.REVOKE_SESSIONS)
        return await self._revoke_sessions(account)

    async def revoke_tokens(self, account: Account) -> int:
        """Revoke all API tokens of the account; returns how many were revoked. Revoking none is success."""
        self._demand(Capability.REVOKE_TOKENS)
        return await self._revoke_tokens(account)

    async def unlock(self, account: Account) -> None:
        """Lift a lock after wrong passwords; an account that is not locked stays as it is. Never enables one."""
        self._demand(Capability.UNLOCK)
        await self._unlock(account)

    async def groups(self, account: Account) -> tuple[str, ...]:
        """Read the names or DNs of the groups that the account is a direct or nested member of, sorted."""
        self._demand(Capability.GROUPS)
        return await self._groups(account)

    async def password_policy(self, account: Account) -> PasswordPolicy:
        """Read the policy that the directory will hold a new password of this account against."""
        self._demand(Capability.PASSWORD_POLICY)
        return await self._password_policy(account)

    async def verified_domains(self) -> frozenset[str]:
        """Read the mail domains that the directory has verified, in lower case."""
        self._demand(Capability.VERIFIED_DOMAINS)
        return await self._verified_domains()

    async def last_sign_in(self, account: Account) -> datetime | None:
        """Read the aware UTC time of the account's last successful sign-in; None for never or unknown."""
        self._demand(Capability.LAST_SIGN_IN)
        return await self._last_sign_in(account)

    async def verify_password(self, account: Account, password: Secret) -> bool:
        """Say whether the password is the account's current one. A wrong one counts towards a lock."""
        self._demand(Capability.VERIFY_PASSWORD)
        return await self._verify_password(account, password)

    async def _must_change(self, account: Account) -> None:
        raise NotImplementedError

    async def _revoke_sessions(self, account: Account) -> int:
        raise NotImplementedError

    async def _revoke_tokens(self, account: Account) -> int:
        raise NotImplementedError

    async def _unlock(self, account: Account) -> None:
        raise NotImplementedError

    async def _groups(self, account: Account) -> tuple[str, ...]:
        raise NotImplementedError

    async def _password_policy(self, account: Account) -> PasswordPolicy:
        raise NotImplementedError

    async def _verified_domains(self) -> frozenset[str]:
        raise NotImplementedError

    async def _last_sign_in(self, account: Account) -> datetime | None:
        raise NotImplementedError

    async def _verify_password(self, account: Account, password: Secret) -> bool:
        raise NotImplementedError
