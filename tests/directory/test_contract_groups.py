"""Groups and their members, nested as deep as they are, where a connector declares them."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from directory.base import Capability, Directory, GroupGone, GroupKind
from tests.directory.contract import declares, inside, made, named
from tests.directory.harness import Harness, Person


async def test_groups_are_told_nested_and_sorted(harness: Harness, directory: Directory) -> None:
    """Direct and nested groups come sorted, each once, also where groups hold each other in a circle."""
    if not declares(harness, directory, Capability.GROUPS):
        return
    account = await made(harness, directory)
    assert await directory.groups(account) == ()
    zebra = await harness.join(account.id, "zebra")
    outer = await harness.nest("zebra", inside="antelope")
    assert await directory.groups(account) == tuple(sorted((zebra, outer)))
    await harness.nest("antelope", inside="zebra")
    assert await directory.groups(account) == tuple(sorted((zebra, outer)))


async def test_groups_are_found_by_a_part_of_their_name(harness: Harness, directory: Directory) -> None:
    """A name's beginning or middle finds it, in any case; beginnings come first; nothing typed is a pattern."""
    if not declares(harness, directory, Capability.MEMBERS):
        return
    account = await made(harness, directory)
    for name in ("Sales", "Presales", "Engines (all) *", "Žofie 100%"):
        await harness.join(account.id, name)
    assert [g.name for g in await directory.find_groups("SALES")] == ["Sales", "Presales"]
    assert [g.name for g in await directory.find_groups(" sal ", limit=1)] == ["Sales"]
    assert [g.name for g in await directory.find_groups("žofie 100%")] == ["Žofie 100%"]
    assert [g.name for g in await directory.find_groups("(all) *")] == ["Engines (all) *"]
    for nothing in ("s*s", "*les", "_ales", "%", "\ud800", "\x00", "a" * 300, "*)(cn=*"):
        assert "Sales" not in {g.name for g in await directory.find_groups(nothing)}
    assert {"Sales", "Presales"} <= {g.name for g in await directory.find_groups("", limit=100)}
    assert len(await directory.find_groups("", limit=2)) == 2
    sales = await named(directory, "Sales")
    assert sales.kind is GroupKind.GROUP
    assert await directory.group(sales.id) == sales


async def test_members_are_walked_nested_and_once(harness: Harness, directory: Directory) -> None:
    """Direct and nested members come, each once, also where groups hold each other in a circle."""
    if not declares(harness, directory, Capability.MEMBERS):
        return
    ada = await made(harness, directory)
    charles = await made(harness, directory, Person(login="charles", name="Charles B", mail="charles@example.test"))
    await made(harness, directory, Person(login="nobodys", name="No Member", mail="nobodys@example.test"))
    await harness.join(ada.id, "outer")
    await harness.join(ada.id, "inner")
    await harness.join(charles.id, "inner")
    await harness.nest("inner", inside="outer")
    outer, inner = await named(directory, "outer"), await named(directory, "inner")
    assert set(await inside(directory, outer.id)) == {ada.id, charles.id}
    await harness.nest("outer", inside="inner")
    await harness.nest("inner", inside="inner")
    assert set(await inside(directory, outer.id)) == {ada.id, charles.id}
    assert set(await inside(directory, inner.id)) == {ada.id, charles.id}
    await harness.delete(charles.id)
    assert set(await inside(directory, outer.id)) == {ada.id}


async def test_who_of_some_is_inside(harness: Harness, directory: Directory) -> None:
    """Of few accounts and of many, those are told that are in the group, directly or nested, and nobody else."""
    if not declares(harness, directory, Capability.MEMBERS):
        return
    people = [
        await made(harness, directory, Person(login=f"p{n}", name=f"P {n}", mail=f"p{n}@example.test"))
        for n in range(6)
    ]
    ids = [each.id for each in people]
    await harness.join(ids[0], "outer")
    await harness.join(ids[1], "inner")
    await harness.join(ids[5], "other")
    await harness.nest("inner", inside="outer")
    await harness.nest("outer", inside="inner")
    outer = await named(directory, "outer")
    for some in (ids[:1], ids[1:3], ids[:3], ids, [*ids, "nonsense", "\ud800", "*"]):
        assert await directory.inside(outer, some) == {ids[0], ids[1]} & set(some)
    assert await directory.inside(outer, []) == set()


async def test_a_place_is_named_by_its_id(harness: Harness, directory: Directory) -> None:
    """What an operator writes down finds the group again; nonsense finds none, and what is gone holds nobody."""
    if not declares(harness, directory, Capability.MEMBERS):
        return
    account = await made(harness, directory)
    await harness.join(account.id, "Desk")
    desk = await named(directory, "Desk")
    assert await directory.place(desk.id) == desk
    assert await directory.place(desk.id.upper()) == desk
    for nothing in ("", "nonsense", "*", "\ud800", account.id, "00000000-0000-4000-8000-000000000000"):
        assert await directory.place(nothing) is None
    gone = replace(desk, id="00000000-0000-4000-8000-000000000000")
    for some in ([account.id], [account.id] * 5):
        with pytest.raises(GroupGone):
            await directory.inside(gone, some)


async def test_an_empty_group_has_no_members(harness: Harness, directory: Directory) -> None:
    """A group without people is a walk without a step, and no error."""
    if not declares(harness, directory, Capability.MEMBERS):
        return
    await harness.nest("nothing", inside="nobody")
    await harness.nest("nobody", inside="nothing")
    assert await inside(directory, (await named(directory, "nobody")).id) == []
    assert await inside(directory, (await named(directory, "nothing")).id) == []


async def test_a_group_that_is_not_there_is_gone(harness: Harness, directory: Directory) -> None:
    """An id of nonsense, of an account or of nobody is GroupGone when walked, and None when read."""
    if not declares(harness, directory, Capability.MEMBERS):
        return
    account = await made(harness, directory)
    for group_id in ("", "nonsense", "*", "\ud800", account.id, "00000000-0000-4000-8000-000000000000"):
        assert await directory.group(group_id) is None
        with pytest.raises(GroupGone):
            await inside(directory, group_id)


async def test_a_batch_may_be_fetched_while_the_walk_goes_on(harness: Harness, directory: Directory) -> None:
    """A walk holds nothing between two batches: many walks at once, each fetching as it goes, all end."""
    if not declares(harness, directory, Capability.MEMBERS):
        return
    account = await made(harness, directory)
    await harness.join(account.id, "sales")
    sales = await named(directory, "sales")

    async def walk() -> list[str]:
        return [i async for batch in directory.members(sales.id) for i in await directory.fetch(batch)]

    assert await asyncio.gather(*(walk() for _ in range(12))) == [[account.id]] * 12
