"""What is believed once others have agreed: the journal, not the rows, for half an hour, while everybody still may."""

from __future__ import annotations

import pytest

from desk import decide, enrol, steer, sweep
from resets.actor import SlackPerson
from resets.reasons import Reason
from resets.request import RequestState, TargetState
from store import admins, audit
from tests.support import bulks
from tests.support.approving import ZOE, approve, asked_many, deny, row_of, shown, sql
from tests.support.house import ADA, EVE, TEAM, enrolled, refused


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE requests SET state = 'approved' WHERE id = :r",
        "UPDATE requests SET state = 'running' WHERE id = :r",
        "INSERT INTO approvals VALUES (:r, 'corp/x', 'U0EVE', 'Eve', 1, 1, '', '2026-03-02 10:00:00.000000')",
    ],
)
async def test_rows_that_say_approved_are_not_believed(each, statement):
    """Who can write the database, and not the journal, gets nothing run: not by a state, a voice or a job."""
    queued = await each.ask()
    await each.pump()
    target = await each.target_of(queued)
    await sql(each, statement, r=queued.request_id)
    values = {"i": "forged", "r": queued.request_id, "t": target.id}
    job = "INSERT INTO jobs (id, kind, request_id, target_id, facts, created_at) VALUES "
    await sql(each, f"{job} (:i, 'reset', :r, :t, '{{}}', '2026-03-02 10:00:00.000000')", **values)
    from desk.tools import Work, WorkKind

    each.queue.append(Work(WorkKind.RESET, "forged"))
    await each.pump()
    assert each.directory.passwords == []


async def test_a_plan_that_was_written_over_is_not_agreed_to(each):
    """The approver is told, and no code is spent on it."""
    queued = await each.ask()
    await sql(
        each,
        "UPDATE requests SET plan = replace(plan, 'bob@example.com', 'thief@example.com') WHERE id = :r",
        r=queued.request_id,
    )
    await refused(decide.begin(each.tools, await shown(each, queued.request_id), EVE), Reason.NOT_PROVED)


async def test_a_forged_bulk_begins_nothing(asking):
    """A row that says HELD, without the approvals in the journal."""
    held = await asked_many(asking, 2)
    await sql(asking, "UPDATE requests SET state = 'held', begins_at = asked_at WHERE id = :r", r=held.request_id)
    asking.clock.tick(minutes=5)
    await steer.all_runs(asking.tools)
    await bulks.worked(asking, held.request_id)
    assert asking.directory.passwords == []


@pytest.mark.parametrize("whose", [EVE, ADA])
async def test_who_lost_the_role_stops_the_job(each, whose):
    """Requester and approver are judged again when it runs."""
    queued = await each.ask()
    await approve(each, queued.request_id)
    await enrol.revoke(each.tools, (await row_of(each, whose)).id, by="test")
    await each.pump()
    target = await each.target_of(queued)
    assert target.state is TargetState.FAILED
    assert target.reason is (Reason.APPROVER_LOST if whose is EVE else Reason.NO_ROLE)
    assert each.directory.passwords == []


@pytest.mark.parametrize("lost", ["revoked", "frozen", "role", "account"])
async def test_who_lost_the_role_stops_the_run(asking, lost):
    """Revoked, frozen, of a role that approves no more, or gone from the directory."""
    held = await asked_many(asking, 3)
    await approve(asking, held.request_id)
    match lost:
        case "revoked":
            await enrol.revoke(asking.tools, (await row_of(asking, EVE)).id, by="test")
        case "frozen":
            async with asking.store.write() as tx:
                await admins.freeze(tx, (await admins.by_slack(tx, EVE)).id, asking.clock.now)
        case "role":
            asking.with_rules(approvers=frozenset({"others"}))
        case "account":
            await asking.local.disable(asking.ids["eve"])
    asking.clock.tick(seconds=61)
    await steer.all_runs(asking.tools)
    run = await bulks.worked(asking, held.request_id)
    assert (run.state, run.stopped) == (RequestState.PAUSED, Reason.APPROVER_LOST)
    assert asking.directory.passwords == []


async def test_an_approval_is_good_for_half_an_hour(asking):
    """A worker that was away for longer begins nothing; what somebody has paused is another matter."""
    held = await asked_many(asking, 3)
    await approve(asking, held.request_id)
    asking.clock.tick(minutes=31, seconds=1)
    await steer.all_runs(asking.tools)
    await asking.pump()
    assert (await bulks.run_of(asking, held.request_id)).state is RequestState.CANCELLED
    assert asking.directory.passwords == []


async def test_a_single_one_is_too(each):
    """By the time of the approval, not of the request."""
    queued = await each.ask()
    each.clock.tick(minutes=14)
    await approve(each, queued.request_id)
    each.clock.tick(minutes=30, seconds=1)
    await each.pump()
    assert (await each.target_of(queued)).reason is Reason.TOO_LATE


async def test_the_journal_stays_whole(asking):
    """Whatever was decided."""
    held = await asked_many(asking, 51)
    await approve(asking, held.request_id, EVE)
    await deny(asking, held.request_id, ZOE)
    await sweep.forget_drafts(asking.tools)
    async with asking.store.read() as tx:
        assert (await audit.verify(tx)).ok


async def test_who_agreed_is_not_reset_by_it(each):
    """Since then the directory says that the account is theirs: it is left as it was, with the reason."""
    queued = await each.ask("bob", None, channels=("mail",))
    await approve(each, queued.request_id, EVE)
    await each.local.change_account(each.ids["bob"], slack_user=EVE.user)
    await each.pump()
    target = await each.target_of(queued)
    assert (target.state, target.reason) == (TargetState.EXCLUDED, Reason.TARGET_AGREED)
    assert each.directory.passwords == []


async def test_nor_by_another_slack_account_of_theirs(each):
    """Two enrolments of a directory account are one person, whichever of them the directory says the account is."""
    twin = SlackPerson(TEAM, "U0EVETWO")
    each.seeds[twin] = await enrolled(each, twin, "eve")
    queued = await each.ask("bob", None, channels=("mail",))
    await approve(each, queued.request_id, EVE)
    await each.local.change_account(each.ids["bob"], slack_user=twin.user)
    await each.pump()
    assert (await each.target_of(queued)).reason is Reason.TARGET_AGREED
    assert each.directory.passwords == []


async def test_nor_is_who_asked(each):
    """By another Slack account of theirs; their own the rules look at."""
    twin = SlackPerson(TEAM, "U0ADATWO")
    await enrolled(each, twin, "ada")
    for user, reason in ((twin.user, Reason.TARGET_AGREED), (ADA.user, Reason.SELF)):
        await each.local.change_account(each.ids["bob"], slack_user=None)
        each.clock.tick(seconds=60)
        queued = await each.ask("bob", None, channels=("mail",))
        await approve(each, queued.request_id, EVE)
        await each.local.change_account(each.ids["bob"], slack_user=user)
        await each.pump()
        assert (await each.target_of(queued)).reason is reason
    assert each.directory.passwords == []


async def test_of_many_they_are_left_out(asking):
    """The others are reset."""
    held = await asked_many(asking, 3)
    await approve(asking, held.request_id, EVE)
    account = await asking.local.find("p0001")
    await asking.local.change_account(account.id, slack_user=EVE.user)
    asking.clock.tick(seconds=61)
    await steer.all_runs(asking.tools)
    await bulks.worked(asking, held.request_id)
    targets = await bulks.targets_of(asking, held.request_id)
    left = {target.planned.login: target.reason for target in targets if target.reason}
    assert left == {"p0001": Reason.TARGET_AGREED}
    assert len(asking.directory.passwords) == 2
