"""Which column of a table names people: found by its header, or by what stands in it."""

from __future__ import annotations

import pytest

from resets.columns import choose, is_login, is_table
from resets.reasons import Refused


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
