"""Every connector keeps every promise of `directory.base`, against a real directory.

A promise about a capability that the connector does not declare becomes another one: it is refused with CannotDo.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import UTC
from typing import TYPE_CHECKING

import pytest

from directory.base import (
    AccountGone,
    Ambiguous,
    BadAnswer,
    CannotDo,
    Capability,
    Directory,
    DirectoryError,
    Group,
    GroupGone,
    GroupKind,
    NotNow,
    PasswordPolicy,
    PasswordRejected,
    PasswordUnchanged,
    Unreachable,
)
from directory.registry import CONNECTORS, connector
from directory.secret import Secret
from tests.directory.harness import ROWS, Harness, Person, Sign

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from directory.base import Account

OLD = Person().password or ""
NEW = "Speech-annually-nephew-dispense-3"
OTHER = "Velvet-otter-plank-moss-dune-7"
POLICY = PasswordPolicy(min_length=12, history=3)

CALLS: dict[Capability, Callable[[Directory, Account], Awaitable[object]]] = {
    Capability.MUST_CHANGE: lambda d, a: d.must_change(a),
    Capability.REVOKE_SESSIONS: lambda d, a: d.revoke_sessions(a),
    Capability.REVOKE_TOKENS: lambda d, a: d.revoke_tokens(a),
    Capability.UNLOCK: lambda d, a: d.unlock(a),
    Capability.GROUPS: lambda d, a: d.groups(a),
    Capability.PASSWORD_POLICY: lambda d, a: d.password_policy(a),
    Capability.VERIFIED_DOMAINS: lambda d, _: d.verified_domains(),
    Capability.LAST_SIGN_IN: lambda d, a: d.last_sign_in(a),
    Capability.VERIFY_PASSWORD: lambda d, a: d.verify_password(a, Secret(OLD)),
    Capability.MEMBERS: lambda d, _: d.find_groups("any"),
}


async def made(harness: Harness, directory: Directory, person: Person | None = None) -> Account:
    account_id = await harness.make_account(person or Person())
    return (await directory.fetch([account_id]))[account_id]


async def again(directory: Directory, account: Account) -> Account:
    return (await directory.fetch([account.id]))[account.id]


def declares(harness: Harness, directory: Directory, capability: Capability) -> bool:
    """Say whether a promise about a capability is to be kept here; what is excused is skipped with its reason."""
    if capability in harness.excused:
        pytest.skip(f"{harness.kind}: {harness.excused[capability]}")
    return directory.can(capability)


async def named(directory: Directory, name: str) -> Group:
    [group] = [g for g in await directory.find_groups(name) if g.name == name]
    return group


async def inside(directory: Directory, group_id: str) -> list[str]:
    ids: list[str] = []
    async for batch in directory.members(group_id):
        assert 1 <= len(batch) <= 1000
        ids += batch
    assert len(ids) == len(set(ids))
    return ids


async def everyone(directory: Directory, since: str | None = None) -> tuple[dict[str, Account], set[str], str | None]:
    seen: dict[str, Account] = {}
    gone: set[str] = set()
    marker = None
    async for page in directory.pages(since):
        assert len(page.accounts) <= 1000
        seen |= {account.id: account for account in page.accounts}
        gone |= set(page.gone)
        marker = page.marker
    return seen, gone, marker


# -- the suite itself --------------------------------------------------------------------------------------


def test_every_registered_connector_has_a_row() -> None:
    """A connector that the registry knows is held against this suite, or the build fails."""
    assert set(CONNECTORS) == set(ROWS)


def test_every_capability_is_called_here() -> None:
    """A new capability joins CALLS (pages with CHANGES are walked apart)."""
    assert set(CALLS) == set(Capability) - {Capability.CHANGES}


async def test_a_connector_tells_its_kind_and_its_name(harness: Harness, directory: Directory) -> None:
    """The class that the registry opens is of the kind it was asked for, and keeps the name it was given."""
    assert isinstance(directory, connector(harness.kind))  # type: ignore[arg-type]
    assert directory.kind == harness.kind
    assert directory.name


async def test_what_is_not_declared_is_refused(harness: Harness, directory: Directory) -> None:
    """Silence is impossible: a capability that is not declared raises CannotDo."""
    account = await made(harness, directory)
    for capability in set(CALLS) - directory.capabilities:
        with pytest.raises(CannotDo):
            await CALLS[capability](directory, account)
    if not directory.can(Capability.MEMBERS):
        with pytest.raises(CannotDo):
            directory.members("any")
        with pytest.raises(CannotDo):
            await directory.group("any")


async def test_what_is_declared_is_there(harness: Harness, directory: Directory) -> None:
    """Whatever is declared answers, for an account about which there is nothing special."""
    account = await made(harness, directory)
    for capability in set(CALLS) & directory.capabilities:
        await CALLS[capability](directory, account)


# -- finding -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "ident", ["ada.lovelace", "ADA.Lovelace", "ada.lovelace@example.test", "Ada.Lovelace@EXAMPLE.test"]
)
async def test_find_takes_login_and_mail_in_any_case(harness: Harness, directory: Directory, ident: str) -> None:
    """An account is found by its login or its mail address, and is told as it is."""
    account = await made(harness, directory)
    found = await directory.find(ident)
    assert found == account
    assert (found.login, found.name, found.mail) == ("ada.lovelace", "Ada Lovelace", "ada.lovelace@example.test")
    assert (found.given_name, found.family_name) == ("Ada", "Lovelace")
    assert not any((found.disabled, found.locked, found.external, found.privileged, found.service))
    assert found.confirmed
    assert not found.must_change


@pytest.mark.parametrize(
    "ident",
    [
        "",
        " ",
        "nobody",
        "ada",
        "ada.lovelace@",
        "ada*",
        "*",
        "*)(uid=*",
        "ada.lovelace' OR '1'='1",
        "\\2a",
        "%",
        "_" * 12,
        "ada.lovelace\x00",
        "a" * 256,
        "\ud800",
    ],
)
async def test_find_is_exact(harness: Harness, directory: Directory, ident: str) -> None:
    """Nothing but the whole name answers: no prefix, no wild card, no filter or SQL smuggled in."""
    await made(harness, directory)
    assert await directory.find(ident) is None


async def test_find_refuses_to_choose(harness: Harness, directory: Directory) -> None:
    """A mail address that two accounts share is Ambiguous, and both are told."""
    one = await made(harness, directory)
    two = await made(harness, directory, Person(login="ada.twin", name="Ada Twin"))
    with pytest.raises(Ambiguous) as caught:
        await directory.find("ada.lovelace@example.test")
    assert {account.id for account in caught.value.accounts} == {one.id, two.id}


async def test_many_are_found_as_one_is(harness: Harness, directory: Directory) -> None:
    """Every name asked for is a key: one account, none, or all who share it; each as `find` tells it."""
    ada = await made(harness, directory)
    charles = await made(harness, directory, Person(login="charles", name="Charles B", mail="charles@example.test"))
    twins = [
        await made(harness, directory, Person(login=f"twin{n}", name="A Twin", mail="twins@example.test"))
        for n in range(2)
    ]
    hostile = ["", " ", "*", "twin*", "*)(uid=*", "x' OR '1'='1", "\\2a", "\x00", "a" * 300, "\ud800"]
    idents = ["ADA.Lovelace", "ada.lovelace@example.test", "charles", "Twins@example.test", "nobody", *hostile]
    found = await directory.find_many(idents)
    assert list(found) == idents
    assert found["ADA.Lovelace"] == found["ada.lovelace@example.test"] == (ada,)
    assert found["charles"] == (charles,)
    assert {a.id for a in found["Twins@example.test"]} == {t.id for t in twins}
    assert all(found[ident] == () for ident in ["nobody", *hostile])
    assert await directory.find_many([]) == {}


async def test_a_thousand_names_are_looked_for_at_once(harness: Harness, directory: Directory) -> None:
    """A thousand names and a thousand ids go in one call each; those that are there are told."""
    account = await made(harness, directory)
    names = [f"nobody{n}" for n in range(999)]
    found = await directory.find_many([*names, account.login])
    assert {name for name, accounts in found.items() if accounts} == {account.login}
    ids = [f"{n:08d}-0000-4000-8000-000000000000" for n in range(999)]
    assert set(await directory.fetch([*ids, account.id])) == {account.id}


async def test_hostile_names_come_through_as_they_are(harness: Harness, directory: Directory) -> None:
    """Texts are as the directory has them; escaping is the views' part."""
    name = "<!channel> \u202eyks =1+1 *b* Žofie 李"
    account = await made(harness, directory, Person(login="hostile", name=name, mail="hostile@example.test"))
    assert account.name == name
    found = await directory.find("hostile")
    assert found is not None
    assert found.name == name


