"""The engine on PostgreSQL: any number of worker processes, any of which may be killed, frozen or cut off."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from bot.crew import Crew
from bot.worker import Worker
from desk.tools import Work, WorkKind
from store import base
from tests.bot.engine_hands import Desk

pytestmark = pytest.mark.server

CHILD = Path(__file__).with_name("crew_child.py")
ROOT = Path(__file__).parents[2]
TTL = 3.0


class Crowd:
    """Worker processes, and what they wrote down."""

    def __init__(self, home, journal):
        self.home, self.journal, self.processes = home, journal, {}
        journal.touch()

    def start(self, *names, ttl=TTL):
        for name in names:
            self.processes[name] = subprocess.Popen(
                [sys.executable, str(CHILD), self.home.url, str(self.journal), name, str(ttl)],
                cwd=ROOT,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
            )

    def signal(self, name, number):
        self.processes[name].send_signal(number)

    def lines(self):
        return [tuple(line.split(maxsplit=2)) for line in self.journal.read_text().splitlines()]

    def begun(self, name):
        return {line[2] for line in self.lines() if line[:2] == (name, "begins")}

    def ended(self, *names):
        return [line[2] for line in self.lines() if line[1] == "ends" and (not names or line[0] in names)]

    def started(self, name):
        return [line for line in self.lines() if line[:2] == (name, "started")]

    def end(self):
        for process in self.processes.values():
            process.send_signal(signal.SIGCONT)
            process.kill()
            process.wait()


@pytest.fixture
def crowd(home, tmp_path):
    made = Crowd(home, tmp_path / "journal")
    yield made
    made.end()


async def until(condition, seconds=30.0):
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - other processes have no event to wait for
            await asyncio.sleep(0.02)


def rows(home, sql):
    with psycopg.connect(home.url.replace("+psycopg", "")) as connection:
        return connection.execute(sql).fetchall()


async def started(crowd, *names, ttl=TTL):
    crowd.start(*names, ttl=ttl)
    await until(lambda: all(crowd.started(name) for name in names))


async def enqueue(home, intake, *works):
    async with home.write() as tx:
        await intake.enqueue_many(tx, works)


def chunks(count, lanes=4):
    return [Work(WorkKind.CHUNK, f"long{n}.1", lane=f"corp/{n % lanes}") for n in range(count)]


async def test_the_store_does_not_take_the_engines_tables_for_its_own(home):
    """With the engine's tables beside them, the store's migrations are still found up to date."""
    assert await base.state(home.url) == "current"


async def test_a_transaction_that_is_rolled_back_takes_its_works_along(home, pg_intake):
    """No deed, no work; the same for one and for many."""

    async def undone():
        async with home.write() as tx:
            await pg_intake.enqueue(tx, Work(WorkKind.RESET, "A"))
            await pg_intake.enqueue_many(tx, chunks(3))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await undone()
    assert rows(home, "select count(*) from dbos.workflow_status") == [(0,)]


async def test_what_a_killed_worker_had_begun_is_done_by_the_others(home, pg_intake, crowd):
    """Of three workers one is killed and never comes back: all is done, and its lanes do not stand still."""
    await started(crowd, "a", "b", "c")
    wanted = chunks(24, lanes=6)
    await enqueue(home, pg_intake, *wanted, *(Work(WorkKind.RESET, f"long-r{n}") for n in range(6)))
    await until(lambda: any(crowd.begun(name) - set(crowd.ended(name)) for name in "abc"))
    victim = next(name for name in "abc" if crowd.begun(name) - set(crowd.ended(name)))
    crowd.signal(victim, signal.SIGKILL)
    crowd.processes[victim].wait()
    killed = time.monotonic()
    left = crowd.begun(victim) - set(crowd.ended(victim))
    assert left
    await until(lambda: left <= set(crowd.ended(*({"a", "b", "c"} - {victim}))))
    assert time.monotonic() - killed < 2 * TTL + 3
    await until(lambda: len(set(crowd.ended())) == 30)
    ended = crowd.ended()
    assert len(ended) == len(set(ended))
    await until(lambda: rows(home, "select distinct status from dbos.workflow_status") == [("SUCCESS",)])
    assert rows(home, "select count(*) from workers") == [(2,)]


async def test_a_worker_that_was_frozen_comes_back_under_another_name_and_repeats_nothing(home, pg_intake, crowd):
    """Overtaken and woken, it ends what it was about to do, begins nothing of it, and then works on as a new one."""
    await started(crowd, "b")
    await enqueue(home, pg_intake, *chunks(8))
    await until(lambda: crowd.begun("b") - set(crowd.ended("b")))
    crowd.signal("b", signal.SIGSTOP)
    frozen = crowd.begun("b") - set(crowd.ended("b"))
    await started(crowd, "a")
    await until(lambda: len(set(crowd.ended())) == 8)
    await until(lambda: rows(home, "select count(*) from workers") == [(1,)])
    crowd.signal("b", signal.SIGCONT)
    await until(lambda: rows(home, "select count(*) from workers") == [(2,)])
    assert frozen
    assert not frozen & set(crowd.ended("b"))
    assert sorted(crowd.ended()) == sorted(f"long{n}.1" for n in range(8))
    crowd.signal("a", signal.SIGTERM)
    crowd.processes["a"].wait(20)
    await enqueue(home, pg_intake, Work(WorkKind.RESET, "after"))
    await until(lambda: "after" in crowd.ended("b"))


async def test_a_stopped_worker_hands_on_what_sleeps(home, pg_intake, crowd):
    """A clean stop leaves nothing to wait for: the next worker has it at once, not after the time to live."""
    await started(crowd, "a", ttl=300)
    await enqueue(home, pg_intake, Work(WorkKind.RESET, "sleeps"))
    await until(lambda: "sleeps" in crowd.begun("a"))
    await until(lambda: rows(home, "select count(*) from dbos.operation_outputs") == [(2,)])
    crowd.signal("a", signal.SIGTERM)
    assert crowd.processes["a"].wait(20) == 0
    assert rows(home, "select count(*) from workers") == [(0,)]
    assert rows(home, "select status, queue_name from dbos.workflow_status") == [("ENQUEUED", "jobs")]


async def test_workers_outlive_their_database(home, pg_intake, crowd, server):
    """PostgreSQL stops hard and starts again in mid-job: no worker ends, and all is done."""
    await started(crowd, "a", "b")
    await enqueue(home, pg_intake, *chunks(16))
    await until(lambda: len(crowd.ended()) >= 2)
    server.stop()
    await asyncio.sleep(1)
    server.start_again()
    await until(lambda: len(set(crowd.ended())) == 16, 60)
    await until(
        lambda: rows(home, "select distinct status from dbos.workflow_status") == [("SUCCESS",)],
        60,
    )
    assert all(process.poll() is None for process in crowd.processes.values())
    await enqueue(home, pg_intake, Work(WorkKind.NOTICE, "after"))
    await until(lambda: "after" in crowd.ended(), 60)


async def test_a_worker_can_be_stopped_while_its_database_is_away(home, pg_intake, crowd, server):
    """SIGTERM ends it in bounded time, whatever the engine still waits for; what it had in hand is done by the next."""
    await started(crowd, "a")
    await enqueue(home, pg_intake, *chunks(8))
    await until(lambda: crowd.begun("a") - set(crowd.ended("a")))
    server.stop()
    try:
        await asyncio.sleep(1)
        crowd.signal("a", signal.SIGTERM)
        assert await asyncio.to_thread(crowd.processes["a"].wait, 40) == 0
    finally:
        server.start_again()
    await started(crowd, "b")
    await until(lambda: len(set(crowd.ended())) == 8, 60)


async def test_works_of_a_lane_are_done_one_after_the_other(home, pg_intake, crowd):
    """However many workers there are, of one lane only one work is under way."""
    await started(crowd, "a", "b")
    await enqueue(home, pg_intake, *chunks(6, lanes=1))
    await until(lambda: len(crowd.ended()) == 6)
    deeds = [line[1] for line in crowd.lines() if line[1] in {"begins", "ends"}]
    assert deeds == ["begins", "ends"] * 6


async def test_no_worker_takes_more_of_a_bulk_than_its_share(home, pg_intake, crowd):
    """What one holds, no other can do: of twelve lanes, each of three workers has four under way."""
    await started(crowd, "a", "b", "c")
    await enqueue(home, pg_intake, *(Work(WorkKind.CHUNK, f"sleeps{n}.1", lane=f"corp/{n}") for n in range(12)))
    await until(lambda: [len(crowd.begun(name)) for name in "abc"] == [4, 4, 4])


async def test_what_an_older_version_queued_and_began_is_finished(home, pg_intake, crowd):
    """After an upgrade, the queue goes on, and so does what the old version's one worker had in hand."""
    await enqueue(home, pg_intake, Work(WorkKind.RESET, "queued"), Work(WorkKind.NOTICE, "begun"))
    rows_of = "update dbos.workflow_status set status = 'PENDING', executor_id = 'rekey', owner_xid = 'old' "
    with psycopg.connect(home.url.replace("+psycopg", "")) as connection:
        connection.execute(rows_of + "where workflow_uuid = 'notice-begun'")
    await started(crowd, "a")
    await until(lambda: {"queued", "begun"} <= set(crowd.ended("a")))


