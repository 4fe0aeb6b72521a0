"""Workers: which processes are alive. All times are the database's own, since the machines' clocks differ."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, insert, or_, select, text, update

from store.tables import workers

if TYPE_CHECKING:
    from datetime import timedelta

    from sqlalchemy import ColumnElement

    from store.base import Tx

REAPING = 0x72656B6579  # "rekey": the lock of whoever hands a dead worker's works on
REAPS_SECONDS = 15  # a process that freezes with that lock loses it


@dataclass(frozen=True, slots=True)
class Beat:
    """What a worker hears when it says that it lives: whether it is the eldest, and whether another is silent."""

    eldest: bool
    others_silent: bool


def _silent(ttl: timedelta) -> ColumnElement[bool]:
    # One of a time to come is from before the clock was set back: whoever lives gives the next one within seconds.
    now = func.clock_timestamp()
    return or_(workers.c.beat_at < now - ttl, workers.c.beat_at > now + ttl)


async def join(tx: Tx, worker_id: str, host: str, pid: int) -> None:
    """Write down a worker that begins."""
    now = func.clock_timestamp()
    await tx.conn.execute(insert(workers).values(id=worker_id, host=host, pid=pid, started_at=now, beat_at=now))


async def beat(tx: Tx, worker_id: str, ttl: timedelta) -> Beat | None:
    """Say that a worker lives; None where it was declared dead."""
    lives = update(workers).where(workers.c.id == worker_id).values(beat_at=func.clock_timestamp())
    if (await tx.conn.execute(lives)).rowcount != 1:
        return None
    found = await tx.conn.execute(
        select(workers.c.id, _silent(ttl).label("silent")).order_by(workers.c.started_at, workers.c.id)
    )
    rows = found.all()
    living = [row.id for row in rows if not row.silent]
    return Beat(eldest=living[:1] == [worker_id], others_silent=len(living) < len(rows))


async def leave(tx: Tx, worker_id: str) -> None:
    """Strike out a worker."""
    await tx.conn.execute(delete(workers).where(workers.c.id == worker_id))


async def reaping(tx: Tx) -> bool:
    """Take the right to hand works on, until the transaction ends; False where another has it."""
    await tx.conn.execute(text(f"SET LOCAL idle_in_transaction_session_timeout = '{REAPS_SECONDS}s'"))
    return bool(await tx.conn.scalar(select(func.pg_try_advisory_xact_lock(REAPING))))


async def silent(tx: Tx, ttl: timedelta) -> tuple[str, ...]:
    """Return whoever has not said for so long that it lives; held, so that none can say it before the end."""
    found = select(workers.c.id).where(_silent(ttl)).with_for_update(skip_locked=True)
    return tuple(await tx.conn.scalars(found))


async def known(tx: Tx) -> frozenset[str]:
    """Return all that are written down."""
    return frozenset(await tx.conn.scalars(select(workers.c.id)))


async def living(tx: Tx, ttl: timedelta) -> int:
    """Count those who have said lately that they live."""
    return await tx.conn.scalar(select(func.count()).select_from(workers).where(~_silent(ttl))) or 0
