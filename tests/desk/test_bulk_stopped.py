"""A run that is paused or cancelled finishes whom it has begun, whatever happens meanwhile, and begins nobody else."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import text

from desk import control, live, steer
from desk.tools import WorkKind
from directory.base import NotAllowed, NotNow
from resets.outcome import Step, StepState
from resets.reasons import Reason, Refused
from resets.request import RequestState, TargetState
from store import chunks
from tests.support import bulks
from tests.support.house import ADA

PEOPLE, BEGUN = 40, 20


class Gate:
    """Lets calls of a directory's method through until it is shut; `reached` tells that so many have come.

    With `shuts` the last of those shuts it, so that whoever stops the run is not in a race with the rest of it.
    """

    def __init__(self, method, *, after, first=False, shuts=False):
        self.method, self.after, self.first, self.shuts = method, after, first, shuts
        self.count = 0
        self.reached, self.open = asyncio.Event(), asyncio.Event()
        self.open.set()

    async def __call__(self, *args, **kwargs):
        self.count = mine = self.count + 1
        answer = await self.method(*args, **kwargs) if self.first else None
        if mine == self.after:
            self.reached.set()
            if self.shuts:
                self.open.clear()
        await self.open.wait()
        return answer if self.first else await self.method(*args, **kwargs)


@pytest.fixture
async def at_work(mails):
    """A bulk whose first chunk is under way: twenty calls to set a password were made, and their answers are held."""
    mails.with_rules(mail_password=True, concurrency={"corp": 8})
    accounts = await bulks.people(mails, PEOPLE)
    mails.request_id = await bulks.begun(mails, accounts)
    mails.setting = Gate(mails.directory.set_password, after=BEGUN, first=True, shuts=True)
    mails.ending = Gate(mails.directory.revoke_sessions, after=1)
    mails.directory.set_password, mails.directory.revoke_sessions = mails.setting, mails.ending
    mails.work = next(work for work in mails.queue if work.kind is WorkKind.CHUNK)
    mails.queue.remove(mails.work)
    mails.doing = asyncio.create_task(mails.do(mails.work))
    await mails.setting.reached.wait()
    return mails


async def killed(house):
    """End the work where it stands, as a kill does; what the engine knew of it is known by the rows alone."""
    house.doing.cancel()
    await asyncio.gather(house.doing, return_exceptions=True)
    house.setting.open.set()
    house.ending.open.set()
    house.queue.clear()


async def mended(house):
    """Put what stands still on its way again, as the round does once a minute, and do it."""
    async with house.store.read() as tx:
        standing = await chunks.standing(tx, 100)
    house.queue.extend(work for chunk, state in standing for work in steer.due(house.tools, chunk, state))
    await house.pump(limit=2000, patience=500)


async def told(house):
    """Demand that whoever has a new password was told it, and that nobody else was; returns how many those are."""
    held = {account for account, _ in house.directory.passwords}
    targets = await bulks.targets_of(house, house.request_id)
    assert {t.planned.account_id for t in targets if t.state is TargetState.DELIVERED} == held
    assert {t.step(Step.SESSIONS).state for t in targets if t.state is TargetState.DELIVERED} == {StepState.DONE}
    assert len(bulks.mailed(house)) == len(held)
    return len(held)


async def test_no_call_of_any_kind_starts_after_a_cancellation(at_work):
    """Cancel waits for those whose sessions are still to be ended too; then the directory hears no more."""
    await control.cancel(at_work.tools, at_work.request_id, ADA)
    at_work.setting.open.set()
    assert await control.settled(at_work.tools, at_work.request_id) == ()
    calls = len(at_work.directory.calls)
    await at_work.doing
    await at_work.pump(limit=2000, patience=500)
    assert len(at_work.directory.calls) == calls
    assert BEGUN <= await told(at_work) < PEOPLE


async def test_who_is_not_finished_in_time_is_named(at_work, monkeypatch):
    """A directory that ends no session: cancel comes back, and says whom it may still hear of."""
    at_work.ending.open.clear()
    monkeypatch.setattr(control, "LOOKS", 3)
    await control.cancel(at_work.tools, at_work.request_id, ADA)
    at_work.setting.open.set()
    assert await control.settled(at_work.tools, at_work.request_id)
    at_work.ending.open.set()
    await at_work.doing
    assert await control.settled(at_work.tools, at_work.request_id) == ()


@pytest.mark.parametrize("ways", [("cancel",), ("pause",), ("pause", "cancel")], ids="-".join)
@pytest.mark.parametrize("held", ["setting", "ending"])
async def test_a_kill_after_the_stop_leaves_nobody_without_their_password(at_work, ways, held):
    """Set and not recorded, or set and not finished: the next start does the rest, and tells everybody."""
    at_work.ending.open.clear()
    for way in ways:
        await getattr(control, way)(at_work.tools, at_work.request_id, ADA)
    if held == "ending":
        at_work.setting.open.set()
        await at_work.ending.reached.wait()
    await killed(at_work)
    await mended(at_work)
    assert BEGUN <= await told(at_work) < PEOPLE
    states = Counter(t.state for t in await bulks.targets_of(at_work, at_work.request_id))
    left = TargetState.CANCELLED if "cancel" in ways else TargetState.NEW
    assert set(states) <= {TargetState.DELIVERED, left, TargetState.SEALED}
    async with at_work.store.read() as tx:
        assert await chunks.standing(tx, 100) == ()


async def test_a_run_that_is_over_is_not_run_again_by_its_rows(mails):
    """The journal says that it is done: rows that say otherwise reset nobody a second time."""
    accounts = await bulks.people(mails, 4)
    request_id = await bulks.begun(mails, accounts)
    assert (await bulks.worked(mails, request_id)).state is RequestState.DONE
    async with mails.store.write() as tx:
        for sql in (
            "UPDATE targets SET state = 'new', ended_at = NULL WHERE request_id = :r",
            "DELETE FROM steps WHERE target_id IN (SELECT id FROM targets WHERE request_id = :r)",
            "UPDATE chunks SET round = -abs(round), finished_at = NULL WHERE request_id = :r",
            "UPDATE requests SET state = 'running', ended_at = NULL WHERE id = :r",
        ):
            await tx.conn.execute(text(sql), {"r": request_id})
    run = await bulks.worked(mails, request_id)
    assert (run.state, run.stopped) == (RequestState.PAUSED, Reason.NOT_PROVED)
    assert len(mails.directory.passwords) == len(accounts)


async def test_a_run_whose_chunks_are_gone_is_not_done(mails):
    """Nobody was reset, so that it does not say "done": it stops, and the security channel hears."""
    accounts = await bulks.people(mails, 4)
    request_id = await bulks.begun(mails, accounts)
    async with mails.store.write() as tx:
        await tx.conn.execute(text("DELETE FROM chunks WHERE request_id = :r"), {"r": request_id})
    run = await bulks.worked(mails, request_id)
    assert (run.state, run.stopped) == (RequestState.PAUSED, Reason.NOT_PROVED)
    assert mails.directory.passwords == []


def tallied(targets):
    """Return how many stand where, and how many of those who failed are such that nobody knows."""
    unknown = sum(target.step(Step.SET).state is StepState.UNKNOWN for target in targets)
    return Counter(target.state for target in targets), unknown


async def retryable(house):
    async with house.store.read() as tx:
        facts = await live.facts(house.tools, tx, *await live.request_and_run(tx, house.request_id))
    return facts.retryable


@pytest.fixture
async def few(mails):
    """A bulk of nine, of whom two at most are begun at once."""
    mails.with_rules(mail_password=True, concurrency={"corp": 2})
    mails.request_id = await bulks.begun(mails, await bulks.people(mails, 9))
    return mails


async def test_after_a_cancellation_who_was_begun_is_tried_again(few):
    """Of some nobody knows: they get the very same password and are told, and whoever was spared stays so."""
    few.directory.before["set_password"] = [NotNow("busy", after=timedelta(minutes=1))] * 9
    await few.do(few.queue.popleft())
    await control.cancel(few.tools, few.request_id, ADA)
    few.queue.clear()
    few.clock.tick(seconds=1, minutes=10)
    await steer.all_runs(few.tools)
    few.directory.before.clear()
    few.directory.passwords.clear()
    states, unknown = tallied(await bulks.targets_of(few, few.request_id))
    assert states == {TargetState.FAILED: unknown, TargetState.CANCELLED: 9 - unknown}
    assert await retryable(few) == unknown > 0
    assert await control.retry_failed(few.tools, few.request_id, ADA) == 0
    assert (await bulks.worked(few, few.request_id)).state is RequestState.CANCELLED
    states, _ = tallied(await bulks.targets_of(few, few.request_id))
    assert states == {TargetState.DELIVERED: unknown, TargetState.CANCELLED: 9 - unknown}
    assert len(set(few.directory.passwords)) == len(bulks.mailed(few)) == unknown
    async with few.store.read() as tx:
        assert await chunks.standing(tx, 100) == ()
    with pytest.raises(Refused, match=Reason.NOTHING_LEFT.value):
        await control.retry_failed(few.tools, few.request_id, ADA)


async def test_after_a_cancellation_nobody_begins_anew(few):
    """Who failed without being written to keeps the old password: the run was cancelled, and stays so."""
    few.directory.before["set_password"] = [NotAllowed("no")]
    setting = few.directory.set_password

    async def cancels(*args, **kwargs):
        few.directory.set_password = setting
        try:
            return await setting(*args, **kwargs)
        finally:
            await control.cancel(few.tools, few.request_id, ADA)

    few.directory.set_password = cancels
    await few.pump(limit=500)
    states, unknown = tallied(await bulks.targets_of(few, few.request_id))
    assert (states[TargetState.FAILED], unknown) == (1, 0)
    assert states[TargetState.CANCELLED] > 0
    assert await retryable(few) == 0
    with pytest.raises(Refused, match=Reason.NOTHING_LEFT.value):
        await control.retry_failed(few.tools, few.request_id, ADA)
    assert tallied(await bulks.targets_of(few, few.request_id)) == (states, 0)
