"""What only OpenLDAP has: ppolicy's marks, the guard of the one modify, filters and groups, markers, limits."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from directory.base import (
    AccountGone,
    CannotDo,
    NotAllowed,
    PasswordPolicy,
    PasswordRejected,
    PasswordUnchanged,
)
from directory.registry import open_directory
from directory.secret import Secret
from tests.directory.harness import Person, Sign
from tests.directory.harness_ldap import ADMINS, ldif, settings, utc_now
from tests.support.ldap_tap import BIND, MODIFY, Tap
from tests.support.slapd import BASE, DEFAULT_POLICY, GROUPS, PEOPLE, POLICIES, SERVICE, people

pytestmark = pytest.mark.server

OLD = Person().password or ""
NEW = "Speech-annually-nephew-dispense-3"
OTHER = "Velvet-otter-plank-moss-dune-7"
ADA = f"uid=ada.lovelace,{PEOPLE}"


async def made(row, directory, person=None):
    account_id = await row.make_account(person or Person())
    return (await directory.fetch([account_id]))[account_id]


def policy(row, name, **values):
    """Add a policy entry; return its DN."""
    dn = f"cn={name},{POLICIES}"
    fixed = [("objectClass", "organizationalRole"), ("objectClass", "pwdPolicy"), ("pwdAttribute", "userPassword")]
    row.slapd.admin(ldif(dn, [*fixed, *values.items()]))
    return dn


# -- the one modify ----------------------------------------------------------------------------------------


async def test_disabled_at_the_last_moment_stays_disabled(row, corp, opened) -> None:
    """Who is disabled after our last look and before the server writes is AccountGone: slapd would enable them."""
    account = await made(row, corp)

    def disable(kind):
        if kind == MODIFY:
            row.slapd.replace(ADA, "pwdAccountLockedTime", "000001010000Z")

    tap = Tap(row.slapd, before=disable)
    slow = opened(url=await tap.listen())
    with pytest.raises(AccountGone):
        await slow.set_password(account, Secret(NEW), must_change=True)
    await tap.close()
    assert row.slapd.read(ADA, "pwdAccountLockedTime") == {"pwdaccountlockedtime": ["000001010000Z"]}
    assert await row.sign_in(account.id, NEW) == Sign.NO


@pytest.mark.parametrize("kind", ["disabled_filter", "privileged_filter"])
async def test_marked_at_the_last_moment_is_left_alone(row, corp, opened, kind) -> None:
    """The configured filters stand in the same guard: disabled or promoted meanwhile is AccountGone."""
    account = await made(row, corp)

    def mark(request):
        if request == MODIFY:
            row.slapd.replace(ADA, "employeeType", "special")

    tap = Tap(row.slapd, before=mark)
    slow = opened(url=await tap.listen(), **{kind: "(employeeType=special)"})
    with pytest.raises(AccountGone):
        await slow.set_password(account, Secret(NEW), must_change=True)
    await tap.close()
    assert await row.sign_in(account.id, OLD) == Sign.YES


async def test_without_must_change_an_old_mark_goes(row, corp) -> None:
    """must_change=False takes back what an earlier reset asked for, in the same modify."""
    account = await made(row, corp)
    await corp.set_password(account, Secret(NEW), must_change=True)
    written = await corp.set_password(account, Secret(OTHER), must_change=False)
    assert not written.must_change
    assert await row.sign_in(account.id, OTHER) == Sign.YES


async def test_a_reset_lifts_a_lock(row, corp) -> None:
    """A locked account can sign in with its new password at once: slapd lifts the lock itself."""
    account = await made(row, corp)
    await row.lock(account.id)
    await corp.set_password(account, Secret(NEW), must_change=False)
    assert await row.sign_in(account.id, NEW) == Sign.YES


@pytest.mark.parametrize(
    "text", ["{SSHA}c2FsdHNhbHQtYW5kLW1vcmU=", "{CLEARTEXT}Some-text-3", "\ud800-half-a-character"]
)
async def test_a_password_that_looks_like_a_hash_is_never_sent(row, corp, text) -> None:
    """With pwdCheckQuality 0 slapd would store such a text as a hash: nobody could sign in with it."""
    row.slapd.replace(DEFAULT_POLICY, "pwdCheckQuality", "0")
    account = await made(row, corp)
    with pytest.raises(PasswordRejected):
        await corp.set_password(account, Secret(text), must_change=False)
    assert await row.sign_in(account.id, OLD) == Sign.YES


async def test_history_and_the_current_password_are_told_apart(row, corp) -> None:
    """Ppolicy answers both with error 8: the current one is PasswordUnchanged, an older one PasswordRejected."""
    account = await made(row, corp)
    await corp.set_password(account, Secret(NEW), must_change=False)
    await corp.set_password(account, Secret(OTHER), must_change=False)
    with pytest.raises(PasswordUnchanged):
        await corp.set_password(account, Secret(OTHER), must_change=False)
    with pytest.raises(PasswordRejected, match="history"):
        await corp.set_password(account, Secret(NEW), must_change=False)
    with pytest.raises(PasswordRejected, match="length"):
        await corp.set_password(account, Secret("Short-3"), must_change=False)


async def test_a_policy_that_ties_our_hands_is_named(row, corp) -> None:
    """Limits such as pwdMinAge and pwdSafeModify hold for our account too: NotAllowed, with the setting's name."""
    account = await made(row, corp)
    await corp.set_password(account, Secret(NEW), must_change=False)
    row.slapd.replace(DEFAULT_POLICY, "pwdMinAge", "3600")
    with pytest.raises(NotAllowed, match="pwdMinAge"):
        await corp.set_password(account, Secret(OTHER), must_change=False)
    row.slapd.replace(DEFAULT_POLICY, "pwdMinAge", "0")
    row.slapd.replace(DEFAULT_POLICY, "pwdSafeModify", "TRUE")
    with pytest.raises(NotAllowed, match="pwdSafeModify"):
        await corp.set_password(account, Secret(OTHER), must_change=False)


