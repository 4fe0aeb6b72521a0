"""What a run leaves behind, however it ends: no account that nobody can reset, no password that nobody holds."""

from __future__ import annotations

from collections import deque
from datetime import timedelta

import pytest
from sqlalchemy import text

from desk import control, steer, submit_bulk
from desk.tools import Work, WorkKind
from directory.base import NotAllowed, NotNow, PasswordRejected, Unreachable
from resets.audit import Deed
from resets.notice import NoticeKind
from resets.outcome import Step, StepState
from resets.reasons import Reason, Refused
from resets.request import Channel, RequestState, TargetState
from resets.saying import SayFile
from store import jobs
from tests.support import bulks
from tests.support.house import ADA


@pytest.fixture
def mails(house):
    house.with_rules(mail_password=True)
    return house


async def written(house, sql, **values):
    async with house.store.write() as tx:
        await tx.conn.execute(text(sql), values)


async def notices_of(house, kind):
    async with house.store.read() as tx:
        return set(await tx.conn.scalars(text("SELECT id FROM notices WHERE kind = :kind"), {"kind": kind}))


async def only(house, request_id):
    (target,) = await bulks.targets_of(house, request_id)
    return target


@pytest.mark.parametrize("end", ["cancelled", "paused"])
async def test_what_was_begun_blocks_nobody(mails, end):
    """The directory is busy with a first write when the run is stopped: later the account can be reset again."""
    (bob,) = await bulks.people(mails, 1)
    request_id = await bulks.begun(mails, [bob])
    mails.directory.before["set_password"] = [NotNow("busy", after=timedelta(seconds=30))]
    await mails.do(mails.queue.popleft())
    assert (await only(mails, request_id)).state is TargetState.STARTED
    await (control.cancel if end == "cancelled" else control.pause)(mails.tools, request_id, ADA)
    mails.queue.clear()
    mails.clock.tick(seconds=1, **({"minutes": 10} if end == "cancelled" else {"hours": 25}))
    await steer.all_runs(mails.tools)
    target = await only(mails, request_id)
    assert (target.state, target.step(Step.SET).state) == (TargetState.FAILED, StepState.UNKNOWN)
    again = await bulks.begun(mails, [bob])
    assert (await bulks.worked(mails, again)).state is RequestState.DONE
    assert (await only(mails, again)).state is TargetState.DELIVERED


async def test_a_pause_finishes_what_was_begun(mails):
    """Who is being reset when somebody presses Pause gets their password all the same; nobody else does."""
    accounts = await bulks.people(mails, 3)
    mails.with_rules(mail_password=True, concurrency={"corp": 2})
    request_id = await bulks.begun(mails, accounts)
    mails.directory.before["set_password"] = [NotNow("busy", after=timedelta(seconds=3))] * 2
    work = mails.queue.popleft()
    await mails.do(work)
    begun = {t.id for t in await bulks.targets_of(mails, request_id) if t.state is TargetState.STARTED}
    await control.pause(mails.tools, request_id, ADA)
    await mails.do(work)
    stand = await bulks.targets_of(mails, request_id)
    assert begun
    assert {t.id for t in stand if t.state is TargetState.SET} == begun
    assert {t.state for t in stand if t.id not in begun} == {TargetState.SEALED}


async def test_a_cancelled_runs_report_waits_for_what_was_begun(mails):
    """It is said once, when nobody's password is being written any more."""
    (bob,) = await bulks.people(mails, 1)
    request_id = await bulks.begun(mails, [bob])
    mails.directory.before["set_password"] = [NotNow("busy", after=timedelta(seconds=30))]
    await mails.do(mails.queue.popleft())
    await control.cancel(mails.tools, request_id, ADA)
    result = next(work for work in mails.queue if work.kind is WorkKind.NOTICE)
    assert await mails.do(result) == timedelta(seconds=2)
    mails.clock.tick(seconds=1, minutes=10)
    await steer.all_runs(mails.tools)
    assert await mails.do(result) is None
    (said,) = [said for said in mails.heard if isinstance(said, SayFile)]
    assert said.facts.progress.unknown == 1


