"""One LDAP entry, read with suspicion: every value is decoded and checked, and nonsense is a BadAnswer."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from directory.base import Account, BadAnswer

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from directory.ldap_options import LdapOptions

DISABLED = "000001010000Z"  # in pwdAccountLockedTime: locked by an administrator, for good (slapo-ppolicy)
# RFC 4517, 3.3.13, as far as slapd writes it; the year 0000 of DISABLED is none, nor is 24 an hour
TIME = re.compile(r"(\d{8})((?:[01]\d|2[0-3])\d{4})(?:[.,]\d{1,9})?Z")
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")  # as slapd writes it: RFC 4530
CSN = re.compile(r"\d{14}\.\d{6}Z#[0-9a-f]{6}#[0-9a-f]{3}#[0-9a-f]{6}")
STATE = ("entryUUID", "entryCSN", "pwdChangedTime", "pwdReset", "pwdAccountLockedTime", "pwdPolicySubentry")


@dataclass(frozen=True, slots=True)
class Entry:
    """A DN and its attributes, the names in lower case."""

    dn: str
    values: Mapping[str, tuple[bytes, ...]]

    def texts(self, name: str | None) -> tuple[str, ...]:
        """Decode all values of an attribute; none where it is missing or `name` is None.

        Raises:
            BadAnswer: not UTF-8.
        """
        values = self.values.get(name.lower()) if name else None
        if not values:
            return ()
        try:
            return tuple(map(bytes.decode, values))
        except UnicodeDecodeError:
            raise BadAnswer(f"{name} is no text") from None

    def text(self, name: str | None) -> str | None:
        """Decode the first value that is not blank."""
        for text in self.texts(name):
            if text and not text.isspace():
                return text
        return None

    def time(self, name: str) -> datetime | None:
        """Read an aware UTC time, to the second.

        Raises:
            BadAnswer: no time.
        """
        text = self.text(name)
        if text is None:
            return None
        found = TIME.fullmatch(text)
        try:
            return datetime.fromisoformat(f"{found[1]}T{found[2]}Z") if found else _no_time(name)
        except ValueError:
            return _no_time(name)

    def number(self, name: str) -> int:
        """Read a count; 0 where it is missing.

        Raises:
            BadAnswer: no number from 0 to 999,999,999.
        """
        text = self.text(name) or "0"
        if not (text.isascii() and text.isdigit() and len(text) < 10):  # noqa: PLR2004
            raise BadAnswer(f"{name} is no number")
        return int(text)

    def flag(self, name: str) -> bool:
        """Read a boolean; False where it is missing."""
        return self.text(name) == "TRUE"

    @property
    def uuid(self) -> str:
        """The entry's entryUUID, which outlives renames and is never given away again.

        Raises:
            BadAnswer: it is missing, most likely for want of the right to read it, or none.
        """
        text = self.text("entryUUID")
        if text is None or not UUID.fullmatch(text):
            raise BadAnswer("an entry without an entryUUID that can be read")
        return text

    @property
    def classes(self) -> frozenset[str]:
        """The entry's object classes, in lower case."""
        return frozenset(map(str.lower, self.texts("objectClass")))

    @property
    def csn(self) -> str | None:
        """The number of the entry's last change, by anyone and of anything."""
        text = self.text("entryCSN")
        return text if text and CSN.fullmatch(text) else None

    @property
    def disabled(self) -> bool:
        """Whether an administrator has locked it for good."""
        return DISABLED in self.texts("pwdAccountLockedTime")

    @property
    def locked_at(self) -> datetime | None:
        """When too many wrong passwords locked it."""
        return None if self.disabled else self.time("pwdAccountLockedTime")


def _no_time(name: str) -> datetime:
    raise BadAnswer(f"{name} is no time")


def entries(rows: Any) -> Iterator[Entry]:
    """Read what python-ldap gives for a search; references to other servers are left out.

    Raises:
        BadAnswer: another shape than the library promises.
    """
    for row in rows:
        dn, values = row[0], row[1]
        if dn is None:
            continue
        if not isinstance(dn, str) or not isinstance(values, dict):
            raise BadAnswer("a search result of another shape")
        yield Entry(dn, {name.lower(): tuple(found) for name, found in values.items()})


def attributes(options: LdapOptions) -> list[str]:
    """Name the attributes that an Account is made of."""
    o = options
    named = (o.login, o.full_name, o.given_name, o.family_name, o.mail, o.department, o.recovery_mail, o.slack_user)
    return [*(name for name in named if name), *STATE]


def account(entry: Entry, options: LdapOptions, *, marks: Collection[str], locked: bool) -> Account | None:
    """Make an Account of an entry; None where it has no login, since nobody could sign in with it.

    Args:
        entry: read with `attributes`.
        options: the attributes' names.
        marks: which of the configured filters it matches: "privileged", "disabled", "external", "service",
            "unconfirmed".
        locked: whether a lock after wrong passwords is in force.

    `marker` is pwdChangedTime: of all that a client may read it alone changes with the password and with nothing
    else. entryCSN, which has microseconds, changes with each failed sign-in (and, with `lastbind`, with each good one).
    It is in whole seconds, hence `LdapDirectory.set_password` never sets a second password in one.
    """
    login = entry.text(options.login)
    if login is None:
        return None
    given, family = entry.text(options.given_name) or "", entry.text(options.family_name) or ""
    changed = entry.time("pwdChangedTime")
    return Account(
        id=entry.uuid,
        login=login,
        name=entry.text(options.full_name) or f"{given} {family}".strip() or login,
        given_name=given,
        family_name=family,
        mail=entry.text(options.mail),
        recovery_mail=entry.text(options.recovery_mail),
        department=entry.text(options.department),
        slack_user=entry.text(options.slack_user),
        disabled=entry.disabled or "disabled" in marks,
        locked=locked,
        external="external" in marks,
        privileged="privileged" in marks,
        service="service" in marks,
        confirmed="unconfirmed" not in marks,
        must_change=entry.flag("pwdReset"),
        password_changed_at=changed,
        marker=entry.text("pwdChangedTime") if changed else None,
    )
