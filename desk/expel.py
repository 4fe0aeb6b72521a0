"""Putting out whoever is signed in: sessions and API tokens end, whoever has set the password since."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desk.faults import reason as reason_of
from desk.set_password import read
from directory.base import Capability, DirectoryError
from resets.outcome import Step, StepRecord, StepState
from resets.reasons import Reason, Refused
from store import requests

if TYPE_CHECKING:
    from desk.tools import Tools
    from resets.outcome import Target

ENDS = {Step.SESSIONS: Capability.REVOKE_SESSIONS, Step.TOKENS: Capability.REVOKE_TOKENS}
FOR_GOOD = (Reason.ACCOUNT_GONE, Reason.NO_SUCH_DIRECTORY)  # asking again is no use


async def expel(tools: Tools, target: Target) -> tuple[StepRecord, ...]:
    """End the account's sessions and tokens where its directory can, and record it. Twice is once."""
    records = tuple([await _end(tools, target, step) for step in ENDS])
    async with tools.store.write() as tx:
        await requests.record_steps(tx, {target.id: list(records)})
    return records


async def _end(tools: Tools, target: Target, step: Step) -> StepRecord:
    before = target.step(step).count  # by the reset itself, or by a try before this one
    try:
        directory = tools.directory(target.planned.directory)
        if not directory.can(ENDS[step]):
            return StepRecord(step, StepState.CANNOT)
        account = await read(directory, target.planned)
        if account is None:
            return StepRecord(step, StepState.FAILED, Reason.ACCOUNT_GONE)
        revoke = directory.revoke_sessions if step is Step.SESSIONS else directory.revoke_tokens
        count = await revoke(account)
    except Refused as refused:
        return StepRecord(step, StepState.FAILED, refused.reason)
    except DirectoryError as error:
        return StepRecord(step, StepState.FAILED, reason_of(error), before)
    return StepRecord(step, StepState.DONE, count=count + (before or 0))


def left(records: tuple[StepRecord, ...]) -> bool:
    """Say whether something did not end that may end when it is tried again."""
    return any(each.state is StepState.FAILED and each.reason not in FOR_GOOD for each in records)
