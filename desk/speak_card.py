"""Making the card of a request that waits for others ready to be said, in the one channel in which it may stand."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from desk import card
from desk.claim import LEASE, LOOK_AGAIN
from desk.journal import alarm
from resets.approval import Reminder
from resets.notice import Notice, NoticeKind
from resets.saying import SaySlack
from store import outbox, requests

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


async def remind(tools: Tools, tx: Tx, notice: Notice) -> SaySlack | timedelta | None:
    """Make a reminder ready, under the card; where there is no card, or nothing waits any more, there is none."""
    facts = await card.facts(tools, tx, notice.request_id or "")
    place, stamp = await outbox.place_of(tx, NoticeKind.CARD, request_id=notice.request_id or "") or (None, None)
    if facts is None or not facts.waits or place is None or place != tools.approvals_channel:
        await outbox.fail(tx, notice.id)
        return None
    attempt = await outbox.tried(tx, notice.id, LEASE)
    if not attempt:
        return LOOK_AGAIN
    said = Reminder(facts)
    return SaySlack(notice.id, place, said, None, None, attempt, must_be_member=False, internal=True, thread=stamp)


async def given_up(tools: Tools, tx: Tx, notice: Notice) -> None:
    """Tell the security channel, once for each request, that its card could not be said. Other kinds are left alone."""
    request = await requests.get(tx, notice.request_id or "") if notice.kind is NoticeKind.CARD else None
    if request is None or await outbox.failures(tx, NoticeKind.CARD, request_id=request.id) > 1:
        return
    who = request.requester
    await alarm(tools, tx, "card_unsaid", request_id=request.id, user=who.slack.user, name=who.name, about=who.login)
