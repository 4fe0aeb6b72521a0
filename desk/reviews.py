"""The review that every break-glass reset has to get: by an enrolled admin, with a code, within a day."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desk import prove, roles
from desk.forms import role_of
from desk.journal import alarm, note
from resets.audit import Deed
from resets.break_glass import REVIEW_WITHIN
from resets.reasons import Reason, Refused
from store import admins, requests
from store import break_glass as uses

if TYPE_CHECKING:
    from desk.tools import Tools
    from resets.actor import SlackPerson
    from store.base import Tx


async def waiting(tools: Tools) -> tuple[uses.Use, ...]:
    """Return the uses that nobody has reviewed, the oldest first."""
    async with tools.store.read() as tx:
        return await uses.unreviewed(tx)


async def demand(tools: Tools, tx: Tx) -> None:
    """Refuse a single reset while a use has waited for its review for too long.

    Raises:
        Refused: NOT_REVIEWED.
    """
    oldest = next(iter(await uses.unreviewed(tx)), None)
    if oldest is not None and tools.clock() - oldest.at >= REVIEW_WITHIN:
        raise Refused(Reason.NOT_REVIEWED)


async def give(tools: Tools, request_id: str, by: SlackPerson, code: str, *, host: str) -> None:
    """Say, with a code, that a use has been looked at. Whoever was reset by it does not.

    Raises:
        Refused: NO_ROLE, RESETS_NOBODY (a role that only vouches), ACTOR_FROZEN, NOT_TO_REVIEW, OWN_REVIEW, or a CODE_
            reason.
    """
    async with tools.store.write() as tx:
        actor = await role_of(tx, by)
        roles.demand_more(tools, actor)
        row = await admins.by_id(tx, actor.id, hold=True)
        if row is None or row.frozen_at is not None:
            raise Refused(Reason.ACTOR_FROZEN)
        request = await requests.get(tx, request_id)
        if request is None or request_id not in {use.request_id for use in await uses.unreviewed(tx)}:
            raise Refused(Reason.NOT_TO_REVIEW)
        if (actor.directory, actor.account_id) in {(one.directory, one.account_id) for one in request.plan.targets}:
            raise Refused(Reason.OWN_REVIEW)
        missed = await prove.step_up(tools, tx, actor, code)
        if missed is None:
            if not await uses.review(tx, request_id, actor.id, tools.clock()):
                raise Refused(Reason.NOT_TO_REVIEW)
            await note(tools, tx, Deed.GLASS_REVIEWED, by=actor, request=request, method="totp", host=host)
            facts = {"user": actor.slack.user, "name": actor.name, "about": actor.login}
            await alarm(tools, tx, "glass_reviewed", request_id=request_id, **facts)
            return
    raise missed
