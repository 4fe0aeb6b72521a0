"""Every surface of the bot in Slack, and the one door through which all of them are reached."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from desk import faults
from handlers import approval, bulk, collect, control, freeze, home, number, reset, retry, stop, vouch
from handlers.files import Files
from handlers.guard import demand_origin
from handlers.hook import Hook
from handlers.members import Members
from handlers.replies import Reply
from handlers.surface import Room, Surface
from resets.reasons import Refused

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond

    from desk.tools import Tools

log = logging.getLogger(__name__)

# In this order Bolt asks whether one is meant.
SURFACES: dict[str, Surface] = {
    **freeze.SURFACES,  # these two before the command that takes any word for a name
    **bulk.SURFACES,
    **reset.SURFACES,
    **number.SURFACES,
    **vouch.SURFACES,
    **approval.SURFACES,
    **control.SURFACES,
    **collect.SURFACES,
    **stop.SURFACES,
    **retry.SURFACES,
    **home.SURFACES,
}
REFERENCE = 8  # characters of an opaque id: enough to find one line in a log


def register(app: AsyncApp, tools: Tools, *, app_id: str) -> None:
    """Have the app answer every surface.

    Args:
        app: not started yet; its client is the one that speaks to Slack.
        tools: the desk's.
        app_id: our app's id ("A0123"); what comes by way of another is refused.
    """
    room = Room(tools, Members(app.client, tools.team, tools.clock), Files(app.client))
    for name, surface in SURFACES.items():
        listener = _listener(name, surface, room, app, app_id)
        matchers = [_matcher(surface)] if surface.only else None
        _hooked(app, surface, matchers)(listener)


def _hooked(app: AsyncApp, surface: Surface, matchers: list[Any] | None) -> Callable[..., Any]:
    """Return Bolt's decorator for a surface. Only the very hook is named: an id alone would fit several."""
    hooks: dict[Hook, Callable[..., Any]] = {
        Hook.COMMAND: app.command,
        Hook.SHORTCUT: app.message_shortcut,
        Hook.ACTION: app.block_action,
        Hook.SUBMISSION: app.view_submission,
        Hook.OPTIONS: app.block_suggestion,
        Hook.EVENT: app.event,
    }
    decorator: Callable[..., Any] = hooks[surface.hook](surface.id, matchers=matchers)
    return decorator


def _matcher(surface: Surface) -> Callable[..., Awaitable[bool]]:
    async def matches(body: dict[str, Any]) -> bool:
        return surface.only is not None and surface.only(surface.read(body))

    return matches


def _listener(name: str, surface: Surface, room: Room, app: AsyncApp, app_id: str) -> Callable[..., Awaitable[None]]:
    """Return what Bolt calls. It catches everything: in HTTP mode Bolt 1.30 loses the ack of a listener that raises."""

    async def listen(ack: AsyncAck, respond: AsyncRespond, body: dict[str, Any]) -> None:
        reply = Reply(surface.hook, ack, respond, app.client)
        try:
            call = surface.read(body)
            reply.concerns(call.origin, getattr(call, "view", None))
            demand_origin(call.origin, team=room.tools.team, app=app_id)
            await surface.answer(room, call, reply)
        except Refused as refused:
            log.info("refused", extra={"surface": name, "reason": refused.reason.value})
            await reply.refuse(refused)
        except Exception as error:  # the app's last door: whatever is left becomes a sentence
            reason = faults.known(error)
            reference = room.tools.new_id()[:REFERENCE]
            log.exception("surface_failed", extra={"surface": name, "reference": reference, "reason": reason})
            await (reply.refuse(Refused(reason)) if reason else reply.apologise(reference))

    listen.__name__ = name
    return listen
