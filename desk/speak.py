"""Making a notice ready to be said, and recording how it went. The words and the wires are elsewhere."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from desk import card, number, speak_bulk, speak_card, vouch
from desk.claim import LEASE, LOOK_AGAIN
from desk.deliver import CARRIERS
from desk.dossier import PURPOSE, proof_of
from desk.journal import current, note
from desk.retry import open_steps
from desk.sealed import unsealed
from desk.speak_card import MY_TURN
from resets.actor import SlackPerson
from resets.audit import Deed
from resets.facts import AlarmFacts, AlarmMail, MailFacts, ShowFacts, StatusFacts
from resets.notice import Notice, NoticeKind, NoticeState
from resets.outcome import Step, StepRecord, StepState, Target
from resets.reasons import Reason, Refused
from resets.request import Channel, TargetState
from resets.saying import SayFile, SayMail, SaySlack
from store import freezes, outbox, pickup, requests, vault

if TYPE_CHECKING:
    from desk.tools import Tools
    from resets.request import ResetRequest
    from store.base import Tx

MAX_TRIES = 12  # with the waits below, about an hour
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=2), timedelta(minutes=10)
MAILS = (NoticeKind.MAIL_PASSWORD, NoticeKind.MAIL_PASSWORD_RECOVERY, NoticeKind.MAIL_NOTICE)
PASSWORD_MAILS = (NoticeKind.MAIL_PASSWORD, NoticeKind.MAIL_PASSWORD_RECOVERY)
KEPT_CURRENT = (NoticeKind.STATUS, NoticeKind.SHOW)
ENDED = (Step.SESSIONS, Step.TOKENS)  # what ends after a "not me", where the directory can
NOT_BEGUN = (TargetState.NEW, TargetState.SEALED)
ALIVE = (TargetState.SET, TargetState.DELIVERED)


async def prepare(tools: Tools, notice_id: str) -> SaySlack | SayFile | SayMail | timedelta | None:
    """Make a notice ready, and take it on for a while (`desk.claim`).

    Returns:
        None: there is nothing (more) to say; a timedelta: another one has to be said first, or another process says it.
    """
    async with tools.store.write() as tx:
        notice = await outbox.get(tx, notice_id)
        if notice is None or notice.state is not NoticeState.WAITING:
            return None
        alone = ALONE.get(notice.kind)
        if alone is not None:
            return await alone(tools, tx, notice)
        if notice.kind not in speak_bulk.KINDS:
            return await _of_one(tools, tx, notice)
        if (wait := await speak_bulk.unripe(tx, notice)) is not None:
            return wait
        attempt = await outbox.tried(tx, notice_id, LEASE)
    return await speak_bulk.prepare(tools, notice, attempt) if attempt else LOOK_AGAIN


async def _of_one(tools: Tools, tx: Tx, notice: Notice) -> SaySlack | SayMail | timedelta | None:
    """Make a notice about one person's reset ready."""
    if notice.kind in KEPT_CURRENT and await outbox.earlier_waiting(tx, notice):
        return MY_TURN
    attempt = await outbox.tried(tx, notice.id, LEASE)  # written before it is said: after a crash it may have been
    if not attempt:
        return LOOK_AGAIN
    # Read only now: what is written from here on writes a notice of its own (`desk.journal.current`).
    found = await requests.pair(tx, notice.target_id or "")
    if found is None or found[0].id != notice.request_id:
        await outbox.fail(tx, notice.id)
        return None
    request, target = found
    if notice.kind in MAILS:
        return await _mail(tools, tx, notice, attempt, request, target)
    return await _slack(tools, tx, notice, attempt, request, target)


async def said(tools: Tools, notice_id: str, place: str, stamp: str) -> None:
    """Record that a notice was said, and, of one that hands over the password, that it is delivered."""
    async with tools.store.write() as tx:
        notice = await outbox.get(tx, notice_id)
        if notice is None or notice.state is not NoticeState.WAITING:
            return
        await outbox.said(tx, notice_id, place, stamp)
        if notice.kind not in CARRIERS.values():
            return
        # Two words to one person may end at once: their row first, then the journal's, or each waits for the other.
        await requests.states(tx, [notice.target_id or ""])
        found = await requests.pair(tx, notice.target_id or "")
        if found is None or found[0].id != notice.request_id:
            return
        request, target = found
        if notice.kind in PASSWORD_MAILS:
            await note(tools, tx, Deed.MAILED, request=request, target=target, kind=notice.kind.value)
            await _mailed(tx, request, target)
        if target.step(Step.DELIVER).state not in (StepState.UNDER_WAY, StepState.FAILED):
            return  # a later word on what was delivered already
        await requests.record_step(tx, target.id, StepRecord(Step.DELIVER, StepState.DONE))
        if await requests.move_target(tx, target.id, (TargetState.SET,), TargetState.DELIVERED):
            await note(tools, tx, Deed.DELIVERED, request=request, target=target, kind=notice.kind.value)
        await current(tools, tx, target)


