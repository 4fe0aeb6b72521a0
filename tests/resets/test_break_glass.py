"""The sealed code of break-glass: how it is written, read and kept; and who asks by it."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resets.actor import SlackPerson
from resets.audit import AuditEntry, Deed
from resets.break_glass import ALPHABET, GROUP, LETTERS, ROLE, mac, new_code, nobody, normal, proves


def test_a_code_is_long_enough_and_written_in_groups():
    """At least 128 bits, no letter that is taken for another; no two alike."""
    assert len(ALPHABET) == 32
    assert LETTERS * 5 >= 128
    code = new_code(secrets.randbelow)
    assert [len(group) for group in code.split("-")] == [GROUP] * (LETTERS // GROUP)
    assert set(code) <= {*ALPHABET, "-"}
    assert new_code(secrets.randbelow) != code
    drawn = iter(range(LETTERS))
    assert new_code(lambda n: next(drawn) % n) == "0123-4567-89AB-CDEF-GHJK-MNPQ-RSTV"


@given(st.lists(st.sampled_from(ALPHABET), min_size=LETTERS, max_size=LETTERS).map("".join))
def test_however_it_is_typed_it_is_read_as_it_was_written(bare):
    """Any case, with or without dashes and blanks, I and L for 1, O for 0."""
    code = normal(bare)
    assert code.replace("-", "") == bare
    assert normal(code.lower().replace("-", " ")) == normal(f" {code}\n") == code
    assert normal(code.replace("1", "l").replace("0", "o")) == code


@pytest.mark.parametrize(
    "typed", ["", "x" * 1000, "U" * LETTERS, "A" * (LETTERS - 1), "٣" * LETTERS, " " * (257 - LETTERS) + "A" * LETTERS]
)
def test_what_cannot_be_a_code_is_none(typed):
    """Too short, too long, or of other letters; what stands beyond 256 characters is not looked at."""
    assert normal(typed) is None


def test_what_is_kept_is_a_keyed_hash():
    """Another key or another code gives another one."""
    code, other = new_code(secrets.randbelow), new_code(secrets.randbelow)
    assert mac(b"k", code) == mac(b"k", code)
    assert len({mac(b"k", code), mac(b"k", other), mac(b"l", code)}) == 3


def test_nobody_asks_by_it():
    """No enrolment, Slack person or account stands behind it; people read what it was, and no role can be called so."""
    actor = nobody("T1")
    assert (actor.slack, actor.directory, actor.account_id) == (SlackPerson("T1", ""), "", "")
    assert actor.name == "The IT desk (break-glass)"
    assert {actor.id, actor.login, actor.role} == {ROLE}
    assert not actor.role.isidentifier()


@pytest.mark.parametrize(("method", "is_so"), [("break_glass", True), ("totp", False)])
def test_only_a_proof_that_says_so_is_one(method, is_so):
    """The journal's entry names the method."""
    assert proves(AuditEntry(datetime(2026, 3, 2, tzinfo=UTC), Deed.PROVED, facts={"method": method})) is is_so
