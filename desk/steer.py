"""The helm of every bulk: it begins when its hold is over, goes out in waves, stops by itself, and ends."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from desk import brakes, history
from desk.dossier import Dossier
from desk.journal import alarm, announce
from desk.retry import RETRY_WITHIN
from desk.set_password import RUN_WITHIN, agreed_to, begins, left_unknown
from desk.tools import Work, WorkKind
from resets.audit import Deed
from resets.notice import NoticeKind
from resets.outcome import Step, StepRecord, StepState
from resets.reasons import Reason
from resets.request import RequestState, TargetState
from store import audit, chunks, freezes, requests, runs, tally

if TYPE_CHECKING:
    from desk.tools import Tools
    from resets.request import ResetRequest
    from store.base import Tx
    from store.chunks import Chunk
    from store.runs import Run

SOON = timedelta(seconds=30)
AFTER_CANCEL = timedelta(minutes=10)  # then what was begun has been looked up and repeated often enough
NO_LONGER = RETRY_WITHIN + RUN_WITHIN  # after its beginning, a run does nothing more
LET_GO = 100
AT_ONCE = 50  # bulks that are looked at in one round
AHEAD = 100  # chunks of one bulk that are on their way: enough for all workers, few enough to be stopped


async def all_runs(tools: Tools) -> int:
    """Move every bulk on that can be; returns how many go on or soon begin. Twice, or by two at once, is once."""
    async with tools.store.read() as tx:
        frozen = await freezes.standing(tx) is not None
        living = await runs.in_states(tx, (RequestState.HELD, RequestState.RUNNING), AT_ONCE)
    for run in living:
        if run.state is RequestState.RUNNING:
            await _moved_on(tools, run, frozen=frozen)
        elif not frozen:
            await _begun(tools, run)
    await _let_go(tools)
    soon = tools.clock() + SOON
    return sum(run.state is RequestState.RUNNING or (run.begins_at or soon) < soon for run in living)


async def _let_go(tools: Tools) -> None:
    """Say of what was begun and can no longer be finished that nobody knows: it must not stand in another's way."""
    now = tools.clock()
    async with tools.store.read() as tx:
        left = await runs.stranded(tx, cancelled_before=now - AFTER_CANCEL, begun_before=now - NO_LONGER, limit=LET_GO)
    for target_id in left:
        async with tools.store.write() as tx:
            target = await requests.target(tx, target_id)
            request = await requests.get(tx, target.request_id) if target else None
            proof = await audit.proved(tx, request.id, Deed.PROVED) if request else None
            if target is None or request is None or proof is None or target.state is not TargetState.STARTED:
                continue
            was = target.step(Step.SET)
            unknown = StepRecord(Step.SET, StepState.UNKNOWN, Reason.DIRECTORY_SILENT, was.count)
            await requests.record_step(tx, target.id, unknown)
            await left_unknown(tools, tx, Dossier(None, request, target, proof), Reason.DIRECTORY_SILENT)


async def _begun(tools: Tools, run: Run) -> None:
    if run.begins_at is None or run.begins_at > tools.clock():
        return
    async with tools.store.write() as tx:
        if await freezes.standing(tx) is not None:
            return
        request = await requests.get(tx, run.request_id)
        whole = request is not None and await _whole(tx, request)
        if request is not None and whole and await _too_late(tools, tx, request):
            await _let_lapse(tools, tx, request)
            return
        if request is not None and whole and await runs.begin(tx, run.request_id):
            await history.note(tools, tx, Deed.STARTED, request=request, count=run.total)
            await _send(tools, tx, await _next_wave(tx, run.request_id))
    if not whole:
        await brakes.stop(tools, run.request_id, Reason.NOT_PROVED)


async def _too_late(tools: Tools, tx: Tx, request: ResetRequest) -> bool:
    """Say whether what others have agreed to could not be begun while their word was good."""
    proof = await audit.proved(tx, request.id, Deed.PROVED)
    if proof is None or not agreed_to(proof):
        return False
    return tools.clock() > begins(proof) + tools.rules.begin_within


async def _let_lapse(tools: Tools, tx: Tx, request: ResetRequest) -> None:
    """End a run before it begins: nobody is reset."""
    if await runs.cancel(tx, request.id, Reason.TOO_LATE) is not None:
        await history.note(tools, tx, Deed.CANCELLED, request=request, reason=Reason.TOO_LATE.value)
        await announce(tools, tx, NoticeKind.RESULT, request_id=request.id)


