"""Whose it is to say a notice: one try's at a time, in whatever process, for some seconds.

Two processes may have been given the same work: after an outage of the database the engine begins what it had claimed
before, while another worker has been given it as well; and an old round of a chunk may not have seen yet that there is
a new one. Each would look for the notice's message, find none and post. So a try is written into the notice's row, with
its time by the database's own clock, and nobody else begins one until it has ended or its time is over.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from store import outbox

if TYPE_CHECKING:
    from desk.tools import Tools

LEASE = timedelta(seconds=15)  # that a try is left alone: FRESH, a call to Slack (10 s at most), some to spare
FRESH = timedelta(seconds=3)  # that a try needs not to ask whether it still is the one
LOOK_AGAIN = timedelta(seconds=2)  # at one that is another's for now


class Claim:
    """The right to say one notice, as long as `holds` says so.

    Args:
        tools: the desk's.
        notice_id: the notice.
        attempt: which try it is, as it was counted.
        since: by the watch of `tools`, from before it was taken.
    """

    def __init__(self, tools: Tools, notice_id: str, attempt: int, since: float) -> None:
        self._tools = tools
        self._notice_id = notice_id
        self._attempt = attempt
        self._since = since

    async def holds(self) -> bool:
        """Say whether it is for this process to say it, for as long as one call lasts; to be asked right before.

        Raises:
            StoreFailed: nobody knows.
        """
        if not self._tools.fit():
            return False
        now = self._tools.watch()
        if now - self._since < FRESH.total_seconds():
            return True
        async with self._tools.store.write() as tx:
            held = await outbox.renew(tx, self._notice_id, self._attempt)
        self._since = now
        return held and self._tools.fit() and self._tools.watch() - now < FRESH.total_seconds()
