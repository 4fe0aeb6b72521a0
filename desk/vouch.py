"""*Ask their manager*: whoever manages the person is asked in their own Slack to vouch, with a code of their own."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from desk import late, prove, questions, roles
from desk.claim import LEASE, LOOK_AGAIN
from desk.forms import VOUCH, open_form, opened, role_of
from desk.freeze import demand
from desk.journal import alarm, announce, note
from directory.base import Capability, DirectoryError
from resets.audit import Deed
from resets.delivery import share_mail
from resets.evidence import Evidence, How
from resets.facts import AskVouch, VouchFacts
from resets.notice import Notice, NoticeKind
from resets.reasons import Reason, Refused
from resets.request import Why
from resets.saying import SaySlack
from resets.verification import may_vouch
from resets.vouch import Vouch, VouchState, is_involved
from store import admins, forms, outbox, vouches

if TYPE_CHECKING:
    from datetime import timedelta

    from desk.find import Found
    from desk.tools import Tools
    from resets.actor import Actor, SlackPerson
    from resets.facts import Member
    from store.base import Tx

BATCH = 100  # in one transaction


async def manager(
    tools: Tools, form_id: str, person: SlackPerson, found: Found, member: Member | None
) -> Actor | Refused:
    """Return whom the form about an account may have asked to vouch, read anew, or why nobody.

    Args:
        tools: the desk's tools.
        form_id: an open reset form.
        person: who opened it.
        found: the account.
        member: the Slack person behind it, if there is one.

    Raises:
        Refused: the form is not good.
    """
    async with tools.store.read(short=True) as tx:
        requester = (await opened(tools, tx, form_id, person)).actor
    nobody = Refused(Reason.NO_MANAGER, login=found.account.login, directory=tools.rules.called(found.directory))
    directory = tools.directory(found.directory)
    if not directory.can(Capability.MANAGER) or not any(map(may_vouch, tools.rules.verification.values())):
        return nobody
    try:
        async with asyncio.timeout(roles.QUICK):
            boss = await directory.manager(found.account)
    except (DirectoryError, TimeoutError):
        return Refused(Reason.MANAGER_UNREAD, **nobody.facts)
    if boss is None:
        return nobody
    async with tools.store.read(short=True) as tx:
        rows = await admins.of_account(tx, found.directory, boss.id)
    facts = {**nobody.facts, "user": boss.name}
    users = (found.account.slack_user, member.person.user if member else None)
    theirs = (found.directory, found.account.id)
    if not rows:
        return Refused(Reason.MANAGER_NOT_ENROLLED, **facts)
    reads = tools.rules.mail_password and share_mail(boss, found.account)
    if reads or any(is_involved(row.actor, requester, theirs, users) for row in rows):
        return Refused(Reason.MANAGER_INVOLVED, **facts)
    able = [row.actor for row in rows if _is_able(tools, row)]
    # Several enrolments of an account are one person: one that is frozen freezes all.
    if boss.disabled or not able or any(row.frozen_at is not None for row in rows):
        return Refused(Reason.MANAGER_UNABLE, **facts)
    return able[0]


def _is_able(tools: Tools, row: admins.AdminRow | None) -> bool:
    """Say whether somebody's enrolment is good for anything now, as far as we know without a directory."""
    if row is None or row.revoked_at is not None or row.frozen_at is not None:
        return False
    try:
        roles.configured(tools, row.actor)
    except Refused:
        return False
    return True


async def ask(tools: Tools, form_id: str, person: SlackPerson, why: str) -> Vouch:
    """Ask the manager of whom a form is about, once; asked again, return how that stands. Touches no network.

    With another reason they are asked anew, and nobody waits for a word on the earlier one.

    Args:
        tools: the desk's tools.
        form_id: a filled reset form.
        person: whose it is.
        why: the reason that is chosen there at this moment, raw.

    Raises:
        Refused: NO_ROLE, the form is not good, FROZEN, ACTOR_FROZEN, CHOICE_INVALID, CANNOT, MANAGER_UNABLE,
            CALLER_DENIED or TOO_MANY_NUMBERS.
    """
    try:
        reason = Why(why)
    except ValueError as error:
        raise Refused(Reason.CHOICE_INVALID) from error
    async with tools.store.write(waited_for=True) as tx:
        await demand(tools, tx, await role_of(tx, person))
        form = await opened(tools, tx, form_id, person)  # once nobody sends it meanwhile: who does holds the same row
        frozen: dict[str, Any] = form.form.state.get("target") or {}
        if not frozen.get("manager"):
            raise Refused(Reason.CANNOT)
        earlier = await vouches.of_form(tx, form_id)
        for found in earlier:
            if found.state is VouchState.DENIED or (found.why is reason and _stands(tools, found)):
                return found
        row = await admins.by_id(tx, str(frozen["manager"]))
        if row is None or not _is_able(tools, row):
            raise Refused(Reason.MANAGER_UNABLE, login=frozen["login"])
        await questions.demand(tools, tx, form.actor, frozen["directory"], frozen["account_id"])
        await withdraw(tools, tx, form_id)  # one with another reason
        asked = Vouch(
            id=tools.new_id(),
            form_id=form_id,
            requester=form.actor,
            manager=row.actor,
            directory=frozen["directory"],
            account_id=frozen["account_id"],
            login=frozen["login"],
            name=frozen["name"],
            why=reason,
            state=VouchState.WAITING,
            asked_at=tools.clock(),
            expires_at=tools.clock() + tools.rules.vouch_life,
        )
        await vouches.add(tx, asked)
        await note(tools, tx, Deed.VOUCH_ASKED, by=form.actor, more=_about(asked))
        await _tell(tools, tx, asked)
        return asked


