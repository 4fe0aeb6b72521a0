"""Rows out of bytes, at the edges: how long, how many, how spoiled a file may be, and where its pieces meet."""

from __future__ import annotations

import pytest

from resets.reasons import Reason, Refused
from resets.rows import LONGEST_ROW, MOST_BYTES, RowReader


def rows(*pieces):
    reader = RowReader()
    return [row for piece in pieces for row in reader.feed(piece)] + list(reader.close())


def cells(*pieces):
    return [row for _, row in rows(*pieces)]


@pytest.mark.parametrize(
    ("data", "read"),
    [
        (b"", []),
        (b"a", [["a"]]),
        (b"a\r\nb\rc\nd", [["a"], ["b"], ["c"], ["d"]]),
        (b"a,b\n\nc,d\n", [["a", "b"], [], ["c", "d"]]),
        (b"a;b\nc;d\n", [["a", "b"], ["c", "d"]]),
        (b"a,b;c\nd,e;f\n", [["a", "b;c"], ["d", "e;f"]]),  # of two that are as good the first
        (b"login;a,b\nabell;c,d\n", [["login", "a,b"], ["abell", "c,d"]]),  # more cells that we know
        (b"a;b,c\nd;e\nf;g,h,i\n", [["a", "b,c"], ["d", "e"], ["f", "g,h,i"]]),  # rows that are equally wide
        (b"a;b;c,d\ne;f;g,h\n", [["a", "b", "c,d"], ["e", "f", "g,h"]]),  # wider ones
        (b"a,b\n;;;\n;;;\n", [["a", "b"], [";;;"], [";;;"]]),  # rows of signs alone say nothing
        (b'a;b\n"x"y,c,d\nf,g,h\n', [["a", "b"], None, ["f,g,h"]]),  # nor does what stands behind stray quotes
        (b"sep=,\na;b,c\n", [["a;b", "c"]]),
        (b'"SEP=;";;\na;b,c\n', [["a", "b,c"]]),
        (b"sep=x\na;b\n", [["sep=x"], ["a", "b"]]),
        (b'a,"b"c\nd,e\n', [None, ["d", "e"]]),
        (b"\n\n\n", [[], [], []]),
    ],
)
def test_what_a_files_rows_are(data, read):
    """Line ends of all systems, blank rows counted, the delimiter as the file says or shows it."""
    assert cells(data) == read
    assert cells(*(data[n : n + 1] for n in range(len(data)))) == read


def test_the_first_rows_decide_about_the_delimiter():
    """What later ones would rather have is not asked."""
    read = cells(b"abell,x\n" * 10_000 + b"x;y;z\n" * 20_000)
    assert (read[0], read[-1]) == (["abell", "x"], ["x;y;z"])


