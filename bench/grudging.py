"""What chaos works on: a wire that sees each password, and a Slack and a mail server that refuse half of the time."""

from __future__ import annotations

import asyncio
import contextlib
import re
import secrets
import ssl
from collections import Counter
from email import message_from_bytes, policy

from aiohttp import web
from aiosmtpd.controller import Controller

from bench import slack
from bench.rig import free_port
from tests.support.ldap_tap import ANSWERS, MODIFY, Tap, _message

PASSWORD = re.compile(rb"uid=(u\d{6}),.*?userPassword1.\x04(.)", re.DOTALL)


class Wire(Tap):
    """Sees every password that the directory is given, and answers writes late."""

    def __init__(self, server, late):
        super().__init__(server)
        self.late = late
        self.given = {}  # login -> passwords, in their order

    async def _serve(self, near, near_out):
        task = asyncio.current_task()
        self._tasks.add(task)
        writers = [near_out]
        try:
            context = ssl.create_default_context(cafile=self._slapd.authority.ca)
            far, far_out = await asyncio.open_connection("127.0.0.1", self._slapd.tls_port, ssl=context)
            writers.append(far_out)
            ways = [asyncio.ensure_future(self._requests(near, far_out))]
            ways.append(asyncio.ensure_future(self._answers(far, near_out)))
            try:
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for way in ways:
                    way.cancel()
                await asyncio.gather(*ways, return_exceptions=True)
        except (OSError, asyncio.CancelledError):
            pass  # the directory is away; or by `close`, and asyncio's own callback cannot bear a cancelled task
        finally:
            for writer in writers:
                writer.close()
                writer.transport.abort()
            self._tasks.discard(task)

    async def _requests(self, reader, writer):
        with contextlib.suppress(asyncio.IncompleteReadError, OSError):
            while True:
                message, kind = await _message(reader)
                if kind == MODIFY and (found := PASSWORD.search(message)):
                    length = found[2][0]
                    password = message[found.end() : found.end() + length].decode()
                    self.given.setdefault(found[1].decode(), []).append(password)
                writer.write(message)
                await writer.drain()

    async def _answers(self, reader, writer):
        with contextlib.suppress(asyncio.IncompleteReadError, OSError):
            while True:
                message, kind = await _message(reader)
                if ANSWERS.get(kind) == MODIFY:
                    await asyncio.sleep(self.late)
                writer.write(message)
                await writer.drain()


class Grudging(slack.Slack):
    """Refuses every other message, as `Box` does: before it is posted, or, worse, only its answer is lost."""

    def __init__(self, most):
        super().__init__()
        self._most = most
        self.posts = {}  # place -> messages
        self._tries = Counter()

    async def _call(self, request):
        method = request.match_info["method"]
        if not hasattr(self, "_" + method.replace(".", "_")):
            return web.json_response({"ok": False, "error": "unknown_method"})
        if method == "chat.postMessage" and await self._refuses(request):
            if secrets.randbelow(2):
                return web.json_response(
                    {"ok": False, "error": "ratelimited"}, status=429, headers={"Retry-After": "1"}
                )
            await super()._call(request)
            return web.json_response({"ok": False, "error": "internal_error"}, status=500)
        return await super()._call(request)

    async def _refuses(self, request):
        given = await (request.json() if request.content_type == "application/json" else request.post())
        whom = str(given["channel"])
        self._tries[whom] += 1
        return self._tries[whom] <= self._most and secrets.randbelow(2)

    def _chat_postMessage(self, given):  # noqa: N802 - Slack's own spelling
        answer = super()._chat_postMessage(given)
        place = given["channel"] if given["channel"][0] != "U" else "D" + given["channel"]
        told = given["metadata"]
        told = slack.json.loads(told) if isinstance(told, str) else told
        self.posts.setdefault(place, []).append({"ts": answer["ts"], "metadata": told, "text": str(given)[:200]})
        return {**answer, "channel": place}

    def _conversations_history(self, given):
        return {"messages": self.posts.get(given["channel"], [])[::-1][:100]}

    def twice(self):
        """Return how many messages were posted more than once to a person."""
        ids = [
            post["metadata"]["event_payload"]["id"]
            for place, posts in self.posts.items()
            if place[0] == "D"
            for post in posts
        ]
        return sum(1 for count in Counter(ids).values() if count > 1)


class Box:
    """A mail server that refuses every other try for now, but no mail more often than so: the waits double."""

    def __init__(self, most):
        self._most = most
        self.ids = []
        self.texts = {}  # login -> the last mail's words
        self.port = free_port()
        self._tries = Counter()
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port)

    def start(self):
        self._controller.start()

    def stop(self):
        self._controller.stop()

    async def handle_DATA(self, server, session, envelope):  # noqa: ARG002, N802 - aiosmtpd's own names
        mail = message_from_bytes(envelope.content, policy=policy.default)
        which = mail["Message-ID"]
        self._tries[which] += 1
        if self._tries[which] <= self._most and secrets.randbelow(2):
            return "451 not now"
        self.ids.append(which)
        self.texts[envelope.rcpt_tos[0].partition("@")[0]] = mail.get_body(("plain",)).get_content()
        return "250 kept"
