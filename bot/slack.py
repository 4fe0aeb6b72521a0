"""Our side of Slack: the clients, the Bolt app, who we are there, and what is in flight."""

from __future__ import annotations

import asyncio
import logging
import os
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import aiohttp
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.listener.async_listener_completion_handler import AsyncListenerCompletionHandler
from slack_bolt.listener.async_listener_start_handler import AsyncListenerStartHandler
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bot.settings import Slack

log = logging.getLogger(__name__)

CALL_SECONDS = 10
FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0  # seconds between two attempts to reach Slack at the start
REMEDIES = {
    "invalid_auth": "slack.bot_token is not valid; copy it again from your app's page, OAuth & Permissions.",
    "not_authed": "slack.bot_token is not valid; copy it again from your app's page, OAuth & Permissions.",
    "token_revoked": "slack.bot_token was revoked; install the app to the workspace again and copy the new one.",
    "token_expired": "slack.bot_token has expired; install the app to the workspace again and copy the new one.",
    "account_inactive": "The app was removed from the workspace; install it again and copy the new slack.bot_token.",
    "missing_scope": "The app lacks a scope; take the scopes of manifest.yml and install it again.",
}


@dataclass(frozen=True, slots=True)
class Identity:
    """Who we are in the workspace."""

    team: str
    app: str
    bot: str
    user: str
    name: str
    scopes: frozenset[str]


class InFlight(AsyncListenerStartHandler, AsyncListenerCompletionHandler):
    """Counts the listeners that run, and keeps their tasks from being collected; closing a handler waits for none."""

    def __init__(self, begun: Callable[[], None] | None = None) -> None:
        self._begun = begun  # told of each that begins
        self._tasks: set[asyncio.Task[Any]] = set()
        self._none = asyncio.Event()
        self._none.set()

    async def handle(self, request: Any, response: Any) -> None:  # noqa: ARG002 - Bolt's own signature
        """Count the listener that begins now in this task, until the task ends."""
        task = asyncio.current_task()
        if task is None or task in self._tasks:
            return
        self._tasks.add(task)
        if self._begun is not None:
            self._begun()
        self._none.clear()
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not self._tasks:
            self._none.set()

    async def drain(self, seconds: float) -> int:
        """Wait until none is in flight, at most so long; returns how many are left."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._none.wait()
        return len(self._tasks)


@contextmanager
def _bolt_reads_no_environment() -> Iterator[None]:
    """Hide SLACK_... from Bolt: with a client id and secret there it would switch itself to OAuth with file stores."""
    hidden = {key: os.environ.pop(key) for key in list(os.environ) if key.startswith("SLACK_")}
    try:
        yield
    finally:
        os.environ.update(hidden)


@contextmanager
def _quietly(logger: logging.Logger) -> Iterator[None]:
    """Keep Bolt from warning that `authorize` goes before the client's token, which is what we want."""
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


class Line:
    """The line to Slack. `open` it on the running loop, `meet` once, `close` it last.

    `heard` is called whenever somebody does something in Slack.
    """

    def __init__(self, settings: Slack, heard: Callable[[], None] | None = None) -> None:
        self.settings = settings
        self.in_flight = InFlight(heard)
        self._session: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        """Make the clients. Touches no network."""
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=CALL_SECONDS), trust_env=True)
        self.client = self._client()
        self.client.retry_handlers.append(AsyncRateLimitErrorRetryHandler(max_retry_count=1))  # only ever after an ack
        self.notices = self._client()
        self.notices.retry_handlers.clear()  # a post whose answer was lost would stand twice; notices wait durably

    def _client(self) -> AsyncWebClient:
        return AsyncWebClient(
            token=self.settings.bot_token.reveal(),
            base_url=self.settings.api_url,
            timeout=CALL_SECONDS,
            session=self._session,
            logger=logging.getLogger("slack_sdk.web"),
        )

    async def who(self) -> Identity:
        """Ask Slack once who we are.

        Raises:
            SlackApiError: Slack refuses us.
            aiohttp.ClientError, TimeoutError, OSError: it cannot be reached.
        """
        test = await self.client.auth_test()
        bot = await self.client.bots_info(bot=test["bot_id"])
        scopes = str(test.headers.get("x-oauth-scopes") or test.headers.get("X-OAuth-Scopes") or "")
        return Identity(
            team=test["team_id"],
            app=bot["bot"]["app_id"],
            bot=test["bot_id"],
            user=test["user_id"],
            name=test.get("user") or "",
            scopes=frozenset(s.strip() for s in scopes.split(",") if s.strip()),
        )

    async def meet(self) -> Identity:
        """Ask until Slack answers, with growing waits; a Slack that is down at our start is no reason to die.

        Raises:
            ConfigError: the token or the team is wrong, which no waiting mends.
        """
        wait = FIRST_WAIT
        while True:
            try:
                identity = await self.who()
            except SlackApiError as error:
                code = str(error.response.get("error", ""))
                if code in REMEDIES:
                    raise ConfigError(REMEDIES[code]) from error
                log.warning("slack_refused", extra={"error": code, "again_in": wait})
            except (aiohttp.ClientError, OSError, ValueError, AttributeError) as error:
                # ValueError, AttributeError: a page instead of JSON; slack_sdk 3.47 stumbles over it
                log.warning("slack_not_reached", extra={"error": type(error).__name__, "again_in": wait})
            else:
                self._demand_team(identity)
                return identity
            await asyncio.sleep(wait)
            wait = min(wait * 2, LONGEST_WAIT)

    def _demand_team(self, identity: Identity) -> None:
        if identity.team != self.settings.team_id:
            raise ConfigError(
                f"slack.team_id is {self.settings.team_id}, but slack.bot_token belongs to {identity.team}; mend one."
            )

    def app(self, identity: Identity) -> AsyncApp:
        """Build the Bolt app: our client (and so our api_url), and no call to Slack before an ack."""
        known = AuthorizeResult(
            enterprise_id=None,
            team_id=identity.team,
            bot_user_id=identity.user,
            bot_id=identity.bot,
            bot_token=self.settings.bot_token.reveal(),
        )

        async def authorize(**_: Any) -> AuthorizeResult:
            return known

        logger = logging.getLogger("slack_bolt")
        with _bolt_reads_no_environment(), _quietly(logger):
            app = AsyncApp(
                name="rekey",
                client=self.client,
                authorize=authorize,
                signing_secret=self.settings.signing_secret.reveal(),
                logger=logger,
            )
        app.listener_runner.listener_start_handler = self.in_flight
        return app

    async def close(self) -> None:
        """Let go of the clients. May be called twice."""
        if self._session is not None:
            await self._session.close()
