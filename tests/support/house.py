"""A whole house for the desk's tests: real store, real `local` directory, a clock that is moved by hand.

The engine is a list: what a deed enqueues is run by `pump`, in order, as a worker would. What is said is kept in
`heard`. Before the directory stands one that fails on demand (`tests/support/unsteady.py`).
"""

from __future__ import annotations

import atexit
import secrets
import shutil
import tempfile
from collections import deque
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyotp
import pytest
from argon2 import PasswordHasher

from desk import chunk, collect, enrol, fill, find, freeze, look, run, speak, submit, tell, vouch
from desk.tools import Tools, Work, WorkKind
from directory.local import LocalDirectory
from directory.local_file import LocalFile
from directory.local_hash import Hasher
from directory.local_parts import Parts
from directory.local_people import NewAccount
from directory.opening import Opening
from directory.secret import Secret
from resets.actor import SlackPerson
from resets.facts import AskReset, Member
from resets.reasons import Refused
from resets.rules import Rules
from resets.saying import SayMail, SaySlack
from store import base, freezes
from store.base import Store
from store.keys import KeyRing
from tests.support.unsteady import Unsteady

TEAM = "T0REKEY"
ADA = SlackPerson(TEAM, "U0ADA")
BOB = SlackPerson(TEAM, "U0BOB")
EVE = SlackPerson(TEAM, "U0EVE")
# Real hashes, of the cheapest kind: what a hash costs is tested where the directory is.
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1, hash_len=16, salt_len=8)


class Clock:
    """A clock that only moves when told."""

    def __init__(self):
        self.now = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
        self.jumped = 0.0

    def __call__(self):
        return self.now

    def watch(self):
        """Return the seconds that have passed, jumps of the clock left out."""
        return self.now.timestamp() - self.jumped

    def jump(self, **span):
        """Set the clock wrong, or right: no time passes."""
        self.jumped += timedelta(**span).total_seconds()
        self.now += timedelta(**span)

    def tick(self, **span):
        self.now += timedelta(**span)


PEOPLE = [
    NewAccount("ada", "Ada Admin", "Ada", "Admin", "ada@example.com", slack_user=ADA.user, admin=True),
    NewAccount(
        "bob", "Bob Baker", "Bob", "Baker", "bob@example.com", recovery_mail="bobby@home.test", slack_user=BOB.user
    ),
    NewAccount("eve", "Eve Evans", "Eve", "Evans", "eve@example.com", slack_user=EVE.user),
    NewAccount("dora", "Dora Disabled", "Dora", "Disabled", "dora@example.com", disabled=True),
    NewAccount("ext", "Ex Ternal", "Ex", "Ternal", "ext@example.com", external=True),
    NewAccount("olga", "Olga Owner", "Olga", "Owner", "olga@example.com", owner=True),
    NewAccount("una", "Una Unverified", "Una", "Unverified", "una@elsewhere.test"),
    NewAccount("svc", "A Service", service=True, mail="svc@example.com"),
    NewAccount("new", "Newly Invited", "Newly", "Invited", "new@example.com", confirmed=False),
    NewAccount("nora", "Nora Nomail", "Nora", "Nomail"),
    NewAccount("sam1", "Sam Same", "Sam", "Same", "sam1@example.com"),
    NewAccount("sam2", "Sam Same", "Sam", "Same", "sam2@example.com"),
]


