"""A request as the approvals channel sees it, read from the rows: what counts is looked at again at each decision."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desk import approvers
from resets.actor import SlackPerson
from resets.approval import NAMED, Awaited, CardFacts, Need, missing
from resets.audit import Deed
from resets.request import RequestState
from store import approvals, audit, requests, tally

if TYPE_CHECKING:
    from desk.tools import Tools
    from resets.request import ResetRequest
    from store.base import Tx


async def facts(tools: Tools, tx: Tx, request_id: str) -> CardFacts | None:
    """Return a request that waits for others, or did; None for any other."""
    request = await requests.get(tx, request_id)
    asked = await audit.proved(tx, request_id, Deed.STEPPED_UP)
    if request is None or asked is None:
        return None
    need, voices = approvers.need_of(asked), await approvals.voices(tx, request_id)
    waits = request.state is RequestState.PROVED
    able = await approvers.possible(tools, tx, request, need, voices, at=tools.clock()) if waits else []
    plan = request.plan
    if plan.count is None:
        called = tools.rules.called
        people = tuple((one.name, one.login, called(one.directory)) for one in plan.targets)
        tiers = tuple((one.tier, 1) for one in plan.targets)
    else:
        listed = await approvals.some(tx, request_id, NAMED)
        people = tuple((name, login, tools.rules.called(directory)) for name, login, directory in listed)
        tiers = await approvals.tiers(tx, request_id)
    return CardFacts(
        request_id=request_id,
        digest=request.digest,
        requester=request.requester.slack,
        requester_name=request.requester.name,
        count=len(plan.targets) if plan.count is None else plan.count,
        people=people,
        tiers=tiers,
        excluded=() if plan.count is None else await tally.excluded(tx, request_id),
        options=plan.options,
        start=plan.start,
        state=request.state,
        need=need,
        missing=missing(need, voices),
        voices=voices,
        able=tuple(SlackPerson(tools.team, voice.user) for voice in able),
        moved_at=await approvals.moved_at(tx, request_id) or request.asked_at,
        alone=plan.count is None,
        replaces=str(asked.facts.get("replaces", "")),
        replaced_by=await _replaced_by(tx, request),
    )


async def _replaced_by(tx: Tx, request: ResetRequest) -> str:
    withdrawn = request.state is RequestState.WITHDRAWN
    return await approvers.replaced_by(tx, request.id) if withdrawn else ""


async def awaited(tools: Tools, tx: Tx, request: ResetRequest) -> Awaited | None:
    """Return what a request's own message says of those who have to agree; None where nobody had to."""
    asked = await audit.proved(tx, request.id, Deed.STEPPED_UP)
    if asked is None:
        return None
    need: Need = approvers.need_of(asked)
    voices = await approvals.voices(tx, request.id)
    waits = request.state is RequestState.PROVED
    able = await approvers.possible(tools, tx, request, need, voices) if waits else []
    return Awaited(
        approvals=need.approvals,
        of_security=need.of_security,
        until=need.until,
        able=tuple(voice.name for voice in able),
        missing=missing(need, voices),
        voices=voices,
    )
