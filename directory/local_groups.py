"""The groups of a `local` directory: whose they are, which there are, and who is in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import CTE, ColumnElement, Select, exists, func, select

from directory.base import Group, GroupGone, GroupKind
from directory.local_tables import accounts, groups, is_unicode, key, members, nesting

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from sqlalchemy.ext.asyncio import AsyncConnection

    from directory.local_file import LocalFile

BATCH = 1000  # ids


def names_around(account_id: str) -> Select[str]:
    """Select the names of the groups that an account is in, direct and nested."""
    mine = select(members.c.group_key.label("key")).where(members.c.account_id == account_id).cte(recursive=True)
    around = select(nesting.c.outer_key).join(mine, nesting.c.inner_key == mine.c.key)
    every = mine.union(around)  # not UNION ALL: a circle of groups ends
    return select(groups.c.name).where(groups.c.key.in_(select(every.c.key)))


async def find_groups(file: LocalFile, query: str, limit: int) -> tuple[Group, ...]:
    """Find groups whose name holds the query; those that begin with it first."""
    place = func.instr(groups.c.key, key(query))  # LIKE ends a pattern at a NUL
    found = _described().where(place > 0).order_by(place != 1, groups.c.key)
    return await _told(file, found.limit(limit))


async def group(file: LocalFile, group_id: str) -> Group | None:
    """Read one group. Its id is its name in the form in which any case is the same: groups are never renamed."""
    return next(iter(await _told(file, _described().where(groups.c.key == group_id))), None)


async def batches(file: LocalFile, group_id: str) -> AsyncIterator[tuple[str, ...]]:
    """Walk over the members, direct and nested, by their ids; each batch is a transaction of its own.

    Raises:
        GroupGone: no such group.
    """
    if not is_unicode(group_id) or await group(file, group_id) is None:
        raise GroupGone("no such group")
    last = ""
    while True:
        found = await _ids(file, _after(_closure(group_id), last))
        if found:
            yield found
        if len(found) < BATCH:
            return
        last = found[-1]


async def inside(file: LocalFile, group_id: str, ids: Sequence[str]) -> frozenset[str]:
    """Say which of some accounts are members, direct and nested, in one transaction.

    Raises:
        GroupGone: no such group.
    """
    if not is_unicode(group_id) or await group(file, group_id) is None:
        raise GroupGone("no such group")
    closure = _closure(group_id)
    some = select(accounts.c.id).where(accounts.c.id.in_({i for i in ids if is_unicode(i)}), _member_of(closure))
    return frozenset(await _ids(file, some))


def _closure(group_id: str) -> CTE:
    """The keys of a group and of all groups inside it."""
    top = select(groups.c.key).where(groups.c.key == group_id).cte(recursive=True)
    return top.union(select(nesting.c.inner_key).join(top, nesting.c.outer_key == top.c.key))


def _after(closure: CTE, last: str) -> Select[str]:
    """The next ids in their own order: each once, and a page costs no more for what comes before or after it."""
    return select(accounts.c.id).where(accounts.c.id > last, _member_of(closure)).order_by(accounts.c.id).limit(BATCH)


def _member_of(closure: CTE) -> ColumnElement[bool]:
    return exists().where(members.c.account_id == accounts.c.id, members.c.group_key.in_(select(closure.c.key)))


def _described() -> Select[str, str, int]:
    people = select(func.count()).where(members.c.group_key == groups.c.key).scalar_subquery()
    inner = select(func.count()).where(nesting.c.outer_key == groups.c.key).scalar_subquery()
    return select(groups.c.key, groups.c.name, (people + inner).label("size"))


async def _told(file: LocalFile, statement: Select[str, str, int]) -> tuple[Group, ...]:
    async def read(conn: AsyncConnection) -> tuple[Group, ...]:
        rows = (await conn.execute(statement)).mappings()
        return tuple(Group(id=r["key"], name=r["name"], kind=GroupKind.GROUP, size=r["size"]) for r in rows)

    return await file.read(read)


async def _ids(file: LocalFile, statement: Select[str]) -> tuple[str, ...]:
    async def read(conn: AsyncConnection) -> tuple[str, ...]:
        return tuple((await conn.execute(statement)).scalars())

    return await file.read(read)
