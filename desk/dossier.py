"""What a job works on: request, target and proof, believed only if the journal's own entries say the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from desk import history
from desk.journal import account_name, alarm, current, note, slack_name
from resets.audit import AuditEntry, Deed
from resets.outcome import Step, StepRecord, StepState, Target
from resets.reasons import Reason
from resets.request import RequestState, ResetRequest, TargetState
from store import audit, bulk, jobs, requests, vault

if TYPE_CHECKING:
    from desk.tools import Tools
    from store.base import Tx

PURPOSE = "password"


@dataclass(frozen=True, slots=True)
class Dossier:
    """One target that is worked on, with everything that it is about, read in one transaction."""

    job: jobs.Job | None  # None for a target of a bulk: its chunk is the job
    request: ResetRequest
    target: Target
    proof: AuditEntry


async def open_dossier(tools: Tools, job_id: str) -> Dossier | None:
    """Read a job, its request and its target; None if the job has ended or may not run.

    A job runs only if the request's own PROVED entry verifies, names the same requester and the same digest, and the
    digest recomputed from the plan as stored is that digest. Who can write the database still cannot reset.
    """
    async with tools.store.read(short=True) as tx:
        job = await jobs.get(tx, job_id)
        if job is None or job.finished_at is not None or job.target_id is None:
            return None
        request, target = await requests.pair(tx, job.target_id) or (None, None)
        if request is None or request.id != job.request_id:
            request = await requests.get(tx, job.request_id or "")
        if target is not None and target.chunk_id is not None:
            target = None  # of a bulk: its chunk is its job, and nobody writes another
        proof = await proof_of(tx, request, target) if request and target else None
    if request is None or target is None or proof is None:
        await _refused(tools, job, request, target)
        return None
    return Dossier(job, request, target, proof)


async def proof_of(tx: Tx, request: ResetRequest, target: Target) -> AuditEntry | None:
    """Return the journal's genuine entry that this very reset was proved; None where the rows say anything else.

    Whoever acts on a request's or a target's row asks for it first: a row may have been written over.
    """
    proof = await audit.proved(tx, request.id, Deed.PROVED)
    if proof is None or not vouches(request, proof) or target.request_id != request.id:
        return None
    if request.plan.count is not None:
        return proof if target.id in await bulk.genuine(tx, request.id, (target,)) else None
    return proof if proof.target_id == target.id and target.planned in request.plan.targets else None


def vouches(request: ResetRequest, proof: AuditEntry) -> bool:
    """Say whether a PROVED entry is about this request as it stands in the rows, but for the targets of a bulk."""
    if request.plan.count is None:
        whole = proof.digest == request.plan.digest()
    else:
        whole = proof.facts.get("head") == request.plan.head() and proof.facts.get("count") == request.plan.count
    return (
        whole
        and proof.digest == request.digest
        and proof.actor == slack_name(request.requester.slack)
        and proof.actor_account == account_name(request.requester)
        and proof.facts.get("role", request.requester.role) == request.requester.role
    )


async def _refused(tools: Tools, job: jobs.Job, request: ResetRequest | None, target: Target | None) -> None:
    """End a job that the journal does not vouch for, and tell the security channel."""
    async with tools.store.write() as tx:
        if request is not None and target is not None:
            await end_target(tools, tx, request, target, TargetState.FAILED, Reason.NOT_PROVED)
        await alarm(tools, tx, Reason.NOT_PROVED.value, request_id=request.id if request else None, about="")
        await jobs.finish(tx, job.id, tools.clock())


async def end_target(
    tools: Tools, tx: Tx, request: ResetRequest, target: Target, state: TargetState, reason: Reason
) -> None:
    """Record that nothing more will be done for a target, and why; its sealed password is destroyed."""
    await vault.wipe(tx, PURPOSE, target.id)
    live = (TargetState.NEW, TargetState.SEALED, TargetState.STARTED)
    if not await requests.move_target(tx, target.id, live, state, reason=reason, ended_at=tools.clock()):
        return
    await requests.record_step(tx, target.id, StepRecord(Step.SET, StepState.FAILED, reason))
    deed = Deed.EXCLUDED if state is TargetState.EXCLUDED else Deed.FAILED
    alone = target.chunk_id is None
    said = history.note if alone else note  # one person's end is the request's
    await said(tools, tx, deed, request=request, target=target, reason=reason.value)
    if alone:
        alive = (RequestState.ASKED, RequestState.APPROVED, RequestState.RUNNING)
        await requests.move_request(tx, request.id, alive, RequestState.DONE)


async def fail(tools: Tools, dossier: Dossier, reason: Reason, *, state: TargetState = TargetState.FAILED) -> None:
    """End a job because nothing was changed and nothing will be."""
    async with tools.store.write() as tx:
        await end_target(tools, tx, dossier.request, dossier.target, state, reason)
        await _finished(tools, tx, dossier)


async def closed(tools: Tools, dossier: Dossier) -> None:
    """End a job whose steps have all been recorded."""
    async with tools.store.write() as tx:
        if await requests.move_request(tx, dossier.request.id, (RequestState.RUNNING,), RequestState.DONE):
            await history.note(tools, tx, Deed.DONE, request=dossier.request, target=dossier.target)
        await _finished(tools, tx, dossier)


async def _finished(tools: Tools, tx: Tx, dossier: Dossier) -> None:
    if dossier.job is not None:
        await jobs.finish(tx, dossier.job.id, tools.clock())
    await current(tools, tx, dossier.target)
