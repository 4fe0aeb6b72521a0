"""*Verify this person*: the requester's button, and the three numbers and one *no* of whom it is about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desk import number
from handlers import payloads
from handlers.hook import Hook
from handlers.surface import Audience, Room, Surface
from resets.reasons import Reason, Refused
from views import forms, labels, words
from views import number as views

if TYPE_CHECKING:
    from handlers.payloads import Press
    from handlers.replies import Reply


async def ask(room: Room, call: Press, reply: Reply) -> None:
    """Ask the person, and lay the number over the form, which keeps what was typed."""
    await reply.ack()
    person = call.origin.person
    async with room.members.admitted(person.user):
        pass
    try:
        match = await number.ask(room.tools, call.value, person)
    except Refused as refused:
        await reply.push(forms.sentence(labels.title(refused.reason), words.sentence(refused.reason, refused.facts)))
        return
    view_id = await reply.push(views.asked(match))
    now = await number.shown_in(room.tools, match, view_id)
    if now.state is not match.state:  # pressed before we could say where to show it
        await reply.show(views.asked(now))


async def press(room: Room, call: Press, reply: Reply) -> None:
    """Take the number that was pressed; the person's message then says what came of it."""
    match_id, _, pressed = call.value.partition(":")
    if not (pressed.isascii() and pressed.isdigit()):
        raise Refused(Reason.NOT_YOURS)
    await _pressed(room, call, reply, match_id, int(pressed))


async def deny(room: Room, call: Press, reply: Reply) -> None:
    """Take *I did not ask for this*."""
    await _pressed(room, call, reply, call.value, None)


async def _pressed(room: Room, call: Press, reply: Reply, match_id: str, pressed: int | None) -> None:
    await reply.ack()
    async with room.members.admitted(call.origin.person.user):
        pass
    match = await number.press(room.tools, match_id, pressed, call.origin.person)
    await reply.show_elsewhere(match.view_id, views.asked(match))


SURFACES = {
    "number_ask": Surface(Audience.ROLE, Hook.ACTION, "number_ask", payloads.press, ask),
    "number_press": Surface(Audience.ADDRESSEE, Hook.ACTION, "number_press", payloads.press, press),
    "number_deny": Surface(Audience.ADDRESSEE, Hook.ACTION, "number_deny", payloads.press, deny),
}