@pytest.mark.parametrize(
    "person",
    [
        Person(recovery_mail="ada@home.test"),
        Person(department="Engines"),
        Person(slack_user="U0ADA"),
        Person(external=True),
        Person(privileged=True),
        Person(service=True),
        Person(confirmed=False),
    ],
    ids=["recovery_mail", "department", "slack_user", "external", "privileged", "service", "unconfirmed"],
)
async def test_fields_are_told(harness: Harness, directory: Directory, person: Person) -> None:
    """What the directory has a place for is told; what it has none for stays at its harmless default."""
    account = await made(harness, directory, person if harness.fields else None)
    plain = Person()
    for name in ("recovery_mail", "department", "slack_user", "external", "privileged", "service", "confirmed"):
        expected = getattr(person, name) if name in harness.fields else getattr(plain, name)
        assert getattr(account, name) == expected, name


async def test_an_account_without_mail_is_an_account(harness: Harness, directory: Directory) -> None:
    """A missing address is None, never an empty text."""
    assert (await made(harness, directory, Person(mail=None))).mail is None


async def test_fetch_reads_anew_and_leaves_out_who_is_gone(harness: Harness, directory: Directory) -> None:
    """Ids are immutable: a changed account keeps its id, a deleted one is missing, nonsense is missing too."""
    account = await made(harness, directory)
    other = await made(harness, directory, Person(login="charles", name="Charles B", mail="charles@example.test"))
    await harness.move_mail(account.id, "countess@example.test")
    await harness.delete(other.id)
    fetched = await directory.fetch([account.id, other.id, "nonsense", "*", ""])
    assert set(fetched) == {account.id}
    assert fetched[account.id].mail == "countess@example.test"
    assert await directory.fetch([]) == {}


