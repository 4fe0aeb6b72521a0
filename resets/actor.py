"""Who acts: a Slack person, and the directory account that stands behind the enrolment."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SlackPerson:
    """A Slack user of one team. It identifies; it never authenticates."""

    team: str  # "T0123"
    user: str  # "U0123"


@dataclass(frozen=True, slots=True)
class Actor:
    """A person who was enrolled at the host: bound by (team, user) to an account's immutable id, never by e-mail."""

    id: str  # of the enrolment
    slack: SlackPerson
    directory: str
    account_id: str
    login: str
    name: str
    role: str

    def is_same(self, other: Actor) -> bool:
        """Say whether two enrolments are one person's: of one directory account, or of one Slack account."""
        accounts = ((one.directory, one.account_id) for one in (self, other))
        return self.slack == other.slack or len(set(accounts)) == 1
