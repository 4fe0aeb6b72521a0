"""The door of a `local` directory: guesses are paid for, sessions and tokens are rows that can be revoked."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from directory.base import PasswordPolicy, PasswordRejected, PasswordUnchanged
from directory.local_signin import NoEntry, SignIn
from directory.secret import Secret
from tests.directory.local_world import NEW, OLD, OTHER

if TYPE_CHECKING:
    from tests.directory.local_world import World

WRONG = Secret("not the password")


async def test_the_lock_falls_at_the_last_wrong_password(world: World) -> None:
    """Nine wrong ones are wrong; the tenth locks, and from then on the right one does not open either."""
    account = await world.ada()
    reasons = [(await world.local.sign_in("ada", WRONG)).reason for _ in range(10)]
    assert reasons == [NoEntry.WRONG] * 9 + [NoEntry.LOCKED]
    assert (await world.local.sign_in("ada", Secret(OLD))).reason is NoEntry.LOCKED
    assert (await world.again(account.id)).locked
    await world.local.unlock(account)
    assert await world.opens(OLD)


async def test_a_right_password_sets_the_count_back(world: World) -> None:
    """Nine wrong ones, a right one, nine wrong ones: not locked. The right one may be the very last try."""
    account = await world.ada()
    for _ in range(3):
        for _ in range(9):
            await world.local.sign_in("ada", WRONG)
        assert await world.opens(OLD)
    assert not (await world.again(account.id)).locked


async def test_guesses_at_once_get_no_more_looks_than_the_lock_allows(world: World) -> None:
    """Pay first: of 40 guesses at the same moment, 10 are looked at, also when the right one is among the rest."""
    account = await world.ada()
    before = world.engine.comparisons
    await asyncio.gather(*(world.local.verify_password(account, WRONG) for _ in range(40)))
    assert world.engine.comparisons - before == 10
    assert not await world.local.verify_password(account, Secret(OLD))
    assert (await world.again(account.id)).locked


async def test_a_directory_may_never_lock(world: World) -> None:
    """With lock_after 0, wrong passwords are not counted."""
    account = await world.ada()
    await world.local.set_policy(PasswordPolicy(), lock_after=0)
    for _ in range(12):
        await world.local.sign_in("ada", WRONG)
    assert not (await world.again(account.id)).locked
    assert await world.opens(OLD)


@pytest.mark.parametrize("login", ["nobody", "", "\ud800"])
async def test_an_unknown_login_takes_as_long_as_a_known_one(world: World, login: str) -> None:
    """Where there is no password to compare with, one comparison is made all the same, and nothing is told."""
    await world.ada()
    await world.local.sign_in(login, WRONG)  # makes the hash to compare with
    before = world.engine.comparisons
    assert await world.local.sign_in(login, WRONG) == SignIn(ok=False, reason=NoEntry.WRONG)
    assert world.engine.comparisons == before + 1


async def test_the_disabled_stay_out(world: World) -> None:
    """No password opens a disabled account, nothing is counted, and its sessions and tokens never come back."""
    account = await world.ada()
    session = (await world.local.sign_in("ada", Secret(OLD))).session
    assert session is not None
    token = await world.local.issue_token(account.id, "a script")
    await world.local.disable(account.id)
    assert (await world.local.sign_in("ada", Secret(OLD))).reason is NoEntry.DISABLED
    assert not await world.local.verify_password(account, Secret(OLD))
    assert await world.local.holder(session) is None
    await world.local.enable(account.id)
    assert await world.local.holder(session) is None
    assert await world.local.holder(token) is None
    assert await world.opens(OLD)


async def test_a_session_ends_by_itself(world: World) -> None:
    """A session is good for 12 hours, a token for as long as it was given."""
    account = await world.ada()
    session = (await world.local.sign_in("ada", Secret(OLD))).session
    assert session is not None
    short = await world.local.issue_token(account.id, life=timedelta(hours=1))
    ever = await world.local.issue_token(account.id)
    assert await world.local.holder(session) == account
    world.now += timedelta(hours=2)
    assert await world.local.holder(short) is None
    assert await world.local.holder(session) is not None
    world.now += timedelta(hours=10)
    assert await world.local.holder(session) is None
    assert await world.local.revoke_sessions(account) == 0, "one that is over is not counted"
    assert await world.local.holder(ever) is not None
    assert await world.local.holder(Secret("\ud800")) is None


async def test_must_change_comes_before_a_session(world: World) -> None:
    """With a one-time password nobody is in until it is changed; the change may not be to itself or to a weak one."""
    account = await world.ada()
    await world.local.set_password(account, Secret(NEW), must_change=True)
    told = await world.local.sign_in("ada", Secret(NEW))
    assert (told.ok, told.must_change, told.session) == (True, True, None)
    assert await world.local.last_sign_in(account) is None
    with pytest.raises(PasswordUnchanged):
        await world.local.change_own_password("ada", Secret(NEW), Secret(NEW))
    with pytest.raises(PasswordRejected):
        await world.local.change_own_password("ada", Secret(NEW), Secret("short"))
    with pytest.raises(PasswordRejected):
        await world.local.change_own_password("ada", Secret(NEW), Secret(OLD))
    assert (await world.local.change_own_password("ada", Secret(NEW), Secret(OTHER))).ok
    told = await world.local.sign_in("ada", Secret(OTHER))
    assert (told.ok, told.must_change, told.session is None) == (True, False, False)
    assert await world.local.last_sign_in(account) == world.now


async def test_changing_ones_own_needs_the_old_one(world: World) -> None:
    """A wrong old password changes nothing and counts as a guess; an unknown login is not told apart."""
    await world.ada()
    assert (await world.local.change_own_password("nobody", WRONG, Secret(NEW))).reason is NoEntry.WRONG
    reasons = [(await world.local.change_own_password("ada", WRONG, Secret(NEW))).reason for _ in range(10)]
    assert reasons == [NoEntry.WRONG] * 9 + [NoEntry.LOCKED]
    assert not await world.opens(NEW)


async def test_who_is_disabled_during_the_look_does_not_get_in(world: World) -> None:
    """A password that was right when it was looked at does not open what was shut meanwhile."""
    account = await world.ada()
    world.hold()
    entering = asyncio.create_task(world.local.sign_in("ada", Secret(OLD)))
    await world.held()
    await world.local.disable(account.id)
    world.engine.held.set()
    assert (await entering).reason is NoEntry.DISABLED
