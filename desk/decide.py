"""Agreeing, denying, letting lapse: what others, and time, make of a request that waits for them.

Only the journal's words count, and only about the plan as it was shown. Who decides takes the request's row first, so
that of two who press at once each is heard after the other, and whoever comes too late changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from desk import accuse, approvers, ask, freeze, history, prove, roles
from desk.approvers import Case, case
from desk.card import facts as card_facts
from desk.forms import APPROVAL, DENIAL, open_form, opened, role_of
from desk.journal import entry
from resets.approval import LONGEST_WHY, AskDecision, CardFacts, Voice, account_of, missing
from resets.audit import Deed
from resets.bulk import SHOWN
from resets.reasons import Reason, Refused
from resets.request import RequestState
from store import approvals, forms, requests

if TYPE_CHECKING:
    from desk.forms import Opened
    from desk.tools import Tools
    from resets.actor import Actor, SlackPerson
    from store.base import Tx

LISTED = 5  # in Home
AT_ONCE = 50  # requests that are looked at in one round


@dataclass(frozen=True, slots=True)
class Agreed:
    """Somebody has agreed. `missing`: so many others still have to."""

    request_id: str
    missing: int


async def look(tools: Tools, shown: str, by: SlackPerson) -> CardFacts:
    """Return what an admin sees of a request, whether or not it still waits.

    Raises:
        Refused: NO_ROLE, RESETS_NOBODY (a role that only vouches) or DECIDED (there is no such request).
    """
    async with tools.store.read() as tx:
        roles.demand_more(tools, await role_of(tx, by))
        facts = await card_facts(tools, tx, shown.partition("#")[0])
    if facts is None:
        raise Refused(Reason.DECIDED)
    return facts


async def mine(tools: Tools, tx: Tx, actor: Actor) -> tuple[CardFacts, ...]:
    """Return what waits and this admin can decide about now, the most urgent first, at most 5."""
    found: list[CardFacts] = []
    for request_id in await approvals.waiting(tx, AT_ONCE):
        try:
            await _demand_able(tools, tx, await case(tx, request_id), actor)
        except Refused:
            continue
        if (facts := await card_facts(tools, tx, request_id)) is not None:
            found.append(facts)
        if len(found) == LISTED:
            break
    return tuple(found)


async def begin(tools: Tools, shown: str, by: SlackPerson, *, deny: bool = False) -> AskDecision:
    """Open the question for the code that agrees, or for the reason of a denial, about the plan as it was shown.

    Args:
        tools: the desk's.
        shown: the button's value: the request's id, "#", and the beginning of the digest that the card shows.
        by: who pressed it.
        deny: it was *Deny*.

    Raises:
        Refused: NO_ROLE, ACTOR_FROZEN, what `roles.demand` refuses, DECIDED, REPLACED, PLAN_CHANGED, NOT_PROVED, or
            why this person may not: OWN_REQUEST, NOT_APPROVER, IS_TARGET, HAS_VOUCHED, SPOKEN,
            NOT_YET_APPROVER.
    """
    request_id, _, digest = shown.partition("#")
    async with tools.store.read() as tx:
        actor = await role_of(tx, by)
        await _demand_free(tools, tx, actor, deny=deny)
        found = await case(tx, request_id)
        await _demand_able(tools, tx, found, actor)
        facts = await card_facts(tools, tx, request_id)
    if facts is None or not digest or found.request.digest[:SHOWN] != digest:
        raise Refused(Reason.PLAN_CHANGED)
    if not deny:  # to stop is always allowed, also while the directory is away
        await roles.demand(tools, actor, patience=roles.QUICK)
    async with tools.store.write(waited_for=True) as tx:
        kind = DENIAL if deny else APPROVAL
        state = {"request": request_id, "digest": found.request.digest}
        form_id = await open_form(tools, tx, kind, by, actor, state)
    return AskDecision(form_id, facts)


async def approve(tools: Tools, form_id: str, by: SlackPerson, code: str) -> Agreed:
    """Agree to the plan that the form has shown, with one's own code. Touches no network; safe to call before an ack.

    Raises:
        Refused: the form is not good, FROZEN, ACTOR_FROZEN, a CODE_ reason, or what `begin` refuses.
    """
    async with tools.store.write(waited_for=True) as tx:
        form = await opened(tools, tx, form_id, by, APPROVAL)
        await _demand_free(tools, tx, form.actor, deny=False)
        await approvals.lock(tx, str(form.form.state["request"]))
        found = await _about(tools, tx, form)  # it stays so from here on
        missed = await prove.step_up(tools, tx, form.actor, code)
        if missed is None:
            return await _agreed(tools, tx, form, found)
    raise missed


async def _agreed(tools: Tools, tx: Tx, form: Opened, found: Case) -> Agreed:
    actor, request = form.actor, found.request
    security = await freeze.holds_security(tools, tx, actor)
    await _speak(tools, tx, form, _voice(tools, actor, yes=True, security=security))
    facts: dict[str, str | int] = {"enrolment": actor.id, "name": actor.name, "security": int(security)}
    approved = entry(tools, Deed.APPROVED, by=actor, request=request, method="totp", more=facts)
    after = replace(found, agreed=(*found.agreed, approved))
    left = missing(after.need, after.voices)
    approved = replace(approved, facts={**approved.facts, "missing": left})
    if left:
        await history.keep(tools, tx, approved)
        await ask.told(tools, tx, request)
    else:
        await ask.grant(tools, tx, after, approved)
    return Agreed(request.id, left)


async def deny(tools: Tools, form_id: str, by: SlackPerson, why: str) -> None:
    """Say no, which ends a request. It takes no code: to stop is always allowed. Touches no network.

    Raises:
        Refused: the form is not good, ACTOR_FROZEN, NO_REASON, or what `begin` refuses.
    """
    why = " ".join(why.split())[:LONGEST_WHY]
    async with tools.store.write(waited_for=True) as tx:
        form = await opened(tools, tx, form_id, by, DENIAL)
        if not why:
            raise Refused(Reason.NO_REASON)
        request_id = str(form.form.state["request"])
        await accuse.hold(tx, request_id, form.actor)
        await _demand_free(tools, tx, form.actor, deny=True)
        await approvals.lock(tx, request_id)
        found = await _about(tools, tx, form)
        await _speak(tools, tx, form, _voice(tools, form.actor, yes=False, why=why))
        await ask.end(tools, tx, found.request, RequestState.DENIED, Reason.DENIED)
        paused = await accuse.denied(tools, tx, found.request)  # runs' rows: before the journal
        await history.note(tools, tx, Deed.DENIED, by=form.actor, request=found.request, why=why)
        if paused is not None:
            await accuse.told(tools, tx, found.request, paused, what="actor_denied")
        await ask.told(tools, tx, found.request)


async def lapse(tools: Tools) -> int:
    """End whatever nobody has agreed to in time; returns how many. Twice, or by two at once, is once."""
    async with tools.store.read() as tx:
        late = await approvals.overdue(tx, tools.clock(), AT_ONCE)
    ended = 0
    for request_id in late:
        async with tools.store.write() as tx:
            request = await requests.get(tx, request_id)
            if request is None or not await approvals.lock(tx, request_id):
                continue
            await ask.end(tools, tx, request, RequestState.EXPIRED, Reason.NOT_APPROVED)
            await history.note(tools, tx, Deed.LAPSED, request=request)
            await ask.told(tools, tx, request)
            ended += 1
    return ended


async def _about(tools: Tools, tx: Tx, form: Opened) -> Case:
    """Return the request that a form is about, if it still is what the form has shown, and this person may decide."""
    found = await case(tx, str(form.form.state["request"]))
    if found.request.digest != form.form.state["digest"]:
        raise Refused(Reason.PLAN_CHANGED)
    await _demand_able(tools, tx, found, form.actor)
    return found


async def _demand_able(tools: Tools, tx: Tx, found: Case, actor: Actor) -> None:
    await approvers.demand(tools, tx, found.request, found.need, found.voices, actor, tools.clock())


async def _demand_free(tools: Tools, tx: Tx, actor: Actor, *, deny: bool) -> None:
    """Refuse a frozen admin; in a freeze, nobody agrees to anything, and anybody may deny it."""
    await freeze.demand(tools, tx, actor, handing_over=deny)


def _voice(tools: Tools, actor: Actor, *, yes: bool, security: bool = False, why: str = "") -> Voice:
    return Voice(account_of(actor), actor.slack.user, actor.name, yes=yes, security=security, why=why, at=tools.clock())


async def _speak(tools: Tools, tx: Tx, form: Opened, voice: Voice) -> None:
    """Keep somebody's word, once, and use up the form."""
    if not await forms.use(tx, form.form.id, tools.clock()):
        raise Refused(Reason.FORM_USED)
    if not await approvals.speak(tx, str(form.form.state["request"]), voice):
        raise Refused(Reason.SPOKEN)
