"""Who is let in at all: our team's people, by our own app. Roles and addressees are the desk's to judge."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resets.reasons import Reason, Refused

if TYPE_CHECKING:
    from handlers.dig import Origin
    from resets.facts import Member


def demand_origin(origin: Origin, *, team: str, app: str) -> None:
    """Refuse what is not ours by what the payload itself says; touches nothing.

    Bolt checks the signature, but neither the team nor the app.

    Raises:
        Refused: OTHER_APP, OTHER_TEAM (another workspace, or somebody from one, by Slack Connect), WHO_UNKNOWN.
    """
    if origin.app != app:
        raise Refused(Reason.OTHER_APP)
    if origin.team != team or origin.person.team != team:
        raise Refused(Reason.OTHER_TEAM)
    if not origin.person.user:
        raise Refused(Reason.WHO_UNKNOWN)


def demand_member(member: Member) -> None:
    """Refuse whom Slack itself does not call a full, living member of our team.

    Raises:
        Refused: OTHER_TEAM, BOT, DEACTIVATED or GUEST.
    """
    judged = {
        Reason.OTHER_TEAM: member.stranger,
        Reason.BOT: member.bot,
        Reason.DEACTIVATED: member.deleted,
        Reason.GUEST: member.guest,
    }
    for reason, holds in judged.items():
        if holds:
            raise Refused(reason)