async def failed(
    tools: Tools,
    notice_id: str,
    attempt: int,
    reason: Reason,
    *,
    after: timedelta | None = None,
    retryable: bool = True,
) -> timedelta | None:
    """Record a try that went wrong. Returns how long to wait before the next, or None when it is given up."""
    async with tools.store.write() as tx:
        notice = await outbox.get(tx, notice_id)
        if notice is None or notice.state is not NoticeState.WAITING:
            return None
        if not await outbox.let_go(tx, notice_id, attempt):
            return LOOK_AGAIN  # it took so long that another has begun anew: how it stands is for that one to say
        if retryable and (notice.attempts < MAX_TRIES or speak_card.lasts(tools, notice)):
            return after or min(FIRST_WAIT * 2 ** max(notice.attempts - 1, 0), LONGEST_WAIT)
        await outbox.fail(tx, notice_id)
        await speak_card.given_up(tools, tx, notice)
        found = await requests.pair(tx, notice.target_id or "") if notice.kind in CARRIERS.values() else None
        if found is None or found[0].id != notice.request_id:
            return None
        request, target = found
        if target.step(Step.DELIVER).state is StepState.UNDER_WAY and not await _another_way(
            tx, request, target, notice
        ):
            await requests.record_step(tx, target.id, StepRecord(Step.DELIVER, StepState.FAILED, reason))
            await note(tools, tx, Deed.STEP_FAILED, request=request, target=target, step="deliver", reason=reason.value)
        await current(tools, tx, target)
    return None


async def _unsent(tx: Tx, request: ResetRequest, target: Target) -> tuple[Channel, ...]:
    """Return those channels that were given up, so that nobody is told that all of them worked."""
    channels = request.plan.channels_of(target.planned)
    return tuple([c for c in channels if await outbox.given_up(tx, CARRIERS[c], target_id=target.id)])


async def _another_way(tx: Tx, request: ResetRequest, target: Target, notice: Notice) -> bool:
    """Say whether another notice may still hand the password over."""
    for channel in request.plan.channels_of(target.planned):
        kind = CARRIERS[channel]
        if kind is not notice.kind and await outbox.any_waiting(tx, kind, target_id=notice.target_id or ""):
            return True
    return False


async def _mailed(tx: Tx, request: ResetRequest, target: Target) -> None:
    """After a mail with the password: destroy it, unless another way still needs it.

    Without must-change nobody can see whether the person took it into use, so that it may not be taken back.
    """
    if target.step(Step.MUST_CHANGE).state is not StepState.DONE:
        await requests.move_target(tx, target.id, (target.state,), target.state, expires_at=None)
    waits = [
        kind
        for channel in request.plan.channels_of(target.planned)
        if (kind := CARRIERS[channel]) in PASSWORD_MAILS and await outbox.any_waiting(tx, kind, target_id=target.id)
    ]
    if Channel.DM not in request.plan.channels_of(target.planned) and not waits:
        await vault.wipe(tx, PURPOSE, target.id)


async def _slack(
    tools: Tools, tx: Tx, notice: Notice, attempt: int, request: ResetRequest, target: Target
) -> SaySlack | None:
    facts: StatusFacts | ShowFacts
    if notice.kind is NoticeKind.STATUS:
        unsent = await _unsent(tx, request, target)
        stands = await freezes.standing(tx) if target.state in NOT_BEGUN else None
        to = request.requester.slack.user
        awaited = await card.awaited(tools, tx, request)
        facts = replace(status(tools, request, target), unsent=unsent, freeze=stands, awaited=awaited)
        at = await outbox.place_of(tx, NoticeKind.STATUS, request_id=request.id)
        if not to:  # by break-glass: nobody in Slack has asked
            await outbox.fail(tx, notice.id)
            return None
    else:
        to = target.planned.slack_user or ""
        row = await pickup.get(tx, target.id)
        asked = row is not None and row.mac is not None
        facts = _show(tools, request, target, asked=asked)
        at = await outbox.place_of(tx, NoticeKind.SHOW, target_id=target.id)
        if at is None and target.state not in ALIVE:
            await outbox.fail(tx, notice.id)
            return None
    place, stamp = at or (None, None)
    return SaySlack(notice.id, to, facts, place, stamp, attempt, must_be_member=notice.kind is NoticeKind.SHOW)


