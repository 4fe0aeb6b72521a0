"""A run that is paused or cancelled finishes whom it has begun, whatever happens meanwhile, and begins nobody else."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest
from sqlalchemy import text

from desk import control, steer
from desk.tools import WorkKind
from resets.outcome import Step, StepState
from resets.reasons import Reason
from resets.request import RequestState, TargetState
from store import chunks
from tests.support import bulks
from tests.support.house import ADA

PEOPLE, BEGUN = 40, 20


class Gate:
    """Lets calls of a directory's method through until it is shut; `reached` tells that so many have come."""

    def __init__(self, method, *, after, first=False):
        self.method, self.after, self.first = method, after, first
        self.count = 0
        self.reached, self.open = asyncio.Event(), asyncio.Event()
        self.open.set()

    async def __call__(self, *args, **kwargs):
        self.count = mine = self.count + 1
        answer = await self.method(*args, **kwargs) if self.first else None
        if mine == self.after:
            self.reached.set()
        await self.open.wait()
        return answer if self.first else await self.method(*args, **kwargs)


@pytest.fixture
async def at_work(mails):
    """A bulk whose first chunk is under way: twenty calls to set a password were made, and sessions end slowly."""
    mails.with_rules(mail_password=True, concurrency={"corp": 8})
    accounts = await bulks.people(mails, PEOPLE)
    mails.request_id = await bulks.begun(mails, accounts)
    mails.setting = Gate(mails.directory.set_password, after=BEGUN, first=True)
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
    assert await control.settled(at_work.tools, at_work.request_id)
    at_work.ending.open.set()
    await at_work.doing
    assert await control.settled(at_work.tools, at_work.request_id) == ()


@pytest.mark.parametrize("ways", [("cancel",), ("pause",), ("pause", "cancel")], ids="-".join)
@pytest.mark.parametrize("held", ["setting", "ending"])
async def test_a_kill_after_the_stop_leaves_nobody_without_their_password(at_work, ways, held):
    """Set and not recorded, or set and not finished: the next start does the rest, and tells everybody."""
    getattr(at_work, held).open.clear()
    for way in ways:
        await getattr(control, way)(at_work.tools, at_work.request_id, ADA)
    if held == "ending":
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