async def test_a_new_account_with_an_old_name_has_another_id(harness: Harness, directory: Directory) -> None:
    """An id is never given to another account: who was deleted and made again is somebody else."""
    account = await made(harness, directory)
    await harness.delete(account.id)
    assert (await made(harness, directory)).id != account.id


async def test_a_disabled_account_is_found_and_told_so(harness: Harness, directory: Directory) -> None:
    """Disabled accounts are not hidden; the rules need to see them."""
    account = await made(harness, directory)
    await harness.disable(account.id)
    found = await directory.find(account.login)
    assert found is not None
    assert found.disabled
    assert found.id == account.id


# -- walking -----------------------------------------------------------------------------------------------


async def test_pages_walk_over_all_accounts(harness: Harness, directory: Directory) -> None:
    """A walk without a marker meets every account once, just as `fetch` tells it."""
    made_ids = [
        await harness.make_account(Person(login=f"person{n}", name=f"Person {n}", mail=f"p{n}@example.test"))
        for n in range(7)
    ]
    seen, _, marker = await everyone(directory)
    assert set(made_ids) <= set(seen)
    assert {i: seen[i] for i in made_ids} == await directory.fetch(made_ids)
    assert (marker is not None) == directory.can(Capability.CHANGES)


async def test_pages_since_a_marker_tell_the_changes(harness: Harness, directory: Directory) -> None:
    """From a marker on come all that changed since (a few more do no harm), and no change is lost."""
    if not declares(harness, directory, Capability.CHANGES):
        return
    account = await made(harness, directory)
    _, _, marker = await everyone(directory)
    assert marker is not None
    await harness.move_mail(account.id, "countess@example.test")
    new = await made(harness, directory, Person(login="charles", name="Charles B", mail="charles@example.test"))
    seen, _, later = await everyone(directory, marker)
    assert seen[account.id].mail == "countess@example.test"
    assert new.id in seen
    assert later is not None
    await harness.disable(new.id)
    seen, _, _ = await everyone(directory, later)
    assert seen[new.id].disabled


async def test_a_marker_of_nonsense_does_no_harm(harness: Harness, directory: Directory) -> None:
    """A marker that is not ours ends in a whole walk or in a DirectoryError, never in a bug or in silence."""
    if not declares(harness, directory, Capability.CHANGES):
        return
    account = await made(harness, directory)
    for marker in ("nonsense", "x:1", "*", "9" * 40):
        try:
            seen, _, _ = await everyone(directory, marker)
        except DirectoryError:
            continue
        assert account.id in seen


# -- setting a password ------------------------------------------------------------------------------------


async def test_a_second_write_soon_after_the_first_is_whole(harness: Harness, directory: Directory) -> None:
    """What was seen of an account before a write is not leaned on after it: three in a row have three markers."""
    account = await made(harness, directory)
    markers = [
        (await directory.set_password(account, Secret(f"{NEW}-{n}"), must_change=False)).marker for n in range(3)
    ]
    assert len({account.marker, *markers}) == 4
    assert await harness.sign_in(account.id, f"{NEW}-2") == Sign.YES


