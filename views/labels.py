"""Short words for our closed lists: titles of modals, reasons given, channels, tiers, steps and states."""

from __future__ import annotations

from resets.outcome import Step, StepRecord, StepState
from resets.reasons import Reason
from resets.request import Channel, RequestState, TargetState, Tier, Why

RESET = "Reset a password"
WHO = "Whose password?"
EXCLUDED = "Cannot be reset"
QUEUED = "On its way"
VERIFY = "Verify this person"
MANAGER = "Ask their manager"
VOUCH = "Vouch for somebody"
PICKUP = "One-time password"
STOPPED = "Nothing was done"
BROKEN = "Something went wrong"
MANY = "Reset many"
PREVIEW = "Preview"
LEFT_OUT = "Left out"
HELD = "Begins soon"
ASKED = "Waits for approval"
DETAILS = "What is asked"
APPROVE = "Approve"
DENY = "Deny"
FROZEN = "❄️ All resets are frozen"
RESUME = "End the freeze"
TEMPLATE_NOTE = (
    "The template for many at once: write one login or mail address in each row below the header. "
    "Never write a password into it."
)

WHY: dict[Why, str] = {
    Why.FORGOT: "Forgot the password",
    Why.LOCKED_OUT: "Locked out",
    Why.COMPROMISE: "Suspected compromise",
    Why.ONBOARDING: "New person (onboarding)",
    Why.OTHER: "Other (say it in the ticket field)",
}

TIER: dict[Tier, str] = {
    Tier.STANDARD: "Standard account",
    Tier.SENSITIVE: "Sensitive account",
    Tier.PRIVILEGED: "Privileged account",
}

CHANNEL: dict[Channel, str] = {
    Channel.DM: "Slack message",
    Channel.MAIL: "mail",
    Channel.RECOVERY: "mail to the recovery address",
}

STATE: dict[TargetState, str] = {
    TargetState.NEW: "waiting to begin",
    TargetState.SEALED: "new password made, not yet set",
    TargetState.STARTED: "being set",
    TargetState.SET: "password set, being delivered",
    TargetState.DELIVERED: "delivered, not shown yet",
    TargetState.COLLECTED: "password shown to the person",
    TargetState.EXCLUDED: "not reset",
    TargetState.EXPIRED: "expired: not collected in time",
    TargetState.SPOILED: "stopped: “not me”",
    TargetState.SUPERSEDED: "never shown: a newer reset stands",
    TargetState.CANCELLED: "cancelled: not reset",
    TargetState.FAILED: "needs you: not finished",
}

# Of a bulk, in a list.
RUN: dict[RequestState, str] = {
    RequestState.ASKED: "previewed, not confirmed",
    RequestState.PROVED: "⏳ waits for approval",
    RequestState.APPROVED: "confirmed",
    RequestState.HELD: "⏳ begins soon",
    RequestState.RUNNING: "▶️ under way",
    RequestState.PAUSED: "⏸️ paused",
    RequestState.DONE: "✅ done",
    RequestState.CANCELLED: "🚫 cancelled",
    RequestState.DENIED: "🚫 denied",
    RequestState.WITHDRAWN: "↩️ withdrawn",
    RequestState.EXPIRED: "⌛ not approved in time",
}

# The first line of the requester's message where others have not agreed, or not yet.
ASKED_FIRST: dict[RequestState, str] = {
    RequestState.PROVED: "⏳ Waits for approval",
    RequestState.DENIED: "🚫 Denied: nothing has changed",
    RequestState.WITHDRAWN: "↩️ Withdrawn: nothing has changed",
    RequestState.EXPIRED: "⌛ Not approved in time: nothing has changed",
}

FROZEN_RESET = "❄️ Waits until the freeze is over"
FROZEN_RUN = "❄️ frozen"  # in the place of one that would run or begin

# The first line of the requester's message; FAILED says more, by what had been done.
HEADLINE: dict[TargetState, str] = {
    TargetState.NEW: "⏳ On its way",
    TargetState.SEALED: "⏳ On its way",
    TargetState.STARTED: "⏳ On its way",
    TargetState.SET: "⏳ Password set, telling the person",
    TargetState.DELIVERED: "⏳ Delivered, waiting to be shown",
    TargetState.COLLECTED: "✅ Done: shown to the person",
    TargetState.EXCLUDED: "🚫 Not reset: nothing has changed",
    TargetState.EXPIRED: "⌛ Expired: not collected in time",
    TargetState.SPOILED: "🛑 Stopped: the person said “not me”",
    TargetState.SUPERSEDED: "⌛ Never shown: a newer reset stands",
    TargetState.CANCELLED: "🚫 Cancelled: nothing has changed",
    TargetState.FAILED: "❌ Not finished",
}

GLYPH: dict[StepState, str] = {
    StepState.TODO: "⏳",
    StepState.UNDER_WAY: "⏳",
    StepState.DONE: "✅",
    StepState.FAILED: "❌",
    StepState.UNKNOWN: "❔",
    StepState.CANNOT: "🚫",
    StepState.SKIPPED: "▫️",
}

