"""What a Web API method is, and how its arguments are read."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from practice.errors import SlackSaysNo

if TYPE_CHECKING:
    from collections.abc import Callable

    from practice.limits import Tier

Json = dict[str, Any]
# Arguments that are JSON inside a form's string.
_NESTED = frozenset({"view", "blocks", "metadata", "attachments", "message", "files"})


class Token(StrEnum):
    """Which token a method takes."""

    BOT = "bot"
    APP = "app"
    NONE = "none"


class Limited(Exception):
    """One call too many; `args[0]` is the Retry-After in seconds."""


@dataclass(frozen=True, slots=True)
class Method:
    """One method of the Web API.

    Attributes:
        run: does it; gets the arguments and answers the JSON besides "ok".
        scopes: the token needs one of these; none needed if empty.
        needed: arguments without which Slack answers invalid_arguments.
        reads_json: whether a JSON body is read at all (otherwise only forms and query strings are).
    """

    run: Callable[[Json], Json]
    tier: Tier
    scopes: tuple[str, ...] = ()
    needed: tuple[str, ...] = ()
    token: Token = Token.BOT
    reads_json: bool = True


def unfold(arguments: Json) -> Json:
    """Answer the arguments with JSON strings opened where Slack expects JSON; what is none stays a string."""
    opened = dict(arguments)
    for name in _NESTED & set(arguments):
        if isinstance(arguments[name], str):
            try:
                opened[name] = json.loads(arguments[name])
            except json.JSONDecodeError:
                continue
    return opened


def demand(arguments: Json, needed: tuple[str, ...]) -> None:
    """Refuse a call that lacks an argument.

    Raises:
        SlackSaysNo: invalid_arguments, naming each.
    """
    missing = [name for name in needed if arguments.get(name) in (None, "")]
    if missing:
        raise SlackSaysNo("invalid_arguments", *(f"missing required field: {name}" for name in missing))


def flag(arguments: Json, name: str) -> bool:
    """Answer a boolean argument as any of Slack's spellings has it."""
    return str(arguments.get(name, "")).lower() in {"1", "true"}


def number(arguments: Json, name: str, default: int, *, most: int) -> int:
    """Answer a whole number between 1 and `most`.

    Raises:
        SlackSaysNo: invalid_arguments.
    """
    value = arguments.get(name)
    if value in (None, "", 0, "0"):
        return default
    try:
        found = int(str(value))
    except ValueError:
        found = 0
    if not 1 <= found <= most:
        raise SlackSaysNo("invalid_arguments", f"must be between 1 and {most} [json-pointer:/{name}]")
    return found
