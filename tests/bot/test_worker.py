"""The durable engine: nothing is lost, nothing is done at the same time by two, and nothing in a row runs code."""

from __future__ import annotations

import asyncio
import base64
import os
import pickle
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from bot.crew import EngineNotReady
from bot.engine import CHUNKS, TELLING, Intake
from bot.worker import Worker
from desk.tools import Work, WorkKind
from store.base import StoreFailed

CHILD = Path(__file__).with_name("engine_child.py")
ROOT = Path(__file__).parents[2]


class Desk:
    """Remembers what it was asked to do, and waits as the test says."""

    def __init__(self, *waits):
        self.waits = list(waits)
        self.seen = []
        self.finished = asyncio.Event()

    async def __call__(self, work):
        self.seen.append(work)
        wait = self.waits.pop(0) if self.waits else None
        if isinstance(wait, Exception):
            raise wait
        if wait is None:
            self.finished.set()
        return wait


@pytest.fixture
async def intake(engine_home):
    made = Intake(engine_home.url)
    yield made
    made.close()


@pytest.fixture
async def running(engine_home, intake):
    workers = []

    async def start(do):
        made = Worker(engine_home.url, intake, do)
        await made.start()
        workers.append(made)
        return made

    yield start
    for made in workers:
        await made.stop(1)


async def wait_until(condition):
    async with asyncio.timeout(15):
        while not condition():  # noqa: ASYNC110 - the other process has no event to wait for
            await asyncio.sleep(0.02)


def rows(home, sql, *args):
    with sqlite3.connect(home.path) as db:
        found = db.execute(sql, args).fetchall()
    db.close()
    return found


async def test_work_runs_until_it_says_that_it_is_finished(engine_home, intake, running):
    """What was enqueued in a kept transaction is called again after each wait, until it returns None."""
    desk = Desk(timedelta(milliseconds=5), timedelta(milliseconds=5))
    await running(desk)
    async with engine_home.write() as tx:
        await intake.enqueue(tx, Work(WorkKind.RESET, "A"))
    async with asyncio.timeout(15):
        await desk.finished.wait()
    assert desk.seen == [Work(WorkKind.RESET, "A")] * 3


async def test_a_transaction_that_is_rolled_back_takes_its_work_along(engine_home, intake):
    """No deed, no work."""

    async def deed():
        async with engine_home.write() as tx:
            await intake.enqueue(tx, Work(WorkKind.RESET, "A"))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await deed()
    assert rows(engine_home, "select count(*) from workflow_status") == [(0,)]


async def test_asking_twice_is_asking_once(engine_home, intake, running):
    """The same work enqueued twice, in one transaction or in two, is done once."""
    desk = Desk()
    await running(desk)
    async with engine_home.write() as tx:
        await intake.enqueue(tx, Work(WorkKind.NOTICE, "N"))
        await intake.enqueue(tx, Work(WorkKind.NOTICE, "N"))
    async with asyncio.timeout(15):
        await desk.finished.wait()
    async with engine_home.write() as tx:
        await intake.enqueue(tx, Work(WorkKind.NOTICE, "N"))
        await intake.enqueue(tx, Work(WorkKind.NOTICE, "last"))
    await wait_until(lambda: Work(WorkKind.NOTICE, "last") in desk.seen)
    assert desk.seen.count(Work(WorkKind.NOTICE, "N")) == 1


async def test_an_unexpected_error_is_tried_again_and_its_text_stays_out_of_the_engine(
    engine_home, intake, running, monkeypatch
):
    """A bug in a step costs a wait, not the work; what the error said is in no table."""
    monkeypatch.setattr("bot.worker.FIRST_WAIT", timedelta(milliseconds=1))
    desk = Desk(RuntimeError("pass-canary-phrase"))
    await running(desk)
    async with engine_home.write() as tx:
        await intake.enqueue(tx, Work(WorkKind.RESET, "A"))
    async with asyncio.timeout(15):
        await desk.finished.wait()
    assert len(desk.seen) == 2
    for file in engine_home.path.parent.glob("engine.db*"):
        assert b"pass-canary-phrase" not in file.read_bytes()


