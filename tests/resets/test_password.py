"""Passwords fit the policy, are strong enough, and are drawn evenly."""

from __future__ import annotations

import re
import secrets
from dataclasses import replace
from math import comb, log2

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from directory.base import Account, PasswordPolicy
from resets.lengths import chance_of_classes, chance_of_length, lengths_of
from resets.password import FLOOR_BITS, generate, strength_bits
from resets.reasons import Reason, Refused

BOB = Account(id="id-bob", login="bob", name="Bob")


def fits(text, policy, account):
    kinds = [
        len(re.findall("[A-Z]", text)),
        len(re.findall("[a-z]", text)),
        len(re.findall("[0-9]", text)),
        len(re.findall("[^A-Za-z0-9]", text)),
    ]
    assert policy.min_length <= len(text) <= policy.max_length
    assert kinds[0] >= policy.min_upper
    assert kinds[1] >= policy.min_lower
    assert kinds[2] >= policy.min_digits
    assert kinds[3] >= policy.min_special
    assert sum(map(bool, kinds)) >= policy.min_classes
    if policy.forbid_names:
        parts = [account.login, *re.split(r"[,.\-_ #\t]", account.name)]
        assert not any(p.casefold() in text.casefold() for p in parts if len(p) >= 3)


def test_the_default_is_five_words_and_a_digit():
    """Easy to read out, of 67.6 bits."""
    text = generate(PasswordPolicy(), BOB, secrets.randbelow).reveal()
    assert re.fullmatch(r"[A-Z][a-z]+(-[a-z]+){4}-[2-9]", text)
    assert strength_bits(PasswordPolicy(), BOB) == pytest.approx(67.6, abs=0.05)


def test_the_draw_decides_and_nothing_else():
    """The same random numbers give the same password: no other source of chance, nothing of the account in it."""
    assert generate(PasswordPolicy(), BOB, lambda _: 0).reveal() == "Abacus-abacus-abacus-abacus-abacus-2"
    assert (
        generate(PasswordPolicy(), replace(BOB, login="eve"), lambda n: n - 1).reveal() == "Zoom-zoom-zoom-zoom-zoom-9"
    )


def test_the_secret_is_hidden():
    """What comes out does not print."""
    assert str(generate(PasswordPolicy(), BOB, secrets.randbelow)) == "***"


@pytest.mark.parametrize(
    ("policy", "looks", "bits"),
    [
        (PasswordPolicy(max_length=30), r"[A-Z][a-z]{2,4}(-[a-z]{3,5}){4}-[2-9]", 54),
        (PasswordPolicy(max_length=20), r"\w{4}-\w{4}-\w{4}-\w{4}", 92),
        (PasswordPolicy(max_length=14), r"\w{4}-\w{4}-\w{4}", 69),
        (PasswordPolicy(max_length=10), r"\w{10}", 58),
        (PasswordPolicy(max_length=9), r"\w{9}", 52),
        (PasswordPolicy(min_length=10, max_length=10), r"\w{10}", 58),
        (PasswordPolicy(min_length=16, max_length=16), r"(\w{4}-){3}\w", 75),
        (PasswordPolicy(min_length=60), r"[A-Z][a-z]+(-[a-z]+){5,}-[2-9]", 77),
        (PasswordPolicy(min_length=128), r"[A-Z][a-z]+(-[a-z]+){12,}-[2-9]", 150),
        (PasswordPolicy(min_length=180, max_length=200), r"(\w{4}-)+\w{1,4}", 400),
        (PasswordPolicy(min_upper=3, min_digits=2), r"([A-Z][a-z]+-){3}([a-z]+-){2}[2-9]{2}", 70),
        (PasswordPolicy(min_special=7), r"[A-Z][a-z]+(-[a-z]+){6}-[2-9]", 90),
        (PasswordPolicy(max_length=12, min_special=1, min_classes=4), r"\w{4}-\w{4}-\w{2}", 57),
        (PasswordPolicy(max_length=11, min_special=3), r"[\w=+?!@#%-]{11}", 60),
        (PasswordPolicy(min_classes=4), r"[A-Z][a-z]+(-[a-z]+){4}-[2-9]", 67),
        (PasswordPolicy(min_length=20, max_length=20), r"\w{20}", 116),
        (PasswordPolicy(max_length=20, min_special=4), r"[\w=+?!@#%-]{16}", 90),
        (PasswordPolicy(max_length=10, min_special=1), r"[\w=+?!@#%-]{10}", 58),
        (PasswordPolicy(max_length=10, min_classes=3), r"\w{10}", 57),
        (PasswordPolicy(max_length=10, min_classes=4), r"[\w=+?!@#%-]{10}", 58),
    ],
)
def test_the_shape_follows_the_policy(policy, looks, bits):
    """Shorter words, groups, then a plain row, as the room allows; longer where the policy wants it longer."""
    text = generate(policy, BOB, secrets.randbelow).reveal()
    assert re.fullmatch(looks, text), text
    fits(text, policy, BOB)
    assert strength_bits(policy, BOB) >= bits


