"""What is typed after the command names one person, or is refused; it never does harm."""

from __future__ import annotations

import html
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from resets.reasons import Reason, Refused
from resets.targets import LONGEST, Help, Mention, Name, Nothing, freezes, is_bulk, is_resume, read


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("", Nothing()),
        (" \t\n ", Nothing()),
        ('""', Nothing()),
        ("@", Nothing()),
        ("\u202e\u200b", Nothing()),
        ("help", Help()),
        (" HELP ", Help()),
        ("?", Help()),
        ("--help", Help()),
        ('"help"', Name("help")),
        ("<@U024BE7LH>", Mention("U024BE7LH")),
        ("<@W024BE7LH|anna.smith>", Mention("W024BE7LH")),
        ('"<@U024BE7LH|Bob &lt;3>"', Mention("U024BE7LH")),
        ("anna", Name("anna")),
        ("@anna", Name("anna")),
        ("  Anna \u00a0 Smith ", Name("Anna Smith")),
        ("“anna@example.com”", Name("anna@example.com")),
        ("<mailto:anna@example.com|anna@example.com>", Name("anna@example.com")),
        ("<http://anna.example.com|anna.example.com>", Name("anna.example.com")),
        ("an\u200bna\u202e", Name("anna")),
        ("O'Neil", Name("O'Neil")),
        ("Xaver X", Name("Xaver X")),
        ("a" * LONGEST, Name("a" * LONGEST)),
        ("R&amp;D", Name("R&D")),
        ("&lt;!channel&gt;", Name("<!channel>")),
        ("=1+1", Name("=1+1")),
        ("u\u0308ber", Name("über")),
        ("*)(uid=*", Name("*)(uid=*")),
    ],
)
def test_reads_what_was_meant(typed, meant):
    """Each way of naming a person, and of asking for help, is understood."""
    assert read(typed) == meant


@pytest.mark.parametrize(
    "typed",
    [
        "a" * (LONGEST + 1),
        "<@U024BE7LH> <@U024BE7LJ>",
        "<@U024BE7LH|a> <@U024BE7LJ|b>",
        "<@U024BE7LH> please",
        "<#C024BE7LR|general>",
        "<!subteam^S024BE7LR>",
        "<!channel>",
        "<mailto:a@example.com|b@example.com>",
        "<@u024>",
        "half \ud83d",
    ],
)
def test_refuses_what_names_nobody(typed):
    """Too long, two people, a channel, a link that says one thing and is another: one reason, no exception else."""
    with pytest.raises(Refused) as refused:
        read(typed)
    assert refused.value.reason is Reason.MALFORMED_TARGET


@given(st.text(max_size=300))
@example("\u202e" * 257)
def test_never_gives_a_name_that_cannot_be_seen(text):
    """Whatever is typed: a clean name of at most 256 characters, or one of the other three, or a refusal."""
    try:
        meant = read(text)
    except Refused:
        return
    if isinstance(meant, Name):
        assert 0 < len(meant.text) <= LONGEST * 3  # composed forms of some scripts are longer than what was typed
        assert meant.text == " ".join(meant.text.split())
        assert not any(unicodedata.category(c) in {"Cc", "Cf", "Cs"} for c in meant.text)
        meant.text.encode()


@given(st.text(max_size=40).map(lambda t: " ".join(t.split())))
def test_a_name_that_slack_escaped_is_read_back(text):
    """What was read once reads the same again, as Slack would send it."""
    try:
        first = read(html.escape(text, quote=False))
    except Refused:
        return
    if isinstance(first, Name) and first.text.casefold() not in {"help", "?", "-h", "--help"}:
        assert read(html.escape(first.text, quote=False)) == first


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("freeze", ""),
        ("  FREEZE ", ""),
        ("freeze a strange call", "a strange call"),
        ("freeze\n now ", "now"),
        ("freezer", None),
        ('"freeze"', None),
        ("bob freeze", None),
        ("", None),
    ],
)
def test_everything_is_stopped_by_one_word(text, why):
    """What stands behind it is the reason; in quotes it is a name."""
    assert freezes(text) == why


@pytest.mark.parametrize(("text", "meant"), [("resume", True), (" Resume ", True), ("resume it", False), ("", False)])
def test_a_freeze_is_ended_by_one_word(text, meant):
    """And by nothing else beside it."""
    assert is_resume(text) is meant


@pytest.mark.parametrize(("text", "meant"), [("bulk", True), (" Bulk ", True), ("bulk it", False), ('"bulk"', False)])
def test_many_are_asked_for_by_one_word(text, meant):
    """And by nothing else beside it; in quotes it is a name."""
    assert is_bulk(text) is meant
