"""HTTP mode: signed POSTs, answers in their bodies, and events again after a failure."""

from __future__ import annotations

import asyncio
import json
from urllib.parse import parse_qs

import pytest
from aiohttp import web
from slack_sdk.signature import SignatureVerifier

from practice.errors import CannotDo

MORGAN, DESK = "U0MORGAN001", "C0ITDESK001"


class App:
    """A request URL that keeps what it hears and answers what it is told to."""

    def __init__(self):
        self.heard = asyncio.Queue()
        self.answers = []

    async def handle(self, request):
        body = await request.text()
        self.heard.put_nowait((request.headers.copy(), body))
        if self.answers:
            return self.answers.pop(0)
        return web.Response()


@pytest.fixture
async def app(workspace):
    served = App()
    application = web.Application()
    application.router.add_post("/slack/events", served.handle)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    served.posts = workspace.use_http(f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events")
    yield served
    await runner.cleanup()


async def test_a_command_is_a_signed_form(app, workspace, clock):
    """Slack's own verifier takes it; the members are a form's."""
    app.answers.append(web.json_response({"text": "done"}))
    await workspace.do(MORGAN, do="say", channel=DESK, text="/reset-password @robin")
    headers, body = await app.heard.get()
    verifier = SignatureVerifier(workspace.signing_secret)
    verifier.clock.now = lambda: clock().timestamp()
    assert verifier.is_valid_request(body, dict(headers))
    assert not verifier.is_valid_request(body + "x", dict(headers))
    form = parse_qs(body)
    assert (form["command"], form["text"]) == (["/reset-password"], ["<@U0ROBIN0001|robin>"])
    history = await workspace.do(MORGAN, do="history", channel=DESK)
    assert [one["text"] for one in history["messages"]] == ["done"]


async def test_a_submission_is_answered_in_the_body(app, workspace, client, build):
    """An interaction is JSON in the form's `payload`; response_action stands in the answer."""
    view = build.modal(build.field(), submit=build.text("Send"))
    made = (await client.views_open(trigger_id=workspace.triggers.new(MORGAN), view=view))["view"]
    app.answers.append(web.json_response({"response_action": "errors", "errors": {"code": "Wrong"}}))
    values = {"code": {"code_text": {"type": "plain_text_input", "value": "1"}}}
    assert await workspace.do(MORGAN, do="submit", view_id=made["id"], values=values) == {"errors": {"code": "Wrong"}}
    _, body = await app.heard.get()
    assert json.loads(parse_qs(body)["payload"][0])["type"] == "view_submission"


async def test_a_plain_text_answer_is_shown(app, workspace):
    """What is no JSON is text for the typist."""
    app.answers.append(web.Response(text="plain words"))
    await workspace.do(MORGAN, do="say", channel=DESK, text="/reset-password")
    history = await workspace.do(MORGAN, do="history", channel=DESK)
    assert [one["text"] for one in history["messages"]] == ["plain words"]


async def test_a_failing_app_is_dispatch_failed(app, workspace):
    """500, and no server at all; commands are never repeated."""
    app.answers.append(web.Response(status=500))
    with pytest.raises(CannotDo, match="dispatch_failed"):
        await workspace.do(MORGAN, do="say", channel=DESK, text="/reset-password")
    assert app.heard.qsize() == 1
    app.posts.url = "http://127.0.0.1:1/slack/events"
    with pytest.raises(CannotDo, match="dispatch_failed"):
        await workspace.do(MORGAN, do="say", channel=DESK, text="/reset-password")


async def test_an_event_comes_again_with_its_number_and_reason(app, workspace):
    """Three retries, numbered, with x-slack-retry-reason; the first has neither header."""
    app.answers += [web.Response(status=500) for _ in range(4)]
    await workspace.do(MORGAN, do="home")
    heard = [await app.heard.get() for _ in range(4)]
    assert [headers.get("x-slack-retry-num") for headers, _ in heard] == [None, "1", "2", "3"]
    assert [headers.get("x-slack-retry-reason") for headers, _ in heard] == [None, *["http_error"] * 3]
    assert len({json.loads(body)["event_id"] for _, body in heard}) == 1


async def test_no_retry_is_heeded(app, workspace):
    """x-slack-no-retry: 1 ends it."""
    app.answers += [web.Response(status=500, headers={"x-slack-no-retry": "1"}), web.Response()]
    await workspace.do(MORGAN, do="home")
    await app.heard.get()
    await workspace.do("U0ROBIN0001", do="home")
    _, body = await app.heard.get()
    assert json.loads(body)["event"]["user"] == "U0ROBIN0001"


async def test_a_request_url_is_verified_by_a_challenge(app):
    """url_verification wants its challenge back, as JSON or as text."""
    assert not await app.posts.verify()

    async def echo(request):
        challenge = (await request.json())["challenge"]
        return web.json_response({"challenge": challenge})

    application = web.Application()
    application.router.add_post("/", echo)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    app.posts.url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
    assert await app.posts.verify()
    await runner.cleanup()
