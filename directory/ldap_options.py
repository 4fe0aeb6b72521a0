"""The settings of a directory of kind `ldap`, checked as far as they can be without a network."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

import ldap
import ldap.dn
from ldap.controls.libldap import AssertionControl
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from directory.secret import Secret

PORTS = {"ldap": 389, "ldaps": 636}


def _hidden(given: object) -> Secret:
    if isinstance(given, Secret):
        return given
    if isinstance(given, str) and given:
        return Secret(given)
    raise ValueError("must be a text that is not empty")


def _dn(text: str) -> str:
    if not text or not ldap.dn.is_dn(text):
        raise ValueError("must be a DN such as ou=people,dc=example,dc=com")
    return text


def _filter(text: str) -> str:
    """Let the library parse it: a filter that is spliced into another one must be whole by itself."""
    if not (text.startswith("(") and text.endswith(")")):
        raise ValueError("must be an LDAP filter in parentheses such as (employeeType=contractor)")
    try:
        AssertionControl(True, text).encodeControlValue()
    except (ldap.LDAPError, ValueError, TypeError):
        raise ValueError("must be an LDAP filter in parentheses such as (employeeType=contractor)") from None
    return text


Dn = Annotated[str, AfterValidator(_dn)]
Filter = Annotated[str, AfterValidator(_filter)]
Attribute = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9-]{0,63}$")]
Hidden = Annotated[Secret, BeforeValidator(_hidden)]


def same_dn(one: list[Any], other: list[Any]) -> bool:
    """Say whether two DNs, each as `str2dn` takes it apart, are the same in any case."""
    return bool(ldap.dn.dn2str(one).lower() == ldap.dn.dn2str(other).lower())


class LdapOptions(BaseModel):
    """One OpenLDAP directory. Only `url`, `base`, `bind_dn` and `bind_password` have no default."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True, hide_input_in_errors=True)

    url: str  # ldaps://host[:port], or ldap://host[:port] with starttls
    starttls: bool = False
    ca_file: Path | None = None  # who signed the server's certificate; the system's own list when unset
    bind_dn: Dn  # a service account with =w on userPassword: `manage` would bypass the password policy
    bind_password: Hidden

    base: Dn
    people_filter: Filter = "(objectClass=inetOrgPerson)"
    login: Attribute = "uid"
    full_name: Attribute = "cn"  # not `name`, which is the directory's own
    given_name: Attribute = "givenName"
    family_name: Attribute = "sn"
    mail: Attribute = "mail"
    department: Attribute | None = "departmentNumber"
    recovery_mail: Attribute | None = None
    slack_user: Attribute | None = None  # holds a Slack user id
    manager: Attribute = "manager"  # holds the DN of whoever manages the person (RFC 4524, 2.17)

    groups_base: Dn | None = None  # where groups live; `base` when unset
    group_member: Attribute = "member"  # holds the members' DNs; memberUid: their logins
    privileged_groups: tuple[Dn, ...] = ()  # whose direct and nested members are privileged
    privileged_filter: Filter | None = None
    disabled_filter: Filter | None = None  # besides pwdAccountLockedTime=000001010000Z, which always counts
    external_filter: Filter | None = None
    service_filter: Filter | None = None
    unconfirmed_filter: Filter | None = None

    default_policy_dn: Dn | None = None  # slapd's ppolicy_default, which clients cannot read
    min_classes: int = Field(default=0, ge=0, le=4)  # what the server's password check module demands besides
    forbid_names: bool = False

    timeout: float = Field(default=10.0, gt=0, le=120)  # seconds; for a connection, and for each answer
    pool_size: int = Field(default=5, ge=1, le=32)  # of these, one is never used to set passwords
    page_size: int = Field(default=1000, ge=1, le=1000)
    overlap: float = Field(default=60.0, ge=0, le=86_400)  # seconds; clocks and replicas may be late by this much

    @model_validator(mode="after")
    def _one_way_to_tls(self) -> Self:
        parts = urlsplit(self.url)
        if parts.scheme not in PORTS or not parts.hostname or parts.path.strip("/") or parts.query or parts.username:
            raise ValueError("url must be ldaps://host or ldap://host, with a port if need be and nothing more")
        try:
            _ = parts.port
        except ValueError:
            raise ValueError("url must have a port from 1 to 65535, or none") from None
        if parts.scheme == "ldap" and not self.starttls:
            raise ValueError("url is ldap://, which is in clear; use ldaps://, or set starttls = true")
        if parts.scheme == "ldaps" and self.starttls:
            raise ValueError("starttls = true goes with ldap://, not with ldaps://")
        return self

    @property
    def host(self) -> str:
        """The server's name or address, which its certificate must bear."""
        return urlsplit(self.url).hostname or ""

    @property
    def port(self) -> int:
        """The TCP port."""
        parts = urlsplit(self.url)
        return parts.port or PORTS[parts.scheme]

    @property
    def members_are_logins(self) -> bool:
        """Whether groups hold logins (posixGroup, RFC 2307) and not DNs: such groups hold no groups."""
        return self.group_member.lower() == "memberuid"

    @property
    def member_key(self) -> str:
        """The attribute of an entry by which a group's member attribute names it."""
        return self.login if self.members_are_logins else "entryDN"

    def is_below_base(self, dn: str) -> bool:
        """Say whether a text is a DN, and one below `base`."""
        if not ldap.dn.is_dn(dn):
            return False
        top = ldap.dn.str2dn(self.base)
        return same_dn(ldap.dn.str2dn(dn)[-len(top) :], top)

    @property
    def groups_elsewhere(self) -> str | None:
        """Where groups live, where that is not below `base`."""
        if self.groups_base is None:
            return None
        top, below = ldap.dn.str2dn(self.base), ldap.dn.str2dn(self.groups_base)
        return None if same_dn(below[-len(top) :], top) else self.groups_base
