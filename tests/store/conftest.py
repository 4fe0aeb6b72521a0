"""A store on each of both databases, a key ring, and a clock that is moved by hand."""

from __future__ import annotations

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


@pytest.fixture
async def store(url, ring, clock):
    await base.upgrade(url)
    opened = await base.Store.open(url, ring, clock=clock)
    yield opened
    await opened.close()


@pytest.fixture
async def sqlite_store(sqlite_url, ring, clock):
    await base.upgrade(sqlite_url)
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
