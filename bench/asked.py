"""How soon Slack hears of fifty people who approve two hundred requests: the click on *Approve*, and the code.

At work they begin one after the other; at once all of them click, and send their codes, in one instant, each code sent
twice. Whatever happens, each approval counts once, and puts what it was for on its way once. `python -m bench.asked`.
"""

from __future__ import annotations

import asyncio
import secrets
import subprocess
import sys
import tempfile
from datetime import timedelta
from pathlib import Path

import pyotp

from bench import crowd, report, rig
from bench.acks import listening, reading
from bench.figures import Samples
from bench.report import Row
from bench.rig import ROOT, free_port
from bench.slack import TEAM, Slack
from bot.assembly import clock, open_house
from bot.config import load
from desk import enrol, fill, find, look, submit, vouch
from resets.actor import SlackPerson
from resets.audit import Deed
from resets.bulk import SHOWN
from resets.facts import Member
from store import approvals, audit, requests

EACH = 4  # requests of each of the people, all waiting
AT_WORK = 3  # that each approves at their own pace; the last all at once
SPREAD_SECONDS = 4.0
EARLY = timedelta(minutes=10)  # so long ago people were enrolled, and asked: their codes of now are not used yet
NEXT_CODE = timedelta(seconds=31)
CHANNEL = "C0BENCHASK1"
AIM, AT_ONCE_AIM = 150, 3_000
KINDS = (("click", "click on *Approve*"), ("approval", "approval"))
SETTLED_SECONDS = 3.0  # without a message: all that was asked stands in the channel


class Asked:
    """A store in which many requests wait, with those who asked for them and may approve each other's."""

    def __init__(self, bot):
        self.settings = load(bot.config, {})
        self.behind = EARLY
        self.people = []
        self.waiting = []  # (who has to approve it, the value of its card's button)

    async def furnish(self):
        house = await open_house(self.settings, now=lambda: clock() - self.behind)
        try:
            seeds = [await self._enrolled(house.tools, f"u{n:06d}") for n in range(1, rig.ADMINS + 1)]
            for turn in range(EACH):
                self.behind -= NEXT_CODE
                for place, (user, _, seed) in enumerate(seeds):
                    number = 1000 + turn * len(seeds) + place
                    request_id = await self._asked(house.tools, SlackPerson(TEAM, user), f"u{number:06d}", seed)
                    async with house.tools.store.read() as tx:
                        request = await requests.get(tx, request_id)
                    self.waiting.append(((place + 1 + turn) % len(seeds), f"{request_id}#{request.digest[:SHOWN]}"))
        finally:
            await house.close()
        self.people = [crowd.Person(*each) for each in seeds]

    def _code(self, seed):
        return pyotp.TOTP(seed).at(clock() - self.behind)

    async def _enrolled(self, tools, login):
        user = "U" + login.upper()
        pending = await enrol.enrol(
            tools, slack_user=user, directory="corp", login=login, role="helpdesk", randbytes=secrets.token_bytes
        )
        seed = pending.seed.reveal()
        await enrol.confirm(tools, pending, self._code(seed), by="bench")
        return user, login, seed

    async def _asked(self, tools, person, login, seed):
        form_id = await look.start(tools, person)
        found = await look.named(tools, form_id, person, find.Typed(login))
        of = SlackPerson(TEAM, "U" + login.upper())
        member = Member(of, login, None, deleted=False, bot=False, guest=False, stranger=False)
        manager = await vouch.manager(tools, form_id, person, found, member)
        await fill.fill(tools, form_id, person, found, member, manager)
        answer = submit.Answer("forgot", "", True, True, False, ("dm",), self._code(seed), "call_back")
        return (await submit.reset(tools, form_id, person, answer)).request_id

    async def effects(self):
        """Count the requests that were approved once and put on their way once."""
        house = await open_house(self.settings)
        try:
            async with house.tools.store.read() as tx:
                assert not await approvals.waiting(tx, 1)
                ids = [value.partition("#")[0] for _, value in self.waiting]
                counts = [[await audit.deeds_of(tx, one, d) for d in (Deed.APPROVED, Deed.PROVED)] for one in ids]
        finally:
            await house.close()
        return sum(each == [1, 1] for each in counts)


