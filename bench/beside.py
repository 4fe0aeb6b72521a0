"""What people wait for while a bulk of 10,000 runs in the same process: `python -m bench.beside`.

One `rekey serve` on SQLite, as it comes: it resets the many, mails them their passwords, and answers fifty people and
one who types. The same is measured before the bulk begins, for comparison.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from bench import acks, crowd, many, modals, report, rig
from bench.figures import Samples
from bench.report import Row
from bench.rig import ROOT
from bench.slack import Slack
from tests.support import slapd

PEOPLE = 10_000
OTHERS = 1_000  # who are reset one by one: nobody of the bulk
# Before them stand those who work: fifty without the bulk, fifty beside it, all with fresh codes.
FIRST = 2 + 2 * rig.ADMINS
TYPED_PAUSE = 0.1  # seconds between two letters
LOOK_SECONDS = 0.5
FEW = 20  # fewer of a kind say nothing: the bulk has ended too soon
KINDS = (
    ("ack of a command", "command", 100),
    ("ack of a submission", "submission", 100),
    ("modal filled", "modal", 500),
    ("typeahead", "typeahead", 200),
)


@dataclass(frozen=True)
class Work:
    """What one crowd waited for, by kind; the bot's process in cores; how many typeaheads found somebody."""

    waits: dict
    cores: float
    found: int


@dataclass(frozen=True)
class Pace:
    """How the bulk went on while the crowd worked: passwords set at the first look and at the last that saw more."""

    first: int
    last: int
    seconds: float
    still: float  # the longest time without one


class Beside:
    """One bot, fifty people at it, and perhaps a bulk."""

    def __init__(self, bot, house, slack):
        self.bot, self.house, self.slack = bot, house, slack

    async def work(self, people, targets, *, during=None):
        """Have people work and one of them type; with a bulk's id in `during`, only as long as that one runs."""
        crew = acks.Crowd(people, self.slack, targets)
        used, began = many.cpu(self.bot.process.pid), time.perf_counter()
        async with crowd.Door(self.bot.url) as door:
            working = asyncio.gather(crew.at_work(door), modals.typed(door, self.slack, people[0], pause=TYPED_PAUSE))
            pace, until = None, float("inf")
            if during:
                pace = await self._watched(working, during)
                until = began + pace.seconds
            else:
                await working
        if crew.unfilled:
            raise RuntimeError(f"{crew.unfilled} modals were filled with a refusal")
        busy = (many.cpu(self.bot.process.pid) - used) / (time.perf_counter() - began)
        taken = [did for did in door.done if door.began + did.at + did.ms / 1000 <= until]
        waits = {kind: Samples(tuple(did.ms for did in taken if did.kind == kind)) for _, kind, _ in KINDS}
        waits["modal"] = Samples(tuple(ms for at, ms in crew.fills if at <= until))
        shown = [did.answer.get("options", []) for did in taken if did.kind == "typeahead"]
        return Work(waits, busy, sum(bool(some) and some[0]["value"] != "none" for some in shown)), pace

    async def _watched(self, working, request_id):
        """Look at the bulk until the work is done, or the bulk: then the work is broken off."""
        began = time.perf_counter()
        looks = [(began, (await self.house.moved(request_id))[1])]
        while not working.done():
            await asyncio.wait({working}, timeout=LOOK_SECONDS)
            run, moved = await self.house.moved(request_id)
            if run.stopped or run.ended_at or moved >= run.total:
                break
            looks.append((time.perf_counter(), moved))
        if working.done():
            working.result()
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
        if run.stopped:
            raise RuntimeError(f"the bulk stopped: {run.stopped}")
        steps = [looks[0], *(now for before, now in pairwise(looks) if now[1] > before[1])]
        still = max((now[0] - before[0] for before, now in pairwise(steps)), default=0.0)
        # Nobody knows of what came after the last step whether the bulk still ran.
        return Pace(looks[0][1], steps[-1][1], steps[-1][0] - began, still)


