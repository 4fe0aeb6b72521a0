"""A list that somebody pasted into a field is read as it was meant, or refused with its reason."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resets.reasons import Reason, Refused
from resets.roster import Listed, pasted
from tests.support.rosters import ANNA_BEN, texts

PASTES = {
    "lines": ("anna@example.com\nben@example.com", ANNA_BEN),
    "commas": ("abell, bsmith,,", ["abell", "bsmith"]),
    "semicolons and tabs": ("abell;bsmith\tcdoe", ["abell", "bsmith", "cdoe"]),
    "blanks": ("anna@example.com  ben@example.com", ANNA_BEN),
    "blanks with a login": ("anna@example.com bsmith", ["anna@example.com", "bsmith"]),
    "a name in two words": ("Anna Bell\nabell", ["Anna Bell", "abell"]),
    "Slack's links": ("<mailto:anna@example.com|anna@example.com>, <mailto:ben@example.com|ben@example.com>", ANNA_BEN),
    "Slack's links and blanks": ("<mailto:anna@example.com|anna@example.com> bsmith", ["anna@example.com", "bsmith"]),
    "a mail client": ("Anna Bell <anna@example.com>, Ben Smith <ben@example.com>", ANNA_BEN),
    "Outlook": ("Bell, Anna <anna@example.com>; Smith, Ben <ben@example.com>;", ANNA_BEN),
    "quoted names": ('"Bell, Anna" <anna@example.com>, "Smith, Ben" <ben@example.com>', ANNA_BEN),
    "a mail client by way of Slack": (
        "Anna Bell &lt;<mailto:anna@example.com|anna@example.com>&gt;, Ben &lt;ben@example.com&gt;",
        ANNA_BEN,
    ),
    "a login before it": ("abell, Ben <ben@example.com>", ["abell", "ben@example.com"]),
    "names without brackets": ("Anna Bell anna@example.com\nBen (ben@example.com)", ANNA_BEN),
    "bullets": ("- abell\n* bsmith\n• cdoe\n1. ddoe", ["abell", "bsmith", "cdoe", "ddoe"]),
    "a dash between two": ("abell - bsmith\nAnna Bell - anna@example.com", ["abell - bsmith", "anna@example.com"]),
    "logins with an X": ("userX1\nmaxX2", ["userX1", "maxX2"]),
    "a login with an X before an address": ("maxX anna@example.com", ["maxX", "anna@example.com"]),
    "a login and a name around an address": ("bsmith anna@example.com Anna", ["bsmith", "anna@example.com"]),
    "a mention before an address": ("<@U0ANNA> Ben Smith <ben@example.com>", ["U0ANNA", "ben@example.com"]),
    "quotes": ("\"abell\"\n'bsmith'", ["abell", "bsmith"]),
    "help": ("help\nabell", ["help", "abell"]),
    "words around addresses": (
        "anna bell anna@example.com\nben.smith ben@example.com. mailto:cdoe@example.com",
        ["anna@example.com", "ben.smith", "ben@example.com", "cdoe@example.com"],
    ),
    "two lists with tabs": ("abell\tbsmith\ncdoe\tddoe", ["abell", "bsmith", "cdoe", "ddoe"]),
    "addresses only, with tabs": (
        "a@example.com\tb@example.com\nc@example.com\td@example.com",
        ["a@example.com", "b@example.com", "c@example.com", "d@example.com"],
    ),
    "two lists with commas": (
        "abell, a@example.com\nbsmith, b@example.com",
        ["abell", "a@example.com", "bsmith", "b@example.com"],
    ),
    "domains": ("corp\\abell, bsmith", ["corp\\abell", "bsmith"]),
}


@pytest.mark.parametrize("case", PASTES)
def test_reads_what_was_pasted(case):
    """However the list was copied, its people are found, and nobody else."""
    text, names = PASTES[case]
    for end in ("\n", "\r\n", "\r"):
        roster = pasted(text.replace("\n", end))
        assert (texts(roster), roster.bad, roster.column) == (names, 0, None)


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("Anna\tSales\tanna@example.com\nBen\tIT\tben@example.com\n", "column 3"),
        ("Name\tE-Mail\nAnna\tanna@example.com\nBen\t<mailto:ben@example.com|ben@example.com>\n", "E-Mail"),
        ("name,mail\nAnna,anna@example.com\nBen,ben@example.com", "mail"),
        ("name,mail\nAnna\ud83d,anna@example.com\nBen,ben@example.com", "mail"),
    ],
)
def test_cells_copied_from_a_spreadsheet_are_a_table(text, column):
    """Of a table the column of people is read, and its other words are nobody."""
    roster = pasted(text)
    assert (texts(roster), roster.column) == (ANNA_BEN, column)


def test_a_pasted_table_with_passwords_is_refused():
    """A paste is no way around the rule for files, also where no other header is one that we know."""
    for sign in "\t;,":
        for header in ("login", "wer"):
            with pytest.raises(Refused) as refused:
                pasted(f"{header}{sign}Kennwort\nabell{sign}Sunny-Day-7\n")
            assert refused.value.reason is Reason.PASSWORD_COLUMN


def test_mentions_stay_mentions():
    """A Slack user's id is no login, also where a login is spelled the same."""
    roster = pasted("<@U0ANNA> <@U0BEN|ben>,U0ANNA\n<@U0ANNA>")
    assert roster.names == (Listed("U0ANNA", 1, mention=True), Listed("U0BEN", 1, mention=True), Listed("U0ANNA", 1))
    assert roster.duplicates == 1


@pytest.mark.parametrize("bad", ["<#C0GENERAL|general>", "<!channel>", "<mailto:a@b.de|c@d.de>", "x" * 257, "a\u202eb"])
def test_what_names_nobody_is_a_bad_row(bad):
    """A channel, a link that says one thing and is another, a disguise: said, and the rest is read."""
    roster = pasted(f"abell\n{bad}\nbsmith")
    assert (texts(roster), roster.bad_rows) == (["abell", "bsmith"], (2,))


def test_a_pasted_list_has_its_length():
    """3,000 characters by default, more where the caller says so; a blank one is nobody."""
    with pytest.raises(Refused) as refused:
        pasted("abell\n" * 501)
    assert (refused.value.reason, refused.value.facts) == (Reason.LIST_TOO_LONG, {"most": 3000})
    assert pasted("abell\n" * 500).duplicates == 499
    assert pasted("abell\n" * 501, most=10_000).duplicates == 500
    assert pasted(" \n,;\t").names == ()


@given(st.text(max_size=200))
def test_any_text_is_read(text):
    """Whatever is pasted: a list of visible names, and a count of what was bad."""
    try:
        roster = pasted(text)
    except Refused:
        return
    assert roster.rows == len(roster.names) + roster.duplicates + roster.bad
    assert all(name.text.isprintable() for name in roster.names)
