"""Socket Mode as Slack runs it: tickets, hello, acknowledgements, several connections, and goodbyes."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import aiohttp
import pytest
from aiohttp import WSMsgType

from practice.errors import CannotDo
from practice.limits import Limits
from practice.server import Workspace
from practice.socketmode import NoAnswer
from tests.support.practising import Bot

MORGAN, DESK = "U0MORGAN001", "C0ITDESK001"


@pytest.fixture
async def connect(workspace, http):
    """Answer a function that opens a bare connection and answers it, after its hello."""
    opened = []

    async def make():
        async with http.post(
            f"{workspace.api_url}apps.connections.open", headers={"Authorization": f"Bearer {workspace.app_token}"}
        ) as response:
            url = (await response.json())["url"]
        socket = await http.ws_connect(url, autoping=False, timeout=aiohttp.ClientWSTimeout(ws_close=0.1))
        opened.append(socket)
        return socket, await frame(socket), url

    yield make
    for socket in opened:
        await socket.close()


async def frame(socket):
    """Answer the next text frame; None when the connection ends."""
    async with asyncio.timeout(10):
        while True:
            message = await socket.receive()
            if message.type is WSMsgType.TEXT:
                return message.json()
            if message.type in {WSMsgType.CLOSE, WSMsgType.CLOSED, WSMsgType.CLOSING, WSMsgType.ERROR}:
                return None


async def said(workspace, text="/reset-password help"):
    return await workspace.do(MORGAN, do="say", channel=DESK, text=text)


async def test_hello_tells_of_the_connection(connect):
    """num_connections, the app, and how long it will last."""
    _, first, _ = await connect()
    _, second, _ = await connect()
    assert (first["type"], first["num_connections"], second["num_connections"]) == ("hello", 1, 2)
    assert first["debug_info"]["approximate_connection_time"] == 3600


async def test_a_ticket_is_good_once_and_not_for_long(connect, workspace, http, clock):
    """The address of a connection opens no second one, and none after half a minute."""
    _, _, used = await connect()
    with pytest.raises(aiohttp.WSServerHandshakeError):
        await http.ws_connect(used)
    old = workspace.sockets.ticket()
    clock.tick(seconds=31)
    with pytest.raises(aiohttp.WSServerHandshakeError):
        await http.ws_connect(old)


async def test_a_command_comes_in_an_envelope_and_wants_an_ack(connect, workspace):
    """The acknowledgement may carry an answer, which only the typist sees."""
    socket, _, _ = await connect()
    typed = asyncio.create_task(said(workspace))
    envelope = await frame(socket)
    assert (envelope["type"], envelope["accepts_response_payload"]) == ("slash_commands", True)
    assert envelope["payload"]["text"] == "help"
    await socket.send_json({"envelope_id": envelope["envelope_id"], "payload": {"text": "Here is help"}})
    await typed
    history = await workspace.do(MORGAN, do="history", channel=DESK)
    assert [(one["text"], one["ephemeral"]) for one in history["messages"]] == [("Here is help", True)]


async def test_without_an_ack_the_typist_hears_operation_timeout(connect, workspace):
    """Slack's own words after the time for an answer has run out; a wrong envelope id does not help."""
    socket, _, _ = await connect()
    await socket.send_json({"envelope_id": "made up"})
    await socket.send_str("no json")
    with pytest.raises(CannotDo, match='/reset-password failed with the error "operation_timeout"'):
        await said(workspace)


async def test_without_a_connection_the_typist_hears_dispatch_failed(workspace):
    """The same when the bot is not there at all."""
    with pytest.raises(CannotDo, match='failed with the error "dispatch_failed"'):
        await said(workspace)


