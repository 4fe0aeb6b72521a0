"""A bulk's one message: how it stands, and when it is time to say so again."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from desk import card
from desk.journal import announce
from resets.bulk import BulkFacts
from resets.notice import NoticeKind
from resets.request import RequestState
from store import approvals, chunks, freezes, outbox, requests, runs, tally

if TYPE_CHECKING:
    from desk.tools import Tools
    from resets.bulk import Progress
    from resets.freeze import Freeze
    from resets.request import ResetRequest
    from store.base import Tx
    from store.runs import Run

LOOKED_AT = 50  # bulks in one round
SAID = (RequestState.PROVED, *runs.LIVING)  # whose message may change at any moment
OVER = (*runs.OVER, RequestState.DENIED, RequestState.WITHDRAWN, RequestState.EXPIRED)


async def facts(tools: Tools, tx: Tx, request: ResetRequest, run: Run) -> BulkFacts:
    """Return one bulk as its message shows it."""
    progress = await tally.tally(tx, request.id)
    rate = _rate(tools, run, progress)
    freeze = await _held_up(tx, run)
    running = run.state is RequestState.RUNNING
    going = running and freeze is None
    return BulkFacts(
        request_id=request.id,
        requester=request.requester.slack,
        requester_name=request.requester.name,
        directories=tuple([tools.rules.called(name) for name, _ in await chunks.sizes(tx, request.id)]),
        options=request.plan.options,
        state=run.state,
        progress=progress,
        begins_at=run.begins_at,
        begun_at=run.begun_at,
        ended_at=run.ended_at,
        stopped=run.stopped,
        rate=rate,
        left=round((progress.waiting + progress.under_way) / rate * 60) if going and rate else None,
        canary=running and await chunks.canary_open(tx, request.id),
        retryable=await _retryable(tx, run, progress),
        freeze=freeze,
        awaited=await card.awaited(tools, tx, request),
    )


async def _retryable(tx: Tx, run: Run, progress: Progress) -> int:
    """Count those whom a retry would try again; of a run that was cancelled, nobody who was not begun."""
    if run.state not in runs.OVER:
        return 0
    failed = progress.failed if run.state is RequestState.DONE else progress.unknown
    return failed + await runs.steps_failed(tx, run.request_id)


async def _held_up(tx: Tx, run: Run) -> Freeze | None:
    """Return the freeze that stands, where it holds a run up."""
    return await freezes.standing(tx) if run.state in (RequestState.HELD, RequestState.RUNNING) else None


def _rate(tools: Tools, run: Run, progress: Progress) -> float:
    """Return how many people a minute were over since the run began."""
    if run.begun_at is None:
        return 0.0
    seconds = ((run.ended_at or tools.clock()) - run.begun_at).total_seconds()
    return (progress.done + progress.failed + progress.dropped) * 60 / seconds if seconds >= 1 else 0.0


async def say_one(tools: Tools) -> str | None:
    """Have one bulk's message brought up to date, that which has waited longest; returns its id, None if all are.

    Called every few seconds: Slack allows 50 updates a minute, for all bulks together.
    """
    async with tools.store.read() as tx:
        living = await runs.in_states(tx, SAID, LOOKED_AT)
        ended = await runs.untold(tx, OVER, LOOKED_AT)
        changed = []
        for run in (*living, *ended):
            now = await _made_of(tx, run)
            if now != (run.told or "").partition("@")[0]:
                changed.append((run, now))
    # Whoever was told longest ago is first; who never was is before all.
    for run, now in sorted(changed, key=lambda pair: (pair[0].told or "").partition("@")[2]):
        async with tools.store.write() as tx:
            if await outbox.is_waiting(tx, NoticeKind.LIVE, request_id=run.request_id):
                continue
            await runs.told(tx, run.request_id, f"{now}@{tools.clock().isoformat()}")
            await announce(tools, tx, NoticeKind.LIVE, request_id=run.request_id)
        return run.request_id
    return None


async def _made_of(tx: Tx, run: Run) -> str:
    """Return what the message would be made of now, in short: where it is the same, there is nothing to say."""
    progress = await tally.tally(tx, run.request_id)
    freeze = await _held_up(tx, run)
    parts: list[object] = [run.state.value, run.stopped, run.begins_at, progress, *([freeze] if freeze else [])]
    if run.state is RequestState.PROVED:
        parts.append(await approvals.voices(tx, run.request_id))
    return f"{run.state.value}-{hashlib.sha256(repr(parts).encode()).hexdigest()[:16]}"


async def request_and_run(tx: Tx, request_id: str) -> tuple[ResetRequest, Run] | None:
    """Return a bulk's request with its run."""
    request, run = await requests.get(tx, request_id), await runs.get(tx, request_id)
    return None if request is None or run is None else (request, run)
