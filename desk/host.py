"""A form for many that is opened at the host, where nobody's Slack session is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desk.forms import BULK, open_form, role_of
from desk.journal import note
from resets.audit import Deed

if TYPE_CHECKING:
    from desk.tools import Tools
    from resets.actor import Actor


async def start(tools: Tools, admin: Actor, host: str) -> str:
    """Open a form for many in an admin's name, and write down who sits at the host. Returns the form's id.

    Raises:
        Refused: NO_ROLE.
    """
    async with tools.store.write() as tx:
        actor = await role_of(tx, admin.slack)
        await note(tools, tx, Deed.LOOKED_UP, by=actor, query="the command line", host=host)
        return await open_form(tools, tx, BULK, admin.slack, actor)
