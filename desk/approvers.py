"""Who could agree to a request, who has, and whether they still may: by enrolment, never by being in a channel."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from desk import roles
from desk.dossier import vouches
from desk.freeze import is_security
from resets.approval import Need, Voice, account_of, demand_able, may_agree, missing
from resets.audit import Deed
from resets.evidence import has_vouched
from resets.reasons import Reason, Refused
from resets.request import RequestState
from store import admins, approvals, audit, requests

if TYPE_CHECKING:
    from collections.abc import Sequence

    from desk.tools import Tools
    from resets.actor import Actor
    from resets.audit import AuditEntry
    from resets.demand import Demand
    from resets.request import ResetRequest
    from store.base import Tx

ENDS = (Deed.DENIED, Deed.WITHDRAWN, Deed.LAPSED, Deed.PROVED)


@dataclass(frozen=True, slots=True)
class Case:
    """One request that waits, as the journal vouches for it."""

    request: ResetRequest
    asked: AuditEntry  # that its requester has stepped up, and what it needs
    need: Need
    agreed: tuple[AuditEntry, ...]  # the journal's, not the rows': only these count

    @property
    def voices(self) -> tuple[Voice, ...]:
        """Who has agreed."""
        return tuple(map(voice_of, self.agreed))


def need_of(asked: AuditEntry) -> Need:
    """Return what a request needs, as it was written when its requester stepped up."""
    facts = asked.facts
    until = datetime.fromisoformat(str(facts["until"]))
    return Need(int(facts["approvals"]), int(facts["of_security"]), asked.at, until, str(facts.get("person", "")))


def voice_of(entry: AuditEntry) -> Voice:
    """Return somebody's yes as the journal has it."""
    user = entry.actor.rpartition("/")[2]
    security = bool(entry.facts["security"])
    return Voice(entry.actor_account, user, str(entry.facts["name"]), yes=True, security=security, why="", at=entry.at)


async def case(tx: Tx, request_id: str) -> Case:
    """Return a request that waits.

    Raises:
        Refused: DECIDED or REPLACED: nothing waits any more; NOT_PROVED: the rows say something else than the journal.
    """
    request = await requests.get(tx, request_id)
    if request is None or request.state is not RequestState.PROVED:
        raise await over(tx, request_id)
    said = await audit.all_proved(tx, request_id, Deed.STEPPED_UP, Deed.APPROVED, *ENDS)
    asked = next((entry for entry in reversed(said) if entry.deed is Deed.STEPPED_UP), None)
    if asked is None or not vouches(request, asked):
        raise Refused(Reason.NOT_PROVED)
    if any(entry.deed in ENDS for entry in said):
        raise await over(tx, request_id)
    agreed = tuple(entry for entry in said if entry.deed is Deed.APPROVED and entry.digest == asked.digest)
    return Case(request, asked, need_of(asked), agreed)


async def over(tx: Tx, request_id: str) -> Refused:
    """Return why nothing can be decided about a request any more: its requester has changed it, or it was decided."""
    return Refused(Reason.REPLACED if await replaced_by(tx, request_id) else Reason.DECIDED)


async def replaced_by(tx: Tx, request_id: str) -> str:
    """Return the request that has taken the place of another; "" where none has."""
    ended = await audit.proved(tx, request_id, *ENDS)
    return "" if ended is None else str(ended.facts.get("replaced_by", ""))


async def concerns(tx: Tx, request: ResetRequest, need: Need, actor: Actor) -> bool:
    """Say whether somebody is among the people to be reset."""
    if need.person == actor.slack.user:
        return True
    if request.plan.count is not None:
        return await approvals.concerns(tx, request.id, account_of(actor), actor.slack.user)
    return any(
        f"{one.directory}/{one.account_id}" == account_of(actor) or one.slack_user == actor.slack.user
        for one in request.plan.targets
    )


async def demand(
    tools: Tools, tx: Tx, request: ResetRequest, need: Need, voices: Sequence[Voice], actor: Actor, at: datetime
) -> None:
    """Refuse whoever may not decide about a request, as `resets.approval.demand_able` does."""
    is_target = await concerns(tx, request, need, actor)
    vouched = has_vouched(actor, request.plan.options.evidence)
    demand_able(actor, request.requester, need, voices, tools.rules, at, is_target=is_target, has_vouched=vouched)


