"""What we write, every spreadsheet opens, none of them computes, and no password is in it."""

from __future__ import annotations

import csv
import io
import string
import time
import unicodedata
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from directory.secret import Secret
from resets.roster import RosterReader
from resets.sheet import Sheet, cell

QUOTES = "\"'`´‘’‚“”„«»‹›"  # noqa: RUF001
SIGNS = "=+-@\u2212"


def rows(data, delimiter=","):
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), delimiter=delimiter, strict=True))


def written(*texts):
    sheet = Sheet(["a"] * len(texts))
    sheet.take()
    sheet.write(texts)
    return rows(sheet.take())[0]


def test_writes_what_every_program_reads():
    """UTF-8 with its mark, CRLF, every cell quoted, quotes doubled, a line end kept within its quotes."""
    sheet = Sheet(("login", "note", "count", "at"))
    sheet.write(("jörg", 'says "no",\nthen; yes', -3, datetime(2026, 3, 2, 10, tzinfo=timezone(timedelta(hours=2)))))
    sheet.write(("abell", None, 0, None))
    assert sheet.take() == (
        b"\xef\xbb\xbf"
        b'"login","note","count","at"\r\n'
        b'"j\xc3\xb6rg","says ""no"",\nthen; yes","-3","2026-03-02 08:00:00Z"\r\n'
        b'"abell","","0",""\r\n'
    )


def test_times_are_utc_wherever_the_host_is(monkeypatch):
    """The host's own zone says nothing."""
    with monkeypatch.context() as elsewhere:
        elsewhere.setenv("TZ", "JST-9")
        time.tzset()
        assert written(datetime(2026, 3, 2, 10, tzinfo=UTC)) == ["2026-03-02 10:00:00Z"]
    time.tzset()


def test_hands_over_each_row_once():
    """The pieces are the file, the mark stands once, and what was taken is not kept."""
    sheet = Sheet(("login",))
    pieces = [sheet.take(), sheet.take()]
    for n in range(3):
        sheet.write((f"u{n}",))
        pieces.append(sheet.take())
    assert pieces[1] == b""
    assert pieces[3] == b'"u1"\r\n'
    assert rows(b"".join(pieces)) == [["login"], ["u0"], ["u1"], ["u2"]]


@pytest.mark.parametrize(
    ("text", "harmless"),
    [
        ("=1+1", "'=1+1"),
        ("+49 30 1", "'+49 30 1"),
        ("-x", "'-x"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("  =1", "'  =1"),
        ("\t=1", "' =1"),
        ("\n=1", "'=1"),
        ("\n'a", "'a"),
        ("\t1", "'1"),
        ("\r1", "'1"),
        ('"=1', "'\"=1"),
        ("'=1", "''=1"),
        ("“ =1", "'“ =1"),
        ("\uff1d1", "'\uff1d1"),  # full width
        ("\uff0b1", "'\uff0b1"),
        ("\ufe631", "'\ufe631"),  # small
        ("\u207a1", "'\u207a1"),  # raised
        ("\u22121", "'\u22121"),  # the minus sign
        ("\u3000=1", "'\u3000=1"),
        ("\u200b=1", "'=1"),
        ("\u202e=1\u202c", "'=1"),
        ("\x00=1", "'=1"),
        ("a;=1", "a;'=1"),
        ("a\n=1", "a\n'=1"),
        ('a,"=1', "a,'\"=1"),
        ("a\u2028=1", "a\n'=1"),
        ("a-b=c@d+e", "a-b=c@d+e"),
        ("anna@example.com", "anna@example.com"),
        ("an\u202ena\x1b[1m", "anna[1m"),
        ("a\tb", "a b"),
        ("half \ud83d", "half "),
        ("", ""),
        ("\t\n", ""),
    ],
)
def test_a_formula_is_a_text(text, harmless):
    """Whatever would begin a formula, in any disguise, has an apostrophe before it; all else stays as it is."""
    assert cell(text) == harmless
    assert written("x", text) == ["x", harmless]


PARTS = st.sampled_from(
    [*"=+-@\t\r\n ;,|'\"", "\uff1d", "\uff20", "\u200b", "\u202e", "\u3000", "\uff02", "\xa0", "a", "\0"]
)


@given(st.one_of(st.text(max_size=40), st.lists(PARTS, max_size=12).map("".join)))
@example("\u0085=1")
@example("\ufeff\uff02=1")
def test_no_text_is_a_formula(text):
    """Any text: read with any delimiter, every cell begins with what computes nothing, and nothing in it is hidden."""
    assert not any(unicodedata.category(c) in {"Cf", "Cs"} or (c < " " and c != "\n") for c in cell(text))
    kept = written("x", text, "y")
    assert len(kept) == 3
    sheet = Sheet(("a", "b"))
    sheet.write(("x", text))
    assert all(one[:1] not in {"\t", "\r"} for one in kept)
    for seen in (kept, *rows_of_careless_programs(sheet.take())):
        for one in seen:
            plain = unicodedata.normalize("NFKC", one)
            if plain.lstrip(QUOTES + string.whitespace)[:1] in set(SIGNS):
                assert plain.lstrip(' \r\n"').startswith("'")


def rows_of_careless_programs(data):
    """Read the file as a program does that was told another delimiter."""
    text = data.decode("utf-8-sig")
    return [row for d in ";\t|" for row in csv.reader(io.StringIO(text, newline=""), delimiter=d)]


LOGINS = st.text(string.ascii_letters + string.digits + "=+-@._ü\uff1d", min_size=1, max_size=10).filter(
    lambda t: t.strip("@")
)


@given(st.lists(LOGINS, min_size=1, max_size=5))
def test_our_file_is_read_back(texts):
    """A login that begins like a formula comes back without its apostrophe."""
    sheet = Sheet(("login", "state"))
    for text in texts:
        sheet.write((text, "done"))
    reader = RosterReader()
    reader.feed(sheet.take())
    roster = reader.close()
    assert [n.text.casefold() for n in roster.names] == list(dict.fromkeys(t.lstrip("@").casefold() for t in texts))


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (Secret("Sunny-Day-7"), "a password is never written to a file"),
        *(
            (value, f"a cell is a text, a whole number or a time, not {type(value).__name__}")
            for value in (b"bytes", 1.5, True, ["x"], object())
        ),
    ],
)
def test_a_password_is_never_a_cell(value, says):
    """A Secret, and anything else that is no text, number or time, is refused before anything of its row is written."""
    sheet = Sheet(("login", "x"))
    sheet.take()
    with pytest.raises(TypeError) as refused:
        sheet.write(("abell", value))
    assert str(refused.value) == says
    assert sheet.take() == b""


def test_a_row_fits_its_columns():
    """Another width, or a time without a zone, is a mistake that does not reach the file."""
    sheet = Sheet(("login", "at"))
    sheet.take()
    for row in (
        ("abell",),
        ("abell", None, None),
        ("abell", datetime(2026, 3, 2, 10, tzinfo=UTC).replace(tzinfo=None)),
    ):
        with pytest.raises(ValueError, match=r"^a row of \d cells, for 2 columns$|^a time without a zone$"):
            sheet.write(row)
    assert sheet.take() == b""