@dataclass
class House:
    tools: Tools
    clock: Clock
    directory: Unsteady
    local: LocalDirectory
    queue: deque = field(default_factory=deque)
    heard: list = field(default_factory=list)
    deaf: set = field(default_factory=set)  # kinds of saying that fail
    seed: str = ""
    ids: dict = field(default_factory=dict)
    rests: tell.Rests = field(default_factory=tell.Rests)

    @property
    def store(self):
        return self.tools.store

    def with_rules(self, **changes):
        self.tools = replace(self.tools, rules=replace(self.tools.rules, **changes))

    def code(self):
        return pyotp.TOTP(self.seed).at(self.clock.now)

    def member(self, person, **changes):
        told = Member(person, person.user.title(), None, deleted=False, bot=False, guest=False, stranger=False)
        return replace(told, **changes)

    async def form(self, login="bob", member=BOB, *, by=ADA):
        """Open and fill a reset form, as the handlers do."""
        form_id = await look.start(self.tools, by)
        found = await look.named(self.tools, form_id, by, find.Typed(login))
        assert isinstance(found, find.Found), found
        known = self.member(member) if member else None
        manager = await vouch.manager(self.tools, form_id, by, found, known)
        return await fill.fill(self.tools, form_id, by, found, known, manager)

    async def ask(self, login="bob", member=BOB, **answers):
        """Open, fill and submit a reset."""
        form = await self.form(login, member)
        assert isinstance(form, AskReset), form
        return await submit.reset(self.tools, form.form_id, ADA, self.answer(**answers))

    def answer(self, **changes):
        base = submit.Answer(
            why="forgot",
            ticket="",
            must_change=True,
            clear_sessions=True,
            unlock=True,
            channels=("dm",),
            code=self.code(),
        )
        return replace(base, **changes)

    async def pump(self, *, limit=200, patience=50):
        """Run all work to its end, moving the clock where somebody waits."""
        for _ in range(limit):
            if not self.queue:
                return
            work = self.queue.popleft()
            wait = await self.do(work)
            if wait is not None:
                patience -= 1
                assert patience > 0, f"{work} never ends"
                self.clock.now += wait
                self.queue.append(work)
        raise AssertionError("too much work")

    async def do(self, work):
        match work.kind:
            case WorkKind.CHUNK:
                return await chunk.go_on(self.tools, work.id)
            case WorkKind.TELL:
                return await tell.go_on(self.tools, self.rests, work.id, self.say)
            case WorkKind.NOTICE:
                return await self.say(work.id)
        return await run.run(self.tools, work)

    async def say(self, notice_id):
        saying = await speak.prepare(self.tools, notice_id)
        if saying is None or isinstance(saying, timedelta):
            return saying
        if type(saying.facts) in self.deaf:
            from resets.reasons import Reason

            return await speak.failed(self.tools, notice_id, saying.attempt, Reason.SLACK_FAILED)
        self.heard.append(saying)
        in_channel = not isinstance(saying, SayMail) and saying.to.startswith("C")
        place = saying.facts.to if isinstance(saying, SayMail) else saying.to if in_channel else f"D{saying.to}"
        stamp = saying.message_id if isinstance(saying, SayMail) else f"{len(self.heard)}.0"
        stamp = getattr(saying, "stamp", None) or stamp
        await speak.said(self.tools, notice_id, place, stamp)
        return None

    def last(self, kind):
        """Return what was said last with facts of a type."""
        return next((s for s in reversed(self.heard) if isinstance(s.facts, kind)), None)

    def slack(self):
        return [s for s in self.heard if isinstance(s, SaySlack)]

    async def target(self, target_id):
        from store import requests

        async with self.store.read() as tx:
            return await requests.target(tx, target_id)

    async def target_of(self, queued):
        from store import requests

        async with self.store.read() as tx:
            return (await requests.targets(tx, queued.request_id))[0]

    async def deeds(self):
        from store import audit

        async with self.store.read() as tx:
            return [kept.entry.deed for kept in await audit.tail(tx, 1000)][::1]

    async def entry(self, deed):
        """Return the journal's last entry of a deed."""
        from store import audit

        async with self.store.read() as tx:
            return [kept.entry for kept in await audit.tail(tx, 1000) if kept.entry.deed is deed][-1]

    async def reveal(self, target_id, code, person=BOB):
        asked = await collect.ask(self.tools, target_id, person)
        return await collect.reveal(self.tools, asked.form_id, person, code)


