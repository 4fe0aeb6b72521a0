"""The password policy that slapd's ppolicy overlay holds an account against."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from directory.base import NotAllowed, PasswordPolicy
from directory.ldap_search import read

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

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
FRESH = timedelta(seconds=60)
MOST = 1000  # policies remembered
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
    """The policies that entries name, each read at most once a minute."""

    def __init__(self, options: LdapOptions, clock: Callable[[], datetime]) -> None:
        self._default = options.default_policy_dn
        self._clock = clock
        self._read: dict[str, tuple[datetime, InForce]] = {}

    def known(self, own: str | None) -> InForce | None:
        """Give the policy that was read within the last minute, if it was.

        Args:
            own: the account's pwdPolicySubentry; None: the configured default holds.
        """
        dn = own or self._default
        if dn is None:
            return UNKNOWN
        read_at, policy = self._read.get(dn, (None, None))
        if read_at is None or not timedelta(0) <= self._clock() - read_at < FRESH:
            return None
        return policy

    async def of(self, conn: Connection, own: str | None) -> InForce:
        """Read the policy in force, or give what was read of it within the last minute.

        Raises:
            NotAllowed: our service account may not read it.
        """
        policy = self.known(own)
        if policy is None:
            dn, now = own or self._default or "", self._clock()
            policy = await _fetch(conn, dn)
            if len(self._read) >= MOST:
                self._read.clear()
            self._read[dn] = (now, policy)
        return policy

    def forget(self) -> None:
        """Read all anew from now on: one of them was not what we took it for."""
        self._read.clear()


async def _fetch(conn: Connection, dn: str) -> InForce:
    entry = await read(conn, dn, NAMES)
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
