"""The house that the desk's tests work in."""

from __future__ import annotations

import pytest

from tests.support import house as houses


@pytest.fixture
async def house(tmp_path):
    built = await houses.build(tmp_path)
    yield built
    await houses.raze(built)
