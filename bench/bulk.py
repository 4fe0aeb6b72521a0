"""How fast many people are reset, beside the fastest that LDAP's own tools do: `python -m bench.bulk`."""

from __future__ import annotations

import argparse
import asyncio
import os
import secrets
import statistics
import subprocess
import tempfile
import time
import zlib
from dataclasses import dataclass
from pathlib import Path

from bench import many, report
from bench.late import LateWire
from bench.report import Row
from bench.rig import corp
from tests.support import postgres, slapd

LANES, AT_ONCE = 4, 32  # chunks under way, and writes in flight of each
PEOPLE, SLOW_PEOPLE, LOOP = 2_000, 400, 100
SMALL, LARGE = (1_000, 10_000), (1_000, 10_000, 100_000)
# How late a directory answers, in seconds, and how many people each number of workers then resets.
LATE = ((0.02, 3_000), (0.1, 1_200))
MOST_SECONDS = 60  # of resets in one size of growth
BESIDE = 1_000  # who are set by `ldapmodify`, before and after


async def throughput(folder, *, argon2, count, turns=3):
    """Reset people by us, by one ldapmodify, and by an ldappasswd each, in turns; nobody twice. People a second."""
    folder.mkdir()
    (folder / "slapd").mkdir()
    server = many.Slapd(folder / "slapd", argon2=argon2)
    total = turns * (2 * count + LOOP) + 10
    server.up(more=slapd.people(total))
    everybody = [f"u{number:06d}" for number in range(2, total)]
    everybody.sort(key=lambda login: zlib.crc32(login.encode()))  # any order, the same each time
    house = many.Many(folder, corp(server, server.tls_port))
    ours, modify, loop, whole, cpu = [], [], [], [], []
    try:
        await house.furnish()
        worker = house.start("--mute", "--lanes", str(LANES), "--at-once", str(AT_ONCE))
        for _ in range(turns):
            mine = [everybody.pop() for _ in range(count)]
            held = await house.hold(mine)
            used = worker.cpu()
            run = await house.done(held.request_id)
            cpu.append((worker.cpu() - used) / count * 1000)
            began, times = await house.times(held.request_id)
            ours.append(len(times) / (times[-1] - began).total_seconds())
            whole.append((run.ended_at - run.begun_at).total_seconds())
            modify.append(count / ldapmodify(server, folder, [everybody.pop() for _ in range(count)]))
            loop.append(LOOP / ldappasswd(server, [everybody.pop() for _ in range(LOOP)]))
    finally:
        await house.close()
        server.down()
    return ours, modify, loop, whole, cpu


def ldapmodify(server, folder, logins):
    """Set the passwords by one file of changes; returns the seconds."""
    file = folder / "changes.ldif"
    file.write_text(
        "".join(
            f"dn: uid={login},{slapd.PEOPLE}\nchangetype: modify\nreplace: userPassword\n"
            f"userPassword: Xk3-{secrets.token_hex(8)}\n-\nreplace: pwdReset\npwdReset: TRUE\n-\n\n"
            for login in logins
        )
    )
    return _tool(server, "ldapmodify", "-c", "-f", str(file))


def ldappasswd(server, logins):
    """Set the passwords by a process each, as a script would; returns the seconds."""
    return sum(
        _tool(server, "ldappasswd", "-s", f"Xk3-{secrets.token_hex(8)}", f"uid={login},{slapd.PEOPLE}")
        for login in logins
    )


def _tool(server, name, *words):
    command = [name, "-x", "-H", server.url, "-D", slapd.SERVICE, "-w", slapd.SERVICE_PASSWORD, *words]
    environ = {**os.environ, "LDAPTLS_CACERT": str(server.authority.ca)}
    began = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, env=environ)
    return time.perf_counter() - began


@dataclass(frozen=True)
class Grown:
    """How one size of growth went: seconds, people a second, MB, and how many were reset in the time that there was."""

    size: int
    preview: float
    submit: float
    rate: float
    modify: float  # `ldapmodify`, the mean of before and after
    resident: float
    theirs: float  # slapd's
    done: int


