"""The page's side: whom it serves, what it shows, and what it is told unasked."""

from __future__ import annotations

import json

import aiohttp
import pyotp
import pytest

from practice.server import Workspace
from tests.support.practising import Viewer

MORGAN, SASHA, ROBIN, DANA = "U0MORGAN001", "U0SASHA0001", "U0ROBIN0001", "U0DANAEXT01"
DESK, SHARED = "C0ITDESK001", "C0SHARED001"
SEED = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@pytest.mark.parametrize("origin", [None, "https://evil.example", "http://127.0.0.1:1", "null"])
async def test_a_foreign_page_gets_no_socket(workspace, http, origin):
    """Only the page's own origin may open the WebSocket."""
    headers = {} if origin is None else {"Origin": origin}
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await http.ws_connect(f"{workspace.url}/page?as={MORGAN}", headers=headers)
    assert refused.value.status == 403


@pytest.mark.parametrize("path", ["/", "/page", "/api/api.test", "/web/index.html"])
async def test_a_name_that_points_here_is_not_served(workspace, http, path):
    """A foreign Host (DNS rebinding) is turned away at every door."""
    async with http.get(f"{workspace.url}{path}", headers={"Host": f"evil.example:{workspace.port}"}) as response:
        assert response.status == 421


async def test_the_page_may_load_nothing_from_elsewhere(workspace, http):
    """Its policy allows scripts, styles and sockets of its own origin only."""
    async with http.get(workspace.url) as response:
        assert (response.status, response.content_type) == (200, "text/html")
        assert response.headers["Content-Security-Policy"].startswith("default-src 'self'")


async def test_only_loopback_is_listened_on(clock):
    """Any other address is refused before anything listens."""
    with pytest.raises(ValueError, match="loopback"):
        await Workspace(clock=clock).start("0.0.0.0")


@pytest.mark.parametrize("user", ["U0NOBODY001", "U0LEFT00001", "U0OTHERBOT1"])
async def test_one_looks_through_living_eyes(workspace, http, user):
    """Nobody views as a bot, as somebody who left, or as nobody."""
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await http.ws_connect(f"{workspace.url}/page?as={user}", headers={"Origin": workspace.url})
    assert refused.value.status == 404


async def test_the_world_is_what_one_may_see(viewer):
    """Conversations of one's own, the people, the commands, and whether the bot is there."""
    world = await (await viewer(MORGAN)).do("world")
    assert (world["ok"], world["me"]["id"], world["status"]) == (True, MORGAN, {"bot_connected": False})
    channels = ["general", "it-desk", "security", "approvals", "acme-rekey"]
    assert [one["name"] for one in world["conversations"]] == [*channels, "Rekey"]
    assert [one["kind"] for one in world["conversations"]] == ["channel"] * 5 + ["app"]
    assert world["commands"][0]["command"] == "/reset-password"
    assert {one["kind"] for one in world["people"]} == {"admin", "second_admin", "user", "guest", "stranger"}


async def test_a_message_is_shown_to_whoever_is_there(viewer, client, build):
    """New, changed and deleted, on every page of every member, and on no other."""
    morgan, robin, dana = [await viewer(user) for user in (MORGAN, ROBIN, DANA)]
    posted = await client.chat_postMessage(channel=DESK, text="one", blocks=[build.section("one")])
    for page in (morgan, robin):
        shown = (await page.push("message"))["message"]
        assert (shown["text"], shown["bot"], shown["username"]) == ("one", True, "Rekey")
    await client.chat_update(channel=DESK, ts=posted["ts"], text="two")
    assert (await morgan.push("changed"))["message"]["edited"]
    await client.chat_delete(channel=DESK, ts=posted["ts"])
    assert (await morgan.push("deleted"))["ts"] == posted["ts"]
    await dana.do("world")
    assert dana.pushed == []


async def test_pushes_come_in_order(viewer, workspace, client, clock):
    """What was said first is shown first, on two tabs of one person."""
    tabs = [await viewer(ROBIN), await viewer(ROBIN)]
    for number in range(10):
        await client.chat_postMessage(channel=ROBIN, text=str(number))
        clock.tick(seconds=1)
    for tab in tabs:
        assert [(await tab.push("message"))["message"]["text"] for _ in range(10)] == [str(n) for n in range(10)]


async def test_unread_until_read(viewer, client):
    """Messages of others count until the conversation is looked at."""
    page = await viewer(ROBIN)
    channel = (await client.chat_postMessage(channel=ROBIN, text="hello"))["channel"]

    async def unread():
        world = await page.do("world")
        return {one["id"]: one["unread"] for one in world["conversations"]}[channel]

    assert await unread() == 1
    await page.do("history", channel=channel)
    assert await unread() == 0


