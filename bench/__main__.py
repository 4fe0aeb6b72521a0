"""`make bench`: all figures in one run, printed and written to docs/performance.md. Twelve minutes on two cores."""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
from pathlib import Path

from bench import acks, asked, beside, bulk, crowd, modals, report, rig, rules, starts
from bench.late import LateWire
from bench.report import Row
from bench.slack import Slack

PEOPLE, STARTS = 100_000, 5
POOL, PATIENCE = 32, 60  # connections to the slow directory, seconds to wait for it


async def main():
    wanted = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    wanted.add_argument("--people", type=int, default=PEOPLE, help="entries of the directory")
    wanted.add_argument("--starts", type=int, default=STARTS, help="starts of the bot")
    wanted.add_argument("--full", action="store_true", help="bulks of 100,000 people too: some five minutes more")
    wanted.add_argument("--dry", action="store_true", help="print only, write nothing")
    given = wanted.parse_args()
    slack = Slack()
    await slack.start()
    try:
        rows, notes = await _starts(slack, given.starts)
        with tempfile.TemporaryDirectory(prefix="rekey-bench-") as folder:
            more, said = await _at_work(slack, Path(folder), given.people)
        with tempfile.TemporaryDirectory(prefix="rekey-bench-") as folder:
            within, noted = await beside.rows(Path(folder), slack)
        with tempfile.TemporaryDirectory(prefix="rekey-bench-") as folder:
            many, told = await bulk.rows(Path(folder), full=given.full)
        with tempfile.TemporaryDirectory(prefix="rekey-bench-") as folder:
            agreed, counted = await asked.rows(Path(folder), slack)
    finally:
        await slack.stop()
    rows = [*rows, *more, *agreed, *within, *many, *rules.rows()]
    notes = [*notes, *said, *counted, *noted, *told]
    print(report.table(rows), *notes, sep="\n")
    if not given.dry:
        report.write(rows, notes)


async def _starts(slack, times):
    found = await starts.measure(slack, times)
    ours, bare = ([statistics.median(each) for each in zip(*runs, strict=True)] for runs in (found.ours, found.bare))
    slowest = f"slowest {max(seconds for seconds, *_ in found.ours):.2f} s of {times}"
    rows = [
        Row("`serve` ready", ours[0], 2, "s", bare[0], "importing the libraries", slowest),
        Row("`serve` idle, resident", ours[1], 150, "MB", bare[1], "the libraries alone", f"PSS {ours[2]:.0f} MB"),
    ]
    return rows, [f"ready and idle: median of {times} starts, Socket Mode, a `local` directory"]


async def _at_work(slack, folder, count):
    server = rig.directory(folder / "slapd", count)
    wire = LateWire(server.tls_port)
    await wire.start()
    bot = rig.Bot(folder, slack.url, rig.corp(server, wire.port, pool=POOL, timeout=PATIENCE))
    try:
        await bot.furnish()
        people = [crowd.Person(*each) for each in await bot.enrol([f"u{n:06d}" for n in range(1, rig.ADMINS + 1)])]
        await bot.start()
        fill, resident = await bot.indexed(), bot.memory()[0]
        targets = [f"u{number:06d}" for number in range(1000, 1000 + modals.TIMES)]
        async with crowd.Door(bot.url) as door:
            filled = await modals.filled(door, slack, people[0], targets)
            typed, found = await modals.typed(door, slack, people[0])
        direct = modals.direct(server)
        seconds, _ = modals.walked(server)
        wire.seconds = acks.SLOW_SECONDS
        work = await acks.measure(bot, people, slack, [f"u{number:06d}" for number in range(5000, 6000)])
    finally:
        await bot.stop()
        await wire.stop()
        server.down()
    rows = [
        Row(
            "index filled", fill, 60, "s", seconds, "one paged walk by LDAP itself", f"then resident {resident:.0f} MB"
        ),
        Row("modal filled, p99", filled.p99, 500, "ms", None, "", f"p50 {filled.p50:.0f} ms, {len(filled)} modals"),
        Row("typeahead, p99", typed.p99, 200, "ms", direct.p99, "LDAP itself", f"p50 {typed.p50:.0f}; {found} found"),
        *(_ack(work, name, kind) for name in ("at work", "at once") for kind in ("command", "submission")),
    ]
    late = f"every answer of the directory {acks.SLOW_SECONDS:g} s late"
    same = "side by side: the same requests at the same times at a Bolt app that only acknowledges"
    return rows, [
        f"modal and typeahead: slapd with {count:,} entries, TLS; LDAP itself: the same prefixes, one connection",
        f"acks: {rig.ADMINS} people, {late}, HTTP mode; {same}; {work.forms} forms were filled",
        '"at work": people begin one after the other; "at once": the worst case, all fifty in the same instant',
        "at once is held against Slack's own 3 s",
        "index: from the worker's start to the end of the first walk; no aim was set, a minute seemed fair",
    ]


def _ack(work, name, kind):
    ours, bare = work.ours[name, kind], work.bare[name, kind]
    more = f"p50 {ours.p50:.0f} ms, {len(ours)} of them"
    aim = 3_000 if name == "at once" else 100
    return Row(f"ack of a {kind}, {name}, p99", ours.p99, aim, "ms", bare.p99, "a bare Bolt app", more)


if __name__ == "__main__":
    asyncio.run(main())
