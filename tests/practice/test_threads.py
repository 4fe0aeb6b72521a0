"""Threads: replies under a message, counted at its first, read by conversations.replies."""

from __future__ import annotations

import dataclasses

import pytest

from practice.people import REKEY
from practice.server import Workspace
from tests.support import specs

MORGAN, DESK = "U0MORGAN001", "C0ITDESK001"


@pytest.fixture
async def workspace(clock, limits):
    """A workspace whose app may read channels' history, and where nothing waits for the next second."""
    app = dataclasses.replace(REKEY, scopes=REKEY.scopes | {"channels:history"})
    made = Workspace(clock=clock, limits=dataclasses.replace(limits, post_gap=limits.event_retries[0]), app=app)
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def thread(client):
    """A message with three replies; their stamps, the first message's first."""
    first = (await client.chat_postMessage(channel=DESK, text="Bulk"))["ts"]
    replies = []
    for number in range(3):
        metadata = {"event_type": "bulk", "event_payload": {"chunk": number}}
        answer = await client.chat_postMessage(channel=DESK, text=str(number), thread_ts=first, metadata=metadata)
        replies.append(answer["ts"])
    return [first, *replies]


async def test_replies_stand_in_the_thread_and_not_in_the_channel(client, thread, workspace):
    """The history has the first message alone, with the thread's figures; replies has all, in pages, with metadata."""
    [first] = (await client.conversations_history(channel=DESK))["messages"]
    assert (first["ts"], first["reply_count"], first["latest_reply"]) == (thread[0], 3, thread[3])
    assert (first["thread_ts"], first["reply_users"]) == (thread[0], [workspace.app.bot_user])
    found, cursor = [], ""
    while True:
        page = await client.conversations_replies(
            channel=DESK, ts=thread[0], limit=3, cursor=cursor, include_all_metadata=True
        )
        found += page["messages"]
        if not page["has_more"]:
            break
        cursor = page["response_metadata"]["next_cursor"]
    assert [one["ts"] for one in found] == thread
    assert [one["metadata"]["event_payload"]["chunk"] for one in found[1:]] == [0, 1, 2]
    assert specs.faults(workspace.traffic) == []


async def test_a_reply_may_be_said_in_the_channel_as_well(client, thread):
    """reply_broadcast: a thread_broadcast, in history and in the thread."""
    said = await client.chat_postMessage(channel=DESK, text="Done", thread_ts=thread[0], reply_broadcast=True)
    shown = (await client.conversations_history(channel=DESK))["messages"]
    assert [(one["ts"], one.get("subtype")) for one in shown] == [(said["ts"], "thread_broadcast"), (thread[0], None)]


async def test_a_reply_has_no_thread_of_its_own(client, refused, thread):
    """Its stamp is not the thread's."""
    answer = await refused(client.chat_postMessage(channel=DESK, text="x", thread_ts=thread[1]))
    assert answer["error"] == "cannot_reply_to_message"


async def test_the_first_message_is_changed_without_losing_its_thread(client, thread, viewer):
    """chat.update keeps the figures; a deleted reply is counted off; the page hears of each."""
    page = await viewer(MORGAN)
    await page.do("world")
    await client.chat_update(channel=DESK, ts=thread[0], text="Bulk: 7 of 9")
    assert (await page.push("changed"))["message"]["reply_count"] == 3
    await client.chat_update(channel=DESK, ts=thread[1], text="first, corrected")
    assert (await page.push("changed"))["message"]["ts"] == thread[1]
    for ts in thread[1:]:
        await client.chat_delete(channel=DESK, ts=ts)
    counts = [(await page.push("changed"))["message"].get("reply_count") for _ in range(3)]
    assert counts == [2, 1, None]


async def test_replies_make_nothing_unread(client, thread, viewer):
    """The channel counts its own messages only."""
    world = await (await viewer(MORGAN)).do("world")
    assert next(one["unread"] for one in world["conversations"] if one["id"] == DESK) == 1


async def test_what_only_one_person_sees_may_stand_in_a_thread(client, thread, viewer):
    """chat.postEphemeral with thread_ts."""
    page = await viewer(MORGAN)
    await client.chat_postEphemeral(channel=DESK, user=MORGAN, text="x", thread_ts=thread[0])
    assert (await page.push("message"))["message"]["thread_ts"] == thread[0]
