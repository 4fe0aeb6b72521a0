"""Requests, targets and steps: what was frozen comes back as it was, and states move once."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resets.outcome import Step, StepRecord, StepState
from resets.reasons import Reason
from resets.request import (
    Channel,
    Options,
    Plan,
    PlannedTarget,
    RequestState,
    ResetRequest,
    TargetState,
    Tier,
    Why,
)
from store import jobs, plans, requests
from store.jobs import Job

HOSTILE = "\u202e<!channel>\0=1+1\ud800 'x';--"
TEXT = st.text()
PLANS = st.builds(
    Plan,
    team=TEXT,
    requester_account_id=TEXT,
    requester_directory=TEXT,
    targets=st.tuples(
        st.builds(
            PlannedTarget,
            directory=TEXT,
            account_id=TEXT,
            login=TEXT,
            name=TEXT,
            tier=st.sampled_from(Tier),
            slack_user=st.none() | TEXT,
            address=st.none() | TEXT,
            recovery_address=st.none() | TEXT,
        )
    ),
    options=st.builds(
        Options,
        why=st.sampled_from(Why),
        ticket=TEXT,
        must_change=st.booleans(),
        clear_sessions=st.booleans(),
        unlock=st.booleans(),
        channels=st.lists(st.sampled_from(Channel), unique=True).map(tuple),
    ),
    policy_version=TEXT,
    start=st.none() | st.datetimes(timezones=st.timezones()),
)


@given(PLANS)
def test_a_plan_comes_back_with_its_digest(plan):
    """Whatever a plan holds, read back it is equal and signs the same."""
    again = plans.plan_from_json(plans.plan_to_json(plan))
    assert again.digest() == plan.digest()
    assert again.targets == plan.targets
    assert again.options == plan.options


@pytest.fixture
def ask(store, ada, clock):
    """Write a request for an account; gives the request."""

    async def asked(number, account="id-eve", *, steps=(), slack_user="U0EVE"):
        target = PlannedTarget("corp", account, "eve", HOSTILE, Tier.STANDARD, slack_user, "eve@example.com", None)
        options = Options(Why.FORGOT, HOSTILE, True, False, True, (Channel.DM,))
        plan = Plan("T0REKEY", ada.account_id, ada.directory, (target,), options, "1")
        request = ResetRequest(f"r{number}", ada, plan, "d" * 64, RequestState.ASKED, clock())
        async with store.write() as tx:
            await requests.create(tx, request, f"t{number}", steps)
        return request

    return asked


async def move(store, number, to, *from_, **fields):
    async with store.write() as tx:
        return await requests.move_target(tx, f"t{number}", from_ or tuple(TargetState), to, **fields)


async def target(store, number):
    async with store.read() as tx:
        return await requests.target(tx, f"t{number}")


async def newer(store, number):
    async with store.read() as tx:
        return await requests.newer_exists(tx, await requests.target(tx, f"t{number}"))


async def test_a_request_comes_back_as_it_was(store, ask):
    """Request and target, hostile texts and all."""
    request = await ask(1, steps=(StepRecord(Step.SESSIONS, StepState.SKIPPED),))
    async with store.read() as tx:
        assert await requests.get(tx, "r1") == request
        (found,) = await requests.targets(tx, "r1")
        assert found == await requests.target(tx, "t1")
        assert await requests.get(tx, "unknown") is None
        assert await requests.target(tx, "unknown") is None
    assert found.planned == request.plan.targets[0]
    assert (found.state, found.reason, found.attempts, found.set_at) == (TargetState.NEW, None, 0, None)
    assert found.steps == (StepRecord(Step.SESSIONS, StepState.SKIPPED),)
    assert found.step(Step.SET).state is StepState.TODO


async def test_a_state_moves_once(store, ask):
    """Twenty workers at one target or request: one moves it, the others see that they did not."""
    await ask(1)

    async def start():
        async with store.write() as tx:
            return await requests.move_request(tx, "r1", (RequestState.ASKED,), RequestState.PROVED)

    moved = await asyncio.gather(*(start() for _ in range(20)))
    assert moved.count(True) == 1
    moved = await asyncio.gather(*(move(store, 1, TargetState.SEALED, TargetState.NEW) for _ in range(20)))
    assert moved.count(True) == 1
    assert not await move(store, 1, TargetState.COLLECTED, TargetState.SET, TargetState.DELIVERED)
    assert not await move(store, "unknown", TargetState.SEALED)


async def test_what_changes_along_is_kept(store, ask, clock):
    """Times, marker and reason are written with the move, and only what is named."""
    await ask(1)
    now = clock.tick(minutes=1)
    await move(store, 1, TargetState.SET, set_at=now, marker="m1", expires_at=now + timedelta(hours=24))
    await move(store, 1, TargetState.FAILED, reason=Reason.MAIL_DOWN)
    found = await target(store, 1)
    assert (found.set_at, found.marker, found.reason) == (now, "m1", Reason.MAIL_DOWN)
    await move(store, 1, TargetState.SET, reason=None)
    assert (await target(store, 1)).reason is None


async def test_steps_are_recorded_in_their_order_the_last_record_counts(store, ask):
    """A retried step replaces its record; the order is the steps' own."""
    await ask(1)
    async with store.write() as tx:
        await requests.record_step(tx, "t1", StepRecord(Step.SESSIONS, StepState.FAILED, Reason.DIRECTORY_DOWN))
        await requests.record_step(tx, "t1", StepRecord(Step.SET, StepState.DONE))
        await requests.record_step(tx, "t1", StepRecord(Step.SESSIONS, StepState.DONE, None, 3))
        await requests.set_attempts(tx, "t1", 4)
    found = await target(store, 1)
    assert found.steps == (StepRecord(Step.SET, StepState.DONE), StepRecord(Step.SESSIONS, StepState.DONE, None, 3))
    assert found.attempts == 4


