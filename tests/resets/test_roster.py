"""A list that somebody exported, typed or pasted is read as it was meant, or refused with its reason."""

from __future__ import annotations

import csv
import io
import tracemalloc
import unicodedata

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from resets.reasons import Reason, Refused
from resets.roster import MOST_ROWS, Listed, RosterReader, pasted, template
from resets.rows import MOST_BYTES


def read(data, step=0):
    reader = RosterReader()
    for start in range(0, len(data), step or max(len(data), 1)):
        reader.feed(data[start : start + (step or len(data))])
    return reader.close()


def texts(roster):
    return [name.text for name in roster.names]


def reason(data):
    with pytest.raises(Refused) as refused:
        read(data)
    return refused.value.reason


ANNA_BEN = ["anna@example.com", "ben@example.com"]
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
    ],
)
def test_cells_copied_from_a_spreadsheet_are_a_table(text, column):
    """Of a table the column of people is read, and its other words are nobody."""
    roster = pasted(text)
    assert (texts(roster), roster.column) == (ANNA_BEN, column)


def test_a_pasted_table_with_passwords_is_refused():
    """A paste is no way around the rule for files."""
    for sign in "\t;,":
        with pytest.raises(Refused) as refused:
            pasted(f"login{sign}Kennwort\nabell{sign}Sunny-Day-7\n")
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
    assert refused.value.reason is Reason.LIST_TOO_LONG
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
