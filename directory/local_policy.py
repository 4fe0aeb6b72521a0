"""What a password policy says of a new password, as a pure function."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from directory.base import PasswordPolicy

LONGEST = 1024  # characters; nothing longer is ever hashed, whatever the policy says
_SHORTEST_NAME = 3
# where a display name is split. Source: Microsoft, "Strong Password Enforcement and Passfilt.dll"
_BETWEEN_NAMES = re.compile(r"[\s,.\-_#]+")


def complaint(policy: PasswordPolicy, *, login: str, name: str, password: str) -> str | None:
    """Say in a word or two what the policy has against a password; None when nothing. Knows nothing of history."""
    try:
        password.encode()
    except UnicodeEncodeError:
        return "no Unicode"
    if len(password) < policy.min_length:
        return "too short"
    if len(password) > min(policy.max_length or LONGEST, LONGEST):
        return "too long"
    if _kinds_missing(policy, password):
        return "classes"
    if policy.forbid_names and _holds_name(password, login=login, name=name):
        return "holds a name"
    return None


def _kinds_missing(policy: PasswordPolicy, password: str) -> bool:
    upper = sum(c.isupper() for c in password)
    lower = sum(c.islower() for c in password)
    digits = sum(c in "0123456789" for c in password)
    special = sum(not c.isalnum() for c in password)
    return (
        sum(count > 0 for count in (upper, lower, digits, special)) < policy.min_classes
        or upper < policy.min_upper
        or lower < policy.min_lower
        or digits < policy.min_digits
        or special < policy.min_special
    )


def _holds_name(password: str, *, login: str, name: str) -> bool:
    folded = password.casefold()
    names = [login, *_BETWEEN_NAMES.split(name)]
    return any(len(part) >= _SHORTEST_NAME and part.casefold() in folded for part in names)
