"""The modals of many at once, but for the preview: whom and how, the wait, and that it begins soon."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from directory.base import GroupKind
from resets.request import Channel, Why
from views import approval, blocks, labels, words
from views.account import value
from views.text import cut, many, safe, to_the_second

if TYPE_CHECKING:
    from collections.abc import Sequence

    from resets.bulk import GroupChoice, GroupChoices, HeldBulk
    from resets.reasons import Refused

BULK_FORM = "bulk_form"
TICKET = 200
PASTED = 3000  # what Slack's field takes

View = blocks.Block


@dataclass(frozen=True, slots=True)
class Picked:
    """One chosen option, as it was shown."""

    value: str
    text: str
    more: str


@dataclass(frozen=True, slots=True)
class Entered:
    """What somebody has entered, so that a form that comes back comes back filled in. It proves nothing."""

    people: tuple[Picked, ...] = ()
    groups: tuple[Picked, ...] = ()
    pasted: str = ""
    why: str = Why.FORGOT.value
    ticket: str = ""
    ticked: tuple[str, ...] = ("must_change",)
    channels: tuple[str, ...] = (Channel.DM.value,)
    start: int | None = None  # seconds since 1970


class Template(StrEnum):
    """Where the template for a file is."""

    NOT_ASKED = "No file yet?"
    SENT = "✅ The template is in your messages from this bot."
    UNSENT = "⚠️ Slack did not take the template. Try again in a minute."


def form(
    form_id: str,
    *,
    mail: bool,
    entered: Entered | None = None,
    refused: Refused | None = None,
    template: Template = Template.NOT_ASKED,
) -> View:
    """Return the one modal in which a bulk is put together.

    Args:
        form_id: the form's opaque id.
        mail: may passwords be mailed here.
        entered: what was entered already; a chosen file cannot be put back, Slack has no way for it.
        refused: why the form comes back.
        template: where the template for a file is.
    """
    now = entered or Entered()
    body = [blocks.paragraph(f"⚠️ {words.sentence(refused.reason, refused.facts)}")] if refused else []
    body += [*_whom(now, template), blocks.divider(), *_how(now, mail=mail)]
    return blocks.modal(
        labels.MANY, body, callback_id=BULK_FORM, form_id=form_id, submit="Show the preview", close="Cancel"
    )


def _whom(now: Entered, template: Template) -> list[blocks.Block]:
    people = blocks.search_many("bulk_people", "Name, login or mail address", least=3, first=_options(now.people))
    groups = blocks.search_many("bulk_groups", "Name of a group or unit", least=2, first=_options(now.groups))
    file = {"type": "file_input", "action_id": "bulk_file", "filetypes": ["csv", "tsv", "txt"], "max_files": 1}
    send = blocks.button("Send me a template", "bulk_template", label="Send me a template for the CSV file")
    return [
        blocks.paragraph(
            "Choose in one way or in several; whoever is named twice counts once. "
            "Next comes a preview, and nothing changes before you confirm that with a code."
        ),
        blocks.question("people", "People", people, hint="Every search is recorded.", optional=True),
        blocks.question(
            "groups",
            "Groups or organizational units",
            groups,
            hint="With everybody in groups below them.",
            optional=True,
        ),
        blocks.question(
            "file",
            "CSV file",
            file,
            hint="One column with logins or mail addresses, no passwords; at most 100,000 rows and 10 MB.",
            optional=True,
        ),
        {**blocks.section(template.value, send), "block_id": "template"},
        blocks.question(
            "pasted",
            "Or paste a list",
            blocks.lines("pasted_text", longest=PASTED, placeholder="anna.bell, bob@example.com", first=now.pasted),
            hint="Logins or mail addresses, one a line or with commas between them.",
            optional=True,
        ),
    ]


def _how(now: Entered, *, mail: bool) -> list[blocks.Block]:
    reasons = {one.value: blocks.option(text, one.value) for one, text in labels.WHY.items()}
    why = {
        "type": "static_select",
        "action_id": "why_pick",
        "options": list(reasons.values()),
        "initial_option": reasons.get(now.why, reasons[Why.FORGOT.value]),
    }
    ticket = blocks.line("ticket_text", longest=TICKET, placeholder="INC-1234")
    if now.ticket:
        ticket["initial_value"] = cut(now.ticket, TICKET)
    besides = [
        blocks.option(
            "Ask for a new password at the next sign-in",
            "must_change",
            "Only the person will know the one they choose.",
        ),
        blocks.option(
            "Clear mobile sessions and API tokens", "clear_sessions", "Always done after a suspected compromise."
        ),
        blocks.option("Unlock locked accounts", "unlock"),
    ]
    start = {"type": "datetimepicker", "action_id": "start_pick"}
    if now.start is not None:
        start["initial_date_time"] = now.start  # type: ignore[assignment]
    return [
        blocks.question("why", "Why", why),
        blocks.question(
            "ticket", "Ticket or note", ticket, hint="Kept in the journal. Do not write secrets here.", optional=True
        ),
        blocks.question(
            "options", "What else happens", blocks.checkboxes("options_tick", besides, now.ticked), optional=True
        ),
        *_delivery(now, mail=mail),
        blocks.question(
            "start", "Begin at", start, hint="Leave it empty to begin as soon as you confirm.", optional=True
        ),
    ]


def _delivery(now: Entered, *, mail: bool) -> list[blocks.Block]:
    ways = [
        blocks.option(
            "Slack message with a button that shows it once", Channel.DM.value, "To whoever is known in Slack."
        )
    ]
    if mail:
        ways.append(blocks.option("In a mail to the account's address", Channel.MAIL.value))
    hint = (
        "Tick both, and each person is reached by what can reach them. Tick none, and only people with a recovery "
        "address get it, there; all others are left out."
        if mail
        else "The rules here forbid to mail passwords, so whoever is not in Slack is left out."
    )
    boxes = blocks.checkboxes("delivery_tick", ways, now.channels)
    return [
        blocks.question("delivery", "How each person gets the one-time password", boxes, hint=hint, optional=True),
    ]


def _options(picked: Sequence[Picked]) -> list[blocks.Block]:
    return [
        blocks.option(safe(one.text, blocks.OPTION), one.value, safe(one.more, blocks.OPTION) if one.more else "")
        for one in picked
        if 0 < len(one.value) <= blocks.VALUE
    ]


def group_options(found: GroupChoices) -> list[blocks.Block]:
    """Return groups as options for a select, and, as one that nobody can choose, which directories are not heard."""
    shown = [
        blocks.option(safe(choice.name, blocks.OPTION), value(choice.directory, choice.id), _place(choice))
        for choice in found.choices
        if len(value(choice.directory, choice.id)) <= blocks.VALUE
    ]
    if found.missing:
        silent = cut(", ".join(safe(name, 30) for name in found.missing), 40)
        shown.append(
            blocks.option(f"{silent}: no answer", "none", "Its groups are missing here. Try again in a minute.")
        )
    return shown


def _place(choice: GroupChoice) -> str:
    kind = "Unit" if choice.kind is GroupKind.OU else "Group"
    return cut(f"{kind} · {safe(choice.path or choice.directory)}", blocks.OPTION)


def looking(form_id: str) -> View:
    """Return what stands while everybody is being looked up."""
    wait = blocks.paragraph(
        "⏳ Looking everybody up. Nothing changes by this. A few thousand people take some seconds; "
        "you can leave this open, and the preview comes in its place."
    )
    return blocks.modal(labels.PREVIEW, [wait], form_id=form_id, close="Close")


def held(facts: HeldBulk) -> View:
    """Return that a bulk is confirmed and when it begins, or whom it waits for."""
    if facts.awaited is not None:
        asked = [
            blocks.section(f"*Asked for approval: {many(facts.included)}.*"),
            blocks.section(approval.waits(facts.awaited)),
            blocks.context(
                "You can close this. One message to you shows how it goes, and has a button to withdraw it."
            ),
        ]
        return blocks.modal(labels.ASKED, asked, close="Close")
    body = [
        blocks.section(f"*Confirmed: {many(facts.included)} will be reset.*"),
        blocks.section(
            f"It begins {to_the_second(facts.begins_at)}. Until then, *Cancel* in your message from this bot stops it "
            "and nothing has changed. That message then shows how it goes, and has buttons to pause it."
        ),
        blocks.context("You can close this."),
    ]
    return blocks.modal(labels.HELD, body, close="Close")
