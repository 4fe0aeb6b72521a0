"""A process that runs the engine with a tiny desk, to be killed: `python engine_child.py URL JOURNAL MODE`.

The desk writes a line to JOURNAL for each step. MODE "hang" hangs in the second step of a work; "go" ends it.
"""

from __future__ import annotations

import asyncio
import os
import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from bot.engine import Intake
from bot.worker import Worker

if TYPE_CHECKING:
    from desk.tools import Work


async def main(url: str, journal: str, mode: str) -> None:
    done = asyncio.Event()

    def write(line: str) -> None:
        with Path(journal).open("a", encoding="utf-8") as file:
            file.write(line + "\n")
            file.flush()
            os.fsync(file.fileno())

    def earlier(work: Work) -> int:
        return sum(line.startswith(f"{work.id} step") for line in Path(journal).read_text("utf-8").splitlines())

    async def do(work: Work) -> timedelta | None:
        steps = earlier(work)
        write(f"{work.id} step {steps + 1} in {mode}")
        if steps == 0:
            return timedelta(milliseconds=10)
        if mode == "hang":
            await asyncio.Event().wait()
        write(f"{work.id} finished")
        done.set()
        return None

    intake = Intake(url)
    worker = Worker(url, intake, do)
    Path(journal).touch()  # noqa: ASYNC240 - nothing else runs yet
    await worker.start()
    write(f"started {mode}")
    await done.wait()
    await worker.stop()
    intake.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
