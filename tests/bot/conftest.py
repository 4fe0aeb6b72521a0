from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from bot import engine
from store import base
from store.base import Store
from store.keys import KeyRing

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
