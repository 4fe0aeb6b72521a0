"""Which column of a table names people: found by its header, or by what stands in it."""

from __future__ import annotations

import pytest

from resets.columns import choose, guards, has_header, is_login, is_table, known, names_people, unnamed_secrets
from resets.reasons import Reason, Refused


def named(rows, header=None):
    """Return the index of the column that is read, and None where there is none."""
    try:
        return choose(header, rows).index
    except Refused:
        return None


@pytest.mark.parametrize(
    ("text", "login"),
    [
        ("abell", True),
        ("corp\\a12", True),
        ("Anna.Bell", True),
        ("Anna_Bell", True),
        ("anna-bell", True),
        ("ABELL", True),
        ("Anna", False),
        ("Änne", False),
        ("12", False),
        ("a b", False),
        ("", False),
    ],
)
def test_a_login_is_no_word(text, login):
    """A capital and small letters are somebody's name; a sign between two of them makes a login of it."""
    assert is_login(text) is login


@pytest.mark.parametrize(
    ("different", "of", "taken"), [(2, 10, True), (11, 11, True), (18, 20, True), (17, 20, False), (1, 12, False)]
)
def test_what_repeats_is_no_column_of_logins(different, of, taken):
    """Departments and countries repeat, logins hardly do; in ten rows a repetition says nothing yet."""
    rows = [["Anna", f"it{n % different}"] for n in range(of)]
    assert named(rows) == (1 if taken else None)


def test_a_row_may_be_shorter_than_others():
    """What it does not have is not like anything."""
    rows = [["Anna", "Sales", f"login{n}"] for n in range(12)]
    assert named([*rows, ["Ben", "IT"], ["Cid"]]) == 2


@pytest.mark.parametrize(
    ("rows", "table"),
    [
        ([["login", "note"], ["abell", "x"]], True),
        ([["login", "note"]], False),
        ([["Anna", "anna@example.com"], ["Ben", "ben@example.com"]], True),
        ([["Anna", "anna@example.com"]], False),
        ([["abell", "anna@example.com"], ["bsmith", "cdoe"]], False),
        ([["a@example.com", "b@example.com"], ["c@example.com", "d@example.com"]], False),
        ([["login", "note"], ["abell"]], False),
        ([["login"], ["abell"]], False),
    ],
)
def test_a_table_has_rows_of_one_width_and_one_column_of_people(rows, table):
    """Else what was pasted are lists, and every name in it counts; a single row is none."""
    assert is_table(rows) is table


MANY = tuple(f"c{n}" for n in range(25))
MAILS = [["Anna Bell", "anna@example.com"], ["Ben Smith", "ben@example.com"]]


@pytest.mark.parametrize(
    ("header", "rows", "column", "ignored"),
    [
        (None, MAILS, "column 2", ("column 1",)),
        (["Name", "E-Mail"], MAILS, "E-Mail", ("Name",)),
        (["Name", ""], MAILS, "column 2", ("Name",)),
        (["Name", "E-Mail", "City"], MAILS, "E-Mail", ("Name", "City")),
        (["Name"], MAILS, "column 2", ("Name",)),
        ([*MANY, "login", "more"], [["a b"] * 25 + ["abell", "x y"]], "login", MANY[:20]),
        (["login", *MANY], [["abell"]], "login", MANY[:20]),
        (["  login\n", "a\u202eb" + "x" * 90], [["abell", ""]], "login", ("ab" + "x" * 78,)),
    ],
)
def test_a_column_is_called_by_its_header_or_its_number(header, rows, column, ignored):
    """And of the others the first 20 are named, as far as they have a name that can be shown."""
    chosen = choose(header, rows)
    assert (chosen.name, chosen.ignored) == (column, ignored)


@pytest.mark.parametrize(
    ("header", "rows", "index"),
    [
        (["note", "login"], [["x y", "Anna Bell"]], 1),  # nothing speaks against the header
        (["user", "mail"], [["Anna Bell", "a b"], ["Ben Smith", "c d"]], 1),  # of two headers the plainer one
        (["login", "mail"], [["a@example.com", "b@example.com"]], 0),  # whose logins are addresses
        (["login", "mail"], [["Anna <a@example.com>", "b@example.com"]], 0),
        (["login", "mail"], [*([["a@example.com", "b@example.com"]] * 2), ["x y", "c@example.com"]], 0),
        (["login", "mail"], [["Anna Bell", "b@example.com"], ["abell", "c@example.com"]], 1),  # half are not most
        (["Kennwort", "x"], [["a@example.com", "x y"]], None),  # a column of passwords names nobody
        (["Kennwort", "x"], [["abell", "x y"]], None),
        (["Kennwort"], [["abell"]], None),
        (["Name"], [], None),
        (None, [["a@example.com", "b@example.com"]], 0),  # of two that are as good the left one
        (None, [["", "b@example.com"], ["", "c@example.com"], ["a@example.com", ""]], 1),
        (None, [["a@example.com"], ["x y"]], None),  # half of the values are not most
        (None, [["x y"] * 255 + ["a@example.com"]], 255),
        (None, [["x y"] * 256 + ["a@example.com"]], None),  # nobody has so many columns
        (None, [["12"], ["abell"]], 0),  # alone in its row a number may be a login
        (None, [["12", "x y"], ["13", "x y"]], None),
        (None, [["Anna Example <anna@example.com>", "x y"]], 0),
    ],
)
def test_the_column_that_names_people(header, rows, index):
    """By its header, where its values do not contradict; else by its values; else none."""
    assert named(rows, header) == index


