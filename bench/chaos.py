"""What is left when workers die at random: `python -m bench.chaos [--users 3000 --kills 100]`.

Workers are processes with the real engine, killed with kill -9 and started again; the directory is a slapd behind a
wire that sees what it is given; Slack and the mail server refuse half of the time. Afterwards everything is counted.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import secrets
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import ldap
from sqlalchemy import select

from bench import many
from bench.grudging import Box, Grudging, Wire
from bench.rig import corp
from desk import control
from desk.dossier import PURPOSE
from resets.request import Channel, RequestState, TargetState
from store import requests, runs, tables, vault
from store.base import StoreFailed
from tests.support import postgres, slapd

LATE, LATE_FOR_THREE = 0.12, 0.5  # seconds of each answer to a write, so that the run lasts as long as the kills
HELD = (TargetState.SET, TargetState.DELIVERED, TargetState.COLLECTED)
OUTCOMES = (*HELD, TargetState.FAILED, TargetState.EXCLUDED)
LIFE = (0.5, 4.0)  # seconds that a worker works before it is killed; of several, one of them
DOWN_SECONDS = 10
MOST_REFUSED = 3  # tries of one mail or message: the waits in between double
PATIENCE_SECONDS = 900


@dataclass
class Counts:
    """What a run has come to. But for the kills, the resumes and the mails, all should be 0."""

    name: str
    users: int
    kills: int = 0
    resumed: int = 0  # it had paused by itself, since the directory was away
    repeated: int = 0  # writes of the same password once more
    lost: int = 0  # without an outcome
    failed: int = 0
    two: int = 0  # accounts that were given two different passwords
    orphans: int = 0  # accounts whose password is not the one that was sealed and delivered
    twice: int = 0  # people who were told twice in Slack
    untold: int = 0  # without the message in Slack, or without the mail
    mails: int = 0
    mail_repeats: int = 0

    @property
    def good(self):
        wrong = self.lost, self.failed, self.two, self.orphans, self.twice, self.untold
        return not any(wrong) and self.mail_repeats <= self.kills * IN_FLIGHT


IN_FLIGHT = 16  # sends of one worker: four chunks, four notices of each


@dataclass
class Place:
    """Everything that one run stands on."""

    folder: Path
    server: object
    wire: Wire
    slack: Grudging
    box: Box
    house: object
    request_id: str = ""
    counts: Counts = None
    away: asyncio.Event = field(default_factory=asyncio.Event)  # set: the directory or the store is away on purpose
    starts: asyncio.Lock = field(default_factory=asyncio.Lock)  # held while a worker starts, or something is away


@contextlib.asynccontextmanager
async def place(folder, name, users, store, late, *, refused=MOST_REFUSED):
    """Build one, and take it down."""
    (folder / "slapd").mkdir(parents=True)
    server = many.Slapd(folder / "slapd", durable=False)
    await asyncio.to_thread(server.up, more=slapd.people(users + 1))
    wire, loud, box = Wire(server, late), Grudging(refused), Box(refused)
    url = await wire.listen()
    await loud.start()
    box.start()
    table = corp(server, int(url.rpartition(":")[2]))
    house = many.Many(folder, table, slack=loud.url, mail=box.port, **({"store": store} if store else {}))
    made = Place(folder, server, wire, loud, box, house, counts=Counts(name, users))
    try:
        await house.furnish()
        channels = (Channel.DM, Channel.MAIL)
        logins = [f"u{number:06d}" for number in range(2, users + 2)]
        made.request_id = (await house.hold(logins, channels=channels)).request_id
        yield made
    finally:
        await house.close()
        box.stop()
        await loud.stop()
        await wire.close()
        server.down()


async def killed(at, kills, workers, words, *, never_back=0):
    """Kill workers at random instants, and start each again but for the last few."""
    crew = [await asyncio.to_thread(at.house.start, *words) for _ in range(workers)]
    for number in range(kills):
        await asyncio.sleep(LIFE[0] + (LIFE[1] - LIFE[0]) * secrets.randbelow(1000) / 1000 / workers)
        if await ended(at) and await told(at):
            break
        victim = crew[secrets.randbelow(len(crew))]
        await asyncio.to_thread(victim.kill)
        at.counts.kills += 1
        if kills - number <= never_back:
            crew.remove(victim)
            continue
        async with at.starts:
            await asyncio.to_thread(victim.start)


async def ended(at):
    """Say whether the run is over; resume it where it has paused by itself and nothing is away any more."""
    try:
        async with at.house.house.tools.store.read() as tx:
            run = await runs.get(tx, at.request_id)
        if run.state is RequestState.PAUSED and not at.away.is_set():
            await control.resume(at.house.house.tools, at.request_id, many.ADMIN)
            at.counts.resumed += 1
    except StoreFailed:
        return False
    return run.state is RequestState.DONE


async def misfortune(at, when, begin, end):
    """Take something away for some seconds once so many people are over."""
    while len(at.wire.given) < when:  # noqa: ASYNC110 - nothing tells
        await asyncio.sleep(0.1)
    async with at.starts:
        at.away.set()
        await asyncio.to_thread(begin)
        await asyncio.sleep(DOWN_SECONDS)
        await asyncio.to_thread(end)
        at.away.clear()


async def settled(at):
    """Wait until the run is over and everybody was told."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not (await ended(at) and await told(at)):  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0.3)


