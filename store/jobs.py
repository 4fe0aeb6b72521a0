"""Jobs: what the durable engine was asked to do. The engine moves them; that they are finished is said here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime  # noqa: TC003
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, select, update

from store.tables import jobs

if TYPE_CHECKING:
    from sqlalchemy import Row

    from store.base import Tx

_MINE = jobs.c.id == bindparam("job")
_BY_ID = select(jobs).where(_MINE)
_FINISH = update(jobs).where(_MINE, jobs.c.finished_at.is_(None)).values(finished_at=bindparam("now"))


@dataclass(frozen=True, slots=True)
class Job:
    """One durable doing. `facts` are ids and words of ours, never a secret."""

    id: str
    kind: str
    request_id: str | None
    target_id: str | None
    facts: dict[str, str]
    created_at: datetime
    finished_at: datetime | None = None


async def add(tx: Tx, job: Job) -> bool:
    """Write a job; False, and nothing changes, where one with its id is there."""
    values = {
        "id": job.id,
        "kind": job.kind,
        "request_id": job.request_id,
        "target_id": job.target_id,
        "facts": job.facts,
        "created_at": job.created_at,
        "finished_at": job.finished_at,
    }
    return await tx.insert_once(jobs, values)


async def get(tx: Tx, job_id: str) -> Job | None:
    """Find a job."""
    row = (await tx.conn.execute(_BY_ID, {"job": job_id})).one_or_none()
    return None if row is None else _job(row)


async def learn(tx: Tx, job: Job, **facts: str) -> None:
    """Add to what a job knows of itself."""
    await tx.conn.execute(update(jobs).where(jobs.c.id == job.id).values(facts={**job.facts, **facts}))


async def finish(tx: Tx, job_id: str, now: datetime) -> bool:
    """Say that a job is done, well or ill; False where it was said before."""
    return (await tx.conn.execute(_FINISH, {"job": job_id, "now": now})).rowcount == 1


async def open_jobs(tx: Tx) -> tuple[Job, ...]:
    """Return the jobs that are not done, the oldest first."""
    left = select(jobs).where(jobs.c.finished_at.is_(None)).order_by(jobs.c.created_at, jobs.c.id)
    return tuple(_job(row) for row in await tx.conn.execute(left))


def _job(row: Row[Any]) -> Job:
    return Job(
        id=row.id,
        kind=row.kind,
        request_id=row.request_id,
        target_id=row.target_id,
        facts=row.facts,
        created_at=row.created_at,
        finished_at=row.finished_at,
    )
