"""Every connector sets the password that it was given, on the account that was meant, whole or not at all."""

from __future__ import annotations

import asyncio
from datetime import UTC

import pytest

from directory.base import AccountGone, Capability, Directory, PasswordRejected, PasswordUnchanged
from directory.secret import Secret
from tests.directory.contract import CALLS, NEW, OLD, OTHER, POLICY, again, declares, made
from tests.directory.harness import Harness, Person, Sign


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
