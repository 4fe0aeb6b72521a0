"""The step that matters: judge again, seal, mark, set. After a crash or a silence, the same password is set again."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from desk import approvers, history, roles, standing, supersede, turn
from desk.dossier import PURPOSE, Dossier, fail
from desk.faults import may_have_happened
from desk.faults import reason as reason_of
from desk.journal import current, note
from desk.repeat import Seen, as_written, look
from desk.retry import RETRY_WITHIN
from desk.sealed import unsealed
from directory.base import (
    Account,
    Capability,
    Directory,
    DirectoryError,
    NotNow,
    PasswordPolicy,
    PasswordRejected,
    PasswordUnchanged,
    Written,
)
from resets import again, password
from resets.audit import Deed
from resets.break_glass import proves
from resets.outcome import Step, StepRecord, StepState
from resets.reasons import Reason, Refused
from resets.request import RequestState, TargetState
from store import jobs, requests, vault

if TYPE_CHECKING:
    from desk.tools import Tools
    from directory.secret import Secret
    from resets.audit import AuditEntry
    from resets.request import PlannedTarget, ResetRequest
    from resets.rules import Rules
    from store.base import Tx

RUN_WITHIN = timedelta(minutes=30)  # from the proof to the first write, where nobody else had to agree
MAX_SILENCES = 10  # with the waits below, about four minutes
MAX_DRAWS = 3  # passwords drawn for one target, where the directory refuses one
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=1), timedelta(seconds=30)


async def go_on(tools: Tools, dossier: Dossier) -> timedelta | None:
    """Bring a target from NEW, SEALED or STARTED to SET, or to its end. Returns how long to wait, or None."""
    state = dossier.target.state
    if state not in (TargetState.NEW, TargetState.SEALED, TargetState.STARTED):
        return None
    late, never = deadlines(dossier.request, dossier.proof, tools.rules)
    if state is not TargetState.STARTED and tools.clock() > late:
        await fail(tools, dossier, Reason.TOO_LATE)
        return None
    if tools.clock() > never:
        # What was begun is gone on with while it may be retried; later, only a row that was written over says "begun".
        async with tools.store.write() as tx:
            await left_unknown(tools, tx, dossier, Reason.DIRECTORY_SILENT)
        return None
    directory = tools.directories.get(dossier.target.planned.directory)
    if directory is None:
        await fail(tools, dossier, Reason.NO_SUCH_DIRECTORY)
        return None
    try:
        if (wait := await turn.frozen(tools, dossier)) is not None:
            return wait
        account = await _judged(tools, dossier, directory)
        if account is None:
            return None
        if state is TargetState.NEW:
            await _seal(tools, dossier, directory, account)
    except Refused as refused:
        await fail(tools, dossier, refused.reason)
        return None
    except DirectoryError as error:
        return await not_now(tools, dossier, error)
    return await _set(tools, dossier, directory, account, repeat=state is TargetState.STARTED)


def deadlines(request: ResetRequest, proof: AuditEntry, rules: Rules) -> tuple[datetime, datetime]:
    """Return until when a first write may be made, and until when one that was begun is gone on with.

    The times stand in the journal: rows can be written over.
    """
    if request.plan.count is None:
        within = rules.begin_within if agreed_to(proof) else RUN_WITHIN
        return proof.at + within, proof.at + RETRY_WITHIN + RUN_WITHIN
    late = begins(proof) + RETRY_WITHIN
    return late, late + RUN_WITHIN


def agreed_to(proof: AuditEntry) -> bool:
    """Say whether others had to agree, so that the proof is as old as their last word."""
    return bool(proof.facts.get("approvers"))


def begins(proof: AuditEntry) -> datetime:
    """Return when a bulk was proved to begin."""
    return datetime.fromisoformat(str(proof.facts["begins"]))


async def read(directory: Directory, planned: PlannedTarget) -> Account | None:
    """Read the planned account anew, by its immutable id."""
    account = (await directory.fetch([planned.account_id])).get(planned.account_id)
    return account if account is not None and account.id == planned.account_id else None


async def _judged(tools: Tools, dossier: Dossier, directory: Directory) -> Account | None:
    """Judge target and requester again, with fresh facts; None when the job has ended with a reason.

    Raises:
        Refused: the requester no longer holds the role.
    """
    planned, actor = dossier.target.planned, dossier.request.requester
    account = await read(directory, planned)
    if dossier.target.state is TargetState.STARTED:
        # The directory may know the password already: going back is no longer possible.
        if account is None:
            await _given_up(tools, dossier, Reason.ACCOUNT_GONE)
        return account
    if account is None:
        await fail(tools, dossier, Reason.ACCOUNT_GONE)
        return None
    if not proves(dossier.proof):
        await roles.holds(tools, actor)
        if (lost := await approvers.lost(tools, dossier.request, dossier.proof)) is not None:
            await fail(tools, dossier, lost)
            return None
    facts = await standing.facts(tools.rules, directory, actor.role, [account.id])
    agreed = await approvers.agreed(tools, dossier.request, dossier.proof)
    reason = again.changed(dossier.request, planned, account, facts, tools.rules, agreed)
    if reason is not None:
        await fail(tools, dossier, reason, state=TargetState.EXCLUDED)
        return None
    return account


async def _seal(tools: Tools, dossier: Dossier, directory: Directory, account: Account) -> None:
    """Draw a password that the directory's policy takes, and seal it before the directory hears of it."""
    can = directory.can(Capability.PASSWORD_POLICY)
    policy = await directory.password_policy(account) if can else PasswordPolicy()
    secret = password.generate(policy, account, tools.randbelow)
    async with tools.store.write() as tx:
        moved = await requests.move_target(
            tx,
            dossier.target.id,
            (TargetState.NEW,),
            TargetState.SEALED,
            sealed_at=tools.clock(),
            marker=account.marker,
        )
        if not moved:
            return  # another run of this very job was faster: its password stands
        await vault.put(tx, PURPOSE, dossier.target.id, secret)
        await requests.move_request(tx, dossier.request.id, (RequestState.APPROVED,), RequestState.RUNNING)
        await note(tools, tx, Deed.SEALED, request=dossier.request, target=dossier.target)


