"""Writing to an LDAP server: one guarded modify, and texts on their way there and back."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Any

import ldap
from ldap.controls import RequestControl, ResponseControl
from ldap.controls.readentry import PostReadControl

from directory.base import BadAnswer, PasswordRejected
from directory.ldap_entry import DISABLED
from directory.ldap_search import any_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from directory.base import Account, DirectoryError
    from directory.ldap_options import LdapOptions
    from directory.ldap_pool import Connection
    from directory.secret import Secret

# slapd takes "{SSHA}..." for a hash that is to be stored as it is: nobody could sign in with that text
LONGEST = 4096  # characters of a password
PREHASHED = re.compile(r"\{[^{}]*\}")


async def modify(
    conn: Connection,
    dn: str,
    changes: list[tuple[int, str, list[bytes] | None]],
    controls: list[Any],
    *,
    tell: Callable[[Exception], DirectoryError] | None = None,
) -> list[Any]:
    """Send one modify, which the server does whole or not at all; return the controls of its answer.

    Raises:
        Unreachable: no answer; it MAY have been done.
        BadAnswer: no answer that the protocol allows; it MAY have been done.
        DirectoryError: as `tell` says; nothing has changed.
    """

    def send(library: Any) -> int:
        return int(library.modify_ext(dn, changes, serverctrls=controls))

    def take(library: Any, number: int) -> Any:
        return library.result4(number, timeout=0, resp_ctrl_classes=ANSWERS)

    kind, _, _, after, *_ = await conn.ask(send, take, tell=tell)
    if kind != ldap.RES_MODIFY:
        raise BadAnswer("the answer to a modify is another one", sent=True)
    return list(after)


def guard(options: LdapOptions, account: Account, still: str = "") -> str:
    """Write what must still be true when the server writes: this very person, not disabled, not promoted.

    The id is part of it, so that an entry that has taken over the DN is not written to. `still` is one filter or more.
    """
    never = [f"(pwdAccountLockedTime={DISABLED})", options.disabled_filter]
    never.append(None if account.privileged else options.privileged_filter)
    refused = "".join(f"(!{condition})" for condition in never if condition)
    return f"(&{any_of('entryUUID', [account.id])}{options.people_filter}{refused}{still})"


def folded(text: str) -> str:
    """Bring a login or an address into the form in which any case is the same."""
    return unicodedata.normalize("NFKC", text).strip().casefold()


def is_unicode(text: str) -> bool:
    """Say whether it can be sent: Python's texts may hold half of a character."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def value_of(password: Secret) -> bytes:
    """Encode a password as slapd will hash it (RFC 4519, 2.41).

    Raises:
        PasswordRejected: empty, endless, no Unicode, or one that slapd would take for a hash.
    """
    text = password.reveal()
    if not text or len(text) > LONGEST or not is_unicode(text) or PREHASHED.match(text):
        raise PasswordRejected("empty, endless, no Unicode, or it looks like a hash")
    return text.encode()


class PostRead(RequestControl, ResponseControl):  # type: ignore[misc]
    """The post-read control (RFC 4527, 3.2), for attributes with one value each.

    python-ldap's own takes ten times as long as all the rest of a write: its ASN.1 is written in Python.
    """

    controlType = PostReadControl.controlType  # noqa: N815 - python-ldap's name

    def __init__(self, *names: str) -> None:
        super().__init__(self.controlType, criticality=False)
        texts = b"".join(_octets(0x04, name.encode()) for name in names)
        self._asked = _octets(0x30, texts)
        self.entry: dict[str, tuple[bytes, ...]] = {}

    def encodeControlValue(self) -> bytes:  # noqa: N802 - python-ldap's name
        """Give the AttributeSelection: a SEQUENCE of OCTET STRINGs."""
        return self._asked

    def decodeControlValue(self, value: bytes) -> None:  # noqa: N802 - python-ldap's name
        """Read the SearchResultEntry: a name, and a list of types, each with a set of values.

        Raises:
            ValueError: it is none.
        """
        [(tag, whole)] = _parts(value)
        if tag != ENTRY:
            raise ValueError
        (_, _), (_, attributes) = _parts(whole)
        for _, one in _parts(attributes):
            (_, name), (_, values) = _parts(one)
            self.entry[name.decode().lower()] = tuple(text for _, text in _parts(values))


ENTRY = 0x64  # RFC 4511, 4.5.2: [APPLICATION 4]


def _octets(tag: int, content: bytes) -> bytes:
    if len(content) > 127:  # noqa: PLR2004 - X.690, 8.1.3.4: the short form ends here, and we ask for two names
        raise ValueError("too long for the short form")
    return bytes((tag, len(content))) + content


def _parts(data: bytes) -> list[tuple[int, bytes]]:
    """Cut BER of one-byte tags and definite lengths (all that LDAP has: RFC 4511, 5.1) into tags and contents.

    Raises:
        ValueError: it ends too early.
    """
    found, at = [], 0
    while at < len(data):
        if len(data) - at < 2:  # noqa: PLR2004 - a tag and a length
            raise ValueError("half an element")
        tag, length, at = data[at], data[at + 1], at + 2
        if length & 0x80:
            more = length & 0x7F
            length, at = int.from_bytes(data[at : at + more]), at + more
        if at + length > len(data):
            raise ValueError("half an element")
        found.append((tag, data[at : at + length]))
        at += length
    return found


ANSWERS = {PostRead.controlType: PostRead}
WHAT_CAME_OF_IT = PostRead("pwdChangedTime", "pwdReset")


def post_read(controls: Any) -> Mapping[str, tuple[bytes, ...]]:
    """Give what the post-read control tells of the entry right after the write; nothing where there is none."""
    for control in controls:
        if isinstance(control, PostRead):
            return control.entry
    return {}
