"""How long it takes to rule over a plan of 10,000 accounts, once its facts are read: pure, nothing is asked."""

from __future__ import annotations

import statistics
import time
from collections import Counter

from bench.report import Row
from directory.base import Account, GroupKind
from resets.actor import Actor, SlackPerson
from resets.request import Tier
from resets.rules import Rules
from resets.ruling import Facts, judge
from resets.scope import Grant, Listed, Place

PLAN, TURNS, PLACES, NAMED = 10_000, 5, 12, 1_000
ACTOR = Actor("a", SlackPerson("T0", "U0"), "corp", "id-0", "ada", "Ada", "desk")


def rows():
    """Rule by many rules, groups and names, and by none."""
    accounts = [
        Account(f"id-{n}", f"u{n:06d}", f"Person {n}", mail=f"u{n:06d}@example.com", disabled=n % 50 == 0)
        for n in range(1, PLAN + 1)
    ]
    many, facts = _many(accounts)
    ours, counts = _measured(accounts, facts, many)
    few, _ = _measured(accounts, Facts(frozenset({"example.com"})), Rules("1"))
    said = f"{PLACES} places of {PLAN // PLACES:,} people, {3 * NAMED:,} names; {counts[None]:,} may be reset"
    return [Row(f"ruling of a plan of {PLAN:,}", ours, 1, "s", few, "the default's one rule", said)]


def _many(accounts):
    places = [Place("corp", GroupKind.GROUP, f"g{n}") for n in range(PLACES)]
    inside = {place: frozenset(a.id for a in accounts[n::PLACES]) for n, place in enumerate(places)}
    names = [frozenset(f"u{n:06d}" for n in range(start, start + NAMED)) for start in (1, 2_001, 4_001)]
    rules = Rules(
        "1",
        never=frozenset(f"corp/{name}" for name in names[0]),
        grants={"desk": tuple(Grant(frozenset({Tier.STANDARD, Tier.SENSITIVE}), "corp", p) for p in places[2:])},
        listed={
            "corp": (
                Listed(Tier.SENSITIVE, names[1], (places[0],)),
                Listed(Tier.PRIVILEGED, names[2], (places[1],)),
            )
        },
    )
    return rules, Facts(frozenset({"example.com"}), inside)


def _measured(accounts, facts, rules):
    seconds = []
    for _ in range(TURNS):
        begun = time.perf_counter()
        counts = Counter(judge(ACTOR, "corp", account, facts, rules).reason for account in accounts)
        seconds.append(time.perf_counter() - begun)
    return statistics.median(seconds), counts


if __name__ == "__main__":
    print(*rows(), sep="\n")
