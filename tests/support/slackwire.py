"""A small Slack on a real socket: answers the Web API, keeps views, takes `response_url` posts, records everything."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import warnings
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web

TEAM = "T0REKEY"
APP = "A0REKEY"
TOKEN = "xoxb-test-token"


def person(user, name="Some Body", **facts):
    """Describe a full, living member as users.info does; `facts` replace what differs."""
    base = {"id": user, "team_id": TEAM, "name": name.lower(), "real_name": name, "deleted": False, "is_bot": False}
    return {**base, "is_restricted": False, "is_ultra_restricted": False, "profile": {"email": ""}, **facts}


@dataclass
class Wire:
    """What Slack knows, what it was asked, and what it shows."""

    people: dict = field(default_factory=dict)
    calls: list = field(default_factory=list)  # (method, arguments)
    posts: list = field(default_factory=list)  # what came by response_url
    views: dict = field(default_factory=dict)  # id -> {"view", "hash"}
    homes: dict = field(default_factory=dict)  # user -> view
    wrong: dict = field(default_factory=dict)  # method -> errors to answer next; an Event to wait for
    triggers: set = field(default_factory=set)  # used ones
    url: str = ""
    runner: web.AppRunner | None = None
    _asked: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def start(self):
        site = web.Application()
        site.router.add_route("*", "/api/{method}", self._call)
        site.router.add_post("/respond", self._respond)
        site.router.add_routes(self.more())
        self.runner = web.AppRunner(site, access_log=None)
        await self.runner.setup()
        await web.TCPSite(self.runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self.runner.addresses[0][1]}"

    def more(self):
        """Return the routes of whoever builds on this."""
        return []

    async def stop(self):
        await self.runner.cleanup()

    async def asked(self, method):
        """Wait until a method has been called."""
        async with self._asked, asyncio.timeout(10):
            await self._asked.wait_for(lambda: self.called(method))

    def called(self, method):
        return [arguments for name, arguments in self.calls if name == method]

    def put(self, view_id, view):
        """Show another view in an open modal, as Slack does with an ack's view or of its own accord."""
        stamp = f"{len(self.calls)}.{id(view):x}"
        self.views[view_id] = {"view": view, "hash": stamp}
        return stamp

    @property
    def view_id(self):
        return next(reversed(self.views))

    @property
    def view(self):
        """The modal that was opened last, as it looks now."""
        return self.views[self.view_id]["view"]

    async def _respond(self, request):
        self.posts.append(await request.json())
        return web.Response(text="ok")

    async def _call(self, request):
        method = request.match_info["method"]
        arguments = await _arguments(request)
        self.calls.append((method, arguments))
        async with self._asked:
            self._asked.notify_all()
        fault = self.wrong[method].pop(0) if self.wrong.get(method) else None
        if isinstance(fault, asyncio.Event):
            await fault.wait()
        elif isinstance(fault, web.Response):
            return fault
        elif fault is not None:
            return web.json_response({"ok": False, "error": fault})
        try:
            answer = getattr(self, "_" + method.replace(".", "_"))(arguments)
        except KeyError as error:
            return web.json_response({"ok": False, "error": error.args[0]})
        return web.json_response({"ok": True, **answer})

    def _users_info(self, arguments):
        if arguments["user"] not in self.people:
            raise KeyError("user_not_found")
        return {"user": self.people[arguments["user"]]}

    def _users_lookupByEmail(self, arguments):  # noqa: N802 - Slack's own spelling
        for known in self.people.values():
            if known["profile"].get("email") == arguments["email"]:
                return {"user": known}
        raise KeyError("users_not_found")

    def _views_open(self, arguments):
        if arguments["trigger_id"] in self.triggers:
            raise KeyError("exchanged_trigger_id")
        self.triggers.add(arguments["trigger_id"])
        view_id = f"V{len(self.views) + 1:04}"
        return self._shown(view_id, self.put(view_id, checked(arguments["view"])))

    def _views_update(self, arguments):
        known = self.views.get(arguments["view_id"])
        if known is None:
            raise KeyError("not_found")
        if arguments.get("hash") not in (None, known["hash"]):
            raise KeyError("hash_conflict")
        return self._shown(arguments["view_id"], self.put(arguments["view_id"], checked(arguments["view"])))

    def _views_push(self, arguments):
        return self._views_open(arguments)

    def _views_publish(self, arguments):
        self.homes[arguments["user_id"]] = checked(arguments["view"])
        return self._shown("VHOME", "1.1")

    def _shown(self, view_id, stamp):
        return {"view": {"id": view_id, "hash": stamp}}


async def _arguments(request):
    if request.content_type == "application/json":
        given = await request.json()
    else:
        given = dict(await request.post()) | dict(request.query)
    return {k: json.loads(v) if k == "view" and isinstance(v, str) else v for k, v in given.items() if v is not None}


def checked(view):
    """Hold a view against Slack's own schema where that stands beside the project."""
    if (specs := os.environ.get("REKEY_SPECS")) is not None:
        folder = str(Path(specs) / "slack")
        if folder not in sys.path:
            sys.path.append(folder)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)  # it leaves its files to the collector
            import slack_specs

        faults = slack_specs.view_errors(view)
        assert not faults, faults
    return view


def texts(value):
    """Return every text that a person reads in a view, a message or an answer, one after another."""
    if isinstance(value, dict):
        own = [value["text"]] if isinstance(value.get("text"), str) else []
        return "\n".join(own + [t for t in (texts(v) for v in value.values()) if t])
    if isinstance(value, list):
        return "\n".join(t for t in (texts(v) for v in value) if t)
    return ""
