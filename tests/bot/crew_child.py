"""A worker process among others on PostgreSQL, to be killed or frozen: `python crew_child.py URL JOURNAL NAME TTL`.

Its desk writes a line to JOURNAL when a work begins and when it ends; a work whose id begins with "long" takes half a
second in ten acts, each of which it only begins while the worker is fit to. SIGTERM ends it.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from bot.crew import Crew
from bot.engine import Intake, still_waits
from bot.worker import Worker
from store.base import Store
from tests.bot.conftest import RING, clock

if TYPE_CHECKING:
    from desk.tools import Work

ACTS = 10
ACT_SECONDS = 0.05


async def main(url: str, journal: str, name: str, ttl: str) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)

    def write(line: str) -> None:
        with Path(journal).open("a", encoding="utf-8") as file:
            file.write(f"{name} {line}\n")
            file.flush()
            os.fsync(file.fileno())

    async def do(work: Work) -> timedelta | None:
        write(f"begins {work.id}")
        if work.id.startswith("sleeps"):
            return timedelta(hours=1)
        if work.id.startswith("long"):
            for _ in range(ACTS):
                if not worker.fit():
                    write(f"unfit {work.id}")
                    return timedelta(seconds=1)
                await asyncio.sleep(ACT_SECONDS)
        async with store.read():  # as every deed does
            pass
        write(f"ends {work.id}")
        return None

    store = await Store.open(url, RING, clock=clock)
    intake = Intake(url)
    seconds = float(ttl)
    crew = Crew(store, beat=timedelta(seconds=seconds / 6), ttl=timedelta(seconds=seconds))
    worker = Worker(url, intake, do, crew)
    await worker.start()
    write("started as " + crew.id)
    mending = asyncio.create_task(_mend(worker))
    await stop.wait()
    mending.cancel()
    await worker.stop()
    write("stopped")
    intake.close()
    await store.close()


async def _mend(worker: Worker) -> None:
    while True:
        await asyncio.sleep(1)
        if worker.leads:
            try:
                await worker.mend(())
            except Exception as error:  # noqa: BLE001 - as the rounds do
                print(type(error).__name__, flush=True)  # noqa: T201


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
    if still_waits(1.0):
        os._exit(0)
