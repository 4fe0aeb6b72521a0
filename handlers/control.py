"""*Pause, Resume, Cancel the rest, Retry failed only*: a run's own message then says how it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from desk import control
from handlers import payloads
from handlers.hook import Hook
from handlers.surface import Audience, Room, Surface
from resets.reasons import Reason, Refused

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from desk.tools import Tools
    from handlers.payloads import Press
    from handlers.replies import Reply
    from resets.actor import SlackPerson

    Deed = Callable[[Tools, str, SlackPerson], Awaitable[Any]]


async def _do(deed: Deed, room: Room, call: Press, reply: Reply) -> Any:
    """Do a deed to the run whose id is the button's value; returns what came of it."""
    await reply.ack()
    async with room.members.admitted(call.origin.person.user):
        pass
    return await deed(room.tools, call.value, call.origin.person)


async def pause(room: Room, call: Press, reply: Reply) -> None:
    """Stop a run for now."""
    await _do(control.pause, room, call, reply)


async def resume(room: Room, call: Press, reply: Reply) -> None:
    """Let a paused run go on."""
    await _do(control.resume, room, call, reply)


async def cancel(room: Room, call: Press, reply: Reply) -> None:
    """Cancel the rest of a run."""
    await _do(control.cancel, room, call, reply)


async def retry(room: Room, call: Press, reply: Reply) -> None:
    """Try those who failed once more; for how many that has to wait is said to the person alone."""
    left: int = await _do(control.retry_failed, room, call, reply)
    if left:
        await reply.refuse(Refused(Reason.WRITTEN_ELSEWHERE, people=left))


BUTTONS = {"bulk_pause": pause, "bulk_resume": resume, "bulk_cancel": cancel, "bulk_retry": retry}
SURFACES = {
    action: Surface(Audience.ROLE, Hook.ACTION, action, payloads.press, answer) for action, answer in BUTTONS.items()
}
