"""*Not me - stop*: asks nobody but our own store, so that it works whatever else is down."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desk import stop
from handlers import payloads
from handlers.hook import Hook
from handlers.surface import Audience, Room, Surface

if TYPE_CHECKING:
    from handlers.payloads import Press
    from handlers.replies import Reply


async def not_me(room: Room, call: Press, reply: Reply) -> None:
    """Stop the reset; the person's message then says so."""
    await reply.ack()
    await stop.not_me(room.tools, call.value, call.origin.person)


SURFACES = {"not_me": Surface(Audience.ADDRESSEE, Hook.ACTION, "not_me", payloads.press, not_me)}
