"""Making the card of a request that waits for others ready to be said, in the one channel in which it may stand."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from desk import card
from desk.claim import LEASE, LOOK_AGAIN
from desk.journal import alarm
from resets.approval import Reminder
from resets.history import Line
from resets.notice import Notice, NoticeKind
from resets.saying import SaySlack
from store import audit, outbox, requests

if TYPE_CHECKING:
    from collections.abc import Mapping

    from desk.tools import Tools
    from store.base import Tx

MY_TURN = timedelta(milliseconds=300)  # how long a notice waits for the one before it, about the same thing
LONGEST_TURN = timedelta(minutes=1)
LATEST = timedelta(days=2)  # so long after it happened a line is said; the card is looked after as long


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
    said = Reminder(facts, tuple(sorted(tools.rules.late_approvers)))
    return SaySlack(notice.id, place, said, None, None, attempt, must_be_member=False, internal=True, thread=stamp)


async def line(tools: Tools, tx: Tx, notice: Notice) -> SaySlack | timedelta | None:
    """Make a line of the history ready, under the card, which is said first, and after the lines before it."""
    request = await requests.get(tx, notice.request_id or "")
    number = _number(notice.facts)
    entry = await audit.numbered(tx, number, request.id) if request else None
    if request is None or entry is None or not tools.approvals_channel or not lasts(tools, notice):
        await outbox.fail(tx, notice.id)
        return None
    place, stamp = await outbox.place_of(tx, NoticeKind.CARD, request_id=request.id) or (None, None)
    others = await outbox.facts_waiting(tx, notice.kind, request_id=request.id)
    if place != tools.approvals_channel or any(_number(each) < number for each in others):
        # Ever more seldom: Slack may be away for hours.
        return min(max(tools.clock() - notice.created_at, MY_TURN), LONGEST_TURN)
    attempt = await outbox.tried(tx, notice.id, LEASE)
    if not attempt:
        return LOOK_AGAIN
    count = len(request.plan.targets) if request.plan.count is None else request.plan.count
    said = Line(entry, request.requester.name, count)
    return SaySlack(notice.id, place, said, None, None, attempt, must_be_member=False, internal=True, thread=stamp)


def _number(facts: Mapping[str, str]) -> int:
    """Return the number of the journal's entry that a line tells; 0, which none has, where it was written over."""
    told = facts.get("entry", "")
    return int(told) if told.isdecimal() else 0


def lasts(tools: Tools, notice: Notice) -> bool:
    """Say whether a notice is a line that is still worth a try: no round says it again later, as one does the card."""
    return notice.kind is NoticeKind.HISTORY and tools.clock() - notice.created_at < LATEST


async def given_up(tools: Tools, tx: Tx, notice: Notice) -> None:
    """Tell the security channel, once for each request, that its card could not be said. Other kinds are left alone."""
    request = await requests.get(tx, notice.request_id or "") if notice.kind is NoticeKind.CARD else None
    if request is None or await outbox.failures(tx, NoticeKind.CARD, request_id=request.id) > 1:
        return
    who = request.requester
    await alarm(tools, tx, "card_unsaid", request_id=request.id, user=who.slack.user, name=who.name, about=who.login)