STEP: dict[Step, str] = {
    Step.SET: "New password",
    Step.MUST_CHANGE: "Change at next sign-in",
    Step.UNLOCK: "Unlock",
    Step.SESSIONS: "Sessions",
    Step.TOKENS: "API tokens",
    Step.DELIVER: "Delivery",
}

RETRY: dict[Step, str] = {
    Step.SET: "Retry password",
    Step.MUST_CHANGE: "Retry must-change",
    Step.UNLOCK: "Retry unlock",
    Step.SESSIONS: "Retry sessions",
    Step.TOKENS: "Retry API tokens",
    Step.DELIVER: "Retry delivery",
}

# What a step says when it is done, not done yet, or was never asked for. The rest is said by its reason.
DONE: dict[Step, str] = {
    Step.SET: "set",
    Step.MUST_CHANGE: "will be asked for",
    Step.UNLOCK: "unlocked",
    Step.SESSIONS: "all ended",
    Step.TOKENS: "all revoked",
    Step.DELIVER: "the person has been told",
}

CANNOT: dict[Step, str] = {
    Step.SET: "this directory cannot set passwords",
    Step.MUST_CHANGE: "this directory cannot ask for it; please ask the person to change the password",
    Step.UNLOCK: "this directory cannot unlock accounts",
    Step.SESSIONS: "this directory cannot end sessions: who is signed in stays signed in",
    Step.TOKENS: "this directory cannot revoke API tokens: they stay valid",
    Step.DELIVER: "there is no way to deliver it",
}

# Why something does not carry the password, short enough to stand within a sentence.
NOT_BY_DM: dict[Reason, str] = {
    Reason.NOT_FOUND: "Slack knows nobody for this account",
    Reason.WHO_UNKNOWN: "Slack knows nobody for this account",
    Reason.GUEST: "the person is a guest in Slack",
    Reason.BOT: "the Slack account belongs to an app",
    Reason.DEACTIVATED: "the Slack account is deactivated",
    Reason.OTHER_TEAM: "the Slack account is another organisation's",
    Reason.SELF: "it would reach you",
    Reason.CANNOT: "this account is what opens Slack",
}
NOT_BY_MAIL: dict[Reason, str] = {
    Reason.NOT_FOUND: "there is no address",
    Reason.CANNOT: "the rules here forbid it",
    Reason.MAIL_REFUSED: "the address is not one plain mailbox",
    Reason.SELF: "it would reach you",
    Reason.CHANGED_SINCE: "the address is less than a week old",
}
UNSAFE = "it would not be safe"

_NOT_FOR_YOU = frozenset(
    {
        *(Reason.NO_ROLE, Reason.GUEST, Reason.OTHER_TEAM, Reason.NOT_YOURS, Reason.NOT_YOUR_RUN),
        *(Reason.BOT, Reason.OTHER_APP, Reason.OWN_REQUEST, Reason.NOT_APPROVER, Reason.IS_TARGET),
        *(Reason.HAS_VOUCHED, Reason.RESETS_NOBODY),
    }
)
_USED_UP = frozenset({Reason.RESETS_USED_UP, Reason.BULKS_USED_UP, Reason.TOO_MANY_OPEN, Reason.RESET_LATELY})
_CODES = frozenset(reason for reason in Reason if reason.value.startswith("code_"))


def title(reason: Reason) -> str:
    """Return a modal's title (1-24 characters) for a reason."""
    if reason in _NOT_FOR_YOU:
        return "Not for you here"
    if reason in _CODES:
        return "Code needed"
    if reason in {Reason.NOT_FOUND, Reason.AMBIGUOUS, Reason.TOO_SHORT, Reason.MALFORMED_TARGET}:
        return WHO
    if reason in {Reason.ALREADY_SHOWN, Reason.EXPIRED, Reason.SPOILED, Reason.PICKUP_BURNED, Reason.PICKUP_WRONG}:
        return PICKUP
    if reason in {Reason.FORM_EXPIRED, Reason.FORM_USED, Reason.FORM_UNKNOWN}:
        return "This form is closed"
    if reason in _USED_UP:
        return "Not now"
    if reason in {Reason.FROZEN, Reason.ALREADY_FROZEN, Reason.ACTOR_FROZEN, Reason.ALL_USED_UP, Reason.OUT_OF_HOURS}:
        return "Frozen"
    return STOPPED


def outcome(record: StepRecord) -> str:
    """Return in a few words what came of ending sessions or tokens."""
    match record.state:
        case StepState.DONE:
            return DONE[record.step]
        case StepState.CANNOT:
            return CANNOT[record.step]
        case _:
            return "could not be ended" if record.step is Step.SESSIONS else "could not be revoked"


def ended(step: Step, count: int) -> str:
    """Return how many sessions or tokens were ended."""
    word, verb = ("session", "ended") if step is Step.SESSIONS else ("API token", "revoked")
    if count == 0:
        return f"there was no {word} to end" if step is Step.SESSIONS else f"there was no {word} to revoke"
    return f"{count} {word} {verb}" if count == 1 else f"{count} {word}s {verb}"
