"""A code is right once, near its time; guessing is dear."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, unquote, urlsplit

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from directory.secret import Secret
from resets.stepup import (
    FORGOTTEN,
    LOCK_AT,
    Right,
    Skewed,
    Used,
    Wrong,
    match,
    new_seed,
    price,
    step_of,
    uri,
    well_formed,
)

SEED = Secret(base64.b32encode(b"12345678901234567890").decode())  # the seed of RFC 6238, appendix B
NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
HERE = int(NOW.timestamp()) // 30


def code_at(step):
    return pyotp.TOTP(SEED.reveal()).generate_otp(step)


@pytest.mark.parametrize(("at", "code"), [(59, "287082"), (1111111109, "081804"), (20000000000, "353130")])
def test_the_vectors_of_rfc_6238(at, code):
    """The last six digits of appendix B's SHA-1 column."""
    assert match(SEED, code, datetime.fromtimestamp(at, UTC), 0) == Right(at // 30)


@pytest.mark.parametrize("offset", [-1, 0, 1])
def test_one_step_either_way_is_right_once(offset):
    """A code in the window is right until it, or a later one, was used."""
    step = HERE + offset
    assert match(SEED, code_at(step), NOW, step - 1) == Right(step)
    assert match(SEED, code_at(step), NOW, step) == Used()
    assert match(SEED, code_at(step), NOW, step + 1) == Used()


@pytest.mark.parametrize(
    ("offset", "minutes"), [(-2, -1), (2, 1), (5, 2), (-6, -3), (FORGOTTEN, 10), (-FORGOTTEN, -10)]
)
def test_a_wrong_clock_is_recognised_and_never_taken(offset, minutes):
    """Ten minutes either way are told apart from a wrong code."""
    assert match(SEED, code_at(HERE + offset), NOW, 0) == Skewed(minutes)


def test_a_code_of_two_times_is_of_the_nearer():
    """The seed gives this code twice within six minutes; a clock is likelier 2 minutes ahead than 3.5 behind."""
    one, other = HERE + 46_113, HERE + 46_124
    assert code_at(one) == code_at(other) == "012327"
    assert match(SEED, "012327", NOW + timedelta(seconds=30 * 46_120), 0) == Skewed(2)


def test_beyond_ten_minutes_a_code_is_wrong():
    """What is too far off is no clock."""
    assert match(SEED, code_at(HERE + FORGOTTEN + 1), NOW, 0) == Wrong()
    assert match(SEED, code_at(HERE - FORGOTTEN - 1), NOW, 0) == Wrong()


@pytest.mark.parametrize("typed", ["123456", " 123 456 ", "12\u00a034\n56"])
def test_a_code_may_be_typed_as_phones_show_it(typed):
    """Blanks do not matter."""
    assert well_formed(typed) == "123456"


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "12345a", "１２３４５６", "٣٣٣٣٣٣", "1" * 10_000])  # noqa: RUF001
def test_what_is_no_code_is_not_looked_at(typed):
    """Six ASCII digits or nothing."""
    assert well_formed(typed) is None


@given(st.text())
def test_well_formed_never_breaks(text):
    """Whatever is typed: six ASCII digits, or None."""
    code = well_formed(text)
    assert code is None or (len(code) == 6 and code.isascii() and code.isdigit())


def test_the_price_of_guessing():
    """Three tries free, then 30 s doubling; the tenth miss locks, after 63.5 minutes."""
    prices = [price(misses) for misses in range(LOCK_AT)]
    waits = [wait.total_seconds() if wait else 0 for wait, _ in prices]
    assert waits == [0, 0, 30, 60, 120, 240, 480, 960, 1920, 3600]
    assert [lock for _, lock in prices] == [False] * 9 + [True]
    assert sum(waits[:-1]) == timedelta(minutes=63.5).total_seconds()
    assert price(25) == (timedelta(hours=1), True)


def test_the_step_of_a_moment():
    """RFC 6238, appendix B: 59 s after 1970 began lies in step 1, the last second of it."""
    assert [step_of(datetime.fromtimestamp(at, UTC)) for at in (0, 29, 30, 59, 60)] == [0, 0, 1, 1, 2]


def test_a_new_seed_has_160_bits():
    """All that was drawn is in the seed, and the seed is hidden."""
    seed = new_seed(lambda n: bytes(range(n)))
    assert base64.b32decode(seed.reveal()) == bytes(range(20))
    assert repr(seed) == "***"


def test_the_uri_is_what_an_app_reads():
    """Login and issuer are escaped, the seed is in it, and it is hidden."""
    made = uri(SEED, "ada & bob@example.com", "Rekey: Corp")
    parts = urlsplit(made.reveal())
    assert (parts.scheme, parts.netloc) == ("otpauth", "totp")
    assert unquote(parts.path) == "/Rekey: Corp:ada & bob@example.com"
    assert parse_qs(parts.query) == {"secret": [SEED.reveal()], "issuer": ["Rekey: Corp"]}
    assert repr(made) == "***"