@pytest.mark.parametrize(
    "policy",
    [
        PasswordPolicy(max_length=8),
        PasswordPolicy(max_length=0, min_length=0),
        PasswordPolicy(min_length=20, max_length=19),
        PasswordPolicy(min_classes=5),
        PasswordPolicy(min_digits=30, max_length=29),
        PasswordPolicy(min_upper=100),
    ],
)
def test_a_policy_that_only_weak_passwords_fit_is_refused(policy):
    """Below 50 bits, or nothing at all, there is a reason instead of a password."""
    for ask in (lambda: generate(policy, BOB, secrets.randbelow), lambda: strength_bits(policy, BOB)):
        with pytest.raises(Refused) as refused:
            ask()
        assert refused.value.reason is Reason.PASSWORD_REFUSED


def test_names_are_not_in_it():
    """Words that hold a part of the name are not drawn; the strength says what that costs."""
    rose = Account(id="1", login="ab", name="Rose Art-Li", given_name="Rose", family_name="Art")
    policy = PasswordPolicy(forbid_names=True)
    for _ in range(200):
        fits(generate(policy, rose, secrets.randbelow).reveal(), policy, rose)
    assert 60 < strength_bits(policy, rose) < strength_bits(PasswordPolicy(), rose)


def test_a_login_across_two_words_is_not_in_it_either():
    """What only the whole password shows is drawn again."""
    zoomed = replace(BOB, login="Zoom-ZOOM")
    drawn = iter([7775 - 4] * 6)  # the list's last word, as long as the draws last

    def randbelow(n):
        return next(drawn, secrets.randbelow(n)) % n

    text = generate(PasswordPolicy(forbid_names=True), zoomed, randbelow).reveal()
    assert "zoom-zoom" not in text.casefold()


def test_a_name_that_forbids_every_word_leaves_groups():
    """Somebody named after the alphabet still gets a password, or a refusal; never a forbidden one."""
    vowels = Account(id="1", login="x", name="aba ban can dan ear fan ing ter ion ate rea est and the ent")
    policy = PasswordPolicy(forbid_names=True)
    fits(generate(policy, vowels, secrets.randbelow).reveal(), policy, vowels)


def test_a_generator_that_never_fits_ends_in_a_refusal():
    """Broken randomness does not hang us."""
    policy = PasswordPolicy(max_length=16, min_classes=4)
    with pytest.raises(Refused):
        generate(policy, BOB, lambda _: 0)


@given(
    st.builds(
        PasswordPolicy,
        min_length=st.integers(0, 70),
        max_length=st.integers(6, 160),
        min_classes=st.integers(0, 4),
        forbid_names=st.booleans(),
        min_upper=st.integers(0, 3),
        min_lower=st.integers(0, 3),
        min_digits=st.integers(0, 3),
        min_special=st.integers(0, 3),
    ),
    st.builds(
        Account,
        id=st.just("1"),
        login=st.sampled_from(["rose", "art", "ab", "j.smith", "O'Neil", ""]),
        name=st.sampled_from(["Rose Art", "", "Ann_Lee Fox", "<!channel>", "\u202eevil"]),
    ),
)
@settings(max_examples=150)
def test_every_policy_gets_a_fitting_password_or_a_refusal(policy, account):
    """What comes out satisfies the policy and the floor, always."""
    try:
        bits = strength_bits(policy, account)
    except Refused:
        assert policy.max_length < 13 or policy.min_length > policy.max_length
        return
    assert bits >= FLOOR_BITS
    fits(generate(policy, account, secrets.randbelow).reveal(), policy, account)


