"""The second half of a chunk: what follows a set password (unlock, sessions, tokens), and handing it over."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from desk import run, supersede
from desk.deliver import notices
from desk.faults import reason as reason_of
from desk.journal import entry
from directory.base import DirectoryError
from resets.audit import Deed
from resets.outcome import Step, StepRecord, StepState
from resets.reasons import Reason
from resets.request import TargetState
from store import audit, outbox, requests

if TYPE_CHECKING:
    from desk.folder import Folder
    from desk.tools import Tools
    from directory.base import Account
    from resets.outcome import Target

TRIES = 3
FIRST_WAIT = 0.5  # seconds, doubled each time
PAST_SET = (*supersede.WAITING, TargetState.COLLECTED)
GROUP = 10  # people in one transaction


async def finish(tools: Tools, folder: Folder) -> None:
    """Do what is still to do for those whose password is set, then have them told. Twice is once."""
    async with tools.store.read() as tx:
        now = await requests.of_chunk(tx, folder.chunk.id)
    left = [target for target in now if target.state in PAST_SET and _todo(target)]
    for start in range(0, len(left), GROUP):
        group = left[start : start + GROUP]
        records = await asyncio.gather(*(_steps(tools, folder, target) for target in group))
        await _recorded(tools, folder, dict(zip(group, records, strict=True)))


def _todo(target: Target) -> list[Step]:
    """Return the steps that are to do."""
    return [step for step in Step if step is not Step.SET and target.step(step).state is StepState.TODO]


async def _steps(tools: Tools, folder: Folder, target: Target) -> list[StepRecord]:
    todo = [step for step in _todo(target) if step is not Step.DELIVER]
    if not todo:
        return []
    account = folder.accounts.get(target.id)
    try:
        account = account or (await folder.directory.fetch([target.planned.account_id])).get(target.planned.account_id)
    except DirectoryError as error:
        return [StepRecord(step, StepState.FAILED, reason_of(error)) for step in todo]
    if account is None:
        return [StepRecord(step, StepState.FAILED, Reason.ACCOUNT_GONE) for step in todo]
    return [await _step(tools, folder, account, step) for step in todo]


async def _step(tools: Tools, folder: Folder, account: Account, step: Step) -> StepRecord:
    """Do one step of one person, a few times where the directory is busy."""
    wait = FIRST_WAIT
    for attempt in range(1, TRIES + 1):
        try:
            return await run.one(folder.directory, account, step)
        except DirectoryError as error:
            if not error.retryable or attempt == TRIES:
                return StepRecord(step, StepState.FAILED, reason_of(error))
        await tools.sleep(wait)
        wait *= 2
    raise AssertionError("unreachable")


async def _recorded(tools: Tools, folder: Folder, done: dict[Target, list[StepRecord]]) -> None:
    """Write down what was done, and the notices of those who have none yet."""
    async with tools.store.write() as tx:
        steps: dict[str, list[StepRecord]] = {}
        entries, told = [], []
        stand = await requests.states(tx, [target.id for target in done])
        for target, records in done.items():
            for record in records:
                facts: dict[str, str | int] = {"step": record.step.value, "state": record.state.value}
                facts |= {"count": record.count} if record.count is not None else {}
                facts |= {"reason": record.reason.value} if record.reason is not None else {}
                deed = Deed.STEP_FAILED if record.state is StepState.FAILED else Deed.STEP_DONE
                entries.append(entry(tools, deed, request=folder.request, target=target, more=facts))
            hand_over = target.step(Step.DELIVER).state is StepState.TODO and stand.get(target.id) in supersede.WAITING
            if hand_over:
                told += notices(tools, folder.request, target)
            under_way = [StepRecord(Step.DELIVER, StepState.UNDER_WAY)] if hand_over else []
            steps[target.id] = [*records, *under_way]
        await requests.record_steps(tx, steps)
        await audit.append_many(tx, entries)
        await outbox.add_many(tx, told)
