"""The clock is set wrong in the middle of a bulk, and right again: nobody is lost, and nobody is begun too late."""

from __future__ import annotations

from collections import Counter

import pytest

from desk import control, live, steer, submit_bulk, tell
from desk.tools import WorkKind
from directory.base import NotNow
from resets.reasons import Reason
from resets.request import RequestState, TargetState
from store import chunks
from tests.support import bulks
from tests.support.house import ADA

PEOPLE = 30
OPEN = (TargetState.NEW, TargetState.SEALED, TargetState.STARTED)


async def due(house):
    """Return what stands still, as it is put on its way again once a minute."""
    async with house.store.read() as tx:
        standing = await chunks.standing(tx, 100)
    return [work for chunk, state in standing for work in steer.due(house.tools, chunk, state)]


async def mended(house):
    """Do what stands still, to its end."""
    house.queue.extend(await due(house))
    await house.pump(limit=2000, patience=500)


@pytest.fixture
async def at_work(mails):
    """A bulk of thirty of whom some are set, and some were begun and not answered for: the directory is busy."""
    mails.with_rules(mail_password=True, concurrency={"corp": 8})
    mails.accounts = await bulks.people(mails, PEOPLE)
    mails.request_id = await bulks.begun(mails, mails.accounts)
    mails.directory.before["set_password"] = [None] * 10 + [NotNow("busy")] * 2
    work = next(work for work in mails.queue if work.kind is WorkKind.CHUNK)
    assert await mails.do(work)
    return mails


async def states(house):
    return Counter(target.state for target in await bulks.targets_of(house, house.request_id))


async def to_come(house):
    return {target.id for target in await bulks.targets_of(house, house.request_id) if target.state in OPEN}


async def facts(house):
    async with house.store.read() as tx:
        return await live.facts(house.tools, tx, *await live.request_and_run(tx, house.request_id))


async def test_set_back_by_a_day_it_stands_still_and_then_goes_on(at_work):
    """Before its own beginning a run does nothing, and says so without a nonsense; set right, it goes on by itself."""
    passwords, waiting = len(at_work.directory.passwords), await to_come(at_work)
    at_work.clock.jump(days=-1)
    for _ in range(3):
        await steer.all_runs(at_work.tools)
        await live.say_one(at_work.tools)
        for work in await due(at_work):
            await at_work.do(work)
        at_work.clock.tick(minutes=1)
    assert (len(at_work.directory.passwords), await to_come(at_work)) == (passwords, waiting)
    told = await facts(at_work)
    assert (told.state, told.rate, told.left, told.stopped) == (RequestState.RUNNING, 0.0, None, None)
    at_work.clock.jump(days=1)
    await mended(at_work)
    assert (await bulks.worked(at_work, at_work.request_id)).state is RequestState.DONE
    await bulks.signs_in(at_work, at_work.accounts)


async def test_set_forward_by_two_days_nobody_else_is_begun(at_work):
    """A proof is a day old at most: who was not begun keeps the old password and is listed; who was, is finished."""
    begun = {account for account, _ in at_work.directory.passwords}
    at_work.clock.jump(days=1)
    await mended(at_work)
    run = await bulks.worked(at_work, at_work.request_id)
    assert run.state is RequestState.DONE
    targets = await bulks.targets_of(at_work, at_work.request_id)
    late = {target.planned.account_id for target in targets if target.reason is Reason.TOO_LATE}
    assert {account for account, _ in at_work.directory.passwords} == begun
    assert late == {target.planned.account_id for target in targets} - begun
    assert {t.state for t in targets if t.planned.account_id in begun} == {TargetState.DELIVERED}
    assert set(bulks.mailed(at_work)) == {a.mail for a in at_work.accounts if a.id in begun}


@pytest.mark.parametrize("hours", [-24, 24])
async def test_a_held_run_keeps_to_the_clock(mails, hours):
    """Set back, it is held on; set forward, it begins at once; each within the day that its proof is good for."""
    accounts = await bulks.people(mails, 2)
    form_id, mails.request_id = await bulks.frozen(mails, accounts)
    await submit_bulk.begin(mails.tools, form_id, ADA, mails.code(), "2")
    mails.clock.jump(hours=hours)
    await steer.all_runs(mails.tools)
    run = await bulks.run_of(mails, mails.request_id)
    assert run.state is (RequestState.HELD if hours < 0 else RequestState.RUNNING)
    if hours < 0:
        mails.clock.jump(hours=-hours)
        mails.clock.tick(seconds=61)
        await steer.all_runs(mails.tools)
    assert (await bulks.worked(mails, mails.request_id)).state is RequestState.DONE
    await bulks.signs_in(mails, accounts)


async def test_a_cancellation_while_the_clock_is_wrong(at_work):
    """Cancelled before it began, by the clock: it stays cancelled, and who was begun is finished once it is right."""
    at_work.clock.jump(days=-1)
    await control.cancel(at_work.tools, at_work.request_id, ADA)
    at_work.clock.jump(days=1)
    await mended(at_work)
    assert set(await states(at_work)) == {TargetState.DELIVERED, TargetState.CANCELLED}
    assert len(bulks.mailed(at_work)) == (await states(at_work))[TargetState.DELIVERED]


@pytest.mark.parametrize("days", [-1, 1])
async def test_what_rests_rests_as_long_as_it_was_told(mails, days):
    """A mail that was refused for two seconds does not wait for a day because the clock was set."""
    rests, clock = tell.Rests(), mails.clock
    rests.add("chunk", {"notice": clock.watch() + 2})
    clock.jump(days=days)
    assert rests.of("chunk", clock.watch()) != {}
    clock.tick(seconds=2)
    assert rests.of("chunk", clock.watch()) == {}
