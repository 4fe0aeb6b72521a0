"""One aiohttp server: /slack/events in HTTP mode, /healthz (the process lives), /readyz (everything answers)."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.request.async_internals import build_async_context

from bot.errors import OperatorError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from slack_bolt.async_app import AsyncApp
    from slack_bolt.request.async_request import AsyncBoltRequest

log = logging.getLogger(__name__)

BODY_SECONDS = 10.0  # for one body to arrive; Slack gives the whole answer 3
MAX_BODY = 1024 * 1024  # Slack's largest payload is a view of 250 kB
UNSIGNED = 401
LONGEST_STAMP = 20  # digits of a time
TOLD_EVERY = 60.0  # seconds: whoever sends nonsense must not fill the log
NO_STORE = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


async def _read(request: web.Request) -> AsyncBoltRequest:
    """Read what Slack sent.

    Bolt takes any form with the word "payload" in it for one with that field: a command that says it would be dropped.

    Raises:
        ValueError, LookupError: it is no text, no form and no JSON.
    """
    bolt = await to_bolt_request(request)
    if not bolt.body and bolt.raw_body:
        bolt.body = dict(parse_qsl(bolt.raw_body, keep_blank_values=True))
        bolt.context = build_async_context(AsyncBoltContext(), bolt.body)
    return bolt


class Server:
    """Binds at once, answers /healthz at once, and takes events once an app is given."""

    def __init__(self, host: str, port: int, ready: Callable[[], Awaitable[dict[str, str]]]) -> None:
        self._host = host
        self._port = port
        self._ready = ready  # what is not ready, and why
        self._app: AsyncApp | None = None
        self._unsigned, self._told_at = 0, float("-inf")
        self._runner: web.AppRunner | None = None

    def take(self, app: AsyncApp | None) -> None:
        """Hand what comes to /slack/events to this app; None takes nothing (more)."""
        self._app = app

    async def start(self) -> int:
        """Bind, and return the port.

        Raises:
            OperatorError: the address is taken or not ours.
        """
        site = web.Application(client_max_size=MAX_BODY)
        site.router.add_post("/slack/events", self._events)
        site.router.add_get("/healthz", self._healthz)
        site.router.add_get("/readyz", self._readyz)
        self._runner = web.AppRunner(site, access_log=None, handle_signals=False, shutdown_timeout=5)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, self._host, self._port).start()
        except OSError as error:
            await self._runner.cleanup()
            raise OperatorError(
                f"web.listen: {self._host}:{self._port} cannot be bound ({error.strerror}); choose another port."
            ) from error
        port = int(self._runner.addresses[0][1])
        log.info("listening", extra={"host": self._host, "port": port})
        return port

    async def close(self) -> None:
        """Take no more connections, let answers go out, close."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _events(self, request: web.Request) -> web.StreamResponse:
        if self._app is None:
            return web.Response(status=503, text="not taking events", headers={"Retry-After": "5", **NO_STORE})
        try:
            async with asyncio.timeout(BODY_SECONDS):
                bolt = await _read(request)
        except TimeoutError:
            return web.Response(status=408, text="too slow", headers={"Connection": "close", **NO_STORE})
        except (LookupError, ValueError, TypeError, AttributeError, RecursionError):
            # Not yet known to be Slack's: anybody may send anything here, and must not fill the log with tracebacks.
            return web.Response(status=400, text="not readable", headers=NO_STORE)
        stamp = request.headers.get("X-Slack-Request-Timestamp", "0")
        if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= LONGEST_STAMP):  # Bolt takes it for a number
            return self._refused()
        answer = await self._app.async_dispatch(bolt)
        return self._refused() if answer.status == UNSIGNED else await to_aiohttp_response(answer)

    def _refused(self) -> web.Response:
        """Refuse what Slack has not signed; the log hears of it at most once a minute, with how often it was."""
        self._unsigned += 1
        now = time.monotonic()
        if now - self._told_at >= TOLD_EVERY:
            log.warning("signature_refused", extra={"requests": self._unsigned})
            self._unsigned, self._told_at = 0, now
        return web.json_response({"error": "invalid request"}, status=UNSIGNED, headers=NO_STORE)

    async def _healthz(self, _: web.Request) -> web.Response:
        return web.json_response({"alive": True}, headers=NO_STORE)

    async def _readyz(self, _: web.Request) -> web.Response:
        wrong = await self._ready()
        return web.json_response({"ready": not wrong, "wrong": wrong}, status=503 if wrong else 200, headers=NO_STORE)
