"""Requests, their targets and the record of each step. States move only by conditional updates: one winner."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

from sqlalchemy import and_, bindparam, exists, or_, select, update

from resets.outcome import Step, StepRecord, StepState, Target
from resets.reasons import Reason
from resets.request import RequestState, ResetRequest, TargetState
from store import plans
from store.tables import jobs as job_rows
from store.tables import requests as request_rows
from store.tables import steps as step_rows
from store.tables import targets as target_rows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import BindParameter, ColumnElement, Row, Select, Update

    from resets.request import PlannedTarget
    from store.base import Tx


# What the worker asks for each few people of a bulk is built once: building it costs more than asking it.
_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_STATES = select(target_rows.c.id, target_rows.c.state).where(target_rows.c.id.in_(_IDS)).with_for_update()
_BY_ID = select(request_rows).where(request_rows.c.id == bindparam("request"))
_PAIRS = (
    select(request_rows, *[column.label(f"t_{column.name}") for column in target_rows.c])
    .join_from(request_rows, target_rows, target_rows.c.request_id == request_rows.c.id)
    .order_by(request_rows.c.asked_at.desc(), request_rows.c.id.desc(), target_rows.c.position)
)
_ONE = _PAIRS.where(target_rows.c.id == bindparam("target"))
_ADD_REQUEST, _ADD_TARGET, _ADD_STEP = request_rows.insert(), target_rows.insert(), step_rows.insert()
_TRIED = update(target_rows).where(target_rows.c.id == bindparam("target")).values(attempts=bindparam("tries"))
_STEPS = select(step_rows).where(step_rows.c.target_id.in_(_IDS))
_BUSY = select(target_rows.c.account_id).where(
    target_rows.c.state == TargetState.STARTED.value,
    target_rows.c.directory == bindparam("directory"),
    target_rows.c.account_id.in_(_IDS),
)
_SUPERSEDED = select(target_rows.c.id).where(
    target_rows.c.directory == bindparam("directory"),
    target_rows.c.account_id.in_(_IDS),
    target_rows.c.id.not_in(bindparam("own", expanding=True)),
    target_rows.c.state.in_(bindparam("states", expanding=True)),
)

EXPIRES = "expire-"  # before a target's id: the id of the job that takes its password back


class TargetFields(TypedDict, total=False):
    """What may change along with a target's state."""

    reason: Reason | None
    sealed_at: datetime | None
    set_at: datetime | None
    expires_at: datetime | None
    collected_at: datetime | None
    signed_in_at: datetime | None
    ended_at: datetime | None
    marker: str | None


async def create(tx: Tx, request: ResetRequest, target_id: str, steps: tuple[StepRecord, ...] = ()) -> Target:
    """Write a request with its one target (in state NEW) and what is known of its steps; returns the target."""
    (planned,) = request.plan.targets
    request_row = {
        "id": request.id,
        "actor_id": request.requester.id,
        "requester": plans.actor_to_json(request.requester),
        "plan": plans.plan_to_json(request.plan),
        "digest": request.digest,
        "state": request.state.value,
        "asked_at": request.asked_at,
    }
    await tx.conn.execute(_ADD_REQUEST, request_row)
    target_row = {
        "id": target_id,
        "request_id": request.id,
        "position": 0,
        "directory": planned.directory,
        "account_id": planned.account_id,
        "slack_user": planned.slack_user,
        "asked_at": request.asked_at,
        "state": TargetState.NEW.value,
        "attempts": 0,
    }
    await tx.conn.execute(_ADD_TARGET, target_row)
    if steps:
        await tx.conn.execute(_ADD_STEP, [_step(tx, target_id, record) for record in steps])
    return Target(target_id, request.id, planned, TargetState.NEW, None, steps, 0, None, None, None, None, None, None)


async def get(tx: Tx, request_id: str) -> ResetRequest | None:
    """Find a request."""
    row = (await tx.conn.execute(_BY_ID, {"request": request_id})).one_or_none()
    return None if row is None else _request(row)


async def target(tx: Tx, target_id: str) -> Target | None:
    """Find a target with its steps."""
    found = await pair(tx, target_id)
    return found[1] if found else None


