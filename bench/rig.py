"""What is measured: `rekey serve` as a process of its own, in a folder of its own, with a slapd of many people."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import socket
import subprocess
import sys
import time
from datetime import datetime
from itertools import product
from pathlib import Path

import aiohttp
import pyotp

from bench.slack import APP_TOKEN, BOT_TOKEN, SIGNING, TEAM
from bot.assembly import clock, open_directory, open_house
from bot.config import load
from bot.demo_people import FAMILY, GIVEN
from bot.engine import migrate
from desk import enrol
from directory.opening import Opening
from resets import stepup
from store.base import upgrade
from store.keys import KeyRing
from tests.support import slapd

ROOT = Path(__file__).parent.parent
ADMINS = 50
START_SECONDS, FILL_SECONDS = 60, 600

# Nobody has had their share, and nobody else has to agree: what is measured is the work. A directory's table follows.
UNHINDERED = """\
[limits]
lookups_per_hour = 10000
resets_per_hour = 100000
resets_per_day = 100000
bulks_per_hour = 1000
open_requests = 1000
same_target_per_day = 1000
all_per_hour = 100000

[approvals]
few = 0
many = 0
security_from = 0

[[directories]]
"""
# Of one person's reset one other has to approve, who may take their time.
ASKING = UNHINDERED.replace("few = 0", 'standard = 1\nsingle = "2h"\nfew = 0')
CONFIG = """\
[slack]
mode = "{mode}"
bot_token = "{bot_token}"
app_token = "{app_token}"
signing_secret = "{signing}"
team_id = "{team}"
api_url = "{slack}/api/"
approvals_channel = "{channel}"

[web]
listen = "127.0.0.1:{port}"

"""
LDAP = """\
name = "corp"
kind = "ldap"
verified_domains = ["example.test"]
index_refresh = "24h"
url = "ldaps://127.0.0.1:{port}"
ca_file = "{ca}"
bind_dn = "{bind_dn}"
bind_password = "{bind_password}"
base = "{base}"
default_policy_dn = "{policy}"
pool_size = {pool}
timeout = {timeout}
"""
LOCAL = """\
name = "team"
kind = "local"
path = "team.db"
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def names():
    """Return some 24,000 believable names: the demo's given names and families, and families joined of two halves."""
    halves = (
        [family[:4].rstrip("aeiouy") for family in FAMILY],
        ["berg", "sen", "ova", "ini", "mann", "ez", "ley", "ski"],
    )
    families = [
        *FAMILY,
        *(a + b for a, b in product(*halves)),
        *(f"{a}-{b}" for a, b in product(FAMILY, FAMILY) if a < b),
    ]
    pairs = [(given, family) for family in families for given in GIVEN]
    return [pairs[number * 7919 % len(pairs)] for number in range(len(pairs))]


def directory(folder, count):
    """Start a slapd with so many people."""
    folder.mkdir()
    server = slapd.Slapd(folder)
    server.up(more=slapd.people(count, names=names()))
    return server


def corp(server, port, *, pool=5, timeout=10):
    """Write the table of the directory, reached by a port."""
    return LDAP.format(
        port=port,
        ca=server.authority.ca,
        bind_dn=slapd.SERVICE,
        bind_password=slapd.SERVICE_PASSWORD,
        base=slapd.PEOPLE,
        policy=slapd.DEFAULT_POLICY,
        pool=pool,
        timeout=timeout,
    )


class Bot:
    """One `rekey serve`."""

    def __init__(self, folder, slack_url, table, *, mode="http", limits=UNHINDERED, channel=""):
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.config = folder / "rekey.toml"
        self.log_file = folder / "bot.log"
        head = CONFIG.format(
            mode=mode,
            bot_token=BOT_TOKEN,
            app_token=APP_TOKEN,
            signing=SIGNING,
            team=TEAM,
            slack=slack_url,
            port=self.port,
            channel=channel,
        )
        self.config.write_text(head + limits + table)
        self.process = None

    async def furnish(self):
        """Make keys, store and, where it is a file, the directory."""
        settings = load(self.config, {})
        KeyRing.create(settings.keys.file)
        await upgrade(settings.store.full_url)
        await asyncio.to_thread(migrate, settings.store.full_url)
        for section in settings.directories:
            await open_directory(section, clock, opening=Opening.MAKE).close()

    async def enrol(self, logins):
        """Enrol people of the directory "corp" as `rekey admin enrol` does; returns (user, login, seed) of each."""
        house, done = await open_house(load(self.config, {})), []
        try:
            for login in logins:
                pending = await enrol.enrol(
                    house.tools,
                    slack_user="U" + login.upper(),
                    directory="corp",
                    login=login,
                    role="helpdesk",
                    randbytes=secrets.token_bytes,
                )
                seed = pending.seed.reveal()
                await enrol.confirm(house.tools, pending, pyotp.TOTP(seed).at(clock() - stepup.STEP), by="bench")
                done.append(("U" + login.upper(), login, seed))
        finally:
            await house.close()
        return done

    async def start(self):
        """Start it; returns the seconds until /readyz first said 200."""
        environ = {key: value for key, value in os.environ.items() if not key.startswith(("REKEY_", "SLACK_"))}
        began = time.perf_counter()
        with self.log_file.open("wb") as output:
            self.process = subprocess.Popen(  # noqa: ASYNC220 - a process is what is measured
                [sys.executable, "-m", "bot", "--config", str(self.config), "serve"],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={**environ, "PYTHONPATH": str(ROOT)},
                cwd=self.folder,
            )
        async with aiohttp.ClientSession() as session, asyncio.timeout(START_SECONDS):
            while True:
                if self.process.poll() is not None:
                    raise RuntimeError(self.log_file.read_text()[-2000:])
                try:
                    async with session.get(f"{self.url}/readyz") as answer:
                        if answer.status == 200:
                            return time.perf_counter() - began
                except aiohttp.ClientConnectionError:
                    pass
                await asyncio.sleep(0.005)

    def events(self, name):
        """Return the log's events of a name."""
        lines = (line for line in self.log_file.read_text("utf-8").splitlines() if name in line)
        return [event for line in lines if (event := json.loads(line)).get("event") == name]

    async def indexed(self):
        """Wait until the first walk over the directory has ended; returns the seconds that it took."""
        async with asyncio.timeout(FILL_SECONDS):
            while not (found := self.events("index_refreshed")):  # noqa: ASYNC110 - a process has no event to wait for
                await asyncio.sleep(0.05)
        began, ended = (datetime.fromisoformat(e["time"]) for e in (self.events("worker_started")[0], found[0]))
        return (ended - began).total_seconds()

    def memory(self):
        """Return the resident and the proportional memory in MB; None where the system does not say."""
        return memory(self.process.pid)

    async def stop(self):
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                await asyncio.to_thread(self.process.wait, 30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def memory(pid):
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:  # it has shielded its memory, and we are not root
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6, None
    kilobytes = {line.split(":")[0]: int(line.split()[1]) for line in lines[1:]}
    return kilobytes["Rss"] * 1024 / 1e6, kilobytes["Pss"] * 1024 / 1e6