async def possible(
    tools: Tools, tx: Tx, request: ResetRequest, need: Need, voices: Sequence[Voice], *, at: datetime | None = None
) -> list[Voice]:
    """Return everybody whose yes would count at a time (at any, unless given), each once, as if they had said it."""
    found: dict[str, Voice] = {}
    rows = await admins.living(tx)
    for row in rows:
        who = row.actor
        if row.frozen_at is not None or not may_agree(who, tools.rules):
            continue
        try:
            await demand(tools, tx, request, need, voices, who, at or need.half)
        except Refused:
            continue
        security = is_security(tools, who, rows[0])
        voice = Voice(account_of(who), who.slack.user, who.name, yes=True, security=security, why="", at=need.since)
        found.setdefault(voice.account, voice)
    return list(found.values())


async def demand_some(tools: Tools, tx: Tx, request: ResetRequest, asked: Demand, person: str) -> tuple[str, ...]:
    """Refuse a request that nobody could ever agree to; returns the names of those who can.

    Raises:
        Refused: NO_APPROVALS or NOBODY_APPROVES.
    """
    if not tools.approvals_channel:
        raise Refused(Reason.NO_APPROVALS)
    now = tools.clock()
    need = Need(asked.approvals, asked.of_security, now, now + life(tools, request), person)
    able = await possible(tools, tx, request, need, ())
    if missing(need, able):
        raise Refused(Reason.NOBODY_APPROVES, limit=asked.approvals)
    return tuple(voice.name for voice in able)


async def agreed(tools: Tools, request: ResetRequest, proof: AuditEntry) -> frozenset[str]:
    """Return all Slack accounts of those who agreed to what was proved, vouched for the caller, or asked for it.

    But for the one by which it was asked for: that the rules look at.
    """
    async with tools.store.read(short=True) as tx:
        rows = [await admins.by_id(tx, one) for one in str(proof.facts.get("approvers", "")).split()]
        people = [request.requester, *[row.actor for row in rows if row]]
        people += [each.by for each in request.plan.options.evidence if each.by is not None]
        people += [row.actor for row in await admins.of_accounts(tx, people)]
    return frozenset(one.slack.user for one in people) - {request.requester.slack.user}


async def lost(tools: Tools, request: ResetRequest, proof: AuditEntry) -> Reason | None:
    """Say why what was proved may not run after all: who asked, vouched or agreed is no longer one who may.

    Raises:
        DirectoryError: the account of somebody who vouched or agreed could not be read.
    """
    ids, evidence = str(proof.facts.get("approvers", "")).split(), request.plan.options.evidence
    async with tools.store.read(short=True) as tx:
        asked = await admins.by_id(tx, request.requester.id)
        agreed = [await admins.by_id(tx, one) for one in ids]
        vouched = [await admins.by_id(tx, each.by.id) for each in evidence if each.by is not None]
    if asked is None or asked.revoked_at is not None:
        return Reason.NO_ROLE
    for row in agreed:
        who = await _standing(tools, row)
        if who is None or not may_agree(who, tools.rules):
            return Reason.APPROVER_LOST
        if has_vouched(who, evidence):
            return Reason.VOUCHER_LOST
    for row in vouched:
        if await _standing(tools, row) is None:
            return Reason.VOUCHER_LOST
    return None


async def _standing(tools: Tools, row: admins.AdminRow | None) -> Actor | None:
    """Return whose enrolment it is, if their word still counts: not revoked, not frozen, and with their role."""
    if row is None or row.revoked_at is not None or row.frozen_at is not None:
        return None
    try:
        await roles.holds(tools, row.actor)
    except Refused:
        return None
    return row.actor


def life(tools: Tools, request: ResetRequest) -> timedelta:
    """Return how long a request waits for others."""
    return tools.rules.approval_life if request.plan.count is None else tools.rules.bulk_approval_life
