"""Chunks: the pieces in which a bulk is worked on. The rows of their targets say where each person stands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, exists, func, or_, select, update

from resets.outcome import StepState
from resets.request import RequestState, TargetState
from store.tables import chunks, notices
from store.tables import requests as request_rows
from store.tables import steps as step_rows
from store.tables import targets as target_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Exists, Row, Select

    from store.base import Tx

OPEN = (TargetState.NEW, TargetState.SEALED, TargetState.STARTED)
STOPPED = (RequestState.PAUSED, RequestState.CANCELLED)
MENDED = timedelta(days=2)  # after its end nobody looks whether a cancelled run has left something

_MAY_GO_ON = (
    select(request_rows.c.id)
    .join(chunks, chunks.c.request_id == request_rows.c.id)
    .where(
        chunks.c.id == bindparam("chunk"),
        chunks.c.round == bindparam("its_round"),
        request_rows.c.state == RequestState.RUNNING.value,
    )
)
_MAY_GO_ON_LOCKED = _MAY_GO_ON.with_for_update(read=True, of=request_rows)


@dataclass(frozen=True, slots=True)
class Chunk:
    """1-100 targets of one request, all of one directory."""

    id: str
    request_id: str
    number: int  # in the plan, from 0
    directory: str
    size: int
    canary: bool  # of the first wave, which has to go well before the others begin
    round: int  # how often it was put on its way; 0 for never, below 0: so often, and opened again
    finished_at: datetime | None  # all its targets have an outcome
    told_at: datetime | None  # all its notices were said or given up


async def get(tx: Tx, chunk_id: str) -> Chunk | None:
    """Find a chunk."""
    row = (await tx.conn.execute(select(chunks).where(chunks.c.id == chunk_id))).one_or_none()
    return None if row is None else _chunk(row)


async def unfinished(tx: Tx, request_id: str, limit: int) -> tuple[Chunk, ...]:
    """Return a request's chunks that are not finished, in the plan's order."""
    left = (chunks.c.request_id == request_id) & chunks.c.finished_at.is_(None)
    rows = await tx.conn.execute(select(chunks).where(left).order_by(chunks.c.number).limit(limit))
    return tuple(_chunk(row) for row in rows)


async def some(tx: Tx, request_id: str, limit: int) -> tuple[Chunk, ...]:
    """Return a request's first chunks."""
    mine = select(chunks).where(chunks.c.request_id == request_id).order_by(chunks.c.number).limit(limit)
    return tuple(_chunk(row) for row in await tx.conn.execute(mine))


async def sizes(tx: Tx, request_id: str) -> tuple[tuple[str, int], ...]:
    """Return the directories of a request's targets, with how many each has."""
    mine = select(chunks.c.directory, func.sum(chunks.c.size).label("size")).where(chunks.c.request_id == request_id)
    rows = await tx.conn.execute(mine.group_by(chunks.c.directory).order_by(chunks.c.directory))
    return tuple((row.directory, int(row.size)) for row in rows)


async def never_queued(tx: Tx, request_id: str, limit: int) -> tuple[Chunk, ...]:
    """Return chunks that were not put on their way yet, or not since they were opened again, in the plan's order."""
    left = (chunks.c.request_id == request_id) & (chunks.c.round <= 0) & chunks.c.finished_at.is_(None)
    rows = await tx.conn.execute(select(chunks).where(left).order_by(chunks.c.number).limit(limit))
    return tuple(_chunk(row) for row in rows)


async def under_way(tx: Tx, request_id: str) -> int:
    """Say how many chunks are on their way and not finished."""
    these = (chunks.c.request_id == request_id) & (chunks.c.round > 0) & chunks.c.finished_at.is_(None)
    return await tx.conn.scalar(select(func.count()).select_from(chunks).where(these)) or 0


async def canary_open(tx: Tx, request_id: str) -> bool:
    """Say whether the first wave is still under way."""
    these = (chunks.c.request_id == request_id) & (chunks.c.canary == 1) & chunks.c.finished_at.is_(None)
    return await tx.conn.scalar(select(chunks.c.id).where(these).limit(1)) is not None


async def queued(tx: Tx, these: Sequence[Chunk]) -> None:
    """Note that chunks (0-1,000) are put on their way once more; what was on its way before is overtaken by it."""
    for start in range(0, len(these), 500):
        ids = [chunk.id for chunk in these[start : start + 500]]
        await tx.conn.execute(update(chunks).where(chunks.c.id.in_(ids)).values(round=func.abs(chunks.c.round) + 1))