async def pair(tx: Tx, target_id: str) -> tuple[ResetRequest, Target] | None:
    """Find a target with its steps, and the request that it belongs to."""
    found = await _read(tx, _ONE, {"target": target_id})
    return found[0] if found else None


async def targets(tx: Tx, request_id: str) -> tuple[Target, ...]:
    """Return a request's targets, in the plan's order."""
    return tuple(each for _, each in await _pairs(tx, (target_rows.c.request_id == request_id,), None))


async def move_request(tx: Tx, request_id: str, from_: tuple[RequestState, ...], to: RequestState) -> bool:
    """Move a request on; False, and nothing changes, where it stands in none of the states `from_`."""
    done = await tx.conn.execute(_moving_request(from_), {"request": request_id, "to": to.value})
    return done.rowcount == 1


@lru_cache
def _moving_request(from_: tuple[RequestState, ...]) -> Update:
    there = (request_rows.c.id == bindparam("request")) & request_rows.c.state.in_([state.value for state in from_])
    return update(request_rows).where(there).values(state=bindparam("to"))


async def move_target(
    tx: Tx, target_id: str, from_: tuple[TargetState, ...], to: TargetState, **fields: Unpack[TargetFields]
) -> bool:
    """Move a target on, with what changes along; False, and nothing changes, where it is in none of `from_`."""
    values: dict[str, Any] = {"state": to.value, **fields}
    if reason := fields.get("reason"):
        values["reason"] = reason.value
    if to is TargetState.STARTED:
        values["started_at"] = tx.now()
    row = {"which": target_id, **{f"to_{name}": value for name, value in values.items()}}
    return (await tx.conn.execute(_moving_one(from_, tuple(values)), row)).rowcount == 1


@lru_cache
def _moving_one(from_: tuple[TargetState, ...], names: tuple[str, ...]) -> Update:
    there = (target_rows.c.id == bindparam("which")) & target_rows.c.state.in_([state.value for state in from_])
    return update(target_rows).where(there).values({name: bindparam(f"to_{name}") for name in names})


async def move_targets(tx: Tx, from_: TargetState, to: TargetState, moved: Mapping[str, TargetFields]) -> None:
    """Move targets (0-1,000, by id) on, each with what changes along; those in another state stay as they are."""
    if not moved:
        return
    names = tuple(sorted({name for fields in moved.values() for name in fields}))
    started = {"to_started_at": tx.now()} if to is TargetState.STARTED else {}
    rows = [
        {"which": target_id, **started, **{f"to_{name}": fields.get(name) for name in names}}
        for target_id, fields in moved.items()
    ]
    await tx.conn.execute(_moving(from_, to, names), rows)


@lru_cache
def _moving(from_: TargetState, to: TargetState, names: tuple[str, ...]) -> Update:
    there = (target_rows.c.id == bindparam("which")) & (target_rows.c.state == from_.value)
    more = (*names, "started_at") if to is TargetState.STARTED else names
    return update(target_rows).where(there).values(state=to.value, **{name: bindparam(f"to_{name}") for name in more})


async def states(tx: Tx, target_ids: Sequence[str]) -> dict[str, TargetState]:
    """Return where targets (0-1,000) stand; in a write, they stand there until it ends."""
    rows = await tx.conn.execute(_STATES, {"ids": list(target_ids)})
    return {row.id: TargetState(row.state) for row in rows}


async def record_steps(tx: Tx, records: Mapping[str, Sequence[StepRecord]]) -> None:
    """Write where steps of several targets (by id) stand; earlier records of them are replaced."""
    rows = [_step(tx, target_id, record) for target_id, some in records.items() for record in some]
    await tx.upsert_many(step_rows, ("target_id", "step"), rows)


async def superseded_by(
    tx: Tx, newer: Sequence[Target], states: Sequence[TargetState]
) -> tuple[tuple[ResetRequest, Target], ...]:
    """Return the other targets in these states that are about the same accounts as some (1-100, of one directory)."""
    asked = {
        "directory": newer[0].planned.directory,
        "ids": [target.planned.account_id for target in newer],
        "own": [target.id for target in newer],
        "states": [state.value for state in states],
    }
    found = tuple(await tx.conn.scalars(_SUPERSEDED, asked))
    return await _pairs(tx, (target_rows.c.id.in_(found),), None) if found else ()


