"""One thing to say, made ready: what `desk/speak.py` hands to `notify/`."""

from __future__ import annotations

from dataclasses import dataclass

from directory.secret import Secret  # noqa: TC001
from resets.approval import CardFacts, Reminder  # noqa: TC001
from resets.bulk import BulkFacts, Preview  # noqa: TC001
from resets.facts import AlarmFacts, AlarmMail, MailFacts, MatchFacts, ShowFacts, StatusFacts, VouchFacts  # noqa: TC001
from resets.history import Line  # noqa: TC001


@dataclass(frozen=True, slots=True)
class SaySlack:
    """A message to one person or channel; never carries a password.

    With `stamp`, the message at (`place`, `stamp`) is brought up to date instead of a new one being posted.
    From the second try on, the place is first searched for a message whose metadata names this notice.
    With `must_be_member`, Slack is asked first whether the person is still a full, living member of the team.
    With `internal`, Slack is asked first whether the channel is shared with another organisation.
    """

    notice_id: str
    to: str  # a user id (a DM) or a channel id
    facts: StatusFacts | ShowFacts | MatchFacts | VouchFacts | AlarmFacts | BulkFacts | CardFacts | Reminder | Line
    place: str | None
    stamp: str | None
    attempt: int  # which try this is: 1 and more
    must_be_member: bool
    internal: bool = False  # only where no other organisation reads along
    thread: str | None = None  # the ts of the message under which it is posted


@dataclass(frozen=True, slots=True)
class SayFile:
    """A file with its words, to one person or channel, alone or in a thread; never holds a password.

    From the second try on, the place is first searched for the same file.
    """

    notice_id: str
    to: str  # a user id (a DM) or a channel id
    facts: BulkFacts | Preview
    name: str  # as people see it: "rekey-report.csv"
    content: bytes  # 1 and more
    place: str | None  # the channel of the message to which it belongs; None: where `to` is reached
    thread: str | None  # the ts of that message
    attempt: int  # which try this is: 1 and more


@dataclass(frozen=True, slots=True)
class SayMail:
    """A mail to one person. `message_id` is the same however often the mail is sent again."""

    notice_id: str
    facts: MailFacts | AlarmMail
    password: Secret | None
    message_id: str
    attempt: int  # which try this is: 1 and more
