"""Ppolicy's say: which policy is in force, what its marks and locks mean, and what a password tried tells."""

from __future__ import annotations

from datetime import timedelta

import pytest

from directory.base import AccountGone, CannotDo, NotAllowed, PasswordPolicy
from directory.registry import open_directory
from directory.secret import Secret
from tests.directory.contract import NEW, OLD, made
from tests.directory.harness import Sign
from tests.directory.harness_ldap import ldif, settings, utc_now
from tests.support.ldap_tap import BIND, Tap
from tests.support.slapd import DEFAULT_POLICY, PEOPLE, POLICIES

pytestmark = pytest.mark.server

ADA = f"uid=ada.lovelace,{PEOPLE}"


def policy(row, name, **values):
    """Add a policy entry; return its DN."""
    dn = f"cn={name},{POLICIES}"
    fixed = [("objectClass", "organizationalRole"), ("objectClass", "pwdPolicy"), ("pwdAttribute", "userPassword")]
    row.slapd.admin(ldif(dn, [*fixed, *values.items()]))
    return dn


# -- policies ----------------------------------------------------------------------------------------------


async def test_ones_own_policy_wins_over_the_default(row, corp) -> None:
    """An account's pwdPolicySubentry names the policy in force; without it, it is the configured default."""
    account = await made(row, corp)
    assert await corp.password_policy(account) == PasswordPolicy(min_length=10, history=5)
    strict = policy(row, "strict", pwdMinLength="16", pwdMaxLength="40", pwdInHistory="24", pwdMustChange="TRUE")
    row.slapd.replace(ADA, "pwdPolicySubentry", strict)
    await corp.fetch([account.id])  # what was seen of it before is good for half a minute
    assert await corp.password_policy(account) == PasswordPolicy(min_length=16, max_length=40, history=24)


async def test_what_clients_cannot_read_comes_from_the_settings(row, opened) -> None:
    """The classes that a check module demands are settings; an unknown default policy is the contract's default."""
    directory = opened(default_policy_dn=None, min_classes=3, forbid_names=True)
    account = await made(row, directory)
    assert await directory.password_policy(account) == PasswordPolicy(min_classes=3, forbid_names=True)


async def test_a_policy_that_cannot_be_read_is_told(row, opened) -> None:
    """A policy that is named and not there is NotAllowed, never a guess at what it may demand."""
    directory = opened(default_policy_dn=f"cn=nowhere,{POLICIES}")
    account = await made(row, directory)
    with pytest.raises(NotAllowed):
        await directory.password_policy(account)


async def test_must_change_without_effect_is_not_claimed(row, corp) -> None:
    """With pwdMustChange FALSE slapd ignores pwdReset: the write says so, and the call of its own is CannotDo."""
    account = await made(row, corp)
    row.slapd.replace(DEFAULT_POLICY, "pwdMustChange", "FALSE")
    written = await corp.set_password(account, Secret(NEW), must_change=True)
    assert not written.must_change
    with pytest.raises(CannotDo):
        await corp.must_change(account)
    assert await row.sign_in(account.id, NEW) == Sign.YES


async def test_a_lock_ends_with_its_duration(row, opened, slapd_row) -> None:
    """The mark of a lock stays after it has run out; it is told as no lock any more."""
    account = await made(row, row.directory)
    row.slapd.replace(DEFAULT_POLICY, "pwdLockoutDuration", "600")
    await row.lock(account.id)
    assert (await row.directory.fetch([account.id]))[account.id].locked
    later = open_directory("ldap", "corp", settings(row.slapd), clock=lambda: utc_now() + timedelta(seconds=601))
    assert not (await later.fetch([account.id]))[account.id].locked
    await later.close()


# -- trying a password -------------------------------------------------------------------------------------


async def test_an_empty_password_is_never_sent(row, corp, opened) -> None:
    """A bind with an empty password succeeds as nobody (RFC 4513, 5.1.2); it must not even leave us."""
    account = await made(row, corp)
    tap = Tap(row.slapd)
    directory = opened(url=await tap.listen())
    assert not await directory.verify_password(account, Secret(""))
    assert BIND not in tap.seen
    await tap.close()


@pytest.mark.parametrize("how", ["lock", "disable"])
async def test_what_a_locked_account_answers_tells_nothing(row, corp, how) -> None:
    """A locked account is refused its right password as well: AccountGone, and no guess is spent."""
    account = await made(row, corp)
    await getattr(row, how)(account.id)
    before = row.slapd.read(ADA, "pwdFailureTime")
    with pytest.raises(AccountGone):
        await corp.verify_password(account, Secret(OLD))
    assert row.slapd.read(ADA, "pwdFailureTime") == before


async def test_an_expired_password_is_still_the_right_one(row, corp) -> None:
    """Ppolicy refuses a right password that is too old with an error of its own: it is the current one."""
    account = await made(row, corp)
    row.slapd.replace(DEFAULT_POLICY, "pwdMaxAge", "3600")
    assert await row.sign_in(account.id, OLD) == Sign.NO
    assert await corp.verify_password(account, Secret(OLD))
    assert not await corp.verify_password(account, Secret(NEW))


async def test_a_one_time_password_is_the_right_one(row, corp) -> None:
    """A password that must be changed at the next sign-in is the current one."""
    account = await made(row, corp)
    await corp.set_password(account, Secret(NEW), must_change=True)
    assert await corp.verify_password(account, Secret(NEW))
