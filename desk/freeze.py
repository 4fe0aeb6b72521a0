"""Freezing everything at once, and letting it go on: what any admin may do without a code, and only some may undo.

A freeze pauses no run: who would begin to set a password asks the freeze's row in the very transaction that says so,
and waits. What was begun is finished; handing over, *Show*, *Not me* and expiry go on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from desk import prove
from desk.forms import FREEZE, open_form, opened, role_of
from desk.journal import alarm, note
from resets.audit import Deed
from resets.brief import BRIEF
from resets.freeze import ONCE_PER, Freeze, tidy
from resets.reasons import Reason, Refused
from store import admins, forms, freezes

if TYPE_CHECKING:
    from datetime import timedelta

    from desk.tools import Tools
    from resets.actor import Actor, SlackPerson
    from store.admins import AdminRow
    from store.base import Tx

OURSELVES = "Rekey"  # who has frozen everything where no person has


async def demand(tools: Tools, tx: Tx, actor: Actor, *, handing_over: bool = False) -> None:
    """Refuse whoever would begin something while that is stopped, for everybody or for them alone.

    In a write, it stays so until that ends; ask before anything is written into the journal. `handing_over` what is
    set already goes on in a freeze.

    Raises:
        Refused: FROZEN or ACTOR_FROZEN.
    """
    stands = await freezes.standing(tx)
    if stands is not None and not handing_over:
        raise Refused(Reason.FROZEN, **stands.facts(tools.clock()))
    row = await admins.by_id(tx, actor.id, hold=tx.writes)
    if row is not None and row.frozen_at is not None:
        raise Refused(Reason.ACTOR_FROZEN, login=actor.login)


async def demand_free(tools: Tools, by: SlackPerson) -> None:
    """Refuse, before anything is looked up or typed, whoever could begin nothing.

    Raises:
        Refused: NO_ROLE, FROZEN or ACTOR_FROZEN.
    """
    async with tools.store.read() as tx:
        await demand(tools, tx, await role_of(tx, by))


async def waits(tools: Tools, tx: Tx, actor: Actor) -> timedelta | None:
    """Return how long what somebody asked for waits before it looks again whether it may begin; None: it may.

    In a write, nobody freezes everything until that ends.

    Raises:
        Refused: ACTOR_FROZEN.
    """
    stands, row = await freezes.standing(tx), await admins.by_id(tx, actor.id)
    if row is not None and row.frozen_at is not None:
        raise Refused(Reason.ACTOR_FROZEN, login=actor.login)
    return stands.rest(tools.clock()) if stands else None


async def freeze(tools: Tools, by: SlackPerson, why: str) -> Freeze:
    """Stop everything for a while, by anybody with a role, without a code. Touches no network.

    A session may be stolen: so it ends by itself, and one person does it once a day.

    Raises:
        Refused: NO_ROLE, ALREADY_FROZEN, or FROZE_LATELY.
    """
    now = tools.clock()
    async with tools.store.write(waited_for=True) as tx:
        actor = await role_of(tx, by)
        wanted = Freeze(actor.id, by.user, actor.name, tidy(why), now, now + tools.rules.freeze, proved=False)
        await _demand_more(tools, tx, wanted, any_stands=True)
        row = await admins.by_id(tx, actor.id, hold=True)
        if row is not None and row.froze_at is not None and now - row.froze_at < ONCE_PER:
            again = row.froze_at + ONCE_PER - now
            raise Refused(Reason.FROZE_LATELY, seconds=round(again.total_seconds()))
        await admins.froze(tx, actor.id, now)
        await _put(tools, tx, actor, wanted)
    return wanted


async def freeze_at_host(
    tools: Tools, by: SlackPerson, why: str, code: str, *, host: str, lasting: timedelta | None = None
) -> Freeze:
    """Stop everything with a code, until somebody ends it, or for a while. What stands already is only prolonged.

    Raises:
        Refused: NO_ROLE, ALREADY_FROZEN (for at least as long), or a CODE_ reason.
    """
    now = tools.clock()
    async with tools.store.write() as tx:
        actor = await role_of(tx, by)
        until = None if lasting is None else now + lasting
        wanted = Freeze(actor.id, by.user, actor.name, tidy(why), now, until, proved=True)
        await _demand_more(tools, tx, wanted, any_stands=False)
        missed = await prove.step_up(tools, tx, actor, code)
        if missed is None:
            what = "frozen_until_resumed" if until is None else "frozen"
            await _put(tools, tx, actor, wanted, host=host, what=what)
            return wanted
    raise missed


async def by_itself(tools: Tools, reason: Reason) -> None:
    """Stop everything until the security role has looked, since something has happened that should not.

    In a transaction of its own: who asks for a reset holds the row in a way that lets nobody write it.
    """
    async with tools.store.write(waited_for=True) as tx:
        await put_by_itself(tools, tx, reason)


async def put_by_itself(tools: Tools, tx: Tx, reason: Reason) -> None:
    """Do so in a transaction that has asked for the row first (`store.freezes.last`), or holds nothing yet."""
    last, now = await freezes.last(tx), tools.clock()
    if last is None or not (last.stands(now) and last.outlasts(None)):
        await _put(tools, tx, None, Freeze("", "", OURSELVES, BRIEF[reason], now, None, proved=False), what=reason)


async def _demand_more(tools: Tools, tx: Tx, wanted: Freeze, *, any_stands: bool) -> None:
    """Refuse a freeze that would change nothing, or shorten another one."""
    last, now = await freezes.last(tx), tools.clock()
    if last is not None and last.stands(now) and (any_stands or last.outlasts(wanted.until)):
        raise Refused(Reason.ALREADY_FROZEN, **last.facts(now))


async def _put(
    tools: Tools, tx: Tx, actor: Actor | None, wanted: Freeze, *, host: str = "", what: str = "frozen"
) -> None:
    last = await freezes.last(tx)
    if last is not None and not last.stands(tools.clock()):
        await _ended(tools, tx, last)
    await freezes.put(tx, wanted)
    facts: dict[str, str | int] = {"why": wanted.why, "until": wanted.until.isoformat() if wanted.until else ""}
    more = {**facts, "method": "totp", "host": host} if wanted.proved else facts
    await note(tools, tx, Deed.FROZEN, by=actor, more=more)
    # Where we froze everything ourselves, the alarm's own words say why.
    about, why = (actor.login, wanted.why) if actor else ("", "")
    await alarm(tools, tx, what, user=wanted.slack_user, name=wanted.name, about=about, why=why)


async def ask_resume(tools: Tools, by: SlackPerson) -> tuple[str, Freeze]:
    """Open the question for the code that ends the freeze; returns the form's id and what it would end.

    Raises:
        Refused: NO_ROLE, NOT_FROZEN, NOT_SECURITY or ACTOR_FROZEN.
    """
    async with tools.store.write(waited_for=True) as tx:
        actor, stands = await _may_resume(tools, tx, by)
        return await open_form(tools, tx, FREEZE, by, actor, {"at": stands.at.isoformat()}), stands


async def demand_resumable(tools: Tools, by: SlackPerson) -> Freeze:
    """Return the freeze that this person may end, before anybody types a code.

    Raises:
        Refused: NO_ROLE, NOT_FROZEN, NOT_SECURITY or ACTOR_FROZEN.
    """
    async with tools.store.read() as tx:
        return (await _may_resume(tools, tx, by))[1]


async def resume(tools: Tools, form_id: str, by: SlackPerson, code: str) -> None:
    """End the freeze that the form has shown, with a code. Touches no network; safe to call before an ack.

    Raises:
        Refused: the form is not good, NOT_FROZEN, NOT_SECURITY, ACTOR_FROZEN, or a CODE_ reason.
    """
    async with tools.store.write(waited_for=True) as tx:
        form = await opened(tools, tx, form_id, by, FREEZE)
        actor, stands = await _may_resume(tools, tx, by)
        if form.form.state.get("at") != stands.at.isoformat():
            raise Refused(Reason.FORM_USED)  # that one has ended, and another stands
        missed = await prove.step_up(tools, tx, actor, code)
        if missed is None:
            if not await forms.use(tx, form_id, tools.clock()):
                raise Refused(Reason.FORM_USED)
            await _ended(tools, tx, stands, by=actor)
            return
    raise missed


async def resume_at_host(tools: Tools, by: SlackPerson, code: str, *, host: str) -> None:
    """End the freeze from the host, with a code.

    Raises:
        Refused: NO_ROLE, NOT_FROZEN, NOT_SECURITY, ACTOR_FROZEN, or a CODE_ reason.
    """
    async with tools.store.write() as tx:
        actor, stands = await _may_resume(tools, tx, by)
        missed = await prove.step_up(tools, tx, actor, code)
        if missed is None:
            await _ended(tools, tx, stands, by=actor, host=host)
            return
    raise missed


async def _may_resume(tools: Tools, tx: Tx, by: SlackPerson) -> tuple[Actor, Freeze]:
    actor = await role_of(tx, by)
    last = await freezes.last(tx)
    if last is None or not last.stands(tools.clock()):
        raise Refused(Reason.NOT_FROZEN)
    row = await admins.by_id(tx, actor.id, hold=tx.writes)
    if row is not None and row.frozen_at is not None:
        raise Refused(Reason.ACTOR_FROZEN, login=actor.login)
    if not await holds_security(tools, tx, actor):
        raise Refused(Reason.NOT_SECURITY)
    return actor, last


async def holds_security(tools: Tools, tx: Tx, actor: Actor) -> bool:
    """Say whether somebody may end a freeze: a role that is so configured, or, where none is, the first admin."""
    return is_security(tools, actor, None if tools.rules.security else await admins.first(tx))


def is_security(tools: Tools, actor: Actor, first: AdminRow | None) -> bool:
    """Say the same of somebody where the oldest living enrolment has been read already."""
    if tools.rules.security:
        return actor.role in tools.rules.security
    return first is not None and first.id == actor.id


async def _ended(tools: Tools, tx: Tx, was: Freeze, *, by: Actor | None = None, host: str = "") -> None:
    """Write down that a freeze is over, by somebody's code or by itself."""
    if not await freezes.end(tx, looked=by is not None):
        return
    facts: dict[str, str | int] = {"frozen_at": was.at.isoformat()}
    proof = {"method": "totp", **({"host": host} if host else {})} if by else {"how": "expired"}
    await note(tools, tx, Deed.RESUMED_ALL, by=by, more={**facts, **proof})
    if by is None:
        await alarm(tools, tx, "freeze_over", user=was.slack_user, name=was.name, about="")
    else:
        await alarm(tools, tx, "resumed_all", user=by.slack.user, name=by.name, about=by.login)


async def over(tools: Tools) -> bool:
    """Say so once, where the time of a freeze is over; it has ended without that. Twice, or by two at once, is once."""
    async with tools.store.read() as tx:
        last = await freezes.last(tx)
    if last is None or last.stands(tools.clock()):
        return False
    async with tools.store.write() as tx:
        last = await freezes.last(tx)
        if last is None or last.stands(tools.clock()):
            return False
        await _ended(tools, tx, last)
        return True
