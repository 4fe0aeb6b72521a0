"""A list at its edges: what is kept of it, how long a name may be, and what the first rows decide."""

from __future__ import annotations

import pytest

from resets.reasons import Reason, Refused
from resets.roster import MOST_ROWS, Listed, Roster, RosterReader, pasted
from tests.support.rosters import ANNA_BEN, read, reason, texts


def test_what_is_kept_of_a_pasted_list():
    """Its names with their lines, and how many were there twice or bad; it has no columns, and is Unicode."""
    assert pasted("abell\nABELL, bsmith\na\u202eb\n") == Roster(
        names=(Listed("abell", 1), Listed("bsmith", 2)),
        rows=4,
        duplicates=1,
        encoding="utf-8",
        flagged=False,
        column=None,
        ignored=(),
        bad_rows=(3,),
        bad=1,
    )


def test_what_is_kept_of_a_file():
    """The same, with the column that was read, the others, and what was guessed."""
    assert read("Name;login\nJörg;abell\nx;\nBen;bsmith\nx;a\x01b\nx\n".encode("cp1252")) == Roster(
        names=(Listed("abell", 2), Listed("bsmith", 4)),
        rows=5,
        duplicates=0,
        encoding="latin-1",
        flagged=True,
        column="login",
        ignored=("Name",),
        bad_rows=(3, 5, 6),
        bad=3,
    )


def test_bad_rows_are_told_in_their_order():
    """Also those among the first, some of which wait until the column is found."""
    roster = read(b'login,n\n,1\n"a"b,2\nabell,3\n"c"d,4\n,5\n')
    assert (roster.bad_rows, roster.bad, roster.rows) == ((2, 3, 5, 6), 4, 5)


def test_twenty_bad_rows_are_named():
    """And no more, of a pasted list too."""
    roster = pasted("\n".join(["a\u202eb"] * 25))
    assert (roster.bad_rows, roster.bad) == (tuple(range(1, 21)), 25)


def test_how_many_rows_there_may_be():
    """100,000 and not one more, bad ones counted."""
    assert read(b"login\n" + b"abell\n" * (MOST_ROWS - 1) + b"bsmith\n").rows == MOST_ROWS
    assert reason(b"login\n" + b"abell\n" * MOST_ROWS + b'"a"b\n') is Reason.TOO_MANY_ROWS


@pytest.mark.parametrize(
    ("cell", "name"),
    [
        ("x" * 256, "x" * 256),
        ("x" * 257, None),
        ("O'" + "x" * 254, "O'" + "x" * 254),
        ("", None),
        (" ", None),
        (" " * 50 + "x" * 256 + " ", "x" * 256),
        ("a" * 64, "a" * 64),
        ("a" * 65, "a" * 65),
        ("ju\u0308rg", "jürg"),
        ("MailTo:anna@example.com", "anna@example.com"),
        ("Anna Bell <anna@example.com>", "anna@example.com"),
        ("'abell'", "abell"),
        ("help", "help"),
        (" help ", "help"),
        ("@", None),
        ("<@U0ANNA>", "U0ANNA"),
        ("<@U0ANNA|anna>", "U0ANNA"),
        ("<@U0ANNA> x", None),
        ("<!channel>", "<!channel>"),
        ("a&amp;b", "a&amp;b"),
        ("abell\u115f", None),
        ("a\xadb", None),
        ("日本", "日本"),
        ("Anna\xa0Bell", "Anna Bell"),
        ("Anna\u2028Bell", None),
    ],
)
def test_whom_a_cell_names(cell, name):
    """As it was meant, cleaned of what programs put around it; nobody where it is too long or hides something."""
    roster = read(f'login,n\nfirst,1\n"{cell}",2\n'.encode())
    assert texts(roster) == (["first"] if name is None else ["first", name])
    assert roster.bad == (name is None)


