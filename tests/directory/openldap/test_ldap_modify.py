"""The one modify that sets a password in OpenLDAP: its guard, what it may be refused for, and the marker it leaves."""

from __future__ import annotations

import pytest

from directory.base import AccountGone, NotAllowed, PasswordRejected, PasswordUnchanged
from directory.secret import Secret
from tests.directory.contract import NEW, OLD, OTHER, made
from tests.directory.harness import Sign
from tests.directory.harness_ldap import ldif
from tests.support.ldap_tap import MODIFY, Tap
from tests.support.slapd import BASE, DEFAULT_POLICY, PEOPLE

pytestmark = pytest.mark.server

ADA = f"uid=ada.lovelace,{PEOPLE}"


# -- the one modify ----------------------------------------------------------------------------------------


async def test_disabled_at_the_last_moment_stays_disabled(row, corp, opened) -> None:
    """Who is disabled after our last look and before the server writes is AccountGone: slapd would enable them."""
    account = await made(row, corp)

    def disable(kind):
        if kind == MODIFY:
            row.slapd.replace(ADA, "pwdAccountLockedTime", "000001010000Z")

    tap = Tap(row.slapd, before=disable)
    slow = opened(url=await tap.listen())
    with pytest.raises(AccountGone):
        await slow.set_password(account, Secret(NEW), must_change=True)
    await tap.close()
    assert row.slapd.read(ADA, "pwdAccountLockedTime") == {"pwdaccountlockedtime": ["000001010000Z"]}
    assert await row.sign_in(account.id, NEW) == Sign.NO


@pytest.mark.parametrize("kind", ["disabled_filter", "privileged_filter"])
async def test_marked_at_the_last_moment_is_left_alone(row, corp, opened, kind) -> None:
    """The configured filters stand in the same guard: disabled or promoted meanwhile is AccountGone."""
    account = await made(row, corp)

    def mark(request):
        if request == MODIFY:
            row.slapd.replace(ADA, "employeeType", "special")

    tap = Tap(row.slapd, before=mark)
    slow = opened(url=await tap.listen(), **{kind: "(employeeType=special)"})
    with pytest.raises(AccountGone):
        await slow.set_password(account, Secret(NEW), must_change=True)
    await tap.close()
    assert await row.sign_in(account.id, OLD) == Sign.YES


async def test_without_must_change_an_old_mark_goes(row, corp) -> None:
    """must_change=False takes back what an earlier reset asked for, in the same modify."""
    account = await made(row, corp)
    await corp.set_password(account, Secret(NEW), must_change=True)
    written = await corp.set_password(account, Secret(OTHER), must_change=False)
    assert not written.must_change
    assert await row.sign_in(account.id, OTHER) == Sign.YES


async def test_a_reset_lifts_a_lock(row, corp) -> None:
    """A locked account can sign in with its new password at once: slapd lifts the lock itself."""
    account = await made(row, corp)
    await row.lock(account.id)
    await corp.set_password(account, Secret(NEW), must_change=False)
    assert await row.sign_in(account.id, NEW) == Sign.YES


@pytest.mark.parametrize(
    "text", ["{SSHA}c2FsdHNhbHQtYW5kLW1vcmU=", "{CLEARTEXT}Some-text-3", "\ud800-half-a-character"]
)
async def test_a_password_that_looks_like_a_hash_is_never_sent(row, corp, text) -> None:
    """With pwdCheckQuality 0 slapd would store such a text as a hash: nobody could sign in with it."""
    row.slapd.replace(DEFAULT_POLICY, "pwdCheckQuality", "0")
    account = await made(row, corp)
    with pytest.raises(PasswordRejected):
        await corp.set_password(account, Secret(text), must_change=False)
    assert await row.sign_in(account.id, OLD) == Sign.YES


async def test_history_and_the_current_password_are_told_apart(row, corp) -> None:
    """Ppolicy answers both with error 8: the current one is PasswordUnchanged, an older one PasswordRejected."""
    account = await made(row, corp)
    await corp.set_password(account, Secret(NEW), must_change=False)
    await corp.set_password(account, Secret(OTHER), must_change=False)
    with pytest.raises(PasswordUnchanged):
        await corp.set_password(account, Secret(OTHER), must_change=False)
    with pytest.raises(PasswordRejected, match="history"):
        await corp.set_password(account, Secret(NEW), must_change=False)
    with pytest.raises(PasswordRejected, match="length"):
        await corp.set_password(account, Secret("Short-3"), must_change=False)


async def test_a_policy_that_ties_our_hands_is_named(row, corp) -> None:
    """Limits such as pwdMinAge and pwdSafeModify hold for our account too: NotAllowed, with the setting's name."""
    account = await made(row, corp)
    await corp.set_password(account, Secret(NEW), must_change=False)
    row.slapd.replace(DEFAULT_POLICY, "pwdMinAge", "3600")
    with pytest.raises(NotAllowed, match="pwdMinAge"):
        await corp.set_password(account, Secret(OTHER), must_change=False)
    row.slapd.replace(DEFAULT_POLICY, "pwdMinAge", "0")
    row.slapd.replace(DEFAULT_POLICY, "pwdSafeModify", "TRUE")
    with pytest.raises(NotAllowed, match="pwdSafeModify"):
        await corp.set_password(account, Secret(OTHER), must_change=False)


async def test_protected_people_are_not_reset(row, opened) -> None:
    """Whom the server's own rights protect is NotAllowed, even if our settings do not know them as privileged."""
    dn = f"uid=boss,ou=admins,{BASE}"
    row.slapd.admin(ldif(dn, [("objectClass", "inetOrgPerson"), ("uid", "boss"), ("cn", "Boss"), ("sn", "B")]))
    directory = opened()
    boss = await directory.find("boss")
    assert boss is not None
    with pytest.raises((NotAllowed, AccountGone)):
        await directory.set_password(boss, Secret(NEW), must_change=False)


# -- the marker --------------------------------------------------------------------------------------------


async def test_the_marker_stands_while_only_other_things_change(row, corp) -> None:
    """A failed sign-in, a good one and a new address change entryCSN; the marker is of the password alone."""
    account = await made(row, corp)
    written = await corp.set_password(account, Secret(NEW), must_change=False)
    before = row.slapd.read(ADA, "entryCSN")
    await row.sign_in(account.id, "not the password")
    await row.sign_in(account.id, NEW)
    await row.move_mail(account.id, "countess@example.test")
    assert row.slapd.read(ADA, "entryCSN") != before
    assert (await corp.fetch([account.id]))[account.id].marker == written.marker


async def test_no_two_passwords_in_one_second(row, corp) -> None:
    """A pwdChangedTime has whole seconds: a write waits for the next one, so that each write has its own marker."""
    account = await made(row, corp)
    one = await corp.set_password(account, Secret(NEW), must_change=False)
    two = await corp.set_password(account, Secret(OTHER), must_change=False)
    assert one.marker != two.marker


async def test_a_person_that_has_never_had_a_password_set_has_no_marker(row, corp) -> None:
    """Without pwdChangedTime there is nothing that would change with the password: None, never a guess."""
    row.slapd.admin(ldif(ADA, [("objectClass", "inetOrgPerson"), ("cn", "Ada"), ("sn", "L"), ("uid", "ada.lovelace")]))
    account = await corp.find("ada.lovelace")
    assert account is not None
    assert account.marker is None
    assert (await corp.set_password(account, Secret(NEW), must_change=False)).marker
