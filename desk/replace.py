"""Taking a password away again: unclaimed in time, or "not me". The account gets a random one that nobody has.

Only while the password is still ours: no newer request stands, and the directory's change marker is the one that our
own write left. Otherwise the person, or somebody else, has set another, and it is theirs.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING

from desk.dossier import PURPOSE, proof_of
from desk.faults import reason as reason_of
from desk.journal import alarm, announce, current, note
from desk.sealed import unsealed
from desk.set_password import read
from desk.tools import Tools, Work, WorkKind
from directory.base import Account, Capability, DirectoryError, PasswordPolicy, PasswordUnchanged
from resets import password
from resets.audit import Deed
from resets.notice import NoticeKind
from resets.reasons import Reason, Refused
from resets.request import TargetState
from store import audit, jobs, requests, vault

if TYPE_CHECKING:
    from directory.base import Directory
    from directory.secret import Secret
    from resets.outcome import Target
    from resets.request import ResetRequest
    from store.base import Tx

REPLACEMENT = "replacement"
MAX_TRIES = 60  # half an hour with the waits below: a stranger may hold this password
LONGEST_WAIT = timedelta(seconds=30)
LIVE = (TargetState.SET, TargetState.DELIVERED)


async def run(tools: Tools, work: Work) -> timedelta | None:
    """Go on with an EXPIRE or SPOIL job; as `desk.run.run`."""
    async with tools.store.read() as tx:
        job = await jobs.get(tx, work.id)
        if job is None or job.finished_at is not None:
            return None
        request = await requests.get(tx, job.request_id or "")
        target = await requests.target(tx, job.target_id or "")
        genuine = await _genuine(tx, request, target, work) if request and target else False
        newer = await requests.newer_exists(tx, target) if target else False
    if request is None or target is None or not genuine:
        await _ended(tools, job, request, target, Reason.NOT_PROVED, work)
        return None
    if work.kind is WorkKind.EXPIRE and not await _taken_back(tools, request, target):
        await _ended(tools, job, request, target, None, work)
        return None
    if target.set_at is None:  # never answered: what the directory has, nobody knows
        await _ended(tools, job, request, target, Reason.DIRECTORY_SILENT, work)
        return None
    if newer:
        await _ended(tools, job, request, target, Reason.SUPERSEDED, work)
        return None
    try:
        reason = await _replaced(tools, job, target)
    except DirectoryError as error:
        return await _later(tools, job, request, target, work, reason_of(error))
    except Refused as refused:
        reason = refused.reason
    await _ended(tools, job, request, target, reason, work)
    return None


async def _genuine(tx: Tx, request: ResetRequest, target: Target, work: Work) -> bool:
    """Say whether the journal bears out the reset that is to be undone and, of a "not me", that it was said."""
    if await proof_of(tx, request, target) is None:
        return False
    said = await audit.proved(tx, request.id, Deed.NOT_ME)
    return work.kind is WorkKind.EXPIRE or (said is not None and said.target_id == target.id)


async def _taken_back(tools: Tools, request: ResetRequest, target: Target) -> bool:
    """Destroy the sealed password before anything else, so that it can no longer be shown; False if it was shown."""
    async with tools.store.write() as tx:
        if await requests.move_target(tx, target.id, (*LIVE, TargetState.FAILED), TargetState.EXPIRED):
            await vault.wipe(tx, PURPOSE, target.id)
            await note(tools, tx, Deed.EXPIRED, request=request, target=target)
            return True
    return target.state is TargetState.EXPIRED


async def _replaced(tools: Tools, job: jobs.Job, target: Target) -> Reason | None:
    """Set a random password that nobody has; a repeat sets the same one. Returns why it was not needed, or None."""
    directory = tools.directory(target.planned.directory)
    account = await read(directory, target.planned)
    if account is None:
        return Reason.ACCOUNT_GONE
    async with tools.store.read() as tx:
        secret = await unsealed(tx, REPLACEMENT, job.id)
    if secret is None:
        ours = account.marker is not None and account.marker == target.marker
        if not ours and not (job.kind == WorkKind.SPOIL and account.marker is None):
            return Reason.SUPERSEDED
        secret = await _drawn(tools, job, directory, account)
    with suppress(PasswordUnchanged):
        await directory.set_password(account, secret, must_change=directory.can(Capability.MUST_CHANGE))
    return None


async def _drawn(tools: Tools, job: jobs.Job, directory: Directory, account: Account) -> Secret:
    can = directory.can(Capability.PASSWORD_POLICY)
    policy = await directory.password_policy(account) if can else PasswordPolicy()
    secret = password.generate(policy, account, tools.randbelow)
    async with tools.store.write() as tx:
        await vault.put(tx, REPLACEMENT, job.id, secret)
    return secret


async def _later(
    tools: Tools, job: jobs.Job, request: ResetRequest, target: Target, work: Work, reason: Reason
) -> timedelta | None:
    attempts = target.attempts + 1
    if attempts >= MAX_TRIES:
        await _ended(tools, job, request, target, reason, work)
        return None
    async with tools.store.write() as tx:
        await requests.set_attempts(tx, target.id, attempts)
    return min(timedelta(seconds=2**attempts), LONGEST_WAIT)


async def _ended(
    tools: Tools,
    job: jobs.Job,
    request: ResetRequest | None,
    target: Target | None,
    reason: Reason | None,
    work: Work,
) -> None:
    """Record how it ended and tell the requester, the person and, where it did not end well, the security channel."""
    async with tools.store.write() as tx:
        await vault.wipe(tx, REPLACEMENT, job.id)
        await jobs.finish(tx, job.id, tools.clock())
        if request is None or target is None:
            return
        state = TargetState.EXPIRED if work.kind is WorkKind.EXPIRE else TargetState.SPOILED
        await requests.move_target(tx, target.id, (state,), state, reason=reason)
        if work.kind is WorkKind.SPOIL or reason is not None:
            deed = Deed.SPOILED if reason is None else Deed.SUPERSEDED if reason is Reason.SUPERSEDED else Deed.FAILED
            await note(tools, tx, deed, request=request, target=target, reason=reason.value if reason else "")
        if reason not in (None, Reason.SUPERSEDED):
            about = f"{target.planned.login} ({target.planned.directory})"
            await alarm(tools, tx, reason.value, request_id=request.id, about=about)
        await current(tools, tx, target)
        if target.planned.slack_user:
            await announce(tools, tx, NoticeKind.SHOW, request_id=request.id, target_id=target.id)
