"""The modals. Their ids are fixed: handlers read by them, and a field keeps what was typed while its ids stay."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resets.reasons import Reason
from resets.request import Channel, Why
from views import account, approval, blocks, labels, offer, verification, words
from views.text import escape, quiet, spell

if TYPE_CHECKING:
    from resets.facts import AskPickup, AskReset, AskWho, Excluded, Queued, Shown

RESET_FORM = "reset_form"
RESET_WHO = "reset_who"
PICKUP_FORM = "pickup_form"

View = blocks.Block


def skeleton(form_id: str) -> View:
    """Return the modal that opens at once, while the account is being looked up."""
    wait = blocks.paragraph("⏳ One moment: I am looking the account up. Nothing has changed.")
    return blocks.modal(labels.RESET, [wait], callback_id=RESET_FORM, form_id=form_id, close="Cancel")


def who(facts: AskWho) -> View:
    """Return the question for whom: a choice where the name fits several, and a search over the directory."""
    body = []
    if facts.reason is not None:
        body.append(blocks.paragraph(words.sentence(facts.reason, {"typed": facts.typed})))
    found = account.options(facts.choices)
    if found:
        pick = {
            "type": "static_select",
            "action_id": "choice_pick",
            "placeholder": blocks.plain("Choose an account"),
            "options": found,
        }
        label = "Did you mean" if facts.reason is Reason.NOT_FOUND else "Accounts that fit"
        body.append(blocks.question("choice", label, pick, optional=True))
    search = {
        "type": "external_select",
        "action_id": "who_pick",
        "placeholder": blocks.plain("Name, login or mail address"),
        "min_query_length": 3,
    }
    label = "Or search for somebody else" if found else "Whose password is to be reset?"
    hint = "Type at least 3 letters. Every search is recorded."
    body.append(blocks.question("who", label, search, hint=hint, optional=bool(found)))
    return blocks.modal(
        labels.WHO, body, callback_id=RESET_WHO, form_id=facts.form_id, submit="Continue", close="Cancel"
    )


def reset(facts: AskReset) -> View:
    """Return the one screen of a reset, with everything filled in but the code. It has no field for a password.

    Where it is to take the place of one that waits, it is filled in with what that one asks for.
    """
    was = facts.before.plan.options if facts.before else None
    first = was.why if was else Why.LOCKED_OUT if facts.card.locked else Why.FORGOT
    body = [
        *([blocks.section(approval.changing(facts.before.id))] if facts.before else []),
        *account.card(facts.card, domain="domain verified" if facts.card.domain else ""),
        blocks.divider(),
        blocks.question("why", "Why", _why(first)),
        *verification.question(facts),
        blocks.question(
            "ticket",
            "Ticket or note",
            blocks.line("ticket_text", longest=200, placeholder="INC-1234", first=was.ticket if was else ""),
            hint="Kept in the journal. Do not write secrets here.",
            optional=True,
        ),
        *offer.options(facts.offer, locked=facts.card.locked, was=was),
        *offer.delivery(facts.offer, was=was),
        blocks.question(
            "code",
            "Your code",
            blocks.line("code_text", longest=16, placeholder="123 456"),
            hint="The 6 digits that your authenticator app shows for Rekey right now. Each code works once.",
        ),
        *([blocks.context(approval.first(facts.approvals))] if facts.approvals else []),
        offer.untouched(facts.kept),
    ]
    submit = "Ask for approval" if facts.approvals else "Reset"
    return blocks.modal(
        labels.RESET, body, callback_id=RESET_FORM, form_id=facts.form_id, submit=submit, close="Cancel"
    )


def _why(first: Why) -> blocks.Block:
    choices = {why: blocks.option(text, why.value) for why, text in labels.WHY.items()}
    return {
        "type": "static_select",
        "action_id": "why_pick",
        "options": list(choices.values()),
        "initial_option": choices[first],
    }


def excluded(facts: Excluded) -> View:
    """Return why this account may not be reset, and how to mend that."""
    known = {"login": facts.card.login, "directory": facts.card.directory, "domain": facts.card.domain or ""}
    unverified = facts.reason is Reason.UNVERIFIED_DOMAIN
    body = [
        blocks.paragraph(words.sentence(facts.reason, {**known, **facts.facts})),
        blocks.divider(),
        *account.card(facts.card, domain="domain not verified" if unverified else ""),
        blocks.context("For somebody else, close this and run `/reset-password` again."),
    ]
    return blocks.modal(labels.EXCLUDED, body, callback_id=RESET_FORM, form_id=facts.form_id, close="Close")


def queued(facts: Queued) -> View:
    """Return that the reset is on its way, with the pickup code, which is shown here and nowhere else."""
    name = quiet(facts.name)
    whom = f"{name} ({quiet(facts.login)})"
    if facts.awaited is None:
        body = [blocks.section(f"*The reset for {whom} has begun.*")]
    else:
        body = [blocks.section(f"*Asked for approval: the reset for {whom}.*\n{approval.waits(facts.awaited)}")]
    if facts.pickup:
        body += [
            blocks.divider(),
            blocks.context("*Pickup code*"),
            blocks.header(facts.pickup),
            blocks.section(
                f"1. Make sure that you are speaking with {name}: call a number that you know, or meet.\n"
                f"2. Tell {name} this code. It is asked for when they press *Show my one-time password*.\n"
                "3. Write it nowhere. It is shown only now and works for this one reset, at most five tries."
            ),
            blocks.divider(),
        ]
    elif Channel.DM in facts.channels:
        body.append(blocks.section(f"{name} gets a Slack message with a button that shows the one-time password once."))
    if Channel.MAIL in facts.channels or Channel.RECOVERY in facts.channels:
        body.append(blocks.section(f"{name} gets the one-time password by mail."))
    body.append(blocks.context("You can close this. One message to you shows how it goes, and stays up to date."))
    return blocks.modal(labels.QUEUED if facts.awaited is None else labels.ASKED, body, close="Close")


def sentence(title: str, text: str, form_id: str | None = None) -> View:
    """Return a modal that only says something; the text is plain and is shown as it is."""
    return blocks.modal(title, [blocks.paragraph(text)], form_id=form_id, close="Close")


def pickup(facts: AskPickup) -> View:
    """Return the target's question for the pickup code, or only the last button before the password is shown."""
    account_name = f"*{quiet(facts.login)}* ({quiet(facts.directory)})"
    body = [
        blocks.section(
            f"This shows the one-time password for {account_name}. It is shown *once*: "
            "have your sign-in page open, and nobody looking over your shoulder."
        )
    ]
    if facts.pickup:
        body.append(
            blocks.question(
                "pickup",
                "Pickup code",
                blocks.line("pickup_text", longest=32, placeholder="XXXX-XXXX", focus=True),
                hint="8 letters and digits that the person from IT told you. Upper or lower case.",
            )
        )
    return blocks.modal(
        labels.PICKUP, body, callback_id=PICKUP_FORM, form_id=facts.form_id, submit="Show", close="Not now"
    )


def shown(facts: Shown) -> View:
    """Return the one-time password, in large type and spelled out, and what to do with it."""
    password = facts.password.reveal()
    then = (
        "You are asked for a new password at once: choose one that only you know."
        if facts.must_change
        else "Then change it to one that only you know."
    )
    body = [
        blocks.section(f"One-time password for *{quiet(facts.login)}* ({quiet(facts.directory)}):"),
        blocks.header(password) if len(password) <= blocks.HEADER else blocks.paragraph(password),
        blocks.context(f"Spelled: {escape(spell(password))}"),
        blocks.section(
            f"1. Sign in with it now. {then}\n2. Close this: it cannot be shown again.\n"
            "3. Tell it to nobody. IT never asks you for it."
        ),
    ]
    return blocks.modal(labels.PICKUP, body, close="Done")
