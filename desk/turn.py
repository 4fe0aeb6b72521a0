"""Whose turn it is: nobody's in a freeze, nor while another request writes the same account's password."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from desk import freeze
from desk.journal import current
from resets.notice import NoticeKind
from resets.reasons import Refused
from resets.request import TargetState
from store import freezes, outbox, requests

if TYPE_CHECKING:
    from desk.dossier import Dossier
    from desk.tools import Tools
    from store.base import Tx

ITS_TURN = timedelta(seconds=2)  # another request is writing this account's password


async def frozen(tools: Tools, dossier: Dossier) -> timedelta | None:
    """Return how long one who was not begun waits for a freeze's end, before any directory is asked, and say so once.

    Raises:
        Refused: ACTOR_FROZEN.
    """
    if dossier.target.state is TargetState.STARTED:
        return None
    async with tools.store.read(short=True) as tx:
        held_up, stands = await freeze.waits(tools, tx, dossier.request.requester), await freezes.standing(tx)
        untold = stands is not None and not await outbox.any_since(tx, NoticeKind.STATUS, dossier.request.id, stands.at)
    if untold:
        async with tools.store.write() as tx:
            await current(tools, tx, dossier.target)
    return held_up


async def wait(tools: Tools, tx: Tx, dossier: Dossier) -> timedelta | None:
    """Return how long to wait before a password may begin to be set; None: now, and until the transaction ends."""
    planned = dossier.target.planned
    try:
        held_up = await freeze.waits(tools, tx, dossier.request.requester)
    except Refused:
        return ITS_TURN  # the next look says so
    busy = await requests.busy(tx, [(planned.directory, planned.account_id)])
    return held_up or (ITS_TURN if busy else None)
