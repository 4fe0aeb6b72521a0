"""Notices: written in the transaction of the fact, said later by a worker, and where they were said."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, func, select, update

from resets.notice import Notice, NoticeKind, NoticeState
from store.tables import notices

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime, timedelta

    from sqlalchemy import ColumnElement, Row, Select
    from sqlalchemy.sql.dml import ReturningUpdate

    from store.base import Tx


# What is asked at every notice is built once: building it costs several times what asking it does.
_ADD = notices.insert()
_MINE = notices.c.id == bindparam("notice")
_BY_ID = select(notices).where(_MINE)
_WAITS = notices.c.state == NoticeState.WAITING.value
_SAY = (
    update(notices)
    .where(_MINE)
    .values(
        state=NoticeState.SAID.value, said_at=bindparam("now"), place=bindparam("place_"), stamp=bindparam("stamp_")
    )
)
_FAIL = update(notices).where(_MINE & _WAITS).values(state=NoticeState.FAILED.value)
_STATES = (
    select(notices.c.state)
    .where(notices.c.kind == bindparam("kind"), notices.c.target_id == bindparam("target"))
    .distinct()
)
_WAITING = (
    select(notices.c.id)
    .where(_WAITS, notices.c.kind == bindparam("kind"), notices.c.target_id == bindparam("target"))
    .limit(1)
)
_UNBEGUN = _WAITING.where(notices.c.attempts == 0).with_for_update(skip_locked=True)
_EARLIER = (
    select(notices.c.id)
    .where(
        _WAITS,
        notices.c.kind == bindparam("kind"),
        (notices.c.created_at < bindparam("at"))
        | ((notices.c.created_at == bindparam("at")) & (notices.c.id < bindparam("notice"))),
    )
    .limit(1)
)
_EARLIER_OF_TARGET = _EARLIER.where(notices.c.target_id == bindparam("target"))
_EARLIER_OF_REQUEST = _EARLIER.where(notices.c.target_id.is_(None), notices.c.request_id == bindparam("request"))


async def add(tx: Tx, notice: Notice) -> None:
    """Write a notice."""
    await tx.conn.execute(_ADD, _values(notice))


async def add_many(tx: Tx, some: Sequence[Notice]) -> None:
    """Write notices."""
    if some:
        await tx.conn.execute(_ADD, [_values(notice) for notice in some])


def _values(notice: Notice) -> dict[str, Any]:
    return {
        "id": notice.id,
        "kind": notice.kind.value,
        "request_id": notice.request_id,
        "target_id": notice.target_id,
        "chunk_id": notice.chunk_id,
        "facts": notice.facts,
        "state": notice.state.value,
        "attempts": notice.attempts,
        "created_at": notice.created_at,
        "place": notice.place,
        "stamp": notice.stamp,
    }


async def get(tx: Tx, notice_id: str) -> Notice | None:
    """Find a notice."""
    row = (await tx.conn.execute(_BY_ID, {"notice": notice_id})).one_or_none()
    return None if row is None else _notice(row)


async def said(tx: Tx, notice_id: str, place: str, stamp: str) -> None:
    """Note that a notice was said, and where it stands."""
    await tx.conn.execute(_SAY, {"notice": notice_id, "now": tx.now(), "place_": place, "stamp_": stamp})


async def tried(tx: Tx, notice_id: str, lease: timedelta) -> int:
    """Begin and count one more try to say a notice, unless another one began less than `lease` ago and has not ended.

    Returns:
        the tries so far; 0 where another is under way, or the notice waits no more.
    """
    asked: dict[str, Any] = {"notice": notice_id}
    if tx.store.dialect == "sqlite":
        now = tx.now()
        asked |= {"now": now, "since": now - lease, "until": now + lease}
    return await tx.conn.scalar(_once_more(tx.store.dialect, lease), asked) or 0


@lru_cache
def _once_more(dialect: str, lease: timedelta) -> ReturningUpdate[tuple[int]]:
    now: Any = func.clock_timestamp() if dialect == "postgresql" else bindparam("now")
    since, until = (now - lease, now + lease) if dialect == "postgresql" else (bindparam("since"), bindparam("until"))
    # One that begins in the far future is a clock's mistake, set right since.
    under_way = (notices.c.trying_at > since) & (notices.c.trying_at < until)
    free = notices.c.trying_at.is_(None) | ~under_way
    begun = update(notices).where(_MINE, _WAITS, free).values(attempts=notices.c.attempts + 1, trying_at=now)
    return begun.returning(notices.c.attempts)


async def renew(tx: Tx, notice_id: str, attempt: int) -> bool:
    """Let a try that is under way begin now; False where there has been a later one, or the notice waits no more."""
    again = update(notices).where(_trying(notice_id, attempt)).values(trying_at=_now(tx))
    return await tx.conn.scalar(again.returning(notices.c.attempts)) is not None


async def let_go(tx: Tx, notice_id: str, attempt: int) -> bool:
    """End a try, so that the next may begin at once; False where there has been a later one."""
    over = update(notices).where(_trying(notice_id, attempt)).values(trying_at=None)
    return await tx.conn.scalar(over.returning(notices.c.attempts)) is not None


async def let_go_before(tx: Tx, moment: datetime) -> None:
    """End the tries that were begun before a moment: of a process that is gone, where there is only one at a time."""
    old = (notices.c.state == NoticeState.WAITING.value) & (notices.c.trying_at < moment)
    await tx.conn.execute(update(notices).where(old).values(trying_at=None))


def _trying(notice_id: str, attempt: int) -> ColumnElement[bool]:
    waits = notices.c.state == NoticeState.WAITING.value
    return (notices.c.id == notice_id) & (notices.c.attempts == attempt) & waits


def _now(tx: Tx) -> Any:
    """Return the time as all processes see it: the database's own, since the machines' clocks differ."""
    return func.clock_timestamp() if tx.store.dialect == "postgresql" else tx.now()


async def fail(tx: Tx, notice_id: str) -> None:
    """Give a notice up; one that was said stays said."""
    await tx.conn.execute(_FAIL, {"notice": notice_id})


async def place_of(
    tx: Tx, kind: NoticeKind, *, request_id: str | None = None, target_id: str | None = None
) -> tuple[str, str] | None:
    """Return (place, stamp) of the notice of this kind that was said last, for a request or a target (or both)."""
    about = {"request_id": request_id, "target_id": target_id}
    about = {name: value for name, value in about.items() if value is not None}
    row = (await tx.conn.execute(_last_said(tuple(about)), {"kind": kind.value, **about})).one_or_none()
    return None if row is None else (row.place, row.stamp)


@lru_cache
def _last_said(names: tuple[str, ...]) -> Select[Any]:
    about = [notices.c[name] == bindparam(name) for name in names]
    said = notices.c.state == NoticeState.SAID.value
    found = select(notices.c.place, notices.c.stamp).where(notices.c.kind == bindparam("kind"), said, *about)
    return found.order_by(notices.c.said_at.desc(), notices.c.id).limit(1)


async def of_chunk(tx: Tx, chunk_id: str, limit: int, *, besides: Collection[str] = ()) -> tuple[str, ...]:
    """Return the ids of a chunk's notices that are still to be said, those with the fewest tries first."""
    left = (notices.c.chunk_id == chunk_id) & (notices.c.state == NoticeState.WAITING.value)
    if besides:
        left &= notices.c.id.not_in(besides)
    found = select(notices.c.id).where(left).order_by(notices.c.attempts, notices.c.created_at, notices.c.id)
    return tuple(await tx.conn.scalars(found.limit(limit)))


