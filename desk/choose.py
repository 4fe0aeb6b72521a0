"""Choosing many: people and groups are looked up as in the single reset, counted and audited in the same way."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from desk import limits, look
from desk.forms import BULK, open_form, role_of
from desk.freeze import demand
from directory.base import Capability, DirectoryError
from resets.bulk import GroupChoice, GroupChoices

if TYPE_CHECKING:
    from desk.tools import Tools
    from directory.base import Directory, Group
    from resets.actor import SlackPerson
    from resets.facts import Choice

log = logging.getLogger(__name__)

GROUPS = "group_"  # the field whose typing is counted apart from that of people
MIN_GROUP_LETTERS = 2  # "HR"
PATIENCE_SECONDS = 2.0  # Slack waits for 3


async def start(tools: Tools, person: SlackPerson) -> str:
    """Open a form for many for a person who holds a role, and return its id. Touches no directory.

    Raises:
        Refused: NO_ROLE, FROZEN, ACTOR_FROZEN, BULKS_USED_UP or TOO_MANY_OPEN.
    """
    async with tools.store.write(waited_for=True) as tx:
        actor = await role_of(tx, person)
        await demand(tools, tx, actor)
        await limits.demand(tools, tx, actor, many=True)
        return await open_form(tools, tx, BULK, person, actor)


async def suggest_people(tools: Tools, form_id: str, person: SlackPerson, query: str) -> tuple[Choice, ...]:
    """Return at most 20 accounts for a typeahead, as `look.suggest` does.

    Raises:
        Refused: the form is not good, TOO_SHORT (under 3 letters), or TOO_MANY_LOOKUPS.
    """
    return await look.suggest(tools, form_id, person, query, kind=BULK)


async def suggest_groups(tools: Tools, form_id: str, person: SlackPerson, query: str) -> GroupChoices:
    """Return at most 20 groups for a typeahead, from the directories that have any; those that fail are named.

    Typing on is the same look-up.

    Raises:
        Refused: the form is not good, TOO_SHORT (under 2 letters), or TOO_MANY_LOOKUPS.
    """
    query = await look.typed(tools, form_id, person, query, kind=BULK, least=MIN_GROUP_LETTERS, field=GROUPS)
    able = {name: d for name, d in tools.directories.items() if d.can(Capability.MEMBERS)}
    answers = dict(zip(able, await asyncio.gather(*(_ask(d, query) for d in able.values())), strict=True))
    found = [
        GroupChoice(name, group.id, group.name, group.kind, group.path)
        for name, groups in answers.items()
        for group in groups or ()
    ]
    # What begins with the query first, whichever directory it is of.
    found.sort(key=lambda choice: not choice.name.casefold().startswith(query))
    missing = tuple(tools.rules.called(name) for name, groups in answers.items() if groups is None)
    return GroupChoices(tuple(found[: look.MAX_CHOICES]), missing)


async def _ask(directory: Directory, query: str) -> tuple[Group, ...] | None:
    """Return what a directory finds; None where it cannot tell in time."""
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await directory.find_groups(query, limit=look.MAX_CHOICES)
    except (DirectoryError, TimeoutError) as error:
        log.warning("groups_not_read", extra={"directory": directory.name, "error": type(error).__name__})
        return None
