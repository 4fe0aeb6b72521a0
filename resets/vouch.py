"""A manager vouches: whoever manages a person has spoken with them, and says so with a code of their own.

Theirs is a word besides the requester's, so they are neither the requester, nor the person, nor who agrees later on.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime  # noqa: TC003
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

    from resets.actor import Actor
    from resets.request import Why


class VouchState(StrEnum):
    """Where the question to a manager stands; it is moved once, by a conditional update."""

    WAITING = "waiting"
    VOUCHED = "vouched"
    DENIED = "denied"  # "I do not know of this"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"  # the form was sent without waiting for it


@dataclass(frozen=True, slots=True)
class Vouch:
    """One question to one manager, whether they stand up for one person."""

    id: str
    form_id: str  # the reset form that it belongs to
    requester: Actor
    manager: Actor  # who alone may answer
    directory: str
    account_id: str
    login: str
    name: str
    why: Why  # as the requester had chosen it when they asked, and for which alone the word counts
    state: VouchState
    asked_at: datetime
    expires_at: datetime
    view_id: str = ""  # the requester's modal that shows how it goes; "" while there is none
    denied_at: datetime | None = None  # when they said no all the same, once it was over or answered

    def waits(self, now: datetime) -> bool:
        """Say whether it may still be answered."""
        return self.state is VouchState.WAITING and now < self.expires_at


def is_involved(manager: Actor, requester: Actor, account: tuple[str, str], users: Collection[str | None]) -> bool:
    """Say whether a manager's word would be no second one.

    Args:
        manager: who would vouch.
        requester: who asks.
        account: directory and immutable id of whom it is about.
        users: the Slack accounts that are theirs, as far as anybody knows; None and "" are nobody's.
    """
    own = (manager.directory, manager.account_id) == account or manager.slack.user in users
    return own or manager.is_same(requester)
