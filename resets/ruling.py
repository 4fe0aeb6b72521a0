"""Who may be reset: the rules, as pure functions of what the directory says."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from resets.reasons import Reason
from resets.request import Tier

if TYPE_CHECKING:
    from collections.abc import Mapping

    from directory.base import Account
    from resets.actor import Actor
    from resets.request import Channel

AT_ONCE = 32  # a server with a slow hash is busy with fewer; with a fast one, as many as share a commit count
EVERY_DOMAIN = "*"  # in the operator's setting only, and only when written there
# One plain mailbox: what mail software could take for two recipients or for a display name is no address to us.
_ADDRESS = re.compile(r"[^\s@,;:<>()\[\]\\\"]{1,64}@([^\s@,;:<>()\[\]\\\"]{1,253})")


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
    hold: timedelta = timedelta(seconds=60)  # between the proof of many at once and the first of them
    freeze: timedelta = timedelta(minutes=30)  # so long a freeze stands that nobody proved
    not_me_in_bulk: int = 3  # so many people of one bulk say "not me", and its requester is frozen
    security: frozenset[str] = frozenset()  # roles that end a freeze; none: the first admin does
    form_life: timedelta = timedelta(minutes=15)
    proof_life: timedelta = timedelta(minutes=5)
    must_change_default: bool = True
    display: Mapping[str, str] = field(default_factory=dict)  # directory -> its name for people
    concurrency: Mapping[str, int] = field(default_factory=dict)  # directory -> writes in flight of one chunk
    lanes: Mapping[str, int] = field(
        default_factory=dict
    )  # directory -> chunks under way at once, all workers together

    pace: Mapping[str, float] = field(default_factory=dict)  # directory -> writes a second, all lanes together

    def apart(self, directory: str) -> float:
        """Return how many seconds one lane leaves between two writes; 0 for none."""
        pace = self.pace.get(directory, 0)
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


def tier(account: Account) -> Tier:
    """Say how much harm the account does once taken over."""
    if account.privileged:
        return Tier.PRIVILEGED
    return Tier.SENSITIVE if account.service else Tier.STANDARD


def domain(account: Account) -> str | None:
    """Return the mail domain, in lower case, of the address or, without one, of a login that looks like one.

    None when the account has neither; "" when what it has is no single plain address (which no domain verifies).
    """
    address = account.mail or (account.login if "@" in account.login else None)
    return None if address is None else domain_of(address)


def domain_of(address: str) -> str:
    """Return the lower-case domain of one plain mail address, and "" for anything else."""
    fits = _ADDRESS.fullmatch(address)
    return fits[1].lower().rstrip(".") if fits else ""


def exclusion(
    actor: Actor, directory: str, account: Account, verified_domains: frozenset[str] | None, rules: Rules
) -> tuple[Reason, dict[str, str | int]] | None:
    """Say why the account may not be reset by this actor, with the facts of the sentence; None when it may.

    Args:
        actor: who asks.
        directory: where the account lives.
        account: read from the directory just now.
        verified_domains: what the directory says it has verified, in lower case; None when it does not know or did
            not tell. The operator's setting for the directory goes before it. Neither: nothing is verified.
        rules: the operator's.
    """
    reason = _barred(actor, directory, account, rules) or _unready(directory, account, verified_domains, rules)
    if reason is None:
        return None
    return reason, {
        "login": account.login,
        "directory": rules.called(directory),
        "directory_key": directory,
        "domain": domain(account) or "",
    }


def _barred(actor: Actor, directory: str, account: Account, rules: Rules) -> Reason | None:
    """Judge who the account is."""
    if (actor.directory, actor.account_id) == (directory, account.id) or account.slack_user == actor.slack.user:
        return Reason.SELF
    if account.service:
        return Reason.SERVICE
    names = {f"{directory}/{account.login}".casefold(), f"{directory}/{account.id}".casefold()}
    if tier(account) is Tier.PRIVILEGED or names & {entry.casefold() for entry in rules.never}:
        return Reason.PRIVILEGED
    return Reason.EXTERNAL if account.external else None


def _unready(directory: str, account: Account, verified_domains: frozenset[str] | None, rules: Rules) -> Reason | None:
    """Judge the state that the account is in."""
    if account.disabled:
        return Reason.DISABLED
    if not account.confirmed:
        return Reason.UNCONFIRMED
    own = domain(account)
    if own is None:
        return None
    setting = rules.verified_domains.get(directory)
    verified = setting if setting is not None else verified_domains or frozenset()
    everything = setting is not None and EVERY_DOMAIN in setting
    return None if own and (everything or own in verified) else Reason.UNVERIFIED_DOMAIN
