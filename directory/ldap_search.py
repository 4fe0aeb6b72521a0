"""Reading from an LDAP server: paged searches, who matches a filter, who is in a privileged group."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING, Any

import ldap
from ldap.controls.pagedresults import SimplePagedResultsControl
from ldap.filter import escape_filter_chars

from directory.base import AccountGone, Ambiguous, BadAnswer, NotAllowed
from directory.ldap_entry import Entry, entries
from directory.ldap_errors import told_of_search

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterable, Sequence

    from directory.ldap_options import LdapOptions
    from directory.ldap_pool import Connection

CHUNK = 200  # members of one OR
GROUP_CLASSES = frozenset({"groupofnames", "groupofuniquenames", "groupofmembers"})
POSIX_CLASSES = frozenset({"posixgroup"})
MOST_GROUPS = 10_000  # of one account, or in one privileged closure; beyond it something is wrong


async def pages(
    conn: Connection, base: str, condition: str, names: Sequence[str], size: int
) -> AsyncGenerator[list[Entry], None]:
    """Search a subtree page by page (RFC 2696); a page holds 0 to `size` entries.

    Raises:
        NotAllowed: the server gives our account fewer entries than there are, or `base` is not there.
    """
    cookie: Any = b""
    while True:
        control = SimplePagedResultsControl(True, size=size, cookie=cookie)

        def deed(library: Any, control: Any = control) -> Any:
            sent = library.search_ext(base, ldap.SCOPE_SUBTREE, condition, list(names), serverctrls=[control])
            kind, rows, _, controls = library.result3(sent)
            return kind, rows, [c.cookie for c in controls if c.controlType == SimplePagedResultsControl.controlType]

        kind, rows, cookies = await conn.call(deed, tell=told_of_search)
        if kind != ldap.RES_SEARCH_RESULT:
            raise BadAnswer("the answer to a search is another one")
        if len(cookies) != 1:  # half a directory must not pass for the whole
            raise BadAnswer("a page that does not say whether it is the last")
        found = list(entries(rows))
        if len(found) > size:
            raise BadAnswer("a page larger than asked for")
        yield found
        if not (cookie := cookies[0]):
            return


async def search(
    conn: Connection, base: str, condition: str, names: Sequence[str], *, most: int | None = None
) -> list[Entry]:
    """Search a subtree; with `most`, stop after that many entries (1-1,000)."""
    found: list[Entry] = []
    async with aclosing(pages(conn, base, condition, names, most or 1000)) as walk:
        async for page in walk:
            found += page
            if most is not None and len(found) >= most:
                break
    return found


async def read(conn: Connection, dn: str, names: Sequence[str], condition: str = "(objectClass=*)") -> Entry | None:
    """Read one entry by its DN; None where there is none that we may see."""

    def deed(library: Any) -> Any:
        try:
            return library.search_ext_s(dn, ldap.SCOPE_BASE, condition, list(names))
        except (ldap.NO_SUCH_OBJECT, ldap.INVALID_DN_SYNTAX):
            return []

    return next(iter(list(entries(await conn.call(deed)))), None)


def any_of(name: str, values: Iterable[str]) -> str:
    """Write a filter that matches any of the values, escaped."""
    return "(|" + "".join(f"({name}={escape_filter_chars(value)})" for value in values) + ")"


def any_class(names: Iterable[str]) -> str:
    """Write a filter that matches any of the object classes."""
    return any_of("objectClass", sorted(names))


def chunks(values: Iterable[str], size: int = CHUNK) -> list[list[str]]:
    """Cut into lists of at most `size`."""
    whole = list(values)
    return [whole[i : i + size] for i in range(0, len(whole), size)]


def group_classes(options: LdapOptions) -> frozenset[str]:
    """Name the object classes of groups, in lower case, by what their member attribute holds."""
    return POSIX_CLASSES if options.members_are_logins else GROUP_CLASSES


async def named_by(conn: Connection, options: LdapOptions, values: Iterable[str], condition: str = "") -> list[Entry]:
    """Read id and classes of what some values of a group's member attribute name, groups outside of `base` included."""
    which, names = any_of(options.member_key, values), ["entryUUID", "objectClass"]
    found = await search(conn, options.base, f"(&{which}{condition})", names)
    if options.groups_elsewhere and not options.members_are_logins:
        groups = any_class(group_classes(options))
        found += await search(conn, options.groups_elsewhere, f"(&{which}{groups})", names)
    return found


