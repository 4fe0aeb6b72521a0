"""Many at once: the form, its typeaheads and its file, the preview with its lists, and the code that begins it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from desk import choose, home, preview, submit_bulk
from handlers import bulk_payloads, payloads, typeahead
from handlers.hook import Hook
from handlers.surface import Audience, Room, Surface
from notify.base import Failed
from resets import roster, targets
from resets.bulk import MOST_AHEAD, Wish
from resets.reasons import Reason, Refused
from resets.request import Channel, Options, Why
from views import account, bulk, labels
from views import preview as pages

if TYPE_CHECKING:
    from collections.abc import Sequence

    from handlers.bulk_payloads import BulkProved, BulkSent, PressInView
    from handlers.payloads import Command, Press, Search
    from handlers.replies import Reply
    from resets.actor import SlackPerson
    from resets.roster import Roster
    from views.bulk import Entered, Picked

COMMAND = "/reset-password"
HOME_BUTTON = "home_bulk"
TEMPLATE = "rekey-template.csv"
WAYS = (Channel.DM, Channel.MAIL)
MOST_MENTIONS = 200  # are asked about; who is mentioned after them is listed as not found
MENTIONS_AT_ONCE = 5

# After these the form is of no more use; after all others it comes back, filled in, with the sentence above it.
ENDS = frozenset(
    {
        *(Reason.FORM_UNKNOWN, Reason.FORM_USED, Reason.FORM_EXPIRED, Reason.NOT_YOURS, Reason.NO_ROLE),
        *(Reason.RESETS_NOBODY, Reason.ACTOR_DISABLED, Reason.OTHER_TEAM, Reason.GUEST, Reason.BOT),
        *(Reason.DEACTIVATED, Reason.STORE_FAILED),
    }
)


def wants_bulk(call: Command) -> bool:
    """Say whether a command asks for many at once."""
    return targets.is_bulk(call.text)


async def begin(room: Room, call: Command | Press, reply: Reply) -> None:
    """Open the form at once; it needs nothing of a directory."""
    await reply.ack()
    form_id = await choose.start(room.tools, call.origin.person)
    async with room.members.admitted(call.origin.person.user):
        await reply.open(bulk.form(form_id, mail=room.tools.rules.mail_password))


async def search_people(room: Room, call: Search, reply: Reply) -> None:
    """Answer the typeahead of people from the local index."""
    await typeahead.answer(room, call, reply, suggest=choose.suggest_people, options=account.options)


async def search_groups(room: Room, call: Search, reply: Reply) -> None:
    """Answer the typeahead of groups and units."""
    await typeahead.answer(room, call, reply, suggest=choose.suggest_groups, options=bulk.group_options)


async def template(room: Room, call: PressInView, reply: Reply) -> None:
    """Send the file to fill in to the person's messages, and say so in the form, which keeps what stands in it."""
    await reply.ack()
    person = call.origin.person
    async with room.members.admitted(person.user):
        facts = await home.show(room.tools, person)
    if facts.role is None:
        raise Refused(Reason.NO_ROLE)
    try:
        await room.files.send(person.user, TEMPLATE, roster.template(), labels.TEMPLATE_NOTE)
    except Failed:
        said = bulk.Template.UNSENT
    else:
        said = bulk.Template.SENT
    mail = room.tools.rules.mail_password
    await reply.show(bulk.form(call.form_id, mail=mail, entered=call.entered, template=said))


async def sent(room: Room, call: BulkSent, reply: Reply) -> None:
    """Check at once what can be checked here; then look everybody up, and show the preview or the form again."""
    try:
        wish, pasted = _wish(room, call.entered, file=bool(call.file))
    except Refused as refused:
        await reply.ack_error(str(refused.facts.get("field", "people")), refused)
        return
    await reply.ack_view(bulk.looking(call.form_id))
    person = call.origin.person
    async with room.members.admitted(person.user):
        pass
    try:
        view = await _previewed(room, call, wish, pasted)
    except Refused as refused:
        if refused.reason in ENDS:
            raise
        mail = room.tools.rules.mail_password
        view = bulk.form(call.form_id, mail=mail, entered=call.entered, refused=refused)
    await reply.show(view)


async def _previewed(room: Room, call: BulkSent, wish: Wish, pasted: Roster) -> bulk.View:
    rosters, name = [pasted] if pasted.rows else [], ""
    if call.file:
        read = await room.files.read(call.file, call.origin.person.user)
        rosters.append(read.roster)
        name = read.name
    names = [text for one in rosters for text in await _names(room, one)]
    whole = Wish(wish.people, wish.groups, tuple(names), wish.options, wish.start, name)
    reach = room.members.of_many
    facts = await preview.make(room.tools, call.form_id, call.origin.person, whole, reach)
    return pages.preview(facts, rosters)


async def _names(room: Room, read: Roster) -> list[str]:
    """Return a list's names; a Slack mention becomes the address that Slack has confirmed for that person."""
    gate = asyncio.Semaphore(MENTIONS_AT_ONCE)

    async def named(user: str) -> str:
        async with gate:
            try:
                return (await room.members.of(user)).mail or f"<@{user}>"
            except Refused:
                return f"<@{user}>"  # nobody is found by that, and the preview says so

    mentioned = [one.text for one in read.names if one.mention][:MOST_MENTIONS]
    mails = dict(zip(mentioned, await asyncio.gather(*map(named, mentioned)), strict=True))
    return [mails.get(one.text, f"<@{one.text}>") if one.mention else one.text for one in read.names]


