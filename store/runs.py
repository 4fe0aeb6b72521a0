"""Runs: where a bulk stands after its proof. States move only by conditional updates: one winner."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import exists, func, or_, select, update

from resets.outcome import Step, StepState
from resets.reasons import Reason
from resets.request import RequestState, TargetState
from store.chunks import OPEN
from store.tables import chunks as chunk_rows
from store.tables import requests as request_rows
from store.tables import steps as step_rows
from store.tables import targets as target_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement, Row, Select

    from store.base import Tx

SETTLES = timedelta(days=2)  # after its end, people still collect
OVER = (RequestState.DONE, RequestState.CANCELLED)
LIVING = (RequestState.HELD, RequestState.RUNNING, RequestState.PAUSED)


@dataclass(frozen=True, slots=True)
class Run:
    """The times and the state of one bulk."""

    request_id: str
    state: RequestState
    total: int
    begins_at: datetime | None
    begun_at: datetime | None
    judged_from: datetime | None  # failures from before are forgiven
    ended_at: datetime | None
    stopped: Reason | None
    told: str | None  # what its message was last made of


async def get(tx: Tx, request_id: str) -> Run | None:
    """Find a bulk."""
    mine = (request_rows.c.id == request_id) & request_rows.c.total.is_not(None)
    row = (await tx.conn.execute(select(request_rows).where(mine))).one_or_none()
    return None if row is None else _run(row)


async def in_states(tx: Tx, states: Sequence[RequestState], limit: int) -> tuple[Run, ...]:
    """Return the bulks in some states, the oldest first."""
    these = request_rows.c.state.in_([state.value for state in states]) & request_rows.c.total.is_not(None)
    found = select(request_rows).where(these).order_by(request_rows.c.asked_at, request_rows.c.id).limit(limit)
    return tuple(_run(row) for row in await tx.conn.execute(found))


async def of_actor(tx: Tx, actor_id: str, states: Sequence[RequestState]) -> tuple[str, ...]:
    """Return the ids of the bulks in some states that one enrolment asked for, the oldest first."""
    theirs = (request_rows.c.actor_id == actor_id) & request_rows.c.total.is_not(None)
    these = theirs & request_rows.c.state.in_([state.value for state in states])
    return tuple(await tx.conn.scalars(select(request_rows.c.id).where(these).order_by(request_rows.c.asked_at)))


async def newest(tx: Tx, limit: int) -> tuple[Run, ...]:
    """Return the bulks that were proved, the newest first."""
    these = (request_rows.c.state != RequestState.ASKED.value) & request_rows.c.total.is_not(None)
    found = select(request_rows).where(these).order_by(request_rows.c.asked_at.desc(), request_rows.c.id).limit(limit)
    return tuple(_run(row) for row in await tx.conn.execute(found))


async def untold(tx: Tx, states: Sequence[RequestState], limit: int) -> tuple[Run, ...]:
    """Return the bulks in some last states of which their message says something else yet."""
    these = request_rows.c.state.in_([state.value for state in states]) & request_rows.c.total.is_not(None)
    others = or_(request_rows.c.told.is_(None), ~request_rows.c.told.startswith(request_rows.c.state + "-"))
    recent = request_rows.c.ended_at > tx.now() - SETTLES
    found = select(request_rows).where(these, or_(others, recent)).order_by(request_rows.c.asked_at.desc())
    return tuple(_run(row) for row in await tx.conn.execute(found.limit(limit)))


async def steps_failed(tx: Tx, request_id: str) -> int:
    """Count the people whose password is set and of whom another step failed."""
    held = [TargetState.SET.value, TargetState.DELIVERED.value]
    theirs = (target_rows.c.request_id == request_id) & target_rows.c.state.in_(held)
    failed = (step_rows.c.state == "failed") & (step_rows.c.step != "set")
    these = select(step_rows.c.target_id).join(target_rows, target_rows.c.id == step_rows.c.target_id)
    return (
        await tx.conn.scalar(select(func.count()).select_from(these.where(theirs, failed).distinct().subquery())) or 0
    )


async def hold(tx: Tx, request_id: str, begins_at: datetime) -> bool:
    """Let a bulk to which nothing is missing any more wait for its time."""
    from_ = (RequestState.ASKED, RequestState.PROVED)
    return await _moved(tx, request_id, from_, RequestState.HELD, begins_at=begins_at)


async def begin(tx: Tx, request_id: str) -> bool:
    """Let a bulk run whose time has come."""
    return await _moved(
        tx, request_id, (RequestState.HELD,), RequestState.RUNNING, begun_at=tx.now(), judged_from=tx.now()
    )


async def pause(tx: Tx, request_id: str, reason: Reason) -> bool:
    """Stop a bulk for now, and say why."""
    from_ = (RequestState.HELD, RequestState.RUNNING)
    return await _moved(tx, request_id, from_, RequestState.PAUSED, stopped=reason.value)


async def resume(tx: Tx, request_id: str) -> bool:
    """Let a paused bulk go on, or wait on for its time where it had not begun."""
    run, now = await get(tx, request_id), tx.now()
    if run is not None and run.begun_at is None and run.begins_at is not None and run.begins_at > now:
        return await _moved(tx, request_id, (RequestState.PAUSED,), RequestState.HELD, stopped=None)
    times = {"begun_at": run.begun_at if run and run.begun_at else now, "judged_from": now}
    return await _moved(tx, request_id, (RequestState.PAUSED,), RequestState.RUNNING, stopped=None, **times)


async def reopen(tx: Tx, request_id: str) -> bool:
    """Let a bulk that is over run once more, for those who failed."""
    again = {"stopped": None, "ended_at": None, "judged_from": tx.now()}
    return await _moved(tx, request_id, OVER, RequestState.RUNNING, **again)


async def end(tx: Tx, request_id: str) -> bool:
    """Say that a running bulk is done; or cancelled, as it was before somebody was tried once more."""
    spared = await tx.conn.scalar(cancelled(request_id).limit(1)) is not None
    over = RequestState.CANCELLED if spared else RequestState.DONE
    return await _moved(tx, request_id, (RequestState.RUNNING,), over, ended_at=tx.now())


async def cancel(tx: Tx, request_id: str, reason: Reason) -> int | None:
    """Cancel a bulk: who was not begun stays as they are. Returns how many those are; None where it was over."""
    if not await _moved(tx, request_id, LIVING, RequestState.CANCELLED, ended_at=tx.now(), stopped=None):
        return None
    untouched = [TargetState.NEW.value, TargetState.SEALED.value]
    mine = (target_rows.c.request_id == request_id) & target_rows.c.state.in_(untouched)
    values = {"state": TargetState.CANCELLED.value, "reason": reason.value, "ended_at": tx.now()}
    return (await tx.conn.execute(update(target_rows).where(mine).values(values))).rowcount


def cancelled(request_id: str) -> Select[tuple[str]]:
    """Return the statement that selects the ids of those whom a cancellation has spared."""
    mine = (target_rows.c.request_id == request_id) & (target_rows.c.state == TargetState.CANCELLED.value)
    return select(target_rows.c.id).where(mine)


async def begun(tx: Tx, request_id: str, limit: int) -> tuple[str, ...]:
    """Return the logins of those of whom a directory may still be told something: a password, or what follows it."""
    held = [TargetState.SET.value, TargetState.DELIVERED.value, TargetState.COLLECTED.value]
    todo = (step_rows.c.state == StepState.TODO.value) & (step_rows.c.step != Step.DELIVER.value)
    extra = exists().where(step_rows.c.target_id == target_rows.c.id, todo)
    mine = (chunk_rows.c.request_id == request_id) & chunk_rows.c.finished_at.is_(None)
    theirs = or_(target_rows.c.state == TargetState.STARTED.value, target_rows.c.state.in_(held) & extra)
    found = select(target_rows.c.login).join(chunk_rows, chunk_rows.c.id == target_rows.c.chunk_id)
    return tuple(await tx.conn.scalars(found.where(mine, theirs).limit(limit)))


async def open_left(tx: Tx, request_id: str) -> bool:
    """Say whether anybody of a bulk has no outcome yet."""
    waits = target_rows.c.state.in_([state.value for state in OPEN]) & target_rows.c.chunk_id.is_not(None)
    mine = select(target_rows.c.id).where(target_rows.c.request_id == request_id, waits)
    return await tx.conn.scalar(mine.limit(1)) is not None


async def planned(tx: Tx, request_id: str) -> int:
    """Count the rows of those whom the plan of a bulk resets, however they stand now."""
    mine = (target_rows.c.request_id == request_id) & target_rows.c.chunk_id.is_not(None)
    return await tx.conn.scalar(select(func.count()).select_from(target_rows).where(mine)) or 0


async def stranded(tx: Tx, *, cancelled_before: datetime, begun_before: datetime, limit: int) -> tuple[str, ...]:
    """Return those whose write was begun and whose run was cancelled, or was to begin, before some times."""
    cancelled = (request_rows.c.state == RequestState.CANCELLED.value) & (request_rows.c.ended_at < cancelled_before)
    over = (request_rows.c.state != RequestState.RUNNING.value) & (request_rows.c.begins_at < begun_before)
    found = select(target_rows.c.id).join(request_rows, request_rows.c.id == target_rows.c.request_id)
    begun = (target_rows.c.state == TargetState.STARTED.value) & target_rows.c.chunk_id.is_not(None)
    return tuple(await tx.conn.scalars(found.where(begun, or_(cancelled, over)).limit(limit)))


async def finishing(tx: Tx, request_id: str) -> bool:
    """Say whether a bulk is cancelled and somebody's password may be being written all the same."""
    run = await get(tx, request_id)
    return run is not None and run.state is RequestState.CANCELLED and bool(await begun(tx, request_id, 1))