async def test_recent_requests_are_the_newest_first(store, ask, clock, ada):
    """By their actor, for their account and to their receiver; no more than asked for."""
    for number in range(1, 5):
        await ask(number, account="id-bob" if number == 2 else "id-eve", slack_user="U0BOB" if number == 2 else "U0EVE")
        clock.tick(seconds=1)
    async with store.read() as tx:
        by = await requests.recent_by(tx, ada.id, 3)
        assert [(request.id, each.id) for request, each in by] == [("r4", "t4"), ("r3", "t3"), ("r2", "t2")]
        assert await requests.recent_by(tx, "another", 3) == ()
        assert [request.id for request, _ in await requests.recent_for(tx, "corp", "id-eve", 9)] == ["r4", "r3", "r1"]
        assert await requests.recent_for(tx, "other", "id-eve", 9) == ()
        assert [request.id for request, _ in await requests.recent_to(tx, "U0BOB", 9)] == ["r2"]


@pytest.mark.parametrize(
    ("state", "set_step", "counts"),
    [
        (TargetState.NEW, None, False),
        (TargetState.EXCLUDED, None, False),
        (TargetState.SEALED, None, True),
        (TargetState.STARTED, None, True),
        (TargetState.STARTED, StepState.UNKNOWN, True),
        (TargetState.SET, StepState.DONE, True),
        (TargetState.DELIVERED, StepState.DONE, True),
        (TargetState.COLLECTED, StepState.DONE, True),
        (TargetState.EXPIRED, StepState.DONE, True),
        (TargetState.SPOILED, StepState.DONE, True),
        (TargetState.FAILED, StepState.UNKNOWN, True),
        (TargetState.FAILED, StepState.DONE, True),
        (TargetState.FAILED, StepState.FAILED, False),
    ],
)
async def test_a_later_request_counts_if_it_may_have_set_a_password(store, ask, clock, state, set_step, counts):
    """An expiry must not undo what came later; a later request that did nothing does not keep an old password alive."""
    await ask(1)
    clock.tick(seconds=1)
    await ask(2)
    if state not in {TargetState.NEW, TargetState.EXCLUDED, TargetState.SEALED}:
        await move(store, 2, TargetState.STARTED)
    if set_step:
        async with store.write() as tx:
            await requests.record_step(tx, "t2", StepRecord(Step.SET, set_step))
    await move(store, 2, state)
    assert await newer(store, 1) is counts
    assert not await newer(store, 2)


async def test_a_later_request_that_failed_before_its_start_does_not_count(store, ask, clock):
    """It never reached the directory."""
    await ask(1)
    clock.tick(seconds=1)
    await ask(2)
    await move(store, 2, TargetState.FAILED, reason=Reason.NOT_PROVED)
    assert not await newer(store, 1)


async def test_requests_of_one_moment_have_an_order_and_other_accounts_do_not_count(store, ask):
    """Of two requests at the same microsecond exactly one is the newer."""
    await ask(1)
    await ask(2)
    await ask(3, account="id-bob")
    for number in (1, 2, 3):
        await move(store, number, TargetState.SET)
    assert [await newer(store, number) for number in (1, 2, 3)] == [True, False, False]


async def test_overdue_targets_are_found_the_longest_first(store, ask, clock):
    """Set, delivered or left unknown, and not collected in time; nothing else, and nothing without an end."""
    ends = clock.now + timedelta(hours=24)
    for number, state in enumerate(TargetState):
        await ask(number)
        await move(store, number, state, expires_at=ends - timedelta(minutes=number))
    await ask("endless")
    await move(store, "endless", TargetState.FAILED)
    sealed = {TargetState.SET, TargetState.DELIVERED, TargetState.FAILED}
    waiting = [number for number, state in enumerate(TargetState) if state in sealed]
    async with store.read() as tx:
        assert await requests.due(tx, ends, 10) == tuple(f"t{n}" for n in reversed(waiting))
        assert await requests.due(tx, ends, 1) == (f"t{waiting[-1]}",)
        assert await requests.due(tx, ends - timedelta(hours=1), 10) == ()


async def test_jobs_are_added_and_finished_once(store, clock):
    """A job's id is taken once, and it is finished once; what is open is listed, the oldest first."""
    one = Job("j1", "reset", "r1", "t1", {"step": "set"}, clock())
    two = Job("j0", "expire", None, "t2", {}, clock.tick(seconds=1))
    async with store.write() as tx:
        assert await jobs.add(tx, one)
        assert await jobs.add(tx, two)
        assert not await jobs.add(tx, Job("j1", "spoil", None, None, {}, clock()))
    async with store.read() as tx:
        assert await jobs.get(tx, "j1") == one
        assert await jobs.get(tx, "unknown") is None
        assert await jobs.open_jobs(tx) == (one, two)
        assert await requests.unfinished(tx) == ("j1", "j0")
    async with store.write() as tx:
        assert await jobs.finish(tx, "j1", clock())
        assert not await jobs.finish(tx, "j1", clock())
        assert await jobs.open_jobs(tx) == (two,)
        assert (await jobs.get(tx, "j1")).finished_at == clock.now
