"""The other messages: the target's DM, the security channel's alarm, help. The requester's is in status.py.

No message ever holds a password: messages are searched, exported and shown on locked phones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from resets.freeze import LONGEST_WHY
from resets.reasons import Reason
from resets.request import TargetState
from views import blocks, labels, words
from views.text import escape, quiet, when

if TYPE_CHECKING:
    from resets.actor import SlackPerson
    from resets.facts import AlarmFacts, ShowFacts

Message = dict[str, "str | list[blocks.Block]"]

_NEVER = "IT never asks you for this password: not by phone, not by mail, not here. Give it to nobody."

ALARM: dict[str, tuple[str, str]] = {
    "not_me": (
        "A person said “not me”",
        (
            "They were sent a one-time password and say that they asked for none. That password is being replaced by "
            "one that nobody knows, and sessions and API tokens end where the directory can. If that does not succeed, "
            "it is said here. Speak with the person and with the one who asked, on a channel other than Slack."
        ),
    ),
    "password_changed": (
        "“Not me”, and another password is set",
        (
            "They say that they asked for no reset, and somebody has set another password since. It was not replaced: "
            "whoever set it can sign in. Call the person, not in Slack; unless they set it themselves, reset it again "
            "with the reason “Suspected compromise”."
        ),
    ),
    "still_signed_in": (
        "After “not me” somebody may still be signed in",
        (
            "The one-time password does not open the account any more, but sessions or API tokens could not be ended. "
            "End them where the directory is administered, or reset again with the reason “Suspected compromise”."
        ),
    ),
    "number_wrong": (
        "A caller is not who they say",
        (
            "Somebody had an admin read them a number, and the person whose account it is pressed another one in "
            "Slack. Nothing was reset. Speak with the person and the admin, on a channel other than Slack: who called?"
        ),
    ),
    "number_denied": (
        "A person said “I did not ask for this”",
        (
            "Somebody called the desk in this person's name, and the person says that it was not them. Nothing was "
            "reset. Warn the desk: whoever called may call again, also in another name."
        ),
    ),
    "vouch_denied": (
        "A manager said “I do not know of this”",
        (
            "An admin was asked to reset somebody, and the manager, who was to vouch, knows nothing of it. Nothing was "
            "reset. Speak with the person and the admin, on a channel other than Slack: who called? Warn the desk."
        ),
    ),
    "late_no": (
        "A “no” about a caller, once the question was over",
        (
            "A person, or their manager, was asked about a caller, and says only now, or otherwise than before, that "
            "they do not know of it. No reset has followed. Speak with them and the admin, on a channel other than "
            "Slack: who called? Warn the desk."
        ),
    ),
    "late_no_asked": (
        "A “no” about a caller, and a reset had followed",
        (
            "A person, or their manager, was asked about a caller, and says only now, or otherwise than before, that "
            "they do not know of it. That stopped nothing of the reset which had followed. Call them, not in Slack. If "
            "it still waits, deny it; if not, freeze, or reset them again with the reason “Suspected compromise”."
        ),
    ),
    "step_up_misses": (
        "Several codes did not match",
        "Nothing was reset. It may be a slip; it may be somebody in this person's Slack. Ask them, not in Slack.",
    ),
    "step_up_locked": (
        "An admin's codes are locked",
        "Ten codes did not match, and nothing was reset. Find out who tried before you unlock: rekey admin unlock.",
    ),
    "card_unsaid": (
        "A request for approval could not be shown",
        (
            "Slack did not take its card: the approvals channel may be archived, shared with another organisation, or "
            "without the bot. Whoever may decide finds it in App Home, under Needs me. Look with: rekey doctor."
        ),
    ),
    "enrolled": (
        "Somebody may now ask for resets",
        "This person was enrolled on the host. If you do not know why, end it there: rekey admin revoke.",
    ),
    "frozen": (
        "All resets are frozen for a while",
        (
            "Nobody's password begins to be set until it ends by itself. Ask who froze them, not in Slack. To end it "
            "sooner: /reset-password resume, or rekey resume on the host; for longer: rekey freeze on the host."
        ),
    ),
    "frozen_until_resumed": (
        "All resets are frozen until somebody ends it",
        "They were frozen on the host, with a code. To end it: /reset-password resume, or rekey resume on the host.",
    ),
    Reason.ALL_USED_UP.value: (
        "All resets are frozen: too many were asked for",
        (
            "Within an hour more single resets were asked for than limits.all_per_hour allows. See who asked: rekey "
            "audit tail. Speak with them, not in Slack. To let it go on: /reset-password resume; the count begins anew."
        ),
    ),
    Reason.OUT_OF_HOURS.value: (
        "All resets are frozen: a run outside of working hours",
        (
            "An admin has confirmed a run outside of limits.hours, with a code. Nobody is reset by it yet. Call the "
            "admin, not in Slack. Then cancel it, with rekey jobs cancel, or let all go on: /reset-password resume."
        ),
    ),
    "late_run": (
        "A run was confirmed outside of working hours",
        (
            "It is held for a moment and then goes on. Call the admin, not in Slack. To stop it: rekey jobs cancel, or "
            "everything at once, /reset-password freeze."
        ),
    ),
    "fresh_enrolment": (
        "The first reset of a new enrolment",
        (
            "This admin was enrolled only lately (limits.fresh_enrolment_hours) and has just asked for a first reset, "
            "with a code. If you do not know why: /reset-password freeze, then end the enrolment: rekey admin revoke."
        ),
    ),
    "glass_sealed": (
        "A new break-glass code was made",
        "It was made on the host; the one before is good for nothing. If you do not know why, see who signs in there.",
    ),
    "glass_used": (
        "Break-glass: one person was reset without an admin",
        (
            "Somebody on the host has used the sealed code. The person gets the new password as always. Call them, and "
            "find out who sat there and why; within a day: rekey audit review. To stop all: /reset-password freeze."
        ),
    ),
    "glass_missed": (
        "The break-glass code did not match, again",
        "Somebody on the host tries codes. Nobody was reset. Find out who; a new code: rekey admin break-glass new.",
    ),
    "glass_reviewed": (
        "A break-glass reset was reviewed",
        "This admin says, with a code, that it was looked at. If you know otherwise, speak with them, not in Slack.",
    ),
    "reset_again": (
        "The same account was to be reset once more",
        (
            "It was reset as often as limits.same_target_per_day allows, and an admin asked again, with a code. Nobody "
            "was reset. A thief who talks to the help desk does just that. Call the person and the admin, not in Slack."
        ),
    ),
    "freeze_over": (
        "The freeze is over",
        "Its time is over, and what waited goes on. If that is too early, freeze them at the host: rekey freeze.",
    ),
    "resumed_all": (
        "The freeze was ended with a code",
        "What waited goes on. If you do not know why it was ended, freeze them again: /reset-password freeze.",
    ),
    "actor_frozen": (
        "An admin may begin no resets for now",
        (
            "People whom this admin reset said “not me”. Nothing is begun, resumed or retried in the admin's name, and "
            "what was running is paused. Speak with them, not in Slack; then, on the host: rekey admin unfreeze."
        ),
    ),
    "actor_denied": (
        "An admin may begin no resets for now",
        (
            "Several requests of this admin were denied, one after the other (limits.denials_in_a_row). Nothing is "
            "begun in the admin's name, and what was running is paused. Speak with them; then: rekey admin unfreeze."
        ),
    ),
    "actor_unfrozen": (
        "An admin may begin resets again",
        "That they were frozen was lifted on the host. Their runs stay paused until they resume or cancel them.",
    ),
    "revoked": (
        "Somebody may no longer ask for resets",
        "Their enrolment was ended on the host, at once and for open forms too.",
    ),
}


def show(facts: ShowFacts) -> Message:
    """Return the target's message: who asked, for which system, and where the one-time password stands."""
    system = f"*{quiet(facts.directory)}* (account {quiet(facts.login)})"
    who = f"{mention(facts.requester)} ({quiet(facts.requester_name)})"
    asked = f"{who if facts.requester.user else quiet(facts.requester_name)} had it reset."
    match facts.state:
        case TargetState.COLLECTED:
            title = "Your one-time password was shown"
            at = f" {when(facts.collected_at)}" if facts.collected_at else ""
            lines = [f"The one-time password for {system} was shown{at}. {asked}", _next(facts)]
            lines.append("If it was not you who looked, press *Not me - stop* at once.")
            buttons = [_not_me(facts)]
        case TargetState.EXPIRED:
            title = "Your one-time password has expired"
            lines = [f"The one-time password for {system} was not collected in time. Nobody has seen it. {asked}"]
            lines.append("Ask the IT desk for a new reset when you need one.")
            buttons = []
        case TargetState.SUPERSEDED:
            title = "A newer reset stands"
            lines = [f"Your password for {system} was reset again, so this one-time password is not valid any more."]
            lines.append(f"Nobody has seen it. Look for the newer message. {asked}")
            buttons = []
        case TargetState.SPOILED if facts.reason is Reason.PASSWORD_CHANGED:
            title = "Stopped, but another password is set"
            since = "Since it was made, *somebody has set another password*."
            lines = [f"This reset of {system} was stopped. {since} It was *not replaced*: whoever set it can sign in."]
            lines += [f"*{labels.STEP[each.step]}*: {labels.outcome(each)}." for each in facts.ended]
            lines.append(
                "The security team has been told. If you did not set that password, call the IT desk now, or go there: "
                f"they reset it again with the reason “Suspected compromise”. {asked}"
            )
            buttons = []
        case TargetState.SPOILED:
            title = "Stopped"
            lines = [f"This reset of {system} was stopped, and its password is not shown any more. {asked}"]
            lines.append("The security team has been told. Ask the IT desk, by phone or in person, for a new reset.")
            buttons = []
        case TargetState.SET | TargetState.DELIVERED:
            title = "Your password was reset"
            lines = [f"Your password for {system} was reset. {asked}", _how(facts)]
            buttons = [_show(facts), _not_me(facts)]
        case _:
            title = "This reset is closed"
            lines = [f"There is no one-time password to collect for {system}. {asked}"]
            lines.append("If you cannot sign in, ask the IT desk.")
            buttons = []
    body = [blocks.header(title), *[blocks.section(line) for line in lines]]
    if buttons:
        body += [blocks.actions(f"show_{facts.target_id}"[:255], *buttons), blocks.context(_NEVER)]
    return {"text": f"{title}: {quiet(facts.directory)}, account {quiet(facts.login)}", "blocks": body}


