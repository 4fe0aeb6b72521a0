"""*Show my one-time password*: the question for the pickup code, then the password, once, in a view."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desk import collect
from handlers import payloads
from handlers.hook import Hook
from handlers.surface import Audience, Room, Surface
from resets.reasons import Reason, Refused
from views import forms

if TYPE_CHECKING:
    from handlers.payloads import PickupSent, Press
    from handlers.replies import Reply

# What is said at the field. The last two are what a second click hears: the first answer shows the password, and stays.
AT_FIELD = frozenset({Reason.PICKUP_WRONG, Reason.ALREADY_SHOWN, Reason.FORM_USED})


async def show(room: Room, call: Press, reply: Reply) -> None:
    """Open the question for the pickup code."""
    await reply.ack()
    async with room.members.admitted(call.origin.person.user):
        asked = await collect.ask(room.tools, call.value, call.origin.person)
    await reply.open(forms.pickup(asked))


async def pickup_sent(room: Room, call: PickupSent, reply: Reply) -> None:
    """Show the password in the modal's place: a view is kept by nobody, a message by everybody."""
    try:
        shown = await collect.reveal(room.tools, call.form_id, call.origin.person, call.code)
    except Refused as refused:
        if refused.reason not in AT_FIELD:
            raise
        await reply.ack_error("pickup", refused)
        return
    await reply.ack_view(forms.shown(shown))


SURFACES = {
    "show_password": Surface(Audience.ADDRESSEE, Hook.ACTION, "show_password", payloads.press, show),
    "pickup_form": Surface(Audience.ADDRESSEE, Hook.SUBMISSION, forms.PICKUP_FORM, payloads.pickup_sent, pickup_sent),
}
