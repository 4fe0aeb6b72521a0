"""A list that somebody exported or typed is read as it was meant, whatever wrote it."""

from __future__ import annotations

import csv
import io
import unicodedata

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from resets.reasons import Reason
from resets.roster import MOST_ROWS, Listed, template
from tests.support.rosters import ANNA_BEN, read, reason, texts

TABLE = "Name;E-Mail;Abteilung\nJörg;anna@example.com;IT\nÄnne;ben@example.com;IT\n"

FILES = {
    "one column of addresses": ("anna@example.com\nben@example.com\n", "column 1", ANNA_BEN),
    "one column of logins": ("abell\nbsmith\n12345\n", "column 1", ["abell", "bsmith", "12345"]),
    "one column with a header nobody knows": ("Kontakte\nanna@example.com\nben@example.com", "Kontakte", ANNA_BEN),
    "one address": ("anna@example.com", "column 1", ANNA_BEN[:1]),
    "all in one line": ("anna@example.com, ben@example.com\n", "column 1", ANNA_BEN),
    "all in one line, semicolons": ("anna@example.com;ben@example.com;", "column 1", ANNA_BEN),
    "German Excel": (TABLE, "E-Mail", ANNA_BEN),
    "Excel's first line": ("sep=;\r\n" + TABLE.replace("\n", "\r\n"), "E-Mail", ANNA_BEN),
    "Excel's first line, a tab": ("sep=\t\n" + TABLE.replace(";", "\t"), "E-Mail", ANNA_BEN),
    "tabs": (TABLE.replace(";", "\t"), "E-Mail", ANNA_BEN),
    "bars": (TABLE.replace(";", "|"), "E-Mail", ANNA_BEN),
    "an old Mac": (TABLE.replace("\n", "\r"), "E-Mail", ANNA_BEN),
    "names with commas between semicolons": (
        "Bell, Anna;anna@example.com\nSmith, Ben;ben@example.com\n",
        "column 2",
        ANNA_BEN,
    ),
    "quoted line ends": (
        '"Full\nname","Mail","Notes"\n"Anna\r\nBell","anna@example.com","a\n\nb"\n"Ben",ben@example.com,""\n',
        "Mail",
        ANNA_BEN,
    ),
    "trailing empty columns": ("mail,,,\nanna@example.com,,,\n,,,\n\nben@example.com,,,\n\n\n", "mail", ANNA_BEN),
    "Active Directory": (
        (
            '"SamAccountName","Name","PasswordLastSet","PasswordNeverExpires","badPwdCount"\n'
            '"abell","Anna Bell","02.03.2026 10:00:00","False","0"\n"bsmith","Ben Smith","","True","2"\n'
        ),
        "SamAccountName",
        ["abell", "bsmith"],
    ),
    "Google Workspace": (
        (
            "First Name [Required],Last Name [Required],Email Address [Required],Password [Required],"
            "Change Password at Next Sign-In\n"
            "Anna,Bell,anna@example.com,****,False\nBen,Smith,ben@example.com,****,True\n"
        ),
        "Email Address [Required]",
        ANNA_BEN,
    ),
    "Entra": (
        (
            "id,User principal name,Display name,passwordPolicies\n1-2,anna@example.com,Anna,None\n"
            "1-3,ben@example.com,Ben,DisablePasswordExpiration\n"
        ),
        "User principal name",
        ANNA_BEN,
    ),
    "French": ("Prénom;Identifiant\nAnna;abell\nBen;bsmith\n", "Identifiant", ["abell", "bsmith"]),
    "French, mail": ("Nom;Adresse e-mail\nBell;anna@example.com\nSmith;ben@example.com\n", "Adresse e-mail", ANNA_BEN),
    "Spanish": (
        "Nombre,Correo electrónico\nAnna,anna@example.com\nBen,ben@example.com\n",
        "Correo electrónico",
        ANNA_BEN,
    ),
    "German": ("Vorname,Benutzername\nAnna,abell\nBen,bsmith\n", "Benutzername", ["abell", "bsmith"]),
    "UID": ("uid,cn\nabell,Anna\nbsmith,Ben\n", "uid", ["abell", "bsmith"]),
    "no header, logins among words": ("Anna,Sales,abell\nBen,Sales,bsmith\n", "column 3", ["abell", "bsmith"]),
    "a header that its values contradict": (
        "user,contact\nAnna Bell,anna@example.com\nBen Smith,ben@example.com\n",
        "contact",
        ANNA_BEN,
    ),
    "the login before the address": (
        "mail,login\nanna@example.com,abell\nben@example.com,bsmith\n",
        "login",
        ["abell", "bsmith"],
    ),
    "addresses with names": (
        'recipient\nAnna Bell <anna@example.com>\n"Smith, Ben <mailto:ben@example.com>"\n',
        "recipient",
        ANNA_BEN,
    ),
    "our own report": ("login,state\n'@abell,done\n'=bsmith,done\n", "login", ["abell", "=bsmith"]),
    "links": ("mail\nmailto:anna@example.com\nben@example.com", "mail", ANNA_BEN),
    "Slack's mentions": ("user\n<@U0ANNA>\nabell\nbsmith\n", "user", ["U0ANNA", "abell", "bsmith"]),
    "a login called help": ("login\nhelp\n?\n", "login", ["help", "?"]),
    "signs that Slack would escape": ("login\nR&amp;D\nO'Neil\n", "login", ["R&amp;D", "O'Neil"]),
    "stray quotes in a cell": ('login,size\nabell,5" disk\nbsmith,"6"" disk"\n', "login", ["abell", "bsmith"]),
}
CODES = {
    "utf-8": ("utf-8", "utf-8", False),
    "with a mark": ("utf-8-sig", "utf-8", False),
    "utf-16": ("utf-16", "utf-16", False),
    "utf-16-le": ("utf-16-le", "utf-16", False),
    "utf-16-be": ("utf-16-be", "utf-16", False),
    "Windows": ("cp1252", "latin-1", True),
}


