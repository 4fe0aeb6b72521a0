"""What people are told: values between the deeds, which know, and the views, which have words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime  # noqa: TC003

from directory.secret import Secret  # noqa: TC001
from resets.actor import SlackPerson  # noqa: TC001
from resets.approval import Awaited, CardFacts  # noqa: TC001
from resets.evidence import Evidence, How  # noqa: TC001
from resets.freeze import Freeze  # noqa: TC001
from resets.late import Meanwhile  # noqa: TC001
from resets.number import MatchState  # noqa: TC001
from resets.outcome import Step, StepRecord  # noqa: TC001
from resets.reasons import Reason, Refused  # noqa: TC001
from resets.request import Channel, RequestState, ResetRequest, TargetState, Tier, Why  # noqa: TC001
from resets.scope import Grant  # noqa: TC001
from resets.vouch import VouchState  # noqa: TC001


@dataclass(frozen=True, slots=True)
class Member:
    """What Slack's `users.info` says of a person; `handlers/payloads.py` makes it."""

    person: SlackPerson
    name: str
    mail: str | None
    deleted: bool
    bot: bool
    guest: bool  # is_restricted or is_ultra_restricted
    stranger: bool  # of another team, or is_stranger


@dataclass(frozen=True, slots=True)
class Choice:
    """One account in a list to choose from."""

    directory: str
    account_id: str
    login: str
    name: str
    mail: str | None
    department: str | None


@dataclass(frozen=True, slots=True)
class AccountCard:
    """One account as its reset form shows it."""

    directory: str
    account_id: str
    login: str
    name: str
    mail: str | None
    department: str | None
    tier: Tier
    locked: bool
    must_change: bool
    domain: str | None  # the mail domain, verified
    password_changed_at: datetime | None
    last_sign_in: datetime | None
    allowed: tuple[str, Grant] | None = None  # the role that may reset it, and by which of its rules


@dataclass(frozen=True, slots=True)
class Offer:
    """What the form may offer. A step that the directory cannot do is said in words, not hidden."""

    channels: tuple[Channel, ...]  # those that can carry the password, the best first; never empty
    no_dm: Reason | None  # why a DM is not offered, if so
    no_mail: Reason | None  # why the password is not mailed, if so: CANNOT (operator's policy), CHANGED_SINCE, ...
    mail_hint: str | None  # the address, shortened for display: "b…@example.com"
    recovery_hint: str | None
    can_must_change: bool
    can_sessions: bool
    can_tokens: bool
    can_unlock: bool
    pickup: bool  # a pickup code will be asked for at *Show*
    expires_in_hours: int


@dataclass(frozen=True, slots=True)
class AskWho:
    """Next: say whom. `choices` are the accounts that the name fits or nearly fits (0-20)."""

    form_id: str
    typed: str  # what was typed, "" at first
    reason: Reason | None  # NOT_FOUND, AMBIGUOUS, TOO_SHORT, MALFORMED_TARGET; None at first
    choices: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class AskReset:
    """Next: look at the one screen, and enter the code."""

    form_id: str
    card: AccountCard
    offer: Offer
    kept: str  # the directory's display name, for "what will not be touched"
    hows: tuple[How, ...] = ()  # how the caller may be verified; empty: that is not asked
    number: bool = False  # may a number match be asked for
    approvals: int = 0  # so many others have to agree
    denied: bool = False  # the person, or their manager, has said within the last hour that a caller was not them
    manager: str = ""  # who may be asked to vouch, by name; "": nobody
    no_manager: Refused | None = None  # why nobody, where that is worth a sentence
    before: ResetRequest | None = None  # that waits, and whose place this one is to take


@dataclass(frozen=True, slots=True)
class Excluded:
    """Next: nothing; the account may not be reset, and why. `facts` fill the sentence (domain, directory, login)."""

    form_id: str
    card: AccountCard
    reason: Reason
    facts: dict[str, str | int]


@dataclass(frozen=True, slots=True)
class Queued:
    """The request is proved and on its way, or waits for others to agree. `pickup` is shown this once."""

    request_id: str
    name: str
    login: str
    channels: tuple[Channel, ...]
    pickup: str | None  # "K7QM-2XBD"
    awaited: Awaited | None = None  # who has to agree first


