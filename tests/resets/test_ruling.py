"""Who may not be reset, and for which reason first."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from directory.base import Account
from resets.actor import Actor, SlackPerson
from resets.reasons import Reason
from resets.rules import Rules
from resets.ruling import Facts, domain, judge

VERIFIED = frozenset({"example.com"})


def judged(actor, account, rules, *, verified=VERIFIED, directory="corp"):
    return judge(actor, directory, account, Facts(verified), rules).reason


def test_a_plain_account_may_be_reset(actor, account, rules):
    """Nothing against it: nothing is said."""
    assert judged(actor, account, rules) is None


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"id": "id-ada"}, Reason.SELF),
        ({"slack_user": "U0ADA"}, Reason.SELF),
        ({"service": True}, Reason.SERVICE),
        ({"privileged": True}, Reason.PRIVILEGED),
        ({"external": True}, Reason.EXTERNAL),
        ({"disabled": True}, Reason.DISABLED),
        ({"confirmed": False}, Reason.UNCONFIRMED),
        ({"mail": "bob@example.org"}, Reason.UNVERIFIED_DOMAIN),
        ({"mail": "bob@sub.example.com"}, Reason.UNVERIFIED_DOMAIN),
        ({"mail": "x@example.com, bob@evil.example"}, Reason.UNVERIFIED_DOMAIN),
        ({"mail": '"bob@evil.example"@example.com'}, Reason.UNVERIFIED_DOMAIN),
        ({"mail": "bob@ｅxample.com"}, Reason.UNVERIFIED_DOMAIN),  # noqa: RUF001
        ({"mail": "bob"}, Reason.UNVERIFIED_DOMAIN),
        ({"mail": None, "login": "bob@example.org"}, Reason.UNVERIFIED_DOMAIN),
    ],
)
def test_each_ground_has_its_reason(actor, account, rules, change, reason):
    """One thing wrong with the account, one reason."""
    assert judged(actor, replace(account, **change), rules) is reason


@pytest.mark.parametrize(
    "change", [{"mail": "Bob@EXAMPLE.com."}, {"mail": None}, {"mail": None, "login": "b@example.com"}]
)
def test_an_account_of_a_verified_domain_or_of_none_may_be_reset(actor, account, rules, change):
    """Case and a final dot make no other domain; an account that has no address at all has no unverified one."""
    assert judged(actor, replace(account, **change), rules) is None


def test_an_account_of_the_same_id_elsewhere_is_another(actor, account, rules):
    """An id means something only within its directory."""
    assert judged(actor, replace(account, id="id-ada"), rules, directory="other") is None


def test_the_never_list_names_by_login_and_by_id(actor, account, rules):
    """Who is on the list is never reset, in any case, and only in that directory."""
    for entry in ("Corp/BOB", "corp/id-bob"):
        assert judged(actor, account, replace(rules, never=frozenset({entry}))) is Reason.NEVER
    assert judged(actor, account, replace(rules, never=frozenset({"other/bob"}))) is None


def test_the_operators_domains_go_before_the_directorys(actor, account, rules):
    """A configured set replaces what the directory says; with neither, nothing is verified."""
    set_to = replace(rules, verified_domains={"corp": frozenset({"example.org"})})
    assert judged(actor, account, set_to) is Reason.UNVERIFIED_DOMAIN
    ask = replace(rules, verified_domains={"corp": None})
    assert judged(actor, account, ask) is None
    assert judged(actor, account, rules, verified=None) is Reason.UNVERIFIED_DOMAIN


def test_the_facts_fill_the_sentence(actor, account, rules):
    """The directory is named as people know it."""
    ruled = judge(actor, "corp", replace(account, mail="b@x.example"), Facts(VERIFIED), rules)
    assert ruled.reason is Reason.UNVERIFIED_DOMAIN
    assert ruled.facts == {
        "login": "bob",
        "directory": "Corporate",
        "directory_key": "corp",
        "domain": "x.example",
        "role": "admin",
    }
    ruled = judge(actor, "lab", replace(account, mail=None, disabled=True), Facts(VERIFIED), rules)
    assert (ruled.facts["directory"], ruled.facts["domain"]) == ("lab", "")


def test_the_domain_comes_from_the_address_first(account):
    """Address, else a login that looks like one, else none."""
    assert domain(replace(account, login="bob@other.example")) == "example.com"
    assert domain(replace(account, mail=None, login="bob@other.example")) == "other.example"
    assert domain(replace(account, mail=None)) is None


GROUNDS = {
    "own": Reason.SELF,
    "service": Reason.SERVICE,
    "privileged": Reason.PRIVILEGED,
    "external": Reason.EXTERNAL,
    "disabled": Reason.DISABLED,
    "unconfirmed": Reason.UNCONFIRMED,
    "unverified": Reason.UNVERIFIED_DOMAIN,
}


@given(st.sets(st.sampled_from(sorted(GROUNDS))))
def test_the_first_ground_counts(grounds):
    """Of several grounds the first of the list is told, whatever the others are; without any, none."""
    account = Account(
        id="id-ada" if "own" in grounds else "id-bob",
        login="bob",
        name="Bob",
        mail="bob@evil.example" if "unverified" in grounds else "bob@example.com",
        service="service" in grounds,
        privileged="privileged" in grounds,
        external="external" in grounds,
        disabled="disabled" in grounds,
        confirmed="unconfirmed" not in grounds,
    )
    actor = Actor("a1", SlackPerson("T0", "U0ADA"), "corp", "id-ada", "ada", "Ada", "admin")
    expected = next((reason for ground, reason in GROUNDS.items() if ground in grounds), None)
    assert judged(actor, account, Rules("1")) is expected


def test_every_domain_only_where_the_operator_wrote_it(actor, account, rules):
    """A star in the setting stands for all domains; one that a directory answers stands for nothing."""
    far = replace(account, mail="bob@far.test")
    everything = replace(rules, verified_domains={"corp": frozenset({"*"})})
    assert judged(actor, far, everything, verified=None) is None
    told = replace(rules, verified_domains={})
    assert judged(actor, far, told, verified=frozenset({"*"})) is Reason.UNVERIFIED_DOMAIN