async def measure(folder, slack, count):
    """Return what was waited for without and with a bulk of so many, how that went on, and the load as it began."""
    (folder / "slapd").mkdir(parents=True)
    server = many.Slapd(folder / "slapd")
    await asyncio.to_thread(server.up, more=slapd.people(FIRST + count + OTHERS, names=rig.names()))
    table = rig.corp(server, server.tls_port)
    bot = rig.Bot(folder, slack.url, table)
    mail = rig.free_port()
    house = many.Many(folder, table, slack=slack.url, mail=mail, port=bot.port)  # its rekey.toml is the bot's now
    postbox = subprocess.Popen([sys.executable, "-m", "bench.postbox", str(mail)], cwd=ROOT)  # noqa: ASYNC220
    try:
        await house.furnish()
        people = [crowd.Person(*each) for each in await bot.enrol([f"u{n:06d}" for n in range(2, FIRST)])]
        await bot.start()
        await bot.indexed()
        beside = Beside(bot, house, slack)
        others = [f"u{n:06d}" for n in range(FIRST + count, FIRST + count + OTHERS)]
        alone, _ = await beside.work(people[: rig.ADMINS], others[: OTHERS // 2])
        held = await house.hold([f"u{n:06d}" for n in range(FIRST, FIRST + count)])
        # The first wave goes out alone, and the many behind it when it is over.
        await house.done(held.request_id, least=min(100, count // 10))
        load = os.getloadavg()[0]
        within, pace = await beside.work(people[rig.ADMINS :], others[OTHERS // 2 :], during=held.request_id)
    finally:
        await bot.stop()
        await house.close()
        postbox.terminate()
        postbox.wait()
        server.down()
    few = min(len(found) for found in within.waits.values())
    if few < FEW or pace.last <= pace.first:
        raise RuntimeError(
            f"the bulk ran for too short a time: {few} of a kind in {pace.seconds:.0f} s; take more people"
        )
    return alone, within, pace, load


async def rows(folder, slack, count=PEOPLE):
    """Measure it; returns rows and notes."""
    alone, within, pace, load = await measure(folder, slack, count)
    made = []
    for name, kind, aim in KINDS:
        ours, without = within.waits[kind], alone.waits[kind]
        more = f"p50 {ours.p50:.0f} ms, {len(ours)} of them; without p50 {without.p50:.0f} ms, {len(without)}"
        made.append(Row(f"{name}, beside a bulk, p99", ours.p99, aim, "ms", without.p99, "without the bulk", more))
    rate = (pace.last - pace.first) / pace.seconds
    whole = f"one `rekey serve` on SQLite as it comes resets {count:,} people and mails them"
    others = f"{rig.ADMINS} people work, and one types {1 / TYPED_PAUSE:g} letters a second"
    moved = f"from {pace.first:,} to {pace.last:,} in {pace.seconds:.0f} s, {rate:.0f} a second"
    cores = f"{within.cores:.2f} of a core, and {alone.cores:.2f} without"
    return made, [
        (
            f"beside a bulk: {whole}, {others}, {within.found} times with somebody found; slapd with its disk, TLS, "
            f"not late; load {load:.1f}"
        ),
        f"the bulk went on meanwhile, {moved}, never still for more than {pace.still:.1f} s; the bot used {cores}",
    ]


async def main():
    asked = argparse.ArgumentParser(prog="python -m bench.beside", description=__doc__.splitlines()[0])
    asked.add_argument("--people", type=int, default=PEOPLE, help="of the bulk")
    given = asked.parse_args()
    slack = Slack()
    await slack.start()
    try:
        with tempfile.TemporaryDirectory(prefix="rekey-bench-") as folder:
            made, notes = await rows(Path(folder), slack, given.people)
    finally:
        await slack.stop()
    print(report.table(made), *notes, sep="\n")


if __name__ == "__main__":
    asyncio.run(main())
