"""What a directory tells of one person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime  # noqa: TC003


@dataclass(frozen=True, slots=True)
class Account:
    """What a directory tells of one account, at one moment.

    `id` never changes and is never given to another account (entryUUID, objectGUID, a vendor's own id).
    `marker` changes whenever the account's password changes, by anyone; None where the directory has nothing such.
    Texts are as the directory has them: hostile until a view has escaped them.
    """

    id: str
    login: str
    name: str
    given_name: str = ""
    family_name: str = ""
    mail: str | None = None
    recovery_mail: str | None = None
    department: str | None = None
    slack_user: str | None = None  # from the configured attribute that holds a Slack user id
    disabled: bool = False
    locked: bool = False
    external: bool = False
    privileged: bool = False  # owner, or holder of administrative rights over the directory
    service: bool = False  # no person: a service or computer account
    confirmed: bool = True  # False: invited, has never confirmed
    must_change: bool = False
    password_changed_at: datetime | None = None
    marker: str | None = None
