"""A proxy before a slapd that sees LDAP's messages in clear, and can keep answers back or break off at one.

It bears slapd's own certificate and speaks TLS on both sides. Messages are told apart by the first bytes of their BER.
Source: RFC 4511, 4.2-4.9 (the application tags of requests).
"""

from __future__ import annotations

import asyncio
import ssl
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from tests.support.slapd import Slapd

BIND, SEARCH, MODIFY = 0x60, 0x63, 0x66
ANSWERS = {0x67: MODIFY, 0x65: SEARCH, 0x64: SEARCH, 0x61: BIND}


class Tap:
    """Hands everything on, but for the answers to requests of the kinds in `swallow`.

    `seen` counts the requests by kind. `before` is called with each request's kind before it is handed on.
    """

    def __init__(
        self, server: Slapd, *, swallow: Collection[int] = (), before: Callable[[int], None] | None = None
    ) -> None:
        self._slapd = server
        self._swallow = swallow
        self._before = before
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.seen: dict[int, int] = {}
        self.answered: dict[int, asyncio.Event] = {kind: asyncio.Event() for kind in (BIND, SEARCH, MODIFY)}

    async def listen(self, port: int = 0) -> str:
        """Listen on 127.0.0.1; return the url."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self._slapd.authority.cert, self._slapd.authority.key)
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", port, ssl=context)
        return f"ldaps://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def close(self) -> None:
        """Drop all connections."""
        if self._server:
            self._server.close()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, near: asyncio.StreamReader, near_out: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        context = ssl.create_default_context(cafile=self._slapd.authority.ca)
        far, far_out = await asyncio.open_connection("127.0.0.1", self._slapd.tls_port, ssl=context)
        ways = [
            asyncio.ensure_future(self._requests(near, far_out)),
            asyncio.ensure_future(self._answers(far, near_out)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            for writer in (near_out, far_out):
                writer.transport.abort()
            self._tasks.discard(task)

    async def _requests(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            message, kind = await _message(reader)
            self.seen[kind] = self.seen.get(kind, 0) + 1
            if self._before:
                self._before(kind)
            writer.write(message)
            await writer.drain()

    async def _answers(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            message, kind = await _message(reader)
            asked = ANSWERS.get(kind, 0)
            if asked in self.answered:
                self.answered[asked].set()
            if asked not in self._swallow:
                writer.write(message)
                await writer.drain()


async def _message(reader: asyncio.StreamReader) -> tuple[bytes, int]:
    """Read one LDAPMessage; return it and the tag of what is in it."""
    head = await reader.readexactly(2)
    if head[1] & 0x80:
        head += await reader.readexactly(head[1] & 0x7F)
        length = int.from_bytes(head[2:])
    else:
        length = head[1]
    body = await reader.readexactly(length)
    return head + body, body[2 + body[1]]  # after the message's number
