"""Who may reset whom, with the groups and units of a real OpenLDAP: nested, in branches, renamed and gone."""

from __future__ import annotations

import pytest

from bot.assembly import open_directory
from bot.doctor_rules import named
from bot.errors import OperatorError
from bot.policy import examine
from bot.settings import Settings
from desk.standing import Standing
from directory.base import GroupKind, Unreachable
from resets.actor import Actor, SlackPerson
from resets.reasons import Reason
from resets.request import Tier
from resets.rules import Rules
from resets.ruling import judge
from resets.scope import Grant, Listed, Place
from tests.directory.harness_ldap import ADMINS, LdapHarness, ldif, settings, utc_now
from tests.support import slapd
from tests.support.slapd import GROUPS, PEOPLE, SERVICE

pytestmark = pytest.mark.server

COUNT = 8
SALES, BERLIN = f"ou=Sales,{PEOPLE}", f"ou=Berlin,ou=Sales,{PEOPLE}"
DESK = Place("corp", GroupKind.GROUP, f"cn=desk,{GROUPS}")
UNIT = Place("corp", GroupKind.OU, SALES)
CHIEFS = Place("corp", GroupKind.GROUP, f"CN=Chiefs, {GROUPS}")
ANY, STANDARD = frozenset(Tier), frozenset({Tier.STANDARD})
ACTOR = Actor("a1", SlackPerson("T0", "U0"), "corp", "nobody", "ada", "Ada", "admin")


def person(number):
    return f"uid=u{number:06d},{PEOPLE}"


def group(name, *members):
    return ldif(f"cn={name},{GROUPS}", [("objectClass", "groupOfNames"), *(("member", each) for each in members)])


def unit(dn, name):
    return ldif(dn, [("objectClass", "organizationalUnit"), ("ou", name)])


@pytest.fixture
async def row(tmp_path):
    """Eight people: 1 to 3 in the group "desk" of groups of groups, 4 in Sales, 5 in its Berlin, 6 a chief."""
    slapd.demand()
    harness = LdapHarness(tmp_path)
    harness.up()
    await harness.start()
    harness.slapd.up(
        more=group(ADMINS.partition(",")[0].removeprefix("cn="), SERVICE)
        + unit(SALES, "Sales")
        + unit(BERLIN, "Berlin")
        + slapd.people(COUNT)
        + "\n"
        + group("desk", person(1), f"cn=north,{GROUPS}")
        + group("north", person(2), f"cn=far-north,{GROUPS}")
        + group("far-north", person(3), f"cn=desk,{GROUPS}")
        + group("board", person(6))
        + group("chiefs", f"cn=board,{GROUPS}")
    )
    for number, place in ((4, SALES), (5, BERLIN)):
        name = person(number).partition(",")[0]
        harness.slapd.admin(
            f"dn: {person(number)}\nchangetype: modrdn\nnewrdn: {name}\ndeleteoldrdn: 1\nnewsuperior: {place}\n"
        )
    yield harness
    await harness.stop()
    harness.down()


async def why(row, rules, *, many):
    """Return the reasons of all eight, in their order; asked for each alone, or for all in one reading."""
    directory = row.directory
    found = await directory.find_many([f"u{number:06d}" for number in range(1, COUNT + 1)])
    accounts = [account for [account] in found.values()]
    around = Standing(rules, directory, "admin", many=many)
    reasons = []
    for account in accounts:
        facts = await around.of([each.id for each in accounts] if many else [account.id])
        reasons.append(judge(ACTOR, "corp", account, facts, rules).reason)
    return reasons


def ruling_by(*grants, listed=()):
    return Rules("1", verified_domains={"corp": frozenset({"*"})}, grants={"admin": grants}, listed={"corp": listed})


