"""The judge that holds a bot's calls against Slack's documents finds what is wrong, and only that."""

from __future__ import annotations

from tests.support import specs

DESK, MORGAN = "C0ITDESK001", "U0MORGAN001"


async def test_good_calls_have_no_faults(client, workspace, build):
    """Messages, views and look-ups as a bot makes them."""
    await client.auth_test()
    await client.users_info(user=MORGAN)
    await client.chat_postMessage(channel=DESK, text="x", blocks=[build.section("x")])
    await client.views_open(trigger_id=workspace.triggers.new(MORGAN), view=build.modal())
    assert specs.faults(workspace.traffic) == []


async def test_bad_calls_have_faults(client, refused, workspace, build):
    """An argument that Slack does not know, and a view that it would refuse."""
    await client.api_call("users.info", params={"user": MORGAN, "colour": "red"})
    await refused(client.views_open(trigger_id="1.1.a", view=build.modal(title=build.text("x" * 30))))
    found = specs.faults(workspace.traffic)
    assert "users.info: unknown arg colour" in found
    assert any(words.startswith("views.open: /title/text") for words in found)
