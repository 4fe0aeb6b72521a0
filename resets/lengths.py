"""How likely a random draw fits a policy, exactly: what redrawing costs in strength is counted, not guessed."""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from itertools import product
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def lengths_of(words: Sequence[str]) -> tuple[tuple[int, int], ...]:
    """Return (length, how many words have it), for `chance_of_length`."""
    return tuple(Counter(map(len, words)).items())


@lru_cache
def chance_of_length(lengths: tuple[tuple[int, int], ...], count: int, least: int, most: int) -> float:
    """Say how likely `count` words of these lengths, drawn evenly, have from `least` to `most` letters (0.0-1.0)."""
    words = sum(number for _, number in lengths)
    share = {length: number / words for length, number in lengths}
    sums = {0: 1.0}
    for _ in range(count):
        longer: dict[int, float] = {}
        for (total, chance), (length, part) in product(sums.items(), share.items()):
            longer[total + length] = longer.get(total + length, 0.0) + chance * part
        sums = longer
    return sum(chance for total, chance in sums.items() if least <= total <= most)


def chance_of_classes(sizes: Sequence[int], count: int, least: Sequence[int], classes: int) -> float:
    """Say how likely `count` characters, drawn evenly from kinds of these sizes, hold what is demanded (0.0-1.0).

    Args:
        sizes: how many characters each kind has.
        count: how many characters are drawn.
        least: how many of each kind are demanded, in the order of `sizes`.
        classes: how many kinds have to occur.
    """
    caps = [max(1, wanted) for wanted in least]  # more of a kind than is demanded is all the same
    states = {(0,) * len(sizes): 1.0}
    for _ in range(count):
        fuller: dict[tuple[int, ...], float] = {}
        for (state, chance), (kind, size) in product(states.items(), enumerate(sizes)):
            has = min(caps[kind], state[kind] + 1)
            key = (*state[:kind], has, *state[kind + 1 :])
            fuller[key] = fuller.get(key, 0.0) + chance * size / sum(sizes)
        states = fuller
    return sum(
        chance
        for state, chance in states.items()
        if all(has >= wanted for has, wanted in zip(state, least, strict=True)) and sum(map(bool, state)) >= classes
    )
