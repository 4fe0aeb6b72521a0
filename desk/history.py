"""What happens to a request to which others have to agree is a line in the thread under its card, said once.

The line is the journal's entry: the notice names it, and whoever says it reads it there. So a line that is late, since
Slack was away, still tells what happened then, and to whom it was due.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from desk.journal import announce, entry
from resets.actor import Actor
from resets.history import TOLD
from resets.notice import NoticeKind
from store import approvals, audit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from desk.tools import Tools
    from resets.actor import SlackPerson
    from resets.audit import AuditEntry, Deed
    from resets.outcome import Target
    from resets.request import ResetRequest
    from store.base import Tx


async def note(
    tools: Tools,
    tx: Tx,
    deed: Deed,
    *,
    request: ResetRequest,
    by: Actor | SlackPerson | None = None,
    target: Target | None = None,
    more: Mapping[str, str | int] | None = None,
    **facts: str | int,
) -> None:
    """Append an entry as `journal.note` does, and have it said under the card of a request that has one."""
    named = {"name": by.name} if isinstance(by, Actor) else {}
    made = entry(tools, deed, by=by, request=request, target=target, more={**named, **(more or {})}, **facts)
    if await approvals.asked(tx, request.id):
        await keep(tools, tx, made)
    else:
        await audit.append(tx, made)


async def keep(tools: Tools, tx: Tx, *made: AuditEntry) -> None:
    """Append entries about a request that waits for others, and have those that are told said under the card."""
    first = await audit.append_many(tx, made)
    for number, each in enumerate(made, first):
        if tools.approvals_channel and each.deed in TOLD:
            await announce(tools, tx, NoticeKind.HISTORY, request_id=each.request_id, entry=str(number))
