"""The server's side of a modal: what was asked, by whom, until when. What Slack sends back is only its id."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from resets.reasons import Reason, Refused
from store import admins, forms

if TYPE_CHECKING:
    from desk.tools import Tools
    from resets.actor import Actor, SlackPerson
    from store.base import Tx
    from store.forms import Form

RESET = "reset"
BULK = "bulk"
PICKUP = "pickup"
APPROVAL = "approval"  # the question for the code that agrees to somebody's request
DENIAL = "denial"
VOUCH = "vouch"  # the question for the code by which a manager vouches
FREEZE = "freeze"  # the question for the code that ends one

BULK_LIFE = timedelta(hours=1)  # putting many people together takes longer, and so does looking them all up


@dataclass(frozen=True, slots=True)
class Opened:
    """A form that is this person's, is still good, and who the person is."""

    form: Form
    actor: Actor


async def role_of(tx: Tx, person: SlackPerson) -> Actor:
    """Return the enrolled actor behind a Slack person, or refuse."""
    row = await admins.by_slack(tx, person)
    if row is None:
        raise Refused(Reason.NO_ROLE)
    return row.actor


async def open_form(
    tools: Tools, tx: Tx, kind: str, person: SlackPerson, actor: Actor | None, state: dict[str, Any] | None = None
) -> str:
    """Keep a new form and return its opaque id.

    Raises:
        Refused: RESETS_NOBODY, of a form by which people are looked up.
    """
    if actor is not None:
        _demand_somebody(tools, kind, actor)
    form_id = tools.new_id()
    life = BULK_LIFE if kind == BULK else tools.rules.form_life
    await forms.open(tx, form_id, kind, person, actor.id if actor else None, state or {}, tools.clock() + life)
    return form_id


async def own_form(tools: Tools, tx: Tx, form_id: str, kind: str, person: SlackPerson) -> Form:
    """Return a form of this kind and this person, still good.

    Raises:
        Refused: FORM_UNKNOWN, NOT_YOURS, FORM_USED or FORM_EXPIRED.
    """
    form = await forms.get(tx, form_id)
    if form is None or form.kind != kind:
        raise Refused(Reason.FORM_UNKNOWN)
    if form.person != person:
        raise Refused(Reason.NOT_YOURS)
    if form.used_at is not None:
        raise Refused(Reason.FORM_USED)
    if form.expires_at <= tools.clock():
        raise Refused(Reason.FORM_EXPIRED, minutes=(form.expires_at - form.opened_at) // timedelta(minutes=1))
    return form


async def opened(tools: Tools, tx: Tx, form_id: str, person: SlackPerson, kind: str = RESET) -> Opened:
    """Return a form of an admin's with its actor, who must still hold the role, and one that resets somebody."""
    form = await own_form(tools, tx, form_id, kind, person)
    actor = await role_of(tx, person)
    if actor.id != form.actor_id:
        raise Refused(Reason.NOT_YOURS)
    _demand_somebody(tools, kind, actor)
    return Opened(form, actor)


def _demand_somebody(tools: Tools, kind: str, actor: Actor) -> None:
    if kind in (RESET, BULK) and tools.rules.resets_nobody(actor.role):
        raise Refused(Reason.RESETS_NOBODY)