async def last_ended(tx: Tx, request_id: str, since: datetime | None, limit: int) -> tuple[int, int]:
    """Return how many of the people who were over last failed, and of how many that is (0-`limit`).

    `since`: only who was over from then on counts, so that a resumed run is judged by what came after.
    """
    mine = (target_rows.c.request_id == request_id) & target_rows.c.ended_at.is_not(None)
    if since is not None:
        mine &= target_rows.c.ended_at >= since
    last = select(target_rows.c.state).where(mine).order_by(target_rows.c.ended_at.desc()).limit(limit).subquery()
    rows = await tx.conn.execute(select(last.c.state, func.count().label("number")).group_by(last.c.state))
    counts = {TargetState(row.state): int(row.number) for row in rows}
    return counts.get(TargetState.FAILED, 0), sum(counts.values())


async def told(tx: Tx, request_id: str, what: str) -> None:
    """Note what the message of a bulk is now made of."""
    await tx.conn.execute(update(request_rows).where(request_rows.c.id == request_id).values(told=what))


async def retry_failed(tx: Tx, request_id: str, *, anew: bool) -> tuple[tuple[str, ...], int]:
    """Put those who failed back to do; returns the ids of their chunks, and how many have to wait.

    Who was never written to begins `anew`, or, in a bulk that was cancelled, not any more. Where nobody knows, the same
    password is set again, unless another request is writing that account's at this moment: those have to wait, and stay
    as they are. Of the others, the steps that failed are done again.
    """
    touched = await _passwords_again(tx, request_id, anew=anew) | await _steps_again(tx, request_id)
    left = await tx.conn.scalar(select(func.count()).select_from(target_rows).where(_unknown(request_id)))
    return tuple(sorted(touched)), left or 0


