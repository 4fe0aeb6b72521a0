"""A worker in a process of its own, without Slack's events and pages: `python -m bench.toil rekey.toml`.

It is what `rekey serve` and `rekey work` run: the engine, the duties and the rounds. With --mute it says nothing, and
notices stay queued; --beat and --ttl make the workers of a PostgreSQL notice a dead one sooner than in real life.
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import gc
import signal
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from slack_sdk.web.async_client import AsyncWebClient

from bot import log
from bot.assembly import open_house
from bot.config import load
from bot.crew import Crew, since_boot
from bot.duties import Duties, mail_server
from bot.rounds import Rounds
from bot.worker import Worker
from desk.tools import WorkKind

LATER = timedelta(hours=1)


class Mute(Duties):
    """Does everything but say."""

    async def do(self, work):
        return LATER if work.kind in {WorkKind.NOTICE, WorkKind.TELL} else await super().do(work)


async def toil(given):
    """Work until SIGTERM."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    settings = load(Path(given.config), {})
    log.configure()
    house = await open_house(settings)
    names = [section.name for section in settings.directories]
    rules = replace(
        house.tools.rules,
        lanes=dict.fromkeys(names, given.lanes),
        concurrency=dict.fromkeys(names, given.at_once),
    )
    tools = replace(house.tools, rules=rules, fit=lambda: worker.fit(), watch=since_boot)  # noqa: PLW0108 - it comes below
    slack = AsyncWebClient(settings.slack.bot_token.reveal(), base_url=settings.slack.api_url, timeout=5)
    duties = (Mute if given.mute else Duties)(tools, slack, mail_server(settings))
    beat, ttl = timedelta(seconds=given.beat), timedelta(seconds=given.ttl)
    crew = Crew(tools.store, beat=beat, ttl=ttl) if tools.store.dialect == "postgresql" else None
    worker = Worker(settings.store.full_url, house.intake, duties.do, crew, lanes=given.lanes * len(names))
    rounds = Rounds(tools, duties, worker, {})
    await worker.start()
    rounds.start()
    gc.freeze()
    print("working", flush=True)
    profile = cProfile.Profile() if given.profile else None
    if profile:
        profile.enable()
    await stop.wait()
    if profile:
        profile.disable()
        profile.dump_stats(given.profile)
    await rounds.stop()
    await worker.stop()
    await house.close()


def main():
    asked = argparse.ArgumentParser(prog="python -m bench.toil", description=__doc__)
    asked.add_argument("config")
    asked.add_argument("--lanes", type=int, default=1, help="chunks of a directory under way at once")
    asked.add_argument("--at-once", type=int, default=8, help="writes of a chunk in flight")
    asked.add_argument("--mute", action="store_true", help="say nothing")
    asked.add_argument("--beat", type=float, default=5, help="seconds between two signs of life")
    asked.add_argument("--ttl", type=float, default=30, help="seconds of silence after which a worker is dead")
    asked.add_argument("--profile", help="a file for cProfile's figures")
    asyncio.run(toil(asked.parse_args()))


if __name__ == "__main__":
    main()