async def test_only_ids_stand_in_the_engines_tables(engine_home, intake):
    """The engine stores the kind and the id as JSON, and nothing else of ours."""
    async with engine_home.write() as tx:
        await intake.enqueue(tx, Work(WorkKind.RESET, "A"))
    assert rows(engine_home, "select workflow_uuid, serialization from workflow_status") == [
        ("reset-A", "portable_json")
    ]
    assert rows(engine_home, "select inputs from workflow_input") == [
        ('{"namedArgs":{},"positionalArgs":["reset","A"]}',)
    ]


def test_the_engine_is_named_in_two_files_only():
    """Whoever replaces the engine one day knows where to look."""
    rooms = ("bot", "handlers", "desk", "notify", "views", "store", "resets", "directory", "practice")
    named = {
        str(path.relative_to(ROOT))
        for room in rooms
        for path in (ROOT / room).rglob("*.py")
        if re.search(r"^\s*(from|import) dbos\b", path.read_text(), re.MULTILINE)
    }
    assert named == {"bot/engine.py", "bot/worker.py"}


class Bomb:
    """Unpickled, it makes a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (os.mkdir, (str(self.path),))


async def test_a_planted_pickle_does_not_run(engine_home, intake, running, tmp_path):
    """Who can write the engine's rows can make no code of theirs run in our process."""
    crater = tmp_path / "crater"
    bomb = base64.b64encode(pickle.dumps({"args": (Bomb(crater), "A"), "kwargs": {}})).decode()
    async with engine_home.write() as tx:
        await intake.enqueue(tx, Work(WorkKind.RESET, "planted"))
    with sqlite3.connect(engine_home.path) as db:
        db.execute("update workflow_status set serialization = 'py_pickle'")
        db.execute("update workflow_input set inputs = ?", (bomb,))
    db.close()
    desk = Desk()
    worker = await running(desk)
    await wait_until(lambda: rows(engine_home, "select status from workflow_status") == [("ERROR",)])
    assert await worker.mend([]) == 0
    assert not crater.exists()
    assert desk.seen == []


async def test_a_second_engine_on_the_same_store_is_refused(engine_home, intake, running):
    """On one SQLite file one engine runs at a time; the second is told what to do."""
    await running(Desk())
    with pytest.raises(EngineNotReady, match="--no-worker"):
        await Worker(engine_home.url, intake, Desk()).start()


async def test_missing_tables_are_a_sentence(tmp_path):
    """A store that was never set up for the engine names the command that mends it."""
    url = f"sqlite+aiosqlite:///{tmp_path}/none.db"
    intake = Intake(url)
    with pytest.raises(EngineNotReady, match="rekey db upgrade"):
        await Worker(url, intake, Desk()).start()
    intake.close()


async def test_lost_work_is_started_again(engine_home, intake, running):
    """What the rows say is open, and the engine has lost or ended, is begun again; what is under way is left alone."""
    desk = Desk()
    worker = await running(desk)
    assert await worker.mend([Work(WorkKind.EXPIRE, "lost")]) == 1
    await wait_until(lambda: Work(WorkKind.EXPIRE, "lost") in desk.seen)
    await wait_until(lambda: rows(engine_home, "select status from workflow_status") == [("SUCCESS",)])
    assert await worker.mend([Work(WorkKind.EXPIRE, "lost")]) == 1  # ended, but its row says it is not done
    await wait_until(lambda: len(desk.seen) == 2)


async def test_finished_work_is_removed(engine_home, intake, running):
    """The engine's rows of ended work do not pile up."""
    desk = Desk()
    worker = await running(desk)
    async with engine_home.write() as tx:
        await intake.enqueue(tx, Work(WorkKind.RESET, "A"))
    await wait_until(lambda: rows(engine_home, "select status from workflow_status") == [("SUCCESS",)])
    assert await worker.tidy((datetime.now(UTC) - timedelta(hours=1)).isoformat()) == 0  # noqa: TID251
    assert await worker.tidy((datetime.now(UTC) + timedelta(hours=1)).isoformat()) == 1  # noqa: TID251
    assert rows(engine_home, "select count(*) from workflow_status") == [(0,)]


