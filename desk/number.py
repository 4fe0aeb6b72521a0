"""*Verify this person*: the person is asked in their own Slack which number the caller was read."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from desk import late, questions
from desk.claim import LEASE, LOOK_AGAIN
from desk.forms import opened, role_of
from desk.freeze import demand
from desk.journal import alarm, announce, note
from resets.actor import SlackPerson
from resets.audit import Deed
from resets.evidence import Evidence, How
from resets.facts import MatchFacts
from resets.notice import Notice, NoticeKind
from resets.number import AGAINST, MatchState, NumberMatch, draw
from resets.reasons import Reason, Refused
from resets.saying import SaySlack
from store import numbers, outbox

if TYPE_CHECKING:
    from datetime import timedelta

    from desk.tools import Tools
    from resets.actor import Actor
    from store.base import Tx

BATCH = 100  # in one transaction

_DEED = {
    MatchState.MATCHED: Deed.NUMBER_MATCHED,
    MatchState.WRONG: Deed.NUMBER_WRONG,
    MatchState.DENIED: Deed.NUMBER_DENIED,
}


async def ask(tools: Tools, form_id: str, person: SlackPerson) -> NumberMatch:
    """Ask the person whom a form is about, once; asked again, return how that stands. Touches no network.

    Raises:
        Refused: NO_ROLE, the form is not good, FROZEN, ACTOR_FROZEN, CANNOT, CALLER_DENIED or TOO_MANY_NUMBERS.
    """
    async with tools.store.write(waited_for=True) as tx:
        await demand(tools, tx, await role_of(tx, person))
        form = await opened(tools, tx, form_id, person)  # once nobody sends it meanwhile: who does holds the same row
        frozen: dict[str, Any] = form.form.state.get("target") or {}
        if not frozen.get("number"):
            raise Refused(Reason.CANNOT)
        now = tools.clock()
        for match in await numbers.of_form(tx, form_id):
            if match.waits(now) or match.state is MatchState.MATCHED or match.state in AGAINST:
                return match
        await questions.demand(tools, tx, form.actor, frozen["directory"], frozen["account_id"])
        match = _drawn(tools, form_id, form.actor, frozen)
        await numbers.add(tx, match)
        await note(tools, tx, Deed.NUMBER_ASKED, by=form.actor, more=_about(match))
        await _tell(tools, tx, match)
        return match


def _drawn(tools: Tools, form_id: str, actor: Actor, frozen: dict[str, Any]) -> NumberMatch:
    drawn, right = draw(tools.randbelow)
    return NumberMatch(
        id=tools.new_id(),
        form_id=form_id,
        requester=actor,
        person=SlackPerson(tools.team, frozen["slack_user"]),
        directory=frozen["directory"],
        account_id=frozen["account_id"],
        login=frozen["login"],
        name=frozen["name"],
        numbers=drawn,
        right=right,
        state=MatchState.WAITING,
        asked_at=tools.clock(),
        expires_at=tools.clock() + tools.rules.number_life,
    )


async def shown_in(tools: Tools, match: NumberMatch, view_id: str) -> NumberMatch:
    """Note in which modal the requester sees how it goes, and return how it stands by now."""
    async with tools.store.write() as tx:
        await numbers.shown_in(tx, match.id, view_id)
        return await numbers.get(tx, match.id) or match


async def press(tools: Tools, match_id: str, number: int | None, person: SlackPerson) -> NumberMatch:
    """Take the one press of the one person. A later one changes nothing, but alarms, once, where it is the first no.

    Args:
        tools: the desk's tools.
        match_id: as it stands in the button.
        number: the one that was pressed; None for *I did not ask for this*.
        person: who pressed.

    Raises:
        Refused: NOT_YOURS, or NUMBER_OVER: the right one, for which nobody waits any more.
    """
    async with tools.store.write(waited_for=True) as tx:
        match = await numbers.get(tx, match_id)
        if match is None or match.person != person or person.team != tools.team:
            raise Refused(Reason.NOT_YOURS)
        state = match.pressed(number)
        if match.waits(tools.clock()):
            if await numbers.move(tx, match, state):
                await _ended(tools, tx, match, state)
        elif state in AGAINST and match.state not in AGAINST:
            await _denied_late(tools, tx, match, state)
        elif match.state not in _DEED:
            raise Refused(Reason.NUMBER_OVER)
        return await numbers.get(tx, match_id) or match


async def _ended(tools: Tools, tx: Tx, match: NumberMatch, state: MatchState) -> None:
    await note(tools, tx, _DEED[state], by=match.person, more=_about(match))
    if state in AGAINST:
        await alarm(tools, tx, _DEED[state].value, **_alarmed(match))
    await _tell(tools, tx, match)


async def _denied_late(tools: Tools, tx: Tx, match: NumberMatch, state: MatchState) -> None:
    if await numbers.move(tx, match, MatchState.EXPIRED):  # no round has come by since
        match = replace(match, state=MatchState.EXPIRED)
    if await numbers.deny_late(tx, match):
        more = {**_about(match), "pressed": state.value}
        alarmed = _alarmed(match)
        await late.said(tools, tx, Deed.NUMBER_DENIED_LATE, match, by=match.person, alarmed=alarmed, more=more)
        await _tell(tools, tx, match)


def _alarmed(match: NumberMatch) -> dict[str, str]:
    by = f"{match.name}; asked by {match.requester.name} ({match.requester.login})"
    return {"about": f"{match.login} ({match.directory})", "user": match.person.user, "name": by}


async def evidence(tx: Tx, form_id: str, account: tuple[str, str]) -> tuple[Evidence, ...]:
    """Return the number match of a form's account, if the right one was pressed, and hold it until the write ends."""
    found = await numbers.of_form(tx, form_id)
    right = [one for one in found if one.state is MatchState.MATCHED and (one.directory, one.account_id) == account]
    return tuple(Evidence(How.NUMBER, one.id) for one in right)[:1]


