"""How a bulk stands: counted, listed and reported. What is looked at every few seconds is read from an index alone."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from sqlalchemy import exists, func, select, tuple_

from resets.bulk import PAGE, BulkRow, Progress, ReportRow
from resets.outcome import Step, StepState
from resets.reasons import Reason
from resets.request import Channel, RequestState, TargetState
from store import plans
from store.tables import requests as request_rows
from store.tables import steps as step_rows
from store.tables import targets as target_rows

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from sqlalchemy import ColumnElement, Row

    from store.base import Store, Tx

T = TargetState
REPORT_ROWS = 500
WAITING = (T.NEW, T.SEALED)
DONE = (T.SET, T.DELIVERED, T.COLLECTED, T.EXPIRED, T.SPOILED, T.SUPERSEDED)

# What a report calls the outcome. A draft's are what will be.
PLANNED = {T.NEW: "will be reset", T.EXCLUDED: "excluded"}
OUTCOMES = {
    T.NEW: "waiting",
    T.SEALED: "waiting",
    T.STARTED: "under way",
    T.SET: "reset",
    T.DELIVERED: "reset",
    T.COLLECTED: "reset",
    T.EXPIRED: "reset, not collected",
    T.SPOILED: "reset, taken back",
    T.SUPERSEDED: "reset, then replaced",
    T.EXCLUDED: "excluded",
    T.CANCELLED: "cancelled",
    T.FAILED: "failed",
}
UNKNOWN = "unknown"  # the directory has not answered


async def tally(tx: Tx, request_id: str) -> Progress:
    """Count a settled bulk's people by how they stand. Quick enough to be asked every second."""
    mine = target_rows.c.request_id == request_id
    grouped = select(target_rows.c.state, target_rows.c.reason, func.count().label("number")).where(mine)
    rows = (await tx.conn.execute(grouped.group_by(target_rows.c.state, target_rows.c.reason))).all()
    total = await tx.conn.scalar(select(request_rows.c.total).where(request_rows.c.id == request_id)) or 0
    states: Counter[TargetState] = Counter()
    failures: Counter[Reason] = Counter()
    for row in rows:
        states[T(row.state)] += row.number
        if row.state == T.FAILED.value and row.reason:
            failures[Reason(row.reason)] += row.number
    # Those who were left out from the start are excluded rows too, and are not of the total.
    dropped = total - sum(number for state, number in states.items() if state is not T.EXCLUDED)
    unknown = failures[Reason.DIRECTORY_SILENT]
    if dropped > 0:
        failures += await _dropped(tx, mine)
    return Progress(
        total=total,
        waiting=sum(states[state] for state in WAITING),
        under_way=states[T.STARTED],
        done=sum(states[state] for state in DONE),
        failed=states[T.FAILED],
        dropped=max(dropped, 0),
        cancelled=states[T.CANCELLED],
        unknown=unknown,
        told=states[T.DELIVERED] + states[T.COLLECTED] + await _told(tx, mine, states),
        collected=states[T.COLLECTED] + await _collected(tx, mine, states),
        failures=_sorted(failures),
    )


async def excluded(tx: Tx, request_id: str) -> tuple[tuple[Reason, int], ...]:
    """Count who was left out of a plan, by reason, the most frequent first."""
    mine = (target_rows.c.request_id == request_id) & (target_rows.c.state == T.EXCLUDED.value)
    grouped = select(target_rows.c.reason, func.count().label("number")).where(mine, target_rows.c.chunk_id.is_(None))
    return _sorted(_counted((await tx.conn.execute(grouped.group_by(target_rows.c.reason))).all()))


async def excluded_page(
    tx: Tx, request_id: str, reason: Reason, page: int
) -> tuple[int, tuple[tuple[str, str, dict[str, str | int]], ...]]:
    """Return how many were left out of a plan for one reason, and one page (from 0) of them, in the order of naming."""
    mine = (
        (target_rows.c.request_id == request_id)
        & (target_rows.c.state == T.EXCLUDED.value)
        & (target_rows.c.reason == reason.value)
        & target_rows.c.chunk_id.is_(None)
    )
    total = await tx.conn.scalar(select(func.count()).select_from(target_rows).where(mine)) or 0
    named = select(target_rows.c.login, target_rows.c.name, target_rows.c.facts).where(mine)
    listed = named.order_by(target_rows.c.position, target_rows.c.id).limit(PAGE).offset(max(page, 0) * PAGE)
    rows = await tx.conn.execute(listed)
    return total, tuple((row.login, row.name, row.facts or {}) for row in rows)


