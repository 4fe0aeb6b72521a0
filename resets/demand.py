"""What a request demands before it runs: how strong a step-up, and how many others who agree; by count and tiers.

Of everything that a request is (so many people, or any of the tiers below), the hardest counts, so that more people or
more privilege never need less, whatever the numbers are set to.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from resets.request import Tier

if TYPE_CHECKING:
    from collections.abc import Iterable

HARDNESS = (Tier.STANDARD, Tier.SENSITIVE, Tier.PRIVILEGED)
BY_CODE = 2  # the level that a code in Slack's own modal meets at most; 3 takes a page of our own, and a passkey


@dataclass(frozen=True, slots=True)
class Quorum:
    """The operator's numbers. As they stand here nothing is demanded; the settings' defaults are the table.

    `few` counts from two people on. `levels` of step-up are 1-3.
    """

    standard: int = 0  # approvals for one standard account
    sensitive: int = 0  # ... where an account is sensitive
    privileged: int = 0
    few: int = 0  # ... for two people and more
    many: int = 0  # ... for `many_from` people and more
    many_from: int = 51
    security_from: int | None = None  # from so many people on, one of the approvals is a security role's
    level_standard: int = 1
    level_many: int = 1  # also where approvals are demanded
    level_sensitive: int = 1
    level_privileged: int = 1


NOTHING = Quorum()


@dataclass(frozen=True, slots=True)
class Demand:
    """What one request needs."""

    level: int = 1  # of the requester's step-up, 1-3
    approvals: int = 0  # of other people
    of_security: int = 0  # of them: by somebody with a security role

    @property
    def by_code(self) -> bool:
        """Say whether a code from an authenticator app is proof enough."""
        return self.level <= BY_CODE


def demand(count: int, tiers: Iterable[Tier], quorum: Quorum) -> Demand:
    """Return what a request for `count` people (1 and more) of these tiers demands."""
    hardest = max(map(HARDNESS.index, tiers), default=0)
    approvals, level = [quorum.standard], [quorum.level_standard]
    if hardest >= HARDNESS.index(Tier.SENSITIVE):
        approvals.append(quorum.sensitive)
        level.append(quorum.level_sensitive)
    if hardest >= HARDNESS.index(Tier.PRIVILEGED):
        approvals.append(quorum.privileged)
        level.append(quorum.level_privileged)
    if count > 1:
        approvals.append(quorum.few)
        level.append(quorum.level_many)
    if count >= quorum.many_from:
        approvals.append(quorum.many)
    of_security = int(quorum.security_from is not None and count >= quorum.security_from)
    needed = max(*approvals, of_security)
    if needed:
        level.append(quorum.level_many)
    return Demand(max(level), needed, of_security)
