"""Transactions: one writer at a time, all or nothing, and every failure as StoreFailed."""

from __future__ import annotations

import asyncio
import sqlite3
import traceback
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import insert, select, text

from resets.actor import SlackPerson
from store import base, forms, lookups, sqlite
from store.base import Store, StoreFailed
from store.tables import forms as form_rows
from store.tables import lookups as lookup_rows

CANARY = "Canary-password-that-nobody-may-see-7"


async def note(store, actor="a"):
    async with store.write() as tx:
        await lookups.add(tx, actor, tx.now())


async def failing(store, callback):
    async with store.write() as tx:
        await lookups.add(tx, "a", tx.now())
        tx.after_commit(callback)
        raise ZeroDivisionError


async def noted(store, actor="a"):
    async with store.read() as tx:
        return await lookups.count(tx, actor, datetime(2000, 1, 1, tzinfo=UTC))


async def test_a_write_is_kept_as_a_whole_or_not_at_all(store):
    """An exception in the middle takes everything back, and comes out as it was."""
    with pytest.raises(ZeroDivisionError):
        await failing(store, lambda: None)
    assert await noted(store) == 0
    await note(store)
    assert await noted(store) == 1


async def test_callbacks_come_after_the_commit_only(store):
    """What is told to the outside has happened for good."""
    heard = []
    async with store.write() as tx:
        tx.after_commit(lambda: heard.append("kept"))
        assert heard == []
    with pytest.raises(ZeroDivisionError):
        await failing(store, lambda: heard.append("never"))
    assert heard == ["kept"]


async def test_a_read_cannot_write(store):
    """The database itself refuses a write in a `read`."""
    with pytest.raises(StoreFailed):
        async with store.read() as tx:
            await lookups.add(tx, "a", tx.now())
    await note(store)
    assert await noted(store) == 1


async def test_a_read_sees_one_moment(store):
    """What is written meanwhile does not show until the next read."""
    since = datetime(2000, 1, 1, tzinfo=UTC)
    async with store.read() as tx:
        assert await lookups.count(tx, "a", since) == 0
        await note(store)
        assert await lookups.count(tx, "a", since) == 0
    assert await noted(store) == 1


async def test_writers_queue_in_the_order_of_asking(sqlite_store):
    """On SQLite nobody is overtaken: the wait of SQLite itself would be a lottery."""
    order = []

    async def writer(number):
        async with sqlite_store.write() as tx:
            order.append(number)
            await lookups.add(tx, "a", tx.now())

    async with asyncio.TaskGroup() as group:
        for number in range(40):
            group.create_task(writer(number))
    assert order == list(range(40))
    assert await noted(sqlite_store) == 40


async def test_whom_slack_waits_for_goes_first(sqlite_store):
    """A click that Slack gives three seconds does not stand behind what can wait; among equals, the order holds."""
    order = []

    async def writer(number):
        async with sqlite_store.write(waited_for=number >= 20):
            order.append(number)

    async with asyncio.TaskGroup() as group, sqlite_store.write():
        tasks = [group.create_task(writer(number)) for number in range(40)]
        await asyncio.sleep(0)  # all of them have asked
        tasks[3].cancel()
        tasks[23].cancel()
    assert order == [n for n in (*range(20, 40), *range(20)) if n not in {3, 23}]


async def test_a_writer_holds_nobody_up_who_reads(sqlite_store):
    """WAL: a modal opens while a write is going on."""
    async with sqlite_store.write() as tx:
        await lookups.add(tx, "a", tx.now())
        assert await noted(sqlite_store) == 0


async def test_a_cancelled_write_leaves_nothing_and_holds_nothing(store):
    """A task that is ended in the middle of a transaction neither keeps it nor blocks the next writer."""
    begun = asyncio.Event()

    async def endless():
        async with store.write() as tx:
            await lookups.add(tx, "a", tx.now())
            begun.set()
            await asyncio.Event().wait()

    for _ in range(3):
        begun.clear()
        task = asyncio.ensure_future(endless())
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.wait_for(note(store, "next"), 5)
    assert await noted(store) == 0
    assert await noted(store, "next") == 3


async def test_cancelled_at_any_point_it_is_kept_and_told_or_neither(store):
    """However far a write got when its task was ended: what was told was kept, and what was kept was told."""
    told = []

    async def one(number):
        async with store.write() as tx:
            tx.after_commit(lambda: told.append(number))
            await lookups.add(tx, str(number), tx.now())

    for turns in range(40):
        task = asyncio.ensure_future(one(turns))
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        assert await noted(store, str(turns)) == told.count(turns)
    await asyncio.wait_for(note(store), 5)


