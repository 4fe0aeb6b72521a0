"""The first half of a chunk: everybody is read and judged again, and gets a password, sealed before it is set."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from desk import approvers, brakes, limits, roles, standing
from desk.dossier import PURPOSE, end_target
from desk.faults import reason as reason_of
from desk.journal import note
from directory.base import Capability, DirectoryError, PasswordPolicy
from resets import again, password
from resets.audit import Deed
from resets.outcome import Step, StepRecord, StepState
from resets.reasons import Reason, Refused
from resets.request import TargetState
from store import admins, chunks, requests, vault

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

    from desk.folder import Folder
    from desk.tools import Tools
    from directory.base import Account
    from directory.secret import Secret
    from resets.outcome import Target
    from resets.ruling import Facts

EXTRA = {
    Step.MUST_CHANGE: Capability.MUST_CHANGE,
    Step.UNLOCK: Capability.UNLOCK,
    Step.SESSIONS: Capability.REVOKE_SESSIONS,
    Step.TOKENS: Capability.REVOKE_TOKENS,
}
UNTOUCHED = (TargetState.NEW, TargetState.SEALED)


async def all_new(tools: Tools, folder: Folder) -> None:
    """Judge all whose password was not begun to be set, drop who may no longer be reset, and seal the others'.

    Raises:
        DirectoryError: the directory could not be read; nothing was done.
    """
    waiting = folder.those(*UNTOUCHED)
    if not waiting or not await _requester_holds(tools, folder):
        return
    found = await brakes.patiently(
        tools, folder.chunk, lambda: folder.directory.fetch([target.planned.account_id for target in waiting])
    )
    around = standing.Standing(tools.rules, folder.directory, folder.request.requester.role)
    facts = await brakes.patiently(tools, folder.chunk, lambda: around.of(list(found)))
    agreed = await approvers.agreed(tools, folder.request, folder.proof)
    async with tools.store.read() as tx:
        often = await limits.too_often(tools, tx, folder.directory.name, list(found), apart_from=folder.request.id)
    dropped: dict[str, Reason] = {}
    drawn: dict[str, Secret] = {}
    for target in waiting:
        account = found.get(target.planned.account_id)
        reason = _reason(tools, folder, target, account, facts, agreed)
        if reason is None and target.planned.account_id in often:
            reason = Reason.RESET_LATELY
        if reason is None and account is not None:
            folder.accounts[target.id] = account
            if target.state is TargetState.NEW:
                try:
                    drawn[target.id] = await _drawn(tools, folder, account)
                except (Refused, DirectoryError) as error:
                    if isinstance(error, DirectoryError) and error.retryable:
                        raise
                    reason = error.reason if isinstance(error, Refused) else reason_of(error)
        if reason is not None:
            dropped[target.id] = reason
            drawn.pop(target.id, None)
    await drop(tools, folder, dropped)
    await _sealed(tools, folder, drawn)


async def drop(tools: Tools, folder: Folder, reasons: Mapping[str, Reason]) -> None:
    """Record that some are not reset after all, and why."""
    if not reasons:
        return
    async with tools.store.write() as tx:
        for target_id, reason in reasons.items():
            target = folder.targets[target_id]
            await end_target(tools, tx, folder.request, target, TargetState.EXCLUDED, reason)
            folder.targets[target_id] = replace(target, state=TargetState.EXCLUDED, reason=reason)
    for target_id in reasons:
        folder.accounts.pop(target_id, None)


async def _requester_holds(tools: Tools, folder: Folder) -> bool:
    """Say whether the requester still is who they were; else the whole run stops."""
    actor = folder.request.requester
    async with tools.store.read() as tx:
        row = await admins.by_id(tx, actor.id)
    if row is None or row.revoked_at is not None:
        await brakes.stop(tools, folder.request.id, Reason.NO_ROLE)
        return False
    if row.frozen_at is not None:
        await brakes.stop(tools, folder.request.id, Reason.ACTOR_FROZEN)
        return False
    try:
        await brakes.patiently(tools, folder.chunk, lambda: roles.holds(tools, actor))
    except Refused as refused:
        await brakes.stop(tools, folder.request.id, refused.reason)
        return False
    lost = await brakes.patiently(tools, folder.chunk, lambda: approvers.lost(tools, folder.request, folder.proof))
    if lost is not None:
        await brakes.stop(tools, folder.request.id, lost)
        return False
    return True


def _reason(
    tools: Tools, folder: Folder, target: Target, account: Account | None, facts: Facts, agreed: Container[str]
) -> Reason | None:
    """Say why somebody may no longer be reset, with facts of this moment."""
    planned = target.planned
    if account is None or account.id != planned.account_id:
        return Reason.ACCOUNT_GONE
    return again.changed(folder.request, planned, account, facts, tools.rules, agreed)


async def _drawn(tools: Tools, folder: Folder, account: Account) -> Secret:
    can = folder.directory.can(Capability.PASSWORD_POLICY)
    policy = await folder.directory.password_policy(account) if can else PasswordPolicy()
    return password.generate(policy, account, tools.randbelow)


async def _sealed(tools: Tools, folder: Folder, drawn: Mapping[str, Secret]) -> None:
    """Keep the passwords before the directory hears of them; one that is kept already stands."""
    if not drawn:
        return
    now = tools.clock()
    async with tools.store.write() as tx:
        if not await chunks.may_go_on(tx, folder.chunk):
            return
        stand = await requests.states(tx, list(drawn))
        mine = [target_id for target_id in drawn if stand.get(target_id) is TargetState.NEW]
        fields: dict[str, requests.TargetFields] = {
            target_id: {"sealed_at": now, "marker": folder.accounts[target_id].marker} for target_id in mine
        }
        await requests.move_targets(tx, TargetState.NEW, TargetState.SEALED, fields)
        await vault.put_many(tx, PURPOSE, {target_id: drawn[target_id] for target_id in mine})
        steps = steps_of(folder)
        await requests.record_steps(tx, dict.fromkeys(mine, steps))
        await note(tools, tx, Deed.SEALED, request=folder.request, chunk=folder.chunk.number, count=len(mine))
    for target_id in mine:
        folder.secrets[target_id] = drawn[target_id]
        target = folder.targets[target_id]
        marker = folder.accounts[target_id].marker
        folder.targets[target_id] = replace(target, state=TargetState.SEALED, sealed_at=now, marker=marker, steps=steps)


def steps_of(folder: Folder) -> tuple[StepRecord, ...]:
    """Return every step with what is already known of it: to do, not asked for, or not possible here."""
    options = folder.request.plan.options
    wanted = {
        Step.MUST_CHANGE: options.must_change,
        Step.UNLOCK: options.unlock,
        Step.SESSIONS: options.clear_sessions,
        Step.TOKENS: options.clear_sessions,
    }
    records = [StepRecord(Step.SET, StepState.TODO)]
    for step, capability in EXTRA.items():
        state = StepState.TODO if folder.directory.can(capability) else StepState.CANNOT
        records.append(StepRecord(step, state if wanted[step] else StepState.SKIPPED))
    return (*records, StepRecord(Step.DELIVER, StepState.TODO))
