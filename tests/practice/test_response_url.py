"""response_urls: five uses, half an hour; ephemeral by default; replacing and deleting."""

from __future__ import annotations

import pytest

MORGAN, ROBIN, GENERAL, DESK = "U0MORGAN001", "U0ROBIN0001", "C0GENERAL01", "C0ITDESK001"
BUTTON = {"type": "actions", "block_id": "do", "elements": [{"type": "button", "action_id": "go"}]}


@pytest.fixture
def answer(http):
    """Answer a function that posts to a response_url and answers (status, body)."""

    async def post(url, **body):
        async with http.post(url, json=body) as response:
            plain = response.content_type != "application/json"
            return response.status, await response.text() if plain else (await response.json())["error"]

    return post


@pytest.fixture
async def url(bot, workspace):
    """The response_url of a command that Morgan typed where the bot is not."""
    await workspace.do(MORGAN, do="say", channel=GENERAL, text="/reset-password")
    return (await bot.next())["response_url"]


async def seen(workspace, user, channel=GENERAL):
    history = await workspace.do(user, do="history", channel=channel)
    return [(one["text"], one["ephemeral"]) for one in history["messages"]]


async def test_an_answer_is_for_the_typist_by_default(workspace, url, answer):
    """Ephemeral unless it says in_channel, even where the bot is no member."""
    assert await answer(url, text="only you") == (200, "ok")
    assert await answer(url, text="all of you", response_type="in_channel") == (200, "ok")
    assert await seen(workspace, MORGAN) == [("only you", True), ("all of you", False)]
    assert await seen(workspace, ROBIN) == [("all of you", False)]


async def test_five_uses(workspace, url, answer):
    """The sixth is used_url."""
    for _ in range(5):
        assert (await answer(url, text="x"))[0] == 200
    assert await answer(url, text="x") == (404, "used_url")


async def test_half_an_hour(url, answer, clock):
    """It works at thirty minutes, and not after."""
    clock.tick(minutes=30)
    assert (await answer(url, text="x"))[0] == 200
    clock.tick(seconds=1)
    assert await answer(url, text="x") == (404, "expired_url")


async def test_a_made_up_address_is_none(workspace, answer):
    """no_service."""
    assert await answer(f"{workspace.url}/response/123-abc", text="x") == (404, "no_service")


async def test_faulty_answers_are_refused(url, answer):
    """no_text and invalid_blocks, as for any message."""
    assert await answer(url) == (400, "no_text")
    assert await answer(url, blocks=[{"type": "nonsense"}]) == (400, "invalid_blocks")


async def test_replace_and_delete(workspace, url, answer):
    """The last answer is replaced, and taken away."""
    await answer(url, text="one")
    await answer(url, text="two", replace_original=True)
    assert await seen(workspace, MORGAN) == [("two", True)]
    await answer(url, delete_original=True)
    assert await seen(workspace, MORGAN) == []


async def test_a_pressed_message_is_replaced_for_all(bot, workspace, build, answer):
    """The response_url of a button stands for the message that holds it."""
    blocks = [BUTTON | {"elements": [BUTTON["elements"][0] | {"text": build.text("Go")}]}]
    posted = await bot.client.chat_postMessage(channel=DESK, text="press", blocks=blocks)
    where = {"type": "message", "channel": DESK, "ts": posted["ts"]}
    action = {"type": "button", "block_id": "do", "action_id": "go"}
    await workspace.do(ROBIN, do="act", container=where, action=action)
    url = (await bot.next())["response_url"]
    await answer(url, text="pressed", replace_original=True)
    assert await seen(workspace, MORGAN, DESK) == [("pressed", False)]
    await answer(url, delete_original=True)
    assert await seen(workspace, MORGAN, DESK) == []
