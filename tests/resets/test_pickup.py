"""A pickup code survives being read out, and is worth nothing for another target."""

from __future__ import annotations

import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resets.pickup import ALPHABET, mac, new_code, normal


def test_a_code_is_eight_of_crockfords_32():
    """Two groups of four, each character drawn."""
    drawn = iter(range(8, 16))
    assert new_code(lambda n: next(drawn) % n) == "89AB-CDEF"
    assert len(set(ALPHABET)) == 32


@pytest.mark.parametrize("typed", ["k7qm2xbd", " K7QM 2XBD ", "K7QM–2XBD", "K7-QM-2X-BD"])  # noqa: RUF001
def test_a_code_may_be_typed_carelessly(typed):
    """Case, blanks and dashes do not matter."""
    assert normal(typed) == "K7QM-2XBD"


def test_letters_that_are_not_in_it_are_read_as_digits():
    """I and L are 1, O is 0."""
    assert normal("iLoO-0111") == "1100-0111"


@pytest.mark.parametrize(
    "typed", ["", "K7QM-2XB", "K7QM-2XBDD", "K7QM-2XBU", "K7QM-2XB!", "K" * 10_000, " " * 57 + "K7QM2XBD"]
)
def test_what_cannot_be_a_code_is_none(typed):
    """Too short, too long, or a character that is in no code; what stands beyond 64 characters is not looked at."""
    assert normal(typed) is None


@given(st.text())
def test_normal_is_a_code_or_none(text):
    """Whatever is typed: the one form, which reads as itself."""
    code = normal(text)
    assert code is None or normal(code) == code


def test_every_new_code_is_normal():
    """What is shown is what is compared."""
    for _ in range(50):
        code = new_code(secrets.randbelow)
        assert normal(code) == code


def test_the_mac_is_bound_to_key_target_and_code():
    """Another key, target or code gives another MAC; the text is never in it."""
    one = mac(b"k", "t1", "K7QM-2XBD")
    assert len(one) == 32
    assert len({one, mac(b"l", "t1", "K7QM-2XBD"), mac(b"k", "t2", "K7QM-2XBD"), mac(b"k", "t1", "K7QM-2XBE")}) == 4
    assert mac(b"k", "t1", "K7QM-2XBD") == one
