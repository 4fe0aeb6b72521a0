"""What others have to agree to: requests that wait, and the one word of each person. One winner, as everywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import func, or_, select, update

from resets.approval import Voice
from resets.request import RequestState, TargetState, Tier
from store.tables import approvals as rows
from store.tables import requests as request_rows
from store.tables import targets as target_rows

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Row

    from resets.reasons import Reason
    from store.base import Tx

WAITING = RequestState.PROVED.value


async def wait(tx: Tx, request_id: str, from_: tuple[RequestState, ...], now: datetime, until: datetime) -> bool:
    """Let a request wait until others agree; False, and nothing changes, where it stands in none of `from_`."""
    there = (request_rows.c.id == request_id) & request_rows.c.state.in_([state.value for state in from_])
    values = {"state": WAITING, "moved_at": now, "decide_by": until}
    return (await tx.conn.execute(update(request_rows).where(there).values(values))).rowcount == 1


async def lock(tx: Tx, request_id: str) -> bool:
    """Say whether a request still waits, and let nobody else decide about it until this write ends."""
    mine = select(request_rows.c.state).where(request_rows.c.id == request_id).with_for_update()
    return await tx.conn.scalar(mine) == WAITING


async def speak(tx: Tx, request_id: str, voice: Voice) -> bool:
    """Keep somebody's word; False, and nothing changes, where they have spoken before."""
    values = {
        "request_id": request_id,
        "account": voice.account,
        "slack_user": voice.user,
        "name": voice.name,
        "yes": int(voice.yes),
        "security": int(voice.security),
        "why": voice.why,
        "at": voice.at,
    }
    if not await tx.insert_once(rows, values):
        return False
    await moved(tx, request_id, voice.at)
    return True


async def moved(tx: Tx, request_id: str, now: datetime) -> None:
    """Note that something about a request's approval has changed, so that its card is said anew."""
    await tx.conn.execute(update(request_rows).where(request_rows.c.id == request_id).values(moved_at=now))


async def end(tx: Tx, request_id: str, to: RequestState, reason: Reason, now: datetime) -> bool:
    """End a request that waits: nobody of it is reset. False where it does not wait any more."""
    there = (request_rows.c.id == request_id) & (request_rows.c.state == WAITING)
    values = {"state": to.value, "moved_at": now, "ended_at": now}
    if (await tx.conn.execute(update(request_rows).where(there).values(values))).rowcount != 1:
        return False
    mine = (target_rows.c.request_id == request_id) & (target_rows.c.state == TargetState.NEW.value)
    spared = {"state": TargetState.CANCELLED.value, "reason": reason.value, "ended_at": now}
    await tx.conn.execute(update(target_rows).where(mine).values(spared))
    return True


async def moved_at(tx: Tx, request_id: str) -> datetime | None:
    """Return when somebody last spoke about a request, or when it ended."""
    mine = select(request_rows.c.moved_at).where(request_rows.c.id == request_id)
    return (await tx.conn.execute(mine)).scalar_one_or_none()


async def asked(tx: Tx, request_id: str) -> bool:
    """Say whether a request waits for others to agree, or did."""
    mine = select(request_rows.c.decide_by).where(request_rows.c.id == request_id)
    return await tx.conn.scalar(mine) is not None


async def voices(tx: Tx, request_id: str) -> tuple[Voice, ...]:
    """Return who has spoken, in that order. For people to see: what counts is in the journal."""
    mine = select(rows).where(rows.c.request_id == request_id).order_by(rows.c.at, rows.c.account)
    return tuple(_voice(row) for row in await tx.conn.execute(mine))


async def waiting(tx: Tx, limit: int, *, actor_id: str | None = None) -> tuple[str, ...]:
    """Return the requests that wait (of one enrolment, or of all), those first that will soonest be over."""
    mine = select(request_rows.c.id).where(request_rows.c.state == WAITING, request_rows.c.decide_by.is_not(None))
    if actor_id is not None:
        mine = mine.where(request_rows.c.actor_id == actor_id)
    return tuple(await tx.conn.scalars(mine.order_by(request_rows.c.decide_by, request_rows.c.id).limit(limit)))