async def test_the_new_password_opens_and_the_old_one_does_not(harness: Harness, directory: Directory) -> None:
    """After set_password only the new password signs in; nothing is asked for at the next sign-in."""
    account = await made(harness, directory)
    written = await directory.set_password(account, Secret(NEW), must_change=False)
    assert not written.must_change
    assert await harness.sign_in(account.id, NEW) == Sign.YES
    assert await harness.sign_in(account.id, OLD) == Sign.NO


@pytest.mark.parametrize(
    "password",
    [
        "Žluťoučký-kůň-李-🐎-3",
        "  Spaces at both ends 3  ",
        'Quote"\\back{slash}-3',
        "Cafe\u0301-de\u0301compose\u0301-3",
    ],
    ids=["unicode", "spaces", "quotes", "decomposed"],
)
async def test_a_password_is_sent_byte_for_byte(harness: Harness, directory: Directory, password: str) -> None:
    """Any Unicode arrives as it is: not trimmed, not normalised, not escaped."""
    account = await made(harness, directory)
    await directory.set_password(account, Secret(password), must_change=False)
    assert await harness.sign_in(account.id, password) == Sign.YES
    assert await harness.sign_in(account.id, password.strip() + "x") == Sign.NO


async def test_must_change_is_asked_for(harness: Harness, directory: Directory) -> None:
    """With must_change, at once or by the call that follows, the password is right and must be changed."""
    account = await made(harness, directory)
    written = await directory.set_password(account, Secret(NEW), must_change=True)
    if not declares(harness, directory, Capability.MUST_CHANGE):
        assert not written.must_change
        return
    if not written.must_change:
        await directory.must_change(account)
    assert await harness.sign_in(account.id, NEW) == Sign.MUST_CHANGE
    assert (await again(directory, account)).must_change
    await harness.change_password(account.id, NEW, OTHER)
    assert await harness.sign_in(account.id, OTHER) == Sign.YES
    assert not (await again(directory, account)).must_change


async def test_must_change_alone_keeps_the_password(harness: Harness, directory: Directory) -> None:
    """The call of its own leaves the password as it is, and may be repeated."""
    if not declares(harness, directory, Capability.MUST_CHANGE):
        return
    account = await made(harness, directory)
    await directory.must_change(account)
    await directory.must_change(account)
    assert await harness.sign_in(account.id, OLD) == Sign.MUST_CHANGE


async def test_the_marker_changes_with_the_password(harness: Harness, directory: Directory) -> None:
    """Whoever changes the password changes the marker; what leaves the password alone leaves it alone."""
    account = await made(harness, directory)
    if account.marker is None:
        pytest.skip("this directory has no such marker")
    written = await directory.set_password(account, Secret(NEW), must_change=False)
    after = await again(directory, account)
    assert written.marker == after.marker != account.marker
    await harness.move_mail(account.id, "countess@example.test")
    assert (await again(directory, account)).marker == after.marker
    await harness.change_password(account.id, NEW, OTHER)
    assert (await again(directory, account)).marker != after.marker


async def test_the_time_of_the_change_is_told_in_utc(harness: Harness, directory: Directory) -> None:
    """Where the directory tells when a password changed, the time is aware and in UTC, and moves on."""
    account = await made(harness, directory)
    await directory.set_password(account, Secret(NEW), must_change=False)
    changed = (await again(directory, account)).password_changed_at
    if changed is not None:
        assert changed.tzinfo == UTC
        assert account.password_changed_at is None or changed >= account.password_changed_at


async def test_a_weak_password_is_refused_and_nothing_changes(harness: Harness, directory: Directory) -> None:
    """The policy stands above us: too short is PasswordRejected, the old password still opens, the marker stands."""
    await harness.set_policy(POLICY)
    account = await made(harness, directory)
    with pytest.raises(PasswordRejected):
        await directory.set_password(account, Secret("Short-3"), must_change=True)
    with pytest.raises(PasswordRejected):
        await directory.set_password(account, Secret(""), must_change=True)
    assert await harness.sign_in(account.id, OLD) == Sign.YES
    assert await again(directory, account) == account


async def test_a_repeated_write_is_told_apart(harness: Harness, directory: Directory) -> None:
    """The same password again is PasswordUnchanged and not PasswordRejected: that is how a retry knows."""
    await harness.set_policy(POLICY)
    account = await made(harness, directory)
    await directory.set_password(account, Secret(NEW), must_change=False)
    with pytest.raises(PasswordUnchanged):
        await directory.set_password(account, Secret(NEW), must_change=False)
    assert await harness.sign_in(account.id, NEW) == Sign.YES


