"""What tests of the engine hold in their hands."""

from __future__ import annotations

import asyncio
import sqlite3


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


async def wait_until(condition):
    async with asyncio.timeout(15):
        while not condition():  # noqa: ASYNC110 - the other process has no event to wait for
            await asyncio.sleep(0.02)


def rows(home, sql, *args):
    with sqlite3.connect(home.path) as db:
        found = db.execute(sql, args).fetchall()
    db.close()
    return found
