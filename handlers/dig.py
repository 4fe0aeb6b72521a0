"""Single facts out of a payload of Slack's. Nothing in it is trusted; what is missing, or of another kind, is empty."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from resets.actor import SlackPerson

Payload = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Origin:
    """Who did it, and from where. An id that Slack did not send is ""."""

    person: SlackPerson  # with the team that the person belongs to
    team: str  # where our app is installed
    app: str  # whose payload it is
    trigger: str  # good for one modal, for 3 seconds
    response_url: bool  # can the person be answered in place


@dataclass(frozen=True, slots=True)
class ViewAt:
    """An open modal or Home, as it was at one moment."""

    id: str
    hash: str


def origin_of(body: Payload) -> Origin:
    """Read an interaction: `team` is where we are installed, `user.team_id` where the person belongs."""
    team = text(body, "team", "id")
    return Origin(
        person=SlackPerson(text(body, "user", "team_id") or team, text(body, "user", "id")),
        team=team,
        app=text(body, "api_app_id"),
        trigger=text(body, "trigger_id"),
        response_url=bool(text(body, "response_url")),
    )


def view_of(body: Payload) -> ViewAt:
    """Return the modal that something was done in."""
    return ViewAt(text(body, "view", "id"), text(body, "view", "hash"))


def form_of(body: Payload) -> str:
    """Return our own id of the form in that modal."""
    return text(body, "view", "private_metadata").partition("#")[0]


def shown_of(body: Payload) -> str:
    """Return the beginning of the digest of the preview in that modal, "" where it shows none."""
    return text(body, "view", "private_metadata").partition("#")[2]


def field(body: Payload, block: str, action: str, *rest: str) -> str:
    """Return what a modal's field holds, by a path below its action, less half a character: it can be kept nowhere."""
    return text(body, "view", "state", "values", block, action, *rest).encode("utf-8", "ignore").decode()


def option(body: Payload, block: str, action: str) -> str:
    """Return the value of the chosen option."""
    return field(body, block, action, "selected_option", "value")


def options(body: Payload, block: str, action: str) -> tuple[str, ...]:
    """Return the values of all ticked or chosen options."""
    several = dig(body, "view", "state", "values", block, action, "selected_options")
    return tuple(text(one, "value") for one in several) if isinstance(several, list) else ()


def text(value: object, *path: str) -> str:
    """Return the text at a path, or ""."""
    found = dig(value, *path)
    return found if isinstance(found, str) else ""


def dig(value: object, *path: str) -> object:
    """Return whatever stands at a path, or None."""
    for key in path:
        if not isinstance(value, Mapping):
            return None
        value = value.get(key)
    return value