async def _set(
    tools: Tools, dossier: Dossier, directory: Directory, account: Account, *, repeat: bool
) -> timedelta | None:
    must_change = dossier.target.step(Step.MUST_CHANGE).state is StepState.TODO
    async with tools.store.write() as tx:
        if not repeat and (wait := await turn.wait(tools, tx, dossier)) is not None:
            return wait
        if await requests.move_target(tx, dossier.target.id, (TargetState.SEALED,), TargetState.STARTED):
            await note(tools, tx, Deed.STARTED, request=dossier.request, target=dossier.target)
        secret = await _sealed(tx, dossier.target.id)
    if secret is None:
        await fail(tools, dossier, Reason.KEY_WRONG)
        return None
    seen = await look(directory, account, dossier.target, secret) if repeat else Seen.UNCLEAR
    if seen is Seen.THEIRS:
        await fail(tools, dossier, Reason.SUPERSEDED)
        return None
    try:
        if seen is Seen.OURS:
            written = await as_written(directory, account)
        else:
            written = await directory.set_password(account, secret, must_change=must_change)
    except PasswordUnchanged:
        written = await as_written(directory, account)
    except PasswordRejected:
        return await draw_again(tools, dossier, directory, account)
    except DirectoryError as error:
        return await not_now(tools, dossier, error)
    await _is_done(tools, dossier, written)
    return None


async def _sealed(tx: Tx, target_id: str) -> Secret | None:
    try:
        return await unsealed(tx, PURPOSE, target_id)
    except Refused:
        return None


async def draw_again(
    tools: Tools, dossier: Dossier, directory: Directory, account: Account, *, first: bool = False
) -> timedelta | None:
    """The policy refused this one: draw another, a few times. Nothing has changed in the directory."""
    if maybe_written(dossier, first=first):
        await _given_up(tools, dossier, Reason.PASSWORD_REFUSED)
        return None
    drawn = (dossier.target.step(Step.SET).count or 1) + 1
    if drawn > MAX_DRAWS:
        await fail(tools, dossier, Reason.PASSWORD_REFUSED)
        return None
    can = directory.can(Capability.PASSWORD_POLICY)
    policy = await directory.password_policy(account) if can else PasswordPolicy()
    secret = password.generate(policy, account, tools.randbelow)
    async with tools.store.write() as tx:
        await requests.record_step(tx, dossier.target.id, StepRecord(Step.SET, StepState.TODO, count=drawn))
        await vault.put(tx, PURPOSE, dossier.target.id, secret)
        await note(tools, tx, Deed.SEALED, request=dossier.request, target=dossier.target, drawn=drawn)
    return timedelta(0)


