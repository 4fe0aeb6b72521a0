"""One TLS connection to an LDAP server, held by asyncio, with a plain local socket at its near end for libldap.

Why libldap does not get the server's socket itself: its timeouts cover neither the TLS handshake nor the rest of an
answer that has begun, so that one silent server holds a thread for ever; a connection that broke is opened again
behind our back, in clear for ldap://; and it checks a certificate for `localhost` against the machine's own name.
Here asyncio connects, does TLS with Python's `ssl` and carries the bytes; to cut the wire wakes any thread at once.
"""

from __future__ import annotations

import asyncio
import re
import select
import socket
import ssl
from contextlib import suppress
from typing import TYPE_CHECKING, cast

from directory.base import BadAnswer, Unreachable

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor

    from directory.ldap_options import LdapOptions

MOST_HELD = 65_536  # bytes of one answer
GOODBYE = 1.0  # seconds for TLS' closing words
# RFC 4511, 4.14: an ExtendedRequest, message 1, with the name 1.3.6.1.4.1.1466.20037
START_TLS = bytes.fromhex("301d02010177188016") + b"1.3.6.1.4.1.1466.20037"
# ... and the ExtendedResponse to it: message 1, any length, resultCode
STARTED = re.compile(rb"\x02\x01\x01\x78(?:[\x00-\x7f]|\x81.|\x82..|\x83...|\x84....)\x0a\x01(.)", re.DOTALL)
MOST_STARTED = 65_536  # bytes of that response that we are willing to read


class _End(asyncio.Protocol):
    """One end of a wire: hands on what comes, no faster than the other end takes it, and ends when that ends."""

    def __init__(self, hand_on: Callable[[bytes], None]) -> None:
        self.other: _End | None = None
        self.transport: asyncio.Transport | None = None
        self.lost = asyncio.get_running_loop().create_future()
        self._hand_on = hand_on

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._hand_on(data)

    def connection_lost(self, error: Exception | None) -> None:  # noqa: ARG002 - a broken end is an end
        if not self.lost.done():
            self.lost.set_result(None)
        if self.other is not None and self.other.transport is not None:
            self.other.transport.close()  # what was handed on is flushed first

    def pause_writing(self) -> None:
        if self.other is not None and self.other.transport is not None:
            self.other.transport.pause_reading()

    def resume_writing(self) -> None:
        if self.other is not None and self.other.transport is not None and not self.other.lost.done():
            self.other.transport.resume_reading()


class Wire:
    """Two ends, and bytes carried between them. Ends when either end closes."""

    def __init__(self) -> None:
        self._far, self._near = _End(self._from_far), _End(self._from_near)
        self._held: bytearray | None = bytearray()  # until the near end is there, or while an answer is waited for
        self._waiting: asyncio.Future[None] | None = None
        self._near_socket: socket.socket | None = None
        self._far_poll = select.poll()

    @property
    def joined(self) -> bool:
        """Whether both ends are open, as far as the loop has heard."""
        far = self._far.transport
        return not (far is None or self._far.lost.done() or self._near.lost.done() or far.is_closing())

    @property
    def quiet(self) -> bool:
        """Whether both ends are open and nothing has come that was not asked for: a farewell, most likely.

        Looks at the socket too, since the loop may not have come round to it yet.
        """
        return self.joined and not self._far_poll.poll(0)

    def whole_answer(self) -> asyncio.Future[None]:
        """Keep what comes until it is a whole message, at most 64 KiB; done when the near end can read it at a stroke.

        Whoever reads at the near end would else wait for the rest. The future fails with an OSError when the wire ends.
        """
        self._waiting = asyncio.get_running_loop().create_future()
        self._held = bytearray()
        if self._far.lost.done() or self._near.lost.done():
            self._ended()
        return self._waiting

    def hurry(self) -> None:
        """Hand on at once what was just written at the near end; the loop would come round to it a turn later."""
        if self._near_socket is not None and not self._near.lost.done():
            with suppress(BlockingIOError):
                if data := self._near_socket.recv(MOST_HELD):
                    self._from_near(data)

    def cut(self) -> None:
        """Drop both ends now: whoever waits at the near end sees the connection end."""
        for end in (self._far, self._near):
            if end.transport is not None:
                end.transport.abort()

    async def close(self) -> None:
        """Cut, and wait until nothing is left. May be called twice."""
        self.cut()
        await asyncio.wait([self._far.lost, self._near.lost])

    async def connect(self, far: socket.socket, near: socket.socket, options: LdapOptions, tls: ssl.SSLContext) -> None:
        """Do TLS on one socket and join it to the other; on failure neither is left open by us."""
        loop = asyncio.get_running_loop()
        await loop.create_connection(
            lambda: self._far, sock=far, ssl=tls, server_hostname=options.host, ssl_shutdown_timeout=GOODBYE
        )
        await loop.create_connection(lambda: self._near, sock=near)
        self._near_socket = near
        self._far_poll.register(far, select.POLLIN)
        self._far.other, self._near.other = self._near, self._far
        early, self._held = self._held, None
        if early:
            self._from_far(bytes(early))
        for end in (self._far, self._near):
            end.lost.add_done_callback(lambda _: self._ended())
            if end.lost.done():
                self.cut()

    def _from_near(self, data: bytes) -> None:
        assert self._far.transport is not None
        self._far.transport.write(data)

    def _from_far(self, data: bytes) -> None:
        near = self._near.transport
        if self._held is not None:
            self._held += data
            if len(self._held) > MOST_HELD:
                self.cut()
            if self._waiting is None or not _is_whole(self._held):
                return
            data, self._held = bytes(self._held), None
        if near is not None:
            near.write(data)
        if self._waiting is not None and near is not None:
            waiting, self._waiting = self._waiting, None
            if near.get_write_buffer_size():  # the local socket is full: it would be half a message
                self.cut()
            elif not waiting.done():
                waiting.set_result(None)

    def _ended(self) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting is not None and not waiting.done():
            waiting.set_exception(ConnectionResetError())


