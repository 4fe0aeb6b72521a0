"""Break-glass: one reset from the host by a sealed code, when no admin can be reached; alarmed at once, and reviewed.

It skips the role and the approvals. It skips neither the journal, nor a freeze, nor whatever else forbids a reset.
"""

from __future__ import annotations

import hmac
import logging
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING

from desk import fill, find, freeze, prove, standing, submit
from desk.faults import reason as reason_of
from desk.journal import alarm, note
from desk.tools import Work, WorkKind
from directory.base import Capability, DirectoryError
from resets import break_glass, delivery, ruling, stepup
from resets.audit import Deed
from resets.break_glass import LONGEST_WHY, METHOD
from resets.freeze import tidy
from resets.reasons import Reason, Refused
from resets.request import Channel, Options, Plan, PlannedTarget, RequestState, ResetRequest, Why
from store import admins, index, jobs, requests
from store import break_glass as sealed

if TYPE_CHECKING:
    from desk.draft import Reach
    from desk.find import Found
    from desk.tools import Tools
    from resets.facts import Member, Offer
    from resets.outcome import Target
    from resets.request import Tier
    from store.base import Tx

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Ready:
    """One account that may be reset, and how its person is reached."""

    found: Found
    offer: Offer
    tier: Tier
    member: Member | None


@dataclass(frozen=True, slots=True)
class Broken:
    """It was used: the request, the pickup code to be told (None: none is asked for), and the next time's code."""

    request_id: str
    pickup: str | None
    next_code: str


async def new_code(tools: Tools, *, host: str) -> str:
    """Make the code that goes into the envelope, in the place of the one before; it is told this once."""
    async with tools.store.write() as tx:
        await sealed.sealed(tx)
        code = await _new(tools, tx)
        await note(tools, tx, Deed.GLASS_SEALED, host=host)
        await alarm(tools, tx, "glass_sealed", name=host, about="")
    return code


async def look(tools: Tools, login: str, reach: Reach) -> Ready:
    """Find whom somebody names, and say how they are reached, before any code is asked for.

    Raises:
        Refused: GLASS_NONE, FROZEN, NOT_FOUND, AMBIGUOUS, UNREACHABLE_PERSON, why the account may not be reset, or a
            directory could not be asked.
    """
    async with tools.store.read() as tx:
        if await sealed.sealed(tx) is None:
            raise Refused(Reason.GLASS_NONE)
        await freeze.demand(tools, tx, break_glass.nobody(tools.team))
    several = await find.exact(tools, login)
    if len(several) != 1:
        raise Refused(Reason.AMBIGUOUS if several else Reason.NOT_FOUND, typed=login)
    (found,) = several
    member = (await reach([found.account])).get(found.account.id)
    return Ready(found, *await _offered(tools, found, member), member)


async def _offered(tools: Tools, found: Found, member: Member | None) -> tuple[Offer, Tier]:
    directory, actor = tools.directory(found.directory), break_glass.nobody(tools.team)
    try:
        facts = await standing.facts(tools.rules, directory, actor.role, [found.account.id])
    except DirectoryError as error:
        raise Refused(reason_of(error), directory=tools.rules.called(found.directory)) from error
    ruled = ruling.judge(actor, found.directory, found.account, facts, tools.rules)
    if ruled.reason is not None:
        raise Refused(ruled.reason, **ruled.facts)
    async with tools.store.read() as tx:
        known = await index.addresses(tx, found.directory, found.account.id)
    mail_changed_at, recovery_changed_at = fill.addresses_changed(tools, known, found.account)
    offer = delivery.offer(
        account=found.account,
        tier=ruled.tier,
        directory=found.directory,
        capabilities=directory.capabilities,
        actor=actor,
        actor_account=None,
        member=member,
        team=tools.team,
        mail_changed_at=mail_changed_at,
        recovery_changed_at=recovery_changed_at,
        now=tools.clock(),
        rules=tools.rules,
    )
    return offer, ruled.tier


async def use(tools: Tools, ready: Ready, code: str, why: str, *, host: str) -> Broken:
    """Write, prove and enqueue one reset by the sealed code, and alarm everybody: all of it or nothing.

    Raises:
        Refused: GLASS_NONE, GLASS_WRONG, GLASS_LOCKED, CODE_WAIT or FROZEN; nothing has been changed in a directory.
    """
    async with tools.store.write() as tx:
        await freeze.demand(tools, tx, break_glass.nobody(tools.team))
        missed = await _opened(tools, tx, code, host)
        if missed is None:
            return await _record(tools, tx, ready, tidy(why)[:LONGEST_WHY], host)
    raise missed


