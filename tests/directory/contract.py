"""What the contract's tests share: how every capability is called, and what is read again after a deed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from directory.base import Capability, Directory, Group, PasswordPolicy
from directory.secret import Secret
from tests.directory.harness import Harness, Person

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from directory.base import Account

OLD = Person().password or ""
NEW = "Speech-annually-nephew-dispense-3"
OTHER = "Velvet-otter-plank-moss-dune-7"
POLICY = PasswordPolicy(min_length=12, history=3)

CALLS: dict[Capability, Callable[[Directory, Account], Awaitable[object]]] = {
    Capability.MUST_CHANGE: lambda d, a: d.must_change(a),
    Capability.REVOKE_SESSIONS: lambda d, a: d.revoke_sessions(a),
    Capability.REVOKE_TOKENS: lambda d, a: d.revoke_tokens(a),
    Capability.UNLOCK: lambda d, a: d.unlock(a),
    Capability.GROUPS: lambda d, a: d.groups(a),
    Capability.MANAGER: lambda d, a: d.manager(a),
    Capability.PASSWORD_POLICY: lambda d, a: d.password_policy(a),
    Capability.VERIFIED_DOMAINS: lambda d, _: d.verified_domains(),
    Capability.LAST_SIGN_IN: lambda d, a: d.last_sign_in(a),
    Capability.VERIFY_PASSWORD: lambda d, a: d.verify_password(a, Secret(OLD)),
    Capability.MEMBERS: lambda d, _: d.find_groups("any"),
}


async def made(harness: Harness, directory: Directory, person: Person | None = None) -> Account:
    account_id = await harness.make_account(person or Person())
    return (await directory.fetch([account_id]))[account_id]


async def again(directory: Directory, account: Account) -> Account:
    return (await directory.fetch([account.id]))[account.id]


def declares(harness: Harness, directory: Directory, capability: Capability) -> bool:
    """Say whether a promise about a capability is to be kept here; what is excused is skipped with its reason."""
    if capability in harness.excused:
        pytest.skip(f"{harness.kind}: {harness.excused[capability]}")
    return directory.can(capability)


async def named(directory: Directory, name: str) -> Group:
    [group] = [g for g in await directory.find_groups(name) if g.name == name]
    return group


async def inside(directory: Directory, group_id: str) -> list[str]:
    ids: list[str] = []
    async for batch in directory.members(group_id):
        assert 1 <= len(batch) <= 1000
        ids += batch
    assert len(ids) == len(set(ids))
    return ids


async def everyone(directory: Directory, since: str | None = None) -> tuple[dict[str, Account], set[str], str | None]:
    seen: dict[str, Account] = {}
    gone: set[str] = set()
    marker = None
    async for page in directory.pages(since):
        assert len(page.accounts) <= 1000
        seen |= {account.id: account for account in page.accounts}
        gone |= set(page.gone)
        marker = page.marker
    return seen, gone, marker