def test_rows_are_numbered_as_a_spreadsheet_counts_them():
    """From 1, blank and spoiled ones too, and Excel's first line not."""
    assert [number for number, _ in rows(b'sep=;\na;b\n\n"c"d;e\nf;g\n')] == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("data", "encoding", "flagged", "read"),
    [
        ("ä".encode(), "utf-8", False, [["ä"]]),
        (b"\xef\xbb\xbf" + "ä".encode(), "utf-8", False, [["ä"]]),
        ("ä".encode("cp1252"), "latin-1", True, [["ä"]]),
        (b"\x80\x81", "latin-1", True, [["\u20ac\x81"]]),  # cp1252 has the first, and not the second
        (b"\xff\xfe" + "ä\n".encode("utf-16-le"), "utf-16", False, [["ä"]]),
        (b"\xfe\xff" + "ä\n".encode("utf-16-be"), "utf-16", False, [["ä"]]),
        ("login\n".encode("utf-16-le"), "utf-16", False, [["login"]]),
        ("login\n".encode("utf-16-be"), "utf-16", False, [["login"]]),
        ("日login\n".encode("utf-16-le"), "utf-16", False, [["日login"]]),
        ("日login\n".encode("utf-16-be"), "utf-16", False, [["日login"]]),
        (b"\xff\xfea", "utf-16", False, [["\ufffd"]]),  # half a letter at the end
        (b"\xfe\xffa", "utf-16", False, [["\ufffd"]]),
        ("login".encode("utf-16-le") + b"a", "utf-16", False, [["login\ufffd"]]),
    ],
)
def test_which_encoding_a_file_has(data, encoding, flagged, read):
    """By its mark, by its zeros, by what is no UTF-8; what is guessed is flagged."""
    reader = RowReader()
    found = [*reader.feed(data), *reader.close()]
    assert (reader.encoding, reader.flagged, [row for _, row in found]) == (encoding, flagged, read)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"\x01\x02\x03\x04a", None),  # a few controls spoil their rows only
        (b"\x01\x02\x03\x04\x05a", Reason.FILE_BINARY),
        (b"\x01" * 30 + b"a" * 970, None),  # and 3 in 100 do
        (b"\x01" * 31 + b"a" * 969, Reason.FILE_BINARY),
        (b"<html>", Reason.FILE_PAGE),
        (b"a<html>", None),
        (b"PK\x03\x04", Reason.FILE_BINARY),
        (b"aPK\x03\x04", None),
        (b'a,"b', Reason.FILE_CUT_OFF),
        (b'a,"b\nc', Reason.FILE_CUT_OFF),
        (b'a,"b\nc"d\ne,f\n', Reason.FILE_CUT_OFF),
        (b'a,"b\n' + b"x" * 100_001 + b"\n", Reason.FILE_CUT_OFF),
        (b",".join([b'"' + b"a\n" * 20_000 + b'"'] * 3), Reason.FILE_CUT_OFF),
    ],
)
def test_what_is_no_text(data, why):
    """A picture, an archive, a page, a file without its end: refused, whichever it is."""
    if why is None:
        assert rows(data)
        return
    with pytest.raises(Refused) as refused:
        rows(data)
    assert refused.value.reason is why
    assert refused.value.facts == ({"row": 1} if why is Reason.FILE_CUT_OFF else {})


def test_how_big_a_file_may_be():
    """10 MB, to the byte, in however many pieces."""
    reader = RowReader()
    half = (b"a" * 1023 + b"\n") * (MOST_BYTES // 2048)
    for _ in range(2):
        list(reader.feed(half))
    with pytest.raises(Refused) as refused:
        list(reader.feed(b"a"))
    assert refused.value.reason is Reason.FILE_TOO_BIG


@pytest.mark.parametrize(
    ("first", "read"),
    [
        (b"x" * (LONGEST_ROW - 1) + b"\n", True),  # its line end counts
        (b"x" * LONGEST_ROW + b"\n", False),
        (b"x" * 131_072 + b"\n", False),  # whose end is the next piece's beginning
        (b'"' + b"x" * (LONGEST_ROW - 3) + b'"\n', True),
    ],
)
def test_how_long_a_row_may_be(first, read):
    """100,000 characters; what is longer spoils itself only."""
    (_, one), *others = rows(first + b"a\nb\n")
    assert (one is not None) is read
    assert others == [(2, ["a"]), (3, ["b"])]


def test_a_quote_that_opens_and_does_not_close_is_told_by_its_row():
    """However much stands behind it."""
    for data in (b'a,b\nc,"d\n' + b"e,f\n" * 30_000, b'a,b\nc,"d\ne,f\n'):
        with pytest.raises(Refused) as refused:
            rows(data)
        assert (refused.value.reason, refused.value.facts) == (Reason.FILE_CUT_OFF, {"row": 2})


@pytest.mark.parametrize("codec", ["utf-8", "utf-16", "cp1252"])
def test_where_two_pieces_meet(codec):
    """Within a letter, a line end, a quote or a quoted line end: the rows are the same, wherever 64 KB end."""
    text = 'jörg,"x\r\n""y"""\r\n' * 40
    (whole,) = {tuple(map(tuple, cells(text.encode(codec))))}
    assert set(whole) == {("jörg", 'x\r\n"y"')}
    for pad in range(40):
        data = ("x" * (32_768 - 260 - pad if codec == "utf-16" else 65_536 - 260 - pad) + ",\r\n" + text).encode(codec)
        assert [tuple(row) for row in cells(data)[1:]] == list(whole)