@dataclass(frozen=True, slots=True)
class StatusFacts:
    """One request with its one target, as the requester's message shows it."""

    request_id: str
    target_id: str
    requester: SlackPerson
    directory: str
    login: str
    name: str
    why: Why
    ticket: str
    state: RequestState
    target_state: TargetState
    reason: Reason | None
    facts: dict[str, str | int]
    steps: tuple[StepRecord, ...]
    channels: tuple[Channel, ...]
    retry: tuple[Step, ...]  # the steps that a button may try again
    asked_at: datetime
    set_at: datetime | None
    expires_at: datetime | None
    collected_at: datetime | None
    signed_in_at: datetime | None = None  # where the directory can tell
    unsent: tuple[Channel, ...] = ()  # of the channels: those by which it could not be sent
    evidence: tuple[Evidence, ...] = ()  # how the caller was verified
    freeze: Freeze | None = None  # that holds it up, where it has not begun
    awaited: Awaited | None = None  # who had, or has, to agree


@dataclass(frozen=True, slots=True)
class ShowFacts:
    """The target's message: who asked, which system, and whether the password waits, was shown, or is void."""

    request_id: str
    target_id: str
    target: SlackPerson
    requester: SlackPerson
    requester_name: str
    directory: str
    login: str
    state: TargetState
    must_change: bool
    pickup: bool
    expires_at: datetime | None
    collected_at: datetime | None
    reason: Reason | None = None
    ended: tuple[StepRecord, ...] = ()  # after "not me": what came of sessions and tokens


@dataclass(frozen=True, slots=True)
class MatchFacts:
    """The person's question which number the caller was read, or what came of it. The right one does not stand here."""

    id: str
    person: SlackPerson
    requester: SlackPerson
    requester_name: str
    directory: str
    login: str
    numbers: tuple[int, ...]
    state: MatchState
    expires_at: datetime
    late: Meanwhile | None = None  # once they said no to what was over or answered: what has come of it


@dataclass(frozen=True, slots=True)
class VouchFacts:
    """The manager's question whether they stand up for a person, or what came of it."""

    id: str
    requester: SlackPerson
    requester_name: str
    directory: str
    login: str
    name: str
    why: Why
    state: VouchState
    expires_at: datetime
    late: Meanwhile | None = None  # as for `MatchFacts`


@dataclass(frozen=True, slots=True)
class AskVouch:
    """Next for the manager: enter the code that stands for exactly this."""

    form_id: str
    vouch: VouchFacts


@dataclass(frozen=True, slots=True)
class MailFacts:
    """A mail to the target, with or without the password (which is handed beside it, never in it)."""

    to: str
    name: str
    login: str
    directory: str
    requester_name: str
    asked_at: datetime
    must_change: bool
    sessions_cleared: bool
    by_dm: bool  # a DM carries the password
    expires_at: datetime | None
    with_password: bool


@dataclass(frozen=True, slots=True)
class AlarmFacts:
    """Something for the security channel."""

    what: Reason | str  # a Reason, or one of the words of `views/cards.py: ALARM`
    who: SlackPerson | None
    who_name: str
    about: str  # login and directory, or ""
    request_id: str | None
    at: datetime
    ended: tuple[StepRecord, ...] = ()  # after "not me": what came of sessions and tokens
    why: str = ""  # as whoever did it has given it


@dataclass(frozen=True, slots=True)
class AlarmMail:
    """The same, as a mail to the address that the operator has named."""

    to: str
    alarm: AlarmFacts
    name: str = "Security"


@dataclass(frozen=True, slots=True)
class AskPickup:
    """Next for the target: enter the pickup code (or only press the button, where none is asked)."""

    form_id: str
    target_id: str
    login: str
    directory: str
    pickup: bool


@dataclass(frozen=True, slots=True)
class Shown:
    """The one-time password, this once."""

    password: Secret
    login: str
    directory: str
    must_change: bool


@dataclass(frozen=True, slots=True)
class HomeRow:
    """One request in App Home."""

    request_id: str
    login: str
    name: str
    directory: str
    state: RequestState
    target_state: TargetState
    reason: Reason | None
    asked_at: datetime


@dataclass(frozen=True, slots=True)
class HomeFacts:
    """App Home of one person. Without a `role`, `rows` are the person's own recent resets."""

    person: SlackPerson
    role: str | None
    name: str
    rows: tuple[HomeRow, ...]  # newest first, at most 10
    unclaimed: int
    failed: int
    directories: tuple[str, ...]
    freeze: Freeze | None = None  # that stands now; only for who holds a role
    stopped: bool = False  # this admin is frozen, after a "not me"
    unheld: Refused | None = None  # why the role is not theirs at this moment, where it names a group
    waits: tuple[CardFacts, ...] = ()  # what this admin can decide about, at most 5
    resets: bool = True  # does the role reset anybody
