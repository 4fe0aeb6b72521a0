"""What goes wrong while it is done: every fault ends in a state that is true, and nobody is left in between."""

from __future__ import annotations

import pytest

from desk import retry
from desk.tools import Work, WorkKind
from directory.base import AccountGone, BadAnswer, NotAllowed, NotNow, PasswordRejected, Unreachable
from resets.facts import AlarmFacts, StatusFacts
from resets.outcome import Step, StepState
from resets.reasons import Reason
from resets.request import RequestState, TargetState
from store import jobs, vault
from tests.support.house import ADA


async def sealed(house, target):
    async with house.store.read() as tx:
        return await vault.peek(tx, "password", target.id)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("fault", [Unreachable("x", sent=True), BadAnswer("x", sent=True)])
async def test_a_silent_write_is_repeated_with_the_same_password(house, when, fault):
    """An unanswered write is unknown; it is repeated, with the very same password, until it is answered."""
    getattr(house.directory, when)["set_password"] = [fault]
    queued = await house.ask()
    await house.pump()
    target = await house.target_of(queued)
    assert target.state is TargetState.DELIVERED
    assert len(house.directory.passwords) == {"before": 2, "after": 1}[when]
    assert len(set(house.directory.passwords)) == 1
    shown = await house.reveal(target.id, queued.pickup)
    assert (await house.local.sign_in("bob", shown.password)).ok


async def test_a_directory_silent_for_good_is_unknown_and_can_be_retried(house):
    """After the last try the outcome is said to be unknown; *Retry* sets the same password."""
    house.directory.before["set_password"] = [Unreachable("x", sent=True)] * 10
    queued = await house.ask()
    await house.pump()
    target = await house.target_of(queued)
    assert (target.state, target.reason) == (TargetState.FAILED, Reason.DIRECTORY_SILENT)
    status = house.last(StatusFacts).facts
    assert status.retry == (Step.SET,)
    assert status.steps[0].state is StepState.UNKNOWN
    await retry.step(house.tools, target.id, "set", ADA)
    await house.pump()
    assert (await house.target_of(queued)).state is TargetState.DELIVERED
    assert len(set(house.directory.passwords)) == 1


async def test_a_directory_that_is_down_changes_nothing_and_says_so(house):
    """When nothing was ever sent, the end is "nothing has changed", and no password is kept."""
    house.directory.before["set_password"] = [Unreachable("down")] * 20
    queued = await house.ask()
    await house.pump()
    target = await house.target_of(queued)
    assert (target.state, target.reason) == (TargetState.FAILED, Reason.DIRECTORY_DOWN)
    assert await sealed(house, target) is None


async def test_busy_directory_is_waited_for_as_it_asks(house):
    """A directory's own "try again after" is kept."""
    from datetime import timedelta

    house.directory.before["set_password"] = [NotNow("busy", after=timedelta(seconds=77))]
    queued = await house.ask()
    before = house.clock.now
    await house.pump()
    assert (house.clock.now - before).total_seconds() >= 77
    assert (await house.target_of(queued)).state is TargetState.DELIVERED


@pytest.mark.parametrize(
    ("fault", "reason"),
    [(NotAllowed("x"), Reason.DIRECTORY_REFUSED), (AccountGone("x"), Reason.ACCOUNT_GONE)],
)
async def test_a_refusal_ends_it_and_nothing_is_delivered(house, fault, reason):
    """What the directory refuses for good ends the request with its reason; the person hears nothing."""
    house.directory.before["set_password"] = [fault]
    queued = await house.ask()
    await house.pump()
    target = await house.target_of(queued)
    assert (target.state, target.reason) == (TargetState.FAILED, reason)
    assert await sealed(house, target) is None
    assert {s.to for s in house.slack()} == {ADA.user}


async def test_a_refused_password_is_drawn_again(house):
    """A password that the policy refuses is replaced by another; after a few, the reason is said."""
    house.directory.before["set_password"] = [PasswordRejected("history")]
    queued = await house.ask()
    await house.pump()
    assert (await house.target_of(queued)).state is TargetState.DELIVERED
    assert len(set(house.directory.passwords)) == 2


async def test_a_policy_that_takes_nothing_is_said(house):
    """When no drawn password is taken, nothing has changed and the reason says so."""
    house.directory.before["set_password"] = [PasswordRejected("no")] * 9
    queued = await house.ask()
    await house.pump()
    target = await house.target_of(queued)
    assert (target.state, target.reason) == (TargetState.FAILED, Reason.PASSWORD_REFUSED)


async def test_a_failed_session_step_does_not_hold_the_password_back(house):
    """Sessions that cannot be ended are said and can be retried alone; the person has the password meanwhile."""
    house.directory.before["revoke_sessions"] = [NotAllowed("no right")]
    queued = await house.ask()
    await house.pump()
    target = await house.target_of(queued)
    assert target.state is TargetState.DELIVERED
    assert target.step(Step.SESSIONS).state is StepState.FAILED
    assert house.last(StatusFacts).facts.retry == (Step.SESSIONS,)
    sets = house.directory.calls.count("set_password")
    await retry.step(house.tools, target.id, "sessions", ADA)
    await house.pump()
    target = await house.target_of(queued)
    assert target.step(Step.SESSIONS).state is StepState.DONE
    assert house.directory.calls.count("set_password") == sets
    assert house.last(StatusFacts).facts.state is RequestState.DONE


