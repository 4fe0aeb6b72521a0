"""How soon `rekey serve` is ready, and what it weighs when nobody asks for anything."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from bench.rig import LOCAL, ROOT, Bot, memory

IDLE_SECONDS = 5  # after which it is weighed
LIBRARIES = "import slack_bolt, aiohttp, sqlalchemy, dbos"


@dataclass
class Starts:
    """Of each start: seconds, resident and proportional MB; and the same of the bare libraries."""

    ours: list
    bare: list


async def measure(slack, times):
    """Start the bot in Socket Mode with a local directory, and the libraries alone, in turns."""
    starts = Starts([], [])
    with tempfile.TemporaryDirectory(prefix="rekey-bench-") as folder:
        bot = Bot(Path(folder), slack.url, LOCAL, mode="socket")
        await bot.furnish()
        for _ in range(times):
            seconds = await bot.start()
            await asyncio.sleep(IDLE_SECONDS)
            starts.ours.append((seconds, *bot.memory()))
            await bot.stop()
            starts.bare.append(await asyncio.to_thread(_bare))
    return starts


def _bare():
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-c", f"{LIBRARIES}; print(flush=True); input()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=ROOT,
    )
    process.stdout.readline()
    seconds = time.perf_counter() - began
    weight = memory(process.pid)
    process.communicate(b"\n")
    return (seconds, *weight)
