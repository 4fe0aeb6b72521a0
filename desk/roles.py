"""Who holds a role at this moment: by enrolment and, where the role names a group, as its member, read anew each time.

A form is opened without a directory; the role is read when the first letters are looked up, when the form is filled,
and by the worker before the first password is set.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from desk import standing
from desk.faults import reason as reason_of
from directory.base import DirectoryError
from resets.reasons import Reason, Refused

if TYPE_CHECKING:
    from desk.tools import Tools
    from directory.base import Account
    from resets.actor import Actor

PATIENCE = 8.0  # seconds, before a form that is being filled
QUICK = 1.5  # seconds, where Slack waits for 3


async def holds(tools: Tools, actor: Actor) -> Account:
    """Return the actor's own account, read just now, if the role is theirs at this moment.

    Raises:
        Refused: NO_ROLE (it is no longer configured), ACTOR_DISABLED (or gone), ROLE_NOT_HELD, ROLE_UNREAD (there is no
            such group to be read), or NO_SUCH_DIRECTORY.
        DirectoryError: it did not answer, or not now, so that nothing is known; a repeat may help.
    """
    configured(tools, actor)
    own = (await tools.directory(actor.directory).fetch([actor.account_id])).get(actor.account_id)
    if own is None or own.disabled:
        raise Refused(Reason.ACTOR_DISABLED)
    place = tools.rules.held_in.get(actor.role)
    if place is not None:
        members = await standing.inside(tools.directory(place.directory), place, [own.id])
        if members is None:
            raise Refused(Reason.ROLE_UNREAD, **_facts(tools, actor))
        if place.directory != actor.directory or own.id not in members:
            raise Refused(Reason.ROLE_NOT_HELD, **_facts(tools, actor))
    return own


async def demand(tools: Tools, actor: Actor, *, patience: float = PATIENCE) -> Account:
    """As `holds`, for somebody who waits: who cannot be told in time to hold the role does not hold it.

    Raises:
        Refused: what `holds` refuses, ROLE_UNREAD, or a directory's reason where the role names no group.
    """
    try:
        async with asyncio.timeout(patience):
            return await holds(tools, actor)
    except (DirectoryError, TimeoutError) as error:
        if actor.role in tools.rules.held_in:
            raise Refused(Reason.ROLE_UNREAD, **_facts(tools, actor)) from error
        reason = reason_of(error) if isinstance(error, DirectoryError) else Reason.DIRECTORY_DOWN
        raise Refused(reason, directory=tools.rules.called(actor.directory)) from error


async def admit(tools: Tools, actor: Actor) -> None:
    """As `demand`, quickly, where the role names a group; no directory is asked where it does not.

    Raises:
        Refused: what `demand` refuses.
    """
    configured(tools, actor)
    if actor.role in tools.rules.held_in:
        await demand(tools, actor, patience=QUICK)


def configured(tools: Tools, actor: Actor) -> None:
    """Refuse a role that is not in the settings (any more): NO_ROLE. Touches no network."""
    if tools.rules.grants is not None and actor.role not in tools.rules.grants:
        raise Refused(Reason.NO_ROLE)


def demand_more(tools: Tools, actor: Actor) -> None:
    """Refuse a role that only vouches: RESETS_NOBODY. Freezing everything is left to it, as to anybody with a role."""
    if tools.rules.only_vouches(actor.role):
        raise Refused(Reason.RESETS_NOBODY)


def _facts(tools: Tools, actor: Actor) -> dict[str, str]:
    place = tools.rules.held_in[actor.role]
    return {"role": actor.role, "place": str(place), "directory": tools.rules.called(place.directory)}
