"""`rekey work`: a worker by itself, as a process among others."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from bot.assembly import open_directory
from bot.config import load
from bot.engine import Intake, migrate
from bot.errors import OperatorError
from bot.work import work
from desk.tools import Work, WorkKind
from directory.opening import Opening
from practice.people import TEAM
from practice.server import Workspace
from store.base import Store, upgrade
from store.keys import KeyRing
from tests.bot.conftest import clock

ROOT = Path(__file__).parents[2]


@pytest.fixture
async def workspace():
    made = Workspace(clock=clock)
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
def config(workspace, tmp_path):
    def settled(store, **slack):
        told = {"bot_token": workspace.bot_token, "team_id": TEAM, "api_url": workspace.api_url, **slack}
        lines = [f"{key} = {json.dumps(value)}" for key, value in told.items()]
        directory = "[[directories]]\nname = 'acme'\nkind = 'local'\npath = 'acme.db'"
        text = "\n".join(["[slack]", *lines, "[store]", f"url = '{store}'", directory])
        (tmp_path / "rekey.toml").write_text(text)
        return load(tmp_path / "rekey.toml", {})

    return settled


async def until(condition):
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110 - the other process has no event to wait for
            await asyncio.sleep(0.05)


def start(folder):
    return subprocess.Popen(
        [sys.executable, "-m", "bot", "--config", str(folder / "rekey.toml"), "work"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
    )


@pytest.mark.server
async def test_workers_come_work_and_go(server, config, tmp_path):
    """Two on one database: each says that it lives, what waits is done, and SIGTERM leaves nothing behind."""
    settings = config(server.database())
    url = settings.store.full_url
    KeyRing.create(settings.keys.file)
    await upgrade(url)
    await asyncio.to_thread(migrate, url)
    await open_directory(settings.directories[0], clock, opening=Opening.MAKE).close()

    def rows(sql):
        with psycopg.connect(url.replace("+psycopg", "")) as connection:
            return connection.execute(sql).fetchall()

    workers = [start(tmp_path), start(tmp_path)]
    try:
        await until(lambda: len(rows("select 1 from workers")) == 2)
        intake = Intake(url)
        store = await Store.open(url, KeyRing.load(settings.keys.file), clock=clock)
        async with store.write() as tx:
            await intake.enqueue(tx, Work(WorkKind.NOTICE, "of-nobody"))
        await store.close()
        intake.close()
        await until(lambda: rows("select status from dbos.workflow_status") == [("SUCCESS",)])
        for worker in workers:
            worker.send_signal(signal.SIGTERM)
        assert [await asyncio.to_thread(worker.wait, 20) for worker in workers] == [0, 0]
        assert rows("select 1 from workers") == []
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()


async def test_on_sqlite_it_is_refused(config, tmp_path):
    """One sentence that says what is needed and what to run instead."""
    with pytest.raises(OperatorError, match=r"needs PostgreSQL.*`rekey serve` runs the one worker"):
        await work(config(f"sqlite+aiosqlite:///{tmp_path}/rekey.db"))


async def test_it_needs_no_app_token_but_a_bot_token(config, tmp_path):
    """Who hears nothing from Slack is given no right to hear; who tells people has to be able to."""
    with pytest.raises(OperatorError, match=r"slack\.bot_token is missing") as refused:
        await work(config(f"sqlite+aiosqlite:///{tmp_path}/rekey.db", bot_token=""))
    assert "app_token" not in str(refused.value)
