"""What every deed leaves behind: an audit entry and, where somebody should hear of it, a notice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desk.tools import Tools, Work, WorkKind
from resets.actor import Actor
from resets.audit import AuditEntry, Deed
from resets.notice import Notice, NoticeKind, NoticeState
from store import audit, outbox

if TYPE_CHECKING:
    from collections.abc import Mapping

    from resets.actor import SlackPerson
    from resets.outcome import Target
    from resets.request import ResetRequest
    from store.base import Tx

OURSELVES = "rekey"


def slack_name(person: SlackPerson) -> str:
    """Return how the journal names a Slack person."""
    return f"slack:{person.team}/{person.user}"


def account_name(actor: Actor) -> str:
    """Return how the journal names the account behind an enrolment."""
    return f"{actor.directory}/{actor.account_id}"


async def note(
    tools: Tools,
    tx: Tx,
    deed: Deed,
    *,
    by: Actor | SlackPerson | None = None,
    request: ResetRequest | None = None,
    target: Target | None = None,
    more: Mapping[str, str | int] | None = None,
    **facts: str | int,
) -> None:
    """Append one audit entry in the transaction of the deed. Without `by`, it was our own doing."""
    await audit.append(tx, entry(tools, deed, by=by, request=request, target=target, more=more, **facts))


def entry(
    tools: Tools,
    deed: Deed,
    *,
    by: Actor | SlackPerson | None = None,
    request: ResetRequest | None = None,
    target: Target | None = None,
    more: Mapping[str, str | int] | None = None,
    **facts: str | int,
) -> AuditEntry:
    """Return an audit entry, for those that are appended together."""
    slack = by.slack if isinstance(by, Actor) else by
    return AuditEntry(
        at=tools.clock(),
        deed=deed,
        actor=slack_name(slack) if slack is not None else OURSELVES,
        actor_account=account_name(by) if isinstance(by, Actor) else "",
        request_id=request.id if request else (target.request_id if target else ""),
        target_id=target.id if target else "",
        target_account=f"{target.planned.directory}/{target.planned.account_id}" if target else "",
        digest=request.digest if request else "",
        facts={**facts, **(more or {})},
    )


async def announce(
    tools: Tools,
    tx: Tx,
    kind: NoticeKind,
    *,
    request_id: str | None = None,
    target_id: str | None = None,
    **facts: str,
) -> None:
    """Write a notice and the work of saying it, in the transaction of the fact."""
    notice = Notice(
        id=tools.new_id(),
        kind=kind,
        request_id=request_id,
        target_id=target_id,
        facts=facts,
        state=NoticeState.WAITING,
        attempts=0,
        created_at=tools.clock(),
    )
    await outbox.add(tx, notice)
    await tools.enqueue(tx, Work(WorkKind.NOTICE, notice.id))


async def current(tools: Tools, tx: Tx, target: Target) -> None:
    """Have the requester's message about a reset brought up to date. That of a bulk has a round of its own.

    Where a notice that will do so waits and nobody has begun to say it, it will say this as well.
    """
    if target.chunk_id is None and not await outbox.hold_unbegun(tx, NoticeKind.STATUS, target_id=target.id):
        await announce(tools, tx, NoticeKind.STATUS, request_id=target.request_id, target_id=target.id)


async def alarm(tools: Tools, tx: Tx, what: str, *, request_id: str | None = None, **facts: str) -> None:
    """Tell the security channel, and its address where it has one; with the fact `to`, one Slack person alone."""
    await announce(tools, tx, NoticeKind.ALARM, request_id=request_id, what=what, **facts)
    if tools.security_mail and "to" not in facts:
        await announce(tools, tx, NoticeKind.MAIL_ALARM, request_id=request_id, what=what, **facts)
