"""The one time that a password is shown: to the person for whom it is, who has the pickup code."""

from __future__ import annotations

import hmac
import logging
from typing import TYPE_CHECKING

from desk.dossier import PURPOSE, proof_of
from desk.forms import PICKUP, open_form, own_form
from desk.journal import alarm, announce, current, note
from desk.sealed import unsealed
from resets import pickup
from resets.audit import Deed
from resets.facts import AskPickup, Shown
from resets.notice import NoticeKind
from resets.outcome import Step, StepState, Target
from resets.reasons import Reason, Refused
from resets.request import TargetState
from store import forms, requests, vault
from store import pickup as pickups

if TYPE_CHECKING:
    from desk.tools import Tools
    from resets.actor import SlackPerson
    from resets.request import ResetRequest
    from store.base import Tx
    from store.pickup import PickupRow

log = logging.getLogger(__name__)

ENDS = {
    TargetState.COLLECTED: Reason.ALREADY_SHOWN,
    TargetState.EXPIRED: Reason.EXPIRED,
    TargetState.SPOILED: Reason.SPOILED,
    TargetState.SUPERSEDED: Reason.SUPERSEDED,
}


async def ask(tools: Tools, target_id: str, person: SlackPerson) -> AskPickup:
    """Open the form behind *Show* for the addressee. Nothing is shown or spent yet.

    Raises:
        Refused: NOT_YOURS, ALREADY_SHOWN, EXPIRED, SPOILED, SUPERSEDED, PICKUP_BURNED or NOT_PROVED.
    """
    async with tools.store.write(waited_for=True) as tx:
        target, _, row = await _waiting(tools, tx, target_id, person)
        if row is not None and row.mac is not None and row.tries_left <= 0:
            raise Refused(Reason.PICKUP_BURNED)
        form_id = await open_form(tools, tx, PICKUP, person, None)
        await forms.save(tx, form_id, {"target": target_id})
    asked = row is not None and row.mac is not None
    return AskPickup(
        form_id,
        target_id,
        target.planned.login,
        tools.rules.display.get(target.planned.directory, target.planned.directory),
        asked,
    )


async def reveal(tools: Tools, form_id: str, person: SlackPerson, code: str | None) -> Shown:
    """Hand out the password, once. A try is paid for before the code is looked at; the fifth wrong one burns it.

    Raises:
        Refused: as `ask`; PICKUP_WRONG (with `left`), the form is not good, KEY_WRONG.
    """
    async with tools.store.write(waited_for=True) as tx:
        form = await own_form(tools, tx, form_id, PICKUP, person)
        target, request, row = await _waiting(tools, tx, str(form.state["target"]), person)
        missed = await _pay(tools, tx, request, target, row, code)
        if missed is None:
            return await _show(tools, tx, form_id, request, target, person)
    raise missed


async def _waiting(
    tools: Tools, tx: Tx, target_id: str, person: SlackPerson
) -> tuple[Target, ResetRequest, PickupRow | None]:
    """Return a target whose password waits for this very person, and its pickup code's row.

    Person and code are believed only as far as the journal bears them out.
    """
    target = await requests.target(tx, target_id)
    request = await requests.get(tx, target.request_id) if target else None
    if target is None or request is None:
        raise Refused(Reason.NOT_YOURS)
    if person.team != tools.team or target.planned.slack_user != person.user:
        raise Refused(Reason.NOT_YOURS)
    if target.state in ENDS:
        burned = target.reason is Reason.PICKUP_BURNED
        raise Refused(Reason.PICKUP_BURNED if burned else ENDS[target.state])
    if target.state not in (TargetState.SET, TargetState.DELIVERED):
        raise Refused(Reason.EXPIRED)
    if target.expires_at is not None and target.expires_at <= tools.clock():
        raise Refused(Reason.EXPIRED)
    if await requests.newer_exists(tx, target):
        raise Refused(Reason.SUPERSEDED)
    row = await pickups.get(tx, target.id)
    proof = await proof_of(tx, request, target)
    if proof is None or (proof.facts.get("pickup") != "none" and (row is None or row.mac is None)):
        log.error("proof_broken", extra={"request": request.id, "target": target.id})
        raise Refused(Reason.NOT_PROVED)
    return target, request, row


async def _pay(
    tools: Tools, tx: Tx, request: ResetRequest, target: Target, row: PickupRow | None, code: str | None
) -> Refused | None:
    """Spend a try and look; returns the refusal, which must not undo the payment."""
    if row is None or row.mac is None:
        return None
    normal = pickup.normal(code or "")
    if normal is None:
        return Refused(Reason.PICKUP_WRONG, left=row.tries_left)
    left = await pickups.pay(tx, target.id)
    if left is None:
        return Refused(Reason.PICKUP_BURNED)
    if hmac.compare_digest(pickup.mac(tools.store.ring.code_key, target.id, normal), row.mac):
        return None
    await note(tools, tx, Deed.PICKUP_MISSED, request=request, target=target, left=left)
    if left > 0:
        return Refused(Reason.PICKUP_WRONG, left=left)
    await _burn(tools, tx, request, target)
    return Refused(Reason.PICKUP_BURNED)


async def _burn(tools: Tools, tx: Tx, request: ResetRequest, target: Target) -> None:
    """Destroy the password after the last wrong code: somebody guesses. The account keeps a password nobody has."""
    await vault.wipe(tx, PURPOSE, target.id)
    await requests.move_target(
        tx,
        target.id,
        (TargetState.SET, TargetState.DELIVERED),
        TargetState.SPOILED,
        reason=Reason.PICKUP_BURNED,
    )
    await note(tools, tx, Deed.PICKUP_BURNED, request=request, target=target)
    about = f"{target.planned.login} ({target.planned.directory})"
    await alarm(
        tools, tx, Reason.PICKUP_BURNED.value, request_id=request.id, about=about, user=target.planned.slack_user or ""
    )
    await _tell(tools, tx, request, target)


async def _show(
    tools: Tools, tx: Tx, form_id: str, request: ResetRequest, target: Target, person: SlackPerson
) -> Shown:
    now = tools.clock()
    secret = await unsealed(tx, PURPOSE, target.id)
    if secret is None:
        raise Refused(Reason.KEY_WRONG)
    if not await forms.use(tx, form_id, now):
        raise Refused(Reason.FORM_USED)
    await vault.wipe(tx, PURPOSE, target.id)
    states = (TargetState.SET, TargetState.DELIVERED)
    if not await requests.move_target(tx, target.id, states, TargetState.COLLECTED, collected_at=now):
        raise Refused(Reason.ALREADY_SHOWN)
    await note(tools, tx, Deed.COLLECTED, by=person, request=request, target=target)
    await _tell(tools, tx, request, target)
    return Shown(
        secret,
        target.planned.login,
        tools.rules.display.get(target.planned.directory, target.planned.directory),
        target.step(Step.MUST_CHANGE).state is StepState.DONE,
    )


async def _tell(tools: Tools, tx: Tx, request: ResetRequest, target: Target) -> None:
    await current(tools, tx, target)
    await announce(tools, tx, NoticeKind.SHOW, request_id=request.id, target_id=target.id)
