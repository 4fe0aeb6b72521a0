"""Open forms: their state lives here behind an opaque id; what comes back from Slack is only that id."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime  # noqa: TC003
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select, update

from resets.actor import SlackPerson
from store.tables import forms

if TYPE_CHECKING:
    from store.base import Tx


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
    await tx.conn.execute(
        forms.insert().values(
            id=form_id,
            kind=kind,
            team=person.team,
            slack_user=person.user,
            actor_id=actor_id,
            state=state,
            opened_at=tx.now(),
            expires_at=expires_at,
        )
    )


async def get(tx: Tx, form_id: str) -> Form | None:
    """Find a form, expired and used ones too."""
    row = (await tx.conn.execute(select(forms).where(forms.c.id == form_id))).one_or_none()
    if row is None:
        return None
    return Form(
        id=row.id,
        kind=row.kind,
        person=SlackPerson(row.team, row.slack_user),
        actor_id=row.actor_id,
        state=row.state,
        opened_at=row.opened_at,
        expires_at=row.expires_at,
        used_at=row.used_at,
    )


async def save(tx: Tx, form_id: str, state: dict[str, Any]) -> None:
    """Replace the state of a form that was not used yet."""
    living = (forms.c.id == form_id) & forms.c.used_at.is_(None)
    await tx.conn.execute(update(forms).where(living).values(state=state))


async def use(tx: Tx, form_id: str, now: datetime) -> bool:
    """Use a form up; True once, for one of those who try."""
    unused = (forms.c.id == form_id) & forms.c.used_at.is_(None)
    return (await tx.conn.execute(update(forms).where(unused).values(used_at=now))).rowcount == 1


async def delete_old(tx: Tx, before: datetime) -> int:
    """Forget the forms that expired before a time; returns how many."""
    return (await tx.conn.execute(delete(forms).where(forms.c.expires_at < before))).rowcount
