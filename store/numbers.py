"""Number matches: signed, since one that was written over would vouch for a caller whom nobody has asked."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, select, update

from resets.actor import SlackPerson
from resets.number import MatchState, NumberMatch
from store import plans
from store.folding import storable
from store.tables_asked import number_matches as rows

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Row

    from store.base import Tx

log = logging.getLogger(__name__)

_OF_FORM = select(rows).where(rows.c.form_id == bindparam("form")).order_by(rows.c.asked_at, rows.c.id)
_HELD = _OF_FORM.with_for_update()
_ABOUT = ("id", "form_id", "directory", "account_id", "login", "name")


async def add(tx: Tx, match: NumberMatch) -> None:
    """Write a new one."""
    await tx.conn.execute(
        rows.insert().values(
            **{name: getattr(match, name) for name in _ABOUT},
            actor_id=match.requester.id,
            requester=plans.actor_to_json(match.requester),
            team=match.person.team,
            slack_user=match.person.user,
            numbers=list(match.numbers),
            right=match.right,
            state=match.state.value,
            asked_at=match.asked_at,
            expires_at=match.expires_at,
            view_id=match.view_id,
            mac=_mac(tx, match, match.state),
        )
    )


async def get(tx: Tx, match_id: str) -> NumberMatch | None:
    """Find one; in a write, nobody else moves it until that ends. One that somebody else has written is not found."""
    wanted = select(rows).where(rows.c.id == match_id)
    row = (await tx.conn.execute(wanted.with_for_update() if tx.writes else wanted)).one_or_none()
    return None if row is None else _genuine(tx, row)


async def of_form(tx: Tx, form_id: str) -> tuple[NumberMatch, ...]:
    """Return those of a form, oldest first; in a write, nobody else moves them until that ends."""
    found = await tx.conn.execute(_HELD if tx.writes else _OF_FORM, {"form": form_id})
    return tuple([match for row in found if (match := _genuine(tx, row)) is not None])


async def move(tx: Tx, match: NumberMatch, state: MatchState) -> bool:
    """End one that waits; False where it has ended already."""
    waits = (rows.c.id == match.id) & (rows.c.state == MatchState.WAITING.value)
    values = {"state": state.value, "ended_at": tx.now(), "mac": _mac(tx, match, state)}
    return (await tx.conn.execute(update(rows).where(waits).values(values))).rowcount == 1


async def deny_late(tx: Tx, match: NumberMatch) -> bool:
    """Note a no to one that is over or answered, which stays what it is; False where it was noted before."""
    unsaid = (rows.c.id == match.id) & rows.c.denied_at.is_(None)
    return (await tx.conn.execute(update(rows).where(unsaid).values(denied_at=tx.now()))).rowcount == 1


async def shown_in(tx: Tx, match_id: str, view_id: str) -> None:
    """Note in which modal the requester sees how it goes."""
    await tx.conn.execute(update(rows).where(rows.c.id == match_id).values(view_id=view_id))


async def due(tx: Tx, now: datetime, limit: int) -> tuple[str, ...]:
    """Return the ids of those whose time is over while they wait."""
    over = (rows.c.state == MatchState.WAITING.value) & (rows.c.expires_at <= now)
    return tuple(await tx.conn.scalars(select(rows.c.id).where(over).order_by(rows.c.expires_at).limit(limit)))


def _genuine(tx: Tx, row: Row[Any]) -> NumberMatch | None:
    match = NumberMatch(
        **{name: getattr(row, name) for name in _ABOUT},
        requester=plans.actor_from_json(row.requester),
        person=SlackPerson(row.team, row.slack_user),
        numbers=tuple(row.numbers),
        right=row.right,
        state=MatchState(row.state),
        asked_at=row.asked_at,
        expires_at=row.expires_at,
        view_id=row.view_id,
        denied_at=row.denied_at,
    )
    if not hmac.compare_digest(_mac(tx, match, match.state), row.mac):
        log.error("number_match_broken", extra={"match": row.id})
        return None
    return match


def _mac(tx: Tx, match: NumberMatch, state: MatchState) -> str:
    who = [plans.actor_to_json(match.requester), match.person.team, match.person.user]
    about = [*[storable(getattr(match, name)) for name in _ABOUT], list(match.numbers), match.right, state.value]
    body = json.dumps([*who, *about], sort_keys=True).encode()
    return hmac.new(tx.ring.form_key, b"rekey-number-1\n" + body, hashlib.sha256).hexdigest()
