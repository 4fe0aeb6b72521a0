"""New passwords: easy to read out and to type, made to the directory's policy, never of fewer than 50 bits."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from itertools import chain
from math import log2
from typing import TYPE_CHECKING

from directory.secret import Secret
from resets.lengths import chance_of_classes, chance_of_length, lengths_of
from resets.reasons import Reason, Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from directory.base import Account, PasswordPolicy

FLOOR_BITS = 50.0
LEAST_CHANCE = 0.05  # a shape of which fewer draws than this would fit is not taken: redrawing costs up to 4.3 bits
DRAWS = 2000  # at a chance of 0.05 all of them miss once in 10^44

DIGITS = "23456789"  # without what is mistaken on paper and on the phone: l o I O 0 1
LOWER = "abcdefghijkmnpqrstuvwxyz"
UPPER = "ABCDEFGHJKLMNPQRSTUVWXYZ"
SPECIAL = "-+=?!@#%"  # special to every directory that we know of; nothing that a form or a shell eats
_WORDS = 5
_MOST_WORDS = 16
_GROUP = 4
_GROUPED = 16  # characters, without the dashes


@dataclass(frozen=True, slots=True)
class _Shape:
    """One way to draw a password. `bits` is its strength with everything that is thrown away counted off."""

    bits: float
    draw: Callable[[Callable[[int], int]], str]


def generate(policy: PasswordPolicy, account: Account, randbelow: Callable[[int], int]) -> Secret:
    """Draw a password such as "Speech-annually-nephew-dispense-strut-3" that the policy takes.

    Shorter words are drawn where the policy's longest password is too short for that, then groups of characters.
    Every password that a shape can give and the policy takes is equally likely.

    Args:
        policy: as the directory gave it for this account.
        account: whose login and names must not be in it, where the policy forbids them.
        randbelow: `secrets.randbelow`.

    Raises:
        Refused: PASSWORD_REFUSED, when no password of 50 bits fits the policy.
    """
    shape = _shape(policy, account)
    names = _names(policy, account)
    for _ in range(DRAWS):
        text = shape.draw(randbelow)
        if _fits(text, policy, names):
            return Secret(text)
    raise Refused(Reason.PASSWORD_REFUSED)


def strength_bits(policy: PasswordPolicy, account: Account) -> float:
    """Say how strong, in bits, a password for this policy is.

    Raises:
        Refused: PASSWORD_REFUSED, when no password of 50 bits fits the policy.
    """
    return _shape(policy, account).bits


def _shape(policy: PasswordPolicy, account: Account) -> _Shape:
    shapes = chain(
        _words("eff-long.txt", policy, account), _words("eff-short.txt", policy, account), _groups(policy), _row(policy)
    )
    taken = next((shape for shape in shapes if shape.bits >= FLOOR_BITS), None)
    if taken is None or policy.min_length > policy.max_length:
        raise Refused(Reason.PASSWORD_REFUSED)
    return taken


def _words(wordlist: str, policy: PasswordPolicy, account: Account) -> Iterator[_Shape]:
    """Five words or more, dashes between them, one digit or more at the end."""
    text = _joined(wordlist)
    words, lengths = _without(wordlist, frozenset(name for name in _names(policy, account) if name in text))
    digits = max(1, policy.min_digits)
    capitals = max(1, policy.min_upper)
    if not words or policy.min_classes > 4:  # noqa: PLR2004 - all four kinds stand in it, a fifth does not
        return
    for count in range(max(_WORDS, capitals, policy.min_special), _MOST_WORDS + 1):
        others = count + digits  # dashes among them
        chance = chance_of_length(lengths, count, policy.min_length - others, policy.max_length - others)
        if chance >= LEAST_CHANCE:

            def draw(randbelow: Callable[[int], int], count: int = count) -> str:
                drawn = [words[randbelow(len(words))] for _ in range(count)]
                drawn[:capitals] = [word.capitalize() for word in drawn[:capitals]]
                return "-".join([*drawn, "".join(DIGITS[randbelow(len(DIGITS))] for _ in range(digits))])

            yield _Shape(count * log2(len(words)) + digits * log2(len(DIGITS)) + log2(chance), draw)


def _groups(policy: PasswordPolicy) -> Iterator[_Shape]:
    """Groups of four characters with dashes between them: "jWdv-TMeb-PcAa-hLcr", shorter where it must be."""
    letters = LOWER + UPPER + DIGITS
    longest = policy.max_length - policy.max_length // (_GROUP + 1)
    count = min(longest, max(_GROUPED, policy.min_length - (policy.min_length - 1) // (_GROUP + 1)))
    dashes = (count - 1) // _GROUP
    if count + dashes < policy.min_length or dashes < policy.min_special:
        return

    def draw(randbelow: Callable[[int], int]) -> str:
        drawn = "".join(letters[randbelow(len(letters))] for _ in range(count))
        return "-".join(drawn[at : at + _GROUP] for at in range(0, count, _GROUP))

    # The dashes are a kind of their own; too few characters for any of them are too few for 50 bits.
    yield from _drawn((UPPER, LOWER, DIGITS), count, policy, policy.min_classes - 1, draw)


def _row(policy: PasswordPolicy) -> Iterator[_Shape]:
    """One row of characters, special ones among them if need be: the last resort."""
    special = policy.min_special > 0 or policy.min_classes > 3  # noqa: PLR2004 - of four kinds
    kinds = (UPPER, LOWER, DIGITS, SPECIAL) if special else (UPPER, LOWER, DIGITS)
    letters = "".join(kinds)
    count = min(policy.max_length, max(_GROUPED, policy.min_length))

    def draw(randbelow: Callable[[int], int]) -> str:
        return "".join(letters[randbelow(len(letters))] for _ in range(count))

    yield from _drawn(kinds, count, policy, policy.min_classes, draw)


def _drawn(
    kinds: tuple[str, ...],
    count: int,
    policy: PasswordPolicy,
    classes: int,
    draw: Callable[[Callable[[int], int]], str],
) -> Iterator[_Shape]:
    least = (policy.min_upper, policy.min_lower, policy.min_digits, policy.min_special)
    sizes = tuple(len(kind) for kind in kinds)
    chance = chance_of_classes(sizes, count, least[: len(kinds)], classes)
    if chance >= LEAST_CHANCE:
        yield _Shape(count * log2(sum(sizes)) + log2(chance), draw)


def _fits(text: str, policy: PasswordPolicy, names: frozenset[str]) -> bool:
    kinds = (
        sum(map(str.isupper, text)),
        sum(map(str.islower, text)),
        sum(map(str.isdigit, text)),
        len(text) - sum(map(str.isalnum, text)),
    )
    least = (policy.min_upper, policy.min_lower, policy.min_digits, policy.min_special)
    folded = text.casefold()
    return (
        policy.min_length <= len(text) <= policy.max_length
        and all(has >= wanted for has, wanted in zip(kinds, least, strict=True))
        and sum(has > 0 for has in kinds) >= policy.min_classes
        and not any(name in folded for name in names)
    )


def _names(policy: PasswordPolicy, account: Account) -> frozenset[str]:
    """Return what Windows forbids in a password: the login, and the parts of the names, from 3 characters on.

    Source: learn.microsoft.com, "Strong Password Enforcement and Passfilt.dll".
    """
    if not policy.forbid_names:
        return frozenset()
    parts = re.split(r"[,.\-_ #\t]", f"{account.name} {account.given_name} {account.family_name}")
    return frozenset(part.casefold() for part in (account.login, *parts) if len(part) >= 3)  # noqa: PLR2004 - as said


@lru_cache
def _read(wordlist: str) -> tuple[str, ...]:
    """Read one of the EFF's lists (words/README.txt), without the hyphenated words."""
    text = files("resets").joinpath("words", wordlist).read_text("ascii")
    return tuple(word for word in text.split() if word.isalpha())


@lru_cache
def _joined(wordlist: str) -> str:
    return "\n".join(_read(wordlist))


@lru_cache
def _without(wordlist: str, names: frozenset[str]) -> tuple[tuple[str, ...], tuple[tuple[int, int], ...]]:
    """Return a list's words in which none of some names stands, and how many there are of each length.

    Most people's names stand in no word at all, so that the answer is nearly always the same.
    """
    words = tuple(word for word in _read(wordlist) if not any(name in word for name in names))
    return words, lengths_of(words)
