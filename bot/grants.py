"""What the operator's words about who may reset whom mean to the rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.settings_rules import PLACE
from directory.base import GroupKind
from resets.request import Tier
from resets.scope import Grant, Listed, Place

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.settings import Settings


def grants(settings: Settings) -> Mapping[str, tuple[Grant, ...]]:
    """Return the rules of every role."""
    return {
        role.name: tuple(
            Grant(
                frozenset(Tier(tier) for tier in may.tiers),
                may.directory or None,
                place(may.directory, may.within) if may.within else None,
            )
            for may in role.may
        )
        for role in settings.roles
    }


def held_in(settings: Settings) -> Mapping[str, Place]:
    """Return the group of every role that names one."""
    named = {role.name: role.group.partition("/") for role in settings.roles if role.group}
    return {role: Place(directory, GroupKind.GROUP, name.strip()) for role, (directory, _, name) in named.items()}


def listed(settings: Settings) -> Mapping[str, tuple[Listed, ...]]:
    """Return whom the operator has put into a higher tier, by directory."""
    found: dict[str, tuple[Listed, ...]] = {}
    for section in settings.directories:
        both = ((Tier.SENSITIVE, section.tiers.sensitive), (Tier.PRIVILEGED, section.tiers.privileged))
        found[section.name] = tuple(_listed(section.name, tier, entries) for tier, entries in both if entries)
    return found


def _listed(directory: str, tier: Tier, entries: tuple[str, ...]) -> Listed:
    places = [entry for entry in entries if PLACE.fullmatch(entry)]
    names = frozenset(entry.casefold() for entry in entries if entry not in places)
    return Listed(tier, names, tuple(place(directory, text) for text in places))


def place(directory: str, text: str) -> Place:
    """Read "group:NAME" or "ou:NAME"."""
    found = PLACE.fullmatch(text)
    assert found is not None
    return Place(directory, GroupKind(found[1]), found[2].strip())
