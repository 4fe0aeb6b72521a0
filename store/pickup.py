"""Pickup codes: only a keyed hash is kept, and a few tries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, select, update

from store.tables import pickups

if TYPE_CHECKING:
    from store.base import Tx

_OF_TARGET = select(pickups.c.mac, pickups.c.tries_left).where(pickups.c.target_id == bindparam("target"))


@dataclass(frozen=True, slots=True)
class PickupRow:
    """What is kept of a pickup code. Without a `mac` none is asked for, or it is burned (`tries_left` 0)."""

    mac: bytes | None
    tries_left: int


async def set(tx: Tx, target_id: str, mac: bytes | None, tries: int) -> None:  # noqa: A001  # read as pickup.set
    """Keep a code's keyed hash and its number of tries; an earlier one for the target is replaced."""
    values = {"target_id": target_id, "mac": mac, "tries_left": tries, "changed_at": tx.now()}
    await tx.upsert(pickups, ("target_id",), values)


async def get(tx: Tx, target_id: str) -> PickupRow | None:
    """Find what is kept for a target."""
    row = (await tx.conn.execute(_OF_TARGET, {"target": target_id})).one_or_none()
    return None if row is None else PickupRow(row.mac, row.tries_left)


async def pay(tx: Tx, target_id: str) -> int | None:
    """Spend a try before the code is looked at; returns how many are left after it, None where none was left."""
    left = (pickups.c.target_id == target_id) & (pickups.c.tries_left > 0)
    paid = update(pickups).where(left).values(tries_left=pickups.c.tries_left - 1, changed_at=tx.now())
    tries_left: int | None = await tx.conn.scalar(paid.returning(pickups.c.tries_left))
    return tries_left


async def burn(tx: Tx, target_id: str) -> None:
    """Destroy a code: no try is left, and nothing to try against."""
    burned = update(pickups).where(pickups.c.target_id == target_id)
    await tx.conn.execute(burned.values(mac=None, tries_left=0, changed_at=tx.now()))
