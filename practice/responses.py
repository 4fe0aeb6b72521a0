"""What an app answers to a response_url, or in the acknowledgement of a command."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aiohttp import web

from practice.calls import flag
from practice.chat import said
from practice.errors import SlackSaysNo
from practice.faults import Direction, Record

if TYPE_CHECKING:
    from practice.triggers import ResponseUrl, Triggers
    from practice.world import World

Json = dict[str, Any]


@dataclass(slots=True)
class Responses:
    """Posts, replaces and deletes on behalf of a response_url."""

    world: World
    triggers: Triggers
    record: Record

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve POST /response/<key>."""
        try:
            body = json.loads(await request.text())
        except json.JSONDecodeError:
            body = None
        if not isinstance(body, dict):
            return web.Response(status=400, text="invalid_payload")
        self.record.note(Direction.IN, "response_url", body)
        try:
            self.answer(self.triggers.use(request.match_info["key"]), body)
        except SlackSaysNo as refused:
            gone = refused.code in {"no_service", "expired_url", "used_url"}
            return web.json_response(refused.body(), status=404 if gone else 400)
        return web.Response(text="ok")

    def answer(self, url: ResponseUrl, body: Json) -> None:
        """Show an answer: ephemeral unless it says in_channel; it may replace or delete what it answers.

        Raises:
            SlackSaysNo: no_text, invalid_blocks, ...; nothing is shown.
        """
        if flag(body, "delete_original"):
            self._delete(url)
            return
        text, blocks = said(body)
        if flag(body, "replace_original") and url.message is not None:
            self._replace(url, text, blocks)
            return
        message = self.world.by_bot(text, blocks)
        url.ephemeral = body.get("response_type", "ephemeral") != "in_channel"
        url.message = message["ts"]
        if url.ephemeral:
            self.world.whisper(url.channel, url.user, message)
        else:
            self.world.keep(url.channel, message)

    def _replace(self, url: ResponseUrl, text: str, blocks: list[Json] | None) -> None:
        assert url.message is not None
        message = self.world.by_bot(text, blocks) | {"ts": url.message}
        if url.ephemeral:
            self.world.whisper(url.channel, url.user, message)
            return
        old = self.world.message(url.channel, url.message)
        if old is None or old.get("bot_id") != self.world.app.bot_id:
            raise SlackSaysNo("message_not_found")
        if "metadata" in old:
            message["metadata"] = old["metadata"]
        edited = {"user": self.world.app.bot_user, "ts": self.world.stamp()}
        self.world.keep(url.channel, message | {"edited": edited})

    def _delete(self, url: ResponseUrl) -> None:
        if url.message is None:
            return
        if url.ephemeral:
            self.world.hush(url.channel, url.user, url.message)
            return
        old = self.world.message(url.channel, url.message)
        if old is not None and old.get("bot_id") == self.world.app.bot_id:
            self.world.drop(url.channel, url.message)
