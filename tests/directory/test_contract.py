"""Every connector keeps every promise of `directory.base`, against a real directory.

This file and its neighbours of the same name hold the promises. One about a capability that the connector does not
declare becomes another one: it is refused with CannotDo.
"""

from __future__ import annotations

import pytest

from directory.base import CannotDo, Capability, Directory
from directory.registry import CONNECTORS, connector
from tests.directory.contract import CALLS, made
from tests.directory.harness import ROWS, Harness


def test_every_registered_connector_has_a_row() -> None:
    """A connector that the registry knows is held against this suite, or the build fails."""
    assert set(CONNECTORS) == set(ROWS)


def test_every_capability_is_called_here() -> None:
    """A new capability joins CALLS (pages with CHANGES are walked apart)."""
    assert set(CALLS) == set(Capability) - {Capability.CHANGES}


async def test_a_connector_tells_its_kind_and_its_name(harness: Harness, directory: Directory) -> None:
    """The class that the registry opens is of the kind it was asked for, and keeps the name it was given."""
    assert isinstance(directory, connector(harness.kind))  # type: ignore[arg-type]
    assert directory.kind == harness.kind
    assert directory.name


async def test_what_is_not_declared_is_refused(harness: Harness, directory: Directory) -> None:
    """Silence is impossible: a capability that is not declared raises CannotDo."""
    account = await made(harness, directory)
    for capability in set(CALLS) - directory.capabilities:
        with pytest.raises(CannotDo):
            await CALLS[capability](directory, account)
    if not directory.can(Capability.MEMBERS):
        with pytest.raises(CannotDo):
            directory.members("any")
        with pytest.raises(CannotDo):
            await directory.group("any")


async def test_what_is_declared_is_there(harness: Harness, directory: Directory) -> None:
    """Whatever is declared answers, for an account about which there is nothing special."""
    account = await made(harness, directory)
    for capability in set(CALLS) & directory.capabilities:
        await CALLS[capability](directory, account)
