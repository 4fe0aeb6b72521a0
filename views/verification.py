"""How a caller was verified, in words: the question on the reset form, and the answer wherever a request is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resets.evidence import How
from views import blocks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from resets.evidence import Evidence

# What the requester chooses from, and what that says of the caller later on.
CHOICE: dict[How, str] = {
    How.IN_PERSON: "In person: I see them, and know them or their document",
    How.CALL_BACK: "I called back on a number from the directory",
    How.VIDEO: "Video call, with a document",
    How.TICKET: "A ticket out of their own signed-in portal",
    How.NUMBER: "They press the number that I read to them (below)",
    How.UNASKED: "Nobody asked: compromise, or a new person",
}
SAID: dict[How, str] = {
    How.IN_PERSON: "met in person",
    How.CALL_BACK: "called back on a number from the directory",
    How.VIDEO: "seen in a video call, with a document",
    How.TICKET: "asked by a ticket out of their own signed-in portal",
    How.NUMBER: "pressed the right number in Slack",
    How.UNASKED: "nobody asked",
}


DENIED = (
    "🛑 *Within the last hour this person said that whoever called in their name was not them.* Reset this account "
    "only for whom you see face to face, or because of a suspected compromise."
)


def question(hows: Sequence[How], form_id: str, *, number: bool, denied: bool) -> list[blocks.Block]:
    """Return the question how the caller was verified; nothing is chosen beforehand, since nobody could know."""
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
    warning = [blocks.section(DENIED)] if denied else []
    return [*warning, asked, *([_verify(form_id)] if number and not denied else [])]


def _verify(form_id: str) -> blocks.Block:
    text = "Let the caller show that they are in this person's Slack: you read them a number, and they press it there."
    button = blocks.button("Verify this person", "number_ask", form_id)
    return {**blocks.section(text, button), "block_id": "verify"}


def line(evidence: Sequence[Evidence]) -> str:
    """Return how the caller was verified, as a line of mrkdwn."""
    said = ", and ".join(SAID[each.how] for each in evidence)
    return f"🪪 *Caller*: {said}." if said else "🪪 *Caller*: not verified."