async def test_only_ids_stand_in_the_engines_tables(home, pg_intake):
    """Of every kind of work: the kind, the id and the lane, as JSON, and nothing else of ours."""
    for kind in WorkKind:
        async with home.write() as tx:
            await pg_intake.enqueue(tx, Work(kind, "A", lane="corp/0"))
    found = rows(
        home,
        "select s.workflow_uuid, s.serialization, s.queue_partition_key, i.inputs "
        "from dbos.workflow_status s join dbos.workflow_input i using (workflow_uuid)",
    )
    assert sorted(found) == sorted(
        (
            f"{kind}-A",
            "portable_json",
            "corp/0" if kind is WorkKind.CHUNK else None,
            f'{{"namedArgs":{{}},"positionalArgs":["{kind}","A"]}}',
        )
        for kind in WorkKind
    )


async def test_a_thousand_works_are_enqueued_at_once(home, pg_intake):
    """Many works cost seconds neither to the one who asks nor to the loop."""
    works = [Work(WorkKind.CHUNK, f"{n}.1", lane=f"corp/{n % 4}") for n in range(1000)]
    began = time.monotonic()
    await enqueue(home, pg_intake, *works)
    assert time.monotonic() - began < 10  # about 1 s on a quiet machine
    assert rows(home, "select count(*) from dbos.workflow_status where status = 'ENQUEUED'") == [(1000,)]


async def test_a_worker_in_this_process_says_that_it_is_well(home, pg_intake):
    """Two workers need not know of each other; the check of one is its own."""
    worker = Worker(home.url, pg_intake, Desk(), Crew(home.store))
    await worker.start()
    try:
        assert await worker.check() is None
        assert worker.leads
        assert worker.fit()
    finally:
        await worker.stop()
    assert await worker.check() == "stopped"
    assert not worker.leads
