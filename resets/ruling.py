"""Who may be reset: the rules, as pure functions of what the directory says."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from resets.reasons import Reason
from resets.request import Tier

if TYPE_CHECKING:
    from directory.base import Account
    from resets.actor import Actor
    from resets.rules import Rules

EVERY_DOMAIN = "*"  # in the operator's setting only, and only when written there
# One plain mailbox: what mail software could take for two recipients or for a display name is no address to us.
_ADDRESS = re.compile(r"[^\s@,;:<>()\[\]\\\"]{1,64}@([^\s@,;:<>()\[\]\\\"]{1,253})")


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
