"""The leanest Slack that the bot can work with: answers at once, judges nothing, notes when a modal opens and fills.

The practice workspace validates all that it is given, which costs as much time as the bot does; a measure needs less.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from dataclasses import dataclass, field

from aiohttp import WSMsgType, web

TEAM, APP, BOT, BOT_USER = "T0BENCH0001", "A0BENCH0001", "B0BENCH0001", "U0BENCHBOT1"
BOT_TOKEN, APP_TOKEN, SIGNING = "xoxb-bench-token", "xapp-1-bench-token", "bench-signing-secret"


@dataclass
class Modal:
    """One modal, from the click that asked for it to the answer that fills it."""

    id: str = ""
    hash: str = ""
    view: dict = field(default_factory=dict)
    opened_at: float = 0.0
    filled_at: float = 0.0
    opened: asyncio.Event = field(default_factory=asyncio.Event)
    filled: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def good(self):
        """Say whether it was filled with the reset form, and not with a reason why not."""
        return any(block.get("block_id") == "code" for block in self.view.get("blocks", ()))


class Slack:
    """A Slack on a free port of 127.0.0.1."""

    def __init__(self):
        self._modals = {}  # by trigger
        self._by_id = {}
        self._ids = itertools.count(1)
        self.said = 0  # messages posted
        self.url = ""

    async def start(self):
        site = web.Application()
        site.router.add_route("*", "/api/{method}", self._call)
        site.router.add_get("/socket", self._socket)
        site.router.add_post("/upload", self._upload)
        self._runner = web.AppRunner(site, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self):
        await self._runner.cleanup()

    def click(self):
        """Hand out a trigger and the modal that will be opened with it."""
        trigger = f"{next(self._ids)}.bench"
        self._modals[trigger] = Modal()
        return trigger, self._modals[trigger]

    async def _call(self, request):
        if request.content_type == "application/json":
            given = await request.json()
        else:
            given = {**request.query, **await request.post()}
        answer = getattr(self, "_" + request.match_info["method"].replace(".", "_"))(given)
        return web.json_response({"ok": True, **answer}, headers={"x-oauth-scopes": "commands"})

    async def _socket(self, request):
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json({"type": "hello", "num_connections": 1, "connection_info": {"app_id": APP}})
        async for message in socket:
            if message.type is WSMsgType.ERROR:
                break
        return socket

    async def _upload(self, request):
        await request.read()
        return web.Response()

    def _auth_test(self, _):
        return {"team_id": TEAM, "user_id": BOT_USER, "bot_id": BOT, "user": "rekey", "team": "Bench", "url": self.url}

    def _bots_info(self, _):
        return {"bot": {"id": BOT, "app_id": APP, "user_id": BOT_USER, "name": "rekey", "deleted": False}}

    def _apps_connections_open(self, _):
        return {"url": self.url.replace("http", "ws") + "/socket"}

    def _users_info(self, given):
        return {"user": _member(given["user"], "")}

    def _users_lookupByEmail(self, given):  # noqa: N802 - Slack's own spelling
        return {"user": _member("U" + given["email"].partition("@")[0].upper(), given["email"])}

    def _views_open(self, given):
        now = time.perf_counter()
        modal = self._modals.pop(given["trigger_id"])
        modal.id, modal.hash, modal.view, modal.opened_at = f"V{next(self._ids):09}", "h1", _view(given), now
        self._by_id[modal.id] = modal
        modal.opened.set()
        return {"view": {"id": modal.id, "hash": modal.hash}}

    def _views_update(self, given):
        now = time.perf_counter()
        modal = self._by_id.pop(given["view_id"], None) or Modal()
        modal.hash, modal.view, modal.filled_at = "h2", _view(given), now
        modal.filled.set()
        return {"view": {"id": modal.id, "hash": modal.hash}}

    def _chat_postMessage(self, given):  # noqa: N802 - Slack's own spelling
        self.said += 1
        return {"channel": given["channel"], "ts": f"{self.said}.000001"}

    def _chat_update(self, given):
        return {"channel": given["channel"], "ts": given["ts"]}

    def _conversations_open(self, given):
        return {"channel": {"id": "D" + given["users"]}}

    def _conversations_info(self, given):
        return {"channel": {"id": given["channel"], "name": "bench", "is_private": True}}

    def _conversations_history(self, _):
        return {"messages": []}

    _conversations_replies = _conversations_history

    def _files_getUploadURLExternal(self, _):  # noqa: N802 - Slack's own spelling
        return {"upload_url": f"{self.url}/upload", "file_id": f"F{next(self._ids):09}"}

    def _files_completeUploadExternal(self, given):  # noqa: N802 - Slack's own spelling
        files = given["files"]
        return {"files": json.loads(files) if isinstance(files, str) else files}


def _view(given):
    view = given["view"]
    return json.loads(view) if isinstance(view, str) else view


def _member(user, mail):
    names = {"real_name": user.title(), "display_name": user.lower()}
    kind = {"deleted": False, "is_bot": False, "is_restricted": False, "is_ultra_restricted": False}
    return {"id": user, "team_id": TEAM, "name": user.lower(), **names, **kind, "profile": {**names, "email": mail}}
