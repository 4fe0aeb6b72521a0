"""Who may reset whom: tiers, places and roles; and what no rule lets anybody do."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from directory.base import Account, GroupKind
from resets.actor import Actor, SlackPerson
from resets.reasons import Reason
from resets.request import Tier
from resets.rules import Rules
from resets.ruling import Facts, judge
from resets.scope import Grant, Listed, Place

CHIEFS = Place("corp", GroupKind.GROUP, "Chiefs")
VAULT = Place("corp", GroupKind.GROUP, "Vault")
BERLIN = Place("corp", GroupKind.OU, "ou=Berlin,dc=example,dc=com")
STANDARD, SENSITIVE, PRIVILEGED = (frozenset({tier}) for tier in Tier)
ALL = frozenset(Tier)
DOMAINS = frozenset({"example.com"})


def facts(**inside):
    """Return facts in which Bob, or nobody, is in each place that is named; the others could not be read."""
    places = {"chiefs": CHIEFS, "vault": VAULT, "berlin": BERLIN}
    return Facts(DOMAINS, {places[name]: frozenset({"id-bob"} if bob else ()) for name, bob in inside.items()})


def granted(rules, *grants, role="admin", **more):
    return replace(rules, grants={role: grants}, **more)


def ruled(actor, account, rules, read=None, directory="corp"):
    return judge(actor, directory, account, read or facts(), rules)


@pytest.fixture
def listed(rules):
    """Rules by which chiefs are sensitive and those of the vault are privileged."""
    both = (
        Listed(Tier.SENSITIVE, frozenset({"pat"}), (CHIEFS,)),
        Listed(Tier.PRIVILEGED, frozenset({"id-olga"}), (VAULT,)),
    )
    return replace(rules, listed={"corp": both})


def test_without_a_rule_every_role_may_reset_standard_accounts(actor, account, rules):
    """The default: standard accounts of every directory, and no others; the yes says by which rule."""
    for directory in ("corp", "lab"):
        yes = ruled(actor, account, rules, directory=directory)
        assert (yes.reason, yes.tier, yes.grant) == (None, Tier.STANDARD, Grant(STANDARD))
    no = ruled(actor, replace(account, privileged=True), rules)
    assert (no.reason, no.tier, no.grant) == (Reason.PRIVILEGED, Tier.PRIVILEGED, None)


def test_a_role_that_is_not_configured_any_more_may_do_nothing(actor, account, rules):
    """As soon as one role has rules, a role without an entry has none."""
    assert ruled(actor, account, granted(rules, Grant(ALL), role="other")).reason is Reason.OUT_OF_SCOPE
    assert ruled(actor, account, granted(rules)).reason is Reason.OUT_OF_SCOPE


@pytest.mark.parametrize(
    ("change", "read", "tier"),
    [
        ({}, facts(chiefs=False, vault=False), Tier.STANDARD),
        ({}, facts(chiefs=True, vault=False), Tier.SENSITIVE),
        ({}, facts(chiefs=False, vault=True), Tier.PRIVILEGED),
        ({}, facts(chiefs=True, vault=True), Tier.PRIVILEGED),
        ({"login": "PAT"}, facts(chiefs=False, vault=False), Tier.SENSITIVE),
        ({"id": "ID-Olga"}, facts(chiefs=False, vault=False), Tier.PRIVILEGED),
        ({"privileged": True}, facts(), Tier.PRIVILEGED),
    ],
)
def test_the_tier_is_the_worst_that_is_said_of_an_account(actor, account, listed, change, read, tier):
    """By a flag of the directory, by login or id in any case, by a group: whatever weighs most, in whatever order."""
    assert ruled(actor, replace(account, **change), listed, read).tier is tier
    turned = replace(listed, listed={"corp": listed.listed["corp"][::-1]})
    assert ruled(actor, replace(account, **change), turned, read).tier is tier


def test_a_list_is_of_one_directory(actor, account, listed):
    """What is listed for one directory says nothing of the same login elsewhere."""
    assert ruled(actor, replace(account, login="pat"), listed, directory="lab").tier is Tier.STANDARD


@pytest.mark.parametrize("read", [facts(), facts(chiefs=False), facts(vault=False)])
def test_what_could_not_be_read_counts_as_the_worst(actor, account, listed, read):
    """While a group that raises a tier is not read, nobody is reset, whatever the rules allow."""
    no = ruled(actor, account, granted(listed, Grant(ALL)), read)
    assert (no.reason, no.tier, no.grant) == (Reason.FACTS_UNREAD, Tier.PRIVILEGED, None)
    assert no.facts["place"] in {"group:Chiefs", "group:Vault"}


def test_a_tier_is_reset_by_a_rule_that_names_it(actor, account, listed):
    """Neither does a higher tier bring the lower ones along, nor the other way round."""
    chief = facts(chiefs=True, vault=False)
    assert ruled(actor, account, granted(listed, Grant(STANDARD)), chief).reason is Reason.SENSITIVE
    assert ruled(actor, account, granted(listed, Grant(PRIVILEGED)), chief).reason is Reason.SENSITIVE
    assert ruled(actor, account, granted(listed, Grant(STANDARD | SENSITIVE)), chief).grant is not None
    assert ruled(actor, account, granted(listed, Grant(STANDARD), Grant(SENSITIVE)), chief).grant == Grant(SENSITIVE)
    nobody = facts(chiefs=False, vault=False)
    assert ruled(actor, account, granted(listed, Grant(SENSITIVE)), nobody).reason is Reason.OUT_OF_SCOPE


def test_a_place_bounds_a_rule(actor, account, rules):
    """Inside: yes, by that rule. Outside: no. Not read: no, and it is said which. Another rule may still allow it."""
    here = granted(rules, Grant(STANDARD, "corp", BERLIN))
    assert ruled(actor, account, here, facts(berlin=True)).grant == Grant(STANDARD, "corp", BERLIN)
    assert ruled(actor, account, here, facts(berlin=False)).reason is Reason.OUT_OF_SCOPE
    no = ruled(actor, account, here, facts())
    assert (no.reason, no.facts["place"]) == (Reason.FACTS_UNREAD, "ou:ou=Berlin,dc=example,dc=com")
    wider = granted(rules, Grant(STANDARD, "corp", BERLIN), Grant(STANDARD, "corp"))
    assert ruled(actor, account, wider, facts()).grant == Grant(STANDARD, "corp")


def test_a_sensitive_account_out_of_place_is_out_of_place(actor, account, listed):
    """Where a rule names the tier and not the place, it is the place that is missing."""
    narrow = granted(listed, Grant(SENSITIVE, "corp", BERLIN))
    read = facts(chiefs=True, vault=False, berlin=False)
    assert ruled(actor, account, narrow, read).reason is Reason.OUT_OF_SCOPE


def test_a_rule_of_another_directory_allows_nothing_here(actor, account, rules):
    """Rules are per directory."""
    assert ruled(actor, account, granted(rules, Grant(ALL, "lab"))).reason is Reason.OUT_OF_SCOPE


def test_which_places_have_to_be_read(listed):
    """Those that raise a tier there, and those of the role's own rules for that directory, each once."""
    rules = granted(
        listed, Grant(STANDARD, "corp", BERLIN), Grant(SENSITIVE, "corp", CHIEFS), Grant(STANDARD, "lab"), role="desk"
    )
    assert rules.places("desk", "corp") == (CHIEFS, VAULT, BERLIN)
    assert rules.places("other", "corp") == (CHIEFS, VAULT)
    assert rules.places("desk", "lab") == ()


