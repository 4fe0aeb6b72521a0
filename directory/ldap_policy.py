"""The password policy that slapd's ppolicy overlay holds an account against."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from directory.base import NotAllowed, PasswordPolicy
from directory.ldap_search import read

if TYPE_CHECKING:
    from datetime import datetime

    from directory.ldap_entry import Entry
    from directory.ldap_options import LdapOptions
    from directory.ldap_pool import Connection

NAMES = (
    "pwdMinLength",
    "pwdMaxLength",
    "pwdInHistory",
    "pwdCheckQuality",
    "pwdMustChange",
    "pwdLockout",
    "pwdLockoutDuration",
)
LONGEST = 128  # characters that we ever generate


@dataclass(frozen=True, slots=True)
class InForce:
    """What one policy entry says, or what is assumed where none is known."""

    known: bool  # False: neither the account nor the settings name a policy
    must_change: bool = True  # False: pwdReset is without effect
    lock: timedelta | None = None  # how long a lock lasts; None: until somebody lifts it
    min_length: int = 8
    max_length: int = LONGEST
    history: int = 0
    checked: bool = False

    def holds(self, locked_at: datetime | None, now: datetime) -> bool:
        """Say whether a lock that began at `locked_at` is still in force."""
        return locked_at is not None and (self.lock is None or now < locked_at + self.lock)

    def told(self, options: LdapOptions) -> PasswordPolicy:
        """Give it in the contract's words, with what the settings add for the server's own check module."""
        return PasswordPolicy(
            min_length=self.min_length,
            max_length=self.max_length,
            min_classes=options.min_classes,
            forbid_names=options.forbid_names,
            history=self.history,
        )


UNKNOWN = InForce(known=False)


class Policies:
    """The policies met during one operation, each read once."""

    def __init__(self, conn: Connection, options: LdapOptions) -> None:
        self._conn = conn
        self._default = options.default_policy_dn
        self._read: dict[str, InForce] = {}

    async def of(self, entry: Entry) -> InForce:
        """Read the policy in force for an entry: its own pwdPolicySubentry, else the configured default.

        Raises:
            NotAllowed: our service account may not read it.
        """
        dn = entry.text("pwdPolicySubentry") or self._default
        if dn is None:
            return UNKNOWN
        if dn not in self._read:
            self._read[dn] = await self._fetch(dn)
        return self._read[dn]

    async def _fetch(self, dn: str) -> InForce:
        entry = await read(self._conn, dn, NAMES)
        if entry is None:
            raise NotAllowed("the password policy is not there, or may not be read")
        seconds = entry.number("pwdLockoutDuration")
        longest = entry.number("pwdMaxLength")
        return InForce(
            known=True,
            must_change=entry.flag("pwdMustChange"),
            lock=timedelta(seconds=seconds) if seconds else None,
            min_length=entry.number("pwdMinLength"),
            max_length=min(longest or LONGEST, LONGEST),
            history=entry.number("pwdInHistory"),
            checked=entry.number("pwdCheckQuality") > 0,
        )