async def test_disabled_between_form_and_write_is_excluded(house):
    """Everything is judged again right before the write."""
    queued = await house.ask()
    await house.local.disable(house.ids["bob"])
    await house.pump()
    target = await house.target_of(queued)
    assert (target.state, target.reason) == (TargetState.EXCLUDED, Reason.DISABLED)
    assert house.directory.calls.count("set_password") == 0


async def test_requester_disabled_meanwhile_stops_it(house):
    """An admin who was disabled after asking resets nobody."""
    queued = await house.ask()
    await house.local.disable(house.ids["ada"])
    await house.pump()
    assert (await house.target_of(queued)).reason is Reason.ACTOR_DISABLED


async def test_an_address_that_moved_is_not_mailed(house):
    """A mail goes to the address that was shown, or not at all."""
    house.with_rules(mail_password=True)
    queued = await house.ask(channels=("mail",))
    await house.local.change_account(house.ids["bob"], mail="thief@example.com")
    await house.pump()
    target = await house.target_of(queued)
    assert (target.state, target.reason) == (TargetState.EXCLUDED, Reason.CHANGED_SINCE)


async def test_a_proof_waits_half_an_hour_at_most(house):
    """A job that could not begin within 30 minutes of its proof does not begin at all."""
    queued = await house.ask()
    house.clock.tick(minutes=31)
    await house.pump()
    assert (await house.target_of(queued)).reason is Reason.TOO_LATE


@pytest.mark.parametrize("state", list(TargetState)[:6])
async def test_running_a_job_again_changes_nothing(house, state):
    """A job that has ended may be run again at any time: nothing is called, nothing is said twice."""
    del state
    queued = await house.ask()
    works = [w for w in house.queue if w.kind is WorkKind.RESET]
    await house.pump()
    calls, heard = list(house.directory.calls), len(house.heard)
    for work in works:
        assert await house.do(Work(WorkKind.RESET, work.id)) is None
    await house.pump()
    assert house.directory.calls == calls
    assert len(house.heard) == heard
    assert (await house.target_of(queued)).state is TargetState.DELIVERED


async def test_a_row_written_past_us_does_not_run(house):
    """Who can write the database, and not the journal's key, cannot have anything reset."""
    from sqlalchemy import text

    queued = await house.ask()
    eve = house.ids["eve"]
    async with house.store.write() as tx:
        await tx.conn.execute(
            text("UPDATE requests SET plan = replace(plan, :bob, :eve)"), {"bob": house.ids["bob"], "eve": eve}
        )
    await house.pump()
    assert house.directory.calls.count("set_password") == 0
    target = await house.target_of(queued)
    assert target.reason is Reason.NOT_PROVED
    assert house.last(AlarmFacts).facts.what is Reason.NOT_PROVED


async def test_a_job_without_its_proof_does_not_run(house):
    """A request whose PROVED entry is missing or edited is not run."""
    from sqlalchemy import text

    await house.ask()
    async with house.store.write() as tx:
        await tx.conn.execute(text("UPDATE audit SET body = replace(body, 'totp', 'xxxx')"))
    await house.pump()
    assert house.directory.calls.count("set_password") == 0


async def test_the_store_that_cannot_write_stops_before_the_directory(house, monkeypatch):
    """If nothing can be recorded, nothing is reset."""
    from store.base import StoreFailed

    await house.ask()
    async with house.store.read() as tx:
        (job,) = await jobs.open_jobs(tx)

    class Full:
        def __getattr__(self, name):
            return getattr(house.store, name)

        def write(self):
            raise StoreFailed("full")

    from dataclasses import replace

    from desk import run

    with pytest.raises(StoreFailed):
        await run.run(replace(house.tools, store=Full()), Work(WorkKind.RESET, job.id))
    assert house.directory.calls.count("set_password") == 0


async def test_a_password_that_somebody_else_has_set_meanwhile_is_left_alone(house):
    """After a silence the directory is looked at: another's new password is not written over."""
    from directory.secret import Secret

    theirs = Secret("A-quite-different-Lamp-8")
    house.directory.after["set_password"] = [Unreachable("x", sent=True)]
    queued = await house.ask()
    (work,) = [w for w in house.queue if w.kind is WorkKind.RESET]
    assert await house.do(work) is not None
    await house.local.set_initial_password("bob", theirs)
    await house.pump()
    target = await house.target_of(queued)
    assert (target.state, target.reason) == (TargetState.FAILED, Reason.SUPERSEDED)
    assert (await house.local.sign_in("bob", theirs)).ok
    assert await sealed(house, target) is None


async def test_a_write_that_landed_in_silence_is_not_sent_again(house):
    """Where the directory can try a password, a silent write that has happened counts as done."""
    house.directory.after["set_password"] = [Unreachable("x", sent=True)]
    queued = await house.ask()
    await house.pump()
    assert (await house.target_of(queued)).state is TargetState.DELIVERED
    assert house.directory.calls.count("set_password") == 1


async def test_silences_do_not_use_up_the_draws(house):
    """A directory that was down a few times and then refuses a password gets another one all the same."""
    down = [Unreachable("down")] * 4
    house.directory.before["set_password"] = [*down, PasswordRejected("history")]
    queued = await house.ask()
    await house.pump()
    assert (await house.target_of(queued)).state is TargetState.DELIVERED
    assert len({p for _, p in house.directory.passwords}) == 2
