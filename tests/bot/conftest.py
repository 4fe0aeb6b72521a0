from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import create_async_engine

from bot import worker


@dataclass
class FakeTx:
    conn: Any


class EngineHome:
    """A SQLite file with the engine's tables and nothing else."""

    def __init__(self, path):
        self.path = path
        self.url = f"sqlite+aiosqlite:///{path}"
        worker.migrate(self.url)

    @asynccontextmanager
    async def write(self):
        engine = create_async_engine(self.url)
        try:
            async with engine.begin() as conn:
                yield FakeTx(conn)
        finally:
            await engine.dispose()


@pytest.fixture
def engine_home(tmp_path):
    return EngineHome(tmp_path / "engine.db")
