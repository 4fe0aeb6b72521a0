"""One chunk of a bulk: judged, sealed, set, ended, told. From wherever its rows stand; every step may run twice.

People are taken in groups: one transaction writes down how the last group went and that the next one is begun, so that
a reset costs two statements' share of a commit. As long as a directory is quick, groups grow, up to their share of what
may be in flight, since who is begun when a run is cancelled is still reset. Whatever is out of the ordinary (a silence,
a refused password, a write that was under way when we died) goes the careful way of the single reset, person by person.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

from desk import brakes, extras, seal, turn
from desk import set_password as setting
from desk.dossier import PURPOSE, Dossier, end_target, vouches
from desk.faults import may_have_happened
from desk.folder import Folder
from desk.record import Went, begun, recorded
from directory.base import DirectoryError, PasswordRejected, PasswordUnchanged
from resets.audit import Deed
from resets.outcome import Step, StepState, Target
from resets.reasons import Reason
from resets.request import TargetState
from store import audit, bulk, chunks, freezes, requests, vault

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from desk.tools import Tools
    from store.base import Tx

PUMPS = 2  # groups of one chunk that are under way at once: one is written down while the other's answers come
QUICK = timedelta(seconds=1)  # a group that took no longer may be followed by one twice as large
FIRST_TOGETHER = 8
LOOK_AGAIN = timedelta(seconds=2)
LAST_WORDS = (Deed.CANCELLED, Deed.DONE, Deed.RETRIED)  # whether a run is over, by the journal


class Overtaken(Exception):
    """The other workers took this process for dead, and go on with its work: it calls no directory any more."""


async def go_on(tools: Tools, work_id: str) -> timedelta | None:
    """Go on with a chunk. Returns None when there is nothing (more) to do now, or how long to wait before going on.

    Raises:
        StoreFailed: nothing could be recorded, so nothing (more) was done; the engine tries again.
    """
    folder = await _folder(tools, work_id)
    if folder is None:
        return None
    waits = [await _carefully(tools, folder, target) for target in folder.those(TargetState.STARTED)]
    try:
        if not folder.late and not folder.stopped:
            await seal.all_new(tools, folder)
            waits += await _pumped(tools, folder)
    except DirectoryError as error:
        return await brakes.directory_failed(tools, folder.request.id, error)
    async with tools.store.read() as tx:
        more = await requests.anything_to_do(tx, folder.chunk.id)
    if more:
        await extras.finish(tools, folder)
    needed = [wait for wait in waits if wait is not None]
    async with tools.store.write() as tx:
        stands = await freezes.standing(tx)
        finished = await chunks.finish(tx, folder.chunk.id)
        may = await chunks.may_go_on(tx, folder.chunk)
    if finished or (not may and not needed):
        return None
    return max(needed, default=stands.rest(tools.clock()) if stands else LOOK_AGAIN)


async def _folder(tools: Tools, work_id: str) -> Folder | None:
    """Read a chunk, if it may be worked on: its request is running, and the journal vouches for every row of it.

    In a freeze too, so that what was begun is finished.
    """
    chunk_id, _, round_ = work_id.rpartition(".")
    async with tools.store.read() as tx:
        chunk = await chunks.get(tx, chunk_id)
        if chunk is None or chunk.finished_at is not None or str(chunk.round) != round_:
            return None
        frozen = await freezes.standing(tx) is not None
        stopped = not await chunks.may_go_on(tx, chunk)
        if stopped and not await chunks.to_finish(tx, chunk):
            return None
        request = await requests.get(tx, chunk.request_id)
        last = await audit.proved(tx, chunk.request_id, *LAST_WORDS)
        proof = await audit.proved(tx, chunk.request_id, Deed.PROVED)
        targets = {target.id: target for target in await requests.of_chunk(tx, chunk.id)}
        genuine = await bulk.genuine(tx, chunk.request_id, tuple(targets.values()))
    directory = tools.directories.get(chunk.directory)
    told = request is not None and proof is not None and vouches(request, proof) and genuine == set(targets)
    # What the journal calls cancelled or done is, whatever the rows say: of that, only what was begun is finished.
    told = told and (stopped or last is None or last.deed is Deed.RETRIED)
    # Rows of another directory are none of this chunk's; whether one is missing, the helm counts over the whole run.
    fits = told and all(target.planned.directory == chunk.directory for target in targets.values())
    if request is None or proof is None or not fits:
        await brakes.stop(tools, chunk.request_id, Reason.NOT_PROVED)
        return None
    if directory is None:
        await brakes.stop(tools, chunk.request_id, Reason.NO_SUCH_DIRECTORY)
        return None
    late, never = setting.deadlines(request, proof, tools.rules)
    if tools.clock() < setting.begins(proof):
        return None  # a row says otherwise, or the clock was set back: mending sends it again when it is time
    folder = Folder(chunk, request, proof, targets, directory, late=tools.clock() > late, stopped=stopped or frozen)
    if folder.late and tools.clock() > never:
        await brakes.stop(tools, chunk.request_id, Reason.TOO_LATE)
        return None
    if folder.late:
        await seal.drop(tools, folder, {target.id: Reason.TOO_LATE for target in folder.those(*seal.UNTOUCHED)})
    return folder


async def _pumped(tools: Tools, folder: Folder) -> list[timedelta | None]:
    """Set the passwords of all who are sealed, a group at a time; returns how long those wait who must.

    Raises:
        StoreFailed: nothing could be recorded; the other groups are broken off too.
        Overtaken: others go on with it.
    """
    queue = folder.those(TargetState.SEALED)
    waits: list[timedelta | None] = []
    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(PUMPS):
                group.create_task(_pump(tools, folder, queue, waits))
    except ExceptionGroup as errors:
        raise errors.exceptions[0] from None
    return waits


async def _pump(tools: Tools, folder: Folder, queue: list[Target], waits: list[timedelta | None]) -> None:
    """Take groups from the queue until it is empty, the request no longer runs, or the directory needs a rest."""
    apart = tools.rules.apart(folder.directory.name)
    most = 1 if apart else max(1, tools.rules.at_once(folder.directory.name) // PUMPS)
    first = size = min(FIRST_TOGETHER, most)
    went: list[Went] = []
    while True:
        odd = [each for each in went if each.error is not None]
        if any(each.error is not None and each.error.retryable for each in odd):
            queue.clear()  # the directory is busy or silent: what is sealed waits for the next time
        group, queue[:size] = queue[:size], []
        async with tools.store.write() as tx:
            # Whoever cancels takes the run's row before its people's, so that we do too: else each waits for the other.
            may = bool(group) and await _may_begin(tx, folder)
            stand = await requests.states(tx, [each.target.id for each in went] + [target.id for target in group])
            entries = await recorded(tools, tx, folder, went, stand)
            started = await _startable(tools, tx, folder, group, stand) if may else []
            await audit.append_many(tx, entries + await begun(tools, tx, folder, started))
        waits += [await _after(tools, folder, each) for each in odd]
        if odd:
            await brakes.look(tools, folder.request.id)
        if len(started) < len(group):
            waits.append(turn.ITS_TURN)
        if not started:
            if not group:
                return
            went = []
            continue
        if not tools.fit():
            raise Overtaken
        sent_at = tools.clock()
        went = list(await asyncio.gather(*(_one(folder, target) for target in started)))
        size = min(size * 2, most) if tools.clock() - sent_at < QUICK else first
        if apart:
            await tools.sleep(apart * len(started) * PUMPS)


async def _may_begin(tx: Tx, folder: Folder) -> bool:
    """Say whether anybody may be begun: nothing is frozen, and the request runs. It stays so until the write ends."""
    return await freezes.standing(tx) is None and await chunks.may_go_on(tx, folder.chunk)


async def _startable(
    tools: Tools, tx: Tx, folder: Folder, group: Sequence[Target], stand: Mapping[str, TargetState]
) -> list[Target]:
    """Return those of a group whose turn it is."""
    busy = await requests.busy(tx, [(t.planned.directory, t.planned.account_id) for t in group])
    mine = [
        target
        for target in group
        if stand.get(target.id) is TargetState.SEALED
        and (target.planned.directory, target.planned.account_id) not in busy
    ]
    missing = [target.id for target in mine if target.id not in folder.secrets]
    folder.secrets |= await vault.peek_many(tx, PURPOSE, missing) if missing else {}
    for target in mine:
        if target.id not in folder.secrets:  # altered, or sealed under another key: it would be asked for for ever
            await end_target(tools, tx, folder.request, target, TargetState.FAILED, Reason.KEY_WRONG)
    return [target for target in mine if target.id in folder.secrets]


async def _one(folder: Folder, target: Target) -> Went:
    """Set one person's password."""
    account, secret = folder.accounts[target.id], folder.secrets[target.id]
    must_change = target.step(Step.MUST_CHANGE).state is StepState.TODO
    try:
        return Went(target, await folder.directory.set_password(account, secret, must_change=must_change), None)
    except DirectoryError as error:
        return Went(target, None, error)


