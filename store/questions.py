"""What is counted of the questions about callers: number matches, and those to managers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import bindparam, delete, func, select

from resets.number import AGAINST
from resets.vouch import VouchState
from store.tables import admins
from store.tables_asked import number_matches, vouches

if TYPE_CHECKING:
    from datetime import datetime

    from resets.actor import Actor
    from store.base import Tx

TABLES = (number_matches, vouches)
NO = [*[state.value for state in AGAINST], VouchState.DENIED.value]
_DENIED = [
    select(rows.c.id)
    .where(
        rows.c.directory == bindparam("directory"),
        rows.c.account_id == bindparam("account"),
        rows.c.state.in_(NO) & (rows.c.ended_at >= bindparam("since")) | (rows.c.denied_at >= bindparam("since")),
    )
    .limit(1)
    for rows in TABLES
]


async def asked_since(tx: Tx, actor: Actor, since: datetime) -> int:
    """Say how many a requester has asked since a time (that moment included), under whatever enrolment."""
    same = (admins.c.directory == actor.directory) & (admins.c.account_id == actor.account_id)
    asked = 0
    for rows in TABLES:
        theirs = rows.c.actor_id.in_(select(admins.c.id).where(same)) & (rows.c.asked_at >= since)
        asked += await tx.conn.scalar(select(func.count()).select_from(rows).where(theirs)) or 0
    return asked


async def denied_since(tx: Tx, directory: str, account_id: str, since: datetime) -> bool:
    """Say whether a person, or their manager, has said since a time that whoever called is not them."""
    about = {"directory": directory, "account": account_id, "since": since}
    for said in _DENIED:
        if await tx.conn.scalar(said, about) is not None:
            return True
    return False


async def delete_old(tx: Tx, before: datetime) -> int:
    """Forget those that were asked before a time; the journal does not. Returns how many."""
    return sum([(await tx.conn.execute(delete(rows).where(rows.c.asked_at < before))).rowcount for rows in TABLES])