@pytest.mark.parametrize("then", [NotAllowed("no"), PasswordRejected("history"), None])
async def test_a_silent_write_is_never_called_failed(mails, then):
    """It has happened; then the directory refuses, or no longer finds the account: the same password is kept for it."""
    (bob,) = await bulks.people(mails, 1)
    request_id = await bulks.begun(mails, [bob])
    mails.directory.after["set_password"] = [Unreachable("cut", sent=True)]
    mails.directory.before["set_password"] = [None, then, then, then]
    mails.directory.before["verify_password"] = [Unreachable("away")] * 20
    if then is None:
        fetch = mails.directory.fetch

        async def gone(ids):
            return {} if mails.directory.passwords else await fetch(ids)

        mails.directory.fetch = gone
    assert (await bulks.worked(mails, request_id)).state is RequestState.DONE
    target = await only(mails, request_id)
    assert (target.state, target.step(Step.SET).state) == (TargetState.FAILED, StepState.UNKNOWN)
    mails.directory.before.clear()
    if then is None:
        mails.directory.fetch = fetch
    await control.retry_failed(mails.tools, request_id, ADA)
    await steer.all_runs(mails.tools)
    await bulks.worked(mails, request_id)
    assert (await only(mails, request_id)).state is TargetState.DELIVERED
    assert len({password for _, password in mails.directory.passwords}) == 1


@pytest.mark.parametrize("first", [Channel.DM, Channel.MAIL])
async def test_what_was_mailed_is_in_the_journal_and_is_not_taken_back(mails, first):
    """By message and by mail, whichever is said first: the mail is journalled; without must-change it stays in use."""
    queued = await mails.ask("bob", must_change=False, channels=("dm", "mail"))
    await mails.do(mails.queue.popleft())
    held_back = await notices_of(mails, NoticeKind.SHOW if first is Channel.MAIL else NoticeKind.MAIL_PASSWORD)
    late = [work for work in mails.queue if work.id in held_back]
    assert late
    mails.queue = deque(work for work in mails.queue if work not in late)
    await mails.pump()
    mails.queue.extend(late)
    await mails.pump()
    assert (await mails.deeds()).count(Deed.MAILED) == 1
    target = await mails.target_of(queued)
    assert target.expires_at is None


async def test_a_broken_seal_fails_its_person(mails, monkeypatch):
    """What no longer opens is not asked for for ever; the others are reset."""
    accounts = await bulks.people(mails, 3)
    request_id = await bulks.begun(mails, accounts)

    async def nobody(*_):
        return []

    with monkeypatch.context() as patched:
        patched.setattr("desk.chunk._pumped", nobody)
        await mails.do(mails.queue[0])
    one = (await bulks.targets_of(mails, request_id))[0]
    await written(mails, "UPDATE seals SET blob = x'00' WHERE row_id = :one", one=one.id)
    assert (await bulks.worked(mails, request_id)).state is RequestState.DONE
    stand = {t.id: t for t in await bulks.targets_of(mails, request_id)}
    assert stand.pop(one.id).reason is Reason.KEY_WRONG
    assert {t.state for t in stand.values()} == {TargetState.DELIVERED}


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE requests SET plan = replace(plan, '_change\"\\:true', '_change\"\\:false') WHERE id = :r",
        "UPDATE requests SET total = total - 1 WHERE id = :r",
        "UPDATE requests SET digest = 'x' WHERE id = :r",
    ],
)
async def test_what_was_shown_is_what_is_proved(mails, sql):
    """A request's row that was written over between preview and code is refused; the code is not spent."""
    accounts = await bulks.people(mails, 3)
    form_id, request_id = await bulks.frozen(mails, accounts)
    await written(mails, sql, r=request_id)
    with pytest.raises(Refused) as refused:
        await submit_bulk.begin(mails.tools, form_id, ADA, mails.code(), "")
    assert refused.value.reason in {Reason.NOT_PROVED, Reason.NOBODY_LEFT}
    assert (await bulks.run_of(mails, request_id)).state is RequestState.ASKED


