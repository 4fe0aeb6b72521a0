"""Slack's dicts of a bulk become typed values here: its form, its preview, the buttons of both, and a file.

Source: docs.slack.dev, "Interaction payloads", "File input" and "File object".
"""

from __future__ import annotations

from dataclasses import dataclass

from handlers.dig import (
    Origin,
    Payload,
    ViewAt,
    dig,
    field,
    form_of,
    option,
    options,
    origin_of,
    shown_of,
    text,
    view_of,
)
from handlers.payloads import press
from views.bulk import Entered, Picked


@dataclass(frozen=True, slots=True)
class PressInView:
    """A pressed button of one of our modals."""

    origin: Origin
    view: ViewAt
    form_id: str
    value: str
    entered: Entered  # what stands in the modal's fields, where they are those of a bulk


@dataclass(frozen=True, slots=True)
class BulkSent:
    """The submitted form of a bulk, as it came."""

    origin: Origin
    view: ViewAt
    form_id: str
    entered: Entered
    file: str  # its id in Slack, "" for none. All else that the payload says of it is not believed


@dataclass(frozen=True, slots=True)
class BulkProved:
    """The submitted preview of a bulk; `number` is "" where none was asked for."""

    origin: Origin
    view: ViewAt
    form_id: str
    shown: str  # the beginning of the digest of what it shows
    number: str
    code: str


@dataclass(frozen=True, slots=True)
class ListedFile:
    """A file as Slack itself describes it; empty where there is none any more."""

    id: str
    user: str  # who uploaded it
    name: str
    size: int  # in bytes; -1 where Slack does not say
    url: str
    hosted: bool  # by Slack: not deleted, not in somebody's cloud storage


def press_in_view(body: Payload) -> PressInView:
    """Read a pressed button of a modal."""
    pressed = press(body)
    return PressInView(pressed.origin, view_of(body), form_of(body), pressed.value, _entered(body))


def bulk_sent(body: Payload) -> BulkSent:
    """Read the submitted form of a bulk."""
    files = dig(body, "view", "state", "values", "file", "bulk_file", "files")
    first = files[0] if isinstance(files, list) and files else None
    return BulkSent(origin_of(body), view_of(body), form_of(body), _entered(body), text(first, "id"))


def bulk_proved(body: Payload) -> BulkProved:
    """Read the submitted preview of a bulk."""
    number = field(body, "number", "number_text", "value")
    code = field(body, "code", "code_text", "value")
    return BulkProved(origin_of(body), view_of(body), form_of(body), shown_of(body), number, code)


def listed_file(answer: object) -> ListedFile:
    """Read the `file` of files.info."""
    size = dig(answer, "file", "size")
    return ListedFile(
        id=text(answer, "file", "id"),
        user=text(answer, "file", "user"),
        name=text(answer, "file", "name"),
        size=size if isinstance(size, int) and not isinstance(size, bool) else -1,
        url=text(answer, "file", "url_private_download") or text(answer, "file", "url_private"),
        hosted=text(answer, "file", "mode") in {"hosted", "snippet"} and dig(answer, "file", "is_external") is not True,
    )


def _entered(body: Payload) -> Entered:
    start = dig(body, "view", "state", "values", "start", "start_pick", "selected_date_time")
    return Entered(
        people=_picked(body, "people", "bulk_people"),
        groups=_picked(body, "groups", "bulk_groups"),
        pasted=field(body, "pasted", "pasted_text", "value"),
        why=option(body, "why", "why_pick"),
        ticket=field(body, "ticket", "ticket_text", "value"),
        ticked=options(body, "options", "options_tick"),
        channels=options(body, "delivery", "delivery_tick"),
        start=start if isinstance(start, int) and not isinstance(start, bool) else None,
    )


def _picked(body: Payload, block: str, action: str) -> tuple[Picked, ...]:
    several = dig(body, "view", "state", "values", block, action, "selected_options")
    if not isinstance(several, list):
        return ()
    return tuple(
        Picked(text(one, "value"), text(one, "text", "text"), text(one, "description", "text")) for one in several
    )
