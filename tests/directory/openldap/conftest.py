"""A real slapd for each test, empty, with the other admin's hands on it; and connectors opened as the test wants."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest

from directory.registry import open_directory
from tests.directory.harness_ldap import LdapHarness, settings, utc_now
from tests.support import slapd

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from directory.ldap import LdapDirectory


@pytest.fixture(scope="module")
def slapd_row(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LdapHarness]:
    """One folder and two ports for a module's tests."""
    slapd.demand()
    row = LdapHarness(tmp_path_factory.mktemp("slapd"))
    row.up()
    yield row
    row.down()


@pytest.fixture
async def row(slapd_row: LdapHarness) -> AsyncIterator[LdapHarness]:
    """A server that has just begun; `row.directory` is a connector with the usual settings."""
    await slapd_row.start()
    yield slapd_row
    await slapd_row.stop()


@pytest.fixture
async def corp(row: LdapHarness) -> LdapDirectory:
    """The connector with the usual settings."""
    return cast("LdapDirectory", row.directory)


@pytest.fixture
async def opened(row: LdapHarness) -> AsyncIterator[Callable[..., LdapDirectory]]:
    """Open connectors with other settings; they are closed afterwards."""
    made: list[LdapDirectory] = []

    def opened(**more: object) -> LdapDirectory:
        one = open_directory("ldap", "corp", settings(row.slapd, **more), clock=utc_now)
        made.append(cast("LdapDirectory", one))
        return made[-1]

    yield opened
    for one in made:
        await one.close()
