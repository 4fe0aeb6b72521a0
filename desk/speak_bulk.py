"""Making the notices of a bulk ready: its one message, the result in its thread, the preview as a file."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from desk import live, report
from resets.bulk import BulkFacts, Preview
from resets.notice import Notice, NoticeKind
from resets.saying import SayFile, SaySlack
from store import chunks, outbox, runs, tally

if TYPE_CHECKING:
    from desk.tools import Tools
    from resets.request import ResetRequest
    from store.base import Tx

LOOK_AGAIN = timedelta(seconds=2)
KINDS = (NoticeKind.LIVE, NoticeKind.RESULT, NoticeKind.PREVIEW)


async def unripe(tx: Tx, notice: Notice) -> timedelta | None:
    """Return how long a result has to wait: what a cancelled run had begun is over within a minute, well or ill."""
    if notice.kind is not NoticeKind.RESULT or notice.request_id is None:
        return None
    return LOOK_AGAIN if await runs.finishing(tx, notice.request_id) else None


async def prepare(tools: Tools, notice: Notice, attempt: int) -> SaySlack | SayFile | timedelta | None:
    """Make a bulk's notice ready, as `desk.speak.prepare`. It is taken on already."""
    async with tools.store.read() as tx:
        found = await live.request_and_run(tx, notice.request_id or "")
        if found is None:
            return None
        request, run = found
        to = request.requester.slack.user
        at = await outbox.place_of(tx, NoticeKind.LIVE, request_id=request.id)
        place, stamp = at or (None, None)
        if notice.kind is NoticeKind.PREVIEW:
            facts: BulkFacts | Preview = await _previewed(tools, tx, request)
        else:
            facts = await live.facts(tools, tx, request, run)
    if isinstance(facts, BulkFacts) and notice.kind is NoticeKind.LIVE:
        return SaySlack(notice.id, to, facts, place, stamp, attempt, must_be_member=False)
    name = "rekey-preview.csv" if notice.kind is NoticeKind.PREVIEW else "rekey-report.csv"
    thread = None if notice.kind is NoticeKind.PREVIEW else stamp
    content = await report.as_csv(tools, request.id)
    return SayFile(notice.id, to, facts, name, content, place if thread else None, thread, attempt)


async def _previewed(tools: Tools, tx: Tx, request: ResetRequest) -> Preview:
    """Return a preview as far as its file's message needs it."""
    return Preview(
        form_id="",
        request_id=request.id,
        included=request.plan.count or 0,
        excluded=await tally.excluded(tx, request.id),
        duplicates=0,
        directories=tuple([(tools.rules.called(name), n) for name, n in await chunks.sizes(tx, request.id)]),
        by_channel=(),
        options=request.plan.options,
        start=request.plan.start,
        digest=request.digest,
        cannot=(),
        file="",
    )
