"""The queues of a worker: lanes, turns, many works at once, and what is mended in them."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy.exc import OperationalError

from bot.engine import CHUNKS, JOBS, NOTICES, TELLING
from bot.worker import Worker
from desk.tools import Work, WorkKind
from store.base import StoreFailed
from tests.bot.engine_hands import Desk, rows, wait_until


async def test_many_works_are_enqueued_in_one_transaction_while_the_loop_goes_on(engine_home, intake):
    """A thousand chunks at once do not hold up an acknowledgement; each is there once, in its lane."""
    works = [Work(WorkKind.CHUNK, f"{n}.1", lane=f"corp/{n % 4}") for n in range(1000)]
    longest, begun = 0.0, time.monotonic()

    async def ticks():
        nonlocal longest
        while True:
            before = time.monotonic()
            await asyncio.sleep(0.001)
            longest = max(longest, time.monotonic() - before)

    ticking = asyncio.create_task(ticks())
    async with engine_home.write() as tx:
        await intake.enqueue_many(tx, [*works, works[0]])
    took = time.monotonic() - begun
    ticking.cancel()
    assert took < 10  # about 1 s on a quiet machine
    assert longest < took / 2
    found = rows(engine_home, "select queue_name, queue_partition_key, count(*) from workflow_status group by 1, 2")
    assert found == [("chunks", f"corp/{lane}", 250) for lane in range(4)]


async def test_every_kind_of_work_is_done(engine_home, intake, running):
    """Each kind waits in a queue that somebody looks into, with a lane or without."""
    desk = Desk()
    await running(desk)
    async with engine_home.write() as tx:
        for kind in WorkKind:
            await intake.enqueue(tx, Work(kind, "A"))
    await wait_until(lambda: {work.kind for work in desk.seen} == set(WorkKind))


async def test_a_lane_is_worked_one_after_the_other_and_lanes_side_by_side(engine_home, intake, running):
    """Two chunks of a lane are never under way at once; chunks of two lanes are."""
    under_way, most, finished = Counter(), Counter(), []

    async def desk(work):
        lane = work.id[0]
        under_way[lane] += 1
        most[lane] = max(most[lane], under_way[lane])
        most["all"] = max(most["all"], under_way["a"] + under_way["b"])
        if not finished:
            async with asyncio.timeout(15):
                while most["all"] < 2:  # noqa: ASYNC110 - the engine has no event for it
                    await asyncio.sleep(0.01)
        under_way[lane] -= 1
        finished.append(work.id)

    await running(desk)
    async with engine_home.write() as tx:
        works = [Work(WorkKind.CHUNK, f"{lane}{n}", lane=lane) for n in range(3) for lane in "ab"]
        await intake.enqueue_many(tx, works)
    await wait_until(lambda: len(finished) == 6)
    assert (most["a"], most["b"], most["all"]) == (1, 1, 2)


async def test_chunks_that_take_long_hold_up_neither_jobs_nor_notices(engine_home, intake, running):
    """As many chunks as a process does at once, none of which ends: a reset and a notice are done meanwhile."""
    done, go_on = [], asyncio.Event()

    async def desk(work):
        if work.kind in {WorkKind.CHUNK, WorkKind.TELL}:
            done.append("long")
            await go_on.wait()
        done.append(work.kind)

    await running(desk)
    async with engine_home.write() as tx:
        await intake.enqueue_many(
            tx,
            [
                *(Work(WorkKind.CHUNK, str(n), lane=str(n)) for n in range(20)),
                *(Work(WorkKind.TELL, str(n)) for n in range(20)),
            ],
        )
    await wait_until(lambda: done.count("long") == CHUNKS.at_once + TELLING.at_once)
    async with engine_home.write() as tx:
        await intake.enqueue(tx, Work(WorkKind.RESET, "A"))
        await intake.enqueue(tx, Work(WorkKind.NOTICE, "N"))
    await wait_until(lambda: {WorkKind.RESET, WorkKind.NOTICE} <= set(done))
    go_on.set()


@pytest.mark.parametrize("error", [StoreFailed("lost"), OperationalError("select", {}, Exception())], ids=type)
async def test_a_store_that_fails_in_a_step_costs_a_wait_and_never_the_work(
    engine_home, intake, running, monkeypatch, error
):
    """The engine never hears of it: the work is not ended as failed, but done when the store is back."""
    monkeypatch.setattr("bot.worker.FIRST_WAIT", timedelta(milliseconds=1))
    desk = Desk(error, error)
    await running(desk)
    async with engine_home.write() as tx:
        await intake.enqueue(tx, Work(WorkKind.CHUNK, "A.1", lane="corp/0"))
    async with asyncio.timeout(15):
        await desk.finished.wait()
    await wait_until(lambda: rows(engine_home, "select status from workflow_status") == [("SUCCESS",)])


async def test_lost_chunks_are_started_again_in_their_lane(engine_home, intake, running):
    """What the rows say of a bulk is mended as everything is, from a list that is read once."""
    desk = Desk()
    worker = await running(desk)
    works = [Work(WorkKind.CHUNK, f"{n}.1", lane="corp/0") for n in range(3)] + [Work(WorkKind.TELL, "0")]
    assert await worker.mend(iter(works)) == 4
    await wait_until(lambda: set(desk.seen) == {Work(work.kind, work.id) for work in works})
    lanes = rows(engine_home, "select distinct queue_partition_key from workflow_status where queue_name = 'chunks'")
    assert lanes == [("corp/0",)]


async def test_what_the_engine_claimed_and_forgot_goes_on(engine_home, intake, running, monkeypatch):
    """A row that says that we are doing it, with nobody doing it, does not stand still."""
    monkeypatch.setattr("bot.worker.STRAYS_SECONDS", 0.1)
    desk = Desk()
    await running(desk)
    with sqlite3.connect(engine_home.path) as db:
        db.execute("update queues set polling_interval_sec = 600")
    db.close()
    await asyncio.sleep(0.5)  # until the engine has read that; it has no event for it
    async with engine_home.write() as tx:
        await intake.enqueue(tx, Work(WorkKind.CHUNK, "A.1", lane="corp/0"))
    with sqlite3.connect(engine_home.path) as db:
        db.execute("update workflow_status set status = 'PENDING', executor_id = 'rekey'")
    db.close()
    again = "select queue_name, queue_partition_key from workflow_status where status = 'ENQUEUED'"
    await wait_until(lambda: rows(engine_home, again) == [("chunks", "corp/0")])


async def test_the_engine_looks_often_for_chunks_only_while_a_bulk_goes_on(engine_home, intake, running, monkeypatch):
    """Queues that are mostly empty are cheap: they hurry from when a bulk is about to begin until its last chunk."""
    monkeypatch.setattr("bot.engine.CALM_SECONDS", 0)
    pace = "select polling_interval_sec from queues where name in ('chunks', 'telling') order by 1"
    idle, busy = [(CHUNKS.idle,), (TELLING.idle,)], [(CHUNKS.busy,), (TELLING.busy,)]
    assert rows(engine_home, pace) == idle
    go_on = asyncio.Event()

    async def desk(_):
        await go_on.wait()

    worker = await running(desk)
    await worker.bulks_go_on()
    assert rows(engine_home, pace) == busy
    async with engine_home.write() as tx:
        await intake.enqueue(tx, Work(WorkKind.CHUNK, "A.1", lane="corp/0"))
        await intake.enqueue(tx, Work(WorkKind.TELL, "A.1"))
    await worker.mend([])
    assert rows(engine_home, pace) == busy
    go_on.set()
    await wait_until(lambda: rows(engine_home, "select distinct status from workflow_status") == [("SUCCESS",)])
    await worker.mend([])
    assert rows(engine_home, pace) == idle


async def test_the_engine_looks_often_for_what_people_ask_from_when_somebody_is_about(engine_home, intake):
    """Before a reset is asked for, its form is: by then it is looked for often, and calmly again a while later."""
    pace = "select distinct polling_interval_sec from queues where name in ('jobs', 'notices')"
    assert rows(engine_home, pace) == [(JOBS.idle,)]
    intake.stir()
    await wait_until(lambda: set(rows(engine_home, pace)) == {(JOBS.busy,), (NOTICES.busy,)})
    await intake.calm()
    assert set(rows(engine_home, pace)) == {(JOBS.busy,), (NOTICES.busy,)}, "somebody was about just now"


async def test_who_cannot_be_hurried_is_hurried_again(engine_home, intake, caplog):
    """Somebody in Slack is not held up by a database that is away; the next one hurries the queues all the same."""
    renamed(engine_home, "queues", "away")
    intake.stir()
    await wait_until(lambda: "queues_not_hurried" in caplog.text)
    renamed(engine_home, "away", "queues")
    await intake.hurry([JOBS])
    assert rows(engine_home, "select polling_interval_sec from queues where name = 'jobs'") == [(JOBS.busy,)]


def renamed(home, before, after):
    with sqlite3.connect(home.path) as db:
        db.execute(f"alter table {before} rename to {after}")
    db.close()


async def test_a_worker_holds_no_more_chunks_than_there_are_lanes(engine_home, intake):
    """Whoever holds one of every lane does not look for another in vain."""
    held = "select worker_concurrency from queues where name = 'chunks'"
    worker = Worker(engine_home.url, intake, Desk(), lanes=2)
    await worker.start()
    try:
        assert rows(engine_home, held) == [(2,)]
    finally:
        await worker.stop(1)
    await intake.share(CHUNKS, 100)
    assert rows(engine_home, held) == [(CHUNKS.claimed,)]
