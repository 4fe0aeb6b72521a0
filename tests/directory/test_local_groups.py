"""What only the `local` directory's groups have: sizes, ids that are names, and walks over thousands."""

from __future__ import annotations

import pytest
from sqlalchemy import event

from directory.base import Group, GroupGone, GroupKind
from directory.local_people import NewAccount


async def crowd(world, count):
    """Add accounts without passwords; return their ids."""
    people = [NewAccount(login=f"person{n}", name=f"Person {n}", mail=f"p{n}@example.test") for n in range(count)]
    return await world.local.add_accounts(people)


async def walked(world, group_id):
    return [batch async for batch in world.local.members(group_id)]


async def test_a_group_of_thousands_comes_in_batches(world) -> None:
    """2,300 members of two groups that overlap, one inside the other, come in batches of 1,000, each once."""
    ids = await crowd(world, 2400)
    await world.local.add_group("inner", members=ids[1000:2300])
    await world.local.add_group("outer", members=ids[:1500], groups=["inner"])
    batches = await walked(world, "outer")
    assert [len(batch) for batch in batches] == [1000, 1000, 300]
    assert {i for batch in batches for i in batch} == set(ids[:2300])


async def test_a_full_batch_is_not_followed_by_an_empty_one(world) -> None:
    """Exactly 1,000 members are one batch."""
    await world.local.add_group("all", members=await crowd(world, 1000))
    assert [len(batch) for batch in await walked(world, "all")] == [1000]


async def test_a_group_tells_its_size(world) -> None:
    """Direct members are counted, people and groups."""
    ids = await crowd(world, 3)
    await world.local.add_group("Sales", members=ids, groups=["Berlin"])
    assert await world.local.group("sales") == Group("sales", "Sales", GroupKind.GROUP, size=4)
    assert [g.size for g in await world.local.find_groups("berlin")] == [0]


async def test_who_joins_or_leaves_meanwhile_does_no_harm(world) -> None:
    """A walk reads on from the last id, whatever has become of it."""
    ids = sorted(await crowd(world, 1500))
    await world.local.add_group("all", members=ids)
    walk = world.local.members("all")
    first = await anext(walk)
    await world.local.delete_account(first[-1])
    rest = [i async for batch in walk for i in batch]
    assert [*first, *rest] == ids


async def test_nobody_is_walked_in_a_group_that_is_not_there(world) -> None:
    """GroupGone comes at the first step and not before."""
    walk = world.local.members("nothing")
    with pytest.raises(GroupGone):
        await anext(walk)


async def test_a_thousand_names_cost_two_statements(world) -> None:
    """Logins and addresses are looked for by an index each; a thousand ids are one statement."""
    ids = await crowd(world, 1000)
    said = []
    engine = world.local._parts.file.engine.sync_engine
    event.listen(engine, "before_cursor_execute", lambda *told: said.append(told[2]))
    found = await world.local.find_many([f"PERSON{n}" for n in range(1000)])
    assert {a.id for [a] in found.values()} == set(ids)
    assert set(await world.local.fetch(ids)) == set(ids)
    assert sum(text.startswith("SELECT") for text in said) == 3