async def withdraw(tools: Tools, tx: Tx, form_id: str) -> None:
    """Wait no longer: the form was sent on other evidence."""
    for match in await numbers.of_form(tx, form_id):
        if await numbers.move(tx, match, MatchState.WITHDRAWN):
            await _tell(tools, tx, match)


async def expire(tools: Tools) -> int:
    """End those that nobody pressed in time, and say so to the person; returns how many. Twice is once."""
    async with tools.store.read() as tx:
        due = await numbers.due(tx, tools.clock(), BATCH)
    if not due:
        return 0
    ended = 0
    async with tools.store.write() as tx:
        for match_id in due:
            match = await numbers.get(tx, match_id)
            if match is not None and await numbers.move(tx, match, MatchState.EXPIRED):
                await _tell(tools, tx, match)
                ended += 1
    return ended


async def saying(tools: Tools, tx: Tx, notice: Notice) -> SaySlack | timedelta | None:
    """Make the person's message ready, as it has to look now; None where there is nothing to say.

    Returns:
        a timedelta where an earlier word has to be said first, or another process says this one.
    """
    if await outbox.earlier_waiting(tx, notice):
        return LOOK_AGAIN
    match_id = notice.target_id or ""
    match = await numbers.get(tx, match_id)
    place, stamp = await outbox.place_of(tx, NoticeKind.NUMBER, target_id=match_id) or (None, None)
    if match is None or (stamp is None and not match.waits(tools.clock())):
        await outbox.fail(tx, notice.id)
        return None
    attempt = await outbox.tried(tx, notice.id, LEASE)
    if not attempt:
        return LOOK_AGAIN
    facts = MatchFacts(
        id=match.id,
        person=match.person,
        requester=match.requester.slack,
        requester_name=match.requester.name,
        directory=tools.rules.called(match.directory),
        login=match.login,
        numbers=match.numbers,
        state=match.state,
        expires_at=match.expires_at,
        late=await late.meanwhile(tx, match),
    )
    return SaySlack(notice.id, match.person.user, facts, place, stamp, attempt, must_be_member=True)


async def _tell(tools: Tools, tx: Tx, match: NumberMatch) -> None:
    await announce(tools, tx, NoticeKind.NUMBER, target_id=match.id)


def _about(match: NumberMatch) -> dict[str, str | int]:
    return {"match": match.id, "account": f"{match.directory}/{match.account_id}", "login": match.login}