def _stands(tools: Tools, asked: Vouch) -> bool:
    return asked.waits(tools.clock()) or asked.state is VouchState.VOUCHED


async def shown_in(tools: Tools, asked: Vouch, view_id: str) -> Vouch:
    """Note in which modal the requester sees how it goes, and return how it stands by now."""
    async with tools.store.write() as tx:
        await vouches.shown_in(tx, asked.id, view_id)
        return await vouches.get(tx, asked.id) or asked


async def begin(tools: Tools, vouch_id: str, person: SlackPerson) -> AskVouch:
    """Open the question for the manager's code, which then stands for this one person and this one form.

    Raises:
        Refused: NOT_YOURS, NO_ROLE, FROZEN, ACTOR_FROZEN (the manager, or who asks), VOUCH_OVER, or what
            `roles.demand` refuses.
    """
    async with tools.store.read() as tx:
        asked = await _theirs(tools, tx, vouch_id, person)
        actor = await role_of(tx, person)
        await demand(tools, tx, actor)
        await _demand_able(tools, tx, asked, actor)
    await roles.demand(tools, actor, patience=roles.QUICK)
    async with tools.store.write(waited_for=True) as tx:
        form_id = await open_form(tools, tx, VOUCH, person, actor, {"vouch": asked.id})
    return AskVouch(form_id, _facts(tools, asked))


async def vouch(tools: Tools, form_id: str, person: SlackPerson, code: str) -> Vouch:
    """Take the manager's word, once, with their own code. Touches no network; safe to call before an ack.

    Raises:
        Refused: the form is not good, a CODE_ reason, or what `begin` refuses.
    """
    async with tools.store.write(waited_for=True) as tx:
        form = await opened(tools, tx, form_id, person, VOUCH)
        await demand(tools, tx, form.actor)
        asked = await _theirs(tools, tx, str(form.form.state["vouch"]), person)
        await _demand_able(tools, tx, asked, form.actor)
        missed = await prove.step_up(tools, tx, form.actor, code)
        if missed is None:
            await forms.use(tx, form_id, tools.clock())
            await vouches.move(tx, asked, VouchState.VOUCHED)
            await note(tools, tx, Deed.VOUCHED, by=form.actor, more={**_about(asked), "method": "totp"})
            await _tell(tools, tx, asked)
            return await vouches.get(tx, asked.id) or asked
    raise missed


async def deny(tools: Tools, vouch_id: str, person: SlackPerson) -> Vouch:
    """Take *I do not know of this*, which takes no code and no role: to stop is always allowed.

    Once it is over, or they have vouched, it changes nothing of that, but alarms, once.

    Raises:
        Refused: NOT_YOURS.
    """
    async with tools.store.write(waited_for=True) as tx:
        asked = await _theirs(tools, tx, vouch_id, person)
        if asked.waits(tools.clock()):
            if await vouches.move(tx, asked, VouchState.DENIED):
                await note(tools, tx, Deed.VOUCH_DENIED, by=asked.manager, more=_about(asked))
                await alarm(tools, tx, Deed.VOUCH_DENIED.value, **_alarmed(asked))
                await _tell(tools, tx, asked)
        elif asked.state is not VouchState.DENIED:
            await _denied_late(tools, tx, asked)
        return await vouches.get(tx, asked.id) or asked


async def _denied_late(tools: Tools, tx: Tx, asked: Vouch) -> None:
    if await vouches.move(tx, asked, VouchState.EXPIRED):  # no round has come by since
        asked = replace(asked, state=VouchState.EXPIRED)
    if await vouches.deny_late(tx, asked):
        by, alarmed = asked.manager, _alarmed(asked)
        await late.said(tools, tx, Deed.VOUCH_DENIED_LATE, asked, by=by, alarmed=alarmed, more=_about(asked))
        await _tell(tools, tx, asked)


