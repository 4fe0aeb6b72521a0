"""POST /api/<method>: tokens, scopes, rate limits and arguments, and then the method itself."""

from __future__ import annotations

import hmac
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aiohttp import web

from practice.calls import Limited, Method, Token, demand, unfold
from practice.errors import SlackSaysNo
from practice.faults import Direction, Fault, Faults, Mishap, Record

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Mapping

    from practice.throttle import Throttle
    from practice.world import World

Json = dict[str, Any]


@dataclass(slots=True)
class WebApi:
    """Slack's Web API, as far as a bot like ours uses it.

    Attributes:
        stopping: set when the workspace stops; calls that are kept waiting for a test end then.
    """

    world: World
    record: Record
    faults: Faults
    throttle: Throttle
    methods: Mapping[str, Method]
    bot_token: str
    app_token: str
    stopping: asyncio.Event

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one call."""
        name = request.match_info["method"]
        fault = self.faults.next(name)
        if fault is not None and fault.mishap is not Mishap.LOST:
            return await self._mishap(request, name, fault)
        headers: dict[str, str] = {}
        status = 200
        arguments: Json = {}
        try:
            token, arguments = await self._arguments(request, name)
            answer: Json = {"ok": True, **self._run(name, token, arguments, headers)}
        except SlackSaysNo as refused:
            answer = refused.body()
        except Limited as limited:
            answer, status = {"ok": False, "error": "ratelimited"}, 429
            headers["Retry-After"] = str(limited.args[0])
        self.record.note(Direction.IN, name, arguments, answer)
        if fault is not None:
            return await self._silence(request)
        return web.json_response(answer, status=status, headers=headers)

    def _run(self, name: str, token: str, arguments: Json, headers: dict[str, str]) -> Json:
        method = self.methods.get(name)
        if method is None:
            raise SlackSaysNo("unknown_method", req_method=name)
        self._authorised(method, token)
        if method.token is Token.BOT:
            headers["X-OAuth-Scopes"] = ",".join(sorted(self.world.app.scopes))
            headers["X-Accepted-OAuth-Scopes"] = ",".join(method.scopes)
        wait = self.throttle.call(name, method.tier)
        if wait is not None:
            raise Limited(wait)
        if method.scopes and not self.world.app.scopes & set(method.scopes):
            provided = ",".join(sorted(self.world.app.scopes))
            raise SlackSaysNo("missing_scope", needed=method.scopes[0], provided=provided)
        demand(arguments, method.needed)
        return method.run(arguments)

    def _authorised(self, method: Method, token: str) -> None:
        if method.token is Token.NONE:
            return
        if not token:
            raise SlackSaysNo("not_authed")
        known = {Token.BOT: self.bot_token, Token.APP: self.app_token}
        for kind, right in known.items():
            if hmac.compare_digest(token.encode(), right.encode()):
                if kind is not method.token:
                    raise SlackSaysNo("not_allowed_token_type")
                return
        raise SlackSaysNo("invalid_auth")

    async def _arguments(self, request: web.Request, name: str) -> tuple[str, Json]:
        arguments: Json = dict(request.query)
        method = self.methods.get(name)
        if request.content_type == "application/json":
            arguments |= await self._json(request) if method is None or method.reads_json else {}
        else:
            posted = await request.post()
            arguments |= {key: value for key, value in posted.items() if isinstance(value, str)}
        token = str(arguments.pop("token", ""))
        scheme, _, bearer = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            token = bearer.strip()
        return token, unfold(arguments)

    async def _json(self, request: web.Request) -> Json:
        text = await request.text()
        if not text:
            return {}
        try:
            body = json.loads(text)
        except json.JSONDecodeError as bad:
            raise SlackSaysNo("invalid_json") from bad
        if not isinstance(body, dict):
            raise SlackSaysNo("json_not_object")
        return body

    async def _mishap(self, request: web.Request, name: str, fault: Fault) -> web.StreamResponse:
        _, arguments = await self._arguments(request, name)
        self.record.note(Direction.IN, name, arguments, fault.mishap.value)
        if fault.mishap is Mishap.SILENCE:
            return await self._silence(request)
        headers = {"Retry-After": str(fault.retry_after)} if fault.status == 429 else {}  # noqa: PLR2004
        body = {"ok": False, "error": fault.error}
        return web.json_response(body, status=fault.status, headers=headers)

    async def _silence(self, request: web.Request) -> web.StreamResponse:
        # The server cancels this when the caller goes away; at a stop the connection breaks without a word.
        await self.stopping.wait()
        if request.transport is not None:
            request.transport.abort()
        return web.Response(status=500)
