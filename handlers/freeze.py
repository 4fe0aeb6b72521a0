"""*Freeze* and *resume*: stopping everything asks nobody but our own store, so that it works whatever else is down."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desk import freeze, home
from handlers import payloads
from handlers.hook import Hook
from handlers.surface import Audience, Room, Surface
from resets import targets
from resets.reasons import Reason, Refused
from views import freeze as forms
from views import home as page

if TYPE_CHECKING:
    from handlers.payloads import CodeSent, Command, Press
    from handlers.replies import Reply

COMMAND = "/reset-password"


def wants_freeze(call: Command) -> bool:
    """Say whether a command asks to stop everything."""
    return targets.freezes(call.text) is not None


def wants_resume(call: Command) -> bool:
    """Say whether a command asks to let everything go on."""
    return targets.is_resume(call.text)


async def command(room: Room, call: Command, reply: Reply) -> None:
    """Stop everything, and say so at once."""
    put = await freeze.freeze(room.tools, call.origin.person, targets.freezes(call.text) or "")
    await reply.ack_message(forms.frozen(put))


async def home_button(room: Room, call: Press, reply: Reply) -> None:
    """Stop everything, and show it in Home."""
    await reply.ack()
    person = call.origin.person
    await freeze.freeze(room.tools, person, "")
    facts, runs = await home.show(room.tools, person), await home.runs(room.tools, person)
    await reply.publish(page.view(facts, room.tools.clock(), runs))


async def ask(room: Room, call: Command | Press, reply: Reply) -> None:
    """Open the question for the code."""
    await reply.ack()
    form_id, stands = await freeze.ask_resume(room.tools, call.origin.person)
    if (refused := await home.unheld(room.tools, call.origin.person)) is not None:
        raise refused
    async with room.members.admitted(call.origin.person.user):
        await reply.open(forms.ask(form_id, stands))


async def sent(room: Room, call: CodeSent, reply: Reply) -> None:
    """End the freeze, in local transactions only: a wrong code can be said only in the ack."""
    try:
        await freeze.resume(room.tools, call.form_id, call.origin.person, call.code)
    except Refused as refused:
        if not refused.reason.value.startswith("code_") and refused.reason is not Reason.FORM_USED:
            raise
        await reply.ack_error("code", refused)
        return
    await reply.ack_view(forms.resumed())


SURFACES = {
    "freeze": Surface(Audience.ROLE, Hook.COMMAND, COMMAND, payloads.command, command, only=wants_freeze),
    "resume": Surface(Audience.ROLE, Hook.COMMAND, COMMAND, payloads.command, ask, only=wants_resume),
    "home_freeze": Surface(Audience.ROLE, Hook.ACTION, "home_freeze", payloads.press, home_button),
    "home_resume": Surface(Audience.ROLE, Hook.ACTION, "home_resume", payloads.press, ask),
    "resume_form": Surface(Audience.ROLE, Hook.SUBMISSION, forms.RESUME_FORM, payloads.code_sent, sent),
}
