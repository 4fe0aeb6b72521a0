"""A bulk whose worker is killed at random instants, while Slack and the mail server refuse: all counts are 0."""

from __future__ import annotations

import pytest

from bench import chaos
from tests.support import slapd

pytestmark = [pytest.mark.journey, pytest.mark.server]

USERS, KILLS = 200, 5


async def test_nobody_is_lost_and_nobody_is_told_twice(tmp_path):
    """Kill -9, five times: everybody has one password, which opens, and one message and one mail that carries it."""
    slapd.demand()
    counts = await chaos.on_sqlite(tmp_path / "house", USERS, KILLS, down=False, refused=1)
    assert counts.kills == KILLS
    assert (counts.lost, counts.failed, counts.two, counts.orphans) == (0, 0, 0, 0)
    assert (counts.twice, counts.untold) == (0, 0)
    assert counts.mails - counts.mail_repeats == USERS
    assert counts.good
