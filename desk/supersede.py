"""A newer reset of the same account makes the older ones' passwords worthless: they are destroyed, and it is said."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desk.dossier import PURPOSE
from desk.journal import announce, current, note
from resets.audit import Deed
from resets.notice import NoticeKind
from resets.request import TargetState
from store import requests, vault

if TYPE_CHECKING:
    from desk.tools import Tools
    from resets.outcome import Target
    from resets.request import ResetRequest
    from store.base import Tx

WAITING = (TargetState.SET, TargetState.DELIVERED)
LOOK_BACK = 20  # requests for one account; what waits is at most a day old


async def older(tools: Tools, tx: Tx, newer: Target) -> None:
    """Close what still waits to be shown from earlier resets of this account, in the transaction of the newer one."""
    planned = newer.planned
    for request, target in await requests.recent_for(tx, planned.directory, planned.account_id, LOOK_BACK):
        if target.id == newer.id:
            continue
        await close(tools, tx, request, target, by=newer.request_id)


async def close(tools: Tools, tx: Tx, request: ResetRequest, target: Target, *, by: str) -> None:
    """Close one that waits to be shown, since a newer request has set another password."""
    if not await requests.move_target(tx, target.id, WAITING, TargetState.SUPERSEDED):
        return
    await vault.wipe(tx, PURPOSE, target.id)
    await note(tools, tx, Deed.SUPERSEDED, request=request, target=target, by_request=by)
    await current(tools, tx, target)
    if target.planned.slack_user:
        await announce(tools, tx, NoticeKind.SHOW, request_id=request.id, target_id=target.id)
