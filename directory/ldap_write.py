"""What a write to an LDAP server holds on to, and texts on their way there and back."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from directory.base import PasswordRejected
from directory.ldap_entry import DISABLED
from directory.ldap_search import any_of

if TYPE_CHECKING:
    from directory.base import Account
    from directory.ldap_options import LdapOptions
    from directory.secret import Secret

# slapd takes "{SSHA}..." for a hash that is to be stored as it is: nobody could sign in with that text
LONGEST = 4096  # characters of a password
PREHASHED = re.compile(r"\{[^{}]*\}")


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
