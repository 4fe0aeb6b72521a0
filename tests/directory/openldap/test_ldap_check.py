"""The connector's own check: every way to set up an LDAP directory wrong has its finding and its remedy."""

from __future__ import annotations

import pytest

from tests.directory.harness import Person, Sign
from tests.directory.harness_ldap import ADMINS, ldif
from tests.support.slapd import BASE, DEFAULT_POLICY, GROUPS, PEOPLE, POLICIES, SERVICE

pytestmark = pytest.mark.server

ADA = f"uid=ada.lovelace,{PEOPLE}"
OLD = Person().password or ""


async def wrong(directory) -> dict[str, str]:
    """Return what is not as it should be, with the remedies; each finding has one exactly where it is needed."""
    findings = await directory.check()
    assert all(bool(finding.remedy) != finding.ok for finding in findings)
    return {finding.what: finding.remedy for finding in findings if not finding.ok}


async def again(row, **rights) -> None:
    """Start slapd again on the same data, with other rights for the service account."""
    row.slapd.stop()
    row.slapd.configure(**rights)
    row.slapd.start()


async def test_a_sound_directory_has_no_faults_and_nobody_is_touched(row, corp) -> None:
    """All is well, and neither the password nor any mark of the person that was looked at has changed."""
    account_id = await row.make_account(Person())
    before = row.slapd.read(ADA, "*", "+")
    assert await wrong(corp) == {}
    assert row.slapd.read(ADA, "*", "+") == before
    assert await row.sign_in(account_id, OLD) == Sign.YES


@pytest.mark.parametrize(
    ("rights", "what", "remedy"),
    [
        ({"right": "none"}, "right to reset", "=w"),
        ({"right": "write"}, "no more rights than needed", "=w, not write"),
        ({"right": "manage"}, "no more rights than needed", "=w, not write or manage"),
        ({"right": "=mw"}, "no more rights than needed", "not manage"),
        ({"state_right": "read"}, "right to demand a change and to unlock", "write"),
    ],
    ids=["none", "write", "manage", "manage without read", "marks read only"],
)
async def test_too_few_and_too_many_rights_are_told(row, corp, rights, what, remedy) -> None:
    """A missing right, readable hashes and a right that gets round the policy are each a fault; nothing changes."""
    account_id = await row.make_account(Person())
    await again(row, **rights)
    faults = await wrong(corp)
    assert remedy in faults[what]
    assert await row.sign_in(account_id, OLD) == Sign.YES


async def test_marks_that_cannot_be_read_are_told(row, corp) -> None:
    """Without the right to read pwdAccountLockedTime the guard could never hold: every reset would be AccountGone."""
    await row.make_account(Person())
    await again(row, state_right="none")
    assert "filters and groups" in await wrong(corp)


async def test_wrong_settings_are_told(row, opened) -> None:
    """Each setting that the server does not bear out is named in a remedy."""
    await row.make_account(Person())
    for settings, what, key in (
        ({"bind_password": "not the password"}, "sign in", "bind_password"),
        ({"url": "ldaps://127.0.0.1:1"}, "connect", "url"),
        ({"base": f"ou=nowhere,{BASE}"}, "find", "base"),
        ({"people_filter": "(objectClass=device)"}, "find", "people_filter"),
        ({"login": "employeeNumber"}, "find", "login"),
        ({"privileged_groups": [f"cn=nowhere,{GROUPS}"]}, "filters and groups", "privileged_groups"),
        ({"default_policy_dn": None}, "password policy", "default_policy_dn"),
        ({"default_policy_dn": f"cn=nowhere,{POLICIES}"}, "password policy", "default_policy_dn"),
    ):
        faults = await wrong(opened(**settings))
        assert set(faults) == {what}, settings
        assert key in faults[what]


async def test_policies_that_do_nothing_are_told(row, corp) -> None:
    """A policy without a quality check, and one under which a password cannot be a one-time one, are faults."""
    await row.make_account(Person())
    row.slapd.replace(DEFAULT_POLICY, "pwdMustChange", "FALSE")
    assert set(await wrong(corp)) == {"password policy"}
    row.slapd.replace(DEFAULT_POLICY, "pwdMustChange", "TRUE")
    row.slapd.replace(DEFAULT_POLICY, "pwdCheckQuality", "0")
    assert set(await wrong(corp)) == {"no more rights than needed"}


async def test_an_empty_directory_is_told(row, corp) -> None:
    """A directory in which nobody is found is a fault, even though everything answers."""
    assert set(await wrong(corp)) == {"find"}


async def test_a_filter_on_what_may_not_be_read_is_told(row, opened) -> None:
    """Of an attribute that we may not read the server says neither yes nor no; as a guard it would stop every reset."""
    await row.make_account(Person())
    row.slapd.admin(ldif(f"cn=x,{GROUPS}", [("objectClass", "groupOfNames"), ("member", SERVICE)]))
    faults = await wrong(opened(privileged_filter="(pwdHistory=*)", privileged_groups=[ADMINS]))
    assert set(faults) == {"filters and groups"}
