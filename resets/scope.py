"""What a role may reset: which tiers, in which directory, within what. Values; `ruling.py` judges by them."""

from __future__ import annotations

from dataclasses import dataclass

from directory.base import GroupKind  # noqa: TC001
from resets.request import Tier

RANK = {tier: rank for rank, tier in enumerate(Tier)}  # the higher, the more harm


@dataclass(frozen=True, slots=True)
class Place:
    """A group or an organizational unit of a directory, as the operator names it; nested groups and branches count."""

    directory: str
    kind: GroupKind
    name: str

    def __str__(self) -> str:
        """Return it as it stands in the settings."""
        return f"{self.kind.value}:{self.name}"


@dataclass(frozen=True, slots=True)
class Grant:
    """One rule of a role: accounts of these tiers may be reset, and no others."""

    tiers: frozenset[Tier]
    directory: str | None = None  # None: every one
    within: Place | None = None  # None: the whole directory


@dataclass(frozen=True, slots=True)
class Listed:
    """Whom the operator has put into a tier, whatever the directory says of them."""

    tier: Tier
    names: frozenset[str] = frozenset()  # logins and ids, in lower case
    places: tuple[Place, ...] = ()


# Where the operator has written no rule at all: it works for a team of three, and harms no owner.
STANDARD_EVERYWHERE = (Grant(frozenset({Tier.STANDARD})),)
# By the sealed code, which no role stands behind: whoever is privileged is not let in at night.
BY_BREAK_GLASS = (Grant(frozenset({Tier.STANDARD, Tier.SENSITIVE})),)
