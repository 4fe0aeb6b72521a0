"""What is read of a directory before its accounts are judged: verified domains, and who is in the rules' places."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from directory.base import Capability, Directory, DirectoryError, GroupKind
from resets.ruling import Facts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from resets.rules import Rules
    from resets.scope import Place

log = logging.getLogger(__name__)


class Standing:
    """Reads the facts of one directory for the rules of some roles; with `many`, a group is read whole, and once."""

    def __init__(self, rules: Rules, directory: Directory, *roles: str, many: bool = False) -> None:
        self._rules = rules
        self._directory = directory
        self._places = tuple(dict.fromkeys(place for role in roles for place in rules.places(role, directory.name)))
        self._many = many
        self._whole: dict[Place, frozenset[str] | None] = {}
        self._domains: frozenset[str] | None = None
        self._asked = False

    async def of(self, ids: Sequence[str]) -> Facts:
        """Read what is needed to judge accounts (1-1,000 ids). A place that is not there is missing from the answer.

        Raises:
            DirectoryError: it did not answer, or not now: nothing is known.
        """
        if not self._asked:
            self._domains = await verified_domains(self._rules, self._directory)
            self._asked = True
        inside = {place: await self._inside(place, ids) for place in self._places}
        return Facts(self._domains, {place: found for place, found in inside.items() if found is not None})

    async def _inside(self, place: Place, ids: Sequence[str]) -> frozenset[str] | None:
        if not self._many or place.kind is GroupKind.OU:
            return await inside(self._directory, place, ids)
        if place not in self._whole:
            self._whole[place] = await inside(self._directory, place, None)
        return self._whole[place]


async def facts(rules: Rules, directory: Directory, role: str, ids: Sequence[str]) -> Facts:
    """Read what is needed to judge a few accounts; as `Standing.of`."""
    return await Standing(rules, directory, role).of(ids)


async def inside(directory: Directory, place: Place, ids: Sequence[str] | None) -> frozenset[str] | None:
    """Say which of some accounts, or with None all that, are in a place; None where there is no such place to be read.

    Raises:
        DirectoryError: it did not answer, or not now.
    """
    try:
        group = await directory.place(place.name)
        if group is not None and group.kind is place.kind:
            if ids is not None:
                return await directory.inside(group, ids)
            return frozenset([each async for batch in directory.members(group.id) for each in batch])
        why = "not there"
    except DirectoryError as error:
        if error.retryable:
            raise
        why = type(error).__name__
    log.warning("place_not_read", extra={"directory": place.directory, "place": str(place), "why": why})
    return None


async def verified_domains(rules: Rules, directory: Directory) -> frozenset[str] | None:
    """Return the mail domains that count as verified: the configured ones, else those that the directory knows."""
    configured = rules.verified_domains.get(directory.name)
    if configured is not None:
        return configured
    if directory.can(Capability.VERIFIED_DOMAINS):
        return await directory.verified_domains()
    return None
