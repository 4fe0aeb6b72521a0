"""Groups and units that an operator names, on a real OpenLDAP: by DN or id, and who of some accounts is inside."""

from __future__ import annotations

from datetime import timedelta

import pytest

from directory.base import GroupKind
from directory.registry import open_directory
from tests.directory.harness_ldap import ADMINS, ldif, settings, utc_now
from tests.support.ldap_tap import SEARCH, Tap
from tests.support.slapd import GROUPS, PEOPLE, SERVICE, people

pytestmark = pytest.mark.server

SALES, BERLIN, ROME = f"ou=Sales,{PEOPLE}", f"ou=Berlin,ou=Sales,{PEOPLE}", f"ou=Rome,{PEOPLE}"
ADMIN_GROUP = ldif(ADMINS, [("objectClass", "groupOfNames"), ("member", SERVICE)])
UNITS = "".join(
    ldif(dn, [("objectClass", "organizationalUnit"), ("ou", name)])
    for dn, name in ((SALES, "Sales"), (BERLIN, "Berlin"), (ROME, "Rome"))
)


def group(name, *members):
    return ldif(f"cn={name},{GROUPS}", [("objectClass", "groupOfNames"), *(("member", each) for each in members)])


def person(number):
    return f"uid=u{number:06d},{PEOPLE}"


async def ids(directory, *numbers):
    found = await directory.find_many([f"u{number:06d}" for number in numbers])
    return [account.id for accounts in found.values() for account in accounts]


async def test_a_place_is_named_by_its_dn_in_any_case(row, corp) -> None:
    """A group and a unit are found by DN, by id, and however it is spaced; a person's DN and what is none are not."""
    row.slapd.up(more=ADMIN_GROUP + UNITS + people(2) + "\n" + group("Desk", person(1)))
    desk = await corp.place(f"CN=desk, {GROUPS}")
    assert (desk.name, desk.kind) == ("Desk", GroupKind.GROUP)
    assert await corp.place(desk.id) == desk
    berlin = await corp.place(BERLIN)
    assert (berlin.name, berlin.kind) == ("Berlin", GroupKind.OU)
    for nothing in (person(1), f"cn=nobody,{GROUPS}", "Desk", "cn=", "dc=elsewhere,dc=test"):
        assert await corp.place(nothing) is None


async def test_a_nested_member_is_inside(row, corp) -> None:
    """Whoever is in a group of a group of the group is inside it, asked for alone or among many."""
    row.slapd.up(
        more=ADMIN_GROUP
        + people(8)
        + "\n"
        + group("desk", person(1), f"cn=north,{GROUPS}")
        + group("north", person(2), f"cn=far-north,{GROUPS}")
        + group("far-north", person(3), f"cn=desk,{GROUPS}")
        + group("others", person(4))
    )
    desk = await corp.place(f"cn=desk,{GROUPS}")
    everybody = await ids(corp, *range(1, 9))
    assert await corp.inside(desk, everybody) == set(everybody[:3])
    for number, each in enumerate(everybody, 1):
        assert await corp.inside(desk, [each]) == ({each} if number <= 3 else set())


async def test_who_is_below_a_unit_is_asked_of_the_few(row, corp, opened) -> None:
    """A unit of a thousand people is not read for the sake of two: one search more than finding the unit."""
    row.slapd.up(more=ADMIN_GROUP + UNITS + people(1000))
    for number, place in ((1, SALES), (2, BERLIN), (3, ROME)):
        login = f"uid=u{number:06d}"
        row.slapd.admin(
            f"dn: {login},{PEOPLE}\nchangetype: modrdn\nnewrdn: {login}\ndeleteoldrdn: 1\nnewsuperior: {place}\n"
        )
    some = await ids(corp, 1, 2, 3, 4)
    sales, rome, whole = [await corp.place(dn) for dn in (SALES, ROME, PEOPLE)]
    assert await corp.inside(sales, some) == set(some[:2])
    assert await corp.inside(rome, some) == {some[2]}
    tap = Tap(row.slapd)
    directory = opened(url=await tap.listen())
    assert await directory.inside(whole, some) == set(some)
    assert tap.seen[SEARCH] == 2
    await tap.close()


@pytest.mark.parametrize(("later", "anew"), [(29, False), (30, True), (-5, True)])
async def test_a_group_that_was_read_whole_is_good_for_half_a_minute(row, later, anew) -> None:
    """Chunk after chunk costs one search each, and a group is read anew after 30 s; for one person it always is."""
    row.slapd.up(more=ADMIN_GROUP + people(8) + "\n" + group("desk", *(person(number) for number in range(1, 6))))
    ahead = timedelta(0)
    tap = Tap(row.slapd)
    directory = open_directory(
        "ldap", "corp", settings(row.slapd, url=await tap.listen()), clock=lambda: utc_now() + ahead
    )
    desk, everybody = await directory.place(f"cn=desk,{GROUPS}"), await ids(directory, *range(1, 9))
    assert await directory.inside(desk, everybody) == set(everybody[:5])
    row.slapd.admin(f"dn: cn=desk,{GROUPS}\nchangetype: modify\ndelete: member\nmember: {person(1)}\n")
    tap.seen.clear()
    ahead = timedelta(seconds=later) - timedelta(seconds=1 if later == 29 else 0)
    assert await directory.inside(desk, everybody) == set(everybody[1 if anew else 0 : 5])
    assert (tap.seen[SEARCH] == 1) is not anew
    assert await directory.inside(desk, everybody[:1]) == set()
    await directory.close()
    await tap.close()


async def test_no_more_groups_are_remembered_than_rules_name() -> None:
    """What is remembered of groups is bounded: the one that was read first goes first."""
    from directory.ldap_recent import MOST_CROWDS, Crowds

    read, crowds = [], Crowds(utc_now)

    async def everybody():
        read.append(1)
        return frozenset({"one"})

    for number in [*range(MOST_CROWDS + 1), MOST_CROWDS, 0]:
        assert await crowds.of(str(number), everybody) == {"one"}
    assert len(read) == MOST_CROWDS + 2
