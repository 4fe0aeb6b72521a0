"""Who may be reset by whom: the rules, as pure functions of what the directory says.

What no rule overrides comes first: oneself, services, the never-list. Then the tier and the place, which a rule of the
actor's role has to name. Then the state that the account is in, which no rule overrides either.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from resets.reasons import Reason
from resets.request import Tier
from resets.scope import RANK

if TYPE_CHECKING:
    from collections.abc import Mapping

    from directory.base import Account
    from resets.actor import Actor
    from resets.rules import Rules
    from resets.scope import Grant, Place

EVERY_DOMAIN = "*"  # in the operator's setting only, and only when written there
# One plain mailbox: what mail software could take for two recipients or for a display name is no address to us.
_ADDRESS = re.compile(r"[^\s@,;:<>()\[\]\\\"]{1,64}@([^\s@,;:<>()\[\]\\\"]{1,253})")


@dataclass(frozen=True, slots=True)
class Facts:
    """What was read of a directory just now, besides the accounts that are judged with it."""

    # What the directory says it has verified, in lower case; None when it does not know or did not tell. The operator's
    # setting for the directory goes before it. Neither: nothing is verified.
    domains: frozenset[str] | None = None
    # Which of the accounts, by id, are in a place; one that is missing here could not be read.
    inside: Mapping[Place, frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ruling:
    """What the rules say of one account and one actor: a reason why not or, without one, the rule that allows it."""

    tier: Tier
    reason: Reason | None
    facts: dict[str, str | int]  # for the sentence
    grant: Grant | None = None


def judge(actor: Actor, directory: str, account: Account, facts: Facts, rules: Rules) -> Ruling:
    """Say whether the account may be reset by this actor.

    Args:
        actor: who asks, by a role that is theirs at this moment.
        directory: where the account lives.
        account: read from the directory just now.
        facts: read with it; of every place that `rules.places` names.
        rules: the operator's.
    """
    tier, unread = _tier(directory, account, facts, rules)
    reason = _untouchable(actor, directory, account, rules)
    grant: Grant | None = None
    if unread is None:
        grant, unread = _allowing(actor.role, directory, account, tier, facts, rules)
    if reason is None:
        if unread is not None:
            reason = Reason.FACTS_UNREAD
        elif grant is None:
            reason = _unallowed(actor.role, directory, tier, rules)
        else:
            reason = _unready(directory, account, facts.domains, rules)
    said: dict[str, str | int] = {
        "login": account.login,
        "directory": rules.called(directory),
        "directory_key": directory,
        "domain": domain(account) or "",
        "role": actor.role,
    }
    if unread is not None:
        said["place"] = str(unread)
    return Ruling(tier, reason, said, grant if reason is None else None)


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


def _tier(directory: str, account: Account, facts: Facts, rules: Rules) -> tuple[Tier, Place | None]:
    """Say how much harm the account does once taken over; privileged, with the place, where that could not be read."""
    if account.privileged:
        return Tier.PRIVILEGED, None
    worst, unread = Tier.STANDARD, None
    for listed in rules.listed.get(directory, ()):
        named = not listed.names.isdisjoint(_names(account))
        if named or any(account.id in facts.inside.get(place, ()) for place in listed.places):
            worst = max(worst, listed.tier, key=RANK.__getitem__)
        unread = next((place for place in listed.places if place not in facts.inside), unread)
    return (worst, None) if unread is None else (Tier.PRIVILEGED, unread)


def _untouchable(actor: Actor, directory: str, account: Account, rules: Rules) -> Reason | None:
    """Judge who the account is: what is said here, no rule overrides."""
    if (actor.directory, actor.account_id) == (directory, account.id) or account.slack_user == actor.slack.user:
        return Reason.SELF
    if account.service:
        return Reason.SERVICE
    never = _folded(rules.never)
    return Reason.NEVER if any(f"{directory}/{name}".casefold() in never for name in _names(account)) else None


def _allowing(
    role: str, directory: str, account: Account, tier: Tier, facts: Facts, rules: Rules
) -> tuple[Grant | None, Place | None]:
    """Return the first rule that allows it or, where none does and one might, the place that could not be read."""
    unread = None
    for grant in rules.grants_of(role, directory):
        if tier not in grant.tiers:
            continue
        if grant.within is None or account.id in facts.inside.get(grant.within, ()):
            return grant, None
        if grant.within not in facts.inside:
            unread = grant.within
    return None, unread


def _unallowed(role: str, directory: str, tier: Tier, rules: Rules) -> Reason:
    """Say what is missing: the tier, in every rule of the role for this directory, or the place."""
    if tier is Tier.STANDARD or any(tier in grant.tiers for grant in rules.grants_of(role, directory)):
        return Reason.OUT_OF_SCOPE
    return Reason.PRIVILEGED if tier is Tier.PRIVILEGED else Reason.SENSITIVE


def _unready(directory: str, account: Account, verified_domains: frozenset[str] | None, rules: Rules) -> Reason | None:
    """Judge the state that the account is in: what is said here, no rule overrides."""
    if account.external:
        return Reason.EXTERNAL
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


def _names(account: Account) -> tuple[str, str]:
    return account.login.casefold(), account.id.casefold()


@lru_cache(maxsize=8)
def _folded(entries: frozenset[str]) -> frozenset[str]:
    return frozenset(entry.casefold() for entry in entries)
