"""Signs that something may be wrong: said to the security channel, whatever else becomes of the request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desk import freeze
from desk.journal import alarm
from resets.reasons import Reason
from store import admins, limits

if TYPE_CHECKING:
    from desk.tools import Tools
    from resets.actor import Actor
    from store.base import Tx


async def of_request(tools: Tools, tx: Tx, actor: Actor, request_id: str) -> None:
    """Look at what was just taken: is it the first of somebody who was enrolled only lately?"""
    row, now = await admins.by_id(tx, actor.id), tools.clock()
    if row is not None and tools.rules.limits.fresh(row.enrolled_at, now) and await limits.first_of(tx, actor):
        await _said(tools, tx, "fresh_enrolment", actor, request_id)


async def of_run(tools: Tools, tx: Tx, actor: Actor, request_id: str) -> None:
    """Look at a run that was just taken, too: is it the time of the day for one? Where so set, everything is frozen."""
    await of_request(tools, tx, actor, request_id)
    if not tools.rules.limits.late(tools.clock()):
        return
    if tools.rules.limits.late_freezes:
        await freeze.put_by_itself(tools, tx, Reason.OUT_OF_HOURS)
    else:
        await _said(tools, tx, "late_run", actor, request_id)


async def _said(tools: Tools, tx: Tx, what: str, actor: Actor, request_id: str) -> None:
    who = actor.slack.user
    await alarm(tools, tx, what, request_id=request_id, user=who, name=actor.name, about=actor.login)