async def waiting(tx: Tx) -> tuple[str, ...]:
    """Return the ids of the notices that are still to be said by a work of their own, the oldest first."""
    left = select(notices.c.id).where(notices.c.state == NoticeState.WAITING.value, notices.c.chunk_id.is_(None))
    return tuple(await tx.conn.scalars(left.order_by(notices.c.created_at, notices.c.id)))


async def any_since(tx: Tx, kind: NoticeKind, request_id: str, since: datetime) -> bool:
    """Say whether a notice of this kind was written about a request since a time."""
    mine = (notices.c.kind == kind.value) & (notices.c.request_id == request_id) & (notices.c.created_at >= since)
    return await tx.conn.scalar(select(notices.c.id).where(mine).limit(1)) is not None


async def any_waiting(tx: Tx, kind: NoticeKind, *, target_id: str) -> bool:
    """Say whether a notice of this kind is still to be said about a target."""
    return await tx.conn.scalar(_WAITING, {"kind": kind.value, "target": target_id}) is not None


async def hold_unbegun(tx: Tx, kind: NoticeKind, *, target_id: str) -> bool:
    """Say whether a notice of this kind is still to be said about a target, and no try to say it was ever begun.

    None is begun before this write ends. One that is being begun at this moment does not count.
    """
    return await tx.conn.scalar(_UNBEGUN, {"kind": kind.value, "target": target_id}) is not None


