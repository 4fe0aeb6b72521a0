"""Who is behind an account in Slack, for the command line: Slack is asked, and where it is down the directory is."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

import aiohttp
import click
from slack_sdk.errors import SlackApiError

from bot.slack import Line
from handlers.guard import demand_member
from handlers.members import Members
from resets.actor import SlackPerson
from resets.facts import Member
from resets.reasons import Reason, Refused

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.assembly import House
    from directory.base import Account
    from resets.actor import Actor
    from resets.roster import Listed

log = logging.getLogger(__name__)

PATIENCE_SECONDS = 5.0
DOWN = (
    "Slack cannot be asked ({why}), so nobody is found there by their mail address: a Slack message reaches only "
    "those whose Slack ID stands in the directory."
)


class Reach:
    """Slack, if it answers. `open` it on the running loop, `close` it at the end."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._line = Line(house.settings.slack)
        self._members: Members | None = None

    async def open(self) -> None:
        """Ask Slack who we are; without an answer it counts as down, which is said once."""
        if not self._house.settings.slack.bot_token:
            self._down("slack.bot_token is missing")
            return
        await self._line.open()
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                identity = await self._line.who()
        except SlackApiError as error:
            self._down(str(error.response.get("error", "refused")))
        except (aiohttp.ClientError, OSError, ValueError, AttributeError, KeyError) as error:
            # TimeoutError is an OSError; the next two are what slack_sdk 3.47 raises for a page instead of JSON
            self._down(type(error).__name__)
        else:
            if identity.team != self._house.tools.team:
                self._down("the token belongs to another workspace")
                return
            self._members = Members(self._line.client, self._house.tools.team, self._house.tools.clock)

    def _down(self, why: str) -> None:
        self._members = None
        click.echo(DOWN.format(why=why), err=True)

    async def admit(self, admin: Actor) -> None:
        """Refuse an admin whom Slack no longer calls a full, living member, as everywhere else.

        Raises:
            Refused: OTHER_TEAM, BOT, DEACTIVATED or GUEST.
        """
        if self._members is not None:
            try:
                member = await self._members.of(admin.slack.user)
            except Refused as refused:
                self._down(refused.reason.value)
            else:
                demand_member(member)

    async def of_many(self, accounts: Sequence[Account]) -> Mapping[str, Member | None]:
        """Return the people behind accounts of one directory, by the accounts' ids."""
        if self._members is not None:
            try:
                return await self._members.of_many(accounts)
            except Refused as refused:
                if refused.reason is not Reason.WHO_UNKNOWN:
                    raise
                self._down(refused.reason.value)
        return {account.id: self._told(account) for account in accounts}

    def _told(self, account: Account) -> Member | None:
        """Return the person whom the directory itself names; Slack judges them when it is asked to deliver."""
        if not account.slack_user:
            return None
        person = SlackPerson(self._house.tools.team, account.slack_user)
        return Member(person, "", None, deleted=False, bot=False, guest=False, stranger=False)

    async def names(self, listed: Sequence[Listed]) -> list[str]:
        """Return a list's names; a mention with the address that Slack has confirmed for that person, if it answers."""
        return [await self._mention(one.text) if one.mention else one.text for one in listed]

    async def _mention(self, user: str) -> str:
        if self._members is not None:
            try:
                member = await self._members.of(user)
            except Refused:
                return f"<@{user}>"  # found by the directory's Slack ID, or not at all, and the preview says so
            if member.mail:
                return f"<@{user}|{member.mail}>"
        return f"<@{user}>"

    async def close(self) -> None:
        """Let go of the line."""
        await self._line.close()