@pytest.mark.parametrize(
    ("policy", "asked"),
    [
        (PasswordPolicy(), [7772] * 5 + [8]),
        (PasswordPolicy(max_length=20), [56] * 16),
        (PasswordPolicy(max_length=10), [56] * 10),
        (PasswordPolicy(max_length=10, min_special=1), [64] * 10),
    ],
)
def test_every_draw_is_over_the_whole_list(policy, asked):
    """One of 7,772 words, or of 56 or 64 characters: no modulo, no shorter list, none that is there twice."""
    seen = []

    def randbelow(n):
        seen.append(n)
        return secrets.randbelow(n)

    generate(policy, BOB, randbelow)
    assert seen[: len(asked)] == asked
    assert len(seen) % len(asked) == 0  # what does not fit is drawn again, whole


@pytest.mark.parametrize("least", range(140, 200))
def test_beyond_sixteen_words_there_are_groups_no_longer_than_they_have_to_be(least):
    """Somebody reads them out: of all lengths with a dash after every fourth character, the first that is enough."""
    lengths = [count + (count - 1) // 4 for count in range(16, 200)]
    text = generate(PasswordPolicy(min_length=least, max_length=400), BOB, secrets.randbelow).reveal()
    assert len(text) == next(length for length in lengths if length >= least)


def test_words_that_do_not_fit_are_counted_off():
    """The less room there is for the same five words and a digit, the weaker they are; never stronger."""
    bits = [strength_bits(PasswordPolicy(max_length=most), BOB) for most in range(35, 50)]
    assert bits == sorted(set(bits))
    assert bits[-1] < 5 * log2(7772) + log2(8)


def test_what_is_drawn_again_is_counted_off():
    """Ten characters of which three are digits: of all that are drawn, 16 in 100 are, by the binomial distribution."""
    share = sum(comb(10, digits) * (8 / 56) ** digits * (48 / 56) ** (10 - digits) for digits in range(3, 11))
    policy = PasswordPolicy(max_length=10, min_digits=3)
    assert strength_bits(policy, BOB) == pytest.approx(10 * log2(56) + log2(share))
    assert share == pytest.approx(0.16, abs=0.01)


def test_the_chance_of_a_length_is_exact():
    """Counted by hand: of the 4 pairs out of {a, bb}, one has 2 letters, two have 3, one has 4."""
    assert chance_of_length(lengths_of(["a", "bb"]), 2, 2, 2) == pytest.approx(1 / 4)
    assert chance_of_length(lengths_of(["a", "bb"]), 2, 0, 3) == pytest.approx(3 / 4)
    assert chance_of_length(lengths_of(["a", "bb"]), 2, 5, 9) == 0


def test_the_chance_of_classes_is_exact():
    """Counted by hand over two kinds of one character each, drawn twice: xx xy yx yy."""
    assert chance_of_classes((1, 1), 2, (1, 1), 0) == pytest.approx(1 / 2)
    assert chance_of_classes((1, 1), 2, (0, 0), 2) == pytest.approx(1 / 2)
    assert chance_of_classes((1, 1), 2, (2, 0), 0) == pytest.approx(1 / 4)
    assert chance_of_classes((1, 1), 2, (0, 0), 1) == pytest.approx(1)
    assert log2(chance_of_classes((24, 24, 8), 16, (1, 1, 1), 3)) > -0.2
    with pytest.raises(ValueError, match="zip"):  # a demand of a kind that is not drawn is never passed over
        chance_of_classes((1, 1), 2, (0, 0, 1), 0)
