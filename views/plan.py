"""What a bulk does to each of its people, in words: the same in its preview and in its message."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resets.request import Channel
from views import labels
from views.text import quiet

if TYPE_CHECKING:
    from collections.abc import Sequence

    from resets.request import Options

_NAMED = 5  # directories that are named


def each(options: Options, *, alone: bool = False) -> list[str]:
    """Return what each person gets, or the only one, line by line, in mrkdwn."""
    lines = ["a new random password" if alone else "a new random password, different for each"]
    lines.append(
        "is asked for a new one at the next sign-in"
        if options.must_change
        else "is *not* asked for a new one afterwards"
    )
    if options.clear_sessions:
        lines.append("mobile sessions and API tokens are cleared")
    if options.unlock:
        lines.append("a locked account is unlocked")
    return [*lines, way(options.channels)]


def way(channels: Sequence[Channel]) -> str:
    """Return how the one-time passwords reach their owners."""
    if not {Channel.DM, Channel.MAIL} & set(channels):
        return "the one-time password goes to the recovery address, and to nobody without one"
    if Channel.DM in channels and Channel.MAIL in channels:
        return "the one-time password comes by Slack message and by mail, or by the one of them that reaches the person"
    if Channel.MAIL in channels:
        return "the one-time password comes in a mail"
    return "a Slack message shows the one-time password once"


def why(options: Options) -> str:
    """Return the reason that was given, with the ticket."""
    given = labels.WHY[options.why].split(" (")[0]
    return f"{given} · ticket {quiet(options.ticket, 200)}" if options.ticket else given


def where(directories: Sequence[str]) -> str:
    """Return the directories' names, five at most."""
    named = ", ".join(quiet(name, 40) for name in directories[:_NAMED])
    more = len(directories) - _NAMED
    return f"{named} and {more} more" if more > 0 else named or "no directory"