async def test_an_older_password_is_refused(harness: Harness, directory: Directory) -> None:
    """A remembered password is PasswordRejected, and the current one stays."""
    await harness.set_policy(POLICY)
    account = await made(harness, directory)
    await directory.set_password(account, Secret(NEW), must_change=False)
    await directory.set_password(account, Secret(OTHER), must_change=False)
    with pytest.raises(PasswordRejected):
        await directory.set_password(account, Secret(NEW), must_change=False)
    assert await harness.sign_in(account.id, OTHER) == Sign.YES


async def test_an_account_disabled_meanwhile_is_left_alone(harness: Harness, directory: Directory) -> None:
    """An account that another admin disabled after we found it is AccountGone: not enabled, not changed."""
    account = await made(harness, directory)
    await harness.disable(account.id)
    with pytest.raises(AccountGone):
        await directory.set_password(account, Secret(NEW), must_change=True)
    after = await again(directory, account)
    assert after.disabled
    assert after.marker == account.marker
    assert await harness.sign_in(account.id, NEW) == Sign.NO


async def test_a_deleted_account_is_gone(harness: Harness, directory: Directory) -> None:
    """Every write to an account that was deleted meanwhile is AccountGone, and creates nothing."""
    account = await made(harness, directory)
    await harness.delete(account.id)
    with pytest.raises(AccountGone):
        await directory.set_password(account, Secret(NEW), must_change=False)
    for capability in {Capability.MUST_CHANGE, Capability.UNLOCK} & directory.capabilities:
        with pytest.raises(AccountGone):
            await CALLS[capability](directory, account)
    assert await directory.find(account.login) is None


async def test_a_namesake_is_not_the_account(harness: Harness, directory: Directory) -> None:
    """Who was deleted and made again under the same name is not written to by the old account's id."""
    account = await made(harness, directory)
    await harness.delete(account.id)
    namesake = await made(harness, directory)
    with pytest.raises(AccountGone):
        await directory.set_password(account, Secret(NEW), must_change=False)
    assert await harness.sign_in(namesake.id, OLD) == Sign.YES


async def test_two_at_once_leave_one_of_the_two_passwords(harness: Harness, directory: Directory) -> None:
    """Two writes at the same time do not mix: exactly one password opens, and nobody meets a bug."""
    account = await made(harness, directory)
    await asyncio.gather(
        directory.set_password(account, Secret(NEW), must_change=False),
        directory.set_password(account, Secret(OTHER), must_change=False),
        return_exceptions=False,
    )
    told = [await harness.sign_in(account.id, password) for password in (NEW, OTHER, OLD)]
    assert sorted(told) == [Sign.NO, Sign.NO, Sign.YES]
    assert told[2] == Sign.NO


async def test_many_at_once_are_all_set(harness: Harness, directory: Directory) -> None:
    """Writes to different accounts at the same time all succeed, each with its own password."""
    ids = [
        await harness.make_account(Person(login=f"person{n}", name=f"Person {n}", mail=f"p{n}@example.test"))
        for n in range(8)
    ]
    found = await directory.fetch(ids)
    await asyncio.gather(
        *(directory.set_password(found[i], Secret(f"{NEW}-{n}"), must_change=False) for n, i in enumerate(ids))
    )
    for n, account_id in enumerate(ids):
        assert await harness.sign_in(account_id, f"{NEW}-{n}") == Sign.YES


async def test_a_cancelled_write_is_whole_or_not_there(harness: Harness, directory: Directory) -> None:
    """Cancelling at any moment leaves the old password or the new one, and the directory usable at once."""
    for turns in (0, 1, 2, 3, 5, 8, 13, 21, 34):
        person = Person(login=f"cut{turns}", name="Cut Off", mail=f"cut{turns}@example.test")
        account = await made(harness, directory, person)
        writing = asyncio.create_task(directory.set_password(account, Secret(NEW), must_change=False))
        for _ in range(turns):
            await asyncio.sleep(0)
        writing.cancel()
        await asyncio.gather(writing, return_exceptions=True)
        after = await again(directory, account)
        told = [await harness.sign_in(account.id, password) for password in (OLD, NEW)]
        # a write that had left us may land after we stopped waiting for it: then the new one opens
        assert sorted(told) == [Sign.NO, Sign.YES] or (await again(directory, account)).marker != after.marker
        await directory.set_password(account, Secret(OTHER), must_change=False)
        assert await harness.sign_in(account.id, OTHER) == Sign.YES


# -- what may be declared ----------------------------------------------------------------------------------


