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
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.crew import EngineNotReady
from bot.engine import Intake
from bot.worker import Worker
from desk.tools import Work, WorkKind
from tests.bot.engine_hands import Desk, rows, wait_until

CHILD = Path(__file__).with_name("engine_child.py")
ROOT = Path(__file__).parents[2]


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
