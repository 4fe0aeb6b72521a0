"""Writing to an LDAP server: one guarded modify, and texts on their way there and back."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Any

import ldap
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
    kind, _, _, after = await conn.call(
        lambda library: library.modify_ext_s(dn, changes, serverctrls=controls), sent=True, tell=tell
    )
    if kind != ldap.RES_MODIFY:
        raise BadAnswer("the answer to a modify is another one", sent=True)
    return list(after)


def guard(options: LdapOptions, account: Account) -> str:
    """Write what must still be true when the server writes: this very person, not disabled, not promoted."""
    never = [f"(pwdAccountLockedTime={DISABLED})", options.disabled_filter]
    never.append(None if account.privileged else options.privileged_filter)
    refused = "".join(f"(!{condition})" for condition in never if condition)
    return f"(&{any_of('entryUUID', [account.id])}{options.people_filter}{refused})"


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
        PasswordRejected: empty, no Unicode, or one that slapd would take for a hash.
    """
    text = password.reveal()
    if not text or not is_unicode(text) or PREHASHED.match(text):
        raise PasswordRejected("empty, no Unicode, or it looks like a hash")
    return text.encode()


def post_read(controls: Any) -> Mapping[str, tuple[bytes, ...]]:
    """Give what the post-read control tells of the entry right after the write; nothing where there is none."""
    for control in controls:
        if control.controlType == PostReadControl.controlType:
            return {name.lower(): tuple(values) for name, values in control.entry.items()}
    return {}
