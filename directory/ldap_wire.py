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
from typing import TYPE_CHECKING

from directory.base import BadAnswer, Unreachable

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from directory.ldap_options import LdapOptions

CHUNK = 65_536
GOODBYE = 1.0  # seconds for TLS' closing words
# RFC 4511, 4.14: an ExtendedRequest, message 1, with the name 1.3.6.1.4.1.1466.20037
START_TLS = bytes.fromhex("301d02010177188016") + b"1.3.6.1.4.1.1466.20037"
# ... and the ExtendedResponse to it: message 1, any length, resultCode
STARTED = re.compile(rb"\x02\x01\x01\x78(?:[\x00-\x7f]|\x81.|\x82..|\x83...|\x84....)\x0a\x01(.)", re.DOTALL)
MOST_STARTED = 65_536  # bytes of that response that we are willing to read


_Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Wire:
    """Two pairs of streams and the two tasks that carry bytes between them. Ends when either end closes."""

    def __init__(self, far: _Streams, near: _Streams) -> None:
        self._far, self._writers = far[0], (far[1], near[1])
        self._tasks = (
            asyncio.create_task(_carry(far[0], near[1])),
            asyncio.create_task(_carry(near[0], far[1])),
        )

    @property
    def quiet(self) -> bool:
        """Whether both ends are open and nothing has come that was not asked for: a farewell, most likely.

        Looks at the socket too, since the loop may not have come round to it yet.
        """
        if self._far.at_eof() or any(task.done() for task in self._tasks):
            return False
        poll = select.poll()
        poll.register(self._writers[0].get_extra_info("socket").fileno(), select.POLLIN)
        return not poll.poll(0)

    def cut(self) -> None:
        """Drop both ends now: whoever waits at the near end sees the connection end."""
        for writer in self._writers:
            writer.transport.abort()

    async def close(self) -> None:
        """Cut, and wait until nothing is left. May be called twice."""
        self.cut()
        await asyncio.wait(self._tasks)


async def open_wire(options: LdapOptions, context: ssl.SSLContext, threads: Executor) -> tuple[Wire, socket.socket]:
    """Connect and do TLS; return the wire and its near end, a connected local socket that the caller owns.

    Raises:
        Unreachable: no connection, no TLS or no trusted certificate within the timeout; nothing was sent.
        BadAnswer: the answer to StartTLS is none.
    """
    near, far_of_near = socket.socketpair()
    try:
        async with asyncio.timeout(options.timeout):
            plain = await _connect(options.host, options.port, threads)
            try:
                if options.starttls:
                    await _start_tls(plain)
                far = await asyncio.open_connection(
                    sock=plain, ssl=context, server_hostname=options.host, ssl_shutdown_timeout=GOODBYE
                )
            except BaseException:
                plain.close()
                raise
            try:
                carried = await asyncio.open_connection(sock=far_of_near)
            except BaseException:
                far[1].transport.abort()
                raise
    except BaseException as error:
        near.close()
        far_of_near.close()
        if isinstance(error, (OSError, EOFError)):  # a timeout and whatever ssl raises are OSErrors
            raise Unreachable(_told(error, options.timeout)) from None
        raise
    return Wire(far, carried), near


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


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Carry bytes one way until either side closes; what was carried is flushed before the close."""
    try:
        while data := await reader.read(CHUNK):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass  # a broken end is an end
    finally:
        writer.close()