async def anything_to_do(tx: Tx, chunk_id: str) -> bool:
    """Say whether a step other than the password is to be done for anybody in a chunk of a bulk."""
    todo = (step_rows.c.state == StepState.TODO.value) & (step_rows.c.step != Step.SET.value)
    found = select(step_rows.c.target_id).join(target_rows, target_rows.c.id == step_rows.c.target_id)
    return await tx.conn.scalar(found.where(target_rows.c.chunk_id == chunk_id, todo).limit(1)) is not None


async def record_step(tx: Tx, target_id: str, record: StepRecord) -> None:
    """Write where a step stands; an earlier record of it is replaced."""
    await tx.upsert(step_rows, ("target_id", "step"), _step(tx, target_id, record))


def _step(tx: Tx, target_id: str, record: StepRecord) -> dict[str, Any]:
    return {
        "target_id": target_id,
        "step": record.step.value,
        "state": record.state.value,
        "reason": record.reason.value if record.reason else None,
        "number": record.count,
        "changed_at": tx.now(),
    }


async def set_attempts(tx: Tx, target_id: str, attempts: int) -> None:
    """Note how often the current step was tried."""
    await tx.conn.execute(_TRIED, {"target": target_id, "tries": attempts})


async def of_chunk(tx: Tx, chunk_id: str) -> tuple[Target, ...]:
    """Return the targets of one chunk of a bulk, in the plan's order."""
    return tuple(each for _, each in await _pairs(tx, (target_rows.c.chunk_id == chunk_id,), None))


async def busy(tx: Tx, accounts: Sequence[tuple[str, str]]) -> frozenset[tuple[str, str]]:
    """Return those of some accounts (directory, id) whose password is being written by any request at this moment."""
    ids: dict[str, list[str]] = {}
    for directory, account_id in accounts:
        ids.setdefault(directory, []).append(account_id)
    found: set[tuple[str, str]] = set()
    for directory, some in ids.items():
        theirs = {"directory": directory, "ids": some}
        found |= {(directory, account_id) for account_id in await tx.conn.scalars(_BUSY, theirs)}
    return frozenset(found)


async def recent_by(tx: Tx, actor_id: str, limit: int) -> tuple[tuple[ResetRequest, Target], ...]:
    """Return an actor's last single resets with their targets, the newest first."""
    return await _pairs(tx, ((request_rows.c.actor_id == actor_id) & request_rows.c.total.is_(None),), limit)


async def recent_for(tx: Tx, directory: str, account_id: str, limit: int) -> tuple[tuple[ResetRequest, Target], ...]:
    """Return the last requests for an account, the newest first."""
    return await _pairs(tx, (target_rows.c.directory == directory, target_rows.c.account_id == account_id), limit)


async def recent_to(tx: Tx, slack_user: str, limit: int) -> tuple[tuple[ResetRequest, Target], ...]:
    """Return the last requests whose password went to a Slack person, the newest first."""
    return await _pairs(tx, (target_rows.c.slack_user == slack_user,), limit)


async def newer_exists(tx: Tx, this: Target) -> bool:
    """Say whether a later request has, or may have, given the same account another password (or is about to)."""
    own = select(target_rows.c.asked_at, target_rows.c.id).where(target_rows.c.id == this.id)
    mine = (await tx.conn.execute(own)).one_or_none()
    if mine is None:
        return False
    not_set = exists().where(
        step_rows.c.target_id == target_rows.c.id,
        step_rows.c.step == Step.SET.value,
        step_rows.c.state == StepState.FAILED.value,
    )
    nothing_done = or_(
        target_rows.c.state.in_([TargetState.NEW.value, TargetState.EXCLUDED.value, TargetState.CANCELLED.value]),
        and_(target_rows.c.state == TargetState.FAILED.value, or_(target_rows.c.started_at.is_(None), not_set)),
    )
    asked = target_rows.c.asked_at
    later = (
        select(target_rows.c.id)
        .where(target_rows.c.directory == this.planned.directory, target_rows.c.account_id == this.planned.account_id)
        .where(or_(asked > mine.asked_at, and_(asked == mine.asked_at, target_rows.c.id > mine.id)), ~nothing_done)
        .limit(1)
    )
    return (await tx.conn.execute(later)).first() is not None


