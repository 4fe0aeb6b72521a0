"""The settings of a directory of kind `ldap`: what can never work or would be unsafe is refused before it is used."""

from __future__ import annotations

import pytest

from directory.misconfigured import Misconfigured
from directory.registry import open_directory
from tests.directory.harness_ldap import utc_now

pytest.importorskip("ldap", reason="the extra `ldap` is not installed")

GOOD = {
    "url": "ldaps://ldap.example.test",
    "base": "dc=example,dc=test",
    "bind_dn": "uid=rekey,ou=services,dc=example,dc=test",
    "bind_password": "hidden-service-password",
}


async def test_the_shortest_settings_are_enough() -> None:
    """Four keys make a directory; opening it needs no network."""
    directory = open_directory("ldap", "corp", GOOD, clock=utc_now)
    assert directory.name == "corp"
    await directory.close()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("url", "ldap://ldap.example.test"),
        ("url", "https://ldap.example.test"),
        ("url", "ldaps://"),
        ("url", "ldaps://ldap.example.test/dc=example"),
        ("url", "ldaps://admin:secret@ldap.example.test"),
        ("url", "ldaps://ldap.example.test:99999"),
        ("starttls", True),
        ("base", "people"),
        ("base", ""),
        ("bind_dn", ""),
        ("bind_password", ""),
        ("bind_password", 7),
        ("people_filter", "objectClass=person"),
        ("people_filter", "(objectClass=person"),
        ("people_filter", "(objectClass=person))(uid=*"),
        ("people_filter", "(a=b)(c=d)"),
        ("privileged_filter", "(&)("),
        ("privileged_groups", ["admins"]),
        ("login", "uid)(x"),
        ("timeout", 0),
        ("pool_size", 0),
        ("page_size", 5000),
        ("bind_pasword", "typo"),
        ("ca_file", "/nowhere/ca.pem"),
    ],
)
def test_what_cannot_work_or_is_unsafe_is_refused(key, value) -> None:
    """A wrong setting is Misconfigured, in a sentence without the service account's password."""
    with pytest.raises(Misconfigured) as caught:
        open_directory("ldap", "corp", GOOD | {key: value}, clock=utc_now)
    said = str(caught.value) + repr(caught.value) + repr(caught.value.__cause__)
    assert "hidden-service-password" not in said
    assert "secret@" not in said


def test_a_ca_file_without_a_certificate_is_refused(tmp_path) -> None:
    """A file that holds no certificate is named when the directory is opened, not at the first reset."""
    path = tmp_path / "ca.pem"
    path.write_text("nothing of that kind")
    with pytest.raises(Misconfigured, match="ca_file"):
        open_directory("ldap", "corp", GOOD | {"ca_file": str(path)}, clock=utc_now)


async def test_clear_text_needs_starttls() -> None:
    """The scheme ldap:// is taken with StartTLS and with nothing less."""
    settings = GOOD | {"url": "ldap://ldap.example.test:1389", "starttls": True}
    await open_directory("ldap", "corp", settings, clock=utc_now).close()