# -- whatever the rules ------------------------------------------------------------------------------------

GRANTS = st.builds(
    Grant,
    st.sets(st.sampled_from(Tier), min_size=1).map(frozenset),
    st.sampled_from([None, "corp", "lab"]),
    st.sampled_from([None, None, CHIEFS, BERLIN]),
)
READ = st.builds(
    facts,
    chiefs=st.booleans(),
    vault=st.booleans(),
    berlin=st.booleans(),
) | st.just(facts())
ACTOR = Actor("a1", SlackPerson("T0", "U0ADA"), "corp", "id-ada", "ada", "Ada", "admin")
PLAIN = Account("id-bob", "bob", "Bob", mail="bob@example.com")
FORBIDDEN = {
    Reason.SELF: replace(PLAIN, id="id-ada"),
    Reason.SERVICE: replace(PLAIN, service=True),
    Reason.NEVER: PLAIN,
    Reason.EXTERNAL: replace(PLAIN, external=True),
    Reason.DISABLED: replace(PLAIN, disabled=True),
    Reason.UNCONFIRMED: replace(PLAIN, confirmed=False),
    Reason.UNVERIFIED_DOMAIN: replace(PLAIN, mail="bob@elsewhere.test"),
}
LISTS = (Listed(Tier.SENSITIVE, frozenset(), (CHIEFS,)), Listed(Tier.PRIVILEGED, frozenset(), (VAULT,)))


