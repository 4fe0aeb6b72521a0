"""A bulk from its proof to its end: everybody once, each with a password of their own, and nothing half done."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from desk import control, enrol, steer, submit_bulk
from directory.base import NotAllowed, NotNow, PasswordRejected, PasswordUnchanged, Unreachable
from resets.outcome import Step, StepState
from resets.reasons import Reason, Refused
from resets.request import RequestState, TargetState
from resets.saying import SayFile
from store.base import Store
from tests.support import bulks, postgres
from tests.support import house as houses
from tests.support.house import ADA, EVE


@pytest.fixture(scope="module")
def server():
    with postgres.running() as running:
        yield running


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.server)])
async def mails(request, tmp_path):
    """A house, on each of both databases, whose passwords may be mailed."""
    url = None if request.param == "sqlite" else request.getfixturevalue("server").database()
    built = await houses.build(tmp_path, url)
    built.with_rules(mail_password=True)
    yield built
    await houses.raze(built)


def mailed(house):
    """Return the password that each address got, and demand that nobody got two."""
    found = {}
    for said in house.heard:
        if getattr(said, "password", None):
            assert found.setdefault(said.facts.to, said.password.reveal()) == said.password.reveal()
    return found


async def signs_in(house, accounts):
    """Demand that everybody can sign in with what they were mailed, and was given one password in all."""
    given = {}
    for account_id, password in house.directory.passwords:
        assert given.setdefault(account_id, password) == password
    assert len(set(given.values())) == len(given)
    assert mailed(house) == {account.mail: given[account.id] for account in accounts}
    for account in accounts[:3]:
        fresh = await house.local.find(account.login)
        assert await house.directory.inner.verify_password(fresh, bulks.secret(given[account.id]))


async def test_everybody_is_reset_once_with_a_password_of_their_own(mails):
    """A first wave, then the rest: all are set, told by mail, and no two passwords are the same."""
    accounts = await bulks.people(mails, 60)
    request_id = await bulks.begun(mails, accounts)
    run = await bulks.worked(mails, request_id)
    assert run.state is RequestState.DONE
    targets = await bulks.targets_of(mails, request_id)
    assert {t.state for t in targets} == {TargetState.DELIVERED}
    assert all(t.step(Step.MUST_CHANGE).state is StepState.DONE for t in targets)
    assert all(t.step(Step.SESSIONS).state is StepState.DONE for t in targets)
    assert all(t.step(Step.UNLOCK).state is StepState.SKIPPED for t in targets)
    assert len(mails.directory.passwords) == 60
    await signs_in(mails, accounts)


async def test_the_first_wave_goes_alone(mails):
    """Of more than fifty, five are reset first; the others begin when those went well."""
    accounts = await bulks.people(mails, 51)
    request_id = await bulks.begun(mails, accounts)
    await mails.do(mails.queue.popleft())
    assert {w.id for w in mails.queue} <= {f"{c}.1" for c in await bulks.chunk_ids(mails, request_id, canary=True)}
    assert len(mails.directory.passwords) == 5
    await bulks.worked(mails, request_id)
    assert len(mails.directory.passwords) == 51


async def test_a_first_wave_that_fails_stops_the_run(mails):
    """Nobody else is reset; the run says why, and goes on when somebody resumes it."""
    accounts = await bulks.people(mails, 51)
    mails.directory.before["set_password"] = [NotAllowed("no")] * 2
    request_id = await bulks.begun(mails, accounts)
    run = await bulks.worked(mails, request_id)
    assert (run.state, run.stopped) == (RequestState.PAUSED, Reason.CANARY_FAILED)
    assert len(mails.directory.passwords) == 5
    await mails.pump(patience=500)
    (said,) = [said for said in mails.heard if isinstance(said, SayFile)]
    assert (said.facts.state, said.facts.stopped) == (run.state, run.stopped)
    mails.clock.tick(seconds=5)
    await control.resume(mails.tools, request_id, ADA)
    run = await bulks.worked(mails, request_id)
    assert run.state is RequestState.DONE
    progress = await bulks.progress_of(mails, request_id)
    assert (progress.done, progress.failed) == (49, 2)


async def test_a_run_stops_when_too_many_fail(mails):
    """More than 5 % of the last hundred."""
    accounts = await bulks.people(mails, 110)
    mails.directory.before["set_password"] = [None] * 10 + [NotAllowed("no")] * 20
    request_id = await bulks.begun(mails, accounts)
    run = await bulks.worked(mails, request_id)
    assert (run.state, run.stopped) == (RequestState.PAUSED, Reason.TOO_MANY_FAILED)
    assert len(mails.directory.passwords) < 110


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
    assert spared >= 20
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
    await signs_in(mails, accounts)


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
    await steer.all_runs(mails.tools)
    assert (await bulks.run_of(mails, request_id)).state is RequestState.HELD
    mails.clock.tick(minutes=91)
    await steer.all_runs(mails.tools)
    run = await bulks.worked(mails, request_id)
    assert run.state is RequestState.DONE
    await signs_in(mails, accounts)


async def test_a_directory_that_is_down_stops_the_run(mails, monkeypatch):
    """Nobody is failed for it: they wait, and are reset when somebody resumes."""
    monkeypatch.setattr("desk.brakes.PATIENCE", (0.0, 0.0))
    accounts = await bulks.people(mails, 12)
    request_id = await bulks.begun(mails, accounts)
    mails.directory.before["fetch"] = [None, *[Unreachable("down")] * 3]
    run = await bulks.worked(mails, request_id)
    assert (run.state, run.stopped) == (RequestState.PAUSED, Reason.DIRECTORY_DOWN)
    await control.resume(mails.tools, request_id, ADA)
    run = await bulks.worked(mails, request_id)
    assert run.state is RequestState.DONE
    await signs_in(mails, accounts)


@pytest.mark.parametrize(
    ("fault", "when"),
    [
        (Unreachable("cut", sent=True), "before"),
        (Unreachable("cut", sent=True), "after"),
        (Unreachable("down"), "before"),
        (NotNow("busy", after=timedelta(seconds=7)), "before"),
        (PasswordRejected("history"), "before"),
    ],
)
async def test_a_fault_in_the_middle_ends_well(mails, fault, when):
    """A silence, a rest, a refusal, whether or not the write has happened: everybody ends with what they were told."""
    accounts = await bulks.people(mails, 12)
    getattr(mails.directory, when)["set_password"] = [None, None, fault]
    request_id = await bulks.begun(mails, accounts)
    run = await bulks.worked(mails, request_id)
    assert run.state is RequestState.DONE
    targets = await bulks.targets_of(mails, request_id)
    assert {t.state for t in targets} == {TargetState.DELIVERED}
    last = dict(mails.directory.passwords)
    assert mailed(mails) == {account.mail: last[account.id] for account in accounts}


async def test_a_repeated_password_that_is_refused_counts_as_set(mails):
    """A directory with a history refuses the repeat; a look shows that it is set."""
    accounts = await bulks.people(mails, 3)
    mails.directory.after["set_password"] = [Unreachable("cut", sent=True)]
    mails.directory.before["verify_password"] = [Unreachable("down")]
    mails.directory.before["set_password"] = [None, None, None, PasswordUnchanged("same")]
    request_id = await bulks.begun(mails, accounts)
    run = await bulks.worked(mails, request_id)
    assert run.state is RequestState.DONE
    await signs_in(mails, accounts)


async def test_a_pace_is_kept(mails):
    """Two a second, in one lane: the two groups that are under way each rest a second after one person."""
    rests = []

    async def sleep(seconds):
        rests.append(seconds)

    mails.with_rules(mail_password=True, pace={"corp": 2.0})
    mails.tools = replace(mails.tools, sleep=sleep)
    accounts = await bulks.people(mails, 6)
    await bulks.worked(mails, await bulks.begun(mails, accounts))
    assert rests == [1.0] * 6


async def test_who_was_taken_for_dead_sets_nothing(mails):
    """The others go on with its chunk, so it calls no directory."""
    accounts = await bulks.people(mails, 6)
    request_id = await bulks.begun(mails, accounts)
    mails.tools = replace(mails.tools, fit=lambda: False)
    with pytest.raises(ExceptionGroup):
        await bulks.worked(mails, request_id)
    assert mails.directory.passwords == []


class Died(Exception):
    """The process was killed."""


@pytest.mark.parametrize("after", [False, True])
async def test_it_may_die_at_every_write(mails, monkeypatch, after):
    """Killed before or after each transaction in turn, the next start goes on; nobody has two passwords or none."""
    write, left = Store.write, 0
    accounts = await bulks.people(mails, 8)
    mails.with_rules(mail_password=True, concurrency={"corp": 4})
    request_id = await bulks.begun(mails, accounts)
    work = next(work for work in mails.queue if work.kind == "chunk")

    @asynccontextmanager
    async def dying(self, *, waited_for=False):
        nonlocal left
        left -= 1
        last = left == 0
        if last and not after:
            raise Died
        async with write(self, waited_for=waited_for) as tx:
            yield tx
        if last:
            raise Died

    monkeypatch.setattr(Store, "write", dying)
    deaths = 0
    for number in range(1, 60):
        left, died = number, False
        try:
            await mails.do(work)
        except* Died:
            died = True
        deaths += died
        if not died:
            break
    monkeypatch.setattr(Store, "write", write)
    assert deaths >= 4
    run = await bulks.worked(mails, request_id)
    assert run.state is RequestState.DONE
    await signs_in(mails, accounts)


async def test_who_changed_since_the_preview_is_dropped(mails):
    """Disabled, moved to another address, gone: each is left out with the reason, and the others are reset."""
    accounts = await bulks.people(mails, 6)
    form_id, request_id = await bulks.frozen(mails, accounts)
    await mails.local.disable(accounts[0].id)
    await mails.local.change_account(accounts[1].id, mail="thief@example.com")
    await submit_bulk.begin(mails.tools, form_id, ADA, mails.code(), "")
    mails.clock.tick(seconds=61)
    await steer.all_runs(mails.tools)
    await bulks.worked(mails, request_id)
    targets = {t.planned.login: t for t in await bulks.targets_of(mails, request_id)}
    assert targets[accounts[0].login].reason is Reason.DISABLED
    assert targets[accounts[1].login].reason is Reason.CHANGED_SINCE
    assert len(mails.directory.passwords) == 4


async def test_two_bulks_over_the_same_people_do_not_interleave(mails):
    """The second waits for the first; what the first has set is then replaced, and closed."""
    accounts = await bulks.people(mails, 4)
    first = await bulks.begun(mails, accounts)
    mails.clock.tick(seconds=30)
    second = await bulks.begun(mails, accounts)
    await bulks.worked(mails, first)
    await bulks.worked(mails, second)
    last = dict(mails.directory.passwords)
    newest = {}
    for said in mails.heard:
        if getattr(said, "password", None):
            newest[said.facts.to] = said.password.reveal()
    assert newest == {account.mail: last[account.id] for account in accounts}
    assert {t.state for t in await bulks.targets_of(mails, second)} == {TargetState.DELIVERED}


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE targets SET address = 'thief@example.com' WHERE request_id = :r",
        "UPDATE targets SET account_id = (SELECT account_id FROM admins) WHERE request_id = :r AND position = 1",
        "UPDATE requests SET plan = replace(plan, '\"compromise\"', '\"forgot\"') WHERE id = :r",
        "UPDATE requests SET total = total - 1 WHERE id = :r",
        "UPDATE requests SET digest = 'x' WHERE id = :r",
        "UPDATE targets SET mac = 'x' WHERE request_id = :r AND position = 0",
    ],
)
async def test_rows_that_were_written_over_are_not_acted_on(mails, sql):
    """Who can write the database still cannot reset: the run stops, and the security channel hears."""
    accounts = await bulks.people(mails, 4)
    request_id = await bulks.begun(mails, accounts)
    async with mails.store.write() as tx:
        await tx.conn.execute(text(sql), {"r": request_id})
    run = await bulks.worked(mails, request_id)
    assert mails.directory.passwords == []
    assert (run.state, run.stopped) == (RequestState.PAUSED, Reason.NOT_PROVED)


async def test_a_bulk_that_was_never_proved_does_not_run(mails):
    """A state that somebody wrote into the row is no proof."""
    accounts = await bulks.people(mails, 4)
    _, request_id = await bulks.frozen(mails, accounts)
    async with mails.store.write() as tx:
        held = "UPDATE requests SET state = 'held', begins_at = asked_at WHERE id = :r"
        await tx.conn.execute(text(held), {"r": request_id})
    mails.clock.tick(seconds=61)
    await steer.all_runs(mails.tools)
    await bulks.worked(mails, request_id)
    assert mails.directory.passwords == []


async def test_an_enrolment_that_ends_stops_the_run(mails):
    """The requester no longer holds the role: nobody else is reset."""
    accounts = await bulks.people(mails, 4)
    request_id = await bulks.begun(mails, accounts)
    (row,) = await enrol.listing(mails.tools)
    await enrol.revoke(mails.tools, row.id, by="test")
    run = await bulks.worked(mails, request_id)
    assert (run.state, run.stopped) == (RequestState.PAUSED, Reason.NO_ROLE)
    assert mails.directory.passwords == []


async def test_the_submission_demands_number_and_code(mails):
    """26 people and more: their number is typed; a wrong one costs nothing, a wrong code is paid for."""
    accounts = await bulks.people(mails, 26)
    form_id, request_id = await bulks.frozen(mails, accounts)
    with pytest.raises(Refused) as refused:
        await submit_bulk.begin(mails.tools, form_id, ADA, mails.code(), "25")
    assert refused.value.reason is Reason.NUMBER_WRONG
    with pytest.raises(Refused) as refused:
        await submit_bulk.begin(mails.tools, form_id, ADA, "000000", "26")
    assert refused.value.reason is Reason.CODE_WRONG
    with pytest.raises(Refused) as refused:
        await submit_bulk.begin(mails.tools, form_id, EVE, mails.code(), "26")
    assert refused.value.reason is Reason.NOT_YOURS
    held = await submit_bulk.begin(mails.tools, form_id, ADA, mails.code(), "26 people")
    assert held.begins_at == mails.clock.now + timedelta(seconds=60)
    with pytest.raises(Refused) as refused:
        await submit_bulk.begin(mails.tools, form_id, ADA, mails.code(), "26")
    assert refused.value.reason is Reason.FORM_USED
    await steer.all_runs(mails.tools)
    assert (await bulks.run_of(mails, request_id)).state is RequestState.HELD
    await control.cancel(mails.tools, request_id, ADA)
    progress = await bulks.progress_of(mails, request_id)
    assert progress.cancelled == 26