def _how(facts: ShowFacts) -> str:
    code = " You need the *pickup code* that the person from IT tells you." if facts.pickup else ""
    until = f" It can be shown until {when(facts.expires_at)}." if facts.expires_at else ""
    return f"Press the button to see your one-time password. It is shown *once*.{code}{until}"


def _next(facts: ShowFacts) -> str:
    if facts.must_change:
        return "Sign in with it now; you are asked for a new one that only you know."
    return "Sign in with it now, then change it to one that only you know."


def _show(facts: ShowFacts) -> blocks.Block:
    return blocks.button("Show my one-time password", "show_password", facts.target_id, style="primary")


def _not_me(facts: ShowFacts) -> blocks.Block:
    ask = blocks.confirm(
        "Stop this reset?",
        "Press Stop if you did not ask for this, or if somebody else has looked. The one-time password is replaced by "
        "one that nobody knows, and the security team is told. You then need a new reset to sign in.",
        "Stop",
        "Go back",
    )
    return blocks.button("Not me - stop", "not_me", facts.target_id, style="danger", confirm=ask)


def alarm(facts: AlarmFacts) -> Message:
    """Return the security channel's message."""
    title, what = alarm_words(facts.what)
    who = f"{mention(facts.who)} ({quiet(facts.who_name)})" if facts.who else quiet(facts.who_name or "nobody in Slack")
    pairs = [("Who", who), ("When", when(facts.at))]
    pairs += [("Account", quiet(facts.about, 160))] if facts.about else []
    pairs += [("Request", quiet(facts.request_id))] if facts.request_id else []
    pairs += [("Reason given", quiet(facts.why, LONGEST_WHY))] if facts.why else []
    pairs += [(labels.STEP[each.step], labels.outcome(each)) for each in facts.ended]
    body = [blocks.header(f"🚨 {title}"), blocks.paragraph(what), blocks.fields(pairs)]
    about = f" ({quiet(facts.about, 160)})" if facts.about else ""
    return {"text": f"🚨 {escape(title)}{about}", "blocks": body}


