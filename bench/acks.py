"""How soon Slack hears that it was heard, while fifty people work and the directory takes two seconds an answer."""

from __future__ import annotations

import asyncio
import itertools
import subprocess
import sys
import time
import zlib
from dataclasses import dataclass

import aiohttp

from bench import crowd
from bench.figures import Samples
from bench.rig import ROOT, free_port

SLOW_SECONDS = 2.0
ROUNDS = 3  # things that each person does
SPREAD_SECONDS = 4.0  # over which people begin
QUICK_SECONDS, SLOW_READER_SECONDS = 4.0, 12.0  # to read the filled modal and type a code
FILL_SECONDS = 120
BURSTS = 3


@dataclass
class Acks:
    """Acknowledgements of our app and of the bare one, by what was done; `forms` is how many were filled."""

    ours: dict
    bare: dict
    forms: int = 0
    unfilled: int = 0


class Crowd:
    """The people, the Slack that they see, and whom they reset next: nobody twice."""

    def __init__(self, people, slack, targets):
        self.people = people
        self.slack = slack
        self.targets = itertools.cycle(targets)
        self.filled = self.unfilled = 0
        self.fills = []  # when each modal was filled (`time.perf_counter`), and the milliseconds that it took

    async def ask(self, door, person):
        """Type the command, and wait for the modal to fill."""
        trigger, modal = self.slack.click()
        await door.post("command", crowd.command(person.user, next(self.targets), trigger))
        async with asyncio.timeout(FILL_SECONDS):
            await modal.filled.wait()
        self.fills.append((modal.filled_at, (modal.filled_at - modal.opened_at) * 1000))
        self.filled += modal.good
        self.unfilled += not modal.good
        return modal

    async def send(self, door, person, modal):
        """Send the filled modal off."""
        code = await person.code()
        await asyncio.sleep(reading(person, code))
        did = await door.post("submission", crowd.submission(person.user, modal, code))
        if did.answer.get("response_action") != "update" or "begun" not in str(did.answer):
            raise RuntimeError(f"not queued: {did.answer}")

    async def at_work(self, door):
        """Everybody works at their own pace, beginning one after the other."""

        async def one(number, person):
            await asyncio.sleep(number * SPREAD_SECONDS / len(self.people))
            for _ in range(ROUNDS):
                modal = await self.ask(door, person)
                if modal.good:
                    await self.send(door, person, modal)

        async with asyncio.TaskGroup() as group:
            for number, person in enumerate(self.people):
                group.create_task(one(number, person))

    async def at_once(self, door):
        """Everybody types the command in the same instant, and all send their modal off in the same instant."""
        modals = await asyncio.gather(*(self.ask(door, person) for person in self.people))
        codes = await asyncio.gather(*(person.code() for person in self.people))
        ready = [
            crowd.submission(person.user, modal, code)
            for person, modal, code in zip(self.people, modals, codes, strict=True)
            if modal.good
        ]
        await asyncio.gather(*(door.post("submission", body) for body in ready))


def reading(person, code):
    """Return the seconds that somebody takes this time: spread evenly, the same for nobody twice, drawn by nothing."""
    place = zlib.crc32(f"{person.login} {code}".encode()) / 2**32
    return QUICK_SECONDS + place * (SLOW_READER_SECONDS - QUICK_SECONDS)


async def measure(bot, people, slack, targets):
    """Have the crowd work, then all at once, at our app; then the very same requests at the bare one."""
    crew = Crowd(people, slack, targets)
    acks = Acks({}, {})
    traces = {}
    for name, deed, times in (("at work", crew.at_work, 1), ("at once", crew.at_once, BURSTS)):
        for turn in range(times):
            async with crowd.Door(bot.url) as door:
                await deed(door)
            traces[name, turn] = door.done
            _add(acks.ours, name, door)
    acks.forms, acks.unfilled = crew.filled, crew.unfilled
    await bot.stop()
    port = free_port()
    bare = subprocess.Popen(  # noqa: ASYNC220
        [sys.executable, "-m", "bench.bare", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=ROOT
    )
    try:
        await listening(port)
        for (name, _), done in traces.items():
            async with crowd.Door(f"http://127.0.0.1:{port}") as door:
                await crowd.replay(door, done)
            _add(acks.bare, name, door)
    finally:
        bare.terminate()
        bare.wait()
    as_samples = lambda kept: {key: Samples(tuple(ms)) for key, ms in kept.items()}  # noqa: E731
    acks.ours, acks.bare = as_samples(acks.ours), as_samples(acks.bare)
    return acks


def _add(kept, name, door):
    for kind in ("command", "submission"):
        kept.setdefault((name, kind), []).extend(door.times(kind))


async def listening(port):
    until = time.perf_counter() + 30
    async with aiohttp.ClientSession() as session:
        while time.perf_counter() < until:
            try:
                async with session.get(f"http://127.0.0.1:{port}/"):
                    return
            except aiohttp.ClientConnectionError:
                await asyncio.sleep(0.01)
    raise RuntimeError("the bare app did not start")
