"""App Home: everybody's own."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from desk import home
from handlers import payloads
from handlers.hook import Hook
from handlers.surface import Audience, Room, Surface
from views import home as page

if TYPE_CHECKING:
    from handlers.payloads import HomeOpened
    from handlers.replies import Reply


async def opened(room: Room, call: HomeOpened, reply: Reply) -> None:
    """Put up the Home of the person who opened it."""
    if not call.home:
        return
    async with room.members.admitted(call.origin.person.user):
        facts = await home.show(room.tools, call.origin.person)
        facts = replace(facts, unheld=await home.unheld(room.tools, call.origin.person))
        runs = await home.runs(room.tools, call.origin.person)
    await reply.publish(page.view(facts, room.tools.clock(), runs))


SURFACES = {"home": Surface(Audience.ADDRESSEE, Hook.EVENT, "app_home_opened", payloads.home_opened, opened)}
