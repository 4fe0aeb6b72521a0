"""Taking a password away again: unclaimed in time, or "not me". The account gets a random one that nobody has.

Only while the password is still ours: no newer request stands, and the directory's change marker is the one that our
own write left. Otherwise the person, or somebody else, has set another, and it is theirs. After a "not me" sessions and
tokens end all the same, after the replacement: whoever has the old password shall not open another one in between.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING

from desk.dossier import PURPOSE, proof_of
from desk.expel import expel, left
from desk.faults import reason as reason_of
from desk.journal import alarm, announce, current, note
from desk.sealed import unsealed
from desk.set_password import read
from desk.tools import Tools, Work, WorkKind
from directory.base import Account, Capability, DirectoryError, PasswordPolicy, PasswordUnchanged
from resets import password
from resets.audit import Deed
from resets.notice import NoticeKind
from resets.outcome import StepState
from resets.reasons import Reason, Refused
from resets.request import TargetState
from store import audit, jobs, requests, vault

if TYPE_CHECKING:
    from directory.base import Directory
    from directory.secret import Secret
    from resets.outcome import StepRecord, Target
    from resets.request import ResetRequest
    from store.base import Tx

REPLACEMENT = "replacement"
REPLACED = "replaced"  # of a job: the directory has the replacement
STILL_SIGNED_IN = "still_signed_in"
MAX_TRIES = 60  # half an hour with the waits below: a stranger may hold this password
LONGEST_WAIT = timedelta(seconds=30)
MOST_DOUBLED = 5  # from here on a doubled wait is longer than the longest; at 47 it would fit into no timedelta
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
    again = False
    try:
        reason = await _undone(tools, job, target, newer=newer)
    except DirectoryError as error:
        reason, again = reason_of(error), True
    except Refused as refused:
        reason = refused.reason
    ended = await expel(tools, target) if work.kind is WorkKind.SPOIL else ()
    if again or left(ended):
        wait = await _later(tools, target)
        if wait is not None:
            return wait
    await _ended(tools, job, request, target, reason, work, ended)
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


async def _undone(tools: Tools, job: jobs.Job, target: Target, *, newer: bool) -> Reason | None:
    """Replace the password, once. Returns why it was not, or None.

    Raises:
        DirectoryError: not yet; a repeat is safe.
    """
    if job.facts.get(REPLACED):
        return None
    if target.set_at is None:  # never answered: what the directory has, nobody knows
        return Reason.DIRECTORY_SILENT
    if newer:
        return Reason.SUPERSEDED
    reason = await _replaced(tools, job, target)
    if reason is None:
        async with tools.store.write() as tx:
            await jobs.learn(tx, job, **{REPLACED: "yes"})  # while sessions are tried again, it is not set again
    return reason


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
        spoil = job.kind == WorkKind.SPOIL
        if not ours and not (spoil and account.marker is None):
            return Reason.PASSWORD_CHANGED if spoil else Reason.SUPERSEDED
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


async def _later(tools: Tools, target: Target) -> timedelta | None:
    """Return how long to wait before the next try, or None when it was the last."""
    attempts = target.attempts + 1
    if attempts >= MAX_TRIES:
        return None
    async with tools.store.write() as tx:
        await requests.set_attempts(tx, target.id, attempts)
    return LONGEST_WAIT if attempts >= MOST_DOUBLED else timedelta(seconds=2**attempts)


async def _ended(
    tools: Tools,
    job: jobs.Job,
    request: ResetRequest | None,
    target: Target | None,
    reason: Reason | None,
    work: Work,
    ended: tuple[StepRecord, ...] = (),
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
            came = {each.step.value: each.state.value for each in ended}
            why = reason.value if reason else ""
            await note(tools, tx, _deed(reason), request=request, target=target, reason=why, more=came)
        await _alarmed(tools, tx, target, reason, ended)
        await current(tools, tx, target)
        if target.planned.slack_user:
            await announce(tools, tx, NoticeKind.SHOW, request_id=request.id, target_id=target.id)


def _deed(reason: Reason | None) -> Deed:
    if reason is None:
        return Deed.SPOILED
    return Deed.SUPERSEDED if reason in (Reason.SUPERSEDED, Reason.PASSWORD_CHANGED) else Deed.FAILED


async def _alarmed(tools: Tools, tx: Tx, target: Target, reason: Reason | None, ended: tuple[StepRecord, ...]) -> None:
    """Tell the security channel where a stranger may still get in, by a password or by a session."""
    what = reason.value if reason not in (None, Reason.SUPERSEDED) else ""
    if not what and any(each.state is StepState.FAILED for each in ended):
        what = STILL_SIGNED_IN
    if what:
        planned = target.planned
        about = f"{planned.login} ({planned.directory})"
        who = {"user": planned.slack_user or "", "name": planned.name} if ended else {}
        came = {each.step.value: each.state.value for each in ended}
        await alarm(tools, tx, what, request_id=target.request_id, about=about, **who, **came)
