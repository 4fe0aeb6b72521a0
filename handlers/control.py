"""*Pause, Resume, Cancel the rest, Retry failed only*: a run's own message then says how it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from desk import control
from handlers import payloads
from handlers.hook import Hook
from handlers.surface import Audience, Room, Surface

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from desk.tools import Tools
    from handlers.payloads import Press
    from handlers.replies import Reply
    from resets.actor import SlackPerson

    Deed = Callable[[Tools, str, SlackPerson], Awaitable[Any]]


def _button(name: str) -> Callable[[Room, Any, Reply], Awaitable[None]]:
    """Return the answer to one button, whose value is the request's id."""

    async def pressed(room: Room, call: Press, reply: Reply) -> None:
        await reply.ack()
        async with room.members.admitted(call.origin.person.user):
            pass
        deed: Deed = getattr(control, name)
        await deed(room.tools, call.value, call.origin.person)

    return pressed


BUTTONS = {
    "bulk_pause": "pause",
    "bulk_resume": "resume",
    "bulk_cancel": "cancel",
    "bulk_retry": "retry_failed",
}
SURFACES = {
    action: Surface(Audience.ROLE, Hook.ACTION, action, payloads.press, _button(deed))
    for action, deed in BUTTONS.items()
}