async def reopen(tx: Tx, request_id: str, ids: Sequence[str]) -> None:
    """Open finished chunks again, because some of their targets are tried once more.

    Their rounds are negated until they are put on their way again, and go on where they were: the engine does no work
    twice that has the same name.
    """
    for start in range(0, len(ids), 500):
        these = (chunks.c.request_id == request_id) & chunks.c.id.in_(ids[start : start + 500])
        await tx.conn.execute(
            update(chunks).where(these).values(finished_at=None, told_at=None, round=-func.abs(chunks.c.round))
        )


async def close(tx: Tx, request_id: str) -> None:
    """Say of a cancelled request's chunks in which nobody is open that they are finished: no work of theirs does."""
    left = (chunks.c.request_id == request_id) & chunks.c.finished_at.is_(None) & ~_open_one().exists()
    await tx.conn.execute(update(chunks).where(left).values(finished_at=tx.now()))


async def may_go_on(tx: Tx, chunk: Chunk) -> bool:
    """Say whether its request is running and no later round has overtaken this one; in a write, it stays so."""
    asked = _MAY_GO_ON_LOCKED if tx.writes else _MAY_GO_ON
    return await tx.conn.scalar(asked, {"chunk": chunk.id, "its_round": chunk.round}) is not None


async def to_finish(tx: Tx, chunk: Chunk) -> bool:
    """Say whether a chunk of a paused or cancelled request has somebody who was begun and is not finished."""
    mine = (request_rows.c.id == chunk.request_id) & request_rows.c.state.in_([state.value for state in STOPPED])
    begun_one = begun().where(target_rows.c.chunk_id == chunk.id)
    return await tx.conn.scalar(select(request_rows.c.id).where(mine, begun_one)) is not None


def begun() -> Exists:
    """Return the condition that somebody's password may be being written, or is set and something is still to do."""
    held = [TargetState.SET.value, TargetState.DELIVERED.value, TargetState.COLLECTED.value]
    left = (step_rows.c.target_id == target_rows.c.id) & (step_rows.c.state == StepState.TODO.value)
    writing = target_rows.c.state == TargetState.STARTED.value
    return exists().where(or_(writing, target_rows.c.state.in_(held) & exists().where(left)))


async def finish(tx: Tx, chunk_id: str) -> bool:
    """Say that a chunk is finished, once none of its targets is open; False where one is, or it was said before."""
    there = (chunks.c.id == chunk_id) & chunks.c.finished_at.is_(None) & ~_open_one().exists()
    return (await tx.conn.execute(update(chunks).where(there).values(finished_at=tx.now()))).rowcount == 1


def _open_one() -> Select[tuple[str]]:
    states = [state.value for state in OPEN]
    return select(target_rows.c.id).where(target_rows.c.chunk_id == chunks.c.id, target_rows.c.state.in_(states))


async def told(tx: Tx, chunk_id: str) -> bool:
    """Say that a finished chunk has nothing more to tell; False where it has, or is not finished."""
    waiting = select(notices.c.id).where(notices.c.chunk_id == chunk_id, notices.c.state == "waiting")
    there = (chunks.c.id == chunk_id) & chunks.c.finished_at.is_not(None) & ~waiting.exists()
    return (await tx.conn.execute(update(chunks).where(there).values(told_at=tx.now()))).rowcount == 1


async def standing(tx: Tx, limit: int) -> tuple[tuple[Chunk, RequestState], ...]:
    """Return chunks that were put on their way and have something left to do or to tell, with their request's state."""
    waiting = select(notices.c.chunk_id).where(notices.c.chunk_id.is_not(None), notices.c.state == "waiting")
    running = (request_rows.c.state == RequestState.RUNNING.value) & chunks.c.finished_at.is_(None)
    recent = request_rows.c.ended_at.is_(None) | (request_rows.c.ended_at > tx.now() - MENDED)
    halted = request_rows.c.state.in_([state.value for state in STOPPED]) & recent & chunks.c.finished_at.is_(None)
    stopped = halted & begun().where(target_rows.c.chunk_id == chunks.c.id)
    left = (chunks.c.round > 0) & or_(running, stopped, chunks.c.id.in_(waiting.distinct()))
    found = (
        select(chunks, request_rows.c.state.label("request_state"))
        .join(request_rows, request_rows.c.id == chunks.c.request_id)
        .where(left)
        .order_by(chunks.c.request_id, chunks.c.number)
        .limit(limit)
    )
    return tuple((_chunk(row), RequestState(row.request_state)) for row in await tx.conn.execute(found))


def _chunk(row: Row[Any]) -> Chunk:
    return Chunk(
        id=row.id,
        request_id=row.request_id,
        number=row.number,
        directory=row.directory,
        size=row.size,
        canary=bool(row.canary),
        round=row.round,
        finished_at=row.finished_at,
        told_at=row.told_at,
    )
