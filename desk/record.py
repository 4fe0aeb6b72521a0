"""Writing down how a group of people went: their rows, their steps, the journal and what they will be told, at once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from desk import supersede
from desk.deliver import notices
from desk.journal import entry
from resets.audit import Deed
from resets.outcome import Step, StepRecord, StepState
from resets.request import TargetState
from store import outbox, requests

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from desk.folder import Folder
    from desk.tools import Tools
    from directory.base import DirectoryError, Written
    from resets.audit import AuditEntry
    from resets.outcome import Target
    from store.base import Tx


@dataclass(frozen=True, slots=True)
class Went:
    """How the setting of one password went: one of the two is there."""

    target: Target
    written: Written | None
    error: DirectoryError | None


async def begun(tools: Tools, tx: Tx, folder: Folder, targets: Sequence[Target]) -> list[AuditEntry]:
    """Mark targets as begun: from now on the directory may know their passwords. Returns what the journal must say."""
    if not targets:
        return []
    fields: dict[str, requests.TargetFields] = {target.id: {} for target in targets}
    await requests.move_targets(tx, TargetState.SEALED, TargetState.STARTED, fields)
    return [entry(tools, Deed.STARTED, request=folder.request, chunk=folder.chunk.number, count=len(targets))]


async def recorded(
    tools: Tools, tx: Tx, folder: Folder, went: Sequence[Went], stand: Mapping[str, TargetState]
) -> list[AuditEntry]:
    """Record all whose password the directory has taken. Returns what the journal must say in the same transaction.

    Args:
        tools: the desk's.
        tx: a write.
        folder: the chunk's.
        went: how it went.
        stand: where these targets stand in this transaction.
    """
    written = {each.target.id: each.written for each in went if each.written is not None}
    mine = [each.target for each in went if stand.get(each.target.id) is TargetState.STARTED]
    mine = [target for target in mine if target.id in written]
    if not mine:
        return []
    now = tools.clock()
    fields: dict[str, requests.TargetFields] = {
        target.id: {
            "set_at": now,
            "ended_at": now,
            "marker": written[target.id].marker,
            "expires_at": now + tools.rules.expires,
        }
        for target in mine
    }
    await requests.move_targets(tx, TargetState.STARTED, TargetState.SET, fields)
    for request, older in await requests.superseded_by(tx, mine, supersede.WAITING):
        await supersede.close(tools, tx, request, older, by=folder.request.id)
    steps: dict[str, tuple[StepRecord, ...]] = {}
    entries, told = [], []
    for target in mine:
        records = {Step.SET: StepRecord(Step.SET, StepState.DONE)}
        if written[target.id].must_change:
            records[Step.MUST_CHANGE] = StepRecord(Step.MUST_CHANGE, StepState.DONE)
        if not any(target.step(step).state is StepState.TODO for step in Step if step not in {*records, Step.DELIVER}):
            told += notices(tools, folder.request, target)
            records[Step.DELIVER] = StepRecord(Step.DELIVER, StepState.UNDER_WAY)
        steps[target.id] = tuple(records.values())
        facts: dict[str, str | int] = {"step": Step.SET.value}
        if written[target.id].must_change:
            facts["must_change"] = 1
        entries.append(entry(tools, Deed.STEP_DONE, request=folder.request, target=target, more=facts))
        folder.targets[target.id] = replace(target, state=TargetState.SET, set_at=now)
    await requests.record_steps(tx, steps)
    await outbox.add_many(tx, told)
    return entries
