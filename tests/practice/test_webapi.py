"""The Web API's door: tokens, scopes, encodings, unknown methods, and what doctor looks at."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from practice.people import REKEY, App
from practice.server import Workspace


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


async def test_a_call_needs_a_token(workspace, http):
    """not_authed without one, invalid_auth with a wrong one, not_allowed_token_type with the other one."""
    for headers, error in (
        ({}, "not_authed"),
        (bearer("xoxb-wrong"), "invalid_auth"),
        (bearer(workspace.app_token), "not_allowed_token_type"),
    ):
        async with http.post(f"{workspace.api_url}auth.test", headers=headers) as response:
            assert (response.status, (await response.json())["error"]) == (200, error)
    async with http.post(f"{workspace.api_url}apps.connections.open", headers=bearer(workspace.bot_token)) as response:
        assert (await response.json())["error"] == "not_allowed_token_type"


async def test_an_unknown_method_is_said_to_be_one(workspace, http):
    """unknown_method, before anybody asks for a token."""
    async with http.post(f"{workspace.api_url}chat.shout") as response:
        assert (await response.json())["error"] == "unknown_method"


async def test_auth_test_tells_who_and_which_scopes(client):
    """Doctor reads the scopes from the header, as Slack sends them."""
    answer = await client.auth_test()
    assert (answer["team_id"], answer["bot_id"]) == ("T0ACME00001", REKEY.bot_id)
    assert set(answer.headers["X-OAuth-Scopes"].split(",")) == REKEY.scopes


@pytest.mark.parametrize("kind", ["form", "json", "query"])
async def test_forms_json_and_queries_say_the_same(workspace, http, kind):
    """Blocks may come as JSON in a form's string or as JSON itself; a method that reads is also asked by GET."""
    blocks = '[{"type": "divider"}]'
    url, headers = f"{workspace.api_url}chat.postMessage", bearer(workspace.bot_token)
    if kind == "query":
        async with http.get(f"{workspace.api_url}users.info?user=U0ROBIN0001", headers=headers) as response:
            assert (await response.json())["user"]["name"] == "robin"
        return
    body = {"channel": "C0ITDESK001", "text": "hi", "blocks": blocks if kind == "form" else [{"type": "divider"}]}
    how = {"data": body} if kind == "form" else {"json": body}
    async with http.post(url, headers=headers, **how) as response:
        answer = await response.json()
    assert answer["message"]["blocks"][0]["type"] == "divider"


async def test_a_body_that_is_no_json_is_refused(workspace, http):
    """invalid_json; and a method that reads no JSON does not see what stands in it."""
    headers = bearer(workspace.bot_token) | {"Content-Type": "application/json"}
    async with http.post(f"{workspace.api_url}chat.postMessage", headers=headers, data="{") as response:
        assert (await response.json())["error"] == "invalid_json"
    async with http.post(f"{workspace.api_url}users.info", headers=headers, data='{"user": "U0ROBIN0001"}') as response:
        assert (await response.json())["error"] == "invalid_arguments"


async def test_a_missing_argument_is_named(client, refused):
    """invalid_arguments, with the argument in response_metadata."""
    answer = await refused(client.api_call("chat.update", params={"channel": "C0ITDESK001"}))
    assert answer["error"] == "invalid_arguments"
    assert answer["response_metadata"]["messages"] == ["[ERROR] missing required field: ts"]


async def test_a_scope_that_the_manifest_lacks_is_missed(clock, limits, refused):
    """missing_scope, with what is needed and what was given; mail addresses are hidden without users:read.email."""
    app = dataclasses.replace(REKEY, scopes=frozenset({"commands", "users:read"}))
    workspace = Workspace(clock=clock, limits=limits, app=app)
    await workspace.start()
    try:
        client = AsyncWebClient(token=workspace.bot_token, base_url=workspace.api_url)
        answer = await refused(client.chat_postMessage(channel="C0ITDESK001", text="hi"))
        assert (answer["error"], answer["needed"]) == ("missing_scope", "chat:write")
        assert answer["provided"] == "commands,users:read"
        assert (await refused(client.users_lookupByEmail(email="a@b.example")))["error"] == "missing_scope"
        assert "email" not in (await client.users_info(user="U0ROBIN0001"))["user"]["profile"]
    finally:
        await workspace.stop()


async def test_history_needs_the_scope_of_that_kind_of_conversation(client, refused):
    """im:history opens direct messages; a channel wants channels:history, a private one groups:history."""
    opened = await client.conversations_open(users="U0ROBIN0001")
    assert (await client.conversations_history(channel=opened["channel"]["id"]))["messages"] == []
    for channel, scope in (("C0ITDESK001", "channels:history"), ("C0SECURITY1", "groups:history")):
        assert (await refused(client.conversations_history(channel=channel)))["needed"] == scope


async def test_the_default_app_is_the_manifests(monkeypatch):
    """Practice installs what manifest.yml asks for: commands, shortcuts, scopes, events."""
    yaml = pytest.importorskip("yaml")
    manifest = yaml.safe_load((Path(__file__).parents[2] / "manifest.yml").read_text())
    installed = App.from_manifest(manifest)
    assert installed.scopes == REKEY.scopes
    assert installed.events == REKEY.events
    assert [one.command for one in installed.commands] == [one.command for one in REKEY.commands]
    assert [one.escape for one in installed.commands] == [one.escape for one in REKEY.commands]
    assert installed.shortcuts == REKEY.shortcuts
    assert (installed.home_tab, installed.messages_tab, installed.interactive) == (True, True, True)


async def test_blocks_validate_judges_without_showing(client, refused, build):
    """Templates can be held against the workspace, as against Slack."""
    assert (await client.api_call("blocks.validate", json={"view": build.modal()}))["ok"]
    bad = await refused(client.api_call("blocks.validate", json={"view": build.modal(title=build.text("x" * 30))}))
    assert bad["error"] == "invalid_view"
    assert (await refused(client.api_call("blocks.validate")))["error"] == "invalid_arguments"
