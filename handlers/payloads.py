"""Slack's dicts become typed values here, and nowhere else. Nothing in them is trusted; what is missing is empty.

Source: docs.slack.dev, "Interaction payloads", "Slash commands" and "app_home_opened"; `users.info`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from desk.submit import Answer
from handlers.dig import Origin, Payload, ViewAt, dig, field, form_of, option, options, origin_of, text, view_of
from resets.actor import SlackPerson
from resets.facts import Member


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
class ManagerAsked:
    """The pressed button by which a manager is asked; `why` is what the form about it shows, "" for nothing."""

    origin: Origin
    form_id: str
    why: str


@dataclass(frozen=True, slots=True)
class Search:
    """A few letters typed into one of our typeaheads."""

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
class CodeSent:
    """A submitted form that asks for a code and nothing else."""

    origin: Origin
    view: ViewAt
    form_id: str
    code: str


@dataclass(frozen=True, slots=True)
class WhySent:
    """A submitted denial, with its reason."""

    origin: Origin
    view: ViewAt
    form_id: str
    why: str


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
    team = text(body, "team_id")
    origin = Origin(
        person=SlackPerson(team, text(body, "user_id")),
        team=team,
        app=text(body, "api_app_id"),
        trigger=text(body, "trigger_id"),
        response_url=bool(text(body, "response_url")),
    )
    return Command(origin, text(body, "text"))


def shortcut(body: Payload) -> Shortcut:
    """Read a shortcut on a message."""
    by_a_person = not text(body, "message", "bot_id")
    return Shortcut(origin_of(body), text(body, "message", "user") if by_a_person else "")


def press(body: Payload) -> Press:
    """Read a pressed button."""
    actions = body.get("actions")
    first = actions[0] if isinstance(actions, list) and actions else None
    return Press(origin_of(body), text(first, "value"))


def manager_asked(body: Payload) -> ManagerAsked:
    """Read the pressed button, with the reason that the form about it shows."""
    pressed = press(body)
    return ManagerAsked(pressed.origin, pressed.value, option(body, "why", "why_pick"))


def search(body: Payload) -> Search:
    """Read what was typed into the typeahead."""
    return Search(origin_of(body), text(body, "view", "private_metadata"), text(body, "value"))


def who_sent(body: Payload) -> WhoSent:
    """Read the submitted question for whom. What was searched for goes before what was chosen of a list."""
    picked = option(body, "who", "who_pick") or option(body, "choice", "choice_pick")
    return WhoSent(origin_of(body), view_of(body), form_of(body), picked)


def reset_sent(body: Payload) -> ResetSent:
    """Read the submitted reset form, as it came: `desk/submit.py` checks every field."""
    ticked = options(body, "options", "options_tick")
    answer = Answer(
        why=option(body, "why", "why_pick"),
        ticket=field(body, "ticket", "ticket_text", "value"),
        must_change="must_change" in ticked,
        clear_sessions="clear_sessions" in ticked,
        unlock="unlock" in ticked,
        channels=options(body, "delivery", "delivery_tick"),
        code=field(body, "code", "code_text", "value"),
        verified=option(body, "verified", "verified_pick"),
    )
    return ResetSent(origin_of(body), view_of(body), form_of(body), answer)


def code_sent(body: Payload) -> CodeSent:
    """Read a submitted form that asks for a code."""
    return CodeSent(origin_of(body), view_of(body), form_of(body), field(body, "code", "code_text", "value"))


def why_sent(body: Payload) -> WhySent:
    """Read a submitted denial."""
    return WhySent(origin_of(body), view_of(body), form_of(body), field(body, "why", "why_text", "value"))


def pickup_sent(body: Payload) -> PickupSent:
    """Read the submitted question for the pickup code."""
    asked = isinstance(dig(body, "view", "state", "values", "pickup"), Mapping)
    code = field(body, "pickup", "pickup_text", "value") if asked else None
    return PickupSent(origin_of(body), view_of(body), form_of(body), code)


def home_opened(body: Payload) -> HomeOpened:
    """Read the event app_home_opened."""
    team = text(body, "team_id")
    origin = Origin(
        person=SlackPerson(team, text(body, "event", "user")),
        team=team,
        app=text(body, "api_app_id"),
        trigger="",
        response_url=False,
    )
    return HomeOpened(origin, text(body, "event", "tab") == "home")


def opened(answer: object) -> ViewAt:
    """Read what views.open, views.update or views.publish answered."""
    return ViewAt(text(answer, "view", "id"), text(answer, "view", "hash"))


def member(user: object, team: str) -> Member:
    """Read the `user` of users.info or users.lookupByEmail; who is not known to be of `team` is a stranger.

    An address that the person has not confirmed is left out.
    """
    home = text(user, "team_id")
    names = (text(user, "real_name"), text(user, "profile", "real_name"), text(user, "name"))
    confirmed = dig(user, "is_email_confirmed") is not False
    return Member(
        person=SlackPerson(home, text(user, "id")),
        name=next(filter(None, names), ""),
        mail=(text(user, "profile", "email") or None) if confirmed else None,
        deleted=bool(dig(user, "deleted")),
        bot=bool(dig(user, "is_bot")) or text(user, "id") == "USLACKBOT",  # Slack says is_bot: false of its own
        guest=bool(dig(user, "is_restricted")) or bool(dig(user, "is_ultra_restricted")),
        stranger=bool(dig(user, "is_stranger")) or home != team,
    )
