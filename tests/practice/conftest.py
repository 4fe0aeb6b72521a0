"""A practice workspace with a clock moved by hand, a bot that answers as told, and people at real page sockets."""

from __future__ import annotations

import contextlib
from datetime import timedelta

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from practice.limits import Limits
from practice.server import Workspace
from tests.support.practising import Bot, Clock, Viewer


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