async def test_people_write_to_each_other(viewer):
    """A message with a mention, as Slack keeps it."""
    morgan, robin = await viewer(MORGAN), await viewer(ROBIN)
    await morgan.do("say", channel=DESK, text="hello @robin, 1 < 2")
    shown = (await robin.push("message"))["message"]
    assert (shown["text"], shown["bot"]) == ("hello <@U0ROBIN0001>, 1 &lt; 2", False)


async def test_an_unknown_command_is_said_to_be_none(viewer):
    """Slack's own sentence."""
    answer = await (await viewer(MORGAN)).do("say", channel=DESK, text="/reset-pasword x")
    assert answer["ok"] is False
    assert answer["error"].startswith("/reset-pasword is not a valid command.")


async def test_the_page_sees_views_and_homes(viewer, workspace, client, build):
    """Opened, updated, published: the whole view each time."""
    page = await viewer(MORGAN)
    made = (await client.views_open(trigger_id=workspace.triggers.new(MORGAN), view=build.modal()))["view"]
    pushed = await page.push("view")
    assert (pushed["view"]["id"], pushed["stack"]) == (made["id"], 1)
    await client.views_publish(user_id=MORGAN, view={"type": "home", "blocks": [{"type": "divider"}]})
    assert (await page.push("home"))["view"]["type"] == "home"
    assert (await page.do("home"))["view"]["blocks"][0]["type"] == "divider"


async def test_the_page_is_told_when_the_bot_comes_and_goes(viewer, workspace, bot):
    """bot_connected."""
    page = await viewer(MORGAN)
    assert (await page.do("world"))["status"]["bot_connected"]
    workspace.faults.drop_sockets()
    assert (await page.push("status"))["bot_connected"] is False


async def test_a_phone_shows_its_owners_codes(clock, limits, http):
    """The code of this moment and how long it lasts; an empty phone for whoever has none."""
    workspace = Workspace(clock=clock, limits=limits, phones={MORGAN: [("Rekey", "morgan", SEED)]})
    await workspace.start()
    clock.tick(seconds=12)
    mine = await workspace.do(MORGAN, do="phone")
    theirs = await workspace.do(ROBIN, do="phone")
    await workspace.stop()
    code = pyotp.TOTP(SEED).at(clock())
    assert mine == {"codes": [{"issuer": "Rekey", "account": "morgan", "code": code, "seconds_left": 18}]}
    assert theirs == {"codes": []}


async def test_signing_in_is_the_directorys_business(clock, limits, viewer, workspace):
    """The callable that was handed in answers; without one the page hides the tab."""
    assert (await workspace.do(MORGAN, do="world"))["features"]["sign_in"] is False
    assert (await (await viewer(MORGAN)).do("sign_in", login="a", password="b"))["ok"] is False

    async def sign_in(login, password):
        return {"ok": password == "right", "must_change": True, "words": f"Hello {login}"}

    other = Workspace(clock=clock, limits=limits, sign_in=sign_in)
    await other.start()
    async with aiohttp.ClientSession() as session:
        socket = await session.ws_connect(f"{other.url}/page?as={ROBIN}", headers={"Origin": other.url})
        answer = await Viewer(socket).do("sign_in", login="robin", password="right")
    await other.stop()
    assert (answer["ok"], answer["must_change"], answer["words"]) == (True, True, "Hello robin")


@pytest.mark.parametrize("frame", ["no json", "[]", "7", '{"id": 1}', '{"id": 1, "do": "fly"}', '{"id":1,"do":"act"}'])
async def test_a_strange_frame_breaks_nothing(viewer, frame):
    """It is passed over or answered with ok false; the next one works."""
    page = await viewer(MORGAN)
    await page.socket.send_str(frame)
    page._last = 10
    assert (await page.do("world"))["ok"]
    assert all(one["ok"] is False for one in page.pushed)


async def test_what_was_said_is_on_record(bot, workspace):
    """Calls, payloads and acknowledgements, in both directions, without tokens."""
    await workspace.do(MORGAN, do="say", channel=DESK, text="/reset-password canary-7")
    await bot.client.chat_postMessage(channel=DESK, text="canary-8")
    kinds = {(said.direction, said.kind) for said in workspace.traffic}
    assert {("out", "slash_commands"), ("in", "ack"), ("in", "chat.postMessage")} <= kinds
    text = workspace.traffic.text()
    assert "canary-7" in text
    assert "canary-8" in text
    assert workspace.bot_token not in text
    assert workspace.traffic.calls("chat.postMessage") == [{"channel": DESK, "text": "canary-8"}]
    assert json.dumps(text)
