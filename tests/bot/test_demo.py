"""The demo: a newcomer's first reset, over the wire, with the bot in a process of its own that may be killed."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
from datetime import timedelta

import pyotp
import pytest

from bot.assembly import clock
from bot.demo import Demo
from bot.errors import OperatorError

MORGAN, ROBIN, GENERAL = "U0MORGAN001", "U0ROBIN0001", "C0GENERAL01"
pytestmark = pytest.mark.journey


class Viewer:
    """One person at the page."""

    def __init__(self, workspace, user):
        self.workspace = workspace
        self.user = user

    async def do(self, what, **frame):
        return await self.workspace.do(self.user, do=what, **frame)

    def view(self):
        return self.workspace.modals.top(self.user)

    async def until(self, look, seconds=20):
        """Wait for what another process does, and return it."""
        async with asyncio.timeout(seconds):
            while not (found := await look()):  # noqa: ASYNC110 - another process has no event to wait for
                await asyncio.sleep(0.05)
        return found

    async def view_like(self, text):
        async def look():
            view = self.view()
            return view if view is not None and text in json.dumps(view.body) else None

        return await self.until(look)

    async def messages(self):
        world = await self.do("world")
        app = next(c["id"] for c in world["conversations"] if c["kind"] == "app")
        return app, (await self.do("history", channel=app))["messages"]

    async def message_like(self, text, *, besides=frozenset()):
        """Wait for a message with a text, other than those with the stamps in `besides`."""

        async def look():
            channel, found = await self.messages()
            return next(((channel, m) for m in found if text in json.dumps(m) and m["ts"] not in besides), None)

        return await self.until(look)

    async def fits(self, offset=0):
        seed = self.workspace.phones[self.user][0][2]
        return pyotp.TOTP(seed).at(clock() + timedelta(seconds=30 * offset))


def elements(body, kind):
    return [b["element"] | {"block": b["block_id"]} for b in body["blocks"] if b.get("element", {}).get("type") == kind]


async def ask_for_robin(morgan, code):
    """Type the command, fill the modal: how the caller was verified, the code, the rest as it is; the pickup code."""
    await morgan.do("say", channel=GENERAL, text="/reset-password @robin")
    view = await morgan.view_like("code_text")
    how = {"type": "static_select", "selected_option": {"value": "call_back"}}
    values = {"verified": {"verified_pick": how}, "code": {"code_text": {"type": "plain_text_input", "value": code}}}
    answer = await morgan.do("submit", view_id=view.id, values=values)
    assert answer == {}
    shown = await morgan.view_like("-")
    return re.search(r"\b[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}\b", json.dumps(shown.body))[0]


async def collect(robin, pickup, *, besides=frozenset()):
    """Press *Show* of a message that is not among `besides`, enter the pickup code, and read the password."""
    channel, message = await robin.message_like("show_password", besides=besides)
    block, button = next(
        (b, e) for b in message["blocks"] for e in b.get("elements", ()) if e.get("action_id") == "show_password"
    )
    await robin.do(
        "act",
        container={"type": "message", "channel": channel, "ts": message["ts"]},
        action={
            "type": "button",
            "block_id": block["block_id"],
            "action_id": "show_password",
            "value": button["value"],
        },
        values={},
    )
    view = await robin.view_like("pickup_text")
    values = {"pickup": {"pickup_text": {"type": "plain_text_input", "value": pickup}}}
    assert await robin.do("submit", view_id=view.id, values=values) == {}
    shown = json.dumps(robin.view().body)
    return re.search(r"\b[A-Z][a-z]+(?:-[a-z]+){4}-[0-9]\b", shown)[0]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("demo")


@pytest.fixture
async def demo(folder):
    async with Demo(folder) as running:
        await connected(running)
        yield running


async def connected(running):
    morgan = Viewer(running.workspace, MORGAN)

    async def look():
        return (await morgan.do("world"))["status"]["bot_connected"]

    await morgan.until(look)


async def test_one_reset_from_command_to_sign_in(demo):
    """An admin asks, the person collects, the directory takes the new password, and it must be changed."""
    morgan, robin = Viewer(demo.workspace, MORGAN), Viewer(demo.workspace, ROBIN)
    pickup = await ask_for_robin(morgan, await morgan.fits())
    password = await collect(robin, pickup)
    entered = await robin.do("sign_in", login="robin.meyer", password=password)
    assert entered["ok"], entered
    assert entered["must_change"]
    log = (demo.data / "bot.log").read_text()
    assert password not in log
    assert pickup not in log


async def test_the_bot_may_be_killed_between_the_request_and_the_delivery(demo):
    """After kill -9 right at the submission, the restarted bot finishes the reset; and the folder can be used again."""
    morgan, robin = Viewer(demo.workspace, MORGAN), Viewer(demo.workspace, ROBIN)
    before = {m["ts"] for m in (await robin.messages())[1]}
    old = demo.bot.pid
    pickup = await ask_for_robin(morgan, await morgan.fits(offset=1))
    os.kill(old, signal.SIGKILL)

    async def look():
        _, found = await robin.messages()
        return [m for m in found if m["ts"] not in before and "show_password" in json.dumps(m)]

    await robin.until(look, 40)
    assert demo.bot.pid not in {None, old}
    await connected(demo)
    # The last test's message may still have its button: what was being said at the stop is said a little later.
    password = await collect(robin, pickup, besides=before)
    assert (await robin.do("sign_in", login="robin.meyer", password=password))["ok"]


async def test_a_folder_holds_one_demo(demo):
    """A second demo in the same folder is refused, and does not touch the first one's configuration."""
    before = (demo.data / "rekey.toml").read_text()
    with pytest.raises(OperatorError, match="Another demo runs in the folder"):
        await Demo(demo.data).__aenter__()
    assert (demo.data / "rekey.toml").read_text() == before


@pytest.mark.parametrize(("name", "content"), [("phones.json", "{"), ("rekey.db", "no database")])
async def test_a_damaged_folder_is_a_sentence(tmp_path, name, content):
    """What cannot be used again is said with the folder's name."""
    (tmp_path / name).write_text(content)
    with pytest.raises(OperatorError, match=f"{tmp_path} is damaged"):
        await Demo(tmp_path).__aenter__()