async def test_protected_people_are_not_reset(row, opened) -> None:
    """Whom the server's own rights protect is NotAllowed, even if our settings do not know them as privileged."""
    dn = f"uid=boss,ou=admins,{BASE}"
    row.slapd.admin(ldif(dn, [("objectClass", "inetOrgPerson"), ("uid", "boss"), ("cn", "Boss"), ("sn", "B")]))
    directory = opened()
    boss = await directory.find("boss")
    assert boss is not None
    with pytest.raises((NotAllowed, AccountGone)):
        await directory.set_password(boss, Secret(NEW), must_change=False)


# -- the marker --------------------------------------------------------------------------------------------


async def test_the_marker_stands_while_only_other_things_change(row, corp) -> None:
    """A failed sign-in, a good one and a new address change entryCSN; the marker is of the password alone."""
    account = await made(row, corp)
    written = await corp.set_password(account, Secret(NEW), must_change=False)
    before = row.slapd.read(ADA, "entryCSN")
    await row.sign_in(account.id, "not the password")
    await row.sign_in(account.id, NEW)
    await row.move_mail(account.id, "countess@example.test")
    assert row.slapd.read(ADA, "entryCSN") != before
    assert (await corp.fetch([account.id]))[account.id].marker == written.marker


async def test_no_two_passwords_in_one_second(row, corp) -> None:
    """A pwdChangedTime has whole seconds: a write waits for the next one, so that each write has its own marker."""
    account = await made(row, corp)
    one = await corp.set_password(account, Secret(NEW), must_change=False)
    two = await corp.set_password(account, Secret(OTHER), must_change=False)
    assert one.marker != two.marker


async def test_a_person_that_has_never_had_a_password_set_has_no_marker(row, corp) -> None:
    """Without pwdChangedTime there is nothing that would change with the password: None, never a guess."""
    row.slapd.admin(ldif(ADA, [("objectClass", "inetOrgPerson"), ("cn", "Ada"), ("sn", "L"), ("uid", "ada.lovelace")]))
    account = await corp.find("ada.lovelace")
    assert account is not None
    assert account.marker is None
    assert (await corp.set_password(account, Secret(NEW), must_change=False)).marker


# -- policies ----------------------------------------------------------------------------------------------