async def is_waiting(tx: Tx, kind: NoticeKind, *, request_id: str) -> bool:
    """Say whether a notice of this kind is still to be said about a request."""
    mine = (notices.c.kind == kind.value) & (notices.c.request_id == request_id)
    left = select(notices.c.id).where(mine, notices.c.state == NoticeState.WAITING.value)
    return await tx.conn.scalar(left.limit(1)) is not None


async def facts_waiting(tx: Tx, kind: NoticeKind, *, request_id: str) -> tuple[dict[str, str], ...]:
    """Return the facts of the notices of this kind that are still to be said about a request."""
    mine = (notices.c.kind == kind.value) & (notices.c.request_id == request_id)
    left = select(notices.c.facts).where(mine, notices.c.state == NoticeState.WAITING.value)
    return tuple(await tx.conn.scalars(left))


async def said_since(tx: Tx, kind: NoticeKind, since: datetime, *, request_id: str) -> bool:
    """Say whether a notice of this kind, written at a time or later, was said about a request."""
    mine = (notices.c.kind == kind.value) & (notices.c.request_id == request_id) & (notices.c.created_at >= since)
    found = select(notices.c.id).where(mine, notices.c.state == NoticeState.SAID.value)
    return await tx.conn.scalar(found.limit(1)) is not None


async def failures(tx: Tx, kind: NoticeKind, *, request_id: str) -> int:
    """Count the notices of this kind about a request that were given up."""
    mine = (notices.c.kind == kind.value) & (notices.c.request_id == request_id)
    failed = select(func.count()).select_from(notices).where(mine, notices.c.state == NoticeState.FAILED.value)
    return await tx.conn.scalar(failed) or 0


async def given_up(tx: Tx, kind: NoticeKind, *, target_id: str) -> bool:
    """Say whether all notices of this kind about a target were given up, and there was one."""
    states = await tx.conn.scalars(_STATES, {"kind": kind.value, "target": target_id})
    return set(states) == {NoticeState.FAILED.value}


async def earlier_waiting(tx: Tx, notice: Notice) -> bool:
    """Say whether a notice of the same kind, about the same thing, was written before this one and is not said."""
    asked = {"kind": notice.kind.value, "at": notice.created_at, "notice": notice.id}
    if notice.target_id is None:
        found = await tx.conn.scalar(_EARLIER_OF_REQUEST, {**asked, "request": notice.request_id})
    else:
        found = await tx.conn.scalar(_EARLIER_OF_TARGET, {**asked, "target": notice.target_id})
    return found is not None


def _notice(row: Row[Any]) -> Notice:
    return Notice(
        id=row.id,
        kind=NoticeKind(row.kind),
        request_id=row.request_id,
        target_id=row.target_id,
        facts=row.facts,
        state=NoticeState(row.state),
        attempts=row.attempts,
        created_at=row.created_at,
        place=row.place,
        stamp=row.stamp,
        chunk_id=row.chunk_id,
    )
