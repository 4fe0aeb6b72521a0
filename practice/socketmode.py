"""Socket Mode: tickets, connections that come and go, and envelopes that want an acknowledgement."""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aiohttp import WSCloseCode, WSMsgType, web

from practice import limits
from practice.faults import Direction, Record

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from practice.world import World

Json = dict[str, Any]
_GOODBYE = 1.0  # seconds that the other side has for its own goodbye


class NoAnswer(Exception):
    """The app did not answer a payload; `args[0]` is Slack's word for it: dispatch_failed or operation_timeout."""


@dataclass(slots=True, eq=False)
class Connection:
    """One Socket Mode connection of the app.

    Attributes:
        leaving: was asked to come again and gets no new payloads.
        mute: plays dead, for a test.
        ending: its time has run out, and it is being closed.
        waiting: envelopes that were sent and not acknowledged.
    """

    socket: web.WebSocketResponse
    transport: asyncio.Transport | None
    leaving: bool = False
    mute: bool = False
    ending: bool = False
    waiting: dict[str, asyncio.Future[Json | None]] = field(default_factory=dict)

    async def say(self, frame: Json) -> None:
        """Send a frame; a connection that is gone hears nothing."""
        if not self.mute and not self.socket.closed:
            with contextlib.suppress(ConnectionError):
                await self.socket.send_json(frame)


@dataclass(slots=True)
class Sockets:
    """The Socket Mode side of the workspace.

    Attributes:
        changed: called whenever the app connects or goes.
    """

    world: World
    record: Record
    changed: Callable[[], None] = lambda: None
    connections: list[Connection] = field(default_factory=list)
    _tickets: dict[str, datetime] = field(default_factory=dict)
    _turn: int = 0
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def connected(self) -> bool:
        """Whether a payload could be delivered now."""
        return any(not one.leaving for one in self.connections)

    def ticket(self) -> str:
        """Answer a fresh WebSocket address, as apps.connections.open gives it: good once, and not for long."""
        ticket = secrets.token_urlsafe(24)
        self._tickets[ticket] = self.world.clock()
        return f"{self.world.base.replace('http', 'ws', 1)}/socket/{ticket}?app_id={self.world.app.id}"

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one connection from its ticket to its end."""
        issued = self._tickets.pop(request.match_info["ticket"], None)
        if issued is None or self.world.clock() - issued > self.world.limits.ticket:
            return web.Response(status=401, text="invalid or used ticket")
        # Pings are answered by hand, since a connection that plays dead must not answer.
        socket = web.WebSocketResponse(autoping=False, timeout=_GOODBYE)
        await socket.prepare(request)
        connection = Connection(socket, request.transport)
        if len(self.connections) >= limits.SOCKETS:
            await connection.say({"type": "disconnect", "reason": "too_many_websockets", "debug_info": self._debug()})
            await socket.close()
            return socket
        self.connections.append(connection)
        await self._hello(connection, fast="debug_reconnects" in request.query)
        self.changed()
        keeper = asyncio.create_task(self._keep(connection))
        try:
            await self._read(connection)
        finally:
            self.connections.remove(connection)
            for future in connection.waiting.values():
                if not future.done():
                    future.set_exception(NoAnswer("dispatch_failed"))
            self.changed()
            if not connection.ending:
                keeper.cancel()
            # Whoever closes a WebSocket has to see its close through, or its transport stays open.
            await asyncio.gather(keeper, return_exceptions=True)
        return socket

    async def ask(self, kind: str, payload: Json, *, attempt: int = 0, reason: str = "") -> Json | None:
        """Send a payload to one of the connections and answer what the acknowledgement carried.

        Raises:
            NoAnswer: nobody is connected, the connection broke, or the time for an answer ran out.
        """
        able = [one for one in self.connections if not one.leaving]
        if not able:
            raise NoAnswer("dispatch_failed")
        self._turn += 1
        connection = able[self._turn % len(able)]
        envelope: Json = {
            "envelope_id": secrets.token_hex(16),
            "type": kind,
            "payload": payload,
            "accepts_response_payload": kind != "events_api",
        }
        if kind == "events_api":
            envelope |= {"retry_attempt": attempt, "retry_reason": reason}
        self.record.note(Direction.OUT, kind, payload)
        future: asyncio.Future[Json | None] = asyncio.get_running_loop().create_future()
        connection.waiting[envelope["envelope_id"]] = future
        await connection.say(envelope)
        try:
            async with asyncio.timeout(self.world.limits.ack.total_seconds()):
                return await future
        except TimeoutError as late:
            raise NoAnswer("operation_timeout") from late
        finally:
            connection.waiting.pop(envelope["envelope_id"], None)

    async def close(self) -> None:
        """Say goodbye to all connections."""
        for one in [*self.connections]:
            one.mute = False
            await one.socket.close(code=WSCloseCode.GOING_AWAY)
        for task in [*self._tasks]:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def drop(self) -> None:
        """Tear every connection down at the transport."""
        for one in [*self.connections]:
            one.leaving = True
            self.changed()
            if one.transport is not None:
                one.transport.abort()

    def mute(self) -> None:
        """Have every present connection play dead."""
        for one in self.connections:
            one.mute = True

    def refresh(self, reason: str) -> None:
        """Ask every present connection to come again; it gets no payload any more."""
        for one in [*self.connections]:
            task = asyncio.create_task(self._leave(one, reason))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _leave(self, connection: Connection, reason: str) -> None:
        connection.leaving = True
        self.changed()
        await connection.say({"type": "disconnect", "reason": reason, "debug_info": self._debug()})

    async def _hello(self, connection: Connection, *, fast: bool) -> None:
        life = 360 if fast else int(self.world.limits.socket_life.total_seconds())
        await connection.say(
            {
                "type": "hello",
                "connection_info": {"app_id": self.world.app.id},
                "num_connections": len(self.connections),
                "debug_info": self._debug() | {"approximate_connection_time": life},
            }
        )

    async def _read(self, connection: Connection) -> None:
        async for message in connection.socket:
            if connection.mute:
                continue
            if message.type is WSMsgType.PING:
                await connection.socket.pong(message.data)
            elif message.type is WSMsgType.TEXT:
                self._acknowledged(connection, message.data)

    def _acknowledged(self, connection: Connection, text: str) -> None:
        try:
            frame = json.loads(text)
        except json.JSONDecodeError:
            return
        if not isinstance(frame, dict):
            return
        self.record.note(Direction.IN, "ack", frame)
        future = connection.waiting.get(str(frame.get("envelope_id")))
        if future is not None and not future.done():
            answer = frame.get("payload")
            future.set_result(answer if isinstance(answer, dict) and answer else None)

    async def _keep(self, connection: Connection) -> None:
        # Pings as long as it lives; near its end a warning, then no payload, then the end.
        times = self.world.limits
        loop = asyncio.get_running_loop()
        end = loop.time() + times.socket_life.total_seconds()
        warning = end - times.socket_warning.total_seconds()
        while (now := loop.time()) < end:
            if now >= warning and not connection.leaving:
                await self._leave(connection, "warning")
            following = end if connection.leaving else warning
            await asyncio.sleep(max(min(times.ping.total_seconds(), following - now), 0.001))
            if not connection.mute and not connection.socket.closed:
                with contextlib.suppress(ConnectionError):
                    await connection.socket.ping(b"Ping from practice")
        connection.ending = True
        await connection.socket.close(code=WSCloseCode.GOING_AWAY)

    def _debug(self) -> Json:
        return {"host": "practice", "build_number": 1}