async def told(at):
    """Say whether nobody of the run waits to be told."""
    waits = (tables.notices.c.state == "waiting") & tables.notices.c.target_id.is_not(None)
    waiting = select(tables.notices.c.id).where(waits).limit(1)
    async with at.house.house.tools.store.read() as tx:
        return await tx.conn.scalar(waiting) is None


async def count(at):
    """Count what the run has come to."""
    counts, tools = at.counts, at.house.house.tools
    async with tools.store.read() as tx:
        everybody = await requests.targets(tx, at.request_id)
        sealed = await vault.peek_many(tx, PURPOSE, [target.id for target in everybody][:30_000])
    connection = ldap.initialize(at.server.url)
    connection.set_option(ldap.OPT_X_TLS_CACERTFILE, str(at.server.authority.ca))
    connection.set_option(ldap.OPT_X_TLS_NEWCTX, 0)  # not the one of an earlier run, whose authority is another
    for target in everybody:
        login = target.planned.login
        given = at.wire.given.get(login, [])
        counts.lost += target.state not in OUTCOMES
        counts.failed += target.state is TargetState.FAILED
        counts.two += len(set(given)) > 1
        counts.repeated += max(len(given) - 1, 0)
        if target.state not in HELD:
            continue
        mail = at.box.texts.get(login)
        secret = sealed.get(target.id)
        held = [
            word for word in set(given) if (mail is None or word in mail) and (not secret or secret.reveal() == word)
        ]
        counts.orphans += not (len(held) == 1 and (secret or mail) and _opens(connection, login, held[0]))
        counts.untold += mail is None or not at.slack.posts.get(f"DU{login.upper()}")
    connection.unbind_s()
    counts.twice = at.slack.twice()
    counts.mails = len(at.box.ids)
    counts.mail_repeats = len(at.box.ids) - len(set(at.box.ids))
    return counts


def _opens(connection, login, password):
    try:
        connection.simple_bind_s(f"uid={login},{slapd.PEOPLE}", password)
    except ldap.INVALID_CREDENTIALS:
        return False
    return True


async def on_sqlite(folder, users, kills, *, down=True, refused=MOST_REFUSED):
    """Kill the one worker again and again; the directory goes away once, unless it shall not."""
    async with place(folder, "SQLite, 1 worker", users, None, LATE, refused=refused) as at:
        slow = asyncio.create_task(misfortune(at, users // 2, at.server.stop, at.server.start)) if down else None
        await killed(at, kills, 1, ("--lanes", "2"))
        if slow:
            await slow
        await settled(at)
        return await count(at)


async def on_postgresql(folder, users, kills):
    """Kill one of three again and again, and two for good; the store stops hard, then the directory goes away."""
    with postgres.running() as database:
        async with place(folder, "PostgreSQL, 3 workers", users, database.database(), LATE_FOR_THREE) as at:
            words = ("--lanes", "4")
            down = asyncio.create_task(_one_by_one(at, users, database))
            await killed(at, kills, 3, words, never_back=2)
            await down
            await settled(at)
            return await count(at)


async def _one_by_one(at, users, database):
    await misfortune(at, users // 3, database.stop, database.start_again)
    await misfortune(at, 2 * users // 3, at.server.stop, at.server.start)


HEAD = (
    "| run | kills | resumed | lost | failed | two passwords | orphans | told twice | untold "
    "| mail repeats | writes repeated |"
)


def table(found):
    lines = [HEAD, "|" + "---|" * 11]
    for c in found:
        parts = (f"{c.name}, {c.users:,} people", c.kills, c.resumed, c.lost, c.failed, c.two, c.orphans)
        parts += (c.twice, c.untold, f"{c.mail_repeats} of {c.mails:,}", c.repeated)
        lines.append("| " + " | ".join(map(str, parts)) + " |")
    return "\n".join(lines)


async def main():
    asked = argparse.ArgumentParser(prog="python -m bench.chaos", description=__doc__)
    asked.add_argument("--users", type=int, default=3_000)
    asked.add_argument("--kills", type=int, default=100)
    asked.add_argument("--on", choices=["sqlite", "postgresql", "both"], default="both")
    given = asked.parse_args()
    found = []
    with tempfile.TemporaryDirectory(prefix="rekey-chaos-") as folder:
        if given.on != "postgresql":
            found.append(await on_sqlite(Path(folder) / "sqlite", given.users, given.kills))
            print(table(found), flush=True)
        if given.on != "sqlite":
            found.append(await on_postgresql(Path(folder) / "postgresql", given.users, given.kills))
    print(table(found))


if __name__ == "__main__":
    asyncio.run(main())
