"""What `rekey doctor` says of the rules: whether the groups, units and accounts that they name are there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.grants import grants, held_in, listed
from desk.standing import inside
from directory.base import DirectoryError, Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.settings import Settings
    from directory.base import Directory
    from resets.scope import Place
    from store.admins import AdminRow


async def named(directory: Directory, settings: Settings) -> list[Finding]:
    """Look for every place and every account that the rules name in one directory.

    Raises:
        DirectoryError: it does not answer.
    """
    places, found = list(_places(directory.name, settings)), []
    for key, costs, place in places:
        if await inside(directory, place, []) is None:
            remedy = f"Mend {key}, or give the service account the right to read it; until then {costs}."
            found.append(Finding(ok=False, what="rules", detail=f"{place} cannot be read", remedy=remedy))
    for each in listed(settings)[directory.name]:
        key = f"directories.{directory.name}.tiers.{each.tier.value}"
        for name in sorted(each.names):
            if not await _somebody(directory, name):
                remedy = f"Mend {key}; who is not found is of no higher tier by it."
                found.append(Finding(ok=False, what="rules", detail=f"nobody is called {name!r}", remedy=remedy))
    if places and not found:
        found.append(Finding(ok=True, what="rules", detail=f"{len(places)} places of the rules can be read"))
    return found


def _places(directory: str, settings: Settings) -> Iterator[tuple[str, str, Place]]:
    """Give each place with the setting that names it, and what it costs that it cannot be read."""
    for each in listed(settings)[directory]:
        for place in each.places:
            yield f"directories.{directory}.tiers.{each.tier.value}", "nobody in this directory is reset", place
    for role, place in held_in(settings).items():
        if place.directory == directory:
            yield f"roles.{role}.group", f"nobody holds the role {role!r}", place
    for role, given in grants(settings).items():
        for grant in given:
            if grant.within is not None and grant.directory == directory:
                yield f"roles.{role}.may", "that rule allows nothing", grant.within


async def _somebody(directory: Directory, name: str) -> bool:
    try:
        return bool((await directory.find_many([name]))[name] or await directory.fetch([name]))
    except DirectoryError as error:
        if error.retryable:
            raise
        return False


def roles(settings: Settings, living: list[AdminRow]) -> list[Finding]:
    """Name the enrolled whose role is not configured any more."""
    known = {role.name for role in settings.roles}
    remedy = "Add it to [[roles]], or end that enrolment with `rekey admin revoke`."
    gone = [row.actor for row in living if row.actor.role not in known]
    return [
        Finding(ok=False, what="admins", detail=f"{who.login} has the role {who.role!r}, which is none", remedy=remedy)
        for who in gone
    ]
