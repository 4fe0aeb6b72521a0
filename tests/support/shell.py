"""The real `rekey` command in this process: a configuration, a store, a local directory and ada, who is enrolled.

What it prints is read back; a worker for it is a thread whose clock is a minute ahead, so that no hold is waited for.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import logging
import secrets
import sys
import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pyotp

from bot.__main__ import main
from bot.assembly import open_house
from bot.config import load
from bot.crew import Alone
from desk import chunk, enrol, steer
from desk.tools import WorkKind
from directory.local_people import NewAccount
from store import audit, chunks, runs

CONFIG = """
[slack]
team_id = "T0TEST"
[approvals]
few = 0
many = 0
[[directories]]
name = "corp"
kind = "local"
path = "corp.db"
"""
PEOPLE = [
    NewAccount("ada", "Ada Admin", mail="ada@example.com", slack_user="U0ADA"),
    NewAccount("zoe", "Zoe Other", mail="zoe@example.com", slack_user="U0ZOE"),
    NewAccount("dora", "Dora Disabled", mail="dora@example.com", slack_user="U0DORA", disabled=True),
    NewAccount("nina", "Nina Noslack", mail="nina@example.com"),
]


def real():
    return datetime.now(UTC)  # noqa: TID251 - the command has the real clock


@dataclass
class Done:
    code: int
    out: str
    err: str


class Shell:
    def __init__(self, folder, monkeypatch):
        self.folder = folder
        self.config = folder / "rekey.toml"
        self._patch = monkeypatch
        self.seeds = {}

    def furnish(self, count):
        self.config.write_text(CONFIG)
        for words in (("keys", "new"), ("db", "upgrade")):
            done = self(*words)
            assert done.code == 0, done
        people = [
            NewAccount(f"p{n:02d}", f"Person {n}", mail=f"p{n}@example.com", slack_user=f"U0P{n}") for n in range(count)
        ]

        async def deed(house):
            local = house.tools.directories["corp"]
            await local.add_domain("example.com", verified=True)
            await local.add_accounts([*PEOPLE, *people])
            everybody = [(await local.find(p.login)).id for p in people]
            await local.add_group("Sales", members=everybody)
            for login in ("ada", "zoe"):
                user = f"U0{login.upper()}"
                enrolling = await enrol.enrol(
                    house.tools, slack_user=user, directory="corp", login=login, role="helpdesk",
                    randbytes=secrets.token_bytes,
                )  # fmt: skip
                self.seeds[login] = enrolling.seed.reveal()
                code = pyotp.TOTP(self.seeds[login]).at(house.tools.clock())
                await enrol.confirm(house.tools, enrolling, code, by="test")

        done = self("directory", "new", "corp")
        assert done.code == 0, done
        self.in_house(deed, ahead=timedelta(minutes=-10))

    def in_house(self, deed, *, ahead=timedelta(0)):
        async def whole():
            house = await open_house(load(self.config), now=lambda: real() + ahead)
            try:
                return await deed(house)
            finally:
                await house.close()

        return asyncio.run(whole())

    def code(self, login="ada", *, later=0):
        """Return a code that works now; the second of one test is `later`, since each works once."""
        return pyotp.TOTP(self.seeds[login]).at(real() + timedelta(seconds=30 * later)) + "\n"

    def __call__(self, *words, stdin=""):
        out, err = io.StringIO(), io.StringIO()
        self._patch.setattr(sys, "stdin", io.StringIO(stdin))
        root = logging.getLogger()
        kept = root.handlers[:], root.level
        code = None
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                main(["--config", str(self.config), *words])
            except SystemExit as ended:
                code = ended.code
            finally:
                root.handlers[:], root.level = kept[0], kept[1]
                logging.captureWarnings(capture=False)
        done = Done(code, out.getvalue(), err.getvalue())
        assert "Traceback" not in done.out + done.err, done
        return done

    def runs(self):
        async def deed(house):
            async with house.tools.store.read() as tx:
                return await runs.newest(tx, 100)

        return self.in_house(deed)

    def journal(self):
        async def deed(house):
            async with house.tools.store.read() as tx:
                return [kept.entry for kept in await audit.tail(tx, 1000)]

        return self.in_house(deed)

    def markers(self):
        """Return the password's change marker of everybody."""

        async def deed(house):
            found = {}
            async for page in house.tools.directories["corp"].pages():
                found |= {account.login: account.marker for account in page.accounts}
            return found

        return self.in_house(deed)

    @contextlib.contextmanager
    def lock(self):
        """Hold the worker's lock and do nothing."""
        alone = Alone(load(self.config).store.full_url)
        asyncio.run(alone.join())
        try:
            yield
        finally:
            asyncio.run(alone.leave())

    @contextlib.contextmanager
    def worker(self):
        """Do the work in a thread, as `rekey serve` would."""
        stop, failed = threading.Event(), []

        def work():
            try:
                self.in_house(lambda house: _works(house, stop), ahead=timedelta(seconds=61))
            except BaseException as error:  # noqa: BLE001 - told below
                failed.append(error)

        thread = threading.Thread(target=work)
        with self.lock():
            thread.start()
            try:
                yield
            finally:
                stop.set()
                thread.join()
        assert not failed, failed


async def _works(house, stop):
    tools = house.tools
    while not stop.is_set():
        await steer.all_runs(tools)
        async with tools.store.read() as tx:
            standing = await chunks.standing(tx, 100)
        for each, state in standing:
            for work in steer.due(tools, each, state):
                if work.kind is WorkKind.CHUNK:
                    await chunk.go_on(tools, work.id)
        await asyncio.sleep(0.02)