async def report(store: Store, request_id: str) -> AsyncIterator[ReportRow]:
    """Walk over everybody that a bulk names, left out or not, a page at a time: first those whom nobody knows.

    `directory` is its key, "" for a name that was not found.
    """
    async with store.read() as tx:
        state = await tx.conn.scalar(select(request_rows.c.state).where(request_rows.c.id == request_id))
    outcomes = OUTCOMES | PLANNED if state in {RequestState.ASKED, RequestState.HELD} else OUTCOMES
    mine = select(target_rows).where(target_rows.c.request_id == request_id)
    pairs, last = tuple_(target_rows.c.directory, target_rows.c.account_id), None
    while True:
        after = mine if last is None else mine.where(pairs > last)
        page = after.order_by(target_rows.c.directory, target_rows.c.account_id).limit(REPORT_ROWS)
        async with store.read() as tx:
            rows = (await tx.conn.execute(page)).all()
        for row in rows:
            yield _reported(row, outcomes)
        if len(rows) < REPORT_ROWS:
            return
        last = (rows[-1].directory, rows[-1].account_id)


async def recent_by(tx: Tx, actor_id: str, limit: int) -> tuple[BulkRow, ...]:
    """Return an actor's last bulks that were proved, the newest first."""
    return await _listed(tx, request_rows.c.actor_id == actor_id, limit)


async def recent(tx: Tx, limit: int) -> tuple[BulkRow, ...]:
    """Return the last bulks that were proved, whoever's, the newest first."""
    return await _listed(tx, request_rows.c.total > 0, limit)


# -- within ----------------------------------------------------------------------------------------------------


async def _listed(tx: Tx, which: ColumnElement[bool], limit: int) -> tuple[BulkRow, ...]:
    proved = request_rows.c.total.is_not(None) & (request_rows.c.state != RequestState.ASKED.value)
    found = select(request_rows).where(which, proved).order_by(request_rows.c.asked_at.desc(), request_rows.c.id.desc())
    return tuple(
        [
            BulkRow(
                request_id=row.id,
                requester_name=plans.actor_from_json(row.requester).name,
                state=RequestState(row.state),
                progress=await tally(tx, row.id),
                asked_at=row.asked_at,
            )
            for row in (await tx.conn.execute(found.limit(limit))).all()
        ]
    )


async def _dropped(tx: Tx, mine: ColumnElement[bool]) -> Counter[Reason]:
    late = mine & (target_rows.c.state == T.EXCLUDED.value) & target_rows.c.chunk_id.is_not(None)
    grouped = select(target_rows.c.reason, func.count().label("number")).where(late, target_rows.c.reason.is_not(None))
    return _counted((await tx.conn.execute(grouped.group_by(target_rows.c.reason))).all())


def _counted(rows: Sequence[Row[Any]]) -> Counter[Reason]:
    return Counter({Reason(row.reason): row.number for row in rows})


async def _collected(tx: Tx, mine: ColumnElement[bool], states: Counter[TargetState]) -> int:
    """Count those who saw their password before it was taken back; there are few, or none."""
    if not states[T.SPOILED]:
        return 0
    seen = mine & (target_rows.c.state == T.SPOILED.value) & target_rows.c.collected_at.is_not(None)
    return await tx.conn.scalar(select(func.count()).select_from(target_rows).where(seen)) or 0


async def _told(tx: Tx, mine: ColumnElement[bool], states: Counter[TargetState]) -> int:
    """Count those who were told before their password was replaced."""
    ended = (T.EXPIRED, T.SPOILED, T.SUPERSEDED)
    if not any(states[state] for state in ended):
        return 0
    told = exists().where(
        step_rows.c.target_id == target_rows.c.id,
        step_rows.c.step == Step.DELIVER.value,
        step_rows.c.state == StepState.DONE.value,
    )
    over = mine & target_rows.c.state.in_([state.value for state in ended]) & told
    return await tx.conn.scalar(select(func.count()).select_from(target_rows).where(over)) or 0


def _sorted(found: Counter[Reason]) -> tuple[tuple[Reason, int], ...]:
    return tuple(sorted(found.items(), key=lambda pair: (-pair[1], pair[0].value)))


def _reported(row: Row[Any], outcomes: dict[TargetState, str]) -> ReportRow:
    reason = Reason(row.reason) if row.reason else None
    state = T(row.state)
    silent = state is T.FAILED and reason is Reason.DIRECTORY_SILENT
    return ReportRow(
        directory=row.directory,
        login=row.login or "",
        name=row.name or "",
        source=row.source or "",
        outcome=UNKNOWN if silent else outcomes[state],
        reason=reason,
        facts=row.facts or {},
        channels=tuple(Channel(channel) for channel in (row.channels or "").split()),
        set_at=row.set_at,
        collected_at=row.collected_at,
    )
