"""What a bulk asks of OpenLDAP: groups and units of any size, few round trips, and writes that lean on a last look."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from directory.base import AccountGone, GroupKind, PasswordRejected
from directory.registry import open_directory
from directory.secret import Secret
from tests.directory.harness import Person, Sign
from tests.directory.harness_ldap import ADMINS, ldif, settings, utc_now
from tests.support.ldap_tap import MODIFY, SEARCH, Tap
from tests.support.slapd import DEFAULT_POLICY, GROUPS, PEOPLE, SERVICE, Slapd, people

pytestmark = pytest.mark.server

OLD = Person().password or ""
NEW = "Speech-annually-nephew-dispense-3"
OTHER = "Velvet-otter-plank-moss-dune-7"
ADA = f"uid=ada.lovelace,{PEOPLE}"
THEN = " › "  # noqa: RUF001 - as the connector writes it
ADMIN_GROUP = ldif(ADMINS, [("objectClass", "groupOfNames"), ("member", SERVICE)])


async def made(row, directory, person=None):
    account_id = await row.make_account(person or Person())
    return (await directory.fetch([account_id]))[account_id]


async def batches(directory, group):
    return [batch async for batch in directory.members(group.id)]


def unit(name, parent):
    return f"dn: ou={name},{parent}\nobjectClass: organizationalUnit\nou: {name}\n\n"


# -- groups and units --------------------------------------------------------------------------------------


async def test_a_unit_holds_everybody_below_it(row, corp) -> None:
    """A unit's members are the people of its whole branch, and its path is told from the top down."""
    sales = f"ou=Sales,{PEOPLE}"
    row.slapd.up(more=ADMIN_GROUP + unit("Sales", PEOPLE) + unit("Berlin", sales) + unit("Rome", PEOPLE) + people(4))
    for number, place in ((1, sales), (2, f"ou=Berlin,{sales}"), (3, f"ou=Rome,{PEOPLE}")):
        login = f"uid=u{number:06d}"
        row.slapd.admin(
            f"dn: {login},{PEOPLE}\nchangetype: modrdn\nnewrdn: {login}\ndeleteoldrdn: 1\nnewsuperior: {place}\n"
        )
    [found] = await corp.find_groups("sal")
    assert (found.name, found.kind, found.path) == ("Sales", GroupKind.OU, f"people{THEN}Sales")
    [berlin] = await corp.find_groups("berlin")
    assert berlin.path == f"people{THEN}Sales{THEN}Berlin"
    logins = {a.login for [*ids] in await batches(corp, found) for a in (await corp.fetch(ids)).values()}
    assert logins == {"u000001", "u000002"}
    [rome] = await corp.find_groups("rome")
    row.slapd.admin(f"dn: uid=u000003,ou=Rome,{PEOPLE}\nchangetype: delete\n")
    assert await batches(corp, rome) == []


async def test_large_groups_and_units_come_in_batches(row, corp, opened) -> None:
    """2,500 members come as 1,000, 1,000 and 500, from a group as from a unit, with one connection too."""
    members = [("member", f"uid=u{n:06d},{PEOPLE}") for n in range(1, 2501)]
    row.slapd.up(
        more=ADMIN_GROUP + people(2500) + "\n" + ldif(f"cn=all,{GROUPS}", [("objectClass", "groupOfNames"), *members])
    )
    directory = opened(pool_size=1)
    told = []
    for name in ("all", "people"):
        [group] = [g for g in await directory.find_groups(name) if g.name == name]
        sizes, seen = [], set()
        async for batch in directory.members(group.id):
            sizes.append(len(await directory.fetch(batch)))
            seen |= set(batch)
        assert sizes == [1000, 1000, 500]
        assert len(seen) == 2500
        told.append(seen)
    assert told[0] == told[1]


async def test_members_that_are_no_people_are_left_out(row, corp) -> None:
    """Service accounts, what is gone and what `people_filter` does not take are no members."""
    account = await made(row, corp)
    await row.join(account.id, "mixed")
    gone = await made(row, corp, Person(login="gone", mail="gone@example.test"))
    await row.join(gone.id, "mixed")
    await row.delete(gone.id)
    [group] = await corp.find_groups("mixed")
    assert await batches(corp, group) == [(account.id,)]


async def test_groups_outside_of_the_people_are_walked(row, opened) -> None:
    """With `base` at the people and `groups_base` elsewhere, nested groups are found, walked, and privilege is seen."""
    directory = opened(base=PEOPLE, groups_base=GROUPS)
    account = await made(row, directory)
    await row.join(account.id, "inner")
    await row.nest("inner", inside="outer")
    [group] = await directory.find_groups("outer")
    assert group.path == "outer"
    assert await batches(directory, group) == [(account.id,)]
    assert not (await directory.fetch([account.id]))[account.id].privileged
    row.slapd.admin(f"dn: {ADMINS}\nchangetype: modify\nadd: member\nmember: cn=outer,{GROUPS}\n")
    assert (await directory.fetch([account.id]))[account.id].privileged


