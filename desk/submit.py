"""The one submission: the request is built from what we froze, proved by the code, and put on its way."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from desk import ask, change, freeze, limits, number, prove, reviews, signals, verify, vouch
from desk.forms import opened
from desk.journal import current, note
from resets import pickup
from resets.audit import Deed
from resets.facts import Queued
from resets.outcome import Step, StepRecord, StepState
from resets.reasons import Reason, Refused
from resets.request import Channel, Options, Plan, PlannedTarget, RequestState, ResetRequest, Tier, Why
from store import forms, requests
from store import pickup as pickups

if TYPE_CHECKING:
    from desk.tools import Tools
    from resets.actor import Actor, SlackPerson
    from resets.demand import Demand
    from store.base import Tx

MAX_TICKET = 200


@dataclass(frozen=True, slots=True)
class Answer:
    """What a person sent back, raw: every field is checked against what was offered."""

    why: str
    ticket: str
    must_change: bool
    clear_sessions: bool
    unlock: bool
    channels: tuple[str, ...]
    code: str
    verified: str = ""  # how the caller was; "": not said


async def reset(tools: Tools, form_id: str, person: SlackPerson, answer: Answer) -> Queued:
    """Write, prove and enqueue one reset, or let it wait for those who have to agree: all of it or nothing.

    Touches no network; safe to call before an ack.

    Raises:
        Refused: the form is not good, FROZEN, ACTOR_FROZEN, CHOICE_INVALID, what `verify.evidence` refuses,
            NEEDS_PASSKEY, NO_APPROVALS, NOBODY_APPROVES, what `change.hold` refuses, a CODE_ reason, or, with a
            code that is spent, RESETS_USED_UP, TOO_MANY_OPEN, RESET_LATELY or ALL_USED_UP; nothing has been changed
            in a directory, and what was to be replaced still waits.
    """
    async with tools.store.write(waited_for=True) as tx:
        form = await opened(tools, tx, form_id, person)
        frozen: dict[str, Any] | None = form.form.state.get("target")
        if frozen is None:
            raise Refused(Reason.FORM_UNKNOWN)
        await freeze.demand(tools, tx, form.actor)
        options = _options(answer, frozen)
        evidence = await verify.evidence(tools, tx, form.form, answer.verified, options)
        plan = _plan(tools, form.actor, frozen, replace(options, evidence=evidence))
        request = ResetRequest(tools.new_id(), form.actor, plan, plan.digest(), RequestState.APPROVED, tools.clock())
        whose = str(frozen.get("person") or "")
        asked, able = await ask.demanded(tools, tx, request, [one.tier for one in plan.targets], person=whose)
        if asked.level == 1:
            await reviews.demand(tools, tx)
        old = await change.hold(tx, form)
        missed = await prove.step_up(tools, tx, form.actor, answer.code)
        missed = missed or await limits.single(tools, tx, form.actor, plan.targets[0], besides=old.id if old else "")
        if missed is None:
            if not await forms.use(tx, form_id, tools.clock()):
                raise Refused(Reason.FORM_USED)
            await number.withdraw(tools, tx, form_id)
            await vouch.withdraw(tools, tx, form_id)
            if old is not None:
                await change.replace(tools, tx, old, request)
            return await _record(tools, tx, request, frozen, asked, able, old)
    if missed.reason is Reason.ALL_USED_UP:
        await freeze.by_itself(tools, missed.reason)
    raise missed


async def _record(
    tools: Tools,
    tx: Tx,
    request: ResetRequest,
    frozen: dict[str, Any],
    asked: Demand,
    able: tuple[str, ...],
    old: ResetRequest | None,
) -> Queued:
    """Write the request and its proof, with its job or with whom it waits for, and what the requester will hear."""
    if asked.approvals:
        request = replace(request, state=RequestState.PROVED)
    plan, actor = request.plan, request.requester
    planned = plan.targets[0]
    target = await requests.create(tx, request, tools.new_id(), steps(plan.options, frozen["can"]))
    wanted = bool(frozen["pickup"]) and Channel.DM in plan.options.channels
    # What *Show* will ask for stands in the journal: the row of a code that is gone is not "none wanted".
    pickup_of = {True: "requester", False: "none"}[wanted]
    told = {"login": planned.login, "name": planned.name}
    told |= {"verified": " ".join(each.how for each in plan.options.evidence)} if plan.options.evidence else {}
    await note(tools, tx, Deed.ASKED, by=actor, request=request, target=target, more=told)
    facts: dict[str, str | int] = {"method": "totp", "pickup": pickup_of, "role": actor.role}
    known = {"person": str(frozen.get("person") or "")} | ({"replaces": old.id} if old else {})
    awaited = await ask.wait(tools, tx, request, target, asked, able, facts | known) if asked.approvals else None
    code = await pickup_code(tools, tx, target.id, wanted=wanted)
    await signals.of_request(tools, tx, actor, request.id)
    if awaited is not None:
        await current(tools, tx, target)
    else:
        await note(tools, tx, Deed.PROVED, by=actor, request=request, target=target, more=facts)
        await ask.put_on_its_way(tools, tx, request, target)
    return Queued(request.id, planned.name, planned.login, plan.options.channels, code, awaited)


async def pickup_code(tools: Tools, tx: Tx, target_id: str, *, wanted: bool) -> str | None:
    """Keep a keyed hash of a new pickup code and return the code, to be shown this once."""
    code = pickup.new_code(tools.randbelow) if wanted else None
    mac = pickup.mac(tools.store.ring.code_key, target_id, code) if code else None
    await pickups.set(tx, target_id, mac, pickup.TRIES)
    return code


def _options(answer: Answer, frozen: dict[str, Any]) -> Options:
    can: dict[str, bool] = frozen["can"]
    offered = frozenset(frozen["channels"])
    chosen = frozenset(answer.channels)
    try:
        why = Why(answer.why)
    except ValueError as error:
        raise Refused(Reason.CHOICE_INVALID, field="why") from error
    if not chosen or not chosen <= offered:
        raise Refused(Reason.CHOICE_INVALID, field="delivery")
    ticket = " ".join(answer.ticket.split())
    if len(ticket) > MAX_TICKET:
        raise Refused(Reason.CHOICE_INVALID, field="ticket")
    return Options(
        why=why,
        ticket=ticket,
        must_change=answer.must_change and can["must_change"],
        clear_sessions=answer.clear_sessions or why is Why.COMPROMISE,
        unlock=answer.unlock and can["unlock"],
        channels=tuple(c for c in Channel if c.value in chosen),
    )


def _plan(tools: Tools, actor: Actor, frozen: dict[str, Any], options: Options) -> Plan:
    channels = options.channels
    target = PlannedTarget(
        directory=frozen["directory"],
        account_id=frozen["account_id"],
        login=frozen["login"],
        name=frozen["name"],
        tier=Tier(frozen["tier"]),
        slack_user=frozen["slack_user"] if Channel.DM in channels else None,
        address=frozen["address"],
        recovery_address=frozen["recovery_address"] if Channel.RECOVERY in channels else None,
    )
    return Plan(
        team=tools.team,
        requester_account_id=actor.account_id,
        requester_directory=actor.directory,
        targets=(target,),
        options=options,
        policy_version=tools.rules.version,
    )


def steps(options: Options, can: dict[str, bool]) -> tuple[StepRecord, ...]:
    """Return every step with what is already known of it: to do, not asked for, or not possible here."""

    def step(step: Step, *, wanted: bool, able: bool = True) -> StepRecord:
        if not wanted:
            return StepRecord(step, StepState.SKIPPED)
        return StepRecord(step, StepState.TODO if able else StepState.CANNOT)

    return (
        step(Step.SET, wanted=True),
        step(Step.MUST_CHANGE, wanted=options.must_change or not can["must_change"], able=can["must_change"]),
        step(Step.UNLOCK, wanted=options.unlock, able=can["unlock"]),
        step(Step.SESSIONS, wanted=options.clear_sessions, able=can["sessions"]),
        step(Step.TOKENS, wanted=options.clear_sessions, able=can["tokens"]),
        step(Step.DELIVER, wanted=True),
    )