def _alarmed(asked: Vouch) -> dict[str, str]:
    by = f"{asked.manager.name}; asked by {asked.requester.name} ({asked.requester.login})"
    return {"about": f"{asked.login} ({asked.directory})", "user": asked.manager.slack.user, "name": by}


async def _theirs(tools: Tools, tx: Tx, vouch_id: str, person: SlackPerson) -> Vouch:
    """Return a question that was put to this very person; in a write, nobody else moves it until that ends."""
    found = await vouches.get(tx, vouch_id)
    if found is None or found.manager.slack != person or person.team != tools.team:
        raise Refused(Reason.NOT_YOURS)
    return found


async def _demand_able(tools: Tools, tx: Tx, asked: Vouch, actor: Actor) -> None:
    """Refuse a word for which nobody waits, of somebody who may say nothing, or on behalf of somebody who may not ask.

    Raises:
        Refused: VOUCH_OVER, NO_ROLE or ACTOR_FROZEN.
    """
    requester = await admins.by_id(tx, asked.requester.id)
    gone = requester is None or requester.revoked_at is not None
    if gone or actor.id != asked.manager.id or not asked.waits(tools.clock()):
        raise Refused(Reason.VOUCH_OVER)
    roles.configured(tools, actor)
    if requester is not None and requester.frozen_at is not None:
        raise Refused(Reason.ACTOR_FROZEN, login=asked.requester.login)


async def words(tools: Tools, tx: Tx, form_id: str, account: tuple[str, str]) -> dict[Why, Evidence]:
    """Return the manager's words for a form's account that count still, each by the one reason that they were shown.

    They are held until the write ends.
    """
    given: dict[Why, Evidence] = {}
    for found in await vouches.of_form(tx, form_id):
        said = found.state is VouchState.VOUCHED and (found.directory, found.account_id) == account
        if said and _is_able(tools, await admins.by_id(tx, found.manager.id)):
            given[found.why] = Evidence(How.MANAGER, found.id, found.manager)
    return given


async def withdraw(tools: Tools, tx: Tx, form_id: str) -> None:
    """Wait no longer: the form was sent on other evidence, or the manager is asked anew with another reason."""
    for found in await vouches.of_form(tx, form_id):
        if await vouches.move(tx, found, VouchState.WITHDRAWN):
            await _tell(tools, tx, found)


async def expire(tools: Tools) -> int:
    """End those that nobody answered in time, and say so to the manager; returns how many. Twice is once."""
    async with tools.store.read() as tx:
        due = await vouches.due(tx, tools.clock(), BATCH)
    ended = 0
    for vouch_id in due:
        async with tools.store.write() as tx:
            found = await vouches.get(tx, vouch_id)
            if found is not None and await vouches.move(tx, found, VouchState.EXPIRED):
                await _tell(tools, tx, found)
                ended += 1
    return ended


async def saying(tools: Tools, tx: Tx, notice: Notice) -> SaySlack | timedelta | None:
    """Make the manager's message ready, as it has to look now; None where there is nothing to say.

    Returns:
        a timedelta where an earlier word has to be said first, or another process says this one.
    """
    if await outbox.earlier_waiting(tx, notice):
        return LOOK_AGAIN
    vouch_id = notice.target_id or ""
    found = await vouches.get(tx, vouch_id)
    place, stamp = await outbox.place_of(tx, NoticeKind.VOUCH, target_id=vouch_id) or (None, None)
    if found is None or (stamp is None and not found.waits(tools.clock())):
        await outbox.fail(tx, notice.id)
        return None
    attempt = await outbox.tried(tx, notice.id, LEASE)
    if not attempt:
        return LOOK_AGAIN
    to = found.manager.slack.user
    facts = replace(_facts(tools, found), late=await late.meanwhile(tx, found))
    return SaySlack(notice.id, to, facts, place, stamp, attempt, must_be_member=True)


def _facts(tools: Tools, asked: Vouch) -> VouchFacts:
    return VouchFacts(
        id=asked.id,
        requester=asked.requester.slack,
        requester_name=asked.requester.name,
        directory=tools.rules.called(asked.directory),
        login=asked.login,
        name=asked.name,
        why=asked.why,
        state=asked.state,
        expires_at=asked.expires_at,
    )


async def _tell(tools: Tools, tx: Tx, asked: Vouch) -> None:
    await announce(tools, tx, NoticeKind.VOUCH, target_id=asked.id)


def _about(asked: Vouch) -> dict[str, str | int]:
    about = {"account": f"{asked.directory}/{asked.account_id}", "login": asked.login}
    return {"vouch": asked.id, **about, "manager": f"{asked.manager.directory}/{asked.manager.account_id}"}