async def test_groups_of_logins_are_groups(tmp_path) -> None:
    """With `group_member = memberUid` a posixGroup's members are found by their logins, from both sides."""
    server = Slapd(tmp_path, extra="include /etc/ldap/schema/nis.schema")
    staff = f"cn=staff,{GROUPS}"
    values = [("objectClass", "posixGroup"), ("gidNumber", "100"), ("memberUid", "u000002"), ("memberUid", "u000003")]
    server.up(more=people(3) + "\n" + ldif(staff, values))
    directory = open_directory(
        "ldap", "corp", settings(server, group_member="memberUid", privileged_groups=[staff]), clock=utc_now
    )
    try:
        [group] = await directory.find_groups("staff")
        [ids] = await batches(directory, group)
        found = await directory.fetch(ids)
        assert {a.login for a in found.values()} == {"u000002", "u000003"}
        assert all(a.privileged for a in found.values())
        assert [await directory.groups(a) for a in found.values()] == [(staff,)] * 2
        outside = await directory.find("u000001")
        assert outside is not None
        assert not outside.privileged
        assert await directory.groups(outside) == ()
    finally:
        await directory.close()
        server.down()


# -- round trips -------------------------------------------------------------------------------------------


async def test_a_thousand_cost_few_round_trips(row, opened) -> None:
    """1,000 ids cost 12 searches and 1,000 names 17, three filters and a privileged group included."""
    row.slapd.up(more=ADMIN_GROUP + people(1000))
    tap = Tap(row.slapd)
    directory = opened(url=await tap.listen())
    ids = [a.id async for page in directory.pages() for a in page.accounts]
    assert len(ids) == 1000
    tap.seen.clear()
    assert len(await directory.fetch(ids)) == 1000
    assert tap.seen[SEARCH] <= 12
    tap.seen.clear()
    found = await directory.find_many([f"u{n:06d}" for n in range(1, 1001)])
    assert {a.id for [a] in found.values()} == set(ids)
    assert tap.seen[SEARCH] <= 17
    await tap.close()


async def test_a_write_soon_after_a_look_costs_one_round_trip(row, opened) -> None:
    """Who was fetched within half a minute is written to by one modify; the policy is read once a minute."""
    row.slapd.up(more=ADMIN_GROUP + people(8))
    tap = Tap(row.slapd)
    directory = opened(url=await tap.listen())
    found = await directory.find_many([f"u{n:06d}" for n in range(1, 9)])
    accounts = [a for [a] in found.values()]
    tap.seen.clear()
    for account in accounts:
        await directory.password_policy(account)
        await directory.set_password(account, Secret(NEW), must_change=True)
    assert (tap.seen[MODIFY], tap.seen[SEARCH]) == (8, 1)
    await tap.close()


async def test_writes_are_in_flight_together(row, opened) -> None:
    """With the usual settings four writes wait for their answers at the same time, and no more."""
    row.slapd.up(more=ADMIN_GROUP + people(6))
    four = asyncio.Event()
    count = 0

    def arrived(kind):
        nonlocal count
        count += kind == MODIFY
        if count == 4:
            four.set()

    tap = Tap(row.slapd, swallow={MODIFY}, before=arrived)
    directory = opened(url=await tap.listen(), timeout=30)
    found = await directory.find_many([f"u{n:06d}" for n in range(1, 7)])
    writing = [asyncio.create_task(directory.set_password(a, Secret(NEW), must_change=False)) for [a] in found.values()]
    async with asyncio.timeout(10):
        await four.wait()
    assert tap.seen[MODIFY] == 4
    for task in writing:
        task.cancel()
    await asyncio.gather(*writing, return_exceptions=True)
    await directory.close()
    await tap.close()


# -- leaning on a last look --------------------------------------------------------------------------------


async def test_who_moved_since_the_last_look_is_still_the_one(row, corp) -> None:
    """A DN that changed, and that somebody else bears by now: the right person gets the password, and nobody else."""
    account = await made(row, corp)
    row.slapd.admin(f"dn: {ADA}\nchangetype: modrdn\nnewrdn: uid=ada.byron\ndeleteoldrdn: 1\n")
    eve = await row.make_account(Person())
    await corp.set_password(account, Secret(NEW), must_change=False)
    assert row.slapd.whoami(f"uid=ada.byron,{PEOPLE}", NEW).returncode == 0
    assert await row.sign_in(eve, OLD) == Sign.YES
    assert await row.sign_in(eve, NEW) == Sign.NO


