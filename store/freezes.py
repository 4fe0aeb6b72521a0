"""The freeze: one row that whoever begins to set a password asks in the transaction that says so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select, update

from resets.freeze import Freeze
from store.tables import freezes

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Row

    from store.base import Tx

_ROW = select(freezes).where(freezes.c.id == 1)
_SHARED = _ROW.with_for_update(read=True)
_MINE = _ROW.with_for_update()
_LOOKED_AT = select(freezes.c.looked_at).where(freezes.c.id == 1)


async def standing(tx: Tx) -> Freeze | None:
    """Return the freeze that stands now. In a write, whether one does stays so until the transaction ends.

    Ask it before anything is written into the journal: who freezes waits for who has asked, and then for the journal.
    """
    found = _freeze((await tx.conn.execute(_SHARED if tx.writes else _ROW)).one())
    return found if found is not None and found.stands(tx.now()) else None


async def last(tx: Tx) -> Freeze | None:
    """Return the freeze that nobody has ended, also where its time is over, and let no other deed change that."""
    return _freeze((await tx.conn.execute(_MINE if tx.writes else _ROW)).one())


async def put(tx: Tx, freeze: Freeze) -> None:
    """Freeze, in the place of what was frozen before."""
    values = {
        "actor_id": freeze.actor_id,
        "slack_user": freeze.slack_user,
        "name": freeze.name,
        "why": freeze.why,
        "at": freeze.at,
        "until": freeze.until,
        "proved": int(freeze.proved),
    }
    await tx.conn.execute(update(freezes).where(freezes.c.id == 1).values(values))


async def end(tx: Tx, *, looked: bool) -> bool:
    """End the freeze, by itself or by somebody who has looked; False where there is none to end."""
    there = (freezes.c.id == 1) & freezes.c.at.is_not(None)
    values = {"at": None, "until": None, **({"looked_at": tx.now()} if looked else {})}
    return (await tx.conn.execute(update(freezes).where(there).values(values))).rowcount == 1


async def looked_at(tx: Tx) -> datetime | None:
    """Return when somebody last ended a freeze with a code."""
    moment: datetime | None = await tx.conn.scalar(_LOOKED_AT)
    return moment


def _freeze(row: Row[Any]) -> Freeze | None:
    if row.at is None:
        return None
    return Freeze(
        actor_id=row.actor_id,
        slack_user=row.slack_user,
        name=row.name,
        why=row.why,
        at=row.at,
        until=row.until,
        proved=bool(row.proved),
    )
