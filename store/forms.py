"""Open forms: their state lives here behind an opaque id; what comes back from Slack is only that id.

A code proves what its form was filled with, so a form is signed: one that was written over is none of ours.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
from dataclasses import dataclass
from datetime import datetime  # noqa: TC003
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, select, update

from resets.actor import SlackPerson
from store.tables import forms

if TYPE_CHECKING:
    from store.base import Tx

log = logging.getLogger(__name__)

_MINE = forms.c.id == bindparam("form")
_ADD = forms.insert()
_BY_ID = select(forms).where(_MINE)
_SAVE = update(forms).where(_MINE, forms.c.used_at.is_(None)).values(state=bindparam("signed"))
_USE = update(forms).where(_MINE, forms.c.used_at.is_(None)).values(used_at=bindparam("now"))


@dataclass(frozen=True, slots=True)
class Form:
    """One form that a person has open, or had."""

    id: str
    kind: str
    person: SlackPerson
    actor_id: str | None
    state: dict[str, Any]
    opened_at: datetime
    expires_at: datetime
    used_at: datetime | None


async def open(  # noqa: A001  # read as forms.open
    tx: Tx,
    form_id: str,
    kind: str,
    person: SlackPerson,
    actor_id: str | None,
    state: dict[str, Any],
    expires_at: datetime,
) -> None:
    """Write a new form. `state` is JSON: ids and words, never a secret."""
    values = {
        "id": form_id,
        "kind": kind,
        "team": person.team,
        "slack_user": person.user,
        "actor_id": actor_id,
        "state": _signed(tx, form_id, kind, person, state),
        "opened_at": tx.now(),
        "expires_at": expires_at,
    }
    await tx.conn.execute(_ADD, values)


async def get(tx: Tx, form_id: str) -> Form | None:
    """Find a form, expired and used ones too; one that somebody else has written is not found."""
    row = (await tx.conn.execute(_BY_ID, {"form": form_id})).one_or_none()
    if row is None:
        return None
    person, state = SlackPerson(row.team, row.slack_user), row.state.get("state")
    if not hmac.compare_digest(_signed(tx, row.id, row.kind, person, state)["mac"], str(row.state.get("mac"))):
        log.error("form_broken", extra={"form": row.id})
        return None
    return Form(
        id=row.id,
        kind=row.kind,
        person=person,
        actor_id=row.actor_id,
        state=state,
        opened_at=row.opened_at,
        expires_at=row.expires_at,
        used_at=row.used_at,
    )


async def save(tx: Tx, form_id: str, state: dict[str, Any]) -> None:
    """Replace the state of a form that was not used yet."""
    row = (await tx.conn.execute(_BY_ID, {"form": form_id})).one_or_none()
    if row is None:
        return
    signed = _signed(tx, form_id, row.kind, SlackPerson(row.team, row.slack_user), state)
    await tx.conn.execute(_SAVE, {"form": form_id, "signed": signed})


async def use(tx: Tx, form_id: str, now: datetime) -> bool:
    """Use a form up; True once, for one of those who try."""
    return (await tx.conn.execute(_USE, {"form": form_id, "now": now})).rowcount == 1


async def delete_old(tx: Tx, before: datetime) -> int:
    """Forget the forms that expired before a time; returns how many."""
    return (await tx.conn.execute(delete(forms).where(forms.c.expires_at < before))).rowcount


def _signed(tx: Tx, form_id: str, kind: str, person: SlackPerson, state: Any) -> dict[str, Any]:
    body = json.dumps([form_id, kind, person.team, person.user, state], sort_keys=True).encode()
    mac = hmac.new(tx.ring.form_key, b"rekey-form-1\n" + body, hashlib.sha256).hexdigest()
    return {"state": state, "mac": mac}
