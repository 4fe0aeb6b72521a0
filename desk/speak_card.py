"""Making the card of a request that waits for others ready to be said, in the one channel in which it may stand."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from desk import card
from desk.claim import LEASE, LOOK_AGAIN
from resets.notice import Notice, NoticeKind
from resets.saying import SaySlack
from store import outbox

if TYPE_CHECKING:
    from desk.tools import Tools
    from store.base import Tx

MY_TURN = timedelta(milliseconds=300)  # how long a notice waits for the one before it, about the same thing


async def prepare(tools: Tools, tx: Tx, notice: Notice) -> SaySlack | timedelta | None:
    """Make the card ready, as `desk.speak.prepare`: as it stands at this moment, whatever it was written for."""
    if await outbox.earlier_waiting(tx, notice):
        return MY_TURN
    facts = await card.facts(tools, tx, notice.request_id or "")
    if facts is None or not tools.approvals_channel:
        await outbox.fail(tx, notice.id)
        return None
    attempt = await outbox.tried(tx, notice.id, LEASE)
    if not attempt:
        return LOOK_AGAIN
    place, stamp = await outbox.place_of(tx, NoticeKind.CARD, request_id=facts.request_id) or (None, None)
    if place != tools.approvals_channel:
        place = stamp = None  # the settings name another channel by now: it is said anew there
    return SaySlack(
        notice.id,
        tools.approvals_channel,
        facts,
        place,
        stamp,
        attempt,
        must_be_member=False,
        internal=True,
    )
