"""Texts of people are made harmless, and times and passwords readable."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from views.text import MIXED, cut, escape, quiet, safe, span, spell, utc, when


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("Anna Bell", "Anna Bell"),
        ("  Anna \t\n Bell ", "Anna Bell"),
        ("\u202eannA\u202c", "annA"),
        ("An\u200bna\ufeff", "Anna"),
        ("Jos\u0065\u0301", "José"),
        ("", "(no name)"),
        ("\u200b\u3164\u2800", "(no name)"),
        ("Анна Белл", "Анна Белл"),  # a Russian name is a name
        ("Anna Белл", "Anna Белл"),
        ("\u0430nna", "\u0430nna" + MIXED),
        ("山田 Taro", "山田 Taro"),
        ("山田Taro", "山田Taro"),
        ("Z" + "\u0351" * 60, "Z" + "\u0351" * 3),
        ("a\ud800b", "ab"),
    ],
)
def test_safe_shows_what_is_there(text, seen):
    """Invisible characters go, towers of marks are cut, mixed look-alike alphabets are flagged, honest names stay."""
    assert safe(text) == seen


@given(st.text(max_size=200), st.integers(20, 90))
def test_safe_keeps_its_limit(text, limit):
    """Slack counts UTF-16 units; a safe text is one line, never empty and never longer."""
    said = safe(text, limit)
    assert 0 < len(said.encode("utf-16-le")) // 2 <= limit
    assert "\n" not in said
    assert safe(said, limit) == said or said.endswith(MIXED)


def test_cut_never_halves_a_character():
    """An emoji at the edge goes whole."""
    assert cut("😀😀", 4) == "😀😀"
    assert cut("😀😀😀", 4) == "😀…"


def test_escape_is_slacks():
    """The three characters of Slack's documentation, and the ampersand first."""
    assert escape("<!here> &lt;") == "&lt;!here&gt; &amp;lt;"


def test_quiet_formats_nothing():
    """Stars, tildes, backticks and emoji names stay what they look like."""
    assert quiet("*b* ~s~ `c` :boom: 10:30 a_b") == "∗b∗ ∼s∼ ˋc`".replace("`", "ˋ") + " ∶boom∶ 10:30 a_b"  # noqa: RUF001


def test_times_are_the_readers():
    """Slack gets seconds since 1970 whatever the zone, and a fallback that names its zone."""
    at = datetime(2026, 3, 14, 9, 26, tzinfo=UTC)
    elsewhere = at.astimezone(timezone(timedelta(hours=5)))
    assert when(at) == "<!date^1773480360^{date_short_pretty} at {time}|2026-03-14 09:26 UTC>"
    assert when(elsewhere) == when(at)
    assert utc(elsewhere) == "2026-03-14 09:26 UTC"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "a moment"), (1, "1 second"), (59, "59 seconds"), (60, "1 minute"), (61, "2 minutes"), (3600, "1 hour")],
)
def test_spans_round_up(seconds, said):
    """Nobody who waits as long as we say comes too early."""
    assert span(seconds) == said


def test_a_password_is_spelled():
    """Capitals, digits and signs are named; small letters stay together as they are read."""
    assert spell("Ab-c3#") == "capital A · b · hyphen · c · digit 3 · number sign"


@given(st.text("abcXYZ019-_!#$ ", min_size=1, max_size=40))
def test_spelling_loses_nothing(password):
    """What is spelled can be typed again."""
    names = {"hyphen": "-", "underscore": "_", "exclamation mark": "!", "number sign": "#", "dollar sign": "$"}
    names |= {"space": " "}
    back = [
        names.get(part, part.removeprefix("capital ").removeprefix("digit ")) for part in spell(password).split(" · ")
    ]
    assert "".join(back) == password
