"""A store on each of both databases, a key ring, and a clock that is moved by hand."""

from __future__ import annotations

import asyncio
import shutil
from datetime import UTC, datetime, timedelta

import pytest

from resets.actor import Actor, SlackPerson
from resets.audit import AuditEntry, Deed
from store import base
from store.keys import KeyRing
from tests.support import postgres


class Clock:
    def __init__(self):
        self.now = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)

    def __call__(self):
        return self.now

    def tick(self, **span):
        self.now += timedelta(**span)
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def ring(tmp_path):
    return KeyRing.create(tmp_path / "rekey.keys")


@pytest.fixture(scope="session")
def server():
    with postgres.running() as running:
        yield running


@pytest.fixture
def sqlite_url(tmp_path):
    return f"sqlite+aiosqlite:///{tmp_path}/rekey.db"


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.server)])
def url(request):
    """The URL of an empty database."""
    if request.param == "sqlite":
        return request.getfixturevalue("sqlite_url")
    return request.getfixturevalue("server").database()


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory):
    """An SQLite file that is up to date, to be copied."""
    path = tmp_path_factory.mktemp("migrated") / "rekey.db"
    asyncio.run(base.upgrade(f"sqlite+aiosqlite:///{path}"))
    return path


@pytest.fixture
def migrated_database(server):
    with server.migrated() as url:
        yield url


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.server)])
def migrated_url(request, sqlite_url):
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("migrated_file"), sqlite_url.removeprefix("sqlite+aiosqlite:///"))
        return sqlite_url
    return request.getfixturevalue("migrated_database")


@pytest.fixture
async def store(migrated_url, ring, clock):
    opened = await base.Store.open(migrated_url, ring, clock=clock)
    yield opened
    await opened.close()


@pytest.fixture
async def sqlite_store(sqlite_url, migrated_file, ring, clock, tmp_path):
    shutil.copy(migrated_file, tmp_path / "rekey.db")
    opened = await base.Store.open(sqlite_url, ring, clock=clock)
    yield opened
    await opened.close()


@pytest.fixture
def ada():
    return Actor("admin-ada", SlackPerson("T0REKEY", "U0ADA"), "corp", "id-ada", "ada", "Ada Lovelace", "helpdesk")


@pytest.fixture
def entry(clock):
    def made(request_id="r1", deed=Deed.ASKED, **facts):
        return AuditEntry(clock(), deed, actor="slack:T0REKEY/U0ADA", request_id=request_id, facts=facts)

    return made