def _is_whole(data: bytearray) -> bool:
    """Say whether one LDAPMessage (RFC 4511, 4.1.1) is there: a tag, a length of definite form, and so many bytes."""
    if len(data) < 2:  # noqa: PLR2004 - a tag and a length
        return False
    if not data[1] & 0x80:
        return len(data) >= 2 + data[1]
    more = data[1] & 0x7F
    return len(data) >= 2 + more and len(data) >= 2 + more + int.from_bytes(data[2 : 2 + more])


async def open_wire(options: LdapOptions, context: ssl.SSLContext, threads: Executor) -> tuple[Wire, socket.socket]:
    """Connect and do TLS; return the wire and its near end, a connected local socket that the caller owns.

    Raises:
        Unreachable: no connection, no TLS or no trusted certificate within the timeout; nothing was sent.
        BadAnswer: the answer to StartTLS is none.
    """
    wire = Wire()
    near, far_of_near = socket.socketpair()
    try:
        async with asyncio.timeout(options.timeout):
            plain = await _connect(options.host, options.port, threads)
            try:
                if options.starttls:
                    await _start_tls(plain)
                await wire.connect(plain, far_of_near, options, context)
            except BaseException:
                wire.cut()
                plain.close()
                raise
    except BaseException as error:
        near.close()
        far_of_near.close()
        if isinstance(error, (OSError, EOFError)):  # a timeout and whatever ssl raises are OSErrors
            raise Unreachable(_told(error, options.timeout)) from None
        raise
    return wire, near


def _told(error: Exception, seconds: float) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the server's certificate is not trusted: {error.verify_message}"
    if isinstance(error, TimeoutError):
        return f"no connection within {seconds:g} s"
    return f"no connection: {type(error).__name__}"


async def _connect(host: str, port: int, threads: Executor) -> socket.socket:
    """Connect to the first address of `host` that answers; names are looked up in our own threads."""
    loop = asyncio.get_running_loop()
    places = await loop.run_in_executor(threads, _addresses, host, port)
    failed: OSError = OSError("no address")
    for family, address in places:
        sock = socket.socket(family, socket.SOCK_STREAM)
        try:
            sock.setblocking(False)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await loop.sock_connect(sock, address)
        except OSError as error:
            sock.close()
            failed = error
        except BaseException:
            sock.close()
            raise
        else:
            return sock
    raise failed


def _addresses(host: str, port: int) -> list[tuple[int, tuple[str, int]]]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [(family, address) for family, _, _, _, address in found]  # type: ignore[misc]


async def _start_tls(sock: socket.socket) -> None:
    """Ask for TLS on a plain connection (RFC 4511, 4.14) and read exactly the answer.

    Not one byte more is read: what a stranger slips in behind the answer would else be taken for the server's.
    """
    await asyncio.get_running_loop().sock_sendall(sock, START_TLS)
    head = await _exactly(sock, 2)
    length = head[1]
    if length & 0x80:
        length = int.from_bytes(await _exactly(sock, length & 0x7F))
    if head[0] != 0x30 or length > MOST_STARTED:  # noqa: PLR2004 - 0x30 is SEQUENCE
        raise BadAnswer("the answer to StartTLS is no LDAP")
    answer = STARTED.match(await _exactly(sock, length))
    if answer is None:
        raise BadAnswer("the answer to StartTLS is another one")
    if answer[1] != b"\0":
        raise Unreachable(f"the server refuses StartTLS: result {answer[1][0]}")


async def _exactly(sock: socket.socket, count: int) -> bytes:
    loop, got = asyncio.get_running_loop(), b""
    while len(got) < count:
        more = await loop.sock_recv(sock, count - len(got))
        if not more:
            raise EOFError
        got += more
    return got
