"""A bulk under way is paused, resumed, cancelled and tried again, and nobody is lost or reset twice over it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from desk import chunk, control, steer, submit_bulk
from directory.base import NotAllowed, NotNow, Unreachable
from resets.outcome import Step, StepState
from resets.reasons import Reason, Refused
from resets.request import RequestState, TargetState
from tests.support import bulks
from tests.support.house import ADA, EVE, enrolled


async def test_what_failed_is_tried_again_alone(mails):
    """*Retry failed* sets the ones that failed, and nobody else a second time."""
    accounts = await bulks.people(mails, 8)
    mails.directory.before["set_password"] = [None, NotAllowed("no"), None]
    mails.directory.before["revoke_sessions"] = [NotAllowed("no")]
    request_id = await bulks.begun(mails, accounts)
    await bulks.worked(mails, request_id)
    progress = await bulks.progress_of(mails, request_id)
    assert (progress.done, progress.failed) == (7, 1)
    with pytest.raises(Refused) as refused:
        await control.retry_failed(mails.tools, request_id, EVE)
    assert refused.value.reason is Reason.NO_ROLE
    await control.retry_failed(mails.tools, request_id, ADA)
    run = await bulks.worked(mails, request_id)
    assert run.state is RequestState.DONE
    targets = await bulks.targets_of(mails, request_id)
    assert {t.state for t in targets} == {TargetState.DELIVERED}
    assert {t.step(Step.SESSIONS).state for t in targets} == {StepState.DONE}
    assert len(mails.directory.passwords) == 9
    with pytest.raises(Refused) as refused:
        await control.retry_failed(mails.tools, request_id, ADA)
    assert refused.value.reason is Reason.NOTHING_LEFT


async def test_a_retry_leaves_out_whose_password_another_request_is_writing(mails):
    """They stay failed and are counted; the others are tried; once that request is over, they may be tried, too."""
    first, second = await bulks.people(mails, 2)
    mails.directory.before["set_password"] = [Unreachable("cut", sent=True)] * 100
    request_id = await bulks.begun(mails, [first, second])
    assert (await bulks.worked(mails, request_id)).state is RequestState.DONE
    mails.clock.tick(minutes=5)
    mails.directory.before["set_password"] = [NotNow("busy", after=timedelta(seconds=30))]
    other = await bulks.begun(mails, [first])
    writing = mails.queue.popleft()
    await mails.do(writing)
    mails.queue.clear()
    assert [t.state for t in await bulks.targets_of(mails, other)] == [TargetState.STARTED]

    assert await control.retry_failed(mails.tools, request_id, ADA) == 1
    assert (await bulks.worked(mails, request_id)).state is RequestState.DONE
    states = {t.planned.login: t.state for t in await bulks.targets_of(mails, request_id)}
    assert states == {first.login: TargetState.FAILED, second.login: TargetState.DELIVERED}
    with pytest.raises(Refused) as refused:
        await control.retry_failed(mails.tools, request_id, ADA)
    assert (refused.value.reason, refused.value.facts) == (Reason.WRITTEN_ELSEWHERE, {"people": 1})
    assert (await bulks.run_of(mails, request_id)).state is RequestState.DONE

    await mails.do(writing)
    assert await control.retry_failed(mails.tools, request_id, ADA) == 0
    await bulks.worked(mails, request_id)
    (left,) = [t for t in await bulks.targets_of(mails, request_id) if t.planned.login == first.login]
    assert (left.state, left.reason) == (TargetState.FAILED, Reason.SUPERSEDED)


async def test_nothing_starts_after_a_cancellation(mails):
    """What was only sealed is destroyed, and no further directory call is made."""
    accounts = await bulks.people(mails, 30)
    request_id = await bulks.begun(mails, accounts)
    seen = mails.directory.before.setdefault("set_password", [])
    calls = 0

    async def stop_after_some(*args, **kwargs):
        nonlocal calls
        calls += 1
        if calls == 6:
            mails.cancelled = await control_cancel()
        return await original(*args, **kwargs)

    async def control_cancel():
        async with mails.store.write() as tx:
            from store import runs

            return await runs.cancel(tx, request_id, Reason.RUN_CANCELLED)

    original, mails.directory.set_password = mails.directory.set_password, stop_after_some
    await bulks.worked(mails, request_id)
    assert seen == []
    targets = await bulks.targets_of(mails, request_id)
    states = {t.state for t in targets}
    assert states == {TargetState.DELIVERED, TargetState.CANCELLED}
    done = [t for t in targets if t.state is TargetState.DELIVERED]
    assert len(done) == calls < 30
    assert mails.cancelled == 30 - len(done)


async def test_cancel_wipes_what_was_sealed(mails, monkeypatch):
    """No password of somebody who was spared is left in the store."""
    accounts = await bulks.people(mails, 30)
    request_id = await bulks.begun(mails, accounts)
    mails.directory.before["set_password"] = [Unreachable("down")] * 30
    await mails.do(mails.queue.popleft())
    monkeypatch.setattr(control, "LOOKS", 1)
    spared = await control.cancel(mails.tools, request_id, ADA)
    unknown = await control.settled(mails.tools, request_id)
    assert spared == 30 - chunk.PUMPS * chunk.FIRST_TOGETHER
    assert len(unknown) == 30 - spared
    async with mails.store.read() as tx:
        sealed = await tx.conn.scalar(
            text("SELECT count(*) FROM seals WHERE purpose = 'password' AND blob IS NOT NULL")
        )
    assert sealed == len(unknown)


async def test_a_pause_and_a_resume_lose_nobody(mails):
    """Paused, nothing is set; resumed, the rest follows; only the requester can resume."""
    accounts = await bulks.people(mails, 20)
    request_id = await bulks.begun(mails, accounts)
    await control.pause(mails.tools, request_id, ADA)
    await mails.pump(patience=500)
    assert mails.directory.passwords == []
    with pytest.raises(Refused):
        await control.pause(mails.tools, request_id, ADA)
    await control.resume(mails.tools, request_id, ADA)
    run = await bulks.worked(mails, request_id)
    assert run.state is RequestState.DONE
    await bulks.signs_in(mails, accounts)


async def test_another_admin_may_stop_a_run_and_not_let_it_go_on(mails):
    """Pause and cancel are anybody's with a role; who resumes or retries another's run hears whose it is."""
    await enrolled(mails, EVE, "eve")
    mails.directory.before["set_password"] = [NotAllowed("no")]
    accounts = await bulks.people(mails, 3)
    ended = await bulks.begun(mails, accounts)
    assert (await bulks.worked(mails, ended)).state is RequestState.DONE
    mails.clock.tick(minutes=5)
    request_id = await bulks.begun(mails, accounts)
    await control.pause(mails.tools, request_id, EVE)
    for deed, run in ((control.resume, request_id), (control.retry_failed, ended)):
        with pytest.raises(Refused) as refused:
            await deed(mails.tools, run, EVE)
        assert (refused.value.reason, refused.value.facts) == (Reason.NOT_YOUR_RUN, {"user": "Ada Admin"})
    assert (await bulks.run_of(mails, request_id)).state is RequestState.PAUSED
    assert (await bulks.run_of(mails, ended)).state is RequestState.DONE
    assert await control.cancel(mails.tools, request_id, EVE) == 3


async def test_a_pause_before_the_beginning_does_not_bring_it_forward(mails):
    """Resumed in its hold, a run waits on for its time; a start that is too far off is refused."""
    accounts = await bulks.people(mails, 3)
    form_id, request_id = await bulks.frozen(mails, accounts, start=mails.clock.now + timedelta(days=31))
    with pytest.raises(Refused) as refused:
        await submit_bulk.begin(mails.tools, form_id, ADA, mails.code(), "")
    assert refused.value.reason is Reason.START_INVALID
    form_id, request_id = await bulks.frozen(mails, accounts, start=mails.clock.now + timedelta(hours=2))
    await submit_bulk.begin(mails.tools, form_id, ADA, mails.code(), "")
    await control.pause(mails.tools, request_id, ADA)
    await control.resume(mails.tools, request_id, ADA)
    mails.clock.tick(minutes=30)
    assert await steer.all_runs(mails.tools) == 0, "nobody need look for its chunks yet"
    mails.clock.tick(minutes=89, seconds=40)
    assert await steer.all_runs(mails.tools) == 1
    assert (await bulks.run_of(mails, request_id)).state is RequestState.HELD
    mails.clock.tick(minutes=1)
    await steer.all_runs(mails.tools)
    run = await bulks.worked(mails, request_id)
    assert run.state is RequestState.DONE
    await bulks.signs_in(mails, accounts)
