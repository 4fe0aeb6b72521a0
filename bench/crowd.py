"""Fifty people at their Slack: what they do as signed requests, when they do it, and how soon it is acknowledged."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
from dataclasses import dataclass
from urllib.parse import urlencode

import aiohttp
import pyotp

from bench.slack import APP, SIGNING, TEAM

STEP = 30  # seconds that a code is shown


@dataclass
class Person:
    """One enrolled admin, with a phone."""

    user: str
    login: str
    seed: str
    used: int = 0

    async def code(self):
        """Return a code that the bot takes, once there is one that was not used: each works once."""
        step = max(int(time.time()) // STEP, self.used + 1)
        self.used = step
        # The code of the step after the present one is good already.
        await asyncio.sleep(max(0.0, (step - 1) * STEP - time.time()))
        return pyotp.TOTP(self.seed).at(step * STEP)


@dataclass(frozen=True)
class Did:
    """One thing that was done: when after the beginning (seconds), what, and how it was taken."""

    at: float
    kind: str
    body: str
    ms: float
    answer: dict


class Door:
    """Posts to one app, and keeps what was posted."""

    def __init__(self, url):
        self._url = f"{url}/slack/events"
        self.done = []
        self.began = time.perf_counter()

    async def __aenter__(self):
        self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        return self

    async def __aexit__(self, *_):
        await self._session.close()

    async def post(self, kind, body):
        """Post a body, signed; it is acknowledged when the whole answer has been read."""
        stamp = str(int(time.time()))
        mac = hmac.new(SIGNING.encode(), f"v0:{stamp}:{body}".encode(), hashlib.sha256).hexdigest()
        headers = {
            "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": f"v0={mac}",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        sent = time.perf_counter()
        async with self._session.post(self._url, data=body.encode(), headers=headers) as response:
            text = await response.text()
        ms = (time.perf_counter() - sent) * 1000
        if response.status != 200:
            raise RuntimeError(f"{kind}: {response.status} {text[:200]}")
        did = Did(sent - self.began, kind, body, ms, json.loads(text) if text.startswith("{") else {})
        self.done.append(did)
        return did

    def times(self, kind, since=0):
        return tuple(did.ms for did in self.done[since:] if did.kind == kind)


async def replay(door, done):
    """Do the same again at the same times, however long each takes."""
    began = time.perf_counter()

    async def again(did):
        await asyncio.sleep(max(0.0, did.at - done[0].at - (time.perf_counter() - began)))
        await door.post(did.kind, did.body)

    async with asyncio.TaskGroup() as group:
        for did in done:
            group.create_task(again(did))


# -- bodies ----------------------------------------------------------------------------------------------------


def command(user, text, trigger):
    return urlencode(
        {
            "command": "/reset-password",
            "text": text,
            "token": "retired",
            "team_id": TEAM,
            "team_domain": "bench",
            "user_id": user,
            "user_name": user.lower(),
            "channel_id": "C0BENCH0001",
            "channel_name": "general",
            "api_app_id": APP,
            "is_enterprise_install": "false",
            "response_url": "http://127.0.0.1:9/nobody",
            "trigger_id": trigger,
        }
    )


def suggestion(user, modal, letters):
    view = {**modal.view, "id": modal.id, "hash": modal.hash}
    asked = {"block_id": "who", "action_id": "who_pick", "value": letters, "container": {"type": "view"}}
    return _interaction("block_suggestion", user, view, **asked)


def submission(user, modal, code):
    values = {
        "why": {"why_pick": {"type": "static_select", "selected_option": {"value": "forgot"}}},
        "verified": {"verified_pick": {"type": "static_select", "selected_option": {"value": "call_back"}}},
        "ticket": {"ticket_text": {"type": "plain_text_input", "value": None}},
        "options": {"options_tick": {"type": "checkboxes", "selected_options": [{"value": "must_change"}]}},
        "delivery": {"delivery_tick": {"type": "checkboxes", "selected_options": [{"value": "dm"}]}},
        "code": {"code_text": {"type": "plain_text_input", "value": code}},
    }
    view = {**modal.view, "id": modal.id, "hash": modal.hash, "state": {"values": values}}
    return _interaction("view_submission", user, view, trigger_id="0.none", response_urls=[])


def press(user, action, value, channel, trigger):
    """Press a button of a message in a channel."""
    message = {"type": "message", "ts": "1.000001", "text": "", "bot_id": "B0BENCH0001"}
    container = {"type": "message", "message_ts": "1.000001", "channel_id": channel, "is_ephemeral": False}
    pressed = {"type": "button", "action_id": action, "block_id": "approval", "value": value, "action_ts": "1.0"}
    body = {
        "container": container,
        "channel": {"id": channel, "name": "approvals"},
        "message": message,
        "actions": [pressed],
        "trigger_id": trigger,
        "response_url": "http://127.0.0.1:9/nobody",
    }
    return _interaction("block_actions", user, None, **body)


def code_sent(user, modal, code):
    """Send a modal off that asks for a code alone."""
    values = {"code": {"code_text": {"type": "plain_text_input", "value": code}}}
    view = {**modal.view, "id": modal.id, "hash": modal.hash, "state": {"values": values}}
    return _interaction("view_submission", user, view, trigger_id="0.none", response_urls=[])


def _interaction(kind, user, view, **more):
    body = {
        "type": kind,
        "user": {"id": user, "username": user.lower(), "name": user.lower(), "team_id": TEAM},
        "team": {"id": TEAM, "domain": "bench"},
        "api_app_id": APP,
        "token": "retired",
        "enterprise": None,
        "is_enterprise_install": False,
    }
    if view is not None:
        body["view"] = {"team_id": TEAM, "app_id": APP, "bot_id": "B0BENCH0001", **view}
    return urlencode({"payload": json.dumps(body | more)})
