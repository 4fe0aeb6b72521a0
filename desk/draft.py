"""A preview on its way: whoever is named is judged with fresh facts and written down; what stays here are counts."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from desk import fill, limits, resolve
from desk.standing import Standing
from directory.base import Account
from resets import delivery, ruling
from resets.bulk import Candidate, Unfound, Wish
from resets.facts import Member
from resets.reasons import Reason, Refused
from resets.request import Channel, Options, PlannedTarget, ResetRequest, Tier
from store import bulk, index

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from desk.tools import Tools
    from resets.actor import Actor
    from resets.limits import Facts

# The Slack people behind accounts of one directory, by the accounts' ids.
Reach = Callable[[Sequence[Account]], Awaitable[Mapping[str, Member | None]]]

MOST = 100_000  # people and names of one bulk
# A preview is one look-up. Wrong names cost more, at the price of a typeahead, which shows 20 people a look-up; but for
# one wrong name in twenty right ones, for whoever knows so many has no need to guess.
MISSES_A_LOOKUP = 20
RIGHT_A_MISS = 20


@dataclass(slots=True)
class Draft:
    """A preview on its way: what it works with, and what it has counted."""

    tools: Tools
    request: ResetRequest
    own: Account  # the requester's
    wish: Wish
    reach: Reach
    budget: int  # look-ups that wrong names may cost
    standings: dict[str, Standing] = field(default_factory=dict)  # by directory
    size: int = 0
    included: Counter[str] = field(default_factory=Counter)  # by directory
    channels: Counter[Channel] = field(default_factory=Counter)
    tiers: set[Tier] = field(default_factory=set)  # of those who will be reset
    duplicates: int = 0
    right: int = 0  # names that were somebody's
    missed: int = 0

    @property
    def options(self) -> Options:
        """What each of them gets."""
        return self.request.plan.options

    @property
    def actor(self) -> Actor:
        """Who asks."""
        return self.request.requester

    def price(self, left: int = 0) -> int:
        """Return what the wrong names cost in look-ups, if so many more turn out right."""
        guesses = self.missed - (self.right + left) // RIGHT_A_MISS
        return -(-max(guesses, 0) // MISSES_A_LOOKUP)


async def take_ids(draft: Draft, directory: str, ids: Sequence[str], source: str | None) -> None:
    """Read accounts anew and take them; those that are in already are not read again."""
    async with draft.tools.store.read() as tx:
        there = await bulk.known(tx, draft.request.id, directory, ids)
    new = [account_id for account_id in dict.fromkeys(ids) if account_id not in there]
    draft.duplicates += len(ids) - len(new)
    accounts = await resolve.fetch(draft.tools, directory, new)
    found = [accounts[account_id] for account_id in new if account_id in accounts]
    await take(draft, directory, [(source or account.login, account) for account in found])
    gone = [Unfound(account_id, Reason.ACCOUNT_GONE) for account_id in new if account_id not in accounts]
    await write(draft, (), gone)


async def take(draft: Draft, directory: str, accounts: Iterable[tuple[str, Account]]) -> int:
    """Judge accounts that were read just now, and keep them; returns how many were not there before."""
    named: dict[str, tuple[str, Account]] = {}
    for source, account in accounts:
        draft.duplicates += account.id in named
        named.setdefault(account.id, (source, account))
    async with draft.tools.store.read() as tx:
        there = await bulk.known(tx, draft.request.id, directory, named)
        addresses = await index.addresses_many(tx, directory, list(named))
        often = await limits.too_often(draft.tools, tx, directory, list(named))
    draft.duplicates += len(there)
    new = {account_id: pair for account_id, pair in named.items() if account_id not in there}
    candidates = await _judged(draft, directory, new, addresses, often)
    await write(draft, candidates, ())
    for candidate in candidates:
        if candidate.reason is None:
            draft.included[directory] += 1
            draft.tiers.add(candidate.planned.tier)
            draft.channels.update(candidate.planned.channels or ())
    return len(new)


async def _judged(
    draft: Draft,
    directory: str,
    named: Mapping[str, tuple[str, Account]],
    addresses: Mapping[str, index.Addresses],
    often: Mapping[str, Facts],
) -> list[Candidate]:
    """Say of each whether the rules allow it and how the password would reach them."""
    tools = draft.tools
    if directory not in draft.standings:
        draft.standings[directory] = Standing(tools.rules, tools.directory(directory), draft.actor.role, many=True)
    with resolve.answering(tools, directory):
        read = await draft.standings[directory].of(list(named))
    ruled = {
        account_id: ruling.judge(draft.actor, directory, account, read, tools.rules)
        for account_id, (_, account) in named.items()
    }
    for account_id, facts in often.items():
        if account_id in named and ruled[account_id].reason is None:
            told = {**facts, "login": named[account_id][1].login}
            ruled[account_id] = replace(ruled[account_id], reason=Reason.RESET_LATELY, facts=told)
    free = [account for account_id, (_, account) in named.items() if ruled[account_id].reason is None]
    by_dm = Channel.DM in draft.options.channels and Channel.DM not in tools.rules.gates.get(directory, ())
    members = await draft.reach(free) if by_dm and free else {}
    candidates = []
    for account_id, (source, account) in named.items():
        tier, reason, member = ruled[account_id].tier, ruled[account_id].reason, members.get(account_id)
        facts = ruled[account_id].facts if reason is not None else {}
        channels: tuple[Channel, ...] = ()
        if reason is None:
            changed = fill.addresses_changed(tools, addresses.get(account_id), account)
            try:
                channels = _ways(draft, directory, account, tier, member, *changed)
            except Refused as refused:
                reason, facts = refused.reason, refused.facts
        planned = _planned(directory, account, tier, member, channels)
        candidates.append(Candidate(planned, source, reason, facts))
    return candidates


def _ways(
    draft: Draft,
    directory: str,
    account: Account,
    tier: Tier,
    member: Member | None,
    mail_changed_at: datetime | None,
    recovery_changed_at: datetime | None,
) -> tuple[Channel, ...]:
    tools = draft.tools
    return delivery.ways(
        draft.options.channels,
        directory=directory,
        account=account,
        tier=tier,
        actor=draft.actor,
        actor_account=draft.own,
        member=member,
        team=tools.team,
        mail_changed_at=mail_changed_at,
        recovery_changed_at=recovery_changed_at,
        now=tools.clock(),
        rules=tools.rules,
    )


def _planned(
    directory: str, account: Account, tier: Tier, member: Member | None, channels: tuple[Channel, ...]
) -> PlannedTarget:
    """Freeze one person. The address is kept for the notice, whether or not it gets the password."""
    return PlannedTarget(
        directory=directory,
        account_id=account.id,
        login=account.login,
        name=account.name,
        tier=tier,
        slack_user=member.person.user if member and Channel.DM in channels else None,
        address=account.mail if channels else None,
        recovery_address=account.recovery_mail if Channel.RECOVERY in channels else None,
        channels=channels,
    )


async def write(draft: Draft, candidates: Sequence[Candidate], unfound: Sequence[Unfound]) -> None:
    """Keep judged people and names that are nobody's."""
    if not candidates and not unfound:
        return
    if draft.size + len(candidates) + len(unfound) > MOST:
        raise Refused(Reason.TOO_MANY_ROWS)
    tools = draft.tools
    async with tools.store.write() as tx:
        added = await bulk.add(tx, draft.request, candidates, unfound, new_id=tools.new_id, first=draft.size)
    draft.size += added
    await asyncio.sleep(0)
