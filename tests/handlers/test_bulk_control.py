"""The buttons of a run: paused, resumed, cancelled, tried again; by its requester, and by others."""

from __future__ import annotations

from resets.outcome import Step, StepRecord, StepState
from resets.reasons import Reason
from resets.request import RequestState, TargetState
from store import requests
from tests.handlers.conftest import ADA, BOB, EVE, request_of
from tests.support import house as houses
from tests.support.slackwire import texts


async def test_a_run_is_paused_resumed_and_cancelled(slack, house, wire):
    """The buttons of the one message; what cannot be done any more is said to the person alone."""
    await slack.preview(pasted="bob, eve")
    form_id = wire.view["private_metadata"].partition("#")[0]
    await slack.submit(ADA, slack.proof_values())
    request = (await request_of(house, form_id)).id
    await slack.open_home(ADA)
    assert "0 of 2 (0 %)" in texts(wire.homes[ADA])
    await slack.open_home(BOB)
    assert "0 of 2" not in texts(wire.homes[BOB])
    for action, state in (
        ("bulk_pause", RequestState.PAUSED),
        ("bulk_resume", RequestState.HELD),
        ("bulk_cancel", RequestState.CANCELLED),
    ):
        assert (await slack.press(ADA, action, request)) == (200, {})
        now = (await request_of(house, form_id)).state
        assert now in ({state, RequestState.RUNNING} if action == "bulk_resume" else {state}), action
    for action in ("bulk_pause", "bulk_resume", "bulk_cancel", "bulk_retry"):
        before = len(wire.posts)
        await slack.press(ADA, action, request)
        assert len(wire.posts) == before + 1, action
        assert wire.posts[-1]["response_type"] == "ephemeral"
    assert house.directory.passwords == []


async def test_another_admin_hears_whose_run_it_is(slack, house, wire):
    """Eve may pause Ada's run; *Resume* tells her alone that it is Ada's to press."""
    await houses.enrolled(house, houses.EVE, "eve")
    await slack.preview(pasted="bob")
    form_id = wire.view["private_metadata"].partition("#")[0]
    await slack.submit(ADA, slack.proof_values())
    request = (await request_of(house, form_id)).id
    await slack.press(EVE, "bulk_pause", request)
    assert wire.posts == []
    await slack.press(EVE, "bulk_resume", request)
    assert "Only Ada Admin, who began this run" in texts(wire.posts[-1])
    assert wire.posts[-1]["response_type"] == "ephemeral"
    assert (await request_of(house, form_id)).state is RequestState.PAUSED


async def test_who_has_to_wait_for_another_request_is_counted(slack, house, wire):
    """Of two who failed, Bob's password is being written by a second run: Eve's is tried again, and it is said."""
    runs = []
    for names in ("bob, eve", "bob"):
        await slack.preview(pasted=names)
        form_id = wire.view["private_metadata"].partition("#")[0]
        await slack.submit(ADA, slack.proof_values())
        runs.append((await request_of(house, form_id)).id)
        house.clock.tick(minutes=5)
    unknown = StepRecord(Step.SET, StepState.UNKNOWN, Reason.DIRECTORY_SILENT)
    async with house.store.write() as tx:
        await requests.move_request(tx, runs[0], (RequestState.HELD,), RequestState.DONE)
        for target in await requests.targets(tx, runs[0]):
            await requests.move_target(tx, target.id, (TargetState.NEW,), TargetState.FAILED)
            await requests.record_step(tx, target.id, unknown)
        (writing,) = await requests.targets(tx, runs[1])
        await requests.move_target(tx, writing.id, (TargetState.NEW,), TargetState.STARTED)
    await slack.press(ADA, "bulk_retry", runs[0])
    assert "For 1 person nothing was done: another request" in texts(wire.posts[-1])
    assert wire.posts[-1]["response_type"] == "ephemeral"
    async with house.store.read() as tx:
        states = {t.planned.login: t.state for t in await requests.targets(tx, runs[0])}
        assert (await requests.get(tx, runs[0])).state is RequestState.RUNNING
    assert states == {"bob": TargetState.FAILED, "eve": TargetState.STARTED}
