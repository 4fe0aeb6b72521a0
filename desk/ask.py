"""A request to which others have to agree: what it demands, that it waits, and what happens once enough have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desk import approvers, history
from desk.journal import announce, current, entry
from desk.tools import Work, WorkKind
from resets import demand
from resets.approval import Awaited
from resets.audit import Deed
from resets.notice import NoticeKind
from resets.reasons import Reason, Refused
from resets.request import RequestState
from store import approvals, jobs, requests, runs

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from desk.approvers import Case
    from desk.tools import Tools
    from resets.audit import AuditEntry
    from resets.demand import Demand
    from resets.outcome import Target
    from resets.request import ResetRequest, Tier
    from store.base import Tx


async def demanded(
    tools: Tools, tx: Tx, request: ResetRequest, tiers: Iterable[Tier], *, person: str = ""
) -> tuple[Demand, tuple[str, ...]]:
    """Return what a request demands, and the names of those who can agree to it; asked before any code is looked at.

    `person` is the Slack account of its only target, however they are reached; "" where nobody knows, and of a bulk.

    Raises:
        Refused: NEEDS_PASSKEY, NO_APPROVALS or NOBODY_APPROVES: it could never run.
    """
    count = len(request.plan.targets) if request.plan.count is None else request.plan.count
    asked = demand.demand(count, tiers, tools.rules.quorum)
    if not asked.by_code:
        raise Refused(Reason.NEEDS_PASSKEY)
    return asked, await approvers.demand_some(tools, tx, request, asked, person) if asked.approvals else ()


async def wait(
    tools: Tools,
    tx: Tx,
    request: ResetRequest,
    target: Target | None,
    asked: Demand,
    able: tuple[str, ...],
    facts: Mapping[str, str | int],
) -> Awaited | None:
    """Let a request wait whose requester has just stepped up; None where it does not stand as it was.

    Args:
        tools: the desk's.
        tx: the write in which the code was spent.
        request: as it was written.
        target: its only one; None for a bulk.
        asked: what `demanded` returned.
        able: the same.
        facts: of the proof, for the entry without which nothing runs.
    """
    now = tools.clock()
    until = now + approvers.life(tools, request)
    if not await approvals.wait(tx, request.id, (RequestState.ASKED, RequestState.PROVED), now, until):
        return None
    await announce(tools, tx, NoticeKind.CARD, request_id=request.id)
    proof: dict[str, str | int] = {
        **facts,
        "approvals": asked.approvals,
        "of_security": asked.of_security,
        "until": until.isoformat(),
    }
    await history.note(tools, tx, Deed.STEPPED_UP, by=request.requester, request=request, target=target, more=proof)
    return Awaited(asked.approvals, asked.of_security, until, able, missing=max(asked.approvals, asked.of_security))


async def grant(tools: Tools, tx: Tx, case: Case, last: AuditEntry) -> None:
    """Put a request on its way to which nothing is missing any more: its proof is written here, and nowhere else.

    `last` is the word that was still missing: both are written into the journal together.
    """
    request, by = case.request, case.request.requester
    await announce(tools, tx, NoticeKind.CARD, request_id=request.id)
    enrolments = " ".join(str(one.facts["enrolment"]) for one in case.agreed)
    facts: dict[str, str | int] = {**case.asked.facts, "approvers": enrolments}
    if request.plan.count is not None:
        begins = soonest(tools, request)
        await runs.hold(tx, request.id, begins)
        facts["begins"] = begins.isoformat()
        await history.keep(tools, tx, last, entry(tools, Deed.PROVED, by=by, request=request, more=facts))
        return
    (target,) = await requests.targets(tx, request.id)
    await requests.move_request(tx, request.id, (RequestState.PROVED,), RequestState.APPROVED)
    await history.keep(tools, tx, last, entry(tools, Deed.PROVED, by=by, request=request, target=target, more=facts))
    await put_on_its_way(tools, tx, request, target)


async def put_on_its_way(tools: Tools, tx: Tx, request: ResetRequest, target: Target) -> None:
    """Write the job of a proved request for one person, and have its requester's message brought up to date."""
    job = jobs.Job(tools.new_id(), WorkKind.RESET.value, request.id, target.id, {}, tools.clock())
    await jobs.add(tx, job)
    await tools.enqueue(tx, Work(WorkKind.RESET, job.id))
    await current(tools, tx, target)


def soonest(tools: Tools, request: ResetRequest) -> datetime:
    """Return when a bulk begins: after the hold, or at the time that was asked for."""
    held = tools.clock() + tools.rules.hold
    return held if request.plan.start is None else max(request.plan.start, held)


async def end(tools: Tools, tx: Tx, request: ResetRequest, to: RequestState, reason: Reason) -> None:
    """End a request of which nobody is reset; its row is held by this write.

    Raises:
        Refused: DECIDED: it does not wait any more.
    """
    if not await approvals.end(tx, request.id, to, reason, tools.clock()):
        raise Refused(Reason.DECIDED)


async def told(tools: Tools, tx: Tx, request: ResetRequest) -> None:
    """Have the card and the requester's message say how a request stands."""
    await announce(tools, tx, NoticeKind.CARD, request_id=request.id)
    if request.plan.count is None:
        for target in await requests.targets(tx, request.id):
            await current(tools, tx, target)
