"""Trying again what is left: one step of one target, by the requester, under the same proof."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from desk.forms import role_of
from desk.freeze import demand
from desk.journal import current, note
from desk.tools import Tools, Work, WorkKind
from resets.audit import Deed
from resets.outcome import Step, StepRecord, StepState, Target
from resets.reasons import Reason, Refused
from resets.request import RequestState, TargetState
from store import jobs, requests

if TYPE_CHECKING:
    from datetime import datetime

    from resets.actor import SlackPerson
    from resets.request import ResetRequest

RETRY_WITHIN = timedelta(hours=24)
PAST_SET = (TargetState.SET, TargetState.DELIVERED, TargetState.COLLECTED)


def open_steps(request: ResetRequest, target: Target, now: datetime) -> tuple[Step, ...]:
    """Return the steps that a button may try again now."""
    if request.state is not RequestState.DONE or now - request.asked_at > RETRY_WITHIN:
        return ()
    if target.state is TargetState.FAILED:
        return (Step.SET,) if target.step(Step.SET).state is StepState.UNKNOWN else ()
    if target.state not in PAST_SET:
        return ()
    again = (StepState.FAILED, StepState.UNKNOWN)
    steps = tuple(s for s in Step if s is not Step.SET and target.step(s).state in again)
    return tuple(s for s in steps if s is not Step.DELIVER or target.state is not TargetState.COLLECTED)


async def step(tools: Tools, target_id: str, step: str, person: SlackPerson) -> None:
    """Put one step back to do and have the worker go on. A step that is done stays done; twice is once.

    Raises:
        Refused: NO_ROLE, NOT_YOURS (only the requester), NOTHING_LEFT, FROZEN, ACTOR_FROZEN, or WRITTEN_ELSEWHERE: by
            another request.
    """
    async with tools.store.write() as tx:
        actor = await role_of(tx, person)
        target = await requests.target(tx, target_id)
        request = await requests.get(tx, target.request_id) if target else None
        if target is None or request is None or request.requester.id != actor.id:
            raise Refused(Reason.NOT_YOURS)
        wanted = next((s for s in open_steps(request, target, tools.clock()) if s.value == step), None)
        if wanted is None:
            raise Refused(Reason.NOTHING_LEFT)
        await demand(tools, tx, actor, handing_over=wanted is Step.DELIVER)
        account = (target.planned.directory, target.planned.account_id)
        if wanted is Step.SET and await requests.busy(tx, [account]):
            raise Refused(Reason.WRITTEN_ELSEWHERE)
        if not await requests.move_request(tx, request.id, (RequestState.DONE,), RequestState.RUNNING):
            raise Refused(Reason.NOTHING_LEFT)
        if wanted is Step.SET:
            await requests.move_target(tx, target.id, (TargetState.FAILED,), TargetState.STARTED, reason=None)
        state = StepState.UNKNOWN if wanted is Step.SET else StepState.TODO
        await requests.record_step(tx, target.id, StepRecord(wanted, state, target.step(wanted).reason))
        await requests.set_attempts(tx, target.id, 0)
        await note(tools, tx, Deed.RETRIED, by=actor, request=request, target=target, step=wanted.value)
        job = jobs.Job(tools.new_id(), WorkKind.RESET.value, request.id, target.id, {}, tools.clock())
        await jobs.add(tx, job)
        await tools.enqueue(tx, Work(WorkKind.RESET, job.id))
        await current(tools, tx, target)
