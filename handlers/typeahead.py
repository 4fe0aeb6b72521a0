"""Answering a typeahead: for those whom Slack calls members; too few letters are answered with nothing, in silence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from resets.reasons import Reason, Refused

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from desk.tools import Tools
    from handlers.payloads import Search
    from handlers.replies import Reply
    from handlers.surface import Room
    from resets.actor import SlackPerson

Found = TypeVar("Found")


async def answer(
    room: Room,
    call: Search,
    reply: Reply,
    *,
    suggest: Callable[[Tools, str, SlackPerson, str], Awaitable[Found]],
    options: Callable[[Found], list[dict[str, Any]]],
) -> None:
    """Answer with the options that are made of what `suggest` finds.

    Raises:
        Refused: whom Slack does not call a full member, or what `suggest` refuses, but for TOO_SHORT.
    """
    person = call.origin.person
    async with room.members.admitted(person.user):
        pass
    try:
        offered = options(await suggest(room.tools, call.form_id, person, call.text))
    except Refused as refused:
        if refused.reason is not Reason.TOO_SHORT:
            raise
        offered = []
    await reply.ack_options(offered)