async def due(tx: Tx, now: datetime, limit: int) -> tuple[str, ...]:
    """Return the ids of the targets whose password was not collected in time and has no job yet, the oldest first.

    A failed one is among them where its password may have been set: it is still sealed for a retry.
    """
    sealed = (TargetState.SET, TargetState.DELIVERED, TargetState.FAILED)
    waiting = target_rows.c.state.in_([state.value for state in sealed])
    begun = exists().where(job_rows.c.id == EXPIRES + target_rows.c.id)
    overdue = select(target_rows.c.id).where(waiting, target_rows.c.expires_at <= now, ~begun)
    return tuple(await tx.conn.scalars(overdue.order_by(target_rows.c.expires_at, target_rows.c.id).limit(limit)))


async def not_signed_in(tx: Tx, since: datetime, limit: int) -> tuple[str, ...]:
    """Return the ids of the targets set since a time, in the person's hands, and not yet seen to sign in."""
    held = target_rows.c.state.in_([TargetState.DELIVERED.value, TargetState.COLLECTED.value])
    recent = select(target_rows.c.id).where(held, target_rows.c.set_at >= since, target_rows.c.signed_in_at.is_(None))
    return tuple(await tx.conn.scalars(recent.order_by(target_rows.c.set_at, target_rows.c.id).limit(limit)))


async def unfinished(tx: Tx) -> tuple[str, ...]:
    """Return the ids of the jobs that are not done, the oldest first."""
    left = select(job_rows.c.id).where(job_rows.c.finished_at.is_(None)).order_by(job_rows.c.created_at, job_rows.c.id)
    return tuple(await tx.conn.scalars(left))


async def _pairs(
    tx: Tx, wanted: Sequence[ColumnElement[bool]], limit: int | None
) -> tuple[tuple[ResetRequest, Target], ...]:
    return await _read(tx, _PAIRS.where(*wanted).limit(limit), {})


async def _read(tx: Tx, statement: Select[Any], asked: Mapping[str, Any]) -> tuple[tuple[ResetRequest, Target], ...]:
    rows = (await tx.conn.execute(statement, asked)).all()
    records = await _records(tx, [row.t_id for row in rows])
    pairs = []
    known: dict[str, ResetRequest] = {}  # of a bulk, there are many rows of one
    for row in rows:
        request = known.get(row.id) or known.setdefault(row.id, _request(row))
        pairs.append((request, _target(row, request, records.get(row.t_id, {}))))
    return tuple(pairs)


async def _records(tx: Tx, target_ids: list[str]) -> dict[str, dict[Step, StepRecord]]:
    found: dict[str, dict[Step, StepRecord]] = {}
    if target_ids:
        for row in await tx.conn.execute(_STEPS, {"ids": target_ids}):
            reason = Reason(row.reason) if row.reason else None
            record = StepRecord(Step(row.step), StepState(row.state), reason, row.number)
            found.setdefault(row.target_id, {})[record.step] = record
    return found


def _request(row: Row[Any]) -> ResetRequest:
    return ResetRequest(
        id=row.id,
        requester=plans.actor_from_json(row.requester),
        plan=replace(plans.plan_from_json(row.plan), count=row.total),
        digest=row.digest,
        state=RequestState(row.state),
        asked_at=row.asked_at,
    )


def _target(row: Row[Any], request: ResetRequest, records: dict[Step, StepRecord]) -> Target:
    return Target(
        id=row.t_id,
        request_id=row.t_request_id,
        planned=plans.planned_from_row(row, "t_") if request.plan.count is not None else _in_plan(request, row),
        state=TargetState(row.t_state),
        reason=Reason(row.t_reason) if row.t_reason else None,
        steps=tuple(records[step] for step in Step if step in records),
        attempts=row.t_attempts,
        marker=row.t_marker,
        sealed_at=row.t_sealed_at,
        set_at=row.t_set_at,
        expires_at=row.t_expires_at,
        collected_at=row.t_collected_at,
        signed_in_at=row.t_signed_in_at,
        chunk_id=row.t_chunk_id,
    )


def _in_plan(request: ResetRequest, row: Row[Any]) -> PlannedTarget:
    position: int = row.t_position
    return request.plan.targets[position]