@pytest.mark.parametrize("many", [False, True])
async def test_nested_groups_and_branches_bound_rules_and_raise_tiers(row, many):
    """One by one or all together, the same people are in a nested group, in a unit's branch, of a higher tier."""
    out, chief = Reason.OUT_OF_SCOPE, (Listed(Tier.SENSITIVE, frozenset({"u000007"}), (CHIEFS,)),)
    assert await why(row, ruling_by(Grant(STANDARD, "corp", DESK)), many=many) == [None] * 3 + [out] * 5
    assert await why(row, ruling_by(Grant(STANDARD, "corp", UNIT)), many=many) == [out] * 3 + [None] * 2 + [out] * 3
    told = await why(row, ruling_by(Grant(STANDARD), listed=chief), many=many)
    assert told == [None] * 5 + [Reason.SENSITIVE] * 2 + [None]
    assert await why(row, ruling_by(Grant(ANY), listed=chief), many=many) == [None] * 8


async def test_a_group_that_goes_closes_what_it_decided(row):
    """Renamed, a group of a tier lets nobody be reset, and one of a rule lets the rule allow nothing; DNs are names."""
    rules = ruling_by(Grant(STANDARD, "corp", DESK), listed=(Listed(Tier.SENSITIVE, frozenset(), (CHIEFS,)),))
    assert (await why(row, rules, many=True))[:3] == [None] * 3
    row.slapd.admin(f"dn: cn=desk,{GROUPS}\nchangetype: modrdn\nnewrdn: cn=service-desk\ndeleteoldrdn: 1\n")
    assert set((await why(row, rules, many=True))[:5]) == {Reason.FACTS_UNREAD}
    row.slapd.admin(f"dn: cn=chiefs,{GROUPS}\nchangetype: delete\n")
    assert set(await why(row, rules, many=False)) == {Reason.FACTS_UNREAD}


async def test_the_policy_is_told_with_two_connections(row):
    """`rekey policy test` counts the same, by DNs of groups and units, over a pool of two and pages of three."""
    from directory.ldap_options import LdapOptions

    options = LdapOptions.model_validate(settings(row.slapd, pool_size=2, page_size=3))
    corp = {"name": "corp", "kind": "ldap", "options": options, "verified_domains": ["*"]}
    roles = [
        {"name": "desk", "may": [{"directory": "corp", "within": f"group:{DESK.name}"}]},
        {"name": "sales", "may": [{"directory": "corp", "within": f"ou:{SALES}"}]},
        {"name": "board", "may": [{"tiers": ["standard", "sensitive"]}], "group": f"corp/{CHIEFS.name}"},
    ]
    expect = [{"role": "sales", "account": "u000005", "may": True}, {"role": "desk", "account": "u000006", "may": True}]
    written = {"directories": [corp | {"tiers": {"sensitive": [f"group:{CHIEFS.name}"]}}], "roles": roles}
    told = await examine(Settings.model_validate(written | {"expect": expect}), None)
    cells = told.matrices[0].cells
    assert [cells[role, Tier.STANDARD].may for role in ("desk", "sales", "board")] == [3, 2, 7]
    assert [cells[role, Tier.SENSITIVE].may for role in ("desk", "sales", "board")] == [0, 0, 1]
    assert [answer.holds for answer in told.answers] == [True, False]


async def test_a_directory_that_is_down_is_a_sentence(tmp_path):
    """`rekey policy test` and the doctor say so, and neither waits nor takes it for an empty directory."""
    from directory.ldap_options import LdapOptions

    server = slapd.Slapd(tmp_path)
    options = LdapOptions.model_validate(settings(server, url="ldaps://127.0.0.1:1"))
    corp = {"name": "corp", "kind": "ldap", "options": options, "tiers": {"privileged": ["group:cn=board"]}}
    written = Settings.model_validate({"directories": [corp]})
    with pytest.raises(OperatorError, match=r"corp could not be read \(no connection"):
        await examine(written, None)
    directory = open_directory(written.directories[0], utc_now)
    with pytest.raises(Unreachable):
        await named(directory, written)
    await directory.close()
