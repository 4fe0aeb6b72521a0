"""What a connector declares beyond finding and writing it does, and as it is promised."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC

import pytest

from directory.base import AccountGone, Capability, Directory, PasswordRejected
from directory.secret import Secret
from tests.directory.contract import OLD, POLICY, again, declares, made
from tests.directory.harness import Harness, Person, Sign


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


async def test_the_manager_is_told_as_they_are_now(harness: Harness, directory: Directory) -> None:
    """Nobody, then somebody, read anew each time: disabled since, deleted since; and of who is gone, nothing."""
    if not declares(harness, directory, Capability.MANAGER):
        return
    account = await made(harness, directory)
    boss = await made(harness, directory, Person(login="charles", name="Charles B", mail="charles@example.test"))
    assert await directory.manager(account) is None
    await harness.manage(account.id, boss.id)
    assert await directory.manager(account) == boss
    assert await directory.manager(boss) is None
    await harness.disable(boss.id)
    told = await directory.manager(account)
    assert told is not None
    assert told.disabled
    await harness.delete(boss.id)
    assert await directory.manager(account) is None
    await harness.delete(account.id)
    with pytest.raises(AccountGone):
        await directory.manager(account)
