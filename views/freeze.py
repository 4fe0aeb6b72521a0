"""A freeze, as people see it: what they are told who put it, the question for the code that ends it, a line in Home."""

from __future__ import annotations

from typing import TYPE_CHECKING

from views import blocks, labels
from views.text import quiet, utc, when

if TYPE_CHECKING:
    from resets.freeze import Freeze

RESUME_FORM = "resume_form"
WHY = 120  # UTF-16 units of a reason that are shown

_STANDS = (
    "Nobody's password begins to be set, and nothing new is taken. What was begun is finished; "
    "*Show*, *Not me* and messages go on."
)

Message = dict[str, "str | list[blocks.Block]"]


def frozen(facts: Freeze) -> Message:
    """Return what whoever has frozen everything is told, alone."""
    body = [
        blocks.header(labels.FROZEN),
        blocks.section(f"{_STANDS} The security channel has been told."),
        blocks.section(f"{until(facts)} Runs go on by themselves then. To end it sooner: `/reset-password resume`."),
    ]
    at = f"until {utc(facts.until)}" if facts.until else "until it is ended"
    return {"text": f"{labels.FROZEN} {at}", "blocks": body}


def until(facts: Freeze) -> str:
    """Return until when it stands, as a sentence in mrkdwn."""
    return f"It ends by itself {when(facts.until)}." if facts.until else "It stands until the security role ends it."


def line(facts: Freeze) -> str:
    """Return who has frozen everything, why and until when, in mrkdwn."""
    why = f" Reason: {quiet(facts.why, WHY)}." if facts.why else ""
    return f"*{quiet(facts.name)}* has frozen all resets {when(facts.at)}.{why} {until(facts)}"


def ask(form_id: str, facts: Freeze) -> blocks.Block:
    """Return the question for the code that ends the freeze."""
    body = [
        blocks.section(line(facts)),
        blocks.section("When you end it, everything that waits goes on at once: runs, and resets that were asked for."),
        blocks.question(
            "code",
            "Your code",
            blocks.line("code_text", longest=16, placeholder="123 456", focus=True),
            hint="The 6 digits that your authenticator app shows for Rekey right now. Each code works once.",
        ),
    ]
    return blocks.modal(
        labels.RESUME, body, callback_id=RESUME_FORM, form_id=form_id, submit="End it", close="Leave it"
    )


def resumed() -> blocks.Block:
    """Return that the freeze is over."""
    text = "The freeze is over, and what waited goes on. The security channel has been told."
    return blocks.modal(labels.RESUME, [blocks.paragraph(text)], close="Close")


def home(facts: Freeze | None) -> list[blocks.Block]:
    """Return the part of an admin's Home: what is frozen, or the button that freezes."""
    if facts is not None:
        end = blocks.button("End the freeze", "home_resume", label="End the freeze, with a code")
        return [{**blocks.section(f"❄️ {line(facts)}\n{_STANDS}", end), "block_id": "home_freeze"}]
    text = "Every run stands still and nothing new is taken, for a while. Ending it sooner takes a code."
    sure = blocks.confirm("Freeze all resets?", text, "Freeze", "Go back")
    stop = blocks.button("Freeze", "home_freeze", style="danger", confirm=sure, label="Freeze all resets at once")
    said = "Something is going wrong? Freeze everything at once, for everybody; the security channel hears of it."
    return [{**blocks.section(said, stop), "block_id": "home_freeze"}]