def maybe_written(dossier: Dossier, *, first: bool = False) -> bool:
    """Say whether an earlier write of this password may have happened.

    It was not answered, or we died before its answer was recorded: then the row says STARTED and no more.
    `first`: the row says STARTED because of this very try.
    """
    was = dossier.target.step(Step.SET)
    died = dossier.target.state is TargetState.STARTED and was.reason is None and was.count is None and not first
    return was.state is StepState.UNKNOWN or died


async def not_now(tools: Tools, dossier: Dossier, error: DirectoryError, *, first: bool = False) -> timedelta | None:
    """The directory did not answer or could not: wait and repeat, and in the end say what is known."""
    silent = may_have_happened(error)
    if not silent and not error.retryable and maybe_written(dossier, first=first):
        await _given_up(tools, dossier, reason_of(error))
        return None
    if not silent and not error.retryable:
        await fail(tools, dossier, reason_of(error))
        return None
    attempts = dossier.target.attempts + 1
    gave_up = attempts >= MAX_SILENCES
    was = dossier.target.step(Step.SET)
    unknown = silent or maybe_written(dossier, first=first)
    reason = Reason.DIRECTORY_SILENT if unknown else reason_of(error)
    if gave_up and not unknown:
        await fail(tools, dossier, reason)
        return None
    async with tools.store.write() as tx:
        await requests.set_attempts(tx, dossier.target.id, attempts)
        state = StepState.UNKNOWN if unknown else StepState.TODO
        if was.state is not state or was.reason is not reason:
            await requests.record_step(tx, dossier.target.id, StepRecord(Step.SET, state, reason, was.count))
            await current(tools, tx, dossier.target)
        if gave_up:
            await left_unknown(tools, tx, dossier, reason)
    if gave_up:
        return None
    asked = error.after if isinstance(error, NotNow) else None
    return asked or min(FIRST_WAIT * 2 ** (attempts - 1), LONGEST_WAIT)


async def _given_up(tools: Tools, dossier: Dossier, reason: Reason) -> None:
    """Stop trying where an earlier write may have happened, whatever the directory says of this one."""
    was = dossier.target.step(Step.SET)
    async with tools.store.write() as tx:
        record = StepRecord(Step.SET, StepState.UNKNOWN, reason, was.count)
        await requests.record_step(tx, dossier.target.id, record)
        await left_unknown(tools, tx, dossier, Reason.DIRECTORY_SILENT)


async def left_unknown(tools: Tools, tx: Tx, dossier: Dossier, reason: Reason) -> None:
    """Stop asking a silent directory. The sealed password stays, so that *Retry* sets the very same one."""
    states = (TargetState.SEALED, TargetState.STARTED)
    await requests.move_target(
        tx,
        dossier.target.id,
        states,
        TargetState.FAILED,
        reason=reason,
        expires_at=_expiry(tools),
        ended_at=tools.clock(),
    )
    said = history.note if dossier.job is not None else note  # one person's end is the request's
    await said(tools, tx, Deed.STEP_FAILED, request=dossier.request, target=dossier.target, reason=reason.value)
    if dossier.job is not None:
        await requests.move_request(tx, dossier.request.id, (RequestState.RUNNING,), RequestState.DONE)
        await jobs.finish(tx, dossier.job.id, tools.clock())
    await current(tools, tx, dossier.target)


async def _is_done(tools: Tools, dossier: Dossier, written: Written) -> None:
    now = tools.clock()
    async with tools.store.write() as tx:
        moved = await requests.move_target(
            tx,
            dossier.target.id,
            (TargetState.STARTED,),
            TargetState.SET,
            set_at=now,
            marker=written.marker,
            expires_at=_expiry(tools),
            ended_at=now,
        )
        if not moved:
            return
        await supersede.older(tools, tx, dossier.target)
        await requests.record_step(tx, dossier.target.id, StepRecord(Step.SET, StepState.DONE))
        await requests.set_attempts(tx, dossier.target.id, 0)
        await note(tools, tx, Deed.STEP_DONE, request=dossier.request, target=dossier.target, step=Step.SET.value)
        if written.must_change:
            await requests.record_step(tx, dossier.target.id, StepRecord(Step.MUST_CHANGE, StepState.DONE))
            await note(
                tools, tx, Deed.STEP_DONE, request=dossier.request, target=dossier.target, step=Step.MUST_CHANGE.value
            )
        await current(tools, tx, dossier.target)


def _expiry(tools: Tools) -> datetime:
    return tools.clock() + tools.rules.expires
