"""The same engine on PostgreSQL: the deed and its work in one transaction, and one engine at a time."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import create_async_engine

from bot.worker import EngineNotReady, Intake, Worker, migrate
from desk.tools import Work, WorkKind
from store import base
from tests.support import postgres

pytestmark = pytest.mark.server


class Tx:
    def __init__(self, conn):
        self.conn = conn


@pytest.fixture(scope="module")
def server():
    with postgres.running() as running:
        yield running


@pytest.fixture
async def url(server):
    made = server.database()
    await base.upgrade(made)
    await asyncio.to_thread(migrate, made)
    return made


@asynccontextmanager
async def write(url):
    engine = create_async_engine(url)
    try:
        async with engine.begin() as conn:
            yield Tx(conn)
    finally:
        await engine.dispose()


async def test_work_is_done_and_a_second_engine_is_refused(url):
    """Enqueued in a kept transaction, done with its waits; rolled back, never; two engines at once, never."""
    seen, finished = [], asyncio.Event()

    async def desk(work):
        seen.append(work.id)
        if seen.count(work.id) == 1:
            return timedelta(milliseconds=5)
        finished.set()
        return None

    intake = Intake(url)
    worker = Worker(url, intake, desk)
    await worker.start()
    try:
        with pytest.raises(EngineNotReady, match="--no-worker"):
            await Worker(url, intake, desk).start()

        async def undone():
            async with write(url) as tx:
                await intake.enqueue(tx, Work(WorkKind.RESET, "undone"))
                raise RuntimeError

        with pytest.raises(RuntimeError):
            await undone()
        async with write(url) as tx:
            await intake.enqueue(tx, Work(WorkKind.RESET, "done"))
            await intake.enqueue(tx, Work(WorkKind.RESET, "done"))
        async with asyncio.timeout(20):
            await finished.wait()
        assert seen == ["done", "done"]
        assert await worker.check() is None
        server_side = await worker.mend([Work(WorkKind.EXPIRE, "lost")])
        assert server_side == 1
    finally:
        await worker.stop()
        intake.close()


async def test_the_store_does_not_take_the_engines_tables_for_its_own(url):
    """With the engine's tables beside them, the store's migrations are still found up to date."""
    assert await base.state(url) == "current"
