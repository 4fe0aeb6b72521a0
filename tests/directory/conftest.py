"""Every connector's harness, one a test session, and its directory, empty for each test."""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING

import pytest

from tests.directory.harness import ROWS, Harness
from tests.directory.local_world import World

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from directory.base import Directory


def _class_of(kind: str) -> type[Harness]:
    module, _, name = ROWS[kind].partition(":")
    try:
        cls = getattr(import_module(module), name)
    except ModuleNotFoundError as error:
        _do_without(f"the {kind} row needs the library {error.name!r}")
    reason = cls.missing()
    if reason:
        _do_without(reason)
    assert issubclass(cls, Harness)
    return cls


def _do_without(reason: str) -> None:
    """Skip what this machine has no server for; under CI that is a failure."""
    if os.environ.get("CI"):
        pytest.fail(f"cannot run here: {reason}")
    pytest.skip(reason)


@pytest.fixture(scope="session", params=[pytest.param(k, marks=[pytest.mark.server] * (k != "local")) for k in ROWS])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Harness]:
    """A connector's harness with its server up."""
    harness = _class_of(request.param)(tmp_path_factory.mktemp(request.param))
    harness.up()
    yield harness
    harness.down()


@pytest.fixture
async def harness(server: Harness) -> AsyncIterator[Harness]:
    """The other admin's hands, on an empty directory."""
    server.directory = await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def directory(harness: Harness) -> Directory:
    """The connector under test, open on the same directory."""
    return harness.directory


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A `local` directory that can be held in the middle of a hash."""
    made = World(tmp_path / "people.db")
    yield made
    made.engine.held.set()
    await made.local.close()
