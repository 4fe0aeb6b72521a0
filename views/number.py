"""The number match, as both sides see it: the requester reads a number out, the person presses it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resets.number import MatchState
from views import blocks, labels, late
from views.cards import mention
from views.text import quiet, when

if TYPE_CHECKING:
    from resets.facts import MatchFacts
    from resets.number import NumberMatch

Message = dict[str, "str | list[blocks.Block]"]


def asked(match: NumberMatch) -> blocks.Block:
    """Return the requester's view: the number to read out, or what came of it."""
    name = quiet(match.name)
    match match.state:
        case _ if match.denied_at:
            body = late.to_requester(match.name, match.name)
        case MatchState.WAITING:
            body = [
                blocks.section(f"Read this number to the caller, who says that they are *{name}*:"),
                blocks.header(str(match.right)),
                blocks.section(
                    f"{name} has a Slack message with three numbers, and presses the one that they heard from you. "
                    f"There is one try, {until(match)}. This view then says how it went."
                ),
                blocks.context(
                    "Say it, do not write it. Who cannot get at Slack cannot press it: close this, and say how else "
                    "you know."
                ),
            ]
        case MatchState.MATCHED:
            body = [
                blocks.section(f"✅ *{name} pressed the right number.*"),
                blocks.section("Close this, and go on with the form. What you know besides, choose there."),
            ]
        case MatchState.WRONG | MatchState.DENIED:
            what = "pressed another number" if match.state is MatchState.WRONG else "says that they asked for nothing"
            body = [
                blocks.section(f"🛑 *{name} {what}. The caller is somebody else.*"),
                blocks.section(
                    "Nothing has changed. End the call, and reset nothing for it. The security channel has been told; "
                    f"for an hour {name}'s account is reset only for whom you see face to face."
                ),
            ]
        case _:
            body = [
                blocks.section(f"⌛ *{name} pressed no number in time.*"),
                blocks.section("Nothing has changed. Close this; in the form you may ask once more."),
            ]
    return blocks.modal(labels.VERIFY, body, close="Back to the form")


def until(match: NumberMatch | MatchFacts) -> str:
    """Return until when it can be pressed, in mrkdwn."""
    return f"until {when(match.expires_at)}"


def message(facts: MatchFacts) -> Message:
    """Return the person's message: the question, or what came of it. It never says which number is right."""
    asks = f"{mention(facts.requester)} ({quiet(facts.requester_name)})"
    system = f"*{quiet(facts.directory)}* (account {quiet(facts.login)})"
    rows: list[blocks.Block] = []
    match facts.state:
        case _ if facts.late is not None:
            title, lines = late.TITLE, late.to_person(facts.late, asks, system)
        case MatchState.WAITING:
            title = "Are you on the phone with IT?"
            lines = [
                f"Somebody asks {asks} to reset your password for {system}. Is that you?",
                f"*Yes*: press the number that {quiet(facts.requester_name)} reads to you, {until(facts)}.",
                "*No*: press *I did not ask for this*. Nothing is reset, and the security team is told.",
            ]
            rows = [_button(facts, number) for number in facts.numbers]
            rows.append(blocks.actions("number_deny", _deny(facts)))
            rows.append(blocks.context("There is one try. IT never asks you for a password or for a code."))
        case MatchState.MATCHED:
            title = "Thank you: that was the right number"
            lines = [
                f"{asks} may now reset your password for {system}. You are told when that is done.",
                "Was it not you who pressed it, or did you not call IT? Press *I did not ask for this* now.",
            ]
            rows = [blocks.actions("number_deny", _deny(facts))]
        case MatchState.WRONG | MatchState.DENIED:
            title = "Stopped: nothing was reset"
            lines = [
                f"Your password for {system} has not changed. {asks} and the security team know that you did not call.",
                "If you do need a reset, go to the IT desk in person.",
            ]
        case _:
            title = "This question is over"
            lines = [
                f"{asks} does not wait for a number any more.",
                "If you did not call IT, press *I did not ask for this*: the security team is told.",
            ]
            rows = [blocks.actions("number_deny", _deny(facts))]
    body = [blocks.header(title), *[blocks.section(line) for line in lines], *rows]
    return {"text": f"{title} {quiet(facts.directory)}, account {quiet(facts.login)}", "blocks": body}


def _button(facts: MatchFacts, number: int) -> blocks.Block:
    press = blocks.button(str(number), "number_press", f"{facts.id}:{number}", label=f"The number {number}")
    return blocks.actions(f"number_{number}", press)


def _deny(facts: MatchFacts) -> blocks.Block:
    return blocks.button("I did not ask for this", "number_deny", facts.id, style="danger")
