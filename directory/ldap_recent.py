"""What was seen of an account a moment ago, so that a write need not look again. Nothing of it is shown to people.

A write that leans on it sends along what it leans on, and the server holds that against the entry at the moment of
writing (RFC 4528): what is no longer true costs a second look, and never a wrong write.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from ldap.filter import escape_filter_chars

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime

    from directory.ldap_entry import Entry

FRESH = timedelta(seconds=30)
MOST_CROWDS = 16  # groups; about 85 bytes for each member
MOST = 8192  # accounts: eight batches of a bulk; about 400 bytes each


@dataclass(frozen=True, slots=True)
class Sight:
    """What a write needs to know of an entry: where it is, when its password was last set, which policy it has."""

    dn: str
    changed: str | None  # pwdChangedTime, as it was read
    changed_at: datetime | None
    policy: str | None  # pwdPolicySubentry

    @classmethod
    def of(cls, entry: Entry) -> Sight:
        """Take it from an entry that was read with `attributes`."""
        changed = entry.time("pwdChangedTime")
        text = entry.text("pwdChangedTime") if changed else None
        return cls(entry.dn, text, changed, entry.text("pwdPolicySubentry"))

    @property
    def still(self) -> str:
        """Write the filter that holds as long as this is true of the entry; the DN is where it is held against."""
        return _equal("pwdChangedTime", self.changed) + _equal("pwdPolicySubentry", self.policy)


def _equal(name: str, value: str | None) -> str:
    return f"(!({name}=*))" if value is None else f"({name}={escape_filter_chars(value)})"


class Recent:
    """The accounts read within the last half minute, the newest 8,192 of them."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._seen: OrderedDict[str, tuple[datetime, Sight]] = OrderedDict()

    def now(self) -> datetime:
        """Give the time to note down: from before the question was sent."""
        return self._clock()

    def note(self, account_id: str, sight: Sight, read_at: datetime) -> None:
        """Remember an account."""
        self._seen[account_id] = (read_at, sight)
        self._seen.move_to_end(account_id)
        if len(self._seen) > MOST:
            self._seen.popitem(last=False)

    def of(self, account_id: str) -> Sight | None:
        """Give what was seen of an account, if that is less than half a minute ago."""
        read_at, sight = self._seen.get(account_id, (None, None))
        if read_at is None or not timedelta(0) <= self._clock() - read_at < FRESH:
            return None
        return sight

    def take(self, account_id: str) -> Sight | None:
        """Give it and forget it: a write makes it untrue."""
        sight = self.of(account_id)
        self._seen.pop(account_id, None)
        return sight


class Crowds:
    """Who is in the groups that were read whole within the last half minute: each chunk asks for the same ones."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._read: OrderedDict[str, tuple[datetime, frozenset[str]]] = OrderedDict()

    async def of(self, group_id: str, read: Callable[[], Awaitable[frozenset[str]]]) -> frozenset[str]:
        """Give the members' ids, read anew where that is half a minute ago or more."""
        now = self._clock()
        read_at, members = self._read.get(group_id, (None, frozenset[str]()))
        if read_at is None or not timedelta(0) <= now - read_at < FRESH:
            members = await read()
            self._read[group_id] = (now, members)
            self._read.move_to_end(group_id)
            if len(self._read) > MOST_CROWDS:
                self._read.popitem(last=False)
        return members