@pytest.mark.parametrize("step", [0, 1, 7])
@pytest.mark.parametrize("case", FILES)
def test_reads_files_as_people_have_them(case, step):
    """Each export is read, whatever its columns, delimiters and line ends, and however its bytes arrive."""
    text, column, names = FILES[case]
    roster = read(text.encode(), step)
    assert (roster.column, texts(roster)) == (column, names)
    assert (roster.rows, roster.bad, roster.flagged) == (len(names), 0, False)


@pytest.mark.parametrize("case", CODES)
def test_reads_every_encoding(case):
    """The encoding is found; what is not Unicode is taken for Windows' and flagged."""
    codec, name, flagged = CODES[case]
    roster = read("login;Straße\nJörg;a\nbsmith;b\nmüller;c\n".encode(codec))
    assert (texts(roster), roster.encoding, roster.flagged) == (["Jörg", "bsmith", "müller"], name, flagged)
    assert roster.ignored == ("Straße",)


def test_utf_16_with_the_other_order():
    """A big-endian mark is read, too."""
    assert texts(read(b"\xfe\xff" + "login\nabell\n".encode("utf-16-be"))) == ["abell"]


def test_latin_1_is_found_late():
    """A letter of Windows' in row 20,000 does not spoil the rows before it."""
    data = b"login\n" + b"".join(b"u%05d\n" % n for n in range(20_000)) + "jörg\n".encode("cp1252")
    roster = read(data)
    assert texts(roster)[-2:] == ["u19999", "jörg"]
    assert roster.flagged


@pytest.mark.parametrize("codec", ["utf-8", "utf-16", "cp1252"])
def test_nothing_breaks_where_the_pieces_meet(codec):
    """Wherever 64 KB end, within a letter, a line end, a quote or a quoted line end, the rows are the same."""
    rows = [[f"jörg{n:05}", f'{"x" * (n % 7)}"\r\n,ü\n' * (n % 3)] for n in range(3_000)]
    for pad in range(12):
        out = io.StringIO(newline="")
        csv.writer(out).writerows([["login", "x" * pad], *rows])
        roster = read(out.getvalue().encode(codec))
        assert [(name.text, name.row) for name in roster.names] == [(row[0], n) for n, row in enumerate(rows, 2)]
        assert roster.bad == 0


def test_a_name_counts_once():
    """Capitals and composed accents make no other name; the first spelling stays, with its row."""
    roster = read("login\nAbell\nabell\n\nABELL\nju\u0308rg\njürg\nbsmith\n".encode())
    assert roster.names == (Listed("Abell", 2), Listed("jürg", 6), Listed("bsmith", 8))
    assert (roster.rows, roster.duplicates) == (6, 3)


def test_a_hundred_thousand_times_the_same():
    """The most rows there may be, all the same: one name."""
    roster = read(b"login\n" + b"abell\n" * MOST_ROWS)
    assert (texts(roster), roster.duplicates) == (["abell"], MOST_ROWS - 1)


def test_other_columns_are_named():
    """The person is told which columns were not used."""
    roster = read(b"login,Name,,City\nabell,Anna,,Bern\n")
    assert roster.ignored == ("Name", "City")
    assert read(b"Anna,anna@example.com\nBen,ben@example.com\n").ignored == ("column 1",)


def test_the_template_comes_back_as_it_is_filled_in():
    """Its examples are nobody; unchanged it is an empty list; people below them are read, in any encoding."""
    assert template().startswith(b"\xef\xbb\xbflogin or e-mail\r\n")
    assert reason(template()) is Reason.FILE_ONLY_HEADER
    roster = read(template().decode("utf-8-sig").encode("utf-16") + "abell\r\n".encode("utf-16-le"))
    assert (texts(roster), roster.rows) == (["abell"], 1)


NAMES = st.text(
    st.characters(exclude_categories=["C", "Z"], exclude_characters="\"'`´‘’‚“”„«»‹›@<>"),  # noqa: RUF001
    min_size=1,
    max_size=20,
).filter(
    lambda t: not any(c in "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0\ufffd" for c in t)
)


@given(
    names=st.lists(NAMES, min_size=1, max_size=30),
    delimiter=st.sampled_from(",;\t|"),
    quoting=st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL, csv.QUOTE_NONNUMERIC]),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    codec=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    before=st.integers(0, 2),
    after=st.integers(0, 2),
    step=st.sampled_from([0, 5]),
)
def test_what_csv_writes_is_read_back(names, delimiter, quoting, end, codec, before, after, step):
    """Any names, in any dialect and encoding, come back as they were, with notes on both sides of them.

    One column without quotes has no delimiter: there a comma in a name could be one.
    """
    assume(before or after or quoting != csv.QUOTE_MINIMAL or not any(c in ",;\t|" for name in names for c in name))
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter, quoting=quoting, lineterminator=end)
    writer.writerow([*["note"] * before, "login", *["note"] * after])
    for name in names:
        writer.writerow([*[f'a "b"{delimiter}\n'] * before, name, *["x\r\ny"] * after])
    meant = dict.fromkeys(unicodedata.normalize("NFC", name).casefold() for name in names)
    roster = read(out.getvalue().encode(codec), step)
    assert [name.text.casefold() for name in roster.names] == list(meant)
    assert (roster.bad, roster.duplicates) == (0, len(names) - len(meant))
