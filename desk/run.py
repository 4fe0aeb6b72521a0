"""Doing it: one target, step by step, from wherever it stands. Every step may run twice; the rows are the truth.

Seal, set, must change, unlock, sessions, tokens, deliver. Each is recorded before the next begins. A step that fails
says so and does not stop what follows, except for SET: without it there is nothing to follow.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from desk import deliver, replace
from desk import set_password as setting
from desk.dossier import Dossier, closed, open_dossier
from desk.faults import reason as reason_of
from desk.journal import current, note
from desk.tools import Tools, Work, WorkKind
from directory.base import Account, CannotDo, DirectoryError
from resets.audit import Deed
from resets.outcome import Step, StepRecord, StepState
from resets.reasons import Reason
from resets.request import TargetState
from store import requests

if TYPE_CHECKING:
    from directory.base import Directory

MAX_STEP_TRIES = 4
BACKOFF = timedelta(seconds=1)
EXTRA = (Step.MUST_CHANGE, Step.UNLOCK, Step.SESSIONS, Step.TOKENS)


async def run(tools: Tools, work: Work) -> timedelta | None:
    """Go on with a job. Returns None when it has ended, well or ill, or how long to wait before going on.

    Raises:
        StoreFailed: nothing could be recorded, so nothing (more) was done; the engine tries again.
    """
    if work.kind in (WorkKind.EXPIRE, WorkKind.SPOIL):
        return await replace.run(tools, work)
    dossier = await open_dossier(tools, work.id)
    if dossier is None:
        return None
    wait = await setting.go_on(tools, dossier)
    if wait is not None:
        return wait
    dossier = await open_dossier(tools, work.id)
    if dossier is None:
        return None
    if dossier.target.state is TargetState.SET or _has_todo(dossier):
        wait = await _extras(tools, dossier)
        if wait is not None:
            return wait
        await deliver.hand_over(tools, dossier)
    await closed(tools, dossier)
    return None


def _has_todo(dossier: Dossier) -> bool:
    """Say whether a retry left a step to do on a target that is past SET."""
    past = dossier.target.state in (TargetState.DELIVERED, TargetState.COLLECTED)
    return past and any(dossier.target.step(s).state is StepState.TODO for s in Step)


async def _extras(tools: Tools, dossier: Dossier) -> timedelta | None:
    """Do the steps between SET and DELIVER that are still to do."""
    todo = [s for s in EXTRA if dossier.target.step(s).state is StepState.TODO]
    if not todo:
        return None
    directory = tools.directory(dossier.target.planned.directory)
    account: Account | None = None
    for step in todo:
        try:
            account = account or await setting.read(directory, dossier.target.planned)
            record = await one(directory, account, step) if account else _failed(step, Reason.ACCOUNT_GONE)
        except DirectoryError as error:
            attempts = await _tried(tools, dossier)
            if error.retryable and attempts < MAX_STEP_TRIES:
                return BACKOFF * (1 << attempts)
            record = _failed(step, reason_of(error))
        await _recorded(tools, dossier, record)
    return None


async def one(directory: Directory, account: Account, step: Step) -> StepRecord:
    """Do one of the steps that follow a set password.

    Raises:
        DirectoryError: it did not happen; CannotDo is an answer of its own.
    """
    count: int | None = None
    try:
        match step:
            case Step.MUST_CHANGE:
                await directory.must_change(account)
            case Step.UNLOCK:
                await directory.unlock(account)
            case Step.SESSIONS:
                count = await directory.revoke_sessions(account)
            case _:
                count = await directory.revoke_tokens(account)
    except CannotDo:
        return StepRecord(step, StepState.CANNOT)
    return StepRecord(step, StepState.DONE, count=count)


def _failed(step: Step, reason: Reason) -> StepRecord:
    return StepRecord(step, StepState.FAILED, reason)


async def _tried(tools: Tools, dossier: Dossier) -> int:
    async with tools.store.write() as tx:
        target = await requests.target(tx, dossier.target.id)
        attempts = (target.attempts if target else 0) + 1
        await requests.set_attempts(tx, dossier.target.id, attempts)
    return attempts


async def _recorded(tools: Tools, dossier: Dossier, record: StepRecord) -> None:
    deed = Deed.STEP_FAILED if record.state is StepState.FAILED else Deed.STEP_DONE
    facts: dict[str, str | int] = {"step": record.step.value, "state": record.state.value}
    if record.count is not None:
        facts["count"] = record.count
    if record.reason is not None:
        facts["reason"] = record.reason.value
    async with tools.store.write() as tx:
        await requests.record_step(tx, dossier.target.id, record)
        await requests.set_attempts(tx, dossier.target.id, 0)
        await note(tools, tx, deed, request=dossier.request, target=dossier.target, more=facts)
        await current(tools, tx, dossier.target)
