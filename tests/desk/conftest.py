"""The house that the desk's tests work in."""

from __future__ import annotations

from dataclasses import replace

import pytest

from desk import sweep
from tests.support import approving, postgres
from tests.support import house as houses


@pytest.fixture
async def house(tmp_path):
    built = await houses.build(tmp_path)
    yield built
    await houses.raze(built)


@pytest.fixture
async def filled(house):
    """The house, with everybody of its directory in the index."""
    await sweep.refresh(house.tools, "corp")
    house.directory.calls.clear()
    return house


@pytest.fixture(scope="session")
def server():
    with postgres.running() as running:
        yield running


@pytest.fixture
def database(server):
    with server.migrated() as url:
        yield url


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.server)])
async def mails(request, tmp_path):
    """A house, on each of both databases, whose passwords may be mailed."""
    url = None if request.param == "sqlite" else request.getfixturevalue("database")
    built = await houses.build(tmp_path, url)
    built.with_rules(mail_password=True)
    yield built
    await houses.raze(built)


@pytest.fixture
async def asking(mails):
    """A house in which others have to agree, by the table."""
    return await approving.opened(mails)


@pytest.fixture
async def each(mails):
    """A house in which each single reset needs one other admin."""
    return await approving.opened(mails, quorum=replace(approving.TABLE, standard=1))