async def test_a_code_proves_the_preview_before_ones_eyes(mails):
    """A view that shows another digest than the form's last preview proves nothing."""
    accounts = await bulks.people(mails, 3)
    form_id, _ = await bulks.frozen(mails, accounts)
    with pytest.raises(Refused) as refused:
        await submit_bulk.begin(mails.tools, form_id, ADA, mails.code(), "", shown="0" * 16)
    assert refused.value.reason is Reason.FORM_USED


@pytest.mark.parametrize("typed", ["3.0", "-30", "3e0", "30²", "3 people, 0 less", "٣٠", "+30", ""])
async def test_a_number_is_a_number(mails, typed):
    """Thirty people are "30", and nothing that only has its digits."""
    form_id, _ = await bulks.frozen(mails, await bulks.people(mails, 30))
    with pytest.raises(Refused) as refused:
        await submit_bulk.begin(mails.tools, form_id, ADA, mails.code(), typed)
    assert refused.value.reason is Reason.NUMBER_WRONG


async def test_a_row_that_is_gone_stops_the_run(mails):
    """Whoever deletes their own row does not stay out of it unseen: nobody is reset, and the journal says why."""
    accounts = await bulks.people(mails, 3)
    form_id, request_id = await bulks.frozen(mails, accounts)
    await submit_bulk.begin(mails.tools, form_id, ADA, mails.code(), "")
    await written(mails, "DELETE FROM targets WHERE request_id = :r AND position = 1", r=request_id)
    mails.clock.tick(seconds=61)
    await steer.all_runs(mails.tools)
    await mails.pump(patience=500)
    run = await bulks.run_of(mails, request_id)
    assert (run.state, run.stopped) == (RequestState.PAUSED, Reason.NOT_PROVED)
    assert mails.directory.passwords == []
    assert Deed.PAUSED in await mails.deeds()


async def test_the_journals_word_goes_before_a_rows(mails):
    """A cancelled run that somebody sets back to held, or one that is brought forward, resets nobody."""
    accounts = await bulks.people(mails, 2)
    for early in (False, True):
        form_id, request_id = await bulks.frozen(mails, accounts)
        await submit_bulk.begin(mails.tools, form_id, ADA, mails.code(), "")
        if not early:
            await control.cancel(mails.tools, request_id, ADA)
            await written(mails, "UPDATE targets SET state = 'new', reason = NULL WHERE request_id = :r", r=request_id)
            mails.clock.tick(seconds=61)
        held = "UPDATE requests SET state = 'held', ended_at = NULL, begins_at = asked_at WHERE id = :r"
        await written(mails, held, r=request_id)
        await steer.all_runs(mails.tools)
        for work in [each for each in mails.queue if each.kind is WorkKind.CHUNK]:
            await mails.do(work)
        assert mails.directory.passwords == []
        mails.clock.tick(seconds=30)


async def test_a_planted_job_resets_nobody_of_a_bulk(mails):
    """A single reset's job that names somebody of a paused bulk is none of ours."""
    accounts = await bulks.people(mails, 2)
    request_id = await bulks.begun(mails, accounts)
    await control.pause(mails.tools, request_id, ADA)
    mails.queue.clear()
    target = (await bulks.targets_of(mails, request_id))[0]
    async with mails.store.write() as tx:
        planted = jobs.Job("planted", WorkKind.RESET.value, request_id, target.id, {}, mails.clock())
        await jobs.add(tx, planted)
    mails.queue.append(Work(WorkKind.RESET, "planted"))
    await mails.pump()
    assert mails.directory.passwords == []