async def _clicked(door, slack, person, value):
    trigger, modal = slack.click()
    await door.post("click", crowd.press(person.user, "approval_approve", value, CHANNEL, trigger))
    async with asyncio.timeout(60):
        await modal.opened.wait()
    if not modal.good:
        raise RuntimeError(f"not asked for a code: {modal.view}")
    return modal


async def _at_work(door, slack, people, waiting):
    async def one(number, person):
        await asyncio.sleep(number * SPREAD_SECONDS / len(people))
        for value in [value for place, value in waiting if place == number]:
            modal = await _clicked(door, slack, person, value)
            code = await person.code()
            await asyncio.sleep(reading(person, code))
            did = await door.post("approval", crowd.code_sent(person.user, modal, code))
            if "You have approved it" not in str(did.answer):
                raise RuntimeError(f"not approved: {did.answer}")

    async with asyncio.TaskGroup() as group:
        for number, person in enumerate(people):
            group.create_task(one(number, person))


async def _at_once(door, slack, people, waiting):
    """Have all click in one instant, then send their codes in one instant, each twice."""
    modals = await asyncio.gather(*(_clicked(door, slack, people[place], value) for place, value in waiting))
    ready = []
    for (place, _), modal in zip(waiting, modals, strict=True):
        ready += [crowd.code_sent(people[place].user, modal, await people[place].code())] * 2
    await asyncio.gather(*(door.post("approval", body) for body in ready))


async def _quiet(slack):
    """Wait until nothing is said any more."""
    said = -1
    while said != slack.said:
        said = slack.said
        await asyncio.sleep(SETTLED_SECONDS)


async def measure(folder, slack):
    """Return {(when, kind): (ours, bare)}, and how many of the requests had one effect each."""
    server = rig.directory(folder / "slapd", 2_000)
    bot = rig.Bot(folder, slack.url, rig.corp(server, server.tls_port), limits=rig.ASKING, channel=CHANNEL)
    bare = None
    try:
        await bot.furnish()
        asked = Asked(bot)
        await asked.furnish()
        await bot.start()
        await _quiet(slack)
        doors = {}
        for name, deed, some in (
            ("at work", _at_work, asked.waiting[: AT_WORK * rig.ADMINS]),
            ("at once", _at_once, asked.waiting[AT_WORK * rig.ADMINS :]),
        ):
            async with crowd.Door(bot.url) as door:
                await deed(door, slack, asked.people, some)
            doors[name] = door
        await _quiet(slack)
        await bot.stop()
        once = await asked.effects()
        port = free_port()
        bare = subprocess.Popen(  # noqa: ASYNC220
            [sys.executable, "-m", "bench.bare", str(port)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=ROOT,
        )
        await listening(port)
        found = {}
        for name, ours in doors.items():
            async with crowd.Door(f"http://127.0.0.1:{port}") as door:
                await crowd.replay(door, sorted(ours.done, key=lambda did: did.at))
            found |= {(name, kind): (Samples(ours.times(kind)), Samples(door.times(kind))) for kind, _ in KINDS}
    finally:
        if bare is not None:
            bare.terminate()
            bare.wait()
        await bot.stop()
        server.down()
    return found, once, len(asked.waiting)


async def rows(folder, slack):
    """Measure it; returns rows and notes."""
    found, once, asked = await measure(folder, slack)
    made = []
    for (name, kind), (ours, bare) in found.items():
        what = f"ack of {'a' if kind == 'click' else 'an'} {dict(KINDS)[kind]}, {name}, p99"
        aim = AT_ONCE_AIM if name == "at once" else AIM
        more = f"p50 {ours.p50:.0f} ms, {len(ours)} of them"
        made.append(Row(what, ours.p99, aim, "ms", bare.p99, "a bare Bolt app", more))
    effects = f"of {asked} requests {once} were approved once and put on their way once"
    return made, [
        f"approvals: {rig.ADMINS} people, {asked} requests that wait, on SQLite, at once each code twice; {effects}"
    ]


async def main():
    slack = Slack()
    await slack.start()
    try:
        with tempfile.TemporaryDirectory(prefix="rekey-bench-") as folder:
            made, notes = await rows(Path(folder), slack)
    finally:
        await slack.stop()
    print(report.table(made), *notes, sep="\n")


if __name__ == "__main__":
    asyncio.run(main())
