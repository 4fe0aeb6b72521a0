"""Many people at once, as people see it: what was chosen, its preview, and how the run stands. Values, no rules."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from directory.base import GroupKind  # noqa: TC001
from resets.actor import SlackPerson  # noqa: TC001
from resets.approval import Awaited  # noqa: TC001
from resets.freeze import Freeze  # noqa: TC001
from resets.reasons import Reason  # noqa: TC001
from resets.request import Channel, Options, PlannedTarget, RequestState  # noqa: TC001

NUMBER_FROM = 26  # so many targets, and their number has to be typed
CANARY, CANARY_FROM = 5, 51  # the first wave, and from how many targets on there is one
CHUNK = 100  # targets of one piece of work
MOST_AHEAD = timedelta(days=30)  # how far off a run may be put
SHOWN = 16  # hex digits of a digest that a view carries
PAGE = 20  # excluded people on one page


@dataclass(frozen=True, slots=True)
class Wish:
    """What a requester has put together, before anything was looked up. Any of it may be empty, not all of it."""

    people: tuple[tuple[str, str], ...]  # (directory, account id), from the typeahead
    groups: tuple[tuple[str, str], ...]  # (directory, group id)
    names: tuple[str, ...]  # logins and addresses, from a file or a list
    options: Options  # `channels`: what is wanted; each target gets those of it that can reach it
    start: datetime | None  # aware UTC; None is now
    file: str = ""  # the file's name, for the journal


@dataclass(frozen=True, slots=True)
class GroupChoice:
    """A group or an organizational unit in a list to choose from."""

    directory: str
    id: str
    name: str
    kind: GroupKind
    path: str


@dataclass(frozen=True, slots=True)
class GroupChoices:
    """What a typeahead for groups found, and which directories could not be asked."""

    choices: tuple[GroupChoice, ...]
    missing: tuple[str, ...]  # for people


@dataclass(frozen=True, slots=True)
class Candidate:
    """One person of a bulk, resolved: to be reset, or left out and why."""

    planned: PlannedTarget
    source: str  # as it was named: what a row said, or the group's name
    reason: Reason | None  # why it is left out; None: it will be reset
    facts: dict[str, str | int]  # of the reason's sentence


@dataclass(frozen=True, slots=True)
class Unfound:
    """A name that nobody, or more than one, answers to."""

    name: str
    reason: Reason  # NOT_FOUND, AMBIGUOUS or MALFORMED_TARGET
    near: tuple[str, ...] = ()  # logins that it may have meant (0-3)


@dataclass(frozen=True, slots=True)
class Preview:
    """A frozen dry run: nothing has changed, and what will is exactly this."""

    form_id: str
    request_id: str
    included: int
    excluded: tuple[tuple[Reason, int], ...]  # the most frequent first; unfound names too
    duplicates: int  # named more than once, kept once
    directories: tuple[tuple[str, int], ...]  # for people, with how many will be reset
    by_channel: tuple[tuple[Channel, int], ...]
    options: Options
    start: datetime | None
    digest: str  # "" where nobody is left
    cannot: tuple[Reason, ...]  # what of the options these directories cannot; empty mostly
    file: str
    no_tokens: bool = False  # sessions or tokens cannot be ended in one of the directories
    hold: timedelta = timedelta(seconds=60)  # between the confirmation and the first of them
    approvals: int = 0  # so many others have to agree

    @property
    def asks_number(self) -> bool:
        """Say whether the number of targets has to be typed."""
        return self.included >= NUMBER_FROM


@dataclass(frozen=True, slots=True)
class ExcludedPage:
    """One page of those who are left out for one reason."""

    form_id: str
    reason: Reason
    total: int
    page: int  # from 0
    pages: int
    rows: tuple[tuple[str, str, dict[str, str | int]], ...]  # login or name as given, display name, facts


@dataclass(frozen=True, slots=True)
class HeldBulk:
    """A bulk is proved and begins soon, or once others have agreed."""

    request_id: str
    included: int
    begins_at: datetime
    awaited: Awaited | None = None  # who has to agree first; then `begins_at` is no promise


@dataclass(frozen=True, slots=True)
class Progress:
    """How a run stands, in numbers of people. They add up to `total`."""

    total: int
    waiting: int  # nothing was done yet
    under_way: int  # the directory may know the new password
    done: int  # the directory has the new password
    failed: int
    dropped: int  # could no longer be reset when their turn came
    cancelled: int
    unknown: int  # of the failed: the directory has not answered, and nobody knows
    told: int  # of the done: the person has been told, or has a mail
    collected: int  # of the done: it was shown
    failures: tuple[tuple[Reason, int], ...]  # failed and dropped, the most frequent first


@dataclass(frozen=True, slots=True)
class BulkFacts:
    """A bulk as its one message shows it."""

    request_id: str
    requester: SlackPerson
    requester_name: str
    directories: tuple[str, ...]  # for people
    options: Options
    state: RequestState
    progress: Progress
    begins_at: datetime | None
    begun_at: datetime | None
    ended_at: datetime | None
    stopped: Reason | None  # why it is paused; None: somebody pressed the button
    rate: float  # people a minute, lately; 0 where unknown
    left: int | None  # seconds until the end at that rate
    canary: bool  # the first wave is under way
    retryable: int  # of the failed: how many *Retry failed* would try again
    freeze: Freeze | None = None  # that holds it up, where it would else begin or go on
    awaited: Awaited | None = None  # who had, or has, to agree


@dataclass(frozen=True, slots=True)
class ReportRow:
    """One person in the report of a preview or a run. Never a password."""

    directory: str
    login: str
    name: str
    source: str
    outcome: str  # a word of ours: "will be reset", "excluded", "reset", "failed", ...
    reason: Reason | None
    facts: dict[str, str | int]
    channels: tuple[Channel, ...]
    set_at: datetime | None
    collected_at: datetime | None


@dataclass(frozen=True, slots=True)
class BulkRow:
    """A bulk in a list: App Home, `rekey jobs list`."""

    request_id: str
    requester_name: str
    state: RequestState
    progress: Progress
    asked_at: datetime
