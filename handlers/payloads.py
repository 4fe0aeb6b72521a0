"""Slack's dicts become typed values here, and nowhere else. Nothing in them is trusted; what is missing is empty.

Source: docs.slack.dev, "Interaction payloads", "Slash commands" and "app_home_opened"; `users.info`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from desk.submit import Answer
from resets.actor import SlackPerson
from resets.facts import Member

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


@dataclass(frozen=True, slots=True)
class Command:
    """A slash command."""

    origin: Origin
    text: str


@dataclass(frozen=True, slots=True)
class Shortcut:
    """A shortcut on a message. `author` is "" for a message that no person wrote."""

    origin: Origin
    author: str


@dataclass(frozen=True, slots=True)
class Press:
    """A pressed button, with the value that we gave it, or another."""

    origin: Origin
    value: str


@dataclass(frozen=True, slots=True)
class Search:
    """A few letters typed into our typeahead."""

    origin: Origin
    form_id: str
    text: str


@dataclass(frozen=True, slots=True)
class WhoSent:
    """The submitted question for whom; `picked` is the value of an option, "" for none."""

    origin: Origin
    view: ViewAt
    form_id: str
    picked: str


@dataclass(frozen=True, slots=True)
class ResetSent:
    """The submitted reset form."""

    origin: Origin
    view: ViewAt
    form_id: str
    answer: Answer


@dataclass(frozen=True, slots=True)
class PickupSent:
    """The submitted question for the pickup code; `code` is None where the form had no field for one."""

    origin: Origin
    view: ViewAt
    form_id: str
    code: str | None


@dataclass(frozen=True, slots=True)
class HomeOpened:
    """Somebody opened our app's Home (or, without `home`, its messages)."""

    origin: Origin
    home: bool


def command(body: Payload) -> Command:
    """Read a slash command."""
    team = _text(body, "team_id")
    origin = Origin(
        person=SlackPerson(team, _text(body, "user_id")),
        team=team,
        app=_text(body, "api_app_id"),
        trigger=_text(body, "trigger_id"),
        response_url=bool(_text(body, "response_url")),
    )
    return Command(origin, _text(body, "text"))


def shortcut(body: Payload) -> Shortcut:
    """Read a shortcut on a message."""
    by_a_person = not _text(body, "message", "bot_id")
    return Shortcut(_origin(body), _text(body, "message", "user") if by_a_person else "")


def press(body: Payload) -> Press:
    """Read a pressed button."""
    actions = body.get("actions")
    first = actions[0] if isinstance(actions, list) and actions else None
    return Press(_origin(body), _text(first, "value"))


def search(body: Payload) -> Search:
    """Read what was typed into the typeahead."""
    return Search(_origin(body), _text(body, "view", "private_metadata"), _text(body, "value"))


def who_sent(body: Payload) -> WhoSent:
    """Read the submitted question for whom. What was searched for goes before what was chosen of a list."""
    picked = _option(body, "who", "who_pick") or _option(body, "choice", "choice_pick")
    return WhoSent(_origin(body), _view(body), _form(body), picked)


def reset_sent(body: Payload) -> ResetSent:
    """Read the submitted reset form, as it came: `desk/submit.py` checks every field."""
    ticked = _options(body, "options", "options_tick")
    answer = Answer(
        why=_option(body, "why", "why_pick"),
        ticket=_field(body, "ticket", "ticket_text", "value"),
        must_change="must_change" in ticked,
        clear_sessions="clear_sessions" in ticked,
        unlock="unlock" in ticked,
        channels=_options(body, "delivery", "delivery_tick"),
        code=_field(body, "code", "code_text", "value"),
    )
    return ResetSent(_origin(body), _view(body), _form(body), answer)


def pickup_sent(body: Payload) -> PickupSent:
    """Read the submitted question for the pickup code."""
    asked = isinstance(_dig(body, "view", "state", "values", "pickup"), Mapping)
    code = _field(body, "pickup", "pickup_text", "value") if asked else None
    return PickupSent(_origin(body), _view(body), _form(body), code)


def home_opened(body: Payload) -> HomeOpened:
    """Read the event app_home_opened."""
    team = _text(body, "team_id")
    origin = Origin(
        person=SlackPerson(team, _text(body, "event", "user")),
        team=team,
        app=_text(body, "api_app_id"),
        trigger="",
        response_url=False,
    )
    return HomeOpened(origin, _text(body, "event", "tab") == "home")


def opened(answer: object) -> ViewAt:
    """Read what views.open, views.update or views.publish answered."""
    return ViewAt(_text(answer, "view", "id"), _text(answer, "view", "hash"))


def member(user: object, team: str) -> Member:
    """Read the `user` of users.info or users.lookupByEmail; who is not known to be of `team` is a stranger.

    An address that the person has not confirmed is left out.
    """
    home = _text(user, "team_id")
    names = (_text(user, "real_name"), _text(user, "profile", "real_name"), _text(user, "name"))
    confirmed = _dig(user, "is_email_confirmed") is not False
    return Member(
        person=SlackPerson(home, _text(user, "id")),
        name=next(filter(None, names), ""),
        mail=(_text(user, "profile", "email") or None) if confirmed else None,
        deleted=bool(_dig(user, "deleted")),
        bot=bool(_dig(user, "is_bot")) or _text(user, "id") == "USLACKBOT",  # Slack says is_bot: false of its own
        guest=bool(_dig(user, "is_restricted")) or bool(_dig(user, "is_ultra_restricted")),
        stranger=bool(_dig(user, "is_stranger")) or home != team,
    )


def _origin(body: Payload) -> Origin:
    """Read an interaction: `team` is where we are installed, `user.team_id` where the person belongs."""
    team = _text(body, "team", "id")
    return Origin(
        person=SlackPerson(_text(body, "user", "team_id") or team, _text(body, "user", "id")),
        team=team,
        app=_text(body, "api_app_id"),
        trigger=_text(body, "trigger_id"),
        response_url=bool(_text(body, "response_url")),
    )


def _view(body: Payload) -> ViewAt:
    return ViewAt(_text(body, "view", "id"), _text(body, "view", "hash"))


def _form(body: Payload) -> str:
    return _text(body, "view", "private_metadata")


def _field(body: Payload, block: str, action: str, *rest: str) -> str:
    return _text(body, "view", "state", "values", block, action, *rest)


def _option(body: Payload, block: str, action: str) -> str:
    return _field(body, block, action, "selected_option", "value")


def _options(body: Payload, block: str, action: str) -> tuple[str, ...]:
    several = _dig(body, "view", "state", "values", block, action, "selected_options")
    return tuple(_text(one, "value") for one in several) if isinstance(several, list) else ()


def _text(value: object, *path: str) -> str:
    found = _dig(value, *path)
    return found if isinstance(found, str) else ""


def _dig(value: object, *path: str) -> object:
    for key in path:
        if not isinstance(value, Mapping):
            return None
        value = value.get(key)
    return value