def alarm_words(what: Reason | str) -> tuple[str, str]:
    """Return an alarm's title, and what happened and is to be done, as plain texts."""
    if what in ALARM:
        return ALARM[what]
    try:
        return "Something needs a look", words.sentence(Reason(what))
    except ValueError:
        return "Something needs a look", f"The bot reports: {quiet(str(what))}. Look into its journal."


def mention(person: SlackPerson) -> str:
    """Return a person as Slack shows one, in mrkdwn; an id that is none is shown as text."""
    return f"<@{person.user}>" if person.user.isascii() and person.user.isalnum() else quiet(person.user)


def sentence(text: str) -> Message:
    """Return a plain sentence as a message, for what only one person sees."""
    return {"text": escape(text), "blocks": [blocks.paragraph(text)]}


def help_blocks() -> Message:
    """Return what the bot can do and how one asks for it."""
    lines = [
        (
            "*Reset somebody's password* (needs a role)\n"
            "• `/reset-password @person` or `/reset-password login` or `/reset-password mail address`\n"
            "• `/reset-password` alone asks for whom\n"
            "• on a message: More actions, then *Reset their password*\n"
            "• the *Reset one* button on this app's Home tab\n"
            "• many at once: `/reset-password bulk`, or *Reset many* on the Home tab\n"
            "• stop everything at once: `/reset-password freeze`, with a reason if you like; it ends by itself, or "
            "with `/reset-password resume` and the security role's code"
        ),
        (
            "You look at one screen, enter the code from your authenticator app and press *Reset*. You never see the "
            "password: you get a pickup code to tell the person, and one message that shows how it goes."
        ),
        (
            "*Your own password was reset?* You get a message with *Show my one-time password*. It is shown once. "
            "Did not ask for it? Press *Not me - stop*."
        ),
    ]
    body = [blocks.header("Password resets"), *[blocks.section(line) for line in lines], blocks.context(_NEVER)]
    return {"text": "How to reset a password with /reset-password", "blocks": body}
