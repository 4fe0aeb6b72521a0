"""Many people to reset: a folder with keys, a store, one enrolled admin and a slapd; bulks, and workers for them."""

from __future__ import annotations

import asyncio
import os
import secrets
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import timedelta

import pyotp
from sqlalchemy import func
from sqlalchemy import select as rows

from bench.rig import ROOT, START_SECONDS, UNHINDERED, memory
from bench.slack import APP_TOKEN, BOT_TOKEN, SIGNING, TEAM
from bot.assembly import clock, open_house
from bot.config import load
from bot.engine import CALM_SECONDS, OF_BULKS, migrate
from desk import choose, enrol, preview, submit_bulk, sweep
from resets.actor import SlackPerson
from resets.bulk import Wish
from resets.facts import Member
from resets.request import Channel, Options, Why
from store import runs, tables
from store.base import upgrade
from store.keys import KeyRing
from tests.support import slapd

ADMIN = SlackPerson(TEAM, "U0BENCHADA1")
ADMIN_LOGIN = "u000001"
EARLY = timedelta(minutes=10)  # so long ago we are at first, so that a bulk's hold is over when it is submitted
HURRY_TAKES = 10  # seconds, by tenths of a pause of one
NEXT_CODE = timedelta(seconds=31)  # each code works once, and ours must not wait for the next
ARGON2 = "moduleload argon2 m=19456 t=2 p=1\npassword-hash {ARGON2}\n"
SQLITE, NOBODY = "sqlite+aiosqlite:///rekey.db", "http://127.0.0.1:9"

CONFIG = """\
[slack]
mode = "http"
bot_token = "{bot_token}"
app_token = "{app_token}"
signing_secret = "{signing}"
team_id = "{team}"
api_url = "{slack}/api/"

[web]
listen = "127.0.0.1:{port}"

[store]
url = "{store}"

[mail]
host = "127.0.0.1"
port = {mail_port}
tls = "none"
sender = "it@example.test"

[delivery]
mail_content = "password"

"""


class Slapd(slapd.Slapd):
    """One that keeps what it has said is kept: the tests' own does without its disk. `hashed` by ARGON2, or SSHA."""

    def __init__(self, folder, *, argon2=False, durable=True):
        super().__init__(folder)
        self.argon2, self.durable = argon2, durable

    def configure(self, **rights):
        super().configure(**rights)
        file = self.folder / "slapd.conf"
        told = file.read_text()
        if self.durable:
            told = told.replace("envflags nosync\n", "")
        if self.argon2:
            told = told.replace("database mdb", ARGON2 + "\ndatabase mdb", 1)
        file.write_text(told)


@dataclass(frozen=True)
class Held:
    """One bulk that was previewed and submitted, and the seconds that both took."""

    request_id: str
    count: int
    preview: float
    submit: float


