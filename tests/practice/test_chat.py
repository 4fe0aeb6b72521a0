"""Messages: posting, changing, taking back, whispering; and who may be written to."""

from __future__ import annotations

import pytest

DESK, GENERAL, SECURITY, SHARED = "C0ITDESK001", "C0GENERAL01", "C0SECURITY1", "C0SHARED001"
MORGAN, ROBIN, KIT, DANA, LEE = "U0MORGAN001", "U0ROBIN0001", "U0KITGUEST1", "U0DANAEXT01", "U0LEFT00001"
NOTE = {"event_type": "rekey_notice", "event_payload": {"id": "n1"}}


async def test_a_user_id_opens_the_direct_message(client, workspace):
    """chat.postMessage to a person's id lands in the app's messages with them, and answers that conversation."""
    answer = await client.chat_postMessage(channel=ROBIN, text="hello", metadata=NOTE)
    assert answer["channel"].startswith("D")
    assert (await client.conversations_open(users=ROBIN))["channel"]["id"] == answer["channel"]
    assert answer["message"]["metadata"] == NOTE
    assert answer["message"]["bot_id"] == workspace.app.bot_id


@pytest.mark.parametrize("channel", [DANA, LEE, "U0NOBODY001", "C0NOWHERE01", "#nowhere"])
async def test_who_is_not_there_cannot_be_written_to(client, refused, channel):
    """channel_not_found for strangers, the deactivated and the unknown."""
    assert (await refused(client.chat_postMessage(channel=channel, text="x")))["error"] == "channel_not_found"


async def test_the_bot_writes_only_where_it_is(client, refused):
    """not_in_channel in a public channel without the bot; a channel's name will do for one with it."""
    assert (await refused(client.chat_postMessage(channel=GENERAL, text="x")))["error"] == "not_in_channel"
    assert (await client.chat_postMessage(channel="#security", text="x"))["channel"] == SECURITY


async def test_a_message_says_something(client, refused):
    """no_text without text and blocks; blocks alone will do."""
    # Slack's own client warns of a missing text, so the call is made below it.
    empty = {"channel": DESK, "blocks": []}
    assert (await refused(client.api_call("chat.postMessage", json=empty)))["error"] == "no_text"
    await client.api_call("chat.postMessage", json=empty | {"blocks": [{"type": "divider"}]})


async def test_faulty_blocks_are_refused_with_a_pointer(client, refused):
    """invalid_blocks and invalid_blocks_format, as Slack says it."""
    answer = await refused(client.chat_postMessage(channel=DESK, text="x", blocks=[{"type": "nonsense"}]))
    assert answer["error"] == "invalid_blocks"
    assert answer["errors"] == ["unsupported type: nonsense [json-pointer:/blocks/0/type]"]
    answer = await refused(client.api_call("chat.postMessage", params={"channel": DESK, "text": "x", "blocks": "{"}))
    assert answer["error"] == "invalid_blocks_format"


async def test_long_texts(client, refused, clock):
    """40,000 characters are cut in chat.postMessage; more than 4,000 are refused in chat.update."""
    posted = await client.chat_postMessage(channel=DESK, text="x" * 40_001)
    assert (len(posted["message"]["text"]), posted["warning"]) == (40_000, "message_truncated")
    clock.tick(seconds=1)
    assert (await refused(client.chat_update(channel=DESK, ts=posted["ts"], text="x" * 4_001)))[
        "error"
    ] == "msg_too_long"
    await client.chat_update(channel=DESK, ts=posted["ts"], text="x" * 4_000)


async def test_update_keeps_what_it_does_not_name(client, build):
    """Blocks and metadata stay unless they are named; an empty list of blocks takes them away."""
    posted = await client.chat_postMessage(channel=ROBIN, text="one", blocks=[build.section("one")], metadata=NOTE)
    where = {"channel": posted["channel"], "ts": posted["ts"]}
    second = await client.chat_update(**where, text="two")
    assert (second["message"]["text"], len(second["message"]["blocks"])) == ("two", 1)
    assert second["message"]["metadata"] == NOTE
    third = await client.chat_update(**where, text="three", blocks=[], metadata={})
    assert {"blocks", "metadata"} & set(third["message"]) == set()
    assert "edited" in third["message"]


async def test_only_own_messages_are_changed(client, refused, workspace):
    """cant_update_message and cant_delete_message for a person's words; message_not_found for none."""
    await workspace.do(MORGAN, do="say", channel=DESK, text="mine")
    ts = workspace.world.history(DESK)[0]["ts"]
    assert (await refused(client.chat_update(channel=DESK, ts=ts, text="x")))["error"] == "cant_update_message"
    assert (await refused(client.chat_delete(channel=DESK, ts=ts)))["error"] == "cant_delete_message"
    assert (await refused(client.chat_update(channel=DESK, ts="1.000001", text="x")))["error"] == "message_not_found"


async def test_delete_takes_a_message_back(client, workspace):
    """What is deleted is in no history."""
    posted = await client.chat_postMessage(channel=DESK, text="oops")
    await client.chat_delete(channel=DESK, ts=posted["ts"])
    assert workspace.world.history(DESK) == []


async def test_an_ephemeral_message_is_for_one_member(client, refused, workspace):
    """user_not_in_channel for others; only that person sees it; chat.update does not know it."""
    answer = await refused(client.chat_postEphemeral(channel=DESK, user=KIT, text="x"))
    assert answer["error"] == "user_not_in_channel"
    said = await client.chat_postEphemeral(channel=DESK, user=MORGAN, text="psst")
    seen = {user: await workspace.do(user, do="history", channel=DESK) for user in (MORGAN, ROBIN)}
    assert [(one["text"], one["ephemeral"]) for one in seen[MORGAN]["messages"]] == [("psst", True)]
    assert seen[ROBIN]["messages"] == []
    answer = await refused(client.chat_update(channel=DESK, ts=said["message_ts"], text="y"))
    assert answer["error"] == "message_not_found"


async def test_history_is_newest_first_and_paged(client, clock):
    """limit, cursor, oldest, inclusive; metadata only where it is asked for."""
    stamps = []
    for number in range(5):
        said = await client.chat_postMessage(channel=ROBIN, text=str(number), metadata=NOTE)
        stamps.append(said["ts"])
        clock.tick(seconds=2)
    channel = said["channel"]
    first = await client.conversations_history(channel=channel, limit=3)
    assert [one["text"] for one in first["messages"]] == ["4", "3", "2"]
    assert first["has_more"]
    assert "metadata" not in first["messages"][0]
    cursor = first["response_metadata"]["next_cursor"]
    rest = await client.conversations_history(channel=channel, limit=3, cursor=cursor, include_all_metadata=True)
    assert [one["metadata"] for one in rest["messages"]] == [NOTE, NOTE]
    since = await client.conversations_history(channel=channel, oldest=stamps[3])
    assert [one["text"] for one in since["messages"]] == ["4"]
    since = await client.conversations_history(channel=channel, oldest=stamps[3], inclusive=True)
    assert [one["text"] for one in since["messages"]] == ["4", "3"]


async def test_stamps_never_repeat(client, workspace):
    """Two messages in one instant of the clock have two stamps, in order."""
    one = await client.chat_postMessage(channel=DESK, text="a")
    two = await client.chat_postMessage(channel=SECURITY, text="b")
    assert one["ts"] < two["ts"]
