"""What the operator has decided, as one value that every rule is asked with."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from resets import break_glass
from resets.demand import NOTHING, Quorum
from resets.limits import Limits
from resets.scope import BY_BREAK_GLASS, STANDARD_EVERYWHERE
from resets.verification import Needed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from resets.request import Channel, Tier
    from resets.scope import Grant, Listed, Place

AT_ONCE = 32  # a server with a slow hash is busy with fewer; with a fast one, as many as share a commit count


@dataclass(frozen=True, slots=True)
class Rules:
    """What the operator has decided. `version` goes into every plan's digest: other rules, other digest."""

    version: str
    never: frozenset[str] = frozenset()  # "directory/login" or "directory/id", in any case: never reset, whoever asks
    pickup: Mapping[Tier, bool] = field(default_factory=dict)  # is a pickup code asked for; missing: yes
    bulk_pickup: Mapping[Tier, bool] = field(
        default_factory=dict
    )  # the same for many at once; missing: not of standard
    mail_password: bool = False  # may the password itself be mailed
    gates: Mapping[str, frozenset[Channel]] = field(
        default_factory=dict
    )  # directory -> channels behind its own sign-in
    verified_domains: Mapping[str, frozenset[str] | None] = field(
        default_factory=dict
    )  # in lower case; None: the directory knows
    fresh_address: timedelta = timedelta(days=7)  # an address younger than this is not mailed to
    expires: timedelta = timedelta(hours=24)  # a password that nobody collected is replaced
    lookups_per_hour: int = 60
    limits: Limits = field(default_factory=Limits)  # how much is reset within an hour or a day
    hold: timedelta = timedelta(seconds=60)  # between the proof of many at once and the first of them
    freeze: timedelta = timedelta(minutes=30)  # so long a freeze stands that nobody proved
    not_me_in_bulk: int = 3  # so many people of one bulk say "not me", and its requester is frozen
    security: frozenset[str] = frozenset()  # roles that end a freeze; none: the first admin does
    quorum: Quorum = NOTHING  # how many others have to agree, and how strong the requester's step-up has to be
    approvers: frozenset[str] | None = None  # roles whose holders may agree; None: every role
    late_approvers: frozenset[str] = frozenset()  # of them: only from half of the waiting time on
    approval_life: timedelta = timedelta(minutes=15)  # so long a request for one person waits for others to agree
    bulk_approval_life: timedelta = timedelta(hours=4)
    begin_within: timedelta = timedelta(minutes=30)  # of the last approval, or of the time that was asked for
    form_life: timedelta = timedelta(minutes=15)
    proof_life: timedelta = timedelta(minutes=5)
    must_change_default: bool = True
    verification: Mapping[Tier, Needed] = field(default_factory=dict)  # of the caller; missing: nothing is asked
    grants: Mapping[str, tuple[Grant, ...]] | None = None  # role -> its rules; None: nobody wrote any, or a role
    held_in: Mapping[str, Place] = field(default_factory=dict)  # role -> the group whose members alone hold it
    listed: Mapping[str, tuple[Listed, ...]] = field(default_factory=dict)  # directory -> who is of a higher tier
    numbers_per_hour: int = 20  # people whom one requester may have asked: for a number, or to vouch
    number_life: timedelta = timedelta(minutes=5)  # so long one may be pressed
    vouch_life: timedelta = timedelta(minutes=10)  # so long a manager may vouch
    display: Mapping[str, str] = field(default_factory=dict)  # directory -> its name for people
    concurrency: Mapping[str, int] = field(default_factory=dict)  # directory -> writes in flight of one chunk
    lanes: Mapping[str, int] = field(
        default_factory=dict
    )  # directory -> chunks under way at once, all workers together

    pace: Mapping[str, float] = field(default_factory=dict)  # directory -> writes a second, all lanes together

    def needed_of(self, tier: Tier) -> Needed:
        """Return what must be known of the caller."""
        return self.verification.get(tier, Needed.NONE)

    def grants_of(self, role: str, directory: str) -> tuple[Grant, ...]:
        """Return what a role may reset in a directory; of a role that is not configured (any more), nothing."""
        if role == break_glass.ROLE:
            return BY_BREAK_GLASS
        given = STANDARD_EVERYWHERE if self.grants is None else self.grants.get(role, ())
        return tuple(grant for grant in given if grant.directory in (None, directory))

    def resets_nobody(self, role: str) -> bool:
        """Say whether a configured role has no rule at all, so that there is nobody for it to look up."""
        return self.grants is not None and self.grants.get(role) == ()

    def only_vouches(self, role: str) -> bool:
        """Say whether a role resets nobody, agrees to nothing and ends no freeze: a word about one's people is left."""
        agrees = self.approvers is None or role in self.approvers
        return self.resets_nobody(role) and not agrees and role not in self.security

    def places(self, role: str, directory: str) -> tuple[Place, ...]:
        """Return the groups and units that have to be read before accounts of a directory can be judged, each once."""
        raising = [place for listed in self.listed.get(directory, ()) for place in listed.places]
        within = [grant.within for grant in self.grants_of(role, directory) if grant.within is not None]
        return tuple(dict.fromkeys([*raising, *within]))

    def apart(self, directory: str) -> float:
        """Return how many seconds one lane leaves between two writes; 0 for none."""
        pace = self.pace.get(directory)
        return self.lanes_of(directory) / pace if pace else 0.0

    def at_once(self, directory: str) -> int:
        """Return how many writes of one chunk may be in flight."""
        return self.concurrency.get(directory, AT_ONCE)

    def lanes_of(self, directory: str) -> int:
        """Return how many chunks of a directory may be under way at once."""
        return self.lanes.get(directory, 1)

    def called(self, directory: str) -> str:
        """Return a directory's name for people."""
        return self.display.get(directory, directory)
