"""What is no list of people is refused with its reason, a bad row spoils only itself, and no bytes do harm."""

from __future__ import annotations

import csv
import io
import tracemalloc

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from resets.reasons import Reason, Refused
from resets.roster import MOST_ROWS, RosterReader
from resets.rows import MOST_BYTES
from tests.support.rosters import read, reason, texts

REFUSED = {
    "nothing": (b"", Reason.FILE_EMPTY),
    "a mark only": (b"\xef\xbb\xbf", Reason.FILE_EMPTY),
    "blank rows": (b"\r\n\r\n ;;\r\n", Reason.FILE_EMPTY),
    "only a header": (b"login;name\r\n", Reason.FILE_ONLY_HEADER),
    "only a header and blanks": (b"e-mail,\n,\n\n", Reason.FILE_ONLY_HEADER),
    "xlsx": (b"PK\x03\x04\x14\0\x06\0" + bytes(range(256)) * 20, Reason.FILE_BINARY),
    "xls": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500), Reason.FILE_BINARY),
    "pdf": (b"%PDF-1.7\n1 0 obj\n", Reason.FILE_BINARY),
    "zeros": (bytes(5000), Reason.FILE_BINARY),
    "noise": (bytes(range(256)) * 30, Reason.FILE_BINARY),
    "UTF-32": ("login\nabell\n".encode("utf-32"), Reason.FILE_BINARY),
    "a page": (b"\n<!DOCTYPE html><html><title>Sign in</title>", Reason.FILE_PAGE),
    "a page with a mark": (b"\xef\xbb\xbf<html lang=en>", Reason.FILE_PAGE),
    "a workbook as XML": (b'<?xml version="1.0"?><Workbook>', Reason.FILE_PAGE),
    "cut off": (b'login,note\nabell,a\nbsmith,"half a no', Reason.FILE_CUT_OFF),
    "a quote that closes rows later": (b'login,note\nabell,"a\nbsmith,b\nc,"d\n', Reason.FILE_CUT_OFF),
    "a quote without end": (b'login\n"abell\n' + b"bsmith\n" * 20_000, Reason.FILE_CUT_OFF),
    "too big": (b"a" * (MOST_BYTES + 1), Reason.FILE_TOO_BIG),
    "too many blank rows": (b"login\nabell\n" + b"\n" * 1_100_000, Reason.TOO_MANY_ROWS),
    "too many rows": (b"a\n" * (MOST_ROWS + 1), Reason.TOO_MANY_ROWS),
    "sentences": (b"dear all,\nplease find the list\nin the other file\n", Reason.NO_COLUMN),
    "words": (b"First name,City\nAnna,Bern\nBen,Wien\n", Reason.NO_COLUMN),
    "an answer of Slack's": (b'{"ok":false,"error":"not authed"}', Reason.NO_COLUMN),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refuses_what_is_no_list(case):
    """Each has its own reason, and no other exception."""
    data, why = REFUSED[case]
    assert reason(data) is why


def test_a_refusal_says_where():
    """Who must mend the file is told the row that opens the quote."""
    with pytest.raises(Refused) as refused:
        read(b'login,note\nabell,"a\nb"\n\nbsmith,"half')
    assert refused.value.facts == {"row": 4}


@pytest.mark.parametrize(
    "header",
    [
        "password", "Password", "New Password", "initial_password", "userPassword", "Password [Required]", "PASSWORD*",
        "Passwort", "Kennwort", "Neues Kennwort", "mot de passe", "Mot de passe temporaire", "mdp", "Contraseña",
        "clave", "senha", "wachtwoord", "hasło", "lösenord", "Şifre", "пароль", "パスワード", "pwd", "unicodePwd",
        "Credentials", "PIN",
        "pass", "tempPass", "passwd", "Password (to be changed)", "Password last", "passphrase",
    ],
)  # fmt: skip
@pytest.mark.parametrize("column", [0, 1])
def test_refuses_a_file_with_passwords(header, column):
    """Whatever the language, wherever the column, however late the first password comes."""
    for blank in (0, 5, 9_000):
        rows = [["login", header], *[["abell", ""]] * blank, ["bsmith", "Sunny-Day-7"]]
        data = "\n".join(";".join(row if column else row[::-1]) for row in rows).encode()
        with pytest.raises(Refused) as refused:
            read(data)
        assert refused.value.reason is Reason.PASSWORD_COLUMN
        assert refused.value.facts == {"column": header}


LOOKS = ["Sunny!Day7", "hunter#22", "Geheim%1", "(Tr0ubador)", "7*horses*Staple", "ñandú?2024"]
HARMLESS = [
    "Summer2024", "corp\\a12", "a.bell-2", "+49(30)123456", "12.03.2026", "{0f3c9a1e-77d2-4b1c-9d0e-2f1f7c3a9b10}",
    "https://example.com/u?id=7#top", "CN=Anna Bell,OU=Sales", "a7!@example.com", "Bell, Anna (2)", "!!!", "#12",
]  # fmt: skip