async def growth(folder, sizes):
    """Reset more and more people."""
    found = []
    for size in sizes:
        place = folder / f"growth{size}"
        place.mkdir()
        (place / "slapd").mkdir()
        server = many.Slapd(place / "slapd")
        await asyncio.to_thread(server.up, more=slapd.people(size + 1 + 2 * BESIDE))
        others = [f"u{number:06d}" for number in range(size + 2, size + 2 + 2 * BESIDE)]
        house = many.Many(place, corp(server, server.tls_port))
        try:
            await house.furnish(index=True)
            before = ldapmodify(server, place, others[:BESIDE])
            held = await house.hold([f"u{number:06d}" for number in range(2, size + 2)])
            worker = house.start("--mute", "--lanes", str(LANES), "--at-once", str(AT_ONCE))
            began = time.monotonic()
            while time.monotonic() - began < MOST_SECONDS:
                try:
                    await house.done(held.request_id, seconds=1)
                    break
                except TimeoutError:
                    pass
            resident, theirs = worker.memory(), many.memory(server.pid)[0]
            first, times = await house.times(held.request_id)
            rate = len(times) / (times[-1] - first).total_seconds()
            worker.stop()
            modify = 2 * BESIDE / (before + ldapmodify(server, place, others[BESIDE:]))
            found.append(Grown(size, held.preview, held.submit, rate, modify, resident, theirs, len(times)))
        finally:
            await house.close()
            server.down()
    return found


async def spread(folder, late, count):
    """Reset people with one, two and three workers, by a directory that answers so late; returns the rates."""
    folder.mkdir()
    (folder / "slapd").mkdir()
    server = many.Slapd(folder / "slapd", durable=False)
    server.up(more=slapd.people(3 * count + 1))
    wire = LateWire(server.tls_port)
    await wire.start()
    wire.seconds = late
    rates = []
    try:
        with postgres.running() as database:
            house = many.Many(folder, corp(server, wire.port), store=database.database())
            try:
                await house.furnish()
                for number in range(3):
                    first = 2 + number * count
                    await asyncio.to_thread(house.start, "--mute", "--lanes", "16", "--at-once", "8")
                    held = await house.hold([f"u{n:06d}" for n in range(first, first + count)])
                    await house.done(held.request_id)
                    began, times = await house.times(held.request_id)
                    rates.append(len(times) / (times[-1] - began).total_seconds())
            finally:
                await house.close()
    finally:
        await wire.stop()
        server.down()
    return rates


async def rows(folder, *, full):
    """Measure all of it; returns rows and notes."""
    made, notes = [], []
    for name, argon2, count, aim in (("SSHA", False, PEOPLE, 0.6), ("ARGON2", True, SLOW_PEOPLE, 1.5)):
        ours, modify, loop, whole, cpu = await throughput(folder / name, argon2=argon2, count=count)
        mine, theirs = statistics.median(ours), statistics.median(modify)
        more = (
            f"{len(ours)} turns of {count:,}, {min(ours):.0f}-{max(ours):.0f}; {statistics.median(cpu):.2g} ms CPU each"
        )
        made.append(
            Row(f"resets, slapd {name}", mine, aim * theirs, "a second", theirs, "`ldapmodify -c -f`", more, True)
        )
        slow = statistics.median(loop)
        if not argon2:  # a slow hash is the limit of both
            which = "`ldappasswd` in a loop"
            made.append(Row("the same, a process each", mine, 15 * slow, "a second", slow, which, most=True))
        notes.append(
            f"{name}: from begin to end {statistics.median(whole):.1f} s for {count:,} people, with the first wave"
        )
    grown = await growth(folder, LARGE if full else SMALL)
    for each in grown:
        made += _grown(each, grown[0])
    for late, count in LATE:
        name = f"directory {late * 1000:.0f} ms late"
        one, *more = await spread(folder / f"spread{count}", late, count)
        for number, rate in enumerate(more, 2):
            aim = 0.8 * number * one
            made.append(Row(f"{number} workers, {name}", rate, aim, "a second", one, "one worker", most=True))
    notes.append("workers: on PostgreSQL, which with slapd has the same two cores; 0.8 of a worker each was the aim")
    how = f"{LANES} chunks under way, {AT_ONCE} writes in flight of each; slapd with its disk, TLS"
    notes.append(f"bulk: {how}; notices stay queued; load {os.getloadavg()[0]:.1f} at the end")
    return made, notes


def _grown(this, first):
    yield Row(f"preview of {this.size:,}", this.preview, 60, "s")
    yield Row(f"submission of {this.size:,}", this.submit, 5, "s")
    yield Row(f"memory at {this.size:,}", this.resident, 300, "MB", this.theirs, "slapd itself")
    if this is not first:
        more = f"{this.done:,} reset; of {first.size:,}: {first.rate:.0f}, beside {first.modify:.0f}"
        aim, of = 0.9 * first.rate, "`ldapmodify -c -f`"
        yield Row(f"resets of {this.size:,}", this.rate, aim, "a second", this.modify, of, more, most=True)


async def main():
    asked = argparse.ArgumentParser(prog="python -m bench.bulk", description=__doc__)
    asked.add_argument("--full", action="store_true", help="100,000 people too")
    given = asked.parse_args()
    with tempfile.TemporaryDirectory(prefix="rekey-bench-") as folder:
        made, notes = await rows(Path(folder), full=given.full)
    print(report.table(made), *notes, sep="\n")


if __name__ == "__main__":
    asyncio.run(main())