async def test_who_moved_and_left_no_one_behind_is_found(row, corp) -> None:
    """A DN that is no more costs a second look."""
    account = await made(row, corp)
    row.slapd.admin(f"dn: {ADA}\nchangetype: modrdn\nnewrdn: uid=ada.byron\ndeleteoldrdn: 1\n")
    await corp.set_password(account, Secret(NEW), must_change=False)
    assert row.slapd.whoami(f"uid=ada.byron,{PEOPLE}", NEW).returncode == 0


async def test_a_password_given_since_the_last_look_has_its_own_marker(row, corp, opened) -> None:
    """What another admin set a moment ago is seen by the guard: ours waits for another second and another marker."""
    account = await made(row, corp)
    theirs = await opened().set_password(account, Secret(NEW), must_change=False)
    ours = await corp.set_password(account, Secret(OTHER), must_change=False)
    assert account.marker != theirs.marker != ours.marker
    assert await row.sign_in(account.id, OTHER) == Sign.YES


@pytest.mark.parametrize(("later", "searches"), [(29, 0), (30, 1), (-5, 1)])
async def test_a_last_look_is_good_for_half_a_minute(row, later, searches) -> None:
    """After 30 s, or when the clock went back, the entry is read again before it is written to."""
    ahead = timedelta(0)
    tap = Tap(row.slapd)
    directory = open_directory(
        "ldap", "corp", settings(row.slapd, url=await tap.listen()), clock=lambda: utc_now() + ahead
    )
    account = await made(row, directory)
    tap.seen.clear()
    ahead = timedelta(seconds=later) - timedelta(seconds=1 if later == 29 else 0)
    await directory.set_password(account, Secret(NEW), must_change=False)
    assert tap.seen.get(SEARCH, 0) == searches
    await directory.close()
    await tap.close()


def test_no_more_is_remembered_than_a_bulk_needs() -> None:
    """The last looks are bounded: the oldest goes first, and one that is used is gone."""
    from directory.ldap_recent import MOST, Recent, Sight

    recent = Recent(utc_now)
    for number in range(MOST + 2):
        recent.note(str(number), Sight("cn=x", None, None, None), utc_now())
    assert [recent.of(str(n)) is None for n in (0, 1, 2, MOST + 1)] == [True, True, False, False]
    assert recent.take("2") is not None
    assert recent.take("2") is None


async def test_what_people_see_is_never_from_a_last_look(row, corp) -> None:
    """`find`, `find_many` and `fetch` read anew each time."""
    account = await made(row, corp)
    await row.move_mail(account.id, "countess@example.test")
    await row.disable(account.id)
    for seen in (
        await corp.find("ada.lovelace"),
        (await corp.fetch([account.id]))[account.id],
        (await corp.find_many(["ada.lovelace"]))["ada.lovelace"][0],
    ):
        assert seen is not None
        assert seen.disabled
        assert seen.mail == "countess@example.test"
    with pytest.raises(AccountGone):
        await corp.set_password(account, Secret(NEW), must_change=False)


async def test_a_refusal_makes_the_policy_be_read_anew(row, corp) -> None:
    """A policy that became stricter within the minute refuses a password once; the next is made after the new one."""
    account = await made(row, corp)
    assert (await corp.password_policy(account)).min_length == 10
    row.slapd.replace(DEFAULT_POLICY, "pwdMinLength", "40")
    with pytest.raises(PasswordRejected):
        await corp.set_password(account, Secret(NEW), must_change=False)
    assert (await corp.password_policy(account)).min_length == 40


async def test_a_refused_write_keeps_its_connection(row, opened) -> None:
    """A plain "no" to one write costs no new connection: a bulk with refusals goes on at its pace."""
    account = await made(row, row.directory)
    tap = Tap(row.slapd)
    directory = opened(url=await tap.listen(), pool_size=1)
    for _ in range(3):
        with pytest.raises(PasswordRejected):
            await directory.set_password(account, Secret("Short-3"), must_change=False)
    assert tap.seen[0x60] == 1
    await directory.close()
    await tap.close()


async def test_who_must_wait_for_another_second_keeps_nobody_waiting(row, opened) -> None:
    """An account whose password was set in this second waits without a connection; an older one goes first."""
    young = await made(row, row.directory)
    old = await made(row, row.directory, Person(login="charles", mail="charles@example.test"))
    directory = opened(pool_size=1)
    await directory.set_password(young, Secret(NEW), must_change=False)
    done = []

    async def write(account):
        await directory.set_password(account, Secret(OTHER), must_change=False)
        done.append(account.login)

    await asyncio.gather(write(young), write(old))
    assert done == [old.login, young.login]
