"""Misfortunes that a test can order."""

from __future__ import annotations

import asyncio
from http import HTTPStatus

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError

DESK = "C0ITDESK001"


async def test_ordered_answers_come_once_each(client, workspace):
    """429 with Retry-After, then 500, then all is well; nothing was done meanwhile."""
    workspace.faults.answer("chat.postMessage", HTTPStatus.TOO_MANY_REQUESTS, retry_after=7)
    workspace.faults.answer("chat.postMessage", HTTPStatus.INTERNAL_SERVER_ERROR)
    for status, error in ((429, "ratelimited"), (500, "internal_error")):
        with pytest.raises(SlackApiError) as caught:
            await client.chat_postMessage(channel=DESK, text="x")
        assert (caught.value.response.status_code, caught.value.response["error"]) == (status, error)
        if status == 429:
            assert caught.value.response.headers["Retry-After"] == "7"
    await client.chat_postMessage(channel=DESK, text="y")
    assert [one["text"] for one in workspace.world.history(DESK)] == ["y"]


async def test_silence_answers_nothing_and_does_nothing(client, workspace):
    """The caller's own timeout ends it."""
    workspace.faults.silence("chat.postMessage")
    client.timeout = 0.2
    with pytest.raises(asyncio.TimeoutError):
        await client.chat_postMessage(channel=DESK, text="x")
    assert workspace.world.history(DESK) == []


async def test_a_lost_answer_belongs_to_a_deed_done(client, workspace):
    """The message stands, and the caller cannot know."""
    workspace.faults.lose_answer("chat.postMessage")
    client.timeout = 0.2
    with pytest.raises(asyncio.TimeoutError):
        await client.chat_postMessage(channel=DESK, text="x")
    assert [one["text"] for one in workspace.world.history(DESK)] == ["x"]


async def test_a_stop_ends_the_silence(workspace, client):
    """Calls that are kept waiting break when the workspace stops."""
    workspace.faults.silence("*")
    held = asyncio.Event()
    waiting = workspace._stopping.wait

    async def wait():
        held.set()
        return await waiting()

    workspace._stopping.wait = wait
    call = asyncio.create_task(client.auth_test())
    await held.wait()
    await workspace.stop()
    with pytest.raises(aiohttp.ClientError):
        await call
    await workspace.start()
