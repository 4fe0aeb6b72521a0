"""The number match: the requester reads one number to the caller, and the person presses it in their own Slack.

A wrong number, or *I did not ask for this*, ends it: the caller is somebody else.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime  # noqa: TC003
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from resets.actor import Actor, SlackPerson

SHOWN = 3
LEAST, NUMBERS = 10, 90  # two digits each, so that none is read out as part of another


class MatchState(StrEnum):
    """Where a number match stands; it is moved once, by a conditional update."""

    WAITING = "waiting"
    MATCHED = "matched"  # the person pressed the right number
    WRONG = "wrong"  # another one
    DENIED = "denied"  # "I did not ask for this"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"  # the form was sent without waiting for it


AGAINST = frozenset({MatchState.WRONG, MatchState.DENIED})  # what says that the caller is somebody else


@dataclass(frozen=True, slots=True)
class NumberMatch:
    """One question to one person, which number the caller was read."""

    id: str
    form_id: str  # the reset form that it belongs to
    requester: Actor
    person: SlackPerson  # who may press
    directory: str
    account_id: str
    login: str
    name: str
    numbers: tuple[int, ...]  # as they are shown, from left to right
    right: int  # the one that the requester reads out
    state: MatchState
    asked_at: datetime
    expires_at: datetime
    view_id: str = ""  # the requester's modal that shows how it goes; "" while there is none
    denied_at: datetime | None = None  # when they said no all the same, once it was over or answered

    def waits(self, now: datetime) -> bool:
        """Say whether a number may still be pressed."""
        return self.state is MatchState.WAITING and now < self.expires_at

    def pressed(self, number: int | None) -> MatchState:
        """Return what a press makes of it; None is *I did not ask for this*."""
        if number is None:
            return MatchState.DENIED
        return MatchState.MATCHED if number == self.right else MatchState.WRONG


def draw(randbelow: Callable[[int], int]) -> tuple[tuple[int, ...], int]:
    """Return three different numbers, and which of them is the right one."""
    drawn: list[int] = []
    while len(drawn) < SHOWN:
        number = LEAST + randbelow(NUMBERS)
        if number not in drawn:
            drawn.append(number)
    return tuple(drawn), drawn[randbelow(SHOWN)]