@pytest.mark.parametrize(("head", "order"), [("", 1), ("", -1), ("login;\n", 1), ("login\n", 1), (" ;e-mail\n", -1)])
def test_refuses_passwords_without_a_header(head, order):
    """Beside logins or addresses, with a header for these alone or with none: most of a column look like passwords."""
    rows = [[f"person{n}@example.com", look][::order] for n, look in enumerate(LOOKS)]
    rows += [[f"other{n}@example.com", ""][::order] for n in range(len(LOOKS) - 1)]
    with pytest.raises(Refused) as refused:
        read((head + "\n".join(map(";".join, rows))).encode())
    assert refused.value.reason is Reason.PASSWORD_COLUMN
    assert refused.value.facts == {"column": 2 if order > 0 else 1}


@pytest.mark.parametrize("cell", HARMLESS)
def test_what_only_has_a_sign_in_it_is_no_password(cell):
    """Logins, phones, dates, ids, links, names: a column of these without a header stops nobody."""
    data = "".join(f'person{n}@example.com;"{cell}"\n' for n in range(4))
    assert texts(read(data.encode())) == [f"person{n}@example.com" for n in range(4)]


def test_a_named_column_is_what_its_name_says():
    """Notes and codes with signs in them are somebody's own business, as long as no header speaks of passwords."""
    assert texts(read(b"login;note\nabell;Sunny!Day7\n")) == ["abell"]


@pytest.mark.parametrize("header", ["passport", "compass", "bypass group", "Keypad", "Department", "pinned"])
def test_other_words_are_no_passwords(header):
    """A header that only sounds like it does not stop anybody."""
    assert texts(read(f"login,{header}\nabell,Sunny-Day-7\n".encode())) == ["abell"]


@pytest.mark.parametrize(
    "cell",
    [
        "an\0na", "anna\u202e", "\u200banna", "an\u200dna", "a\x1bb", "a\nb", "\ufffdanna", "x" * 257, " ", '""', "@",
        "\u3164", "<@U1> <@U2>", "\u2028a\u2028b", "\x85a\x85\x7f", "a\U000e0041",
    ],
)  # fmt: skip
def test_a_spoiled_cell_spoils_its_row_only(cell):
    """What cannot be seen, is too long or is missing: the row is counted as bad, and the others are read."""
    out = io.StringIO(newline="")
    csv.writer(out).writerows([["login", "n"], ["abell", "1"], [cell, "2"], ["bsmith", "3"]])
    roster = read(out.getvalue().encode())
    assert texts(roster) == ["abell", "bsmith"]
    assert (roster.rows, roster.bad, roster.bad_rows) == (3, 1, (3,))


def test_only_the_first_bad_rows_are_named():
    """A thousand bad rows are counted, twenty are named."""
    roster = read(b"login,n\nabell,0\n" + b"abell2,1\n" * 2000 + b",1\n" * 1000)
    assert (roster.bad, roster.bad_rows) == (1000, tuple(range(2003, 2023)))
    assert roster.duplicates == 1999


def test_a_file_of_bad_rows_only_says_so():
    """Stray quotes in every row: no people, and the rows that could not be read are counted."""
    roster = read(b'login\n"a"b\n"c"d\n')
    assert (roster.names, roster.rows, roster.bad_rows) == ((), 2, (2, 3))


def test_a_row_without_end_spoils_itself_only():
    """A line of two million characters is one bad row."""
    data = b"login,n\nabell,1\n" + b"x" * 2_000_000 + b"\nbsmith,2\n" + b"y" * 200_000
    for step in (0, 1000):
        roster = read(data, step)
        assert texts(roster) == ["abell", "bsmith"]
        assert roster.bad_rows == (3, 5)


@given(st.binary(max_size=400), st.sampled_from([0, 1, 3]))
@example(b"sep=\n", 0)
@example(b"\xff\xfe\x00", 0)
@example(b'""\r"', 1)
def test_any_bytes_are_read_or_refused(data, step):
    """No file makes anything happen but a list or a refusal."""
    for prefix in (b"", b"login,password\n", b"mail\nanna@example.com\n", b"\xff\xfe", b"sep=;\n"):
        try:
            roster = read(prefix + data, step)
        except Refused:
            continue
        assert roster.rows == len(roster.names) + roster.duplicates + roster.bad
        assert all(0 < len(name.text) <= 256 * 3 and name.text.isprintable() for name in roster.names)


BOMBS = {
    "one cell": b'login\n"' + b"a" * (MOST_BYTES - 20),
    "one line": b"login\nabell\n" + b"a" * (MOST_BYTES - 20),
    "one quoted cell with lines": b'login\n"' + b"a\n" * (MOST_BYTES // 2 - 20),
    "empty lines": b"login\nabell" + b"\n" * 300_000,
    "many columns": b"login" + b"," * (MOST_BYTES - 20),
    "quotes": b"login\n" + b'"' * (MOST_BYTES - 21),
}


@pytest.mark.parametrize("case", BOMBS)
def test_a_bomb_eats_no_memory(case):
    """A file of 10 MB with hardly a name in it takes a few megabytes beside itself."""
    data = BOMBS[case]
    pieces = [data[start : start + 65_536] for start in range(0, len(data), 65_536)]
    tracemalloc.start()
    try:
        reader = RosterReader()
        for piece in pieces:
            reader.feed(piece)
        reader.close()
    except Refused:
        pass
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 12_000_000
