from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from bot import engine
from bot.engine import Intake
from bot.worker import Worker
from store import base
from store.base import Store
from store.keys import KeyRing
from tests.support import postgres

RING = KeyRing((bytes(range(32)),))


def clock():
    return datetime.now(UTC)  # noqa: TID251 - the engine's own tables go by the real time


class EngineHome:
    """A store with the engine's tables beside its own."""

    def __init__(self, url, path=None):
        self.url = url
        self.path = path

    @classmethod
    async def make(cls, url, path=None):
        await base.upgrade(url)
        await asyncio.to_thread(engine.migrate, url)
        made = cls(url, path)
        made.store = await Store.open(url, RING, clock=clock)
        return made

    def write(self):
        return self.store.write()


@pytest.fixture
async def engine_home(tmp_path):
    path = tmp_path / "engine.db"
    made = await EngineHome.make(f"sqlite+aiosqlite:///{path}", path)
    yield made
    await made.store.close()


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


@pytest.fixture(scope="module")
def server():
    with postgres.running() as running:
        yield running


@pytest.fixture
async def home(server):
    """The same on PostgreSQL."""
    made = await EngineHome.make(server.database())
    yield made
    await made.store.close()


@pytest.fixture
async def pg_intake(home):
    made = Intake(home.url)
    yield made
    made.close()
