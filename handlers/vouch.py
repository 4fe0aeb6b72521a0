"""*Ask their manager*: the requester's button, and the yes, with a code, and the no of whoever manages the person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desk import vouch
from handlers import payloads
from handlers.hook import Hook
from handlers.surface import Audience, Room, Surface
from resets.reasons import Reason, Refused
from views import forms, labels, words
from views import vouch as views

if TYPE_CHECKING:
    from handlers.payloads import CodeSent, ManagerAsked, Press
    from handlers.replies import Reply

AT_THE_CODE = frozenset({Reason.FORM_USED, Reason.FROZEN, Reason.VOUCH_OVER})  # what else is said there


async def ask(room: Room, call: ManagerAsked, reply: Reply) -> None:
    """Ask the manager, and lay what we wait for over the form, which keeps what was typed."""
    await reply.ack()
    person = call.origin.person
    async with room.members.admitted(person.user):
        pass
    try:
        asked = await vouch.ask(room.tools, call.form_id, person, call.why)
    except Refused as refused:
        await reply.push(forms.sentence(labels.title(refused.reason), words.sentence(refused.reason, refused.facts)))
        return
    view_id = await reply.push(views.asked(asked))
    now = await vouch.shown_in(room.tools, asked, view_id)
    if now.state is not asked.state:  # answered before we could say where to show it
        await reply.show(views.asked(now))


async def begin(room: Room, call: Press, reply: Reply) -> None:
    """Open the question for the manager's code."""
    await reply.ack()
    async with room.members.admitted(call.origin.person.user):
        pass
    asked = await vouch.begin(room.tools, call.value, call.origin.person)
    await reply.open(views.ask(asked))


async def sent(room: Room, call: CodeSent, reply: Reply) -> None:
    """Take the manager's word, in local transactions only: a wrong code can be said only in the ack."""
    try:
        given = await vouch.vouch(room.tools, call.form_id, call.origin.person, call.code)
    except Refused as refused:
        if not refused.reason.value.startswith("code_") and refused.reason not in AT_THE_CODE:
            raise
        await reply.ack_error("code", refused)
        return
    await reply.ack_view(views.given(given))
    await reply.show_elsewhere(given.view_id, views.asked(given))


async def deny(room: Room, call: Press, reply: Reply) -> None:
    """Take *I do not know of this*."""
    await reply.ack()
    async with room.members.admitted(call.origin.person.user):
        pass
    asked = await vouch.deny(room.tools, call.value, call.origin.person)
    await reply.show_elsewhere(asked.view_id, views.asked(asked))


SURFACES = {
    "vouch_ask": Surface(Audience.ROLE, Hook.ACTION, "vouch_ask", payloads.manager_asked, ask),
    "vouch_begin": Surface(Audience.ADDRESSEE, Hook.ACTION, "vouch_begin", payloads.press, begin),
    "vouch_deny": Surface(Audience.ADDRESSEE, Hook.ACTION, "vouch_deny", payloads.press, deny),
    "vouch_form": Surface(Audience.ADDRESSEE, Hook.SUBMISSION, views.VOUCH_FORM, payloads.code_sent, sent),
}
