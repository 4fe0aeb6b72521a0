"""Managers' words: signed, since one that was written over would vouch for a caller whom nobody stands up for."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, select, update

from resets.request import Why
from resets.vouch import Vouch, VouchState
from store import plans
from store.folding import storable
from store.tables_asked import vouches as rows

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Row

    from store.base import Tx

log = logging.getLogger(__name__)

_OF_FORM = select(rows).where(rows.c.form_id == bindparam("form")).order_by(rows.c.asked_at, rows.c.id)
_HELD = _OF_FORM.with_for_update()
_ABOUT = ("id", "form_id", "directory", "account_id", "login", "name")


async def add(tx: Tx, vouch: Vouch) -> None:
    """Write a new one."""
    await tx.conn.execute(
        rows.insert().values(
            **{name: getattr(vouch, name) for name in _ABOUT},
            actor_id=vouch.requester.id,
            requester=plans.actor_to_json(vouch.requester),
            manager=plans.actor_to_json(vouch.manager),
            why=vouch.why.value,
            state=vouch.state.value,
            asked_at=vouch.asked_at,
            expires_at=vouch.expires_at,
            view_id=vouch.view_id,
            mac=_mac(tx, vouch, vouch.state),
        )
    )


async def get(tx: Tx, vouch_id: str) -> Vouch | None:
    """Find one; in a write, nobody else moves it until that ends. One that somebody else has written is not found."""
    wanted = select(rows).where(rows.c.id == vouch_id)
    row = (await tx.conn.execute(wanted.with_for_update() if tx.writes else wanted)).one_or_none()
    return None if row is None else _genuine(tx, row)


async def of_form(tx: Tx, form_id: str) -> tuple[Vouch, ...]:
    """Return those of a form, oldest first; in a write, nobody else moves them until that ends."""
    found = await tx.conn.execute(_HELD if tx.writes else _OF_FORM, {"form": form_id})
    return tuple([vouch for row in found if (vouch := _genuine(tx, row)) is not None])


async def move(tx: Tx, vouch: Vouch, state: VouchState) -> bool:
    """End one that waits; False where it has ended already."""
    waits = (rows.c.id == vouch.id) & (rows.c.state == VouchState.WAITING.value)
    values = {"state": state.value, "ended_at": tx.now(), "mac": _mac(tx, vouch, state)}
    return (await tx.conn.execute(update(rows).where(waits).values(values))).rowcount == 1


async def deny_late(tx: Tx, vouch: Vouch) -> bool:
    """Note a no to one that is over or answered, which stays what it is; False where it was noted before."""
    unsaid = (rows.c.id == vouch.id) & rows.c.denied_at.is_(None)
    return (await tx.conn.execute(update(rows).where(unsaid).values(denied_at=tx.now()))).rowcount == 1


async def shown_in(tx: Tx, vouch_id: str, view_id: str) -> None:
    """Note in which modal the requester sees how it goes."""
    await tx.conn.execute(update(rows).where(rows.c.id == vouch_id).values(view_id=view_id))


async def due(tx: Tx, now: datetime, limit: int) -> tuple[str, ...]:
    """Return the ids of those whose time is over while they wait."""
    over = (rows.c.state == VouchState.WAITING.value) & (rows.c.expires_at <= now)
    return tuple(await tx.conn.scalars(select(rows.c.id).where(over).order_by(rows.c.expires_at).limit(limit)))


def _genuine(tx: Tx, row: Row[Any]) -> Vouch | None:
    vouch = Vouch(
        **{name: getattr(row, name) for name in _ABOUT},
        requester=plans.actor_from_json(row.requester),
        manager=plans.actor_from_json(row.manager),
        why=Why(row.why),
        state=VouchState(row.state),
        asked_at=row.asked_at,
        expires_at=row.expires_at,
        view_id=row.view_id,
        denied_at=row.denied_at,
    )
    if not hmac.compare_digest(_mac(tx, vouch, vouch.state), row.mac):
        log.error("vouch_broken", extra={"vouch": row.id})
        return None
    return vouch


def _mac(tx: Tx, vouch: Vouch, state: VouchState) -> str:
    who = [plans.actor_to_json(vouch.requester), plans.actor_to_json(vouch.manager)]
    about = [*[storable(getattr(vouch, name)) for name in _ABOUT], vouch.why.value, state.value]
    body = json.dumps([*who, *about], sort_keys=True).encode()
    return hmac.new(tx.ring.form_key, b"rekey-vouch-1\n" + body, hashlib.sha256).hexdigest()