async def test_a_locked_database_is_said_so(sqlite_store, tmp_path, monkeypatch):
    """Another process that never ends its write makes ours fail, not hang."""
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0.05)
    hasty = Store(sqlite_store.url, sqlite_store.ring, sqlite_store.clock)
    other = sqlite3.connect(tmp_path / "rekey.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreFailed) as caught:
        await note(hasty)
    assert caught.value.what == "locked"
    other.rollback()
    other.close()
    await note(hasty)
    await hasty.close()


async def test_a_full_disk_is_said_so_and_nothing_is_half_kept(sqlite_store):
    """Where the disk is full the write fails as a whole, and works again once there is room."""
    await note(sqlite_store)

    async def limit(pages):
        async with sqlite_store.write() as tx:
            await tx.conn.execute(text(f"PRAGMA max_page_count = {pages}"))
            return await tx.conn.scalar(text("PRAGMA page_count"))

    async def much():
        async with sqlite_store.write() as tx:
            await lookups.add(tx, "a", tx.now())
            for number in range(200):
                far = tx.now() + timedelta(hours=1)
                await forms.open(tx, f"f{number}", "x" * 500, SlackPerson("T", "U"), None, {"a": "b" * 900}, far)

    await limit(await limit(1))
    with pytest.raises(StoreFailed) as caught:
        await much()
    assert caught.value.what == "full"
    assert await noted(sqlite_store) == 1
    await limit(1_000_000)
    await note(sqlite_store)
    assert await noted(sqlite_store) == 2


async def test_a_file_that_is_no_database_is_said_so(sqlite_url, tmp_path):
    """A damaged file ends in StoreFailed at every door."""
    (tmp_path / "rekey.db").write_bytes(b"not a database at all" * 100)
    for door in (base.state, base.upgrade):
        with pytest.raises(StoreFailed) as caught:
            await door(sqlite_url)
        assert caught.value.what == "lost"


async def test_a_folder_that_is_missing_is_said_so(tmp_path):
    """`db upgrade` into nowhere is a StoreFailed."""
    with pytest.raises(StoreFailed) as caught:
        await base.upgrade(f"sqlite+aiosqlite:///{tmp_path}/nowhere/rekey.db")
    assert caught.value.what == "lost"


@pytest.mark.server
async def test_a_lost_server_is_said_so_and_found_again(server, ring, clock):
    """Connections that the server has ended fail what is under way; the next transaction gets new ones."""
    url = server.database()
    await base.upgrade(url)
    store = await Store.open(url, ring, clock=clock)

    async def interrupted():
        async with store.write() as tx:
            await lookups.add(tx, "a", tx.now())
            server.end_connections()
            await lookups.add(tx, "a", tx.now())

    with pytest.raises(StoreFailed) as caught:
        await interrupted()
    assert caught.value.what == "lost"
    await note(store)
    assert await noted(store) == 1
    await store.close()


@pytest.mark.server
async def test_an_absent_server_is_said_so():
    """Nobody listens: StoreFailed, at once."""
    with pytest.raises(StoreFailed) as caught:
        await base.state("postgresql+psycopg://rekey@127.0.0.1:1/rekey")
    assert caught.value.what == "lost"


async def test_a_row_that_is_there_is_a_conflict(store):
    """A repeated id never overwrites; the message shows no value of the row."""
    row = {"id": "f1", "kind": CANARY, "team": "T", "slack_user": "U", "state": {"secret": CANARY}}
    row |= {"opened_at": store.clock(), "expires_at": store.clock()}

    async def twice():
        async with store.write() as tx:
            await tx.conn.execute(insert(form_rows).values(**row))
            await tx.conn.execute(insert(form_rows).values(**row))

    with pytest.raises(StoreFailed) as caught:
        await twice()
    assert caught.value.what == "conflict"
    assert CANARY not in "".join(traceback.format_exception(caught.value))


async def test_times_come_back_as_the_same_moment_in_utc(store):
    """Whatever zone a time was given in, it comes back in UTC; a naive one is refused."""
    given = datetime(2026, 7, 1, 12, 30, 5, 123456, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    async with store.write() as tx:
        await lookups.add(tx, "a", given)
    async with store.read() as tx:
        kept = await tx.conn.scalar(select(lookup_rows.c.at))
    assert kept == given
    assert kept.tzinfo is UTC
    with pytest.raises(StoreFailed):
        async with store.write() as tx:
            await lookups.add(tx, "a", datetime(2026, 7, 1))  # noqa: DTZ001  # the very thing that is refused


async def test_a_closed_store_may_be_closed_again(store):
    """Shutdown may come from two sides."""
    await store.close()
    await store.close()


async def test_the_store_is_set_up_for_safety(sqlite_store):
    """WAL, full synchronous, foreign keys and secure delete are on for every write."""
    async with sqlite_store.write() as tx:
        found = {
            name: await tx.conn.scalar(text(f"PRAGMA {name}"))
            for name in ("journal_mode", "synchronous", "foreign_keys", "secure_delete")
        }
    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "secure_delete": 1}
