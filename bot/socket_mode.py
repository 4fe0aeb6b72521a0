"""Socket Mode, watched: a connection that is dead or silent is thrown away and built anew.

The library reconnects by itself, and has known faults in doing so: it may stop delivering, or loop for ever on a closed
session. What it does is therefore looked at from outside, every few seconds.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_sdk.errors import SlackApiError

from bot.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

    from slack_bolt.async_app import AsyncApp
    from slack_sdk.web.async_client import AsyncWebClient

log = logging.getLogger(__name__)

PING_SECONDS = 5.0
LOOK_SECONDS = 2.0
SILENT_SECONDS = 30.0  # without a pong or a message
PATIENCE_SECONDS = 15.0  # how long the library may try to mend what is wrong
CLOSE_SECONDS = 5.0
NOT_MENDED = frozenset(  # by waiting. Source: docs.slack.dev, apps.connections.open, "Errors"
    {
        "invalid_auth",
        "not_authed",
        "not_allowed_token_type",
        "no_permission",
        "missing_scope",
        "token_expired",
        "token_revoked",
        "account_inactive",
    }
)
TOKEN_REMEDY = "make it anew on your app's page: Basic Information, App-Level Tokens, with connections:write"


class SocketMode:
    """One living connection at a time. `now` gives seconds that never go back."""

    def __init__(
        self,
        app: AsyncApp,
        client: AsyncWebClient,
        app_token: str,
        *,
        now: Callable[[], float],
        patience: float = PATIENCE_SECONDS,
        look: float = LOOK_SECONDS,
    ) -> None:
        self._app = app
        self._web = client
        self._token = app_token
        self._now = now
        self._patience = patience
        self._look = look
        self._handler: AsyncSocketModeHandler | None = None
        self._connecting: asyncio.Task[None] | None = None
        self._watching: asyncio.Task[None] | None = None
        self._hello = False
        self._known = asyncio.Event()  # whether the app token is good
        self._refused = ""
        self._pong: float | None = None  # the library's own time of the last answered ping
        self._heard = now()
        self._sick_since: float | None = None
        self._stopping = False

    def start(self) -> None:
        """Begin to connect, and to watch."""
        self._build()
        self._watching = asyncio.create_task(self._watch())

    def _build(self) -> None:
        handler = AsyncSocketModeHandler(
            self._app,
            self._token,
            web_client=self._web,
            ping_interval=PING_SECONDS,
            logger=logging.getLogger("slack_sdk"),
        )
        handler.client.message_listeners.append(self._on_message)
        ask = handler.client.issue_new_wss_url

        async def address() -> str:
            try:
                return await ask()
            except SlackApiError as error:
                self._refused_with(str(error.response.get("error", "")))
                raise

        handler.client.issue_new_wss_url = address  # type: ignore[method-assign]
        self._handler, self._hello, self._heard, self._sick_since = handler, False, self._now(), None
        self._connecting = asyncio.create_task(handler.connect_async())  # type: ignore[no-untyped-call]

    async def _on_message(self, client: Any, message: dict[str, Any], _raw: str | None = None) -> None:
        if self._handler is None or client is not self._handler.client:
            return
        self._heard = self._now()
        if message.get("type") == "hello" and not self._hello:
            self._hello, self._refused = True, ""
            self._known.set()
            log.info("slack_connected")

    def _refused_with(self, code: str) -> None:
        if code in NOT_MENDED:
            self._refused = f"slack.app_token is refused ({code})"
            self._known.set()

    async def begun(self) -> None:
        """Wait for the first connection, for as long as Slack takes.

        Raises:
            ConfigError: Slack refuses the app token, which no waiting mends.
        """
        await self._known.wait()
        if self._refused:
            raise ConfigError(f"{self._refused}; {TOKEN_REMEDY}.")

    def wrong(self) -> str | None:
        """Return what is wrong with the connection, or None."""
        if self._handler is None or self._stopping:
            return "not connected"
        if self._refused:
            return self._refused
        client = self._handler.client
        pong = client.last_ping_pong_time
        if pong is not None and pong != self._pong:
            self._pong, self._heard = pong, self._now()
        tasks = (client.message_processor, client.message_receiver, client.current_session_monitor)
        if client.closed or client.aiohttp_client_session.closed:
            return "session closed"
        if not self._hello or client.current_session is None or client.current_session.closed:
            return "not connected"
        if any(task is None or task.done() for task in tasks):
            return "reader ended"
        if self._now() - self._heard > SILENT_SECONDS:
            return "silent"
        return None

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(self._look)
            wrong = self.wrong()
            if wrong is None:
                self._sick_since = None
                continue
            self._sick_since = self._sick_since or self._now()
            if self._now() - self._sick_since < self._patience:
                continue
            log.warning("slack_connection_rebuilt", extra={"why": wrong})
            await self._drop()
            self._build()

    async def _drop(self) -> None:
        """Throw the connection away, whatever state it is in."""
        handler, connecting, self._handler = self._handler, self._connecting, None
        if connecting is not None:
            connecting.cancel()
            await asyncio.gather(connecting, return_exceptions=True)
        if handler is None:
            return
        handler.client.closed = True
        with suppress(Exception):  # a broken connection may fail to close; it is not used again
            async with asyncio.timeout(CLOSE_SECONDS):
                await handler.close_async()  # type: ignore[no-untyped-call]
        tasks = (
            handler.client.message_processor,
            handler.client.message_receiver,
            handler.client.current_session_monitor,
        )
        for task in tasks:
            if task is not None:
                task.cancel()
        await handler.client.aiohttp_client_session.close()

    async def hold(self) -> None:
        """Take nothing more; the connection stays for the answers to what is in flight."""
        self._stopping = True
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)
        if self._handler is not None:
            self._handler.client.socket_mode_request_listeners.clear()

    async def close(self) -> None:
        """Disconnect."""
        await self.hold()
        await self._drop()
