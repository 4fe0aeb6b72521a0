"""The question to a manager, as both sides see it: the requester waits, the manager vouches or knows nothing of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resets.vouch import VouchState
from views import blocks, labels, late
from views.cards import mention
from views.text import quiet, when

if TYPE_CHECKING:
    from resets.facts import AskVouch, VouchFacts
    from resets.vouch import Vouch

VOUCH_FORM = "vouch_form"

Message = dict[str, "str | list[blocks.Block]"]
View = blocks.Block


def asked(vouch: Vouch) -> View:
    """Return the requester's view: whom we wait for, or what came of it."""
    boss, name = quiet(vouch.manager.name), quiet(vouch.name)
    match vouch.state:
        case _ if vouch.denied_at:
            body = late.to_requester(vouch.manager.name, vouch.name)
        case VouchState.WAITING:
            body = [
                blocks.section(f"*{boss}* is asked in Slack to vouch for *{name}*, {_until(vouch)}."),
                blocks.section(
                    f"They speak with {name} first, and vouch with a code of their own, or say that they do not know "
                    "of this. This view then says how it went."
                ),
                blocks.context("If that takes too long, close this, and say how else you know that it is them."),
            ]
        case VouchState.VOUCHED:
            body = [
                blocks.section(f"✅ *{boss} has vouched for {name}, with a code of their own.*"),
                blocks.section("Close this, and go on with the form. What you know besides, choose there."),
            ]
        case VouchState.DENIED:
            body = [
                blocks.section(f"🛑 *{boss} does not know of this. The caller may be somebody else.*"),
                blocks.section(
                    "Nothing has changed. End the call, and reset nothing for it. The security channel has been told; "
                    f"for an hour {name}'s account is reset only for whom you see face to face."
                ),
            ]
        case _:
            body = [
                blocks.section(f"⌛ *{boss} did not answer in time.*"),
                blocks.section("Nothing has changed. Close this; in the form you may ask once more."),
            ]
    return blocks.modal(labels.MANAGER, body, close="Back to the form")


def message(facts: VouchFacts) -> Message:
    """Return the manager's message: the question, or what came of it."""
    asks, whom = _asks(facts), _whom(facts)
    rows: list[blocks.Block] = []
    match facts.state:
        case _ if facts.late is not None:
            title, lines = late.TITLE, late.to_manager(facts.late, asks, whom, facts.name)
        case VouchState.WAITING:
            title = "Do you vouch for one of your people?"
            first = f"Somebody asks {asks} to reset the password of {whom}, whose manager you are by the directory."
            talk = "face to face, or call them on a number that you know. A message or a call may be a stranger's."
            yes = f"*I vouch*: it is them, and they want it. You are asked for your own code, {_until(facts)}."
            no = "*I do not know of this*: nothing is reset, and the security team is told."
            lines = [f"{first}\n*Why*: {labels.WHY[facts.why]}"]
            lines += [f"*Speak with {quiet(facts.name)} yourself first*: {talk}", f"{yes}\n{no}"]
            rows = [blocks.actions("vouch", _yes(facts), _no(facts))]
            rows.append(blocks.context("Give your code to nobody: not by phone, not by mail, not in a message."))
        case VouchState.VOUCHED:
            title = "Thank you: you have vouched"
            lines = [
                f"{asks} may now reset the password of {whom}. You cannot be one of those who approve it as well.",
                "Was it not you who vouched? Press *I do not know of this* now, and tell the IT desk in person.",
            ]
            rows = [blocks.actions("vouch", _no(facts))]
        case VouchState.DENIED:
            title = "Stopped: nothing was reset"
            lines = [
                f"The password of {whom} has not changed. {asks} and the security team know of it.",
                f"Tell {quiet(facts.name)} that somebody may have called IT in their name.",
            ]
        case _:
            title = "This question is over"
            lines = [
                f"{asks} does not wait for your word any more.",
                "If you do not know of this, press *I do not know of this*: the security team is told.",
            ]
            rows = [blocks.actions("vouch", _no(facts))]
    body = [blocks.header(title), *[blocks.section(line) for line in lines], *rows]
    return {"text": f"{title} ({quiet(facts.name)}, account {quiet(facts.login)})", "blocks": body}


def ask(asked: AskVouch) -> View:
    """Return the question for the manager's own code, which stands for this person and this question alone."""
    facts = asked.vouch
    body = [
        blocks.section(f"{_asks(facts)} is to reset the password of {_whom(facts)}."),
        blocks.section(f"With your code you say: *I have spoken with {quiet(facts.name)} myself, and it is them.*"),
        blocks.question(
            "code",
            "Your code",
            blocks.line("code_text", longest=16, placeholder="123 456"),
            hint="The 6 digits that your authenticator app shows for Rekey right now. Each code works once.",
        ),
    ]
    return blocks.modal(
        labels.VOUCH, body, callback_id=VOUCH_FORM, form_id=asked.form_id, submit="Vouch", close="Not now"
    )


def given(vouch: Vouch) -> View:
    """Return that the manager's word was taken."""
    text = f"✅ You have vouched for {quiet(vouch.name)}. Your message from this bot says the same."
    return blocks.modal(labels.VOUCH, [blocks.section(text)], close="Close")


def _asks(facts: VouchFacts) -> str:
    return f"{mention(facts.requester)} ({quiet(facts.requester_name)})"


def _whom(facts: VouchFacts) -> str:
    return f"*{quiet(facts.name)}* (account {quiet(facts.login)}, {quiet(facts.directory)})"


def _until(facts: Vouch | VouchFacts) -> str:
    return f"until {when(facts.expires_at)}"


def _yes(facts: VouchFacts) -> blocks.Block:
    return blocks.button("I vouch", "vouch_begin", facts.id, style="primary", label=f"I vouch for {facts.name}")


def _no(facts: VouchFacts) -> blocks.Block:
    return blocks.button("I do not know of this", "vouch_deny", facts.id, style="danger")