@pytest.mark.parametrize("ground", FORBIDDEN)
@given(grants=st.lists(GRANTS, max_size=4), read=READ, privileged=st.booleans())
def test_no_rule_overrides_a_denial(ground, grants, read, privileged):
    """Oneself, services, the never-list, external, disabled and unconfirmed accounts: no rule lets one through."""
    never = frozenset({"corp/bob"}) if ground is Reason.NEVER else frozenset()
    rules = Rules("1", never=never, grants={"admin": (Grant(ALL), *grants)}, listed={"corp": LISTS})
    no = judge(ACTOR, "corp", replace(FORBIDDEN[ground], privileged=privileged), read, rules)
    assert no.reason in {ground, Reason.FACTS_UNREAD}
    assert no.grant is None


def test_every_ruling_there_is(rules):
    """All states of an account, of what was read and of two rules: a yes only where nothing at all is against it."""
    two = [Grant(tiers, "corp", place) for tiers in (STANDARD, SENSITIVE, ALL) for place in (None, BERLIN)]
    reads = [facts(), *(facts(chiefs=c, vault=v, berlin=b) for c, v, b in product([True, False], repeat=3))]
    flags = ("service", "external", "disabled", "privileged")
    seen = 0
    for both, read, on in product(product(two, two), reads, product([False, True], repeat=len(flags))):
        states = dict(zip(flags, on, strict=True))
        account = replace(PLAIN, **states)
        own = replace(rules, grants={"admin": both}, listed={"corp": LISTS})
        yes = judge(ACTOR, "corp", account, read, replace(own, verified_domains={"corp": DOMAINS}))
        if yes.reason is None:
            seen += 1
            assert not any(states[flag] for flag in flags[:3])
            assert not states["privileged"] or yes.tier is Tier.PRIVILEGED
            assert states["privileged"] or {CHIEFS, VAULT} <= read.inside.keys()
            assert any(yes.tier in g.tiers and (not g.within or "id-bob" in read.inside.get(BERLIN, ())) for g in both)
    assert seen


@given(grants=st.lists(GRANTS, max_size=4), read=READ, more=GRANTS)
def test_a_yes_is_a_rule_that_names_tier_directory_and_place(grants, read, more):
    """Whoever is let through is so by one rule of the role that names all three; one more rule takes nothing away."""
    rules = Rules("1", grants={"admin": tuple(grants)}, listed={"corp": LISTS})
    yes = judge(ACTOR, "corp", PLAIN, read, rules)
    if yes.grant is not None:
        assert yes.reason is None
        assert yes.grant in grants
        assert yes.tier in yes.grant.tiers
        assert yes.grant.directory in {None, "corp"}
        assert yes.grant.within is None or PLAIN.id in read.inside[yes.grant.within]
        wider = replace(rules, grants={"admin": (*grants, more)})
        assert judge(ACTOR, "corp", PLAIN, read, wider).reason is None
    else:
        assert yes.reason is not None


@given(
    tiers=st.lists(st.integers(0, 2), min_size=1, max_size=3),
    place=st.sampled_from([None, BERLIN]),
    read=READ,
    privileged=st.booleans(),
)
def test_a_higher_tier_is_never_easier(tiers, place, read, privileged):
    """With rules that reach up to a tier, whoever may reset an account may reset the same one of a lower tier too."""
    ladder = tuple(Grant(frozenset(list(Tier)[: top + 1]), "corp", place) for top in tiers)
    rules = Rules("1", grants={"admin": ladder}, listed={"corp": LISTS})
    harder = judge(ACTOR, "corp", replace(PLAIN, privileged=privileged), read, rules)
    easier = judge(ACTOR, "corp", PLAIN, read, replace(rules, listed={}))
    if harder.reason is None:
        assert easier.reason is None


@given(grants=st.lists(GRANTS, max_size=4), missing=st.sets(st.sampled_from([CHIEFS, VAULT, BERLIN])))
def test_what_is_not_read_never_opens_a_door(grants, missing):
    """Whoever is refused with all places read is refused with some of them unread too."""
    whole = facts(chiefs=True, vault=False, berlin=True)
    less = Facts(DOMAINS, {place: ids for place, ids in whole.inside.items() if place not in missing})
    rules = Rules("1", grants={"admin": tuple(grants)}, listed={"corp": LISTS})
    if judge(ACTOR, "corp", PLAIN, whole, rules).reason is not None:
        assert judge(ACTOR, "corp", PLAIN, less, rules).reason is not None
