"""What a surface is: one thing that people do in Slack, for whom it is, how Slack tells of it, and who answers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from desk.tools import Tools
    from handlers.files import Files
    from handlers.hook import Hook
    from handlers.members import Members
    from handlers.replies import Reply


class Audience(StrEnum):
    """For whom a surface is. Everybody else is refused before any directory is asked."""

    ROLE = "role"  # who was enrolled at the host; the desk looks it up in each deed
    ADDRESSEE = "addressee"  # the one person that the thing is about; the desk compares
    TEAM = "team"  # anybody of our team


@dataclass(frozen=True, slots=True)
class Room:
    """What every surface works with, handed in once."""

    tools: Tools
    members: Members
    files: Files


@dataclass(frozen=True, slots=True)
class Surface:
    """One surface. `read` is the only one to see Slack's payload; `answer` gets what it made of it."""

    audience: Audience
    hook: Hook
    id: str  # the command, callback id, action id or event type
    read: Callable[[Mapping[str, Any]], Any]  # to a value of handlers/payloads.py, which has an `origin`
    answer: Callable[[Room, Any, Reply], Awaitable[None]]
    only: Callable[[Any], bool] | None = None  # where two surfaces share an id: is it this one
