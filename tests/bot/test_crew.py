"""Who is alive, who leads, and who hands on what the dead had begun."""

from __future__ import annotations

import asyncio
import os
import re
from datetime import timedelta

import psycopg
import pytest

from bot.crew import Crew, DeclaredDead
from store import workers

pytestmark = pytest.mark.server


def rows(home, sql):
    with psycopg.connect(home.url.replace("+psycopg", "")) as connection:
        return connection.execute(sql).fetchall()


async def test_only_the_eldest_living_worker_leads(home):
    """What must be done by one is done by one; when it goes, by the next."""
    first, second = Crew(home.store), Crew(home.store)
    for each in (first, second):
        await each.join()
        await each.beat()
    assert (first.leads, second.leads) == (True, False)
    await first.leave()
    await second.beat()
    assert (first.leads, second.leads) == (False, True)


async def test_names_are_never_used_twice(home):
    """Every start has a name of its own, so that nobody goes on with a living worker's works."""
    crew = Crew(home.store)
    names = []
    for _ in range(3):
        await crew.join()
        names.append(crew.id)
        await crew.leave()
    assert len(set(names)) == 3
    assert all(re.fullmatch(rf".+-{os.getpid()}-[0-9a-f]{{8}}", name) for name in names)


async def test_who_was_struck_out_is_told_and_is_not_fit(home):
    """A worker whose row is gone may begin nothing."""
    crew = Crew(home.store)
    await crew.join()
    assert crew.fit()
    async with home.write() as tx:
        await workers.leave(tx, crew.id)
    with pytest.raises(DeclaredDead):
        await crew.beat()
    assert not crew.fit()
    with pytest.raises(DeclaredDead):
        await crew.sure()


async def test_by_its_own_watch_a_worker_knows_that_it_may_have_been_overtaken(home):
    """When its last sign of life is as old as the time to live, it does not begin; with a new one it does."""
    now = 1000.0
    crew = Crew(home.store, ttl=timedelta(seconds=30), watch=lambda: now)
    await crew.join()
    now += 29
    assert crew.fit()
    now += 1
    assert not crew.fit()
    await crew.sure()
    assert crew.fit()


async def test_who_was_cut_off_judges_nobody(home):
    """After a gap of its own a worker first says thrice that it lives: in an outage, all fall silent at once."""
    now = 1000.0
    crew = Crew(home.store, beat=timedelta(seconds=5), ttl=timedelta(minutes=5), watch=lambda: now)
    await crew.join()
    with psycopg.connect(home.url.replace("+psycopg", "")) as connection:
        connection.execute(
            "insert into workers values ('gone', 'h', 1, now() - interval '1 hour', now() - interval '1 hour')"
        )
    heard = []
    for gap in (5, 5, 5, 60, 5, 5, 5):
        now += gap
        heard.append(await crew.beat())
    assert heard == [False, False, True, False, False, False, True]


@pytest.mark.parametrize("jump", ["- interval '1 day'", "+ interval '1 day'"])
async def test_after_a_jump_of_the_clock_a_dead_worker_is_found_all_the_same(home, jump):
    """The database's clock was set: the last sign of life of one that died is a day old, or of tomorrow."""
    now = 1000.0
    crew = Crew(home.store, beat=timedelta(seconds=5), ttl=timedelta(minutes=5), watch=lambda: now)
    await crew.join()
    with psycopg.connect(home.url.replace("+psycopg", "")) as connection:
        connection.execute(f"insert into workers values ('gone', 'h', 1, now() {jump}, now() {jump})")
    heard = []
    for _ in range(3):
        now += 5
        heard.append(await crew.beat())
    assert heard == [False, False, True]
    handed_on = []

    async def hand_on(name):
        handed_on.append(name)
        return 0

    await crew.reap(hand_on)
    assert handed_on == ["gone"]


async def test_only_one_hands_the_works_of_the_dead_on(home):
    """Two that find the same worker dead do not both give its works back: one of them would take them from a third."""
    first, second = (Crew(home.store, ttl=timedelta(0)) for _ in range(2))
    await first.join()
    inside, go_on, seen = asyncio.Event(), asyncio.Event(), []

    async def slowly(name):
        seen.append(name)
        inside.set()
        await go_on.wait()
        return 0

    async def at_once(name):
        seen.append(name)
        return 0

    reaping = asyncio.create_task(first.reap(slowly))
    async with asyncio.timeout(15):
        await inside.wait()
        await second.reap(at_once)
        go_on.set()
        await reaping
    assert seen == [first.id]
    assert rows(home, "select count(*) from workers") == [(0,)]
