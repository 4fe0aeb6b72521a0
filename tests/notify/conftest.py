"""A Slack and a mail server on loopback, in the same process, that record what they were told."""

from __future__ import annotations

import asyncio
import json
import ssl
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from aiosmtpd.smtp import SMTP, AuthResult
from slack_sdk.web.async_client import AsyncWebClient

from tests.support.authority import Authority
from tests.support.specs import slack_specs

__all__ = ["authority", "client", "slack", "slack_specs", "start_post"]


@dataclass
class FakeSlack:
    """Answers the few methods that `say` calls; `answers` holds what to answer instead, once each, in order."""

    url: str = ""
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    answers: dict[str, list[Any]] = field(default_factory=dict)
    messages: list[dict[str, Any]] = field(default_factory=list)
    member: dict[str, Any] = field(default_factory=lambda: {"id": "U0ANNA", "team_id": "T0123"})
    page: int = 100
    uploads: dict[str, bytes] = field(default_factory=dict)
    post: list[Any] = field(default_factory=list)  # what the file host answers instead, once each

    async def handle(self, request):
        method = request.match_info["method"]
        body = await request.json() if request.content_type == "application/json" else dict(await request.post())
        args = {**dict(request.query), **body}
        self.calls.append((method, args))
        canned = self.answers.get(method)
        if canned:
            answer = canned.pop(0)
            if answer == "lost":  # Slack did it, and its answer was lost on the way
                self.answer(method, args)
                request.transport.close()
                raise ConnectionResetError
            if isinstance(answer, web.Response):
                return answer
            return web.json_response(answer)
        return web.json_response({"ok": True, **self.answer(method, args)})

    async def take(self, request):
        """Take an upload's bytes, as Slack's file host does."""
        self.calls.append(("upload", {"authorization": request.headers.get("Authorization")}))
        if self.post:
            return self.post.pop(0)
        self.uploads[request.match_info["id"]] = await request.read()
        return web.Response(text="OK")

    def answer(self, method, args):
        match method:
            case "files.getUploadURLExternal":
                file_id = f"F{len(self.named(method))}"
                return {"upload_url": self.url.replace("/api/", f"/upload/{file_id}"), "file_id": file_id}
            case "files.completeUploadExternal":
                (told,) = json.loads(args["files"])
                begun = self.named("files.getUploadURLExternal")[int(told["id"][1:]) - 1]
                files = [{"id": told["id"], "name": begun["filename"], "title": told["title"]}]
                self.messages.append({**args, "files": files, "ts": f"1.{len(self.messages)}"})
                return {"files": files}
            case "conversations.replies":
                return {"messages": [one for one in self.messages if one.get("thread_ts") == args["ts"]]}
            case "users.info":
                return {"user": self.member}
            case "conversations.open":
                return {"channel": {"id": "D0ANNA"}}
            case "chat.postMessage":
                self.messages.append({**args, "ts": f"1.{len(self.messages)}"})
                return {"channel": "D0ANNA", "ts": self.messages[-1]["ts"]}
            case "chat.update":
                return {"channel": args["channel"], "ts": args["ts"]}
            case "conversations.history":
                newest = list(reversed(self.messages))
                at = int(args.get("cursor") or 0)
                more = str(at + self.page) if at + self.page < len(newest) else ""
                return {"messages": newest[at : at + self.page], "response_metadata": {"next_cursor": more}}
        raise AssertionError(method)

    def named(self, method):
        return [args for called, args in self.calls if called == method]


@pytest.fixture
async def slack():
    fake = FakeSlack()
    app = web.Application()
    app.router.add_route("*", "/api/{method}", fake.handle)
    app.router.add_post("/upload/{id}", fake.take)
    async with TestServer(app, host="127.0.0.1") as server:
        fake.url = str(server.make_url("/api/"))
        yield fake


@pytest.fixture
def client(slack):
    """A client as slack_sdk makes it, with its own retries, which `say` must not use."""
    return AsyncWebClient(token="xoxb-test", base_url=slack.url, timeout=5)


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


class Post:
    """A mail server's memory: the envelopes it took, and what it answers to RCPT and DATA."""

    def __init__(self):
        self.envelopes = []
        self.rcpt = "250 OK"
        self.data = "250 OK"
        self.port = 0

    async def handle_RCPT(self, server, session, envelope, address, rcpt_options):  # noqa: N802  # aiosmtpd's name
        if not self.rcpt.startswith("250"):
            return self.rcpt
        envelope.rcpt_tos.append(address)
        return self.rcpt

    async def handle_DATA(self, server, session, envelope):  # noqa: N802  # aiosmtpd's name
        self.envelopes.append(envelope)
        return self.data


def _authenticate(server, session, envelope, mechanism, data):
    return AuthResult(success=data.login == b"rekey" and data.password == b"s3cret")


@pytest.fixture
async def start_post(authority):
    """Return a function that starts a mail server and returns its memory."""
    running = []
    loop = asyncio.get_running_loop()

    async def start(*, starttls=False, tls=False, auth=False):
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(authority.cert, authority.key)
        post = Post()
        given = {"tls_context": context, "require_starttls": True} if starttls else {}
        given |= {"authenticator": _authenticate, "auth_required": True} if auth else {}
        listening = await loop.create_server(
            lambda: SMTP(post, hostname="localhost", **given), "127.0.0.1", 0, ssl=context if tls else None
        )
        running.append(listening)
        post.port = listening.sockets[0].getsockname()[1]
        return post

    yield start
    for listening in running:
        listening.close()
        await listening.wait_closed()
