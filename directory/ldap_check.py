"""What `rekey doctor` asks of an LDAP server: nothing is changed, and each answer says what to do."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

import ldap
from ldap.controls.libldap import AssertionControl
from ldap.controls.ppolicy import PasswordPolicyControl

from directory.base import BadAnswer, DirectoryError, Finding, NotAllowed
from directory.ldap_entry import DISABLED, attributes
from directory.ldap_search import Marks, search

if TYPE_CHECKING:
    from directory.ldap_entry import Entry
    from directory.ldap_options import LdapOptions
    from directory.ldap_policy import Policies
    from directory.ldap_pool import Connection, Pool

SAMPLE = 20  # people that are looked at
NEVER = "(!(objectClass=*))"
ACL = "access to dn.subtree=... attrs={attrs} by dn.exact=... {right}"


async def check(pool: Pool, options: LdapOptions, policies: Policies) -> list[Finding]:
    """Look at the connection, the people, the rights and the policy; stops at what makes the rest pointless."""
    found: list[Finding] = []
    try:
        async with pool.take() as conn:
            found.append(Finding(ok=True, what="connect", detail=f"{options.host}:{options.port}, TLS, signed in"))
            await _look(conn, options, policies, found)
    except NotAllowed as error:
        remedy = "See to `bind_dn`, `bind_password` and to what the server gives to that account."
        found.append(Finding(ok=False, what="rights" if found else "sign in", detail=error.detail, remedy=remedy))
    except DirectoryError as error:
        remedy = "See to `url`, to the network and to `ca_file`: the certificate must bear the name in `url`."
        found.append(Finding(ok=False, what="answers" if found else "connect", detail=error.detail, remedy=remedy))
    return found


async def _look(conn: Connection, options: LdapOptions, policies: Policies, found: list[Finding]) -> None:
    names = [*attributes(options), "userPassword"]
    try:
        people = await search(conn, options.base, options.people_filter, names, most=SAMPLE)
        nobody = "" if people else "nobody found"
    except NotAllowed as error:
        nobody = error.detail
    if nobody:
        remedy = "See to `base` and `people_filter`, and give the service account `read` on people."
        found.append(Finding(ok=False, what="find", detail=nobody, remedy=remedy))
        return
    found.append(_found(people, options))
    found.append(await _filters(conn, options))
    found.append(await _reset(conn, people))
    found.append(await _state(conn, people))
    found.append(await _bypass(conn, people))
    found.append(await _policy(conn, policies, people))


def _found(people: list[Entry], options: LdapOptions) -> Finding:
    what = "find"
    try:
        for entry in people:
            _ = entry.uuid
    except BadAnswer as error:
        remedy = "Give the service account `read` on entryUUID."
        return Finding(ok=False, what=what, detail=error.detail, remedy=remedy)
    if not any(entry.text(options.login) for entry in people):
        remedy = "See to `login`: no person has that attribute, or it may not be read."
        return Finding(ok=False, what=what, detail=f"nobody has {options.login}", remedy=remedy)
    if not any(entry.csn for entry in people):
        remedy = "Give the service account `read` on entryCSN; without it the index is read whole each time."
        return Finding(ok=False, what=what, detail="no entryCSN", remedy=remedy)
    return Finding(ok=True, what=what, detail=f"{options.people_filter} under {options.base}")


async def _filters(conn: Connection, options: LdapOptions) -> Finding:
    """Everybody must either match a filter or not: what may not be read is neither, and foils every reset."""
    what = "filters and groups"
    try:
        await Marks.read(conn, options, ())
    except NotAllowed as error:
        remedy = "See to `privileged_groups`, and give the service account `read` on groups."
        return Finding(ok=False, what=what, detail=error.detail, remedy=remedy)
    for condition in (f"(pwdAccountLockedTime={DISABLED})", options.disabled_filter, options.privileged_filter):
        if condition and not await search(
            conn, options.base, f"(&{options.people_filter}(|{condition}(!{condition})))", ["1.1"], most=1
        ):
            remedy = "Give the service account `read` on the attributes in it."
            return Finding(ok=False, what=what, detail=f"{condition} cannot be told of anybody", remedy=remedy)
    return Finding(ok=True, what=what)


async def _refused(conn: Connection, dn: str, changes: list[Any], *controls: Any) -> str:
    """Send a modify that cannot succeed, and return the name of the answer."""

    def deed(library: Any) -> str:
        try:
            library.modify_ext_s(dn, changes, serverctrls=list(controls))
        except (
            ldap.NO_SUCH_ATTRIBUTE,
            ldap.INSUFFICIENT_ACCESS,
            ldap.CONSTRAINT_VIOLATION,
            ldap.ASSERTION_FAILED,
        ) as error:
            return type(error).__name__
        return ""

    return await conn.call(deed, sent=True)


async def _reset(conn: Connection, people: list[Entry]) -> Finding:
    """Ask to delete a password that nobody has: slapd looks at the right first (50), then at the value (16)."""
    what = "right to reset"
    for entry in people:
        changes = [(ldap.MOD_DELETE, "userPassword", [secrets.token_urlsafe(32).encode()])]
        if await _refused(conn, entry.dn, changes) == ldap.NO_SUCH_ATTRIBUTE.__name__:
            return Finding(ok=True, what=what)
    remedy = ACL.format(attrs="userPassword", right="=w")
    return Finding(ok=False, what=what, detail=f"refused for {len(people)} people", remedy=remedy)


async def _state(conn: Connection, people: list[Entry]) -> Finding:
    """The same with the marks of must-change and of a lock, whose values are never these."""
    what = "right to demand a change and to unlock"
    changes = [
        (ldap.MOD_DELETE, "pwdReset", [b"FALSE"]),
        (ldap.MOD_DELETE, "pwdAccountLockedTime", [b"19700101000000Z"]),
    ]
    for entry in people:
        if await _refused(conn, entry.dn, changes) == ldap.NO_SUCH_ATTRIBUTE.__name__:
            return Finding(ok=True, what=what)
    remedy = ACL.format(attrs="pwdReset,pwdAccountLockedTime", right="write")
    return Finding(ok=False, what=what, detail=f"refused for {len(people)} people", remedy=remedy)


async def _bypass(conn: Connection, people: list[Entry]) -> Finding:
    """Offer a password of one letter under an assertion that never holds: ppolicy speaks first (19), if it speaks."""
    what = "no more rights than needed"
    if any(entry.values.get("userpassword") for entry in people):
        remedy = "Give the service account =w, not write or manage, on userPassword."
        return Finding(ok=False, what=what, detail="the service account can read hashes", remedy=remedy)
    changes = [(ldap.MOD_REPLACE, "userPassword", [b"x"])]
    never = AssertionControl(True, NEVER)
    for entry in people:
        if await _refused(conn, entry.dn, changes, never, PasswordPolicyControl()) == "CONSTRAINT_VIOLATION":
            return Finding(ok=True, what=what)
    remedy = "Set pwdCheckQuality to 2 and pwdMinLength; give the service account =w, not manage, on userPassword."
    return Finding(ok=False, what=what, detail="a password of one letter meets no policy", remedy=remedy)


async def _policy(conn: Connection, policies: Policies, people: list[Entry]) -> Finding:
    what = "password policy"
    try:
        met = [await policies.of(conn, entry.text("pwdPolicySubentry")) for entry in people]
    except NotAllowed as error:
        remedy = "See to `default_policy_dn`, and give the service account `read` on the policies."
        return Finding(ok=False, what=what, detail=error.detail, remedy=remedy)
    if not all(policy.known for policy in met):
        remedy = "Set `default_policy_dn` to slapd's ppolicy_default, which clients cannot read."
        return Finding(ok=False, what=what, detail="the default policy is not known", remedy=remedy)
    if not all(policy.must_change for policy in met):
        remedy = "Set pwdMustChange TRUE; until then a new password cannot be made a one-time one."
        return Finding(ok=False, what=what, detail="pwdMustChange is FALSE", remedy=remedy)
    return Finding(ok=True, what=what)
