"""The contract that every directory keeps: what an account is, what a connector can do, and how it fails."""

# ruff: noqa: PLC0414, TC001 - account and errors live in files of their own and are part of this contract all the same

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import datetime  # noqa: TC003
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar

from directory.account import Account as Account
from directory.errors import AccountGone as AccountGone
from directory.errors import Ambiguous as Ambiguous
from directory.errors import BadAnswer as BadAnswer
from directory.errors import CannotDo as CannotDo
from directory.errors import DirectoryError as DirectoryError
from directory.errors import GroupGone as GroupGone
from directory.errors import NotAllowed as NotAllowed
from directory.errors import NotNow as NotNow
from directory.errors import PasswordRejected as PasswordRejected
from directory.errors import PasswordUnchanged as PasswordUnchanged
from directory.errors import Unreachable as Unreachable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from directory.secret import Secret


LONGEST_QUERY = 256  # characters of a group's name that are worth asking for
MOST_GROUPS_FOUND = 100


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
    MANAGER = "manager"  # who manages a person can be read
    MEMBERS = "members"  # groups and organizational units can be looked for, and their members walked over


@dataclass(frozen=True, slots=True)
class Page:
    """Some accounts of a walk over a directory (1-1,000), and the change marker to ask from next time, if any."""

    accounts: tuple[Account, ...]
    marker: str | None = None
    gone: tuple[str, ...] = ()  # ids deleted since the marker, where the directory tells


class GroupKind(StrEnum):
    """What holds accounts together."""

    GROUP = "group"  # a list of members, some of which may be groups
    OU = "ou"  # a branch of the tree: whoever is below it


@dataclass(frozen=True, slots=True)
class Group:
    """A group or an organizational unit. `id` is the directory's own, and is good for `group` and `members`."""

    id: str
    name: str
    kind: GroupKind
    path: str = ""  # for people, from the top down to itself: "Sales › Berlin"  # noqa: RUF003 - a sign that nobody types into a name
    size: int | None = None  # direct members, people and groups; None where to count them is to read them all


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
    remedy: str = ""  # what to do about it; when ok empty, unless it is worth a thought


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
    async def find_many(self, idents: Sequence[str]) -> Mapping[str, tuple[Account, ...]]:
        """Find by many logins or mail addresses (1-1,000) in few round trips, each as `find` does.

        Every ident is a key of the answer, as it was given: with no account where nobody answers to it, and with more
        than one (2-20) where it is ambiguous.
        """

    @abstractmethod
    def pages(self, since: str | None = None) -> AsyncIterator[Page]:
        """Walk over all accounts, or, with Capability.CHANGES, over those changed since a marker."""

    @abstractmethod
    async def set_password(self, account: Account, password: Secret, *, must_change: bool) -> Written:
        """Replace the account's password.

        Args:
            account: as `find`, `find_many` or `fetch` of this same directory returned it; what they saw may be used
                again for half a minute, under a guard that makes the server look at the moment of writing.
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

    async def manager(self, account: Account) -> Account | None:
        """Read anew the account of whoever manages a person; None: nobody who is there. Ambiguous: several are."""
        self._demand(Capability.MANAGER)
        return await self._manager(account)

    async def find_groups(self, query: str, *, limit: int = 20) -> tuple[Group, ...]:
        """Find groups and organizational units whose name holds the query, in any case.

        Those whose name begins with it come first, then by name. An empty query is held by every name.

        Args:
            query: what was typed; more than 256 characters are nobody's name.
            limit: 1-100 groups.
        """
        self._demand(Capability.MEMBERS)
        wanted = query.strip()
        if len(wanted) > LONGEST_QUERY or not _is_text(wanted):
            return ()
        return await self._find_groups(wanted, min(max(limit, 1), MOST_GROUPS_FOUND))

    async def group(self, group_id: str) -> Group | None:
        """Read one group or organizational unit anew by its id; None where it is not there any more."""
        self._demand(Capability.MEMBERS)
        return await self._group(group_id) if _is_text(group_id) else None

    def members(self, group_id: str) -> AsyncIterator[tuple[str, ...]]:
        """Walk over the ids of a group's accounts, direct and nested, or of all accounts below a unit.

        Batches hold 1-1,000 ids, and each id comes once; groups that hold each other in a circle are fine. Nothing is
        held open between two batches, so that each may be fetched while the walk goes on. Who joins or leaves in the
        meantime may be in it or not.

        Raises:
            GroupGone: no such group; at the first step, since nothing is asked before it.
        """
        self._demand(Capability.MEMBERS)
        return self._members(group_id)

    async def place(self, name: str) -> Group | None:
        """Read the one group or organizational unit that an operator has named; None where there is none such.

        Args:
            name: its id, or what the connector takes besides: a name, a DN.
        """
        self._demand(Capability.MEMBERS)
        return await self._place(name) if _is_text(name) else None

    async def inside(self, group: Group, ids: Sequence[str]) -> frozenset[str]:
        """Say which of some accounts (1-1,000 ids) are in a group, directly or nested, or below a unit.

        For one account it is what is so now; for many, a group that was read within half a minute may be used again.

        Raises:
            GroupGone: no such group (any more).
        """
        self._demand(Capability.MEMBERS)
        return await self._inside(group, ids)

    async def password_policy(self, account: Account) -> PasswordPolicy:
        """Read the policy that the directory will hold a new password of this account against.

        What was read of the account and of the policy within the last minute may be used again: a password that the
        policy refuses after all is PasswordRejected, and the policy is then read anew.
        """
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

    async def _manager(self, account: Account) -> Account | None:
        raise NotImplementedError

    async def _find_groups(self, query: str, limit: int) -> tuple[Group, ...]:
        raise NotImplementedError

    async def _group(self, group_id: str) -> Group | None:
        raise NotImplementedError

    def _members(self, group_id: str) -> AsyncIterator[tuple[str, ...]]:
        raise NotImplementedError

    async def _place(self, name: str) -> Group | None:
        return await self._group(name)

    async def _inside(self, group: Group, ids: Sequence[str]) -> frozenset[str]:
        """Walk over all of them; a connector that can ask for the few overrides it."""
        wanted, found = frozenset(ids), set[str]()
        async for batch in self._members(group.id):
            found |= wanted.intersection(batch)
        return frozenset(found)

    async def _password_policy(self, account: Account) -> PasswordPolicy:
        raise NotImplementedError

    async def _verified_domains(self) -> frozenset[str]:
        raise NotImplementedError

    async def _last_sign_in(self, account: Account) -> datetime | None:
        raise NotImplementedError

    async def _verify_password(self, account: Account, password: Secret) -> bool:
        raise NotImplementedError


def _is_text(text: str) -> bool:
    """Say whether it can be asked for: Python's texts may hold half of a character."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
