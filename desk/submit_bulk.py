"""The submission of a bulk: the frozen preview is proved by the code, and held until it begins."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

from desk import ask, freeze, limits, prove, signals
from desk.forms import BULK, opened
from desk.journal import note
from resets.audit import Deed
from resets.bulk import MOST_AHEAD, NUMBER_FROM, SHOWN, HeldBulk
from resets.reasons import Reason, Refused
from resets.request import RequestState, Tier
from resets.verification import Needed
from store import forms, freezes, requests, runs

if TYPE_CHECKING:
    from datetime import datetime

    from desk.tools import Tools
    from resets.actor import SlackPerson
    from resets.demand import Demand
    from resets.request import ResetRequest
    from store.base import Tx


LATE = timedelta(seconds=60)  # so long after the time that was asked for, it still begins at once


async def begin(
    tools: Tools, form_id: str, person: SlackPerson, code: str, number: str, *, shown: str | None = None
) -> HeldBulk:
    """Prove one bulk, and hold it or let it wait for those who have to agree: all of it or nothing.

    Touches no network; safe to call before an ack.

    Args:
        tools: the desk's.
        form_id: a form whose preview was frozen.
        person: who pressed the button.
        code: as typed.
        number: of people, as typed; looked at from 26 on.
        shown: the beginning of the digest of the preview that the person has before them; None: of the form's last.

    Raises:
        Refused: the form is not good, FROZEN, ACTOR_FROZEN, NOBODY_LEFT, ONE_BY_ONE, NUMBER_WRONG, START_INVALID,
            NEEDS_PASSKEY, NO_APPROVALS, NOBODY_APPROVES, a CODE_ reason, or, with a code that is spent, BULKS_USED_UP
            or TOO_MANY_OPEN.
    """
    async with tools.store.write(waited_for=True) as tx:
        form = await opened(tools, tx, form_id, person, BULK)
        if tools.rules.limits.late(tools.clock()) and tools.rules.limits.late_freezes:
            await freezes.last(tx)  # held from here on, since it is written below
        await freeze.demand(tools, tx, form.actor)
        frozen = form.form.state.get("preview") or {}
        request = await requests.get(tx, str(frozen.get("request", "")))
        if request is None or request.requester.id != form.actor.id:
            raise Refused(Reason.FORM_UNKNOWN)
        count = request.plan.count or 0
        if not count or not request.digest or request.digest != frozen.get("digest"):
            raise Refused(Reason.NOBODY_LEFT)
        # The form is signed, the request's row is not: what was frozen is what may be proved, and what was shown.
        if (request.plan.head(), count) != (frozen.get("head"), frozen.get("included")):
            raise Refused(Reason.NOT_PROVED)
        if shown is not None and shown != request.digest[:SHOWN]:
            raise Refused(Reason.FORM_USED)
        if count >= NUMBER_FROM and _number(number) != count:
            raise Refused(Reason.NUMBER_WRONG, field="number")
        begins = _begins(tools, request)
        # Of a preview that says nothing of tiers, anybody may be in it.
        tiers = [Tier(tier) for tier in frozen.get("tiers", list(Tier))]
        _demand_no_caller(tools, count, tiers, in_slack=shown is not None)
        asked, able = await ask.demanded(tools, tx, request, tiers)
        missed = await prove.step_up(tools, tx, form.actor, code)
        missed = missed or await limits.bulk(tools, tx, form.actor)
        if missed is None:
            if not await forms.use(tx, form_id, tools.clock()):
                raise Refused(Reason.FORM_USED)
            facts: dict[str, str | int] = {
                "method": "totp",
                "pickup": "none",
                "role": form.actor.role,
                "head": request.plan.head(),
                "count": count,
            }
            held = await _put(tools, tx, request, begins, asked, able, facts)
            await signals.of_run(tools, tx, form.actor, request.id)
            return held
    raise missed


def _demand_no_caller(tools: Tools, count: int, tiers: list[Tier], *, in_slack: bool) -> None:
    """Refuse a list of one where the form for one would ask who is calling. At the host nobody calls."""
    if in_slack and count == 1 and any(tools.rules.needed_of(tier) is not Needed.NONE for tier in tiers):
        raise Refused(Reason.ONE_BY_ONE)


async def _put(
    tools: Tools,
    tx: Tx,
    request: ResetRequest,
    begins: datetime,
    asked: Demand,
    able: tuple[str, ...],
    facts: dict[str, str | int],
) -> HeldBulk:
    """Hold a bulk, or let it wait for others, with its proof."""
    count = int(facts["count"])
    if asked.approvals:
        if request.state is not RequestState.ASKED:
            raise Refused(Reason.FORM_USED)
        await note(tools, tx, Deed.ASKED, by=request.requester, request=request, count=count)
        awaited = await ask.wait(tools, tx, request, None, asked, able, facts)
        if awaited is None:
            raise Refused(Reason.FORM_USED)
        return HeldBulk(request.id, count, begins, awaited)
    if request.state is not RequestState.ASKED or not await runs.hold(tx, request.id, begins):
        raise Refused(Reason.FORM_USED)
    await note(tools, tx, Deed.ASKED, by=request.requester, request=request, count=count)
    more = {**facts, "begins": begins.isoformat()}
    await note(tools, tx, Deed.PROVED, by=request.requester, request=request, more=more)
    return HeldBulk(request.id, count, begins)


def _number(typed: str) -> int | None:
    """Return the number that somebody typed, with or without the word behind it."""
    fits = re.fullmatch(r"\s*([0-9]{1,9})(?:\s+people)?\s*", typed)
    return int(fits[1]) if fits else None


def _begins(tools: Tools, request: ResetRequest) -> datetime:
    """Return when it begins: after the hold, or at the time that was asked for."""
    start = request.plan.start
    if start is not None and not tools.clock() - LATE <= start <= tools.clock() + MOST_AHEAD:
        raise Refused(Reason.START_INVALID, field="start")
    return ask.soonest(tools, request)
