"""A deed that is cancelled anywhere leaves nothing behind, least of all a lock."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import event, text

from store import lookups
from tests.support import house as houses


@pytest.fixture
async def house(tmp_path):
    built = await houses.build(tmp_path)
    yield built
    await houses.raze(built)


@pytest.mark.parametrize("statement", range(1, 8))
async def test_a_cancelled_write_lets_the_next_one_in(house, statement):
    """Cancelled at any statement, a write is rolled back before the next begins."""
    seen = 0

    async def deed():
        async with house.store.write() as tx:
            for _ in range(3):
                await tx.conn.execute(text("UPDATE admins SET misses = misses + 1 RETURNING misses"))
                await tx.conn.execute(text("SELECT * FROM audit"))
                await asyncio.sleep(0)  # a statement alone lets no cancellation in

    task = asyncio.ensure_future(deed())
    loop = asyncio.get_running_loop()

    def count(*_):
        nonlocal seen
        seen += 1
        if seen == statement:
            loop.call_soon_threadsafe(task.cancel)

    event.listen(house.store._database._writer, "before_cursor_execute", count)
    with pytest.raises(asyncio.CancelledError):
        await task
    event.remove(house.store._database._writer, "before_cursor_execute", count)
    async with asyncio.timeout(2):
        async with house.store.write() as tx:
            await lookups.add(tx, "anybody", house.clock.now)
            misses = await tx.conn.scalar(text("SELECT max(misses) FROM admins"))
    assert misses == 0