class Many:
    """A store, a directory "corp" and one enrolled admin. What is submitted here, `work` has done by processes."""

    def __init__(self, folder, table, *, store=SQLITE, slack=NOBODY, mail=9, port=8080):
        self.folder = folder
        self.config = folder / "rekey.toml"
        head = CONFIG.format(
            bot_token=BOT_TOKEN,
            app_token=APP_TOKEN,
            signing=SIGNING,
            team=TEAM,
            slack=slack,
            port=port,
            store=store,
            mail_port=mail,
        )
        self.config.write_text(head + UNHINDERED + table)
        self.house = None
        self.workers = []
        self._seed = ""
        self._behind = EARLY
        self._hurried = float("-inf")

    async def furnish(self, *, index=False):
        """Make keys and store, enrol the admin, and fill the index if wanted."""
        settings = load(self.config, {})
        KeyRing.create(settings.keys.file)
        await upgrade(settings.store.full_url)
        await asyncio.to_thread(migrate, settings.store.full_url)
        self.house = await open_house(settings, now=lambda: clock() - self._behind)
        pending = await enrol.enrol(
            self.house.tools,
            slack_user=ADMIN.user,
            directory="corp",
            login=ADMIN_LOGIN,
            role="helpdesk",
            randbytes=secrets.token_bytes,
        )
        self._seed = pending.seed.reveal()
        await enrol.confirm(self.house.tools, pending, self._code(), by="bench")
        if index:
            await sweep.refresh(self.house.tools, "corp", whole=True)

    def _code(self):
        """Return a code that was not used yet: we go on to the time at which it is shown."""
        self._behind -= NEXT_CODE
        return pyotp.TOTP(self._seed).at(clock() - self._behind)

    async def hold(self, logins, *, channels=(Channel.MAIL,), must_change=True):
        """Preview and submit a bulk of people; it may begin at once."""
        await self._about_to_begin()
        tools = self.house.tools
        options = Options(
            why=Why.COMPROMISE,
            ticket="INC-1",
            must_change=must_change,
            clear_sessions=True,
            unlock=False,
            channels=channels,
        )
        form_id = await choose.start(tools, ADMIN)
        began = time.perf_counter()
        shown = await preview.make(tools, form_id, ADMIN, Wish((), (), tuple(logins), options, None), _members)
        previewed = time.perf_counter()
        if shown.included != len(logins):
            raise RuntimeError(f"left out: {shown.excluded}")
        held = await submit_bulk.begin(tools, form_id, ADMIN, self._code(), str(shown.included))
        return Held(held.request_id, held.included, previewed - began, time.perf_counter() - previewed)

    async def _about_to_begin(self):
        """Have the workers look for chunks as often as they do by the time that a bulk's hold is over."""
        if time.monotonic() - self._hurried > CALM_SECONDS:
            self._hurried = time.monotonic()
            await self.house.intake.hurry(OF_BULKS)
            await asyncio.sleep(HURRY_TAKES)

    def start(self, *words):
        """Start one worker; returns it once it works."""
        worker = Toiler(self, len(self.workers), words)
        self.workers.append(worker)
        worker.start()
        return worker

    async def done(self, request_id, *, seconds=600, least=None):
        """Wait until a bulk is done, or so many of it are; returns its Run."""
        async with asyncio.timeout(seconds):
            while True:
                async with self.house.tools.store.read() as tx:
                    run = await runs.get(tx, request_id)
                    over = await tx.conn.scalar(
                        rows(func.count()).where(
                            tables.targets.c.request_id == request_id, tables.targets.c.ended_at.is_not(None)
                        )
                    )
                if run.ended_at or (least is not None and over >= least):
                    return run
                if run.stopped:
                    raise RuntimeError(f"it stopped: {run.stopped}")
                await asyncio.sleep(0.1)

    async def moved(self, request_id):
        """Return the run of a bulk, and of how many the password is set."""
        done = (tables.targets.c.request_id == request_id) & tables.targets.c.set_at.is_not(None)
        async with self.house.tools.store.read() as tx:
            return await runs.get(tx, request_id), await tx.conn.scalar(rows(func.count()).where(done))

    async def times(self, request_id):
        """Return when each person's password was set, sorted, without those of the first wave."""
        first = rows(tables.chunks.c.id).where(tables.chunks.c.request_id == request_id, tables.chunks.c.canary == 1)
        mine = (tables.targets.c.request_id == request_id) & tables.targets.c.chunk_id.not_in(first)
        async with self.house.tools.store.read() as tx:
            sealed = await tx.conn.scalar(rows(func.min(tables.targets.c.sealed_at)).where(mine))
            found = await tx.conn.scalars(
                rows(tables.targets.c.set_at).where(mine, tables.targets.c.set_at.is_not(None))
            )
            return sealed, sorted(found)

    async def close(self):
        for worker in self.workers:
            worker.stop()
        if self.house is not None:
            await self.house.close()


async def _members(accounts):
    """Say who the people behind accounts are in Slack, without asking it."""
    return {
        account.id: Member(
            SlackPerson(TEAM, "U" + account.login.upper()),
            account.name,
            account.mail,
            deleted=False,
            bot=False,
            guest=False,
            stranger=False,
        )
        for account in accounts
    }


class Toiler:
    """One process of `bench.toil`."""

    def __init__(self, many, number, words):
        self._many, self._words = many, words
        self.log = many.folder / f"worker{number}.log"
        self.process = None

    def start(self):
        """Start it, and wait until it works."""
        environ = {key: value for key, value in os.environ.items() if not key.startswith(("REKEY_", "SLACK_"))}
        self.launch(environ)
        until = time.monotonic() + START_SECONDS
        while "working" not in self.log.read_text():
            if self.process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(self.log.read_text()[-3000:])
            time.sleep(0.01)  # noqa: TID251 - a process has no event to wait for

    def launch(self, environ):
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "bench.toil", str(self._many.config), *self._words],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={**environ, "PYTHONPATH": str(ROOT)},
                cwd=self._many.folder,
            )

    def memory(self):
        return memory(self.process.pid)[0]

    def cpu(self):
        """Return the seconds of CPU that it has used."""
        return cpu(self.process.pid)

    def stop(self):
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def kill(self):
        """End it at once, as a power cut does."""
        self.process.kill()
        self.process.wait()


def cpu(pid):
    with open(f"/proc/{pid}/stat") as file:  # noqa: PTH123
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
