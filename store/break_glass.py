"""The sealed code of break-glass, as a keyed hash with a throttle, and each use of it until it is reviewed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta  # noqa: TC003
from typing import TYPE_CHECKING, Any

from sqlalchemy import select, update

from store.tables import break_glass as rows
from store.tables import break_glass_uses as uses

if TYPE_CHECKING:
    from sqlalchemy import Row

    from store.base import Tx

_ROW = select(rows).where(rows.c.id == 1)


@dataclass(frozen=True, slots=True)
class Sealed:
    """The code that lies in the envelope."""

    mac: bytes
    misses: int  # wrong ones since it was made
    locked_at: datetime | None
    next_try_at: datetime | None


@dataclass(frozen=True, slots=True)
class Use:
    """One reset by break-glass."""

    request_id: str
    host: str  # who sat there
    why: str
    at: datetime
    reviewed_at: datetime | None


async def sealed(tx: Tx) -> Sealed | None:
    """Return the code that is good now. In a write, nobody else looks at it until that ends."""
    row = (await tx.conn.execute(_ROW.with_for_update() if tx.writes else _ROW)).one_or_none()
    return None if row is None else Sealed(row.mac, row.misses, row.locked_at, row.next_try_at)


async def seal(tx: Tx, mac: bytes, now: datetime) -> None:
    """Keep a new code; the one before is good for nothing from here on."""
    fresh = {"mac": mac, "made_at": now, "misses": 0, "locked_at": None, "next_try_at": None}
    await tx.upsert(rows, ("id",), {"id": 1, **fresh})


async def pay(tx: Tx, now: datetime, *, wait: timedelta | None, lock: bool) -> None:
    """Spend a try before its code is looked at; a right one takes the whole row's place."""
    values = {"misses": rows.c.misses + 1, "next_try_at": None if wait is None else now + wait}
    await tx.conn.execute(update(rows).where(rows.c.id == 1).values(values | ({"locked_at": now} if lock else {})))


async def used(tx: Tx, use: Use) -> None:
    """Keep that it was used."""
    values = {"request_id": use.request_id, "host": use.host, "why": use.why, "at": use.at}
    await tx.conn.execute(uses.insert().values(values))


async def unreviewed(tx: Tx) -> tuple[Use, ...]:
    """Return the uses that nobody has reviewed, the oldest first."""
    found = select(uses).where(uses.c.reviewed_at.is_(None)).order_by(uses.c.at)
    return tuple(_use(row) for row in await tx.conn.execute(found))


async def review(tx: Tx, request_id: str, actor_id: str, now: datetime) -> bool:
    """Note that somebody has reviewed a use; True once."""
    there = (uses.c.request_id == request_id) & uses.c.reviewed_at.is_(None)
    values = {"reviewed_at": now, "reviewed_by": actor_id}
    return (await tx.conn.execute(update(uses).where(there).values(values))).rowcount == 1


def _use(row: Row[Any]) -> Use:
    return Use(row.request_id, row.host, row.why, row.at, row.reviewed_at)
