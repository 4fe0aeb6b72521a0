"""What holds for every question about a caller: how many an admin may have asked, and what a no means for an hour."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from resets.reasons import Reason, Refused
from store import questions

if TYPE_CHECKING:
    from desk.tools import Tools
    from resets.actor import Actor
    from store.base import Tx

AN_HOUR = timedelta(hours=1)


async def demand(tools: Tools, tx: Tx, actor: Actor, directory: str, account_id: str) -> None:
    """Refuse to ask anybody else about an account, or on an admin's behalf.

    Raises:
        Refused: CALLER_DENIED or TOO_MANY_NUMBERS.
    """
    if await denied(tools, tx, directory, account_id):
        raise Refused(Reason.CALLER_DENIED)
    limit = tools.rules.numbers_per_hour
    if await questions.asked_since(tx, actor, tools.clock() - AN_HOUR) >= limit:
        raise Refused(Reason.TOO_MANY_NUMBERS, limit=limit)


async def denied(tools: Tools, tx: Tx, directory: str, account_id: str) -> bool:
    """Say whether a person, or their manager, has said within the last hour that whoever called is not them."""
    return await questions.denied_since(tx, directory, account_id, tools.clock() - AN_HOUR)