def _wish(room: Room, entered: Entered, *, file: bool) -> tuple[Wish, Roster]:
    """Return what is asked for, and the pasted list, or refuse with the field at which that is said."""
    people, groups = _chosen(entered.people, "people"), _chosen(entered.groups, "groups")
    try:
        pasted = roster.pasted(entered.pasted)
    except Refused as refused:
        raise Refused(refused.reason, **{**refused.facts, "field": "pasted"}) from refused
    if not (people or groups or pasted.rows or file):
        raise Refused(Reason.NOBODY_CHOSEN, field="people")
    return Wish(people, groups, (), _options(room, entered), _start(room, entered)), pasted


def _chosen(picked: Sequence[Picked], field: str) -> tuple[tuple[str, str], ...]:
    found = [account.chosen(one.value) for one in picked]
    if None in found:
        raise Refused(Reason.CHOICE_INVALID, field=field)
    return tuple(one for one in found if one is not None)


def _options(room: Room, entered: Entered) -> Options:
    try:
        why = Why(entered.why)
    except ValueError as error:
        raise Refused(Reason.CHOICE_INVALID, field="why") from error
    ticket = " ".join(entered.ticket.split())
    if len(ticket) > bulk.TICKET:
        raise Refused(Reason.CHOICE_INVALID, field="ticket")
    offered = WAYS if room.tools.rules.mail_password else (Channel.DM,)
    if not set(entered.channels) <= {way.value for way in offered}:
        raise Refused(Reason.CHOICE_INVALID, field="delivery")
    return Options(
        why=why,
        ticket=ticket,
        must_change="must_change" in entered.ticked,
        clear_sessions="clear_sessions" in entered.ticked or why is Why.COMPROMISE,
        unlock="unlock" in entered.ticked,
        channels=tuple(way for way in WAYS if way.value in entered.channels) or (Channel.RECOVERY,),
    )


def _start(room: Room, entered: Entered) -> datetime | None:
    if entered.start is None:
        return None
    now = room.tools.clock()
    try:
        start = datetime.fromtimestamp(entered.start, UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise Refused(Reason.START_INVALID, field="start") from error
    if not now <= start <= now + MOST_AHEAD:
        raise Refused(Reason.START_INVALID, field="start")
    return start


async def show_excluded(room: Room, call: PressInView, reply: Reply) -> None:
    """Lay the first page of those who are left out for one reason over the preview."""
    await reply.ack()
    await reply.push(await _page(room, call))


async def turn(room: Room, call: PressInView, reply: Reply) -> None:
    """Turn to another page."""
    await reply.ack()
    await reply.show(await _page(room, call))


async def _page(room: Room, call: PressInView) -> bulk.View:
    person: SlackPerson = call.origin.person
    async with room.members.admitted(person.user):
        pass
    named, _, page = call.value.partition(":")
    try:
        reason = Reason(named)
    except ValueError as error:
        raise Refused(Reason.CHOICE_INVALID) from error
    number = int(page) if page.isascii() and page.isdecimal() and len(page) <= len("100000") else 0
    return pages.excluded(await preview.excluded(room.tools, call.form_id, person, reason, number))


async def proved(room: Room, call: BulkProved, reply: Reply) -> None:
    """Prove and hold the bulk, in local transactions only: a wrong code can be said only in the ack."""
    try:
        held = await submit_bulk.begin(
            room.tools, call.form_id, call.origin.person, call.code, call.number, shown=call.shown
        )
    except Refused as refused:
        field = _field(refused)
        if field is None:
            raise
        await reply.ack_error(field, refused)
        return
    await reply.ack_view(bulk.held(held))


def _field(refused: Refused) -> str | None:
    """Return the field at which a refusal is said, or None for one that ends the form. The code's is always there.

    A freeze may end before a preview does.
    """
    if refused.reason is Reason.NUMBER_WRONG:
        return "number"
    said = refused.reason.value.startswith("code_") or refused.reason in {Reason.FORM_USED, Reason.FROZEN}
    return "code" if said else None


SURFACES = {
    "bulk": Surface(Audience.ROLE, Hook.COMMAND, COMMAND, payloads.command, begin, only=wants_bulk),
    "home_bulk": Surface(Audience.ROLE, Hook.ACTION, HOME_BUTTON, payloads.press, begin),
    "bulk_people": Surface(Audience.ROLE, Hook.OPTIONS, "bulk_people", payloads.search, search_people),
    "bulk_groups": Surface(Audience.ROLE, Hook.OPTIONS, "bulk_groups", payloads.search, search_groups),
    "bulk_template": Surface(Audience.ROLE, Hook.ACTION, "bulk_template", bulk_payloads.press_in_view, template),
    "bulk_form": Surface(Audience.ROLE, Hook.SUBMISSION, bulk.BULK_FORM, bulk_payloads.bulk_sent, sent),
    "bulk_excluded": Surface(Audience.ROLE, Hook.ACTION, "bulk_excluded", bulk_payloads.press_in_view, show_excluded),
    "bulk_page_back": Surface(Audience.ROLE, Hook.ACTION, "bulk_page_back", bulk_payloads.press_in_view, turn),
    "bulk_page_next": Surface(Audience.ROLE, Hook.ACTION, "bulk_page_next", bulk_payloads.press_in_view, turn),
    "bulk_preview": Surface(Audience.ROLE, Hook.SUBMISSION, pages.BULK_PREVIEW_FORM, bulk_payloads.bulk_proved, proved),
}
