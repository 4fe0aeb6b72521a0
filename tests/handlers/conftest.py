"""A whole house with Slack before its door: what people do goes in as payloads, what Slack hears comes out."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import itertools
import json
import time
from urllib.parse import urlencode

import aiohttp
import pytest
from slack_bolt.async_app import AsyncApp, AsyncBoltRequest
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack import InFlight
from handlers.register import register
from store import forms, requests
from tests.handlers.filewire import FileWire
from tests.support import house as houses
from tests.support.slackwire import APP, TEAM, TOKEN, person

SECRET = "signing-secret"
ADA, BOB, EVE = "U0ADA", "U0BOB", "U0EVE"


class Slack:
    """Slack as people use it: does what they do, and keeps what it hears."""

    def __init__(self, house, wire, app, in_flight, mode):
        self.house = house
        self.wire = wire
        self.app = app
        self.in_flight = in_flight
        self.mode = mode
        self.lands = True  # the ack's view is put up
        self._ids = itertools.count(1)

    async def send(self, body, *, wait=True):
        """Deliver a payload; returns (status, the answer's JSON or {}), after the listener has ended."""
        answer = await self.app.async_dispatch(self._request(body))
        said = json.loads(answer.body) if answer.body.startswith("{") else {}
        if self.lands and said.get("response_action") == "update":
            self.wire.put(body["view"]["id"], said["view"])
        if wait:
            for _ in range(3):  # Bolt acknowledges an event before its listener's task has begun
                await asyncio.sleep(0)
            assert await self.in_flight.drain(10) == 0
        return answer.status, said

    def _request(self, body):
        if self.mode == "socket_mode":
            return AsyncBoltRequest(mode="socket_mode", body=body)
        if "command" in body:
            raw, kind = urlencode(body), "application/x-www-form-urlencoded"
        elif body["type"] == "event_callback":
            raw, kind = json.dumps(body), "application/json"
        else:
            raw, kind = urlencode({"payload": json.dumps(body)}), "application/x-www-form-urlencoded"
        stamp = str(int(time.time()))
        mac = hmac.new(SECRET.encode(), f"v0:{stamp}:{raw}".encode(), hashlib.sha256).hexdigest()
        signed = {"x-slack-request-timestamp": stamp, "x-slack-signature": f"v0={mac}", "content-type": kind}
        return AsyncBoltRequest(body=raw, headers=signed)

    def rules(self, **changes):
        """Change the rules under the bot's feet, as another configuration would."""
        self.house.with_rules(**changes)
        self.app._async_listeners.clear()
        register(self.app, self.house.tools, app_id=APP)

    # -- what people do ----------------------------------------------------------------------------------------

    async def command(self, user, text="", /, *, wait=True, **changes):
        return await self.send(self.command_body(user, text) | changes, wait=wait)

    def command_body(self, user, text=""):
        return {
            "command": "/reset-password",
            "text": text,
            "team_id": TEAM,
            "user_id": user,
            "channel_id": "C0GENERAL",
            "api_app_id": APP,
            "is_enterprise_install": "false",
            "response_url": f"{self.wire.url}/respond",
            "trigger_id": f"trigger.{next(self._ids)}",
        }

    async def shortcut(self, user, author, /, **changes):
        message = {"type": "message", "ts": "1.1", "text": "I forgot it", **({"user": author} if author else {})}
        body = self._interaction("message_action", user) | {"callback_id": "reset_person", "message": message}
        return await self.send(body | {"response_url": f"{self.wire.url}/respond"} | changes)

    async def press(self, user, action_id, value="", /, **changes):
        """Press a button of a message."""
        body = self.press_body(user, action_id, value) | {"response_url": f"{self.wire.url}/respond"}
        return await self.send(body | {"container": {"type": "message"}} | changes)

    async def press_in_view(self, user, action_id, value="", /, values=None, **changes):
        """Press a button of the modal that lies on top."""
        view_id = self.wire.view_id
        known = self.wire.views[view_id]
        shown = known["view"] | {"id": view_id, "hash": known["hash"], "state": {"values": values or {}}}
        body = self.press_body(user, action_id, value) | {"view": shown, "container": {"type": "view"}}
        return await self.send(body | changes)

    async def press_home(self, user, action_id="home_reset", /, **changes):
        body = self.press_body(user, action_id, "") | {"view": {"type": "home", "id": "VHOME", "hash": "1.1"}}
        return await self.send(body | {"container": {"type": "view"}} | changes)

    def press_body(self, user, action_id, value):
        action = {"type": "button", "action_id": action_id, "block_id": "b1", "value": value, "action_ts": "1.1"}
        return self._interaction("block_actions", user) | {"actions": [action]}

    async def submit(self, user, values, /, *, wait=True, view=None, **changes):
        """Submit the modal that is open; `view` replaces parts of it."""
        return await self.send(self.submission(user, values, view=view) | changes, wait=wait)

    def submission(self, user, values, *, view=None):
        view_id = self.wire.view_id
        known = self.wire.views[view_id]
        shown = known["view"] | {"id": view_id, "hash": known["hash"], "state": {"values": values}} | (view or {})
        return self._interaction("view_submission", user) | {"view": shown, "response_urls": []}

    async def type(self, user, letters, /, action_id="who_pick", **changes):
        """Type into a typeahead of the open modal."""
        return await self.send(self.suggestion_body(user, letters, action_id) | changes)

    def suggestion_body(self, user, letters, action_id):
        view_id = self.wire.view_id
        view = self.wire.views[view_id]["view"] | {"id": view_id}
        body = self._interaction("block_suggestion", user) | {"view": view, "container": {"type": "view"}}
        body |= {"block_id": action_id.partition("_")[0], "action_id": action_id, "value": letters}
        return body

    async def open_home(self, user, /, tab="home", **changes):
        event = {"type": "app_home_opened", "user": user, "channel": "D1", "tab": tab, "event_ts": "1.1"}
        body = {"type": "event_callback", "team_id": TEAM, "api_app_id": APP, "event": event, "event_id": "Ev1"}
        return await self.send(body | changes)

    def _interaction(self, kind, user):
        return {
            "type": kind,
            "user": {"id": user, "username": "x", "name": "x", "team_id": TEAM},
            "team": {"id": TEAM, "domain": "acme"},
            "api_app_id": APP,
            "token": "retired",
            "enterprise": None,
            "is_enterprise_install": False,
            "trigger_id": f"trigger.{next(self._ids)}",
        }

    # -- what a filled form sends --------------------------------------------------------------------------------

    def reset_values(self, code=None, verified=None, **changes):
        """Return the values of the filled reset form; `verified` where it asks how the caller was."""
        values = {
            "why": {"why_pick": {"type": "static_select", "selected_option": {"value": "forgot"}}},
            "ticket": {"ticket_text": {"type": "plain_text_input", "value": None}},
            "options": {"options_tick": {"type": "checkboxes", "selected_options": [{"value": "must_change"}]}},
            "delivery": {"delivery_tick": {"type": "checkboxes", "selected_options": [{"value": "dm"}]}},
            "code": {"code_text": {"type": "plain_text_input", "value": code or self.house.code()}},
        }
        if verified:
            values["verified"] = {"verified_pick": {"type": "static_select", "selected_option": {"value": verified}}}
        return values | changes

    def bulk_values(self, *, people=(), groups=(), file=None, pasted=None, start=None, **changes):
        """Return the values of the filled form for many; `people` and `groups` are options as they were offered."""
        element = {"type": "multi_external_select"}
        files = [{"id": file, "name": "lies.csv", "url_private_download": "https://evil.example/"}] if file else []
        values = {
            "people": {"bulk_people": element | {"selected_options": list(people)}},
            "groups": {"bulk_groups": element | {"selected_options": list(groups)}},
            "file": {"bulk_file": {"type": "file_input", "files": files}},
            "pasted": {"pasted_text": {"type": "plain_text_input", "value": pasted}},
            "start": {"start_pick": {"type": "datetimepicker", "selected_date_time": start}},
        }
        values |= {key: value for key, value in self.reset_values().items() if key != "code"}
        return values | changes

    def proof_values(self, code=None, number=None):
        """Return the values of the filled preview."""
        values = {"code": {"code_text": {"type": "plain_text_input", "value": code or self.house.code()}}}
        if number is not None:
            values["number"] = {"number_text": {"type": "plain_text_input", "value": number}}
        return values

    def code_values(self, code=None):
        """Return the values of a form that asks for a code alone."""
        return {"code": {"code_text": {"type": "plain_text_input", "value": code or self.house.code()}}}

    def why_values(self, why):
        """Return the values of the question why a request is denied."""
        return {"why": {"why_text": {"type": "plain_text_input", "value": why}}}

    async def preview(self, user=ADA, **chosen):
        """Ask for many, from the command to the preview."""
        await self.command(user, "bulk")
        _, heard = await self.submit(user, self.bulk_values(**chosen))
        assert heard.get("response_action") == "update", heard

    def pickup_values(self, code):
        return {"pickup": {"pickup_text": {"type": "plain_text_input", "value": code}}}

    def who_values(self, *, who=None, choice=None):
        picked = {"type": "external_select", "selected_option": {"value": who} if who else None}
        values = {"who": {"who_pick": picked}}
        if choice:
            values["choice"] = {"choice_pick": {"type": "static_select", "selected_option": {"value": choice}}}
        return values

    async def reset(self, user=ADA, text="bob", **changes):
        """Ask for a reset from the command to the submission; returns the pickup code."""
        await self.command(user, text)
        _, answer = await self.submit(user, self.reset_values(**changes))
        assert answer["response_action"] == "update", answer
        return next(b["text"]["text"] for b in answer["view"]["blocks"] if b["type"] == "header")

    async def target_id(self):
        """Return the id in the button that the target's message has."""
        from resets.facts import ShowFacts

        await self.house.pump()
        return self.house.last(ShowFacts).facts.target_id


async def request_of(house, form_id):
    """Return the request that a form has previewed."""
    async with house.store.read() as tx:
        form = await forms.get(tx, form_id)
        return await requests.get(tx, form.state["preview"]["request"])


@pytest.fixture
async def house(tmp_path):
    built = await houses.build(tmp_path)
    from desk import sweep

    await sweep.refresh(built.tools, "corp")
    built.directory.calls.clear()
    yield built
    await houses.raze(built)


@pytest.fixture
async def wire():
    made = FileWire(people={user: person(user, user[2:].title()) for user in (ADA, BOB, EVE)})
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def slack(house, wire):
    async with _slack(house, wire, "socket_mode") as made:
        yield made


@pytest.fixture(params=["socket_mode", "http"])
async def either(house, wire, request):
    """Slack in both modes: same listeners, same answers."""
    async with _slack(house, wire, request.param) as made:
        yield made


class _slack:  # noqa: N801 - reads as a function
    def __init__(self, house, wire, mode):
        self.parts = (house, wire, mode)

    async def __aenter__(self):
        house, wire, mode = self.parts
        self.session = aiohttp.ClientSession()
        client = AsyncWebClient(token=TOKEN, base_url=f"{wire.url}/api/", session=self.session)

        async def authorize(**_):
            return AuthorizeResult(enterprise_id=None, team_id=TEAM, bot_user_id="U0BOT", bot_id="B0", bot_token=TOKEN)

        app = AsyncApp(name="rekey", client=client, authorize=authorize, signing_secret=SECRET)
        in_flight = InFlight()
        app.listener_runner.listener_start_handler = in_flight
        register(app, house.tools, app_id=APP)
        return Slack(house, wire, app, in_flight, mode)

    async def __aexit__(self, *_):
        await self.session.close()
