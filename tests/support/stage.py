"""The demo on a stage: the real thing, in a folder of its own, with everything that a test may want to upset.

The workspace runs in the test's process, so that a test can order Slack's misfortunes; the bot is a child process, the
same `rekey serve` as anywhere, that can be killed. The directory and the store are read straight from their files, by
code that shares no line with the connector: what a person is told is held against what is there.
"""

from __future__ import annotations

import asyncio
import os
import re
import secrets
import shutil
import signal
import sqlite3
from contextlib import AsyncExitStack, asynccontextmanager, closing, contextmanager

import argon2
import pyotp

from bot.assembly import clock, open_house
from bot.config import load
from bot.demo import LIMITS, Child, Demo, _configured
from bot.demo_people import EVERYBODY
from bot.engine import migrate
from desk import enrol
from practice.server import Workspace
from resets import stepup
from store.base import upgrade
from store.keys import KeyRing
from tests.support import slapd
from tests.support.browser import Viewer

MORGAN, SASHA, ROBIN, PRIYA = "U0MORGAN001", "U0SASHA0001", "U0ROBIN0001", "U0PRIYA0001"
CARLA = "U0CARLA0001"
KIT, DANA = "U0KITGUEST1", "U0DANAEXT01"
GENERAL, IT_DESK, SHARED, SECURITY = "C0GENERAL01", "C0ITDESK001", "C0SHARED001", "C0SECURITY1"
STEP = 30  # seconds that a code is shown
PASSWORD = re.compile(r"\b[A-Z][a-z]+(?:-[a-z]+){4}-\d\b")
HOLD = "3s"  # between the proof of many at once and the first of them
# What most journeys are not about. Those that are, mark themselves with `as_shipped`.
QUIET = """
[verification]
standard = "none"

[approvals]
few = 0
many = 0
security_from = 0
"""


def approvals(**numbers):
    """Return settings with which others have to agree, and nothing else is asked."""
    lines = [f"{key} = {value}" for key, value in numbers.items()]
    return "\n".join([QUIET.partition("[approvals]")[0], "[approvals]", *lines, ""])


ASKING = approvals(many=1)