def test_a_mention_in_a_file_is_one():
    """And a login that is spelled as its id is another."""
    names = read(b"login\n<@U0ANNA>\nU0ANNA\n<@U0ANNA|anna>\n").names
    assert names == (Listed("U0ANNA", 2, mention=True), Listed("U0ANNA", 3))


@pytest.mark.parametrize(
    ("data", "names"),
    [
        (b"anna@example.com,ben@example.com", ANNA_BEN),
        (b"anna@example.com,,ben@example.com,", ANNA_BEN),
        (b"anna@example.com,Anna", ANNA_BEN[:1]),
        (b"anna@example.com,Anna\nben@example.com,Ben", ANNA_BEN),
        (b"anna@example.com,x@example.com\nben@example.com,y@example.com\n", ANNA_BEN),
    ],
)
def test_several_addresses_in_the_only_row_are_a_list(data, names):
    """All of that row; with a second row they are columns, of which the first is read."""
    roster = read(data)
    assert texts(roster) == names
    assert [name.row for name in roster.names] == ([1] * len(names) if b"\n" not in data else [1, 2])


@pytest.mark.parametrize(
    ("data", "why", "facts"),
    [
        (b"Kennwort,login\nSunny-Day-7,abell\n", Reason.PASSWORD_COLUMN, {"column": "Kennwort"}),
        (b"login\n", Reason.FILE_ONLY_HEADER, {}),
        (b'login,n\n"a"b,2\n', None, {}),
        (b'"a"b\n', Reason.NO_COLUMN, {}),
        (b"\n \n", Reason.FILE_EMPTY, {}),
        (b"anna@example.com,Sunny!Day7\n", Reason.PASSWORD_COLUMN, {"column": 2}),
    ],
)
def test_what_the_first_rows_decide(data, why, facts):
    """Passwords stop the file, bad rows do not, and what has nobody in it says what is missing."""
    if why is None:
        assert read(data).names == ()
        return
    with pytest.raises(Refused) as refused:
        read(data)
    assert (refused.value.reason, refused.value.facts) == (why, facts)


def test_the_examples_of_the_template_are_nobody_only_in_the_template():
    """In any other file they are names like others; in the template only as they were written."""
    assert texts(read(b"login or e-mail\nanna.example\nabell\nben@example.com\n")) == ["abell"]
    assert texts(read(b" Login or E-Mail \nanna.example\nabell\n")) == ["abell"]
    assert texts(read(b"login\nanna.example\nben@example.com\n")) == ["anna.example", "ben@example.com"]
    assert texts(read(b"login or e-mail\nANNA.EXAMPLE\n")) == ["ANNA.EXAMPLE"]


def test_the_column_is_chosen_by_what_the_first_piece_holds():
    """A thousand rows decide; what stands behind them is read by the same column."""
    reader = RosterReader()
    reader.feed(b"".join(b"Anna,u%04d\n" % n for n in range(8_000)))
    reader.feed(b"anna@example.com,bsmith\n" * 8_000)
    roster = reader.close()
    assert (roster.column, roster.names[-1], len(roster.names)) == ("column 2", Listed("bsmith", 8_001), 8_001)


def test_passwords_stop_a_file_while_it_comes():
    """As soon as two rows are whole, and not at its end: no more of it is read than has to be."""
    reader = RosterReader()
    with pytest.raises(Refused) as refused:
        reader.feed(b"login;Kennwort;" + b"x" * 65_536 + b"\nabell;Sunny-Day-7\n" + b"x" * 65_536)
    assert refused.value.reason is Reason.PASSWORD_COLUMN


def test_one_row_alone_decides_nothing():
    """A header that nobody knows is told by what stands below it, however long it is itself."""
    reader = RosterReader()
    reader.feed(b"Kontakte," + b"x" * 65_526 + b"\n")
    reader.feed(b"anna@example.com,y\n")
    roster = reader.close()
    assert (roster.column, texts(roster)) == ("Kontakte", ANNA_BEN[:1])
