"""How a caller was verified, in words: the question on the reset form, and the answer wherever a request is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resets.evidence import How
from views import blocks, words
from views.text import quiet

if TYPE_CHECKING:
    from collections.abc import Sequence

    from resets.evidence import Evidence
    from resets.facts import AskReset

# What the requester chooses from, and what that says of the caller later on.
CHOICE: dict[How, str] = {
    How.IN_PERSON: "In person: I see them, and know them or their document",
    How.CALL_BACK: "I called back on a number from the directory",
    How.VIDEO: "Video call, with a document",
    How.TICKET: "A ticket out of their own signed-in portal",
    How.NUMBER: "They press the number that I read to them (below)",
    How.MANAGER: "Their manager vouches for them (below)",
    How.UNASKED: "Nobody asked: compromise, or a new person",
}
SAID: dict[How, str] = {
    How.IN_PERSON: "met in person",
    How.CALL_BACK: "called back on a number from the directory",
    How.VIDEO: "seen in a video call, with a document",
    How.TICKET: "asked by a ticket out of their own signed-in portal",
    How.NUMBER: "pressed the right number in Slack",
    How.MANAGER: "their manager vouched, with a code of their own",
    How.UNASKED: "nobody asked",
}


DENIED = (
    "🛑 *Within the last hour this person, or their manager, said that whoever called was not them.* Reset this "
    "account only for whom you see face to face, or because of a suspected compromise."
)


def question(facts: AskReset) -> list[blocks.Block]:
    """Return the question how the caller was verified; nothing is chosen beforehand, since nobody could know."""
    hows, form_id = facts.hows, facts.form_id
    if not hows:
        return []
    pick = {
        "type": "static_select",
        "action_id": "verified_pick",
        "placeholder": blocks.plain("Choose one"),
        "options": [blocks.option(CHOICE[how], how.value) for how in hows],
    }
    hint = "Kept in the journal. A voice that you know is not enough: voices are cloned."
    asked = blocks.question("verified", "How do you know that it is them?", pick, hint=hint)
    if facts.denied:
        return [blocks.section(DENIED), asked]
    others = [_verify(form_id)] if facts.number else []
    others += [_ask(form_id, facts.manager)] if facts.manager else []
    if facts.no_manager is not None:
        others.append(blocks.paragraph(words.sentence(facts.no_manager.reason, facts.no_manager.facts)))
    return [asked, *others]


def _verify(form_id: str) -> blocks.Block:
    text = "Let the caller show that they are in this person's Slack: you read them a number, and they press it there."
    button = blocks.button("Verify this person", "number_ask", form_id)
    return {**blocks.section(text, button), "block_id": "verify"}


def _ask(form_id: str, name: str) -> blocks.Block:
    text = f"Let *{quiet(name)}*, who manages them by the directory, vouch for them, with a code of their own."
    button = blocks.button("Ask their manager", "vouch_ask", form_id, label=f"Ask {name}, their manager, to vouch")
    return {**blocks.section(text, button), "block_id": "manager"}


def line(evidence: Sequence[Evidence]) -> str:
    """Return how the caller was verified, as a line of mrkdwn."""
    said = ", and ".join(_said(each) for each in evidence)
    return f"🪪 *Caller*: {said}." if said else "🪪 *Caller*: not verified."


def _said(evidence: Evidence) -> str:
    who = f" ({quiet(evidence.by.name)})" if evidence.by is not None else ""
    return SAID[evidence.how].replace("their manager", f"their manager{who}", 1)