async def test_ones_own_policy_wins_over_the_default(row, corp) -> None:
    """An account's pwdPolicySubentry names the policy in force; without it, it is the configured default."""
    account = await made(row, corp)
    assert await corp.password_policy(account) == PasswordPolicy(min_length=10, history=5)
    strict = policy(row, "strict", pwdMinLength="16", pwdMaxLength="40", pwdInHistory="24", pwdMustChange="TRUE")
    row.slapd.replace(ADA, "pwdPolicySubentry", strict)
    await corp.fetch([account.id])  # what was seen of it before is good for half a minute
    assert await corp.password_policy(account) == PasswordPolicy(min_length=16, max_length=40, history=24)


async def test_what_clients_cannot_read_comes_from_the_settings(row, opened) -> None:
    """The classes that a check module demands are settings; an unknown default policy is the contract's default."""
    directory = opened(default_policy_dn=None, min_classes=3, forbid_names=True)
    account = await made(row, directory)
    assert await directory.password_policy(account) == PasswordPolicy(min_classes=3, forbid_names=True)


async def test_a_policy_that_cannot_be_read_is_told(row, opened) -> None:
    """A policy that is named and not there is NotAllowed, never a guess at what it may demand."""
    directory = opened(default_policy_dn=f"cn=nowhere,{POLICIES}")
    account = await made(row, directory)
    with pytest.raises(NotAllowed):
        await directory.password_policy(account)


async def test_must_change_without_effect_is_not_claimed(row, corp) -> None:
    """With pwdMustChange FALSE slapd ignores pwdReset: the write says so, and the call of its own is CannotDo."""
    account = await made(row, corp)
    row.slapd.replace(DEFAULT_POLICY, "pwdMustChange", "FALSE")
    written = await corp.set_password(account, Secret(NEW), must_change=True)
    assert not written.must_change
    with pytest.raises(CannotDo):
        await corp.must_change(account)
    assert await row.sign_in(account.id, NEW) == Sign.YES


async def test_a_lock_ends_with_its_duration(row, opened, slapd_row) -> None:
    """The mark of a lock stays after it has run out; it is told as no lock any more."""
    account = await made(row, row.directory)
    row.slapd.replace(DEFAULT_POLICY, "pwdLockoutDuration", "600")
    await row.lock(account.id)
    assert (await row.directory.fetch([account.id]))[account.id].locked
    later = open_directory("ldap", "corp", settings(row.slapd), clock=lambda: utc_now() + timedelta(seconds=601))
    assert not (await later.fetch([account.id]))[account.id].locked
    await later.close()


# -- trying a password -------------------------------------------------------------------------------------


async def test_an_empty_password_is_never_sent(row, corp, opened) -> None:
    """A bind with an empty password succeeds as nobody (RFC 4513, 5.1.2); it must not even leave us."""
    account = await made(row, corp)
    tap = Tap(row.slapd)
    directory = opened(url=await tap.listen())
    assert not await directory.verify_password(account, Secret(""))
    assert BIND not in tap.seen
    await tap.close()


@pytest.mark.parametrize("how", ["lock", "disable"])
async def test_what_a_locked_account_answers_tells_nothing(row, corp, how) -> None:
    """A locked account is refused its right password as well: AccountGone, and no guess is spent."""
    account = await made(row, corp)
    await getattr(row, how)(account.id)
    before = row.slapd.read(ADA, "pwdFailureTime")
    with pytest.raises(AccountGone):
        await corp.verify_password(account, Secret(OLD))
    assert row.slapd.read(ADA, "pwdFailureTime") == before


async def test_an_expired_password_is_still_the_right_one(row, corp) -> None:
    """Ppolicy refuses a right password that is too old with an error of its own: it is the current one."""
    account = await made(row, corp)
    row.slapd.replace(DEFAULT_POLICY, "pwdMaxAge", "3600")
    assert await row.sign_in(account.id, OLD) == Sign.NO
    assert await corp.verify_password(account, Secret(OLD))
    assert not await corp.verify_password(account, Secret(NEW))


async def test_a_one_time_password_is_the_right_one(row, corp) -> None:
    """A password that must be changed at the next sign-in is the current one."""
    account = await made(row, corp)
    await corp.set_password(account, Secret(NEW), must_change=True)
    assert await corp.verify_password(account, Secret(NEW))


