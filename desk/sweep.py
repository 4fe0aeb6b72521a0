"""What is done by the clock: unclaimed passwords are taken back, the local index is kept fresh, old forms forgotten."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from desk.journal import current
from desk.tools import Tools, Work, WorkKind
from directory.base import Capability, DirectoryError
from store import bulk, forms, index, jobs, lookups, questions, requests

if TYPE_CHECKING:
    from datetime import datetime

    from directory.base import Directory
    from resets.outcome import Target

BATCH, BATCHES = 100, 20  # in one transaction, in one round
AT_ONCE = 100  # accounts in one transaction of the index: on SQLite, everybody else's writes wait for it
FORGET_FORMS = timedelta(days=2)
FORGET_QUESTIONS = timedelta(days=30)  # so long the *no* in a message about a caller is heard, and alarms
WATCH = timedelta(hours=24)  # how long a first sign-in is looked out for


async def expire(tools: Tools) -> int:
    """Put every password that nobody collected in time on its way to be replaced. Returns how many were new."""
    total = 0
    for _ in range(BATCHES):
        new = await _expire_some(tools)
        total += new
        if new < BATCH:
            break
    return total


async def _expire_some(tools: Tools) -> int:
    now = tools.clock()
    async with tools.store.write() as tx:
        new = 0
        for target_id in await requests.due(tx, now, BATCH):
            target = await requests.target(tx, target_id)
            job_id = f"{requests.EXPIRES}{target_id}"
            if target is None or await jobs.get(tx, job_id) is not None:
                continue
            await jobs.add(tx, jobs.Job(job_id, WorkKind.EXPIRE.value, target.request_id, target_id, {}, now))
            await requests.set_attempts(tx, target_id, 0)
            await tools.enqueue(tx, Work(WorkKind.EXPIRE, job_id))
            new += 1
        await forms.delete_old(tx, now - FORGET_FORMS)
        await lookups.delete_old(tx, now - FORGET_FORMS)
        await questions.delete_old(tx, now - FORGET_QUESTIONS)
    return new


async def forget_drafts(tools: Tools) -> int:
    """Forget the previews that nobody has proved for two days, a page at a time; returns how many rows went."""
    gone = 0
    while True:
        async with tools.store.write() as tx:
            some = await bulk.forget_drafts(tx, tools.clock() - FORGET_FORMS)
        gone += some
        if not some:
            return gone


async def signed_in(tools: Tools) -> int:
    """Ask the directories that can tell who has signed in with a new password. Returns how many did for the first time.

    A directory that does not answer is asked again next time.
    """
    now = tools.clock()
    async with tools.store.read() as tx:
        waiting = [await requests.target(tx, i) for i in await requests.not_signed_in(tx, now - WATCH, BATCH)]
    new = 0
    for target in waiting:
        directory = tools.directories.get(target.planned.directory) if target else None
        if target is None or directory is None or not directory.can(Capability.LAST_SIGN_IN):
            continue
        try:
            account = (await directory.fetch([target.planned.account_id])).get(target.planned.account_id)
            at = await directory.last_sign_in(account) if account else None
        except DirectoryError:
            continue
        if at is not None and target.set_at is not None and at >= target.set_at:
            new += await _has_signed_in(tools, target, at)
    return new


async def _has_signed_in(tools: Tools, target: Target, at: datetime) -> bool:
    async with tools.store.write() as tx:
        if not await requests.move_target(tx, target.id, (target.state,), target.state, signed_in_at=at):
            return False
        await current(tools, tx, target)
        return True


async def refresh(tools: Tools, name: str, *, whole: bool = False) -> int:
    """Bring the local index of one directory up to date, and return how many accounts were read.

    Args:
        tools: the desk's tools.
        name: a configured directory.
        whole: walk over all accounts even where the directory can tell what changed (deletions are seen only so).

    Raises:
        DirectoryError: the walk broke off; what was read until then is kept, nothing was dropped.
    """
    directory = tools.directory(name)
    async with tools.store.read() as tx:
        mark = await index.mark(tx, name)
    if mark is not None and not whole and directory.can(Capability.CHANGES):
        return await _changes(tools, directory, mark)
    return await _walk(tools, directory)


async def _changes(tools: Tools, directory: Directory, mark: str) -> int:
    seen = 0
    async for page in directory.pages(mark):
        async with tools.store.write() as tx:
            await index.upsert(tx, directory.name, page.accounts, tools.clock())
            await index.remove(tx, directory.name, page.gone)
            if page.marker is not None:
                await index.set_mark(tx, directory.name, page.marker, tools.clock())
        seen += len(page.accounts)
    return seen


async def _walk(tools: Tools, directory: Directory) -> int:
    seen, marker = 0, None
    async with tools.store.write() as tx:
        await index.begin_walk(tx, directory.name)
    async for page in directory.pages():
        for start in range(0, len(page.accounts), AT_ONCE):
            async with tools.store.write() as tx:
                await index.upsert(tx, directory.name, page.accounts[start : start + AT_ONCE], tools.clock())
        seen, marker = seen + len(page.accounts), page.marker or marker
    async with tools.store.write() as tx:
        await index.end_walk(tx, directory.name)
        if marker is not None:
            await index.set_mark(tx, directory.name, marker, tools.clock())
    return seen