class Stage:
    """A running demo.

    Attributes:
        workspace: practice.server.Workspace, with its faults and its record.
        data: the folder.
    """

    def __init__(self, demo):
        self.demo = demo
        self.workspace = demo.workspace
        self.data = demo.data
        self._used = {}
        self.window = None  # a browser window, where the test has one

    async def viewer(self, user, place=""):
        """Open a tab for a person."""
        return await Viewer(await self.window.new_page(), self.workspace.url, user).open(place)

    # -- codes -------------------------------------------------------------------------------------------------

    def code(self, user=MORGAN):
        """Return a code that the bot takes: the present one, else the next one, which is good already."""
        now = clock()
        step = max(int(now.timestamp()) // STEP, self._used.get(user, 0) + 1)
        self._used[user] = step
        return self._at(user, step)

    def wrong_code(self, user=MORGAN):
        """Return six digits that the bot does not take, neither now nor in ten minutes either way."""
        now = int(clock().timestamp()) // STEP
        near = {self._at(user, step) for step in range(now - 24, now + 25)}
        return next(f"{n:06}" for n in range(1_000_000) if f"{n:06}" not in near)

    def _at(self, user, step):
        return pyotp.TOTP(self.workspace.phones[user][0][2]).at(step * STEP)

    # -- what is there -----------------------------------------------------------------------------------------

    def account(self, login):
        """Return a row of the directory's own file."""
        return self.rows("acme.db", "SELECT * FROM accounts WHERE login = ?", login)[0]

    def fits(self, login, password):
        """Say whether the directory's file holds this password for an account."""
        try:
            return argon2.PasswordHasher().verify(self.account(login)["password_hash"], password)
        except argon2.exceptions.VerifyMismatchError:
            return False

    def targets(self, login="robin.meyer"):
        """Return the store's rows of all resets of an account, oldest first."""
        mine = self.account(login)["id"]
        return self.rows("rekey.db", "SELECT * FROM targets WHERE account_id = ? ORDER BY asked_at", mine)

    def deeds(self):
        """Return the journal's deeds, oldest first."""
        return [row["deed"] for row in self.rows("rekey.db", "SELECT deed FROM audit ORDER BY seq")]

    def sealed(self):
        """Return how many passwords wait sealed in the store."""
        wanted = "SELECT count(*) AS n FROM seals WHERE blob IS NOT NULL AND purpose <> 'totp'"
        return self.rows("rekey.db", wanted)[0]["n"]

    def rows(self, name, query, *values):
        with closing(sqlite3.connect(f"file:{self.data / name}?mode=ro", uri=True, timeout=10)) as connection:
            connection.row_factory = sqlite3.Row
            return connection.execute(query, values).fetchall()

    def dms(self, user, text):
        """Return the bot's messages to a person that hold a text."""
        found = [one for one in self.workspace.world.conversations.values() if one.person == user]
        messages = self.workspace.world.history(found[0].id) if found else []
        return [one for one in messages if text in str(one)]

    def log(self):
        return self.demo.bot.log_file.read_text("utf-8", "replace")

    async def until(self, look, seconds=60):
        """Wait for what another process does, and return it; a process has no event to wait for."""
        async with asyncio.timeout(seconds):
            while not (found := look()):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        return found

    async def connected(self):
        await self.until(lambda: self.workspace.delivery.connected)

    async def enrol(self, user, login):
        """Make somebody an admin too, with a phone, beside the running bot."""
        house = await open_house(load(self.demo.config, {}))
        try:
            self.workspace.phones[user] = await _enrolled(house.tools, "acme", user, login)
        finally:
            await house.close()

    # -- many at once ------------------------------------------------------------------------------------------

    def run(self):
        """Return the newest run's row, None where there is none."""
        rows = self.rows("rekey.db", "SELECT * FROM requests WHERE total IS NOT NULL ORDER BY asked_at DESC LIMIT 1")
        return rows[0] if rows else None

    def people(self, *states):
        """Return the rows of everybody in the newest run who is in one of the states; without states, of all."""
        rows = self.rows("rekey.db", "SELECT * FROM targets WHERE request_id = ?", self.run()["id"])
        return [row for row in rows if not states or row["state"] in states]

    def live(self, user=MORGAN):
        """Return the messages about runs, one a run, as they stand now."""
        return [one for one in self.dms(user, "asked by") if one.get("thread_ts", one["ts"]) == one["ts"]]

    def told(self):
        """Return the mails with a password, by the address that they went to."""
        mails = [one for one in self.workspace.mailbox.mails() if PASSWORD.search(one["text"])]
        return {one["rcpt"][0]: PASSWORD.search(one["text"])[0] for one in mails}

    # -- what goes wrong ---------------------------------------------------------------------------------------

    def kill(self):
        """End the bot as a power cut does; the demo starts it again. Returns the id of the dead process."""
        pid = self.demo.bot.pid
        os.kill(pid, signal.SIGKILL)
        return pid

    async def reborn(self, dead):
        """Wait until another bot is there and hears."""
        await self.until(lambda: self.demo.bot.pid not in {None, dead})
        await self.connected()

    def age_forms(self):
        """Let every open form be as old as if a day had passed."""
        with closing(sqlite3.connect(self.data / "rekey.db", timeout=10, isolation_level=None)) as connection:
            connection.execute("UPDATE forms SET expires_at = datetime(expires_at, '-1 day') || '.000000'")

    def age_numbers(self):
        """Let every number match be as old as if an hour had passed."""
        with closing(sqlite3.connect(self.data / "rekey.db", timeout=10, isolation_level=None)) as connection:
            connection.execute("UPDATE number_matches SET expires_at = datetime(expires_at, '-1 hour') || '.000000'")

    @contextmanager
    def refused(self, *logins):
        """Let the directory refuse new passwords for some accounts, as one does where its service lacks the right."""
        named = ", ".join(f"'{login}'" for login in logins)
        refuse = f"""CREATE TRIGGER refuse BEFORE UPDATE OF password_hash ON accounts WHEN NEW.login IN ({named})
            BEGIN SELECT RAISE(ABORT, 'refused'); END"""
        self._directory(refuse)
        try:
            yield
        finally:
            self._directory("DROP TRIGGER refuse")

    def _directory(self, statement):
        with closing(sqlite3.connect(self.data / "acme.db", timeout=10, isolation_level=None)) as connection:
            connection.execute(statement)

    @contextmanager
    def held(self, name):
        """Hold the one right to write to a database file until `release`; whoever else wants to write waits."""
        with closing(sqlite3.connect(self.data / name, timeout=10, isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            hold = Hold(connection)
            try:
                yield hold
            finally:
                hold.release()


class Hold:
    """The right to write to one file."""

    def __init__(self, connection):
        self._connection = connection

    def release(self):
        """Give it back; may be called twice."""
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")


@asynccontextmanager
async def raised(folder, hold=HOLD, more=QUIET, limits=LIMITS):
    """Run the demo in a folder, from its start to its end; `more` and `limits` stand in its configuration."""
    async with Demo(folder, hold=hold, more=more, limits=limits) as demo:
        stage = Stage(demo)
        await stage.connected()
        yield stage


async def furnished(folder):
    """Make a folder that demos can be copied from: people, keys, phones, and the index filled."""
    async with raised(folder) as stage:
        count = len(stage.rows("acme.db", "SELECT id FROM accounts"))
        filled = "SELECT count(*) AS n FROM index_accounts"
        await stage.until(lambda: stage.rows("rekey.db", filled)[0]["n"] == count)
    return folder


def copy(template, folder):
    """Copy a folder that `furnished` made."""
    shutil.copytree(template, folder)
    return folder


class LdapDemo:
    """What `rekey demo` runs, with a real slapd in the embedded directory's place."""

    def __init__(self, folder, server):
        self.data = folder
        self.server = server
        self._ends = AsyncExitStack()

    async def __aenter__(self):
        phones = {}
        self.workspace = Workspace(clock=clock, people=EVERYBODY, phones=phones, sign_in=self._sign_in)
        await self.workspace.start()
        self._ends.push_async_callback(self.workspace.stop)
        config = _configured(self.data, self.workspace, HOLD, QUIET)
        head, _, _ = config.read_text("utf-8").partition("[[directories]]")
        config.write_text(head + LDAP.format(server=self.server, slapd=slapd), "utf-8")
        settings = load(config, {})
        KeyRing.create(settings.keys.file)
        await upgrade(settings.store.full_url)
        await asyncio.to_thread(migrate, settings.store.full_url)
        house = await open_house(settings)
        try:
            phones[MORGAN] = await _enrolled(house.tools, "corp", MORGAN, "morgan.lindqvist")
        finally:
            await house.close()
        self.bot = Child(config, self.data / "bot.log")
        self._ends.push_async_callback(self.bot.stop)
        self.bot.start()
        return self

    async def __aexit__(self, *_):
        await self._ends.aclose()

    async def _sign_in(self, login, password):
        """Bind as the person, with ldap-utils; slapd says by its policy whether a change is due."""
        done = await asyncio.to_thread(self.server.whoami, f"uid={login},{slapd.PEOPLE}", password)
        must = "must be changed" in (done.stdout + done.stderr).lower()
        words = "You are signed in." if done.returncode == 0 else "That login and password do not fit."
        return {"ok": done.returncode == 0, "must_change": must, "words": words}


LDAP = """[[directories]]
name = "corp"
kind = "ldap"
display = "Corporate LDAP"
verified_domains = ["acme.example"]
index_refresh = "10s"
url = "{server.url}"
ca_file = "{server.authority.ca}"
base = "{slapd.BASE}"
bind_dn = "{slapd.SERVICE}"
bind_password = "{slapd.SERVICE_PASSWORD}"
slack_user = "slackUser"
default_policy_dn = "{slapd.DEFAULT_POLICY}"
"""


async def _enrolled(tools, directory, user, login):
    """Enrol as `rekey admin enrol` does; the code of the step before, so that the present one is still good."""
    pending = await enrol.enrol(
        tools, slack_user=user, directory=directory, login=login, role="helpdesk", randbytes=secrets.token_bytes
    )
    await enrol.confirm(tools, pending, pyotp.TOTP(pending.seed.reveal()).at(clock() - stepup.STEP), by="test")
    return [(enrol.ISSUER, login, pending.seed.reveal())]


__all__ = ["LdapDemo", "Stage", "copy", "furnished", "raised"]
