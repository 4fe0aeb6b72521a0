"""Groups and organizational units of an LDAP server: looked for by name, and walked from the top down."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import ldap
import ldap.dn
from ldap.filter import escape_filter_chars

from directory.base import BadAnswer, Group, GroupGone, GroupKind
from directory.ldap_entry import UUID
from directory.ldap_options import same_dn
from directory.ldap_search import MOST_GROUPS, any_class, any_of, chunks, group_classes, named_by, pages, read, search

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from directory.ldap_entry import Entry
    from directory.ldap_options import LdapOptions
    from directory.ldap_pool import Connection, Pool

BATCH = 1000  # ids
FEW = 3  # people whose groups are read, and not the group
NAMES = ("entryUUID", "objectClass", "cn", "ou")
BETWEEN = " › "  # noqa: RUF001 - between the parts of a path; no name holds it
UNIT = "organizationalunit"


async def find_groups(conn: Connection, options: LdapOptions, query: str, limit: int) -> tuple[Group, ...]:
    """Find groups and units whose name holds the query, those that begin with it first.

    The classes narrow the search down before names are looked at one by one, which no index of names is needed for.
    """
    value = escape_filter_chars(query)
    found: dict[str, Group] = {}
    for pattern in (f"{value}*", f"*{value}*") if value else ("*",):
        ahead = len(found)
        met: list[Group] = []
        for base, condition in _kinds(options, pattern):
            met += [_group(e, options) for e in await search(conn, base, condition, NAMES, most=limit + ahead)]
        for one in sorted(met, key=lambda g: (g.name.casefold(), g.path)):
            found.setdefault(one.id, one)
        if len(found) >= limit:
            break
    return tuple(found.values())[:limit]


async def group(conn: Connection, options: LdapOptions, group_id: str) -> Group | None:
    """Read one group or unit by its entryUUID."""
    entry = await _entry(conn, options, group_id)
    return None if entry is None else _group(entry, options)


async def place(conn: Connection, options: LdapOptions, name: str) -> Group | None:
    """Read one group or unit by its entryUUID or its DN, wherever in the tree that is."""
    if UUID.fullmatch(name.lower()):
        return await group(conn, options, name.lower())
    if not ldap.dn.is_dn(name) or not name:
        return None
    entry = await read(conn, name, NAMES, any_class({*group_classes(options), UNIT}))
    return None if entry is None else await group(conn, options, entry.uuid)


async def inside(pool: Pool, options: LdapOptions, group_id: str, ids: Sequence[str]) -> frozenset[str] | None:
    """Say which of some people are below a unit or, of a few, in a group; None: the group is better walked over.

    A unit may hold everybody, so it is asked for those people alone; for a few people it costs less to read the groups
    around them than all that are in a group.

    Raises:
        GroupGone: neither a group nor a unit has this id (any more).
    """
    async with pool.take() as conn:
        top = await _top(conn, options, group_id)
        wanted = list(filter(UUID.fullmatch, ids))
        found: set[str] = set()
        if _is_unit(top):
            for chunk in chunks(wanted):
                condition = f"(&{options.people_filter}{any_of('entryUUID', chunk)})"
                found.update(entry.uuid for entry in await search(conn, top.dn, condition, ["entryUUID"]))
        elif len(wanted) <= FEW:
            condition = f"(&{options.people_filter}{any_of('entryUUID', wanted)})" if wanted else ""
            people = await search(conn, options.base, condition, ["entryUUID", options.login]) if wanted else []
            for person in people:
                if top.dn.lower() in map(str.lower, await groups_of(conn, options, person)):
                    found.add(person.uuid)
        else:
            return None
    return frozenset(found & set(wanted))


async def batches(pool: Pool, options: LdapOptions, group_id: str) -> AsyncIterator[tuple[str, ...]]:
    """Walk over the members' entryUUIDs, with no connection held while somebody works on a batch.

    All ids are read first, 16 bytes each: a paged search lives as long as its connection, and who fetches each batch
    needs one of the same few. A group's own values come in one message (RFC 4511 knows no ranges of values).

    Raises:
        GroupGone: neither a group nor a unit has this id (any more).
    """
    async with pool.take() as conn:
        top = await _top(conn, options, group_id)
        ids = await _below(conn, options, top.dn) if _is_unit(top) else None
    if ids is None:
        ids = await _inside(pool, options, top.dn)
    for start in range(0, len(ids), 16 * BATCH):
        some = bytes(ids[start : start + 16 * BATCH])
        yield tuple(str(uuid.UUID(bytes=some[i : i + 16])) for i in range(0, len(some), 16))


async def groups_of(conn: Connection, options: LdapOptions, person: Entry) -> tuple[str, ...]:
    """Read the DNs of all groups that an entry is a direct or nested member of, from the entry upwards, sorted.

    Args:
        conn: a connection.
        options: the settings.
        person: read with the login.

    Raises:
        BadAnswer: more than can be true.
    """
    found: dict[str, str] = {}
    waiting = [*person.texts(options.login)] if options.members_are_logins else [person.dn]
    while waiting:
        above: list[str] = []
        for chunk in chunks(waiting):
            condition = any_of(options.group_member, chunk)
            for entry in await search(conn, options.groups_base or options.base, condition, ["1.1"]):
                if entry.dn.lower() not in found:
                    found[entry.dn.lower()] = entry.dn
                    above.append(entry.dn)
        if len(found) > MOST_GROUPS:
            raise BadAnswer("more groups than can be true")
        waiting = [] if options.members_are_logins else above  # no group has a login
    return tuple(sorted(found.values()))


# -- whom they hold ----------------------------------------------------------------------------------------


async def _below(conn: Connection, options: LdapOptions, dn: str) -> bytearray:
    """Read the ids of all people below a unit."""
    ids = bytearray()
    async for page in pages(conn, dn, options.people_filter, ["entryUUID"], options.page_size):
        for entry in page:
            ids += uuid.UUID(entry.uuid).bytes
    return ids


async def _inside(pool: Pool, options: LdapOptions, dn: str) -> bytearray:
    """Read the ids of all direct and nested members of a group; a group that is gone by now holds nobody."""
    ids, met = bytearray(), set[bytes]()
    people = f"(|{options.people_filter}{any_class(group_classes(options))})"
    waiting, seen = [dn], {dn.lower()}
    while waiting:
        values = await _values(pool, options, waiting.pop())
        for start in range(0, len(values), 5):  # others have a turn at the connection in between
            async with pool.take() as conn:
                for chunk in values[start : start + 5]:
                    for member in await named_by(conn, options, chunk, people):
                        if member.classes & group_classes(options):
                            if member.dn.lower() not in seen:
                                seen.add(member.dn.lower())
                                waiting.append(member.dn)
                        elif (one := uuid.UUID(member.uuid).bytes) not in met:
                            met.add(one)
                            ids += one
        if len(seen) > MOST_GROUPS:
            raise BadAnswer("more groups than can be true")
    return ids


async def _values(pool: Pool, options: LdapOptions, dn: str) -> list[list[str]]:
    async with pool.take() as conn:
        entry = await read(conn, dn, [options.group_member])
    return [] if entry is None else chunks(entry.texts(options.group_member))


# -- what they are -----------------------------------------------------------------------------------------


async def _top(conn: Connection, options: LdapOptions, group_id: str) -> Entry:
    top = await _entry(conn, options, group_id)
    if top is None:
        raise GroupGone("no such group or unit")
    return top


async def _entry(conn: Connection, options: LdapOptions, group_id: str) -> Entry | None:
    if not UUID.fullmatch(group_id):
        return None
    which = any_of("entryUUID", [group_id])
    either = any_class({*group_classes(options), UNIT})
    for base in filter(None, (options.base, options.groups_elsewhere)):
        for entry in await search(conn, base, f"(&{which}{either})", NAMES, most=2):
            if entry.uuid == group_id:
                return entry
    return None


def _kinds(options: LdapOptions, pattern: str) -> list[tuple[str, str]]:
    """Give where to look for groups and for units, and how."""
    groups = f"(&{any_class(group_classes(options))}(cn={pattern}))"
    units = f"(&{any_class({UNIT})}(ou={pattern}))"
    if options.groups_base is None:
        return [(options.base, f"(|{groups}{units})")]
    return [(options.groups_base, groups), (options.base, units)]


def _is_unit(entry: Entry) -> bool:
    return UNIT in entry.classes


def _group(entry: Entry, options: LdapOptions) -> Group:
    unit = _is_unit(entry)
    path = _path(entry.dn, options)
    name = entry.text("ou" if unit else "cn") or path.rpartition(BETWEEN)[2]
    return Group(id=entry.uuid, name=name, kind=GroupKind.OU if unit else GroupKind.GROUP, path=path)


def _path(dn: str, options: LdapOptions) -> str:
    """Tell a DN as a person would: what is below the nearest of our bases, from the top down."""
    try:
        parts = ldap.dn.str2dn(dn)
        tops = [ldap.dn.str2dn(base) for base in (options.base, options.groups_elsewhere) if base]
    except ldap.DECODING_ERROR:
        raise BadAnswer("a DN that is none") from None
    above = max((len(top) for top in tops if same_dn(parts[-len(top) :], top)), default=0)
    names = [part[0][1] for part in parts[: max(1, len(parts) - above)]]
    return BETWEEN.join(reversed(names))