async def _after(tools: Tools, folder: Folder, went: Went) -> timedelta | None:
    """Go the careful way with one whose password was not simply set."""
    dossier = await _fresh(tools, folder, went.target)
    if dossier is None:
        return None
    error = went.error
    assert error is not None
    if isinstance(error, PasswordRejected):
        account = folder.accounts[dossier.target.id]
        await setting.draw_again(tools, dossier, folder.directory, account, first=True)
    elif not isinstance(error, PasswordUnchanged) and not may_have_happened(error):
        return await setting.not_now(tools, dossier, error, first=True)
    return await _carefully(tools, folder, dossier.target)


async def _carefully(tools: Tools, folder: Folder, target: Target) -> timedelta | None:
    """Go on with one person as the single reset does: look what the directory has, then set the same once more."""
    while True:
        dossier = await _fresh(tools, folder, target)
        if dossier is None:
            return None
        if not tools.fit():
            raise Overtaken
        wait = await setting.go_on(tools, dossier)
        if wait is None or wait > timedelta(0):
            return wait


async def _fresh(tools: Tools, folder: Folder, target: Target) -> Dossier | None:
    async with tools.store.read() as tx:
        now = await requests.target(tx, target.id)
    if now is None:
        return None
    folder.targets[now.id] = now
    return folder.dossier(now)