async def build(folder, url=None):
    """Make a house in an empty folder: ada is enrolled, the others are to be reset. `url`: of a database up to date."""
    if url is not None:
        return await _furnished(folder, url)
    kept = await _Kept.one()
    shutil.copytree(kept.folder, folder, dirs_exist_ok=True)
    house = await _opened(folder, _sqlite(folder))
    house.seed, house.ids, house.clock.now = kept.seed, dict(kept.ids), kept.now
    return house


class _Kept:
    """A house on SQLite that was furnished once in this process, and left; the others are copies of its folder."""

    _made = None

    def __init__(self, house, folder):
        self.folder = folder
        self.seed, self.ids, self.now = house.seed, house.ids, house.clock.now

    @classmethod
    async def one(cls):
        if cls._made is None:
            folder = Path(tempfile.mkdtemp(prefix="rekey-house-"))
            atexit.register(shutil.rmtree, folder, ignore_errors=True)
            await base.upgrade(_sqlite(folder))
            house = await _furnished(folder, _sqlite(folder))
            await raze(house)
            cls._made = cls(house, folder)
        return cls._made


def _sqlite(folder):
    return f"sqlite+aiosqlite:///{folder / 'rekey.db'}"


async def _furnished(folder, url):
    """Open a house in an empty folder, with its people, and ada enrolled."""
    KeyRing.create(folder / "rekey.keys")
    house = await _opened(folder, url)
    await house.local.add_domain("example.com", verified=True)
    await house.local.add_accounts(PEOPLE)
    house.seed = await enrolled(house, ADA, "ada")
    house.clock.tick(seconds=60)
    for person in PEOPLE:
        account = await house.local.find(person.login)
        house.ids[person.login] = account.id
    house.queue.clear()
    return house


async def _opened(folder, url):
    """Open what stands in a folder."""
    clock = Clock()
    store = await Store.open(url, KeyRing.load(folder / "rekey.keys"), clock=clock)
    file = LocalFile(folder / "corp.db", busy=timedelta(seconds=10), opening=Opening.MAKE)
    local = LocalDirectory("corp", Parts(file, Hasher(QUICK), clock, secrets.token_bytes))
    unsteady = Unsteady(local)
    queue = deque()

    async def enqueue(tx, work):
        tx.after_commit(lambda: queue.append(work))

    async def enqueue_many(tx, works):
        tx.after_commit(lambda: queue.extend(works))

    tools = Tools(
        store=store,
        directories={"corp": unsteady},
        rules=Rules(version="1"),
        clock=clock,
        randbelow=secrets.randbelow,
        new_id=lambda: secrets.token_hex(16),
        enqueue=enqueue,
        enqueue_many=enqueue_many,
        team=TEAM,
        security_channel="C0SEC",
        watch=clock.watch,
    )
    return House(tools, clock, unsteady, local, queue)


async def enrolled(house, person, login, role="admin"):
    """Enrol somebody as an admin; returns the seed of their codes."""
    enrolling = await enrol.enrol(
        house.tools, slack_user=person.user, directory="corp", login=login, role=role, randbytes=secrets.token_bytes
    )
    seed = enrolling.seed.reveal()
    await enrol.confirm(house.tools, enrolling, pyotp.TOTP(seed).at(house.clock.now), by="test")
    return seed


async def refused(deed, reason):
    """Expect that a deed is refused for a reason; returns the facts of the sentence."""
    with pytest.raises(Refused) as caught:
        await deed
    assert caught.value.reason is reason
    return caught.value.facts


async def standing(house):
    """Return the freeze that stands, if one does."""
    async with house.store.read() as tx:
        return await freezes.standing(tx)


async def ended_with_a_code(house):
    """End the freeze that stands, by the first admin's code."""
    form_id, _ = await freeze.ask_resume(house.tools, ADA)
    await freeze.resume(house.tools, form_id, ADA, house.code())


async def raze(house):
    await house.store.close()
    await house.local.close()


__all__ = [
    "ADA",
    "BOB",
    "EVE",
    "TEAM",
    "Clock",
    "House",
    "Secret",
    "Work",
    "build",
    "ended_with_a_code",
    "enrolled",
    "raze",
    "refused",
    "standing",
]
