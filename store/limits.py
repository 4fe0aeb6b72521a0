"""What was asked for lately, counted by the directory's people: two Slack accounts of one person are one.

Everything is counted from the requests' own rows, so that nothing has to be kept beside them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Integer, and_, bindparam, case, exists, func, not_, or_, select

from resets.outcome import Step, StepState
from resets.request import RequestState, TargetState
from store.tables import admins
from store.tables import requests as request_rows
from store.tables import steps as step_rows
from store.tables import targets as target_rows

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Select

    from resets.actor import Actor
    from store.base import Tx

LOCK = 0x72656B65795F6C69  # of all who count and then add one: any number that nobody else takes
OPEN = (RequestState.HELD, RequestState.RUNNING, RequestState.PAUSED)
UNDECIDED = (RequestState.PROVED, RequestState.WITHDRAWN, RequestState.EXPIRED)

_SINGLE = request_rows.c.total.is_(None)
_PROVED = request_rows.c.state != RequestState.ASKED.value
# Nobody else had to agree. Not a plain IS NULL: SQLite would look for these by their index, and they are nearly all.
_ALONE = case((request_rows.c.decide_by.is_(None), 1), else_=0) == 1
# Nothing was done, and nothing will be: the directory was not told of a password, or has refused it.
_NOT_SET = exists().where(
    step_rows.c.target_id == target_rows.c.id,
    step_rows.c.step == Step.SET.value,
    step_rows.c.state == StepState.FAILED.value,
)
_IN_VAIN = or_(
    target_rows.c.state.in_([TargetState.EXCLUDED.value, TargetState.CANCELLED.value]),
    and_(target_rows.c.state == TargetState.FAILED.value, or_(target_rows.c.started_at.is_(None), _NOT_SET)),
)
_MOMENT = func.coalesce(target_rows.c.started_at, target_rows.c.asked_at)
_LATELY: Select[Any] = (
    select(target_rows.c.account_id, target_rows.c.request_id, _MOMENT.label("moment"))
    .join(request_rows, request_rows.c.id == target_rows.c.request_id)
    .where(
        target_rows.c.directory == bindparam("directory"),
        target_rows.c.account_id.in_(bindparam("ids", expanding=True)),
        not_(_IN_VAIN),
        _PROVED,
    )
    .order_by(_MOMENT.desc())
)
_SAME = (admins.c.directory == bindparam("directory")) & (admins.c.account_id == bindparam("account"))
# By which enrolments, revoked ones too, an account has asked.
_THEIRS = request_rows.c.actor_id.in_(select(admins.c.id).where(_SAME))
_NTH = (
    select(request_rows.c.asked_at)
    .where(_PROVED, request_rows.c.asked_at > bindparam("since"))
    .order_by(request_rows.c.asked_at.desc())
    .offset(bindparam("before", type_=Integer))
    .limit(1)
)
_NTH_SINGLE, _NTH_OF_MANY = _NTH.where(_THEIRS, _SINGLE), _NTH.where(_THEIRS, not_(_SINGLE))
_NTH_OF_ALL = _NTH.where(_SINGLE, _ALONE)
_RUNS = request_rows.c.state.in_([state.value for state in OPEN]) & not_(_SINGLE)
_WAITS = request_rows.c.state == RequestState.PROVED.value
_OPEN_OF = (
    select(func.count())
    .select_from(request_rows)
    .where(_THEIRS, or_(_RUNS, _WAITS), request_rows.c.id != bindparam("besides"))
)
_SECOND = select(request_rows.c.id).where(request_rows.c.actor_id == bindparam("actor"), _PROVED).offset(1).limit(1)
_BEGUN = _LATELY.where(target_rows.c.started_at.is_not(None), target_rows.c.request_id != bindparam("own"))


async def hold(tx: Tx) -> None:
    """Let nobody else count until this write ends: of many who ask at once, each is counted."""
    if tx.store.dialect == "postgresql":  # SQLite has but one writer
        await tx.conn.execute(select(func.pg_advisory_xact_lock(LOCK)))


async def asked_by(tx: Tx, actor: Actor, nth: int, since: datetime, *, many: bool) -> datetime | None:
    """Return when somebody asked for their nth last (from 1) single reset, or run of many, if after a time."""
    asked = {**_account(actor), "since": since, "before": nth - 1}
    moment: datetime | None = await tx.conn.scalar(_NTH_OF_MANY if many else _NTH_SINGLE, asked)
    return moment


async def asked_by_all(tx: Tx, nth: int, since: datetime) -> datetime | None:
    """Return when the nth last single reset of all was asked for to which nobody else had to agree, if after a time."""
    moment: datetime | None = await tx.conn.scalar(_NTH_OF_ALL, {"since": since, "before": nth - 1})
    return moment


async def open_of(tx: Tx, actor: Actor, besides: str = "") -> int:
    """Count somebody's runs that are not over, and whatever of theirs waits for others to agree, besides a request."""
    return await tx.conn.scalar(_OPEN_OF, {**_account(actor), "besides": besides}) or 0


async def first_of(tx: Tx, actor: Actor) -> bool:
    """Say whether an enrolment has asked for one reset or run at most."""
    return (await tx.conn.execute(_SECOND, {"actor": actor.id})).first() is None


async def denied_in_a_row(tx: Tx, actor: Actor, most: int, since: datetime | None) -> bool:
    """Say whether the last so many requests of somebody that others decided about, after a time, were all denied."""
    decided = request_rows.c.decide_by.is_not(None) & request_rows.c.state.not_in([s.value for s in UNDECIDED])
    last = select(request_rows.c.state).where(_THEIRS, decided)
    if since is not None:
        last = last.where(request_rows.c.moved_at > since)
    states = list(await tx.conn.scalars(last.order_by(request_rows.c.moved_at.desc()).limit(most), _account(actor)))
    return states == [RequestState.DENIED.value] * most


async def of_targets(
    tx: Tx, directory: str, ids: Sequence[str], since: datetime, *, apart_from: str = "", besides: str = ""
) -> dict[str, list[datetime]]:
    """Return when some accounts (0-1,000) of one directory were reset after a time, or are to be; the newest first.

    `apart_from` a request that goes on now: then only those count whose password was begun to be set. `besides` one
    whose place another takes: it alone is left out.
    """
    asked = {"directory": directory, "ids": list(ids), **({"own": apart_from} if apart_from else {})}
    found: dict[str, list[datetime]] = {}
    for row in await tx.conn.execute(_BEGUN if apart_from else _LATELY, asked):
        if row.moment > since and row.request_id != besides:
            found.setdefault(row.account_id, []).append(row.moment)
    return found


def _account(actor: Actor) -> dict[str, str]:
    return {"directory": actor.directory, "account": actor.account_id}
