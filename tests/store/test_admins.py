"""The enrolled, and the throttle on their codes."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from resets.actor import SlackPerson
from store import admins
from store.base import StoreFailed


@pytest.fixture
async def enrolled(store, ada, clock):
    async with store.write() as tx:
        await admins.add(tx, ada, clock())
    return ada.id


async def pay(store, admin_id, *, seen=0, wait=None, lock=False):
    async with store.write() as tx:
        return await admins.pay(tx, admin_id, tx.now(), wait=wait, lock=lock, seen_misses=seen)


async def spend(store, admin_id, step, *, unlock=False):
    async with store.write() as tx:
        return await admins.spend(tx, admin_id, step, unlock=unlock)


async def row(store, admin_id):
    async with store.read() as tx:
        return await admins.by_id(tx, admin_id)


async def test_an_enrolment_comes_back_as_it_was(store, enrolled, ada, clock):
    """By its id and by its Slack person; with no misses, no lock and no step used."""
    async with store.read() as tx:
        found = await admins.by_slack(tx, ada.slack)
        assert found == await admins.by_id(tx, ada.id)
        assert await admins.listing(tx) == (found,)
        assert await admins.by_slack(tx, SlackPerson("T0OTHER", ada.slack.user)) is None
        assert await admins.by_id(tx, "unknown") is None
    assert found.actor == ada
    assert (found.enrolled_at, found.revoked_at, found.misses, found.last_step) == (clock.now, None, 0, 0)


async def test_one_slack_person_has_one_living_enrolment(store, enrolled, ada, clock):
    """A second one is refused until the first is revoked; the old one stays listed."""
    again = replace(ada, id="admin-2")
    with pytest.raises(StoreFailed) as caught:
        async with store.write() as tx:
            await admins.add(tx, again, clock())
    assert caught.value.what == "conflict"
    async with store.write() as tx:
        assert await admins.revoke(tx, enrolled, clock())
        assert not await admins.revoke(tx, enrolled, clock())
        await admins.add(tx, again, clock.tick(minutes=1))
    async with store.read() as tx:
        assert (await admins.by_slack(tx, ada.slack)).id == "admin-2"
        assert [each.id for each in await admins.listing(tx)] == [enrolled, "admin-2"]


async def test_of_many_attempts_that_saw_the_same_count_one_pays(store, enrolled):
    """Thirty guesses at once get one look, whatever they race on."""
    paid = await asyncio.gather(*(pay(store, enrolled) for _ in range(30)))
    assert paid.count(True) == 1
    assert (await row(store, enrolled)).misses == 1


async def test_of_many_uses_of_a_step_one_wins(store, enrolled):
    """One good code, thirty times at once, opens once; and never again, nor an older one."""
    spent = await asyncio.gather(*(spend(store, enrolled, 100) for _ in range(30)))
    assert spent.count(True) == 1
    assert not await spend(store, enrolled, 100)
    assert not await spend(store, enrolled, 99)
    assert await spend(store, enrolled, 101)


async def test_a_wait_is_kept(store, enrolled, clock):
    """Until the wait of the last attempt is over no attempt can pay; at its very end one can."""
    assert await pay(store, enrolled, wait=timedelta(seconds=30))
    assert not await pay(store, enrolled, seen=1)
    clock.tick(seconds=29, microseconds=999_999)
    assert not await pay(store, enrolled, seen=1)
    clock.tick(microseconds=1)
    assert await pay(store, enrolled, seen=1)


async def test_success_forgets_the_misses_and_the_wait(store, enrolled):
    """A right code starts afresh."""
    assert await pay(store, enrolled, wait=timedelta(hours=1))
    assert await spend(store, enrolled, 5)
    found = await row(store, enrolled)
    assert (found.misses, found.next_try_at, found.last_step) == (0, None, 5)
    assert await pay(store, enrolled)


async def test_a_lock_holds_until_it_is_lifted(store, enrolled, clock):
    """Locked, nothing is paid or spent, however long one waits; `unlock` gives everything back but the step."""
    assert await spend(store, enrolled, 7)
    assert await pay(store, enrolled, lock=True)
    clock.tick(days=30)
    assert not await pay(store, enrolled, seen=1)
    assert not await spend(store, enrolled, 8)
    async with store.write() as tx:
        assert await admins.unlock(tx, enrolled, 1000)
        assert not await admins.unlock(tx, enrolled, 1000)
    found = await row(store, enrolled)
    assert (found.misses, found.locked_at, found.last_step) == (0, None, 7)
    assert await spend(store, enrolled, 8)


async def test_the_last_attempt_may_still_be_right(store, enrolled):
    """The lock that an attempt's own payment has set is lifted when its code is right."""
    assert await pay(store, enrolled, lock=True)
    assert await spend(store, enrolled, 9, unlock=True)
    assert (await row(store, enrolled)).locked_at is None


async def test_a_revoked_admin_pays_and_spends_nothing(store, enrolled, clock):
    """Revoking acts at once, also on an attempt under way."""
    assert await pay(store, enrolled)
    async with store.write() as tx:
        await admins.revoke(tx, enrolled, clock())
    assert not await pay(store, enrolled, seen=1)
    assert not await spend(store, enrolled, 5, unlock=True)
    async with store.write() as tx:
        assert not await admins.unlock(tx, enrolled, 1000)


async def test_unlock_brings_back_a_step_from_the_future(store, enrolled):
    """A clock that ran ahead once must not shut an admin out: what it spent is brought back to now."""
    assert await spend(store, enrolled, 5000)
    async with store.write() as tx:
        assert await admins.unlock(tx, enrolled, 1000)
        assert not await admins.unlock(tx, enrolled, 1000)
    assert not await spend(store, enrolled, 1000)
    assert await spend(store, enrolled, 1001)