async def test_unlock_lifts_a_lock(harness: Harness, directory: Directory) -> None:
    """A lock after wrong passwords is told and lifted; the password stays; lifting twice does no harm."""
    if not declares(harness, directory, Capability.UNLOCK):
        return
    account = await made(harness, directory)
    await harness.lock(account.id)
    assert (await again(directory, account)).locked
    assert await harness.sign_in(account.id, OLD) == Sign.NO
    await directory.unlock(account)
    await directory.unlock(account)
    assert not (await again(directory, account)).locked
    assert await harness.sign_in(account.id, OLD) == Sign.YES


async def test_unlock_never_enables(harness: Harness, directory: Directory) -> None:
    """Unlocking a disabled account leaves it disabled."""
    if not declares(harness, directory, Capability.UNLOCK):
        return
    account = await made(harness, directory)
    await harness.disable(account.id)
    with suppress(AccountGone):  # the guard may hold here too
        await directory.unlock(account)
    assert (await again(directory, account)).disabled
    assert await harness.sign_in(account.id, OLD) == Sign.NO


async def test_sessions_end_and_tokens_stay(harness: Harness, directory: Directory) -> None:
    """All sessions of this account end, are counted, and nothing else does; ending none is success."""
    if not declares(harness, directory, Capability.REVOKE_SESSIONS):
        return
    account = await made(harness, directory)
    other = await made(harness, directory, Person(login="charles", name="Charles B", mail="charles@example.test"))
    sessions = [await harness.open_session(account.id) for _ in range(2)]
    others = await harness.open_session(other.id)
    assert await directory.revoke_sessions(account) == 2
    assert [await harness.lives(handle) for handle in sessions] == [False, False]
    assert await harness.lives(others)
    assert await directory.revoke_sessions(account) == 0


async def test_tokens_are_revoked_and_sessions_stay(harness: Harness, directory: Directory) -> None:
    """All API tokens of this account are revoked, are counted, and nothing else is; revoking none is success."""
    if not declares(harness, directory, Capability.REVOKE_TOKENS):
        return
    account = await made(harness, directory)
    other = await made(harness, directory, Person(login="charles", name="Charles B", mail="charles@example.test"))
    tokens = [await harness.issue_token(account.id) for _ in range(2)]
    others = await harness.issue_token(other.id)
    session = await harness.open_session(account.id) if directory.can(Capability.REVOKE_SESSIONS) else None
    assert await directory.revoke_tokens(account) == 2
    assert [await harness.lives(handle) for handle in tokens] == [False, False]
    assert await harness.lives(others)
    assert session is None or await harness.lives(session)
    assert await directory.revoke_tokens(account) == 0


async def test_groups_are_told_nested_and_sorted(harness: Harness, directory: Directory) -> None:
    """Direct and nested groups come sorted, each once, also where groups hold each other in a circle."""
    if not declares(harness, directory, Capability.GROUPS):
        return
    account = await made(harness, directory)
    assert await directory.groups(account) == ()
    zebra = await harness.join(account.id, "zebra")
    outer = await harness.nest("zebra", inside="antelope")
    assert await directory.groups(account) == tuple(sorted((zebra, outer)))
    await harness.nest("antelope", inside="zebra")
    assert await directory.groups(account) == tuple(sorted((zebra, outer)))


async def test_groups_are_found_by_a_part_of_their_name(harness: Harness, directory: Directory) -> None:
    """A name's beginning or middle finds it, in any case; beginnings come first; nothing typed is a pattern."""
    if not declares(harness, directory, Capability.MEMBERS):
        return
    account = await made(harness, directory)
    for name in ("Sales", "Presales", "Engines (all) *", "Žofie 100%"):
        await harness.join(account.id, name)
    assert [g.name for g in await directory.find_groups("SALES")] == ["Sales", "Presales"]
    assert [g.name for g in await directory.find_groups(" sal ", limit=1)] == ["Sales"]
    assert [g.name for g in await directory.find_groups("žofie 100%")] == ["Žofie 100%"]
    assert [g.name for g in await directory.find_groups("(all) *")] == ["Engines (all) *"]
    for nothing in ("s*s", "*les", "_ales", "%", "\ud800", "\x00", "a" * 300, "*)(cn=*"):
        assert "Sales" not in {g.name for g in await directory.find_groups(nothing)}
    assert {"Sales", "Presales"} <= {g.name for g in await directory.find_groups("", limit=100)}
    assert len(await directory.find_groups("", limit=2)) == 2
    sales = await named(directory, "Sales")
    assert sales.kind is GroupKind.GROUP
    assert await directory.group(sales.id) == sales