@pytest.mark.parametrize(
    ("header", "people"),
    [
        ("login", True),
        ("User name [upn] Required", True),
        ("E-Mail (optional)", True),
        ("Login optional ", True),
        ("required", False),
        ("ｌｏｇｉｎ", True),  # noqa: RUF001 - full width
        ("Identifiant de connexion", True),
        ("E-Mail-Adresse", True),
        ("login" + " " * 75, True),
        ("login" + " " * 76, False),
        ("", False),
        ("Kennwort" + " " * 72, True),
        ("Kennwort" + " " * 73, False),
        ("パスワード", True),
        ("hasło", True),
        ("userPW", True),
        ("Compass", False),
        ("City", False),
    ],
)
def test_a_header_is_known_in_any_spelling(header, people):
    """Accents, signs, what stands in brackets and whether it is required do not matter; 80 characters do."""
    assert names_people(["x", header]) is people


@pytest.mark.parametrize(
    ("header", "cell", "harmless"),
    [
        ("Password", "", True),
        ("Password", "  ", True),
        ("Password", "****", True),
        ("Password", "true", False),
        ("Password", "Sunny-Day-7", False),
        ("Password last set", "02.03.2026 10:00", True),
        ("Password last set", "Never", True),
        ("Password last set", "Sunny-Day-7", False),
        ("Kennwort läuft ab", "nein", True),
    ],
)
def test_a_guarded_column_holds_no_password(header, cell, harmless):
    """Masks and blanks pass; yes, no and dates where the header speaks of them; a row that ends before it, too."""
    (guard,) = guards(["login", header])
    assert (guard.index, guard.name) == (1, header)
    guard.check(["abell"])
    if harmless:
        guard.check(["abell", cell])
        return
    with pytest.raises(Refused) as refused:
        guard.check(["abell", cell])
    assert (refused.value.reason, refused.value.facts) == (Reason.PASSWORD_COLUMN, {"column": header})


@pytest.mark.parametrize(
    ("rows", "header"),
    [
        ([["login"], ["abell"]], True),
        ([["Kontakte"], ["anna@example.com"]], True),
        ([["Kontakte"]], False),
        ([["Kontakte"], ["Anna"]], False),
        ([["anna@example.com", "login"], ["x", "y"]], False),
        ([["Anna <anna@example.com>", "login"], ["x", "y"]], False),
        ([["Vorname"], ["Anna"]], True),
        ([["Kennwort"], ["x"]], True),
        ([["x"], ["Anna <anna@example.com>"], [" ben@example.com "]], True),
    ],
)
def test_what_is_a_header(rows, header):
    """A word that we know, or anything that stands above addresses and is none."""
    assert has_header(rows) is header


def test_the_delimiter_that_is_right_gives_most_cells_that_we_know():
    """Addresses, with or without a name, and headers of logins, addresses and passwords."""
    assert known(["login", "Kennwort", " anna@example.com ", "Ben <ben@example.com>", "City", ""]) == 4


@pytest.mark.parametrize(
    ("header", "rows", "column"),
    [
        (None, [["abell", "Sunny!Day7"]], 1),
        (["login", ""], [["abell", "Sunny!Day7"]], 1),
        (["login", " "], [["abell", "Sunny!Day7"], ["bsmith", "hunter#22"], ["cdoe", ""]], 1),
        (["login", "note"], [["abell", "Sunny!Day7"]], None),
        (None, [["abell", "Sunny!Day7"], ["bsmith", ""]], None),
        (None, [["abell", "Summer2024"]], None),
    ],
)
def test_a_column_without_a_name_may_hold_passwords(header, rows, column):
    """Where most of its values have a sign, a letter and a digit; of a named one its header speaks."""
    assert unnamed_secrets(header, rows) == column