def status(tools: Tools, request: ResetRequest, target: Target) -> StatusFacts:
    """Return one request as its requester may see it now."""
    planned, options = target.planned, request.plan.options
    reason = target.reason or target.step(Step.SET).reason
    facts: dict[str, str | int] = {
        "role": request.requester.role,
        "login": planned.login,
        "directory": tools.rules.called(planned.directory),
        "directory_key": planned.directory,
        "domain": (planned.address or "").rpartition("@")[2],
    }
    return StatusFacts(
        request_id=request.id,
        target_id=target.id,
        requester=request.requester.slack,
        directory=tools.rules.called(planned.directory),
        login=planned.login,
        name=planned.name,
        why=options.why,
        ticket=options.ticket,
        state=request.state,
        target_state=target.state,
        reason=reason,
        facts=facts,
        steps=tuple(target.step(s) for s in Step),
        channels=options.channels,
        retry=open_steps(request, target, tools.clock()),
        asked_at=request.asked_at,
        set_at=target.set_at,
        expires_at=target.expires_at,
        collected_at=target.collected_at,
        signed_in_at=target.signed_in_at,
        evidence=options.evidence,
    )


def _show(tools: Tools, request: ResetRequest, target: Target, *, asked: bool) -> ShowFacts:
    return ShowFacts(
        request_id=request.id,
        target_id=target.id,
        target=SlackPerson(tools.team, target.planned.slack_user or ""),
        requester=request.requester.slack,
        requester_name=request.requester.name,
        directory=tools.rules.called(target.planned.directory),
        login=target.planned.login,
        state=target.state,
        must_change=target.step(Step.MUST_CHANGE).state is StepState.DONE,
        pickup=asked,
        expires_at=target.expires_at,
        collected_at=target.collected_at,
        reason=target.reason,
        ended=tuple(map(target.step, ENDED)) if target.reason is Reason.PASSWORD_CHANGED else (),
    )


async def _mail(
    tools: Tools, tx: Tx, notice: Notice, attempt: int, request: ResetRequest, target: Target
) -> SayMail | None:
    carries = notice.kind in PASSWORD_MAILS
    # A notice, its way and its address are rows that may have been written over; the password goes by what was proved.
    ways = map(CARRIERS.get, request.plan.channels_of(target.planned))
    due = carries and target.state in ALIVE and notice.kind in ways
    try:
        proved = due and await proof_of(tx, request, target) is not None
        secret = await unsealed(tx, PURPOSE, target.id) if proved else None
    except Refused:
        secret = None
    planned = target.planned
    to = planned.recovery_address if notice.kind is NoticeKind.MAIL_PASSWORD_RECOVERY else planned.address
    if to is None or (carries and secret is None):
        await outbox.fail(tx, notice.id)
        return None
    ended = (StepState.DONE,)
    facts = MailFacts(
        to=to,
        name=planned.name,
        login=planned.login,
        directory=tools.rules.called(planned.directory),
        requester_name=request.requester.name,
        asked_at=request.asked_at,
        must_change=target.step(Step.MUST_CHANGE).state is StepState.DONE,
        sessions_cleared=target.step(Step.SESSIONS).state in ended or target.step(Step.TOKENS).state in ended,
        by_dm=Channel.DM in request.plan.channels_of(planned),
        expires_at=target.expires_at,
        with_password=carries,
    )
    return SayMail(notice.id, facts, secret, f"<{notice.id}@rekey.invalid>", attempt)


async def _alarm(tools: Tools, tx: Tx, notice: Notice) -> SaySlack | SayMail | timedelta | None:
    facts, by_mail = notice.facts, notice.kind is NoticeKind.MAIL_ALARM
    to = tools.security_mail if by_mail else facts.get("to") or tools.security_channel
    if not to:
        await outbox.fail(tx, notice.id)
        return None
    attempt = await outbox.tried(tx, notice.id, LEASE)
    if not attempt:
        return LOOK_AGAIN
    what: Reason | str = facts["what"]
    if what in set(Reason):
        what = Reason(what)
    who = SlackPerson(tools.team, facts["user"]) if facts.get("user") else None
    ended = tuple(StepRecord(step, StepState(facts[step])) for step in ENDED if step in facts)
    name, about, why = facts.get("name", ""), facts.get("about", ""), facts.get("why", "")
    alarm = AlarmFacts(what, who, name, about, notice.request_id, notice.created_at, ended, why)
    if by_mail:
        return SayMail(notice.id, AlarmMail(to, alarm), None, f"<{notice.id}@rekey.invalid>", attempt)
    return SaySlack(notice.id, to, alarm, None, None, attempt, must_be_member="to" in facts)


# What is made ready in the transaction that counts the try.
ALONE = {
    NoticeKind.ALARM: _alarm,
    NoticeKind.MAIL_ALARM: _alarm,
    NoticeKind.NUMBER: number.saying,
    NoticeKind.VOUCH: vouch.saying,
    NoticeKind.CARD: speak_card.prepare,
    NoticeKind.REMINDER: speak_card.remind,
    NoticeKind.HISTORY: speak_card.line,
}