class Marks:
    """Which accounts match the configured filters, or are in a privileged group.

    Read anew for each operation: a person who became privileged a moment ago must not be reset. Where few accounts
    are asked for, only they are held against the filters; for a walk, whoever matches is listed once.
    """

    def __init__(self, options: LdapOptions, privileged: frozenset[str]) -> None:
        self._options = options
        self._privileged = privileged
        self._filters = {
            kind: condition
            for kind, condition in (
                ("privileged", options.privileged_filter),
                ("disabled", options.disabled_filter),
                ("external", options.external_filter),
                ("service", options.service_filter),
                ("unconfirmed", options.unconfirmed_filter),
            )
            if condition
        }
        self._found: dict[str, set[str]] = {kind: set() for kind in self._filters}

    @classmethod
    async def read(cls, conn: Connection, options: LdapOptions, ids: Iterable[str] | None = None) -> Marks:
        """Read them for the accounts with these ids, or, with None, for all."""
        marks = cls(options, await _members(conn, options))
        if ids is not None and len(marks._filters) > 1:  # one search for all filters: most people match none
            ids = await marks._matching(conn, f"(|{''.join(marks._filters.values())})", ids)
        for kind, condition in marks._filters.items():
            marks._found[kind] = await marks._matching(conn, condition, ids)
        return marks

    async def _matching(self, conn: Connection, condition: str, ids: Iterable[str] | None) -> set[str]:
        wanted = [""] if ids is None else [any_of("entryUUID", chunk) for chunk in chunks(ids)]
        found: set[str] = set()
        for only in wanted:
            entries = await search(conn, self._options.base, f"(&{only}{condition})", ["entryUUID"])
            found.update(entry.uuid for entry in entries)
        return found

    def of(self, account_id: str) -> frozenset[str]:
        """Name the marks of one account."""
        marks = {kind for kind, ids in self._found.items() if account_id in ids}
        return frozenset(marks | ({"privileged"} if account_id in self._privileged else set()))


async def _members(conn: Connection, options: LdapOptions) -> frozenset[str]:
    """Read the ids of all direct and nested members of the privileged groups, from the groups downwards.

    Raises:
        NotAllowed: a privileged group cannot be read: then nobody can be told to be harmless.
    """
    ids: set[str] = set()
    waiting, seen = list(options.privileged_groups), {dn.lower() for dn in options.privileged_groups}
    while waiting:
        group = await read(conn, waiting.pop(), [options.group_member])
        if group is None:
            raise NotAllowed("a privileged group is not there, or may not be read")
        for chunk in chunks(group.texts(options.group_member)):
            for entry in await named_by(conn, options, chunk):
                if entry.classes & group_classes(options):
                    if entry.dn.lower() not in seen:
                        seen.add(entry.dn.lower())
                        waiting.append(entry.dn)
                else:
                    ids.add(entry.uuid)
        if len(seen) > MOST_GROUPS:
            raise BadAnswer("more groups than can be true")
    return frozenset(ids)


async def by_id(
    conn: Connection, options: LdapOptions, account_id: str, names: Sequence[str], condition: str | None = None
) -> Entry:
    """Read one person's entry by its entryUUID.

    Raises:
        AccountGone: there is none (any more), or it is no person's (any more).
    """
    which = f"(&{condition or options.people_filter}{any_of('entryUUID', [account_id])})"
    found = await search(conn, options.base, which, ["entryUUID", *names], most=2)
    if not found:
        raise AccountGone("no such entry")
    if len(found) > 1 or found[0].uuid != account_id:
        raise BadAnswer("not the entry that was asked for")
    return found[0]


async def manager(conn: Connection, options: LdapOptions, account_id: str, names: Sequence[str]) -> Entry | None:
    """Read the entry of whoever manages a person; None where nobody is named, or no person below `base`.

    Raises:
        Ambiguous: several are named.
    """
    own = await by_id(conn, options, account_id, [options.manager])
    named = set(own.texts(options.manager))
    if len(named) > 1:
        raise Ambiguous("more than one manager")
    dn = next(filter(options.is_below_base, named), None)  # what is named elsewhere is not ours to judge
    return None if dn is None else await read(conn, dn, names, options.people_filter)
