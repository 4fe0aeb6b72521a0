"""Forms, look-ups, pickup codes and notices."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from resets.actor import SlackPerson
from resets.notice import Notice, NoticeKind, NoticeState
from store import forms, lookups, outbox, pickup

EVE = SlackPerson("T0REKEY", "U0EVE")
SPAN = timedelta(seconds=15)


async def test_a_form_is_used_once(store, clock):
    """Of twenty submissions of one form one goes through; afterwards its state stands still."""
    ends = clock.now + timedelta(minutes=15)
    async with store.write() as tx:
        await forms.open(tx, "f1", "reset", EVE, None, {"a": [1, "\0\u202e"]}, ends)
        await forms.save(tx, "f1", {"b": 2})

    async def use():
        async with store.write() as tx:
            return await forms.use(tx, "f1", clock())

    assert (await asyncio.gather(*(use() for _ in range(20)))).count(True) == 1
    async with store.write() as tx:
        await forms.save(tx, "f1", {"too": "late"})
        assert not await forms.use(tx, "unknown", clock())
        found = await forms.get(tx, "f1")
        assert await forms.get(tx, "unknown") is None
    assert found == forms.Form("f1", "reset", EVE, None, {"b": 2}, clock.now, ends, clock.now)


async def test_old_forms_are_forgotten(store, clock):
    """Those that expired before the given time, and no others."""
    async with store.write() as tx:
        for number in range(4):
            ends = clock.now + timedelta(minutes=number)
            await forms.open(tx, f"f{number}", "reset", EVE, "admin", {}, ends)
        assert await forms.delete_old(tx, clock.now + timedelta(minutes=2)) == 2
        assert await forms.get(tx, "f1") is None
        assert await forms.get(tx, "f2") is not None


async def test_lookups_are_counted_by_actor_and_time(store, clock):
    """The first moment counts; another's look-ups do not; old ones can be forgotten."""
    start = clock.now
    async with store.write() as tx:
        for _ in range(3):
            await lookups.add(tx, "ada", clock())
            clock.tick(minutes=10)
        await lookups.add(tx, "bob", clock())
        assert await lookups.count(tx, "ada", start) == 3
        assert await lookups.count(tx, "ada", start + timedelta(minutes=10)) == 2
        assert await lookups.delete_old(tx, start + timedelta(minutes=10)) == 1
        assert await lookups.count(tx, "ada", start) == 2


async def test_a_pickup_code_has_so_many_tries(store):
    """Twenty guesses at once get as many looks as there were tries."""
    async with store.write() as tx:
        await pickup.set(tx, "t1", b"mac", 5)

    async def pay():
        async with store.write() as tx:
            return await pickup.pay(tx, "t1")

    paid = await asyncio.gather(*(pay() for _ in range(20)))
    assert sorted(left for left in paid if left is not None) == [0, 1, 2, 3, 4]
    async with store.read() as tx:
        assert await pickup.get(tx, "t1") == pickup.PickupRow(b"mac", 0)


async def test_a_burned_code_is_gone(store):
    """Nothing is left to guess at; a target without a code has nothing to pay."""
    async with store.write() as tx:
        await pickup.set(tx, "t1", b"mac", 5)
        await pickup.burn(tx, "t1")
        assert await pickup.get(tx, "t1") == pickup.PickupRow(None, 0)
        assert await pickup.pay(tx, "t1") is None
        assert await pickup.pay(tx, "unknown") is None
        assert await pickup.get(tx, "unknown") is None
        await pickup.set(tx, "t1", b"new", 2)
        assert await pickup.get(tx, "t1") == pickup.PickupRow(b"new", 2)


def notice(number, clock, kind=NoticeKind.STATUS, request="r1", target="t1"):
    return Notice(f"n{number}", kind, request, target, {"a": "b"}, NoticeState.WAITING, 0, clock.tick(seconds=1))