async def overdue(tx: Tx, now: datetime, limit: int) -> tuple[str, ...]:
    """Return the requests for which the time to agree is over."""
    late = or_(request_rows.c.decide_by <= now, request_rows.c.decide_by.is_(None))
    mine = select(request_rows.c.id).where(request_rows.c.state == WAITING, late)
    return tuple(await tx.conn.scalars(mine.order_by(request_rows.c.decide_by, request_rows.c.id).limit(limit)))


async def unreminded(tx: Tx, limit: int) -> tuple[str, ...]:
    """Return the requests that wait and of which nobody was reminded yet."""
    mine = select(request_rows.c.id).where(request_rows.c.state == WAITING, request_rows.c.reminded_at.is_(None))
    return tuple(await tx.conn.scalars(mine.order_by(request_rows.c.decide_by, request_rows.c.id).limit(limit)))


async def remind(tx: Tx, request_id: str, now: datetime) -> bool:
    """Note that people are reminded of a request that waits; True for one of those who do."""
    there = (request_rows.c.id == request_id) & (request_rows.c.state == WAITING) & request_rows.c.reminded_at.is_(None)
    return (await tx.conn.execute(update(request_rows).where(there).values(reminded_at=now))).rowcount == 1


async def lately(tx: Tx, since: datetime, limit: int) -> tuple[tuple[str, datetime], ...]:
    """Return the requests on which somebody spoke, or that ended, since a time, and when."""
    mine = select(request_rows.c.id, request_rows.c.moved_at).where(
        request_rows.c.decide_by.is_not(None), or_(request_rows.c.moved_at >= since, request_rows.c.state == WAITING)
    )
    found = await tx.conn.execute(mine.order_by(request_rows.c.moved_at.desc()).limit(limit))
    return tuple((row.id, row.moved_at) for row in found)


async def concerns(tx: Tx, request_id: str, account: str, slack_user: str) -> bool:
    """Say whether somebody is among the people whom a request resets, by account or by Slack account."""
    directory, _, account_id = account.partition("/")
    same = (target_rows.c.directory == directory) & (target_rows.c.account_id == account_id)
    mine = (target_rows.c.request_id == request_id) & (target_rows.c.state != TargetState.EXCLUDED.value)
    found = select(target_rows.c.id).where(mine, or_(same, target_rows.c.slack_user == slack_user))
    return await tx.conn.scalar(found.limit(1)) is not None


async def tiers(tx: Tx, request_id: str) -> tuple[tuple[Tier, int], ...]:
    """Count the people whom a bulk resets, by tier. For people to see: what was frozen stands in the form."""
    mine = (target_rows.c.request_id == request_id) & target_rows.c.chunk_id.is_not(None)
    grouped = select(target_rows.c.tier, func.count().label("number")).where(mine).group_by(target_rows.c.tier)
    counts = {Tier(row.tier): int(row.number) for row in await tx.conn.execute(grouped)}
    return tuple((tier, counts[tier]) for tier in Tier if tier in counts)


async def some(tx: Tx, request_id: str, limit: int) -> tuple[tuple[str, str, str], ...]:
    """Return the first people whom a bulk resets: (name, login, directory)."""
    mine = (target_rows.c.request_id == request_id) & target_rows.c.chunk_id.is_not(None)
    listed = select(target_rows.c.name, target_rows.c.login, target_rows.c.directory).where(mine)
    found = await tx.conn.execute(listed.order_by(target_rows.c.position).limit(limit))
    return tuple((row.name, row.login, row.directory) for row in found)


def _voice(row: Row[Any]) -> Voice:
    return Voice(
        account=row.account,
        user=row.slack_user,
        name=row.name,
        yes=bool(row.yes),
        security=bool(row.security),
        why=row.why,
        at=row.at,
    )