async def test_members_are_walked_nested_and_once(harness: Harness, directory: Directory) -> None:
    """Direct and nested members come, each once, also where groups hold each other in a circle."""
    if not declares(harness, directory, Capability.MEMBERS):
        return
    ada = await made(harness, directory)
    charles = await made(harness, directory, Person(login="charles", name="Charles B", mail="charles@example.test"))
    await made(harness, directory, Person(login="nobodys", name="No Member", mail="nobodys@example.test"))
    await harness.join(ada.id, "outer")
    await harness.join(ada.id, "inner")
    await harness.join(charles.id, "inner")
    await harness.nest("inner", inside="outer")
    outer, inner = await named(directory, "outer"), await named(directory, "inner")
    assert set(await inside(directory, outer.id)) == {ada.id, charles.id}
    await harness.nest("outer", inside="inner")
    await harness.nest("inner", inside="inner")
    assert set(await inside(directory, outer.id)) == {ada.id, charles.id}
    assert set(await inside(directory, inner.id)) == {ada.id, charles.id}
    await harness.delete(charles.id)
    assert set(await inside(directory, outer.id)) == {ada.id}


async def test_an_empty_group_has_no_members(harness: Harness, directory: Directory) -> None:
    """A group without people is a walk without a step, and no error."""
    if not declares(harness, directory, Capability.MEMBERS):
        return
    await harness.nest("nothing", inside="nobody")
    await harness.nest("nobody", inside="nothing")
    assert await inside(directory, (await named(directory, "nobody")).id) == []
    assert await inside(directory, (await named(directory, "nothing")).id) == []


async def test_a_group_that_is_not_there_is_gone(harness: Harness, directory: Directory) -> None:
    """An id of nonsense, of an account or of nobody is GroupGone when walked, and None when read."""
    if not declares(harness, directory, Capability.MEMBERS):
        return
    account = await made(harness, directory)
    for group_id in ("", "nonsense", "*", "\ud800", account.id, "00000000-0000-4000-8000-000000000000"):
        assert await directory.group(group_id) is None
        with pytest.raises(GroupGone):
            await inside(directory, group_id)


async def test_a_batch_may_be_fetched_while_the_walk_goes_on(harness: Harness, directory: Directory) -> None:
    """A walk holds nothing between two batches: many walks at once, each fetching as it goes, all end."""
    if not declares(harness, directory, Capability.MEMBERS):
        return
    account = await made(harness, directory)
    await harness.join(account.id, "sales")
    sales = await named(directory, "sales")

    async def walk() -> list[str]:
        return [i async for batch in directory.members(sales.id) for i in await directory.fetch(batch)]

    assert await asyncio.gather(*(walk() for _ in range(12))) == [[account.id]] * 12


async def test_the_policy_told_is_the_policy_in_force(harness: Harness, directory: Directory) -> None:
    """A password of exactly the minimum told is taken, and one character less is not."""
    if not declares(harness, directory, Capability.PASSWORD_POLICY):
        return
    await harness.set_policy(POLICY)
    account = await made(harness, directory)
    told = await directory.password_policy(account)
    assert (told.min_length, told.history) == (POLICY.min_length, POLICY.history)
    with pytest.raises(PasswordRejected):
        await directory.set_password(account, Secret("Q7-" + "x" * (told.min_length - 4)), must_change=False)
    await directory.set_password(account, Secret("Q7-" + "x" * (told.min_length - 3)), must_change=False)


async def test_verified_domains_are_told_in_lower_case(harness: Harness, directory: Directory) -> None:
    """Only verified domains are told."""
    if not declares(harness, directory, Capability.VERIFIED_DOMAINS):
        return
    await harness.add_domain("Example.TEST", verified=True)
    await harness.add_domain("elsewhere.test", verified=False)
    assert await directory.verified_domains() == frozenset({"example.test"})


async def test_the_last_sign_in_is_told(harness: Harness, directory: Directory) -> None:
    """Never is None; afterwards it is an aware time in UTC, and a wrong password does not move it."""
    if not declares(harness, directory, Capability.LAST_SIGN_IN):
        return
    account = await made(harness, directory)
    assert await directory.last_sign_in(account) is None
    await harness.sign_in(account.id, "not the password")
    assert await directory.last_sign_in(account) is None
    await harness.sign_in(account.id, OLD)
    told = await directory.last_sign_in(account)
    assert told is not None
    assert told.tzinfo == UTC