async def test_however_much_has_finished_is_removed(engine_home, intake, running):
    """After a bulk, one round of tidying is enough."""
    worker = await running(Desk())
    async with engine_home.write() as tx:
        await intake.enqueue_many(tx, [Work(WorkKind.TELL, str(n)) for n in range(1234)])
    with sqlite3.connect(engine_home.path) as db:
        db.execute("update workflow_status set status = 'SUCCESS', completed_at = 1000")
    db.close()
    assert await worker.tidy(datetime.now(UTC).isoformat()) == 1234  # noqa: TID251
    assert rows(engine_home, "select count(*) from workflow_status") == [(0,)]


async def test_a_stop_waits_for_what_is_being_done_and_leaves_what_sleeps(engine_home, intake, running):
    """A graceful stop ends no step half-way, and what only waits goes on at the next start."""
    begun, go_on, ended = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def desk(work):
        if work.id == "sleeps":
            return timedelta(hours=1)
        begun.set()
        await go_on.wait()
        ended.set()
        return None

    worker = await running(desk)
    async with engine_home.write() as tx:
        await intake.enqueue(tx, Work(WorkKind.RESET, "sleeps"))
        await intake.enqueue(tx, Work(WorkKind.RESET, "works"))
    async with asyncio.timeout(15):
        await begun.wait()
    stopping = asyncio.create_task(worker.stop(10))
    asyncio.get_running_loop().call_later(0.05, go_on.set)
    await stopping
    assert ended.is_set()
    states = dict(rows(engine_home, "select workflow_uuid, status from workflow_status"))
    assert states["reset-sleeps"] == "PENDING"
    assert await asyncio.to_thread(lambda: 1) == 1  # the loop can still use threads


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


async def test_the_engine_looks_often_only_while_there_is_something_to_do(engine_home, intake, running):
    """Queues that are mostly empty are cheap; with the first chunk all hurry, and after the last they stop that."""
    pace = "select polling_interval_sec from queues where name = 'chunks'"
    assert rows(engine_home, pace) == [(CHUNKS.idle,)]
    go_on = asyncio.Event()

    async def desk(_):
        await go_on.wait()

    worker = await running(desk)
    async with engine_home.write() as tx:
        await intake.enqueue(tx, Work(WorkKind.CHUNK, "A.1", lane="corp/0"))
    await wait_until(lambda: rows(engine_home, pace) == [(CHUNKS.busy,)])
    await worker.mend([])
    assert rows(engine_home, pace) == [(CHUNKS.busy,)]
    go_on.set()
    await wait_until(lambda: rows(engine_home, "select status from workflow_status") == [("SUCCESS",)])
    await worker.mend([])
    assert rows(engine_home, pace) == [(CHUNKS.idle,)]


def start_child(home, journal, mode):
    return subprocess.Popen(
        [sys.executable, str(CHILD), home.url, str(journal), mode],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


async def test_killed_in_mid_job_it_goes_on_where_it_was(engine_home, intake, tmp_path):
    """After kill -9 in the second step, a new process repeats that step only, and finishes."""
    journal = tmp_path / "journal"
    async with engine_home.write() as tx:
        await intake.enqueue(tx, Work(WorkKind.RESET, "A"))
    child = start_child(engine_home, journal, "hang")
    try:
        await wait_until(lambda: journal.exists() and "A step 2 in hang" in journal.read_text())
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait()
    child = start_child(engine_home, journal, "go")
    try:
        assert await asyncio.to_thread(child.wait, 20) == 0
    finally:
        child.kill()
    lines = journal.read_text().splitlines()
    assert [line for line in lines if line.startswith("A")] == [
        "A step 1 in hang",
        "A step 2 in hang",
        "A step 3 in go",
        "A finished",
    ]
