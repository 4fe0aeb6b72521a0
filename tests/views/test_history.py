"""The lines under a card: one for each deed that is told, and none that nobody tells."""

from __future__ import annotations

from resets.history import TOLD
from tests.views import asked
from views import history


def test_every_deed_that_is_told_has_words():
    """And every line says when: it may be said late."""
    assert set(history.SAID) == TOLD
    assert {line.entry.deed for line in asked.lines().values()} == TOLD
    assert all("<!date^" in history.line(line)["text"] for line in asked.lines().values())