# -- groups and filters ------------------------------------------------------------------------------------


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


# -- walking -----------------------------------------------------------------------------------------------


async def test_a_walk_is_paged_and_whole(row, corp, opened) -> None:
    """A walk gives pages of page_size and everybody once; the marker comes with the last page and with no other."""
    row.slapd.up(more=ldif(ADMINS, [("objectClass", "groupOfNames"), ("member", SERVICE)]) + people(25))
    directory = opened(page_size=10)
    walked = [page async for page in directory.pages()]
    assert [len(page.accounts) for page in walked] == [10, 10, 5]
    assert len({a.id for page in walked for a in page.accounts}) == 25
    assert [page.marker is None for page in walked] == [True, True, False]


async def test_only_what_changed_is_walked_again(row, corp) -> None:
    """From a marker on come the changed alone, and from the newest marker on nobody."""
    row.slapd.up(more=ldif(ADMINS, [("objectClass", "groupOfNames"), ("member", SERVICE)]) + people(25))
    [first] = [page async for page in corp.pages()]
    row.slapd.replace(f"uid=u000007,{PEOPLE}", "mail", "seven@example.test")
    [changed] = [page async for page in corp.pages(first.marker)]
    assert [account.login for account in changed.accounts] == ["u000007"]
    assert [page async for page in corp.pages(changed.marker)] == []


async def test_what_changes_during_a_walk_is_not_lost(row, corp, opened) -> None:
    """An entry that changes after it was read, while others that change later are still to come, is told next time."""
    row.slapd.up(more=ldif(ADMINS, [("objectClass", "groupOfNames"), ("member", SERVICE)]) + people(25))
    directory = opened(page_size=10)
    marker = None
    async for page in directory.pages():
        if marker is None:
            marker = ""
            row.slapd.replace(f"uid=u000001,{PEOPLE}", "mail", "one@example.test")
            row.slapd.replace(f"uid=u000025,{PEOPLE}", "mail", "last@example.test")
        marker = page.marker
    seen = {a.login: a.mail async for page in directory.pages(marker) for a in page.accounts}
    assert seen["u000001"] == "one@example.test"


async def test_a_size_limit_is_told(row, corp) -> None:
    """A service account that may not read everybody makes no half index: NotAllowed."""
    row.slapd.up(more=ldif(ADMINS, [("objectClass", "groupOfNames"), ("member", SERVICE)]) + people(30), most="20")
    with pytest.raises(NotAllowed):
        _ = [page async for page in corp.pages()]


async def test_a_walk_that_is_left_gives_its_connection_back(row, corp, opened) -> None:
    """Who stops reading midway holds nothing: with one connection, the next call has it."""
    row.slapd.up(more=ldif(ADMINS, [("objectClass", "groupOfNames"), ("member", SERVICE)]) + people(25))
    directory = opened(page_size=10, pool_size=1)
    walk = directory.pages()
    await anext(walk)
    await walk.aclose()
    assert await directory.find("u000003") is not None


async def test_many_are_fetched_at_once(row, corp) -> None:
    """`fetch` takes hundreds of ids."""
    row.slapd.up(more=ldif(ADMINS, [("objectClass", "groupOfNames"), ("member", SERVICE)]) + people(450))
    ids = [a.id async for page in corp.pages() for a in page.accounts]
    assert set(await corp.fetch(ids)) == set(ids)


async def test_find_is_not_stopped_by_many(row, corp) -> None:
    """A shared mailbox of more than twenty people is Ambiguous and not an endless list."""
    same = people(30).replace("@example.test", "").replace("mail: u", "mail: shared@example.test\ndescription: u")
    row.slapd.up(more=ldif(ADMINS, [("objectClass", "groupOfNames"), ("member", SERVICE)]) + same)
    with pytest.raises(Exception, match="more than one") as caught:
        await corp.find("shared@example.test")
    assert len(caught.value.accounts) == 20


async def test_reads_go_on_side_by_side(row, corp) -> None:
    """More callers than connections wait their turn, and all are served."""
    account = await made(row, corp)
    found = await asyncio.gather(*(corp.find("ada.lovelace") for _ in range(40)))
    assert {one.id for one in found if one} == {account.id}
