"""A few words for every reason, for lists and counts: "12 · mail domain not verified". Sentences: words.py."""

from __future__ import annotations

from resets.reasons import Reason

BRIEF: dict[Reason, str] = {
    # who asks
    Reason.OTHER_TEAM: "of another Slack workspace",
    Reason.GUEST: "a guest in Slack",
    Reason.BOT: "a bot or an app",
    Reason.DEACTIVATED: "deactivated in Slack",
    Reason.OTHER_APP: "came by way of another app",
    Reason.NO_ROLE: "the requester has no role here any more",
    Reason.NOT_YOURS: "outside of what you may reset",
    Reason.ACTOR_DISABLED: "the requester's own account is disabled or gone",
    Reason.ALREADY_ENROLLED: "enrolled already",
    Reason.WHO_UNKNOWN: "Slack could not say who it is",
    # what was named
    Reason.NOT_FOUND: "not found",
    Reason.AMBIGUOUS: "fits more than one account",
    Reason.TOO_SHORT: "too short to look up",
    Reason.TOO_MANY_LOOKUPS: "the hour's look-ups are used up",
    Reason.MALFORMED_TARGET: "cannot be read as one person",
    # a list of people
    Reason.FILE_EMPTY: "the file is empty",
    Reason.FILE_ONLY_HEADER: "the file has only a header",
    Reason.FILE_BINARY: "the file is not a CSV file",
    Reason.FILE_PAGE: "the file is a web page",
    Reason.FILE_CUT_OFF: "the file is cut off",
    Reason.FILE_TOO_BIG: "the file is too big",
    Reason.TOO_MANY_ROWS: "more than 100,000 rows",
    Reason.NO_COLUMN: "no column of logins or addresses",
    Reason.PASSWORD_COLUMN: "the file holds passwords",
    Reason.LIST_TOO_LONG: "the list is too long",
    Reason.FILE_GONE: "the file is gone",
    Reason.FILE_UNREAD: "Slack did not hand over the file",
    # what may not be reset
    Reason.SELF: "yourself, the requester",
    Reason.DISABLED: "disabled in the directory",
    Reason.EXTERNAL: "external or guest",
    Reason.PRIVILEGED: "owner or administrative rights",
    Reason.SERVICE: "service or machine account",
    Reason.UNVERIFIED_DOMAIN: "mail domain not verified",
    Reason.UNCONFIRMED: "invitation never confirmed",
    Reason.UNREACHABLE_PERSON: "no safe way to reach the person",
    Reason.CHANGED_SINCE: "changed since the preview",
    # step-up
    Reason.CODE_MALFORMED: "not a code",
    Reason.CODE_WRONG: "the code did not match",
    Reason.CODE_SKEWED: "the code is for another time",
    Reason.CODE_USED: "the code was used already",
    Reason.CODE_WAIT: "a pause after codes that did not match",
    Reason.CODE_LOCKED: "codes are locked",
    Reason.FORM_EXPIRED: "the form has expired",
    Reason.FORM_USED: "the form was sent already",
    Reason.FORM_UNKNOWN: "the form is not known",
    Reason.CHOICE_INVALID: "not on offer",
    Reason.TOO_LATE: "confirmed, but not begun in time",
    Reason.NOT_PROVED: "no proof was found",
    # the directory
    Reason.DIRECTORY_DOWN: "the directory cannot be reached",
    Reason.DIRECTORY_SILENT: "the directory did not answer: not known whether it was set",
    Reason.DIRECTORY_BUSY: "the directory is too busy",
    Reason.DIRECTORY_REFUSED: "the directory does not let this bot do it",
    Reason.DIRECTORY_NONSENSE: "the directory's answer makes no sense",
    Reason.PASSWORD_REFUSED: "the directory did not accept the password",
    Reason.CANNOT: "this directory cannot do it",
    Reason.ACCOUNT_GONE: "no longer in the directory",
    Reason.NO_SUCH_DIRECTORY: "no longer one of this bot's directories",
    # delivery
    Reason.PICKUP_WRONG: "the pickup code did not match",
    Reason.PICKUP_BURNED: "too many pickup codes did not match",
    Reason.ALREADY_SHOWN: "shown already",
    Reason.EXPIRED: "not collected in time",
    Reason.SPOILED: "stopped by the person",
    Reason.SUPERSEDED: "a newer reset stands",
    Reason.SLACK_FAILED: "Slack did not take the message",
    Reason.MAIL_REFUSED: "the mail server did not take the mail",
    Reason.MAIL_DOWN: "the mail server could not be reached",
    # many at once
    Reason.NOBODY_CHOSEN: "nobody was named",
    Reason.NOBODY_LEFT: "everybody is left out",
    Reason.NUMBER_WRONG: "another number of people",
    Reason.START_INVALID: "the time is past or too far ahead",
    Reason.GROUP_GONE: "the group is gone",
    Reason.TOO_MANY_FAILED: "the run has stopped by itself",
    Reason.CANARY_FAILED: "the run has stopped after the first few",
    Reason.STOPPED_BY_HAND: "the run was paused",
    Reason.NOT_YOUR_RUN: "somebody else began the run",
    Reason.RUN_OVER: "the run is over",
    Reason.RUN_CANCELLED: "the rest was cancelled",
    # ourselves
    Reason.STORE_FAILED: "this bot could not write its records",
    Reason.KEY_WRONG: "the keys do not open what was sealed",
    Reason.NOTHING_LEFT: "done already",
}
LONGEST = 60


def many(count: int, word: str = "person", words: str = "") -> str:
    """Return a count with its word: "1 person", "1,500 people", "2 rows"."""
    plural = words or ("people" if word == "person" else f"{word}s")
    return f"{count:,} {word if count == 1 else plural}"
