"""Look-ups by admins, counted, so that a stolen session cannot list a directory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import bindparam, delete, func, select

from store.tables import lookups

if TYPE_CHECKING:
    from datetime import datetime

    from store.base import Tx

_ADD = lookups.insert()
_SINCE = (
    select(func.count())
    .select_from(lookups)
    .where(lookups.c.actor_id == bindparam("actor"), lookups.c.at >= bindparam("since"))
)


async def add(tx: Tx, actor_id: str, now: datetime) -> None:
    """Note a look-up."""
    await tx.conn.execute(_ADD, {"actor_id": actor_id, "at": now})


async def count(tx: Tx, actor_id: str, since: datetime) -> int:
    """Say how many look-ups an actor made since a time (that moment included)."""
    return await tx.conn.scalar(_SINCE, {"actor": actor_id, "since": since}) or 0


async def delete_old(tx: Tx, before: datetime) -> int:
    """Forget the look-ups before a time; returns how many."""
    return (await tx.conn.execute(delete(lookups).where(lookups.c.at < before))).rowcount
