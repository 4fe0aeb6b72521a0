"""*Retry ...*: one step that is left, again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desk import retry
from handlers import payloads
from handlers.hook import Hook
from handlers.surface import Audience, Room, Surface

if TYPE_CHECKING:
    from handlers.payloads import Press
    from handlers.replies import Reply


async def step(room: Room, call: Press, reply: Reply) -> None:
    """Try one step again; the requester's message then says how it goes."""
    await reply.ack()
    async with room.members.admitted(call.origin.person.user):
        pass
    target_id, _, which = call.value.partition(":")
    await retry.step(room.tools, target_id, which, call.origin.person)


SURFACES = {"retry_step": Surface(Audience.ROLE, Hook.ACTION, "retry_step", payloads.press, step)}
