"""What outlives a restart, and what does not."""

from __future__ import annotations

import stat

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from practice.errors import CannotDo
from practice.server import Workspace
from practice.shelf import FILE

MORGAN, ROBIN, DESK = "U0MORGAN001", "U0ROBIN0001", "C0ITDESK001"
HOME = {"type": "home", "blocks": [{"type": "divider"}]}


@pytest.fixture
def start(clock, limits, tmp_path):
    """Answer a function that starts a workspace over one and the same folder."""

    async def make():
        workspace = Workspace(clock=clock, limits=limits)
        await workspace.start(data=tmp_path / "kept")
        return workspace, AsyncWebClient(token=workspace.bot_token, base_url=workspace.api_url)

    return make


async def test_messages_homes_and_tokens_are_kept(start):
    """After a restart everything stands as it was, direct messages under the same id, stamps still rising."""
    workspace, client = await start()
    direct = await client.chat_postMessage(
        channel=ROBIN, text="kept", metadata={"event_type": "n", "event_payload": {}}
    )
    gone = await client.chat_postMessage(channel=DESK, text="deleted")
    await client.chat_delete(channel=DESK, ts=gone["ts"])
    home = await client.views_publish(user_id=MORGAN, view=HOME)
    tokens = (workspace.bot_token, workspace.app_token, workspace.signing_secret)
    await workspace.stop()
    again, client = await start()
    assert (again.bot_token, again.app_token, again.signing_secret) == tokens
    answer = await client.conversations_history(channel=direct["channel"], include_all_metadata=True)
    assert [one["metadata"]["event_type"] for one in answer["messages"]] == ["n"]
    assert again.world.history(DESK) == []
    assert (await client.views_publish(user_id=MORGAN, view=HOME))["view"]["id"] == home["view"]["id"]
    assert (await client.chat_postMessage(channel=ROBIN, text="next"))["ts"] > direct["ts"]
    await again.stop()


async def test_what_is_typed_and_shown_in_modals_is_not_kept(start, tmp_path, build):
    """Codes and passwords stand in views, and views are nowhere on disk."""
    workspace, client = await start()
    view = build.modal(build.section("canary-password"), build.field(), submit=build.text("Send"))
    made = (await client.views_open(trigger_id=workspace.triggers.new(MORGAN), view=view))["view"]
    typed = {"code": {"code_text": {"type": "plain_text_input", "value": "canary-code"}}}
    with pytest.raises(CannotDo):  # nobody is there to take it; it was entered all the same
        await workspace.do(MORGAN, do="submit", view_id=made["id"], values=typed)
    assert workspace.modals.top(MORGAN).values == typed
    await workspace.stop()
    held = b"".join(path.read_bytes() for path in (tmp_path / "kept").iterdir())
    assert b"canary" not in held


async def test_the_file_is_for_its_owner_alone(start, tmp_path):
    """It holds the workspace's tokens."""
    workspace, _ = await start()
    await workspace.stop()
    assert stat.S_IMODE((tmp_path / "kept" / FILE).stat().st_mode) == 0o600