async def test_each_payload_goes_to_one_of_the_connections(connect, workspace):
    """Two connections share the work; no payload comes twice."""
    sockets = [(await connect())[0] for _ in range(2)]
    heard = [0, 0]

    async def serve(number):
        while (envelope := await frame(sockets[number])) is not None:
            heard[number] += 1
            await sockets[number].send_json({"envelope_id": envelope["envelope_id"]})

    serving = [asyncio.create_task(serve(number)) for number in range(2)]
    for _ in range(6):
        await said(workspace)
    assert heard == [3, 3]
    for socket in sockets:
        await socket.close()
    await asyncio.gather(*serving)


async def test_an_eleventh_connection_is_sent_away(connect):
    """too_many_websockets."""
    for _ in range(10):
        await connect()
    _, goodbye, _ = await connect()
    assert (goodbye["type"], goodbye["reason"]) == ("disconnect", "too_many_websockets")


@pytest.mark.parametrize("reason", ["warning", "refresh_requested"])
async def test_slacks_own_client_comes_again_when_asked(bot, workspace, reason):
    """After `disconnect` the bot's client opens a new connection, and payloads go there."""
    first = workspace.sockets.connections[0]
    workspace.faults.refresh_sockets(reason)
    await until(workspace, lambda: any(one is not first for one in workspace.sockets.connections))
    await said(workspace)
    assert (await bot.next())["command"] == "/reset-password"


async def test_a_connection_ends_after_its_time_with_a_warning(clock):
    """A warning first, then the end; by its own doing the client is back."""
    limits = Limits(socket_life=timedelta(seconds=0.6), socket_warning=timedelta(seconds=0.3))
    workspace = Workspace(clock=clock, limits=limits)
    await workspace.start()
    bot = Bot(workspace)
    try:
        await bot.socket.connect()
        first = workspace.sockets.connections[0]
        await until(workspace, lambda: first.leaving)
        await until(workspace, lambda: first not in workspace.sockets.connections)
        await until(workspace, lambda: workspace.sockets.connected)
    finally:
        await bot.close()
        await workspace.stop()


async def test_dropped_sockets_come_back(bot, workspace):
    """Torn down at the transport, without a word: Slack's client notices and connects again."""
    workspace.faults.drop_sockets()
    assert not workspace.sockets.connected
    await until(workspace, lambda: workspace.sockets.connected)
    await said(workspace)


async def test_an_envelope_on_a_dropped_socket_has_failed(connect, workspace):
    """Whoever waits for its acknowledgement hears at once."""
    socket, _, _ = await connect()
    asked = asyncio.create_task(workspace.deliver("interactive", {"type": "x"}))
    await frame(socket)
    workspace.faults.drop_sockets()
    with pytest.raises(NoAnswer):
        await asked


async def test_a_muted_socket_looks_alive_and_is_dead(connect, workspace):
    """No pong and no payload: what a watchdog has to find out."""
    socket, _, _ = await connect()
    workspace.faults.mute_sockets()
    await socket.ping(b"are you there")
    with pytest.raises(CannotDo, match="operation_timeout"):
        await said(workspace)
    assert workspace.sockets.connected
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await socket.receive()


async def test_an_event_is_told_again_until_it_is_acknowledged(connect, workspace):
    """app_home_opened comes up to four times, with its attempt and its reason."""
    socket, _, _ = await connect()
    await workspace.do(MORGAN, do="home")
    envelopes = [await frame(socket) for _ in range(4)]
    assert [one["retry_attempt"] for one in envelopes] == [0, 1, 2, 3]
    assert [one["retry_reason"] for one in envelopes] == ["", "timeout", "timeout", "timeout"]
    assert len({one["payload"]["event_id"] for one in envelopes}) == 1
    assert envelopes[0]["payload"]["event"]["type"] == "app_home_opened"


async def until(workspace, true):
    """Wait until something is true of the connections, looking whenever one comes, goes or is asked to."""
    looked = asyncio.Event()
    told = workspace.sockets.changed

    def changed():
        told()
        looked.set()

    workspace.sockets.changed = changed
    async with asyncio.timeout(10):
        while not true():
            looked.clear()
            await looked.wait()
    workspace.sockets.changed = told
