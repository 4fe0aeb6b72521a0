"""HTTP mode: payloads as signed POSTs to the app's request URL."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import aiohttp

from practice.faults import Direction, Record
from practice.socketmode import NoAnswer

if TYPE_CHECKING:
    from practice.world import World

Json = dict[str, Any]


class Undelivered(NoAnswer):
    """An event's delivery failed; `args` are Slack's word, its x-slack-retry-reason, and whether to try again."""


@dataclass(slots=True)
class Posts:
    """Posts payloads to one request URL, signed with the app's signing secret."""

    world: World
    record: Record
    signing_secret: str
    url: str
    session: aiohttp.ClientSession

    async def ask(self, kind: str, payload: Json, *, attempt: int = 0, reason: str = "") -> Json | None:
        """Post a payload and answer the body of the response.

        Raises:
            Undelivered: no connection, no answer in time, or a status other than 200.
        """
        self.record.note(Direction.OUT, kind, payload)
        if kind == "slash_commands":
            body, form = urlencode(payload), True
        elif kind == "interactive":
            body, form = urlencode({"payload": json.dumps(payload)}), True
        else:
            body, form = json.dumps(payload), False
        headers = self.signed(body) | {
            "Content-Type": "application/x-www-form-urlencoded" if form else "application/json"
        }
        if attempt:
            headers |= {"x-slack-retry-num": str(attempt), "x-slack-retry-reason": reason}
        try:
            async with asyncio.timeout(self.world.limits.ack.total_seconds()):
                return await self._post(body, headers)
        except TimeoutError as late:
            raise Undelivered("operation_timeout", "http_timeout", True) from late
        except aiohttp.TooManyRedirects as loop:
            raise Undelivered("dispatch_failed", "too_many_redirects", True) from loop
        except aiohttp.ClientSSLError as bad:
            raise Undelivered("dispatch_failed", "ssl_error", True) from bad
        except aiohttp.ClientConnectionError as gone:
            raise Undelivered("dispatch_failed", "connection_failed", True) from gone
        except aiohttp.ClientError as odd:
            raise Undelivered("dispatch_failed", "unknown_error", True) from odd

    def signed(self, body: str, *, at: int | None = None) -> dict[str, str]:
        """Answer the two headers that prove a body to come from Slack; `at` is a Unix time, now by default."""
        stamp = int(self.world.clock().timestamp()) if at is None else at
        base = f"v0:{stamp}:{body}".encode()
        digest = hmac.new(self.signing_secret.encode(), base, hashlib.sha256).hexdigest()
        return {"X-Slack-Request-Timestamp": str(stamp), "X-Slack-Signature": f"v0={digest}"}

    async def verify(self) -> bool:
        """Do what Slack does when a request URL is entered: ask for a challenge back."""
        challenge = self.world.new_id("C")
        answer = await self.ask("url_verification", {"type": "url_verification", "challenge": challenge, "token": ""})
        return answer is not None and challenge in {answer.get("challenge"), answer.get("text")}

    async def _post(self, body: str, headers: dict[str, str]) -> Json | None:
        async with self.session.post(self.url, data=body.encode(), headers=headers, max_redirects=2) as response:
            text = await response.text()
            if response.status != 200:  # noqa: PLR2004
                raise Undelivered("dispatch_failed", "http_error", response.headers.get("x-slack-no-retry") != "1")
        self.record.note(Direction.IN, "ack", text)
        if not text:
            return None
        try:
            answer = json.loads(text)
        except json.JSONDecodeError:
            return {"text": text}
        return answer if isinstance(answer, dict) and answer else None
