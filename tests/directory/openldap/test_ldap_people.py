"""Who is who in OpenLDAP: groups, filters, odd names and new places decide whom the connector takes for what."""

from __future__ import annotations

import pytest

from directory.base import AccountGone, Ambiguous, NotAllowed
from directory.secret import Secret
from tests.directory.contract import NEW, OLD, made
from tests.directory.harness import Person
from tests.directory.harness_ldap import ADMINS, ldif
from tests.support.slapd import BASE, GROUPS, PEOPLE

pytestmark = pytest.mark.server

ADA = f"uid=ada.lovelace,{PEOPLE}"


async def test_nested_membership_is_privilege(row, corp) -> None:
    """Who is in a group inside a privileged one is privileged, also where groups hold each other in a circle."""
    account = await made(row, corp)
    await row.join(account.id, "inner")
    await row.nest("inner", inside="middle")
    assert not (await corp.fetch([account.id]))[account.id].privileged
    row.slapd.admin(f"dn: {ADMINS}\nchangetype: modify\nadd: member\nmember: cn=middle,{GROUPS}\n")
    row.slapd.admin(f"dn: cn=inner,{GROUPS}\nchangetype: modify\nadd: member\nmember: {ADMINS}\n")
    assert (await corp.fetch([account.id]))[account.id].privileged
    found = await corp.find("ada.lovelace")
    assert found is not None
    assert found.privileged
    assert [a.privileged async for page in corp.pages() for a in page.accounts] == [True]


async def test_without_the_privileged_group_nobody_is_harmless(row, opened) -> None:
    """A privileged group that cannot be read (renamed, say) stops everything instead of making all harmless."""
    directory = opened(privileged_groups=[ADMINS, f"cn=renamed,{GROUPS}"])
    await row.make_account(Person())
    with pytest.raises(NotAllowed):
        await directory.find("ada.lovelace")


async def test_a_filter_may_make_people_privileged(row, opened) -> None:
    """privileged_filter counts besides the groups, in look-ups and in walks."""
    directory = opened(privileged_filter="(employeeType=contractor)")
    account = await made(row, directory, Person(external=True))
    assert account.privileged
    assert account.external
    assert [a.privileged async for page in directory.pages() for a in page.accounts] == [True]


@pytest.mark.parametrize("login", ["o(ne)*", "back\\slash", "comma, plus+", 'quo"te<>;=#', "Žofie 李"])
async def test_names_that_mean_something_to_ldap_are_names(row, corp, login) -> None:
    """Filters and DNs are escaped by the library: such people are found, reset, and members of their groups."""
    dn = row.slapd.dn("uid", login)
    values = [("objectClass", "inetOrgPerson"), ("uid", login), ("cn", login), ("sn", "X"), ("userPassword", OLD)]
    row.slapd.admin(ldif(dn, values))
    row.slapd.admin(ldif(f"cn=odd,{GROUPS}", [("objectClass", "groupOfNames"), ("member", dn)]))
    account = await corp.find(login)
    assert account is not None
    assert account.login == login
    assert await corp.groups(account) == (f"cn=odd,{GROUPS}",)
    await corp.set_password(account, Secret(NEW), must_change=False)
    assert row.slapd.whoami(dn, NEW).returncode == 0


async def test_who_moved_is_still_the_same(row, corp) -> None:
    """The entryUUID outlives a new login and a new place in the tree; the old name answers no more."""
    account = await made(row, corp)
    row.slapd.admin(f"dn: ou=north,{PEOPLE}\nobjectClass: organizationalUnit\nou: north\n")
    row.slapd.admin(
        f"dn: {ADA}\nchangetype: modrdn\nnewrdn: uid=ada.byron\ndeleteoldrdn: 1\nnewsuperior: ou=north,{PEOPLE}\n"
    )
    assert (await corp.fetch([account.id]))[account.id].login == "ada.byron"
    await corp.set_password(account, Secret(NEW), must_change=False)
    assert row.slapd.whoami(f"uid=ada.byron,ou=north,{PEOPLE}", NEW).returncode == 0
    assert await corp.find("ada.lovelace") is None


async def test_who_is_no_person_any_more_is_gone(row, opened) -> None:
    """An entry that people_filter no longer takes is neither found nor written to."""
    directory = opened(people_filter="(&(objectClass=inetOrgPerson)(!(employeeType=service)))")
    account = await made(row, directory)
    row.slapd.replace(ADA, "employeeType", "service")
    assert await directory.find("ada.lovelace") is None
    assert await directory.fetch([account.id]) == {}
    with pytest.raises(AccountGone):
        await directory.set_password(account, Secret(NEW), must_change=False)


async def manages(row, *dns):
    """Name people as ada's managers."""
    lines = "".join(f"manager: {dn}\n" for dn in dns)
    row.slapd.admin(f"dn: {ADA}\nchangetype: modify\nreplace: manager\n{lines}")


async def test_of_two_managers_none_is_chosen(row, corp) -> None:
    """The attribute takes several values, and nothing says which of them could speak for the person."""
    account = await made(row, corp)
    for login in ("bob", "eve"):
        await made(row, corp, Person(login=login, name=login, mail=f"{login}@example.test"))
    await manages(row, f"uid=bob,{PEOPLE}", f"uid=eve,{PEOPLE}")
    with pytest.raises(Ambiguous):
        await corp.manager(account)


async def test_who_is_no_person_below_the_base_manages_nobody(row, corp, opened) -> None:
    """A DN of another branch, of a group, of nobody: none of them is read as somebody who could vouch."""
    account = await made(row, corp)
    boss = await made(row, corp, Person(login="bob", name="Bob", mail="bob@example.test"))
    await row.join(boss.id, "bosses")
    for dn in (f"cn=bosses,{GROUPS}", f"uid=nobody,{PEOPLE}", f"cn=bosses,{BASE}x"):
        await manages(row, dn)
        assert await corp.manager(account) is None
    await manages(row, f"UID=Bob, {PEOPLE.upper()}")
    assert await corp.manager(account) == boss
    row.slapd.admin(ldif(f"ou=elsewhere,{BASE}", [("objectClass", "organizationalUnit"), ("ou", "elsewhere")]))
    other = f"uid=zoe,ou=elsewhere,{BASE}"
    values = [("objectClass", "inetOrgPerson"), ("uid", "zoe"), ("cn", "Zoe"), ("sn", "Z")]
    row.slapd.admin(ldif(other, values))
    await manages(row, other)
    assert await opened(base=PEOPLE).manager(account) is None
    found = await corp.manager(account)
    assert found is not None
    assert found.login == "zoe"


async def test_the_attribute_of_the_manager_is_a_setting(row, opened) -> None:
    """Some directories keep it elsewhere."""
    directory = opened(manager="seeAlso")
    account = await made(row, directory)
    boss = await made(row, directory, Person(login="bob", name="Bob", mail="bob@example.test"))
    await row.manage(account.id, boss.id)
    assert await directory.manager(account) is None
    row.slapd.replace(ADA, "seeAlso", f"uid=bob,{PEOPLE}")
    assert await directory.manager(account) == boss