def _unknown(request_id: str) -> ColumnElement[bool]:
    """Return the condition that nobody knows whether somebody's password was set."""
    mine = (target_rows.c.request_id == request_id) & (target_rows.c.state == TargetState.FAILED.value)
    set_ = (step_rows.c.step == Step.SET.value) & (step_rows.c.state == StepState.UNKNOWN.value)
    return mine & target_rows.c.id.in_(select(step_rows.c.target_id).where(set_))


async def _passwords_again(tx: Tx, request_id: str, *, anew: bool) -> set[str]:
    mine = (target_rows.c.request_id == request_id) & (target_rows.c.state == TargetState.FAILED.value)
    unknown = _unknown(request_id)
    other = target_rows.alias("other")
    same = (other.c.directory == target_rows.c.directory) & (other.c.account_id == target_rows.c.account_id)
    busy = exists().where(same, other.c.state == TargetState.STARTED.value)
    again = {"reason": None, "attempts": 0, "ended_at": None, "expires_at": None}
    touched: set[str] = set()
    ways = [(unknown & ~busy, TargetState.STARTED), *([(mine & ~unknown, TargetState.NEW)] if anew else [])]
    for which, state in ways:
        moved = update(target_rows).where(which).values(state=state.value, **again)
        touched.update(await tx.conn.scalars(moved.returning(target_rows.c.chunk_id)))
    return touched


async def _steps_again(tx: Tx, request_id: str) -> set[str]:
    held = [TargetState.SET.value, TargetState.DELIVERED.value]
    theirs = (target_rows.c.request_id == request_id) & target_rows.c.state.in_(held)
    failed = (step_rows.c.state == "failed") & (step_rows.c.step != "set")
    these = select(step_rows.c.target_id).join(target_rows, target_rows.c.id == step_rows.c.target_id)
    ids = tuple(await tx.conn.scalars(these.where(theirs, failed).distinct()))
    touched: set[str] = set()
    for start in range(0, len(ids), 500):
        some = ids[start : start + 500]
        rows = update(step_rows).where(failed, step_rows.c.target_id.in_(some))
        await tx.conn.execute(rows.values(state="todo", reason=None))
        touched.update(await tx.conn.scalars(select(target_rows.c.chunk_id).where(target_rows.c.id.in_(some))))
    return touched


async def _moved(
    tx: Tx, request_id: str, from_: Sequence[RequestState], to: RequestState, **fields: datetime | str | None
) -> bool:
    there = (request_rows.c.id == request_id) & request_rows.c.state.in_([state.value for state in from_])
    bulk = there & request_rows.c.total.is_not(None)
    return (await tx.conn.execute(update(request_rows).where(bulk).values(state=to.value, **fields))).rowcount == 1


def _run(row: Row[Any]) -> Run:
    return Run(
        request_id=row.id,
        state=RequestState(row.state),
        total=row.total,
        begins_at=row.begins_at,
        begun_at=row.begun_at,
        judged_from=row.judged_from,
        ended_at=row.ended_at,
        stopped=Reason(row.stopped) if row.stopped else None,
        told=row.told,
    )
