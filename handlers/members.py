"""Who somebody is in Slack, asked of Slack itself, and remembered for a minute."""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

import aiohttp
from slack_sdk.errors import SlackApiError

from handlers import payloads
from handlers.guard import demand_member
from resets.reasons import Reason, Refused

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from datetime import datetime

    from slack_sdk.web.async_client import AsyncWebClient
    from slack_sdk.web.async_slack_response import AsyncSlackResponse

    from directory.base import Account
    from resets.facts import Member

log = logging.getLogger(__name__)

LIFE = timedelta(seconds=60)
MOST = 1000  # people remembered
PATIENCE = timedelta(seconds=5)  # for one answer of Slack
# The last two are what slack_sdk 3.47 raises for a page instead of JSON.
UNANSWERED = (aiohttp.ClientError, TimeoutError, OSError, ValueError, AttributeError)
NOBODY = frozenset({"user_not_found", "user_not_visible", "users_not_found"})


class Members:
    """Asks `users.info` and `users.lookupByEmail`; `clock` gives aware UTC."""

    def __init__(self, client: AsyncWebClient, team: str, clock: Callable[[], datetime]) -> None:
        self._client = client
        self._team = team
        self._clock = clock
        self._known: dict[str, tuple[datetime, Member]] = {}

    async def of(self, user: str) -> Member:
        """Return who a Slack user is.

        Raises:
            Refused: WHO_UNKNOWN: Slack knows nobody of that id, or did not answer in time.
        """
        found = await self._by_id(user)
        if found is None:
            raise Refused(Reason.WHO_UNKNOWN)
        return found

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
        try:
            async with asyncio.timeout(PATIENCE.total_seconds()):
                answer = await call
        except SlackApiError as error:
            code = str(error.response.get("error", ""))
            if code in NOBODY:
                return None
            log.warning("member_not_read", extra={"error": code})
            raise Refused(Reason.WHO_UNKNOWN) from error
        except UNANSWERED as error:
            log.warning("member_not_read", extra={"error": type(error).__name__})
            raise Refused(Reason.WHO_UNKNOWN) from error
        return payloads.member(answer.get("user"), self._team)
