"""Who takes part in the practice workspace's tests: a clock moved by hand, a bot that answers as told, a person."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web.async_client import AsyncWebClient

PATIENCE = 10


class Clock:
    """A clock that only moves when told."""

    def __init__(self):
        self.now = datetime(2031, 3, 2, 10, 0, tzinfo=UTC)

    def __call__(self):
        return self.now

    def tick(self, **span):
        self.now += timedelta(**span)


class Bot:
    """A bot on Slack's own Socket Mode client: keeps what it hears, and answers what was put into `answers`."""

    def __init__(self, workspace):
        self.client = AsyncWebClient(token=workspace.bot_token, base_url=workspace.api_url)
        self.socket = SocketModeClient(app_token=workspace.app_token, web_client=self.client, ping_interval=0.2)
        self.socket.socket_mode_request_listeners.append(self._hear)
        self.heard = asyncio.Queue()
        self.answers = {}  # payload type -> the acknowledgement's payload, or SILENCE
        self.before = {}  # payload type -> what is done before the acknowledgement

    async def _hear(self, client, request):
        kind = request.payload.get("type", request.type)
        if kind in self.before:
            await self.before[kind](request.payload)
        answer = self.answers.get(kind)
        if answer != "SILENCE":
            await client.send_socket_mode_response(SocketModeResponse(request.envelope_id, answer))
        self.heard.put_nowait(request.payload)

    async def next(self):
        async with asyncio.timeout(PATIENCE):
            return await self.heard.get()

    async def close(self):
        await self.socket.close()


class Viewer:
    """One person at the page, over a real WebSocket."""

    def __init__(self, socket):
        self.socket = socket
        self.pushed = []
        self._last = 0

    async def do(self, what, **frame):
        """Ask for something; answers the server's frame, and keeps what is pushed meanwhile."""
        self._last += 1
        await self.socket.send_json({"id": self._last, "do": what, **frame})
        async with asyncio.timeout(PATIENCE):
            while (answer := await self.socket.receive_json()).get("re") != self._last:
                self.pushed.append(answer)
        return answer

    async def push(self, kind):
        """Wait for a push of a kind."""
        for old in self.pushed:
            if old["push"] == kind:
                self.pushed.remove(old)
                return old
        async with asyncio.timeout(PATIENCE):
            while (frame := await self.socket.receive_json()).get("push") != kind:
                self.pushed.append(frame)
        return frame