async def test_verify_password_says_yes_to_the_current_one_only(harness: Harness, directory: Directory) -> None:
    """Right is True, everything else False; the empty password is never right (RFC 4513, 5.1.2)."""
    if not declares(harness, directory, Capability.VERIFY_PASSWORD):
        return
    account = await made(harness, directory)
    assert await directory.verify_password(account, Secret(OLD))
    for wrong in ("", OLD.lower(), OLD + " ", "\ud800", "x" * 5000):
        assert not await directory.verify_password(account, Secret(wrong))


async def test_verify_password_counts_towards_a_lock(harness: Harness, directory: Directory) -> None:
    """Wrong guesses lock as a person's own would, and the right one does not open a locked account."""
    if not (declares(harness, directory, Capability.VERIFY_PASSWORD) and directory.can(Capability.UNLOCK)):
        return
    account = await made(harness, directory)
    for _ in range(30):
        await directory.verify_password(account, Secret("not the password"))
        if (await again(directory, account)).locked:
            break
    assert (await again(directory, account)).locked
    with suppress(AccountGone):  # where the directory tells why it refuses the right one too
        assert not await directory.verify_password(account, Secret(OLD))


# -- when things go wrong ----------------------------------------------------------------------------------


async def test_no_answer_is_unreachable(harness: Harness, directory: Directory) -> None:
    """A directory that is down raises its DirectoryError from every method, and nothing else."""
    account = await made(harness, directory)
    await harness.cut_off()
    with pytest.raises(harness.unreachable):
        await directory.find("ada.lovelace")
    with pytest.raises(harness.unreachable):
        await directory.fetch([account.id])
    with pytest.raises(harness.unreachable):
        await everyone(directory)
    with pytest.raises(harness.unreachable) as caught:
        await directory.set_password(account, Secret(NEW), must_change=False)
    assert not getattr(caught.value, "sent", False)
    for capability in set(CALLS) & directory.capabilities:
        with pytest.raises(DirectoryError):
            await CALLS[capability](directory, account)


async def test_check_says_ok_and_changes_nothing(harness: Harness, directory: Directory) -> None:
    """A sound directory gives findings, and the account is as it was."""
    account = await made(harness, directory)
    findings = await directory.check()
    assert findings
    assert all(finding.what for finding in findings)
    assert any(finding.ok for finding in findings)
    assert all(finding.remedy == "" for finding in findings if finding.ok)
    assert await again(directory, account) == account


async def test_check_never_raises(harness: Harness, directory: Directory) -> None:
    """A directory that is down is a finding with a remedy."""
    await harness.cut_off()
    findings = await directory.check()
    assert any(not finding.ok and finding.remedy for finding in findings)


async def test_a_missing_right_is_told(harness: Harness, directory: Directory) -> None:
    """Without the right to write, set_password says so, nothing has changed, and reading goes on."""
    account = await made(harness, directory)
    await harness.withdraw_right()
    with pytest.raises(harness.refused):
        await directory.set_password(account, Secret(NEW), must_change=False)
    assert (await again(directory, account)).marker == account.marker
    assert await harness.sign_in(account.id, OLD) == Sign.YES


async def test_an_unanswered_write_is_unknown(harness: Harness, directory: Directory) -> None:
    """A write that left us and was not answered says that it MAY have happened, never that it has not."""
    if not harness.silent:
        pytest.skip("this directory cannot be silent: it answers or is not there")
    account = await made(harness, directory)
    await harness.hang()
    with pytest.raises(harness.silent) as caught:
        await directory.set_password(account, Secret(NEW), must_change=False)
    assert isinstance(caught.value, Unreachable | BadAnswer)
    assert caught.value.sent


async def test_close_may_be_called_twice(harness: Harness, directory: Directory) -> None:
    """Closing twice does no harm, and a call after it is a DirectoryError or works again, never a bug."""
    await made(harness, directory)
    await directory.close()
    await directory.close()
    try:
        await directory.find("ada.lovelace")
    except DirectoryError as error:
        assert isinstance(error, Unreachable | NotNow)  # noqa: PT017


async def test_errors_hold_no_secret_and_no_name(
    harness: Harness, directory: Directory, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither an error's text nor the log at DEBUG holds a password, whatever became of it."""
    caplog.set_level("DEBUG")
    await harness.set_policy(POLICY)
    account = await made(harness, directory)
    texts = []
    await directory.set_password(account, Secret(NEW), must_change=False)
    for password in (NEW, "Short-3"):
        with pytest.raises(DirectoryError) as caught:
            await directory.set_password(account, Secret(password), must_change=False)
        texts.append(repr(caught.value) + str(caught.value.detail))
    said = "\n".join([*texts, caplog.text])
    for secret in (NEW, "Short-3", OLD):
        assert secret not in said
    assert "lovelace" not in "".join(texts).lower()
