"""Who somebody is in Slack, asked of Slack itself, and remembered for a minute; of many, all are asked for at once."""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

import aiohttp
from slack_sdk.errors import SlackApiError

from handlers import payloads
from handlers.guard import demand_member
from resets.actor import SlackPerson
from resets.facts import Member
from resets.reasons import Reason, Refused

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
    from datetime import datetime

    from slack_sdk.web.async_client import AsyncWebClient
    from slack_sdk.web.async_slack_response import AsyncSlackResponse

    from directory.base import Account

log = logging.getLogger(__name__)

LIFE = timedelta(seconds=60)
MOST = 1000  # people remembered
PATIENCE = timedelta(seconds=5)  # for one answer of Slack
# The last two are what slack_sdk 3.47 raises for a page instead of JSON.
UNANSWERED = (aiohttp.ClientError, TimeoutError, OSError, ValueError, AttributeError)
FEW = 20  # so many people are asked for one by one
AT_ONCE = 5
ROLL_LIFE = timedelta(minutes=10)
ROLL_PAGE = 900  # people; Slack takes less than 1,000. Source: docs.slack.dev, "Pagination"
ROLL_PATIENCE = timedelta(seconds=60)  # for one page, with the wait that Slack may ask for
MOST_PAGES = 1000
NOBODY = frozenset({"user_not_found", "user_not_visible", "users_not_found"})


@dataclass(slots=True)
class _Roll:
    """The full, living members of a workspace at one moment, by id and by address."""

    read_at: datetime
    mails: dict[str, str] = field(default_factory=dict)  # by user
    users: dict[str, str] = field(default_factory=dict)  # by address; "" where two have it

    def add(self, member: Member) -> None:
        """Take somebody in, if they are whom a password may be handed to."""
        if not member.person.user or member.deleted or member.bot or member.guest or member.stranger:
            return
        mail = (member.mail or "").casefold()
        self.mails[member.person.user] = mail
        if mail:
            self.users[mail] = "" if mail in self.users else member.person.user

    def behind(self, account: Account, team: str) -> Member | None:
        """Return the person behind an account, as `Members.behind` does."""
        user = account.slack_user or self.users.get((account.mail or "").casefold(), "")
        if not user or user not in self.mails:
            return None
        person = SlackPerson(team, user)
        return Member(person, "", self.mails[user] or None, deleted=False, bot=False, guest=False, stranger=False)


class Members:
    """Asks `users.info`, `users.lookupByEmail` and `users.list`; `clock` gives aware UTC."""

    def __init__(self, client: AsyncWebClient, team: str, clock: Callable[[], datetime]) -> None:
        self._client = client
        self._team = team
        self._clock = clock
        self._known: dict[str, tuple[datetime, Member]] = {}
        self._roll: _Roll | None = None
        self._calling = asyncio.Lock()

    async def of(self, user: str) -> Member:
        """Return who a Slack user is.

        Raises:
            Refused: WHO_UNKNOWN: Slack knows nobody of that id, or did not answer in time.
        """
        found = await self._by_id(user)
        if found is None:
            raise Refused(Reason.WHO_UNKNOWN)
        return found

    async def lives(self, user: str) -> bool:
        """Say whether a user is a full, living member, as far as Slack tells in time."""
        try:
            demand_member(await self.of(user))
        except Refused:
            return False
        return True

    @asynccontextmanager
    async def admitted(self, user: str) -> AsyncIterator[None]:
        """Ask who a user is while the body runs, and at its end refuse whom Slack does not call a full member.

        The body is what may happen at once for anybody: opening an empty modal.

        Raises:
            Refused: WHO_UNKNOWN, OTHER_TEAM, BOT, DEACTIVATED or GUEST.
        """
        asked = asyncio.create_task(self.of(user))
        try:
            yield
        except BaseException:
            asked.cancel()
            await asyncio.gather(asked, return_exceptions=True)
            raise
        demand_member(await asked)

    async def behind(self, account: Account) -> Member | None:
        """Return the person behind a directory's account: by the directory's Slack id, else by its address, or None.

        An id that the directory names and Slack does not know is nobody: the address then proves nothing better.

        Raises:
            Refused: WHO_UNKNOWN: Slack did not answer in time.
        """
        if account.slack_user:
            return await self._by_id(account.slack_user)
        if not account.mail:
            return None
        found = await self._ask(self._client.users_lookupByEmail(email=account.mail))
        return found if found and (found.mail or "").casefold() == account.mail.casefold() else None

    async def of_many(self, accounts: Sequence[Account]) -> Mapping[str, Member | None]:
        """Return the people behind accounts (of one directory), by the accounts' ids, each as `behind` does.

        Of more than 20, all members of the workspace are read, and remembered for ten minutes. Whoever is no full,
        living member is nobody then; names are left out.

        Raises:
            Refused: WHO_UNKNOWN: Slack did not answer in time.
        """
        async with self._calling:
            fresh = self._roll is not None and self._clock() - self._roll.read_at < ROLL_LIFE
            if not fresh:
                self._roll = await self._read_roll() if len(accounts) > FEW else None
            roll = self._roll
        if roll is not None:
            return {account.id: roll.behind(account, self._team) for account in accounts}
        found: dict[str, Member | None] = {}
        for start in range(0, len(accounts), AT_ONCE):
            some = accounts[start : start + AT_ONCE]
            members = await asyncio.gather(*(self.behind(account) for account in some))
            found |= {account.id: member for account, member in zip(some, members, strict=True)}
        return found

    async def _read_roll(self) -> _Roll:
        """Read all members of the workspace, page by page; Slack allows 20 pages a minute."""
        roll, cursor = _Roll(self._clock()), ""
        for _ in range(MOST_PAGES):
            answer = await self._answer(self._client.users_list(limit=ROLL_PAGE, cursor=cursor), ROLL_PATIENCE)
            people, more = (answer.get("members"), answer.get("response_metadata")) if answer is not None else ((), {})
            for one in people if isinstance(people, list) else ():
                roll.add(payloads.member(one, self._team))
            cursor = str(more.get("next_cursor") or "") if isinstance(more, dict) else ""
            if not cursor:
                return roll
        log.warning("member_not_read", extra={"error": "endless"})
        raise Refused(Reason.WHO_UNKNOWN)

    async def _by_id(self, user: str) -> Member | None:
        now = self._clock()
        known = self._known.get(user)
        if known is not None and now - known[0] < LIFE:
            return known[1]
        found = await self._ask(self._client.users_info(user=user))
        if found is not None and found.person.user == user:
            self._known.pop(user, None)
            self._known[user] = (now, found)
            while len(self._known) > MOST:
                del self._known[next(iter(self._known))]  # the oldest
            return found
        return None

    async def _ask(self, call: Awaitable[AsyncSlackResponse]) -> Member | None:
        answer = await self._answer(call, PATIENCE)
        return None if answer is None else payloads.member(answer.get("user"), self._team)

    async def _answer(self, call: Awaitable[AsyncSlackResponse], patience: timedelta) -> AsyncSlackResponse | None:
        """Return what Slack answers; None where it says that there is nobody."""
        try:
            async with asyncio.timeout(patience.total_seconds()):
                return await call
        except SlackApiError as error:
            code = str(error.response.get("error", ""))
            if code in NOBODY:
                return None
            log.warning("member_not_read", extra={"error": code})
            raise Refused(Reason.WHO_UNKNOWN) from error
        except UNANSWERED as error:
            log.warning("member_not_read", extra={"error": type(error).__name__})
            raise Refused(Reason.WHO_UNKNOWN) from error
