"""A TLS server that says whatever a test wants, where an LDAP server would be; and LDAP's messages, written by hand.

Source: RFC 4511 (messages), X.690 (BER).
"""

from __future__ import annotations

import asyncio
import ssl
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.support.authority import Authority

    Play = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Fake:
    """Listens on 127.0.0.1 and plays `play` for each connection; keeps the first 4 KB that each one sent."""

    def __init__(self, play: Play, authority: Authority | None) -> None:
        self._play = play
        self._context: ssl.SSLContext | None = None
        if authority:
            self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._context.load_cert_chain(authority.cert, authority.key)
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0
        self.connections = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._context)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        try:
            await self._play(reader, writer)
            while await reader.read(4096):  # stay silent until the client goes
                pass
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.transport.abort()
            self._tasks.discard(task)


def ber(tag: int, *parts: bytes) -> bytes:
    """Write one BER element."""
    body = b"".join(parts)
    if len(body) < 0x80:
        return bytes([tag, len(body)]) + body
    size = len(body).to_bytes(4)
    return bytes([tag, 0x84]) + size + body


def number(value: int) -> bytes:
    """Write an INTEGER from 0 to 127."""
    return ber(0x02, bytes([value]))


def result(message: int, kind: int, code: int = 0, text: bytes = b"", controls: bytes = b"") -> bytes:
    """Write a message with an LDAPResult: 0x61 to a bind, 0x65 to a search, 0x67 to a modify."""
    return ber(0x30, number(message), ber(kind, ber(0x0A, bytes([code])), ber(0x04), ber(0x04, text)), controls)


BOUND = result(1, 0x61)  # the yes to a bind that is a connection's first request


def done(message: int, page: bytes = b"\x30\x05\x02\x01\x00\x04\x00") -> bytes:
    """Write the end of a search and of its last page (RFC 2696: size 0, no cookie)."""
    control = ber(0x30, ber(0x04, b"1.2.840.113556.1.4.319"), ber(0x04, page))
    return result(message, 0x65, controls=ber(0xA0, control))


def found(message: int, dn: bytes, attributes: dict[bytes, list[bytes]]) -> bytes:
    """Write a SearchResultEntry."""
    listed = [
        ber(0x30, ber(0x04, name), ber(0x31, *(ber(0x04, value) for value in values)))
        for name, values in attributes.items()
    ]
    return ber(0x30, number(message), ber(0x64, ber(0x04, dn), ber(0x30, *listed)))


async def request(reader: asyncio.StreamReader) -> tuple[int, int]:
    """Read one request; return its number and the tag of what is asked."""
    head = await reader.readexactly(2)
    length = head[1]
    if length & 0x80:
        length = int.from_bytes(await reader.readexactly(length & 0x7F))
    body = await reader.readexactly(length)
    return body[2], body[2 + body[1]]
