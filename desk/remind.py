"""What keeps a request's card true: said again where it was not, and a reminder once half of the time is over."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from desk.approvers import case
from desk.journal import announce, current
from resets.notice import NoticeKind
from resets.reasons import Refused
from store import approvals, outbox, requests

if TYPE_CHECKING:
    from datetime import datetime

    from desk.tools import Tools
    from store.base import Tx

AT_ONCE = 200  # requests that are looked at in one round
REST = timedelta(minutes=5)  # between two notices that nobody could say
SETTLES = timedelta(days=2)  # so long after a request's end its messages are looked after


async def repair(tools: Tools) -> int:
    """Have the card and the requester's message say how a request stands where they do not; returns how many did not.

    Slack may have been unreachable for longer than a notice is tried. The message about many has a round of its own.
    """
    async with tools.store.read() as tx:
        lately = await approvals.lately(tx, tools.clock() - SETTLES, AT_ONCE)
        stale = [(each, kind) for each, moved in lately for kind in await _stale(tools, tx, each, moved)]
    for request_id, kind in stale:
        async with tools.store.write() as tx:
            if kind is NoticeKind.CARD:
                await announce(tools, tx, kind, request_id=request_id)
            else:
                for target in await requests.targets(tx, request_id):
                    await current(tools, tx, target)
    return len(stale)


async def _stale(tools: Tools, tx: Tx, request_id: str, moved: datetime) -> list[NoticeKind]:
    """Return the kinds of messages that were said before something happened, and not since."""
    request = await requests.get(tx, request_id)
    kinds = [NoticeKind.CARD] if tools.approvals_channel else []
    if request is not None and request.plan.count is None:
        kinds.append(NoticeKind.STATUS)
    now = tools.clock()
    tried = now - max(REST, (now - moved) / 2)  # ever more seldom, where it is given up each time
    return [
        kind
        for kind in kinds
        if not await outbox.any_since(tx, kind, request_id, tried)
        and not await outbox.is_waiting(tx, kind, request_id=request_id)
        and not await outbox.said_since(tx, kind, moved, request_id=request_id)
    ]


async def remind(tools: Tools) -> int:
    """Say so once in the card's thread where half of the time is over; returns of how many requests."""
    reminded = 0
    async with tools.store.read() as tx:
        due = [one for one in await approvals.unreminded(tx, AT_ONCE) if await _half_over(tools, tx, one)]
    for request_id in due:
        async with tools.store.write() as tx:
            if await approvals.remind(tx, request_id, tools.clock()):
                # The card too: from now on more people may decide.
                await announce(tools, tx, NoticeKind.CARD, request_id=request_id)
                await announce(tools, tx, NoticeKind.REMINDER, request_id=request_id)
                reminded += 1
    return reminded


async def _half_over(tools: Tools, tx: Tx, request_id: str) -> bool:
    try:
        return tools.clock() >= (await case(tx, request_id)).need.half
    except Refused:
        return False
