"""The one modify that writes to an LDAP server (RFC 4511, 4.6), with its controls, and the answer to it.

It goes past libldap, which does the same for twice the CPU: with it go five calls that let other threads have Python's
lock, and the way through one more socket, there and back. Filters are still libldap's, and the errors python-ldap's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ldap
from ldap.controls.libldap import AssertionControl
from ldap.controls.ppolicy import PasswordPolicyControl
from ldap.controls.readentry import PostReadControl

from directory import ldap_ber as ber
from directory.ldap_entry import Entry

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from directory.base import DirectoryError
    from directory.ldap_ber import Part
    from directory.ldap_pool import Connection

# RFC 4511, 4.6, 4.1.11 and 4.5.2
MODIFY, MODIFIED, CONTROLS, ENTRY = 0x66, 0x67, 0xA0, 0x64
REPLACE = ber.number(2, ber.ENUMERATED)
POST_READ = PostReadControl.controlType
ERRORS = {error.errnum: error for error in ldap.LDAPError.__subclasses__() if hasattr(error, "errnum")}


async def write(
    conn: Connection,
    dn: str,
    values: Mapping[str, bytes | None],
    *controls: bytes,
    tell: Callable[[Exception], DirectoryError] | None = None,
) -> Entry:
    """Send one modify, which the server does whole or not at all; return what it tells of the entry right after it.

    Args:
        conn: a connection.
        dn: whose entry.
        values: attributes, each with its one new value; None: it has none any more.
        controls: as `control` writes them.
        tell: as for `Connection.ask`.

    Raises:
        Unreachable: no answer; it MAY have been done.
        BadAnswer: no answer that the protocol allows; it MAY have been done.
        DirectoryError: as `tell` says; nothing has changed.
    """
    return Entry(dn, await conn.ask(request(dn, values, *controls), answer, tell=tell))


def request(dn: str, values: Mapping[str, bytes | None], *controls: bytes) -> bytes:
    """Write a ModifyRequest (RFC 4511, 4.6) that replaces, with one or more controls."""
    changes = [ber.element(ber.SEQUENCE, REPLACE, _attribute(name, value)) for name, value in values.items()]
    wanted = ber.element(MODIFY, ber.octets(dn), ber.element(ber.SEQUENCE, *changes))
    return wanted + ber.element(CONTROLS, *controls)


def _attribute(name: str, value: bytes | None) -> bytes:
    values = ber.element(ber.SET, b"" if value is None else ber.octets(value))
    return ber.element(ber.SEQUENCE, ber.octets(name), values)


def control(kind: str, value: bytes | None = None, *, critical: bool = False) -> bytes:
    """Write a control (RFC 4511, 4.1.11)."""
    told = b"" if value is None else ber.octets(value)
    return ber.element(ber.SEQUENCE, ber.octets(kind), ber.TRUE if critical else b"", told)


def only_if(condition: str) -> bytes:
    """Write an assertion control (RFC 4528): the server writes only if the filter matches at that moment."""
    asserted = AssertionControl(True, condition)  # libldap knows filters
    return control(asserted.controlType, asserted.encodeControlValue(), critical=True)


# the post-read control (RFC 4527) tells the marker of this very write; without the other, ppolicy's "no" has no reason
WHAT_CAME_OF_IT = control(POST_READ, ber.element(ber.SEQUENCE, ber.octets("pwdChangedTime"), ber.octets("pwdReset")))
ASK_POLICY = control(PasswordPolicyControl.controlType)


def answer(message: list[Part]) -> Mapping[str, tuple[bytes, ...]]:
    """Read a ModifyResponse (RFC 4511, 4.6) and its controls; give what the post-read control tells, if anything.

    Raises:
        ldap.LDAPError: as python-ldap raises it for the result code.
        ValueError: it is none.
    """
    result, *more = message
    (tag, code), named, worded, *_ = ber.inside(result, MODIFIED)
    if tag != ber.ENUMERATED or not code:
        raise ValueError("no result")
    _, text = ber.text(named), ber.text(worded)
    controls = dict(_control(one) for listed in more for one in ber.inside(listed, CONTROLS))
    if number := int.from_bytes(code, signed=True):
        told = [(kind, False, value) for kind, value in controls.items()]
        raise ERRORS.get(number, ldap.LDAPError)({"info": text, "ctrls": told})
    return _entry(controls[POST_READ]) if POST_READ in controls else {}


def _control(part: Part) -> tuple[str, bytes | None]:
    kind, *more = ber.inside(part, ber.SEQUENCE)
    if more and more[0][0] == ber.BOOLEAN:
        more = more[1:]
    if not more:
        return ber.text(kind), None
    [(tag, value)] = more
    if tag != ber.OCTETS:
        raise ValueError("no value of a control")
    return ber.text(kind), value


def _entry(value: bytes | None) -> Mapping[str, tuple[bytes, ...]]:
    """Read the value of a post-read control: a name, and a list of types, each with a set of values."""
    [entry] = ber.parts(value or b"")
    _, attributes = ber.inside(entry, ENTRY)
    found = {}
    for one in ber.inside(attributes, ber.SEQUENCE):
        name, values = ber.inside(one, ber.SEQUENCE)
        found[ber.text(name).lower()] = tuple(text for _, text in ber.inside(values, ber.SET))
    return found
