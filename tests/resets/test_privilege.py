"""More privilege of a target never needs less: from what is said of an account to what its reset demands, all of it."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain, combinations, product

import pytest

from bot.assembly import quorum
from bot.settings import Settings
from directory.base import GroupKind
from resets.demand import HARDNESS, demand
from resets.evidence import How
from resets.request import Channel, Tier, Why
from resets.ruling import Facts, judge
from resets.scope import RANK, Grant, Listed, Place
from resets.verification import About, Needed, enough

TABLE = quorum(Settings())
CHIEFS, VAULT = Place("corp", GroupKind.GROUP, "Chiefs"), Place("corp", GroupKind.GROUP, "Vault")
OUT, IN, UNREAD = range(3)  # of a place; what could not be read counts as the worst
# What may be said of an account: by the directory's flag, by the operator's lists of names, by two groups.
SAID = list(product((False, True), (False, True), (False, True), (OUT, IN, UNREAD), (OUT, IN, UNREAD)))


@pytest.fixture
def tier_of(actor, account, rules):
    """Return the tier that the ruling gives to an account of which this is said."""

    def ruled(said):
        flag, sensitive, privileged, chiefs, vault = said
        lists = (
            Listed(Tier.SENSITIVE, frozenset({"bob"} if sensitive else ()), (CHIEFS,)),
            Listed(Tier.PRIVILEGED, frozenset({"id-bob"} if privileged else ()), (VAULT,)),
        )
        inside = {
            place: frozenset({account.id} if state is IN else ())
            for place, state in ((CHIEFS, chiefs), (VAULT, vault))
            if state is not UNREAD
        }
        own = replace(rules, listed={"corp": lists}, grants={"admin": (Grant(frozenset(Tier)),)})
        return judge(actor, "corp", replace(account, privileged=flag), Facts(None, inside), own).tier

    return ruled


def test_more_that_is_said_of_an_account_never_needs_less(tier_of):
    """Exhaustively: one flag, list or group more, or one that cannot be read: no less proof and no fewer approvals."""
    needs = {}
    for said in SAID:
        tier = tier_of(said)
        asked = [demand(count, [tier], TABLE) for count in (1, 2, 51, 501)]
        needs[said] = [RANK[tier], *(n for each in asked for n in (each.level, each.approvals, each.of_security))]
    assert {tier for tier, *_ in needs.values()} == set(RANK.values())
    for less, more in product(SAID, SAID):
        if all(a <= b for a, b in zip(less, more, strict=True)):
            assert all(a <= b for a, b in zip(needs[less], needs[more], strict=True)), (less, more)


def test_the_tiers_have_one_order():
    """What is worse to the ruling is harder to the demand."""
    assert tuple(Tier) == HARDNESS
    assert [RANK[tier] for tier in Tier] == [0, 1, 2]


def subsets(members):
    return chain.from_iterable(combinations(members, n) for n in range(len(members) + 1))


def test_nor_less_evidence_of_the_caller():
    """Exhaustively, whatever rising needs the operator sets: what is enough for a tier is enough for those below it."""
    for why, channels, denied in product(Why, list(subsets(Channel))[1:], (False, True)):
        for hows in subsets(How):
            takes = {
                (needed, tier): enough(hows, About(needed, tier, why, channels, denied=denied)) is None
                for needed, tier in product(Needed, Tier)
            }
            for (low, lower), (high, higher) in combinations(product(Needed, Tier), 2):
                if RANK[lower] <= RANK[higher] and list(Needed).index(low) <= list(Needed).index(high):
                    assert takes[low, lower] or not takes[high, higher], (why, channels, denied, hows)
