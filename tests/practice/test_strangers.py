"""Guests, people of another organisation, bots and the deactivated look in payloads and in users.info as in Slack."""

from __future__ import annotations

import pytest

from practice.errors import CannotDo

MORGAN, KIT, NOOR, DANA, LEE = "U0MORGAN001", "U0KITGUEST1", "U0SOLOGST01", "U0DANAEXT01", "U0LEFT00001"
SHARED = "C0SHARED001"


async def test_users_info_tells_who_somebody_is(client):
    """is_restricted, is_ultra_restricted, is_stranger with a foreign team, deleted, is_bot."""

    async def info(user):
        return (await client.users_info(user=user))["user"]

    member, guest, single, stranger, left, bot = [
        await info(user) for user in (MORGAN, KIT, NOOR, DANA, LEE, "U0OTHERBOT1")
    ]
    assert (member["is_restricted"], member["deleted"], member["is_bot"]) == (False, False, False)
    assert (guest["is_restricted"], guest["is_ultra_restricted"]) == (True, False)
    assert (single["is_restricted"], single["is_ultra_restricted"]) == (True, True)
    assert (stranger["is_stranger"], stranger["team_id"] == member["team_id"]) == (True, False)
    assert "email" not in stranger["profile"]
    assert (left["deleted"], "is_restricted" in left) == (True, False)
    assert bot["is_bot"]


async def test_lookup_by_mail_finds_living_members_only(client, refused):
    """Guests are found (the app has to look twice); strangers, the deactivated and the unknown are not."""
    assert (await client.users_lookupByEmail(email="MORGAN.lindqvist@acme.example"))["user"]["id"] == MORGAN
    assert (await client.users_lookupByEmail(email="kit@ferrer-consulting.example"))["user"]["is_restricted"]
    for mail in ("dana.voss@globex.example", "lee.former@acme.example", "nobody@acme.example"):
        assert (await refused(client.users_lookupByEmail(email=mail)))["error"] == "users_not_found"


async def test_a_stranger_can_press_a_button_in_a_shared_channel(bot, workspace, build):
    """user.team_id is theirs, team.id is where the app is installed: the app has to tell them apart."""
    button = {"type": "button", "action_id": "go", "text": build.text("Go"), "value": "1"}
    blocks = [{"type": "actions", "block_id": "do", "elements": [button]}]
    posted = await bot.client.chat_postMessage(channel=SHARED, text="x", blocks=blocks)
    where = {"type": "message", "channel": SHARED, "ts": posted["ts"]}
    await workspace.do(DANA, do="act", container=where, action={"type": "button", "block_id": "do", "action_id": "go"})
    payload = await bot.next()
    assert (payload["user"]["team_id"], payload["team"]["id"]) == ("T0GLOBEX001", "T0ACME00001")


async def test_a_stranger_has_no_commands_no_home_no_shortcuts(bot, workspace):
    """Those belong to the organisation that installed the app."""
    posted = await bot.client.chat_postMessage(channel=SHARED, text="x")
    for frame in (
        {"do": "say", "channel": SHARED, "text": "/reset-password"},
        {"do": "home"},
        {"do": "shortcut", "callback_id": "reset_person", "channel": SHARED, "ts": posted["ts"]},
    ):
        with pytest.raises(CannotDo):
            await workspace.do(DANA, **frame)
    world = await workspace.do(DANA, do="world")
    assert [one["name"] for one in world["conversations"]] == ["acme-rekey"]
    assert (world["commands"], world["shortcuts"]) == ([], [])


async def test_a_guest_has_them(bot, workspace):
    """The app itself has to refuse guests."""
    await workspace.do(KIT, do="say", channel=SHARED, text="/reset-password")
    assert (await bot.next())["user_id"] == KIT


async def test_a_shared_channel_is_marked(clock, limits):
    """conversations.info says is_ext_shared; what a doctor looks at."""
    import dataclasses

    from slack_sdk.web.async_client import AsyncWebClient

    from practice.people import REKEY
    from practice.server import Workspace

    app = dataclasses.replace(REKEY, scopes=REKEY.scopes | {"channels:read", "groups:read"})
    workspace = Workspace(clock=clock, limits=limits, app=app)
    await workspace.start()
    client = AsyncWebClient(token=workspace.bot_token, base_url=workspace.api_url)
    shared = (await client.conversations_info(channel=SHARED))["channel"]
    private = (await client.conversations_info(channel="C0SECURITY1"))["channel"]
    await workspace.stop()
    assert (shared["is_ext_shared"], shared["is_private"]) == (True, False)
    assert (private["is_ext_shared"], private["is_private"], private["is_member"]) == (False, True, True)


async def test_nobody_reads_a_channel_from_outside(workspace):
    """A person sees the conversations in which they are."""
    with pytest.raises(CannotDo):
        await workspace.do(KIT, do="history", channel="C0SECURITY1")