async def _opened(tools: Tools, tx: Tx, typed: str, host: str) -> Refused | None:
    """Pay for a try, then look at the code. A miss is returned, so that its price is kept."""
    now, row = tools.clock(), await sealed.sealed(tx)
    if row is None:
        raise Refused(Reason.GLASS_NONE)
    if row.locked_at is not None:
        raise Refused(Reason.GLASS_LOCKED)
    if row.next_try_at is not None and row.next_try_at > now:
        raise Refused(Reason.CODE_WAIT, seconds=ceil((row.next_try_at - now).total_seconds()))
    wait, lock = stepup.price(row.misses)
    await sealed.pay(tx, now, wait=wait, lock=lock)
    code = break_glass.normal(typed)
    if code is not None and hmac.compare_digest(break_glass.mac(tools.store.ring.code_key, code), row.mac):
        return None
    await note(tools, tx, Deed.GLASS_MISSED, host=host, misses=row.misses + 1)
    if lock or row.misses + 1 == prove.ALARM_AT:
        await alarm(tools, tx, "glass_missed", name=host, about="")
    return Refused(Reason.GLASS_LOCKED if lock else Reason.GLASS_WRONG)


async def _record(tools: Tools, tx: Tx, ready: Ready, why: str, host: str) -> Broken:
    actor, planned, now = break_glass.nobody(tools.team), _planned(tools, ready), tools.clock()
    options = Options(
        why=Why.OTHER,
        ticket=why,
        must_change=ready.offer.can_must_change,
        clear_sessions=False,
        unlock=ready.offer.can_unlock,
        channels=ready.offer.channels,
    )
    plan = Plan(tools.team, "", "", (planned,), options, tools.rules.version)
    request = ResetRequest(tools.new_id(), actor, plan, plan.digest(), RequestState.APPROVED, now)
    can = tools.directory(planned.directory).can
    able = {"must_change": can(Capability.MUST_CHANGE), "unlock": can(Capability.UNLOCK)}
    able |= {"sessions": can(Capability.REVOKE_SESSIONS), "tokens": can(Capability.REVOKE_TOKENS)}
    target = await requests.create(tx, request, tools.new_id(), submit.steps(options, able))
    wanted = ready.offer.pickup and Channel.DM in options.channels
    told = {"login": planned.login, "name": planned.name, "host": host}
    await note(tools, tx, Deed.ASKED, by=actor, request=request, target=target, more=told)
    pickup_of = "requester" if wanted else "none"
    proof = {"method": METHOD, "pickup": pickup_of, "role": actor.role}
    await note(tools, tx, Deed.PROVED, by=actor, request=request, target=target, more=proof)
    await note(tools, tx, Deed.GLASS_USED, by=actor, request=request, target=target, host=host, why=why)
    pickup = await submit.pickup_code(tools, tx, target.id, wanted=wanted)
    await sealed.used(tx, sealed.Use(request.id, host, why, now, None))
    job = jobs.Job(tools.new_id(), WorkKind.RESET.value, request.id, target.id, {}, now)
    await jobs.add(tx, job)
    await tools.enqueue(tx, Work(WorkKind.RESET, job.id))
    await _alarm_everybody(tools, tx, request, target, host)
    tx.after_commit(lambda: log.critical("break_glass_used", extra={"request_id": request.id, "host": host}))
    return Broken(request.id, pickup, await _new(tools, tx))


def _planned(tools: Tools, ready: Ready) -> PlannedTarget:
    account, ways = ready.found.account, ready.offer.channels
    return PlannedTarget(
        directory=tools.directory(ready.found.directory).name,
        account_id=account.id,
        login=account.login,
        name=account.name,
        tier=ready.tier,
        slack_user=ready.member.person.user if ready.member and Channel.DM in ways else None,
        address=account.mail,
        recovery_address=account.recovery_mail if Channel.RECOVERY in ways else None,
    )


async def _alarm_everybody(tools: Tools, tx: Tx, request: ResetRequest, target: Target, host: str) -> None:
    """Tell the security channel, and every enrolled admin alone."""
    said = {"name": host, "about": target.planned.login, "why": request.plan.options.ticket}
    await alarm(tools, tx, "glass_used", request_id=request.id, **said)
    living = {row.actor.slack.user for row in await admins.listing(tx) if row.revoked_at is None}
    for user in sorted(living):
        await alarm(tools, tx, "glass_used", request_id=request.id, **said, to=user)


async def _new(tools: Tools, tx: Tx) -> str:
    code = break_glass.new_code(tools.randbelow)
    await sealed.seal(tx, break_glass.mac(tools.store.ring.code_key, code), tools.clock())
    return code
