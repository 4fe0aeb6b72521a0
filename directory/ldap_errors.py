"""LDAP's answers told in the contract's words. The only place that knows result codes.

Source: RFC 4511, appendix A; RFC 4528 (assertion); draft-behera-ldap-password-policy-11, section 6.2 (password policy).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ldap
from ldap.controls.ppolicy import PasswordPolicyControl

from directory.base import (
    AccountGone,
    BadAnswer,
    DirectoryError,
    NotAllowed,
    NotNow,
    PasswordRejected,
    PasswordUnchanged,
    Unreachable,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

# the password policy's own errors
EXPIRED, LOCKED, MUST_CHANGE, NOT_ALLOWED, OLD_PASSWORD, WEAK, SHORT, YOUNG, IN_HISTORY = range(9)
HANDS_TIED: Mapping[int | None, str] = {
    NOT_ALLOWED: "pwdAllowUserChange",
    OLD_PASSWORD: "pwdSafeModify",
    YOUNG: "pwdMinAge",
}
UNCHANGED = "not being changed"  # slapd's ppolicy overlay says so, with error 8, of the current password

# The server has spoken, and nothing has changed.
ANSWERS: Mapping[type[Exception], type[DirectoryError]] = {
    ldap.INSUFFICIENT_ACCESS: NotAllowed,
    ldap.INVALID_CREDENTIALS: NotAllowed,
    ldap.INAPPROPRIATE_AUTH: NotAllowed,
    ldap.STRONG_AUTH_REQUIRED: NotAllowed,
    ldap.CONFIDENTIALITY_REQUIRED: NotAllowed,
    ldap.UNWILLING_TO_PERFORM: NotAllowed,  # a read-only database, or our own password must be changed
    ldap.REFERRAL: NotAllowed,  # a replica that takes no writes
    ldap.SIZELIMIT_EXCEEDED: NotAllowed,  # our account is not given enough entries
    ldap.ADMINLIMIT_EXCEEDED: NotAllowed,
    ldap.UNAVAILABLE_CRITICAL_EXTENSION: NotAllowed,
    ldap.NO_SUCH_OBJECT: AccountGone,
    ldap.ASSERTION_FAILED: AccountGone,
    ldap.BUSY: NotNow,
}
# answers to one operation alone, after which a connection is as good as before
HARMLESS: tuple[type[Exception], ...] = (ldap.ASSERTION_FAILED, ldap.CONSTRAINT_VIOLATION, ldap.NO_SUCH_OBJECT)
# Nobody has answered, or somebody on the way has: what was sent may have been done. slapd also sends 52 as its last
# words when it stops, whatever becomes of what it was doing.
SILENCE: tuple[type[Exception], ...] = (
    ldap.SERVER_DOWN,
    ldap.CONNECT_ERROR,
    ldap.TIMEOUT,
    ldap.UNAVAILABLE,
    ldap.TIMELIMIT_EXCEEDED,
)


def told(error: Exception, *, sent: bool) -> DirectoryError:
    """Turn an error of python-ldap into one of ours; `sent` says that a write had been handed out.

    The library's error carries DNs and the server's words: of it only the class's name goes into the detail.
    """
    kind = type(error)
    if issubclass(kind, SILENCE):
        return Unreachable(kind.__name__, sent=sent)
    if kind in ANSWERS:
        return ANSWERS[kind](kind.__name__)
    return BadAnswer(kind.__name__, sent=sent)


def told_of_search(error: Exception) -> DirectoryError:
    """Turn what a server answered to a search into one of our errors: a base is settings, and no account."""
    if isinstance(error, ldap.NO_SUCH_OBJECT):
        return NotAllowed("the base is not there, or may not be read")
    return told(error, sent=False)


def told_of_password(error: Exception) -> DirectoryError:
    """Turn what a server answered to a new password into one of our errors."""
    said = policy_error(error)
    if said in HANDS_TIED:
        return NotAllowed(f"the policy's {HANDS_TIED[said]} forbids our service account to set it")
    if not isinstance(error, ldap.CONSTRAINT_VIOLATION):
        return told(error, sent=True)
    if said == IN_HISTORY and UNCHANGED in str(_facts(error).get("info", "")):
        return PasswordUnchanged("it is the current password")
    return PasswordRejected({WEAK: "quality", SHORT: "length", IN_HISTORY: "history"}.get(said or 0, "unknown"))


def policy_error(error: Exception) -> int | None:
    """Return the password policy's error that came with an answer, if any."""
    for kind, _, value in _facts(error).get("ctrls", ()):
        if kind == PasswordPolicyControl.controlType:
            control = PasswordPolicyControl()
            control.decodeControlValue(value)
            return control.error if control.error is None else int(control.error)
    return None


def _facts(error: Exception) -> dict[str, Any]:
    return error.args[0] if error.args and isinstance(error.args[0], dict) else {}
