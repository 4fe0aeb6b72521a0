"""A practice workspace with a clock moved by hand, a bot that answers as told, and people at real page sockets."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web.async_client import AsyncWebClient

from practice.limits import Limits
from practice.server import Workspace

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


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def limits():
    """Slack's limits, with the waits of an event's retries and of a missing answer cut short."""
    return Limits(ack=timedelta(milliseconds=400), event_retries=(timedelta(0),) * 3)


@pytest.fixture
async def workspace(clock, limits):
    made = Workspace(clock=clock, limits=limits)
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
def client(workspace):
    """Slack's own Web API client, with the bot's token."""
    return AsyncWebClient(token=workspace.bot_token, base_url=workspace.api_url)


@pytest.fixture
async def bot(workspace):
    made = Bot(workspace)
    await made.socket.connect()
    yield made
    await made.close()


@pytest.fixture
async def http():
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
async def viewer(workspace, http):
    """Answer a function that sits a person down before the page."""
    async with contextlib.AsyncExitStack() as stack:

        async def sit(user):
            address = f"{workspace.url}/page?as={user}"
            socket = await stack.enter_async_context(http.ws_connect(address, headers={"Origin": workspace.url}))
            return Viewer(socket)

        yield sit


@pytest.fixture
def refused():
    """Answer a function that awaits a call which Slack refuses, and answers the refusal's JSON."""

    async def wait(call):
        with pytest.raises(SlackApiError) as caught:
            await call
        return caught.value.response.data

    return wait


def text(words):
    return {"type": "plain_text", "text": words}


def modal(*blocks, **more):
    view = {"type": "modal", "title": text("Title"), "blocks": list(blocks) or [section("Hello")]}
    return view | more


def section(words, **more):
    return {"type": "section", "text": {"type": "mrkdwn", "text": words}} | more


def field(block_id="code", action_id="code_text", element="plain_text_input", **more):
    return {
        "type": "input",
        "block_id": block_id,
        "label": text("Code"),
        "element": {"type": element, "action_id": action_id} | more,
    }


@pytest.fixture
def build():
    """Answer the builders of views and blocks."""

    class Build:
        pass

    for maker in (text, modal, section, field):
        setattr(Build, maker.__name__, staticmethod(maker))
    return Build
