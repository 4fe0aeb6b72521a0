"""A write that may have happened is looked up before it is sent again: somebody may have set another since."""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING

from directory.base import Account, Capability, Directory, DirectoryError, Written

if TYPE_CHECKING:
    from directory.secret import Secret
    from resets.outcome import Target


class Seen(Enum):
    """What a look at the directory tells of a write that was not answered."""

    OURS = auto()  # it has happened
    THEIRS = auto()  # the account has another new password, not ours: it is left alone
    UNCLEAR = auto()  # nothing has happened, or the directory does not tell: the same password is sent again


async def look(directory: Directory, account: Account, target: Target, secret: Secret) -> Seen:
    """Say whether an earlier write of this password has happened.

    Args:
        directory: where the account lives.
        account: read a moment ago.
        target: its `marker` is the account's before our first write.
        secret: the password that was sent.
    """
    if account.marker is not None and account.marker == target.marker:
        return Seen.UNCLEAR
    if not directory.can(Capability.VERIFY_PASSWORD):
        return Seen.UNCLEAR
    try:
        ours = await directory.verify_password(account, secret)
    except DirectoryError:
        return Seen.UNCLEAR
    if ours:
        return Seen.OURS
    return Seen.UNCLEAR if account.marker is None else Seen.THEIRS


async def as_written(directory: Directory, account: Account) -> Written:
    """Return what the directory has, as if it had answered; must-change is set on its own where it is missing."""
    fresh = (await directory.fetch([account.id])).get(account.id)
    return Written(marker=fresh.marker if fresh else None, must_change=bool(fresh and fresh.must_change))