async def test_the_tries_of_a_process_that_is_gone_are_let_go(store, clock):
    """Those that were begun before the next one began; its own stays."""
    long_ago, far_ahead = datetime(2000, 1, 1, tzinfo=UTC), datetime(2999, 1, 1, tzinfo=UTC)
    async with store.write() as tx:
        await outbox.add(tx, notice(1, clock))
        assert await outbox.tried(tx, "n1", SPAN) == 1
        await outbox.let_go_before(tx, long_ago)
        assert await outbox.tried(tx, "n1", SPAN) == 0
        await outbox.let_go_before(tx, far_ahead)
        assert await outbox.tried(tx, "n1", SPAN) == 2


async def test_a_notice_is_said_and_its_place_is_found(store, clock):
    """The place is that of the notice of this kind that was said last, for this request or target."""
    first, second, other = notice(1, clock), notice(2, clock), notice(3, clock, NoticeKind.SHOW, target="t2")
    async with store.write() as tx:
        for each in (first, second, other):
            await outbox.add(tx, each)
        assert await outbox.get(tx, "n1") == first
        assert await outbox.get(tx, "unknown") is None
        assert await outbox.place_of(tx, NoticeKind.STATUS, request_id="r1") is None
        assert await outbox.waiting(tx) == ("n1", "n2", "n3")
        assert await outbox.tried(tx, "n1", SPAN) == 1
        assert await outbox.tried(tx, "n1", SPAN) == 0, "the first try is under way"
        assert await outbox.let_go(tx, "n1", 1)
        assert await outbox.tried(tx, "n1", SPAN) == 2
        assert not await outbox.let_go(tx, "n1", 1)
        await outbox.said(tx, "n2", "D1", "1.2")
        clock.tick(seconds=1)
        await outbox.said(tx, "n1", "D1", "1.1")
        await outbox.said(tx, "n3", "D3", "3.3")
    async with store.read() as tx:
        assert await outbox.place_of(tx, NoticeKind.STATUS, request_id="r1") == ("D1", "1.1")
        assert await outbox.place_of(tx, NoticeKind.STATUS, target_id="t2") is None
        assert await outbox.place_of(tx, NoticeKind.SHOW, request_id="r1", target_id="t2") == ("D3", "3.3")
        assert await outbox.waiting(tx) == ()
        found = await outbox.get(tx, "n1")
    assert (found.state, found.attempts, found.place, found.stamp) == (NoticeState.SAID, 2, "D1", "1.1")


async def test_a_notice_that_was_said_is_not_given_up(store, clock):
    """A late failure does not undo that it was said; one that waits is given up."""
    async with store.write() as tx:
        await outbox.add(tx, notice(1, clock))
        await outbox.add(tx, notice(2, clock))
        await outbox.said(tx, "n1", "D1", "1.1")
        for each in ("n1", "n2", "unknown"):
            await outbox.fail(tx, each)
        assert (await outbox.get(tx, "n1")).state is NoticeState.SAID
        assert (await outbox.get(tx, "n2")).state is NoticeState.FAILED
        assert await outbox.tried(tx, "unknown", SPAN) == 0


async def test_notices_about_one_thing_are_said_in_their_order(store, clock):
    """An earlier one of the same kind and target is seen while it waits, and no longer once it is said."""
    first, second, other = notice(1, clock), notice(2, clock), notice(3, clock, NoticeKind.SHOW)
    async with store.write() as tx:
        for each in (first, second, other):
            await outbox.add(tx, each)
        seen = [await outbox.earlier_waiting(tx, each) for each in (first, second, other)]
        assert seen == [False, True, False]
        assert await outbox.any_waiting(tx, NoticeKind.STATUS, target_id="t1")
        assert not await outbox.any_waiting(tx, NoticeKind.MAIL_NOTICE, target_id="t1")
        await outbox.said(tx, "n1", "D1", "1.1")
        assert not await outbox.earlier_waiting(tx, second)