async def _moved_on(tools: Tools, run: Run, *, frozen: bool) -> None:
    """Send the next chunks out, but in a freeze; stop a run that goes wrong; end one that is over."""
    async with tools.store.read() as tx:
        first_wave = await chunks.canary_open(tx, run.request_id)
        failed, over = await runs.last_ended(tx, run.request_id, run.judged_from, brakes.LAST)
        reason = await brakes.verdict(tx, run)
        waiting = await chunks.never_queued(tx, run.request_id, 1)
        on_their_way = await chunks.under_way(tx, run.request_id)
    if not first_wave and waiting and failed and over <= brakes.ENOUGH and await _was_first_wave(tools, run, over):
        reason = Reason.CANARY_FAILED
    if reason is not None:
        await brakes.stop(tools, run.request_id, reason)
        return
    may_follow = waiting and (waiting[0].canary or not first_wave)
    if may_follow and not frozen and on_their_way < AHEAD // 2:
        async with tools.store.write() as tx:
            if (now := await runs.get(tx, run.request_id)) and now.state is RequestState.RUNNING:
                await _send(tools, tx, await _next_wave(tx, run.request_id))
        return
    if not waiting and not on_their_way:
        await _ended(tools, run)


async def _was_first_wave(tools: Tools, run: Run, over: int) -> bool:
    """Say whether those who are over are just the first wave's."""
    async with tools.store.read() as tx:
        first = next(iter(await chunks.some(tx, run.request_id, 1)), None)
    return first is not None and first.canary and over <= first.size


async def _next_wave(tx: Tx, request_id: str) -> tuple[Chunk, ...]:
    """Return what goes out next: the first wave alone, and nothing else until it is over."""
    waiting = await chunks.never_queued(tx, request_id, AHEAD)
    if waiting and waiting[0].canary:
        return waiting[:1]
    return () if await chunks.canary_open(tx, request_id) else waiting


async def _send(tools: Tools, tx: Tx, some: tuple[Chunk, ...]) -> None:
    """Put chunks on their way, in the transaction that says so."""
    await chunks.queued(tx, some)
    await tools.enqueue_many(tx, [work for chunk in some for work in works(tools, chunk, abs(chunk.round) + 1)])


def works(tools: Tools, chunk: Chunk, round_: int) -> tuple[Work, Work]:
    """Return the two works of a chunk in one of its rounds: the resets in a lane of its directory, and the telling."""
    lane = chunk.number % tools.rules.lanes_of(chunk.directory)
    return (
        Work(WorkKind.CHUNK, f"{chunk.id}.{round_}", f"{chunk.directory}/{lane}"),
        Work(WorkKind.TELL, f"{chunk.id}.{round_}"),
    )


def due(tools: Tools, chunk: Chunk, state: RequestState) -> tuple[Work, ...]:
    """Return the works that ought to be under way for a chunk that was put on its way."""
    resetting, telling = works(tools, chunk, chunk.round)
    if state in (RequestState.RUNNING, *chunks.STOPPED) and chunk.finished_at is None:
        return resetting, telling
    return (telling,)


async def send_again(tools: Tools, tx: Tx, request_id: str) -> None:
    """Put what is unfinished on its way once more, as after a pause; the rest follows in waves."""
    some = [chunk for chunk in await chunks.unfinished(tx, request_id, AHEAD) if chunk.round > 0]
    await _send(tools, tx, tuple(some))


async def _whole(tx: Tx, request: ResetRequest) -> bool:
    """Say whether there are as many rows as were proved: one that is deleted signs nothing."""
    proof = await audit.proved(tx, request.id, Deed.PROVED)
    return proof is not None and proof.facts.get("count") == await runs.planned(tx, request.id)


async def _ended(tools: Tools, run: Run) -> None:
    async with tools.store.read() as tx:
        left = await runs.open_left(tx, run.request_id)
    if left:  # in chunks that are gone: somebody has deleted rows
        await brakes.stop(tools, run.request_id, Reason.NOT_PROVED)
        return
    async with tools.store.write() as tx:
        request = await requests.get(tx, run.request_id)
        if request is None or not await runs.end(tx, run.request_id):
            return
        if not await _whole(tx, request):
            await alarm(tools, tx, Reason.NOT_PROVED.value, request_id=run.request_id, about="")
        await history.note(tools, tx, Deed.DONE, request=request, more=await _counts(tx, run.request_id))
        await announce(tools, tx, NoticeKind.RESULT, request_id=run.request_id)


async def _counts(tx: Tx, request_id: str) -> dict[str, int]:
    """Count how a run's people went, by the time that it ended."""
    went = await tally.tally(tx, request_id)
    return {"reset": went.done, "failed": went.failed, "left_out": went.dropped}
