"""The serving process: ready only when all answers, reconnecting whatever happens to its line, stopping cleanly."""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest

from bot import serve, socket_mode
from bot.assembly import clock, open_directory, open_house, rules
from bot.config import load
from bot.doctor import examine, reach
from bot.engine import migrate
from bot.errors import ConfigError, OperatorError
from bot.settings import Settings
from bot.slack import Line
from directory.opening import Opening
from practice.people import TEAM
from practice.server import Workspace
from resets.audit import AuditEntry, Deed
from store import audit
from store.base import upgrade
from store.keys import KeyRing

MORGAN, GENERAL = "U0MORGAN001", "C0GENERAL01"


async def until(look, seconds=15):
    """Wait for what another task does, and return it."""
    async with asyncio.timeout(seconds):
        while not (found := await look()):  # noqa: ASYNC110 - the library has no event to wait for
            await asyncio.sleep(0.02)
    return found


@pytest.fixture
async def workspace():
    made = Workspace(clock=clock)
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def settings(workspace, tmp_path):
    def settled(**slack):
        told = {
            "mode": "socket",
            "bot_token": workspace.bot_token,
            "app_token": workspace.app_token,
            "signing_secret": workspace.signing_secret,
            "team_id": TEAM,
            "api_url": workspace.api_url,
            **slack,
        }
        lines = [f"{key} = {json.dumps(value)}" for key, value in told.items()]
        directory = "[[directories]]\nname = 'acme'\nkind = 'local'\npath = 'acme.db'"
        (tmp_path / "rekey.toml").write_text(
            "\n".join(["[slack]", *lines, "[web]", 'listen = "127.0.0.1:0"', directory])
        )
        return load(tmp_path / "rekey.toml", {})

    plain = settled()
    KeyRing.create(plain.keys.file)
    await upgrade(plain.store.full_url)
    await asyncio.to_thread(migrate, plain.store.full_url)
    await open_directory(plain.directories[0], clock, opening=Opening.MAKE).close()
    return settled


@pytest.fixture
async def start(settings):
    running = []

    async def starting(*, work=False, **slack):
        told = settings(**slack)
        bot = serve.Bot(told, await open_house(told), work=work)
        running.append(bot)
        await bot.start()
        return bot

    yield starting
    for bot in running:
        await bot.stop()


async def get(bot, path):
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{bot.port}{path}") as answer:
        return answer.status, await answer.json()


def ready(bot):
    async def look():
        return (await get(bot, "/readyz"))[0] == 200

    return look


async def answers(workspace, text="/reset-password help"):
    """Ask for help in a channel; returns whether the bot said something to it."""
    before = len(workspace.record.calls("chat.postEphemeral")) + _responses(workspace)
    await workspace.do(MORGAN, do="say", channel=GENERAL, text=text)

    async def look():
        return len(workspace.record.calls("chat.postEphemeral")) + _responses(workspace) > before

    return await until(look)


def _responses(workspace):
    return sum(said.kind in {"response_url", "ack"} for said in workspace.record)


async def test_ready_when_everything_answers(start, workspace):
    """/healthz answers at once; /readyz when store, engine and Slack do; and a command is answered."""
    bot = await start(work=True)
    assert (await get(bot, "/healthz"))[0] == 200
    await until(ready(bot))
    assert await answers(workspace)


async def test_not_ready_says_why(start, workspace):
    """Without its store and its line the bot lives, and says what is wrong."""
    bot = await start()
    await until(ready(bot))
    await bot.house.tools.store.close()
    file = Path(bot.house.tools.store.url.database)
    file.rename(file.with_suffix(".away"))  # noqa: ASYNC240 - a test may wait for a rename
    await workspace.stop()

    async def both():
        return (await get(bot, "/readyz"))[1]["wrong"].keys() == {"slack", "store"}

    try:
        await until(both, 30)
        assert (await get(bot, "/healthz"))[0] == 200
    finally:
        await workspace.start()


async def test_http_mode_takes_signed_requests_only(start, workspace):
    """The same listeners behind POST /slack/events; what is unsigned is refused."""
    bot = await start(mode="http")
    await until(ready(bot))
    url = f"http://127.0.0.1:{bot.port}/slack/events"
    async with aiohttp.ClientSession() as session:
        forged = {"X-Slack-Signature": "v0=00", "X-Slack-Request-Timestamp": str(int(clock().timestamp()))}
        async with session.post(url, data={"command": "/reset-password"}, headers=forged) as answer:
            assert answer.status == 401
        async with session.post(
            url, data=b"\xff\xfe", headers={"Content-Type": "text/plain; charset=nonsense"}
        ) as answer:
            assert answer.status == 400
        for body in (b"null", b"[]", b"1", b"[" * 100_000):
            async with session.post(url, data=body, headers={"Content-Type": "application/json"}) as answer:
                assert answer.status == 400, body[:9]
        async with session.post(url, data={"payload": "null"}) as answer:
            assert answer.status == 400
        for stamp in ("abc", "²", "-1", "", "9" * 5000):
            odd = forged | {"X-Slack-Request-Timestamp": stamp}
            async with session.post(url, data={"command": "/reset-password"}, headers=odd) as answer:
                assert answer.status == 401, stamp
    workspace.use_http(url)
    assert await answers(workspace)
    assert await answers(workspace, "/reset-password payload")


async def test_forged_requests_stand_in_the_log_once_a_minute(start, caplog):
    """A wrong signing secret, or somebody who tries: the log says so, and cannot be filled that way."""
    bot = await start(mode="http")
    await until(ready(bot))
    url = f"http://127.0.0.1:{bot.port}/slack/events"
    forged = {"X-Slack-Signature": "v0=00", "X-Slack-Request-Timestamp": str(int(clock().timestamp()))}
    async with aiohttp.ClientSession() as session:
        for _ in range(5):
            async with session.post(url, data={"command": "/reset-password"}, headers=forged) as answer:
                assert answer.status == 401
    told = [record for record in caplog.records if record.getMessage() == "signature_refused"]
    assert [record.requests for record in told] == [1]
    assert not [record for record in caplog.records if record.exc_info]


async def test_not_ready_when_nothing_can_be_written(start, workspace):
    """A store that is full or held by another is read as before; /readyz says that no deed can be done."""
    bot = await start()
    await until(ready(bot))
    with closing(sqlite3.connect(bot.house.tools.store.url.database, isolation_level=None)) as other:
        other.execute("CREATE TRIGGER full BEFORE UPDATE ON audit_head BEGIN SELECT RAISE(ABORT, 'full'); END")

        async def stuck():
            return "store" in (await get(bot, "/readyz"))[1]["wrong"]

        await until(stuck, 30)
        other.execute("DROP TRIGGER full")
    await until(ready(bot), 30)


async def test_not_ready_without_its_keys(start):
    """The bot goes on with the ring that it has read; the next start would fail, which is said now."""
    bot = await start()
    await until(ready(bot))
    file = bot.settings.keys.file
    file.rename(file.with_suffix(".away"))
    assert (await get(bot, "/readyz"))[1]["wrong"]["keys"] == "missing"
    KeyRing.create(file)
    assert (await get(bot, "/readyz"))[1]["wrong"]["keys"] == "another"


async def test_a_body_that_does_not_come_is_not_waited_for(start, monkeypatch):
    """Whoever begins a request and does not go on holds a connection for seconds, not for ever."""
    monkeypatch.setattr("bot.server.BODY_SECONDS", 0.1)
    bot = await start(mode="http")
    await until(ready(bot))
    reader, writer = await asyncio.open_connection("127.0.0.1", bot.port)
    writer.write(b"POST /slack/events HTTP/1.1\r\nHost: localhost\r\nContent-Length: 400\r\n\r\nab")
    assert b" 408 " in await asyncio.wait_for(reader.readline(), 5)
    writer.close()


async def test_a_dropped_connection_comes_back(start, workspace):
    """Slack closes connections all the time: a new one stands soon, and commands are answered."""
    bot = await start()
    await until(ready(bot))
    old = tuple(workspace.sockets.connections)
    workspace.faults.refresh_sockets()

    async def anew():
        return any(one not in old for one in workspace.sockets.connections)

    await until(anew)
    await until(ready(bot))
    assert await answers(workspace)


@pytest.mark.parametrize("fault", ["readers", "session", "silent"])
async def test_what_the_library_does_not_notice_is_rebuilt(start, workspace, monkeypatch, fault):
    """Readers that have ended, a closed session and a silent connection: each is thrown away and built anew."""
    monkeypatch.setattr(socket_mode, "PATIENCE_SECONDS", 0.0)
    monkeypatch.setattr(socket_mode, "LOOK_SECONDS", 0.05)
    bot = await start()
    await until(ready(bot))
    line = bot._socket
    old = line._handler.client
    line._patience, line._look = 0.0, 0.05
    old.auto_reconnect_enabled = old.default_auto_reconnect_enabled = False
    match fault:
        case "readers":
            old.message_receiver.cancel()
            old.current_session_monitor.cancel()
        case "session":
            await old.aiohttp_client_session.close()
        case "silent":
            workspace.faults.mute_sockets()
            monkeypatch.setattr(socket_mode, "SILENT_SECONDS", 0.2)

    async def rebuilt():
        return line._handler is not None and line._handler.client is not old

    await until(rebuilt)
    monkeypatch.setattr(socket_mode, "SILENT_SECONDS", 30.0)
    await until(ready(bot))
    assert await answers(workspace)


async def test_a_slack_that_is_down_is_waited_for(start, workspace, monkeypatch):
    """Errors of Slack's at our start are waited out."""
    monkeypatch.setattr("bot.slack.FIRST_WAIT", 0.01)
    workspace.faults.answer("auth.test", 500, times=2)
    workspace.faults.answer("bots.info", 429, times=1)
    bot = await start()
    await until(ready(bot))


@pytest.mark.parametrize(
    ("told", "said"), [({"bot_token": "xoxb-wrong"}, "slack.bot_token"), ({"team_id": "T0OTHER"}, "slack.team_id")]
)
async def test_what_no_waiting_mends_ends_the_start(settings, told, said):
    """A wrong token or team is a sentence, not an endless loop."""
    line = Line(settings(**told).slack)
    await line.open()
    with pytest.raises(ConfigError, match=said):
        await line.meet()
    await line.close()


async def test_a_wrong_app_token_ends_the_start(start):
    """Slack refuses to open a socket for it: one sentence with the key and the remedy, and /readyz says it."""
    bot = await start(app_token="xapp-1-A0REKEY0001-wrong")
    with pytest.raises(ConfigError, match=r"slack\.app_token is refused \(invalid_auth\); make it anew"):
        await asyncio.wait_for(bot._meeting, 10)
    assert (await get(bot, "/readyz"))[1]["wrong"]["slack"] == "slack.app_token is refused (invalid_auth)"


async def test_the_doctor_names_the_token_that_is_wrong(settings, tmp_path):
    """Of two tokens, the one that Slack refuses."""
    settings(app_token="xapp-1-A0REKEY0001-wrong")
    found = {check.what: check for check in await examine(str(tmp_path / "rekey.toml"))}
    assert found["slack: bot token"].ok
    assert not found["slack: app token"].ok
    assert "slack.app_token" in found["slack: app token"].remedy


@pytest.mark.parametrize(
    ("gates", "mails", "ok", "said"),
    [
        ((), False, None, ""),
        (("mail",), False, None, ""),
        (("slack",), True, None, ""),
        (("slack",), False, False, 'set mail.host and delivery.mail_content = "password"'),
        (("mail", "slack"), False, False, 'take "slack" out of directories.corp.gates'),
        (("mail", "slack"), True, True, "recovery address"),
    ],
)
def test_the_doctor_sees_that_nobody_could_be_reached(gates, mails, ok, said):
    """Gates that leave no way for a password, or recovery addresses alone, are said before somebody needs a reset."""
    mail = {"host": "mx.example.com", "sender": "rekey@example.com"} if mails else {}
    told = Settings(
        directories=({"name": "corp", "kind": "local", "gates": gates},),
        mail=mail,
        delivery={"mail_content": "password" if mails else "notice"},
    )
    found = reach(told.directories[0], rules(told))
    assert [check.ok for check in found] == ([] if ok is None else [ok])
    assert all(check.what == "directory corp: delivery" and said in check.remedy for check in found)


async def test_another_key_ring_is_refused(settings):
    """A key ring that is not the store's is said at once; the journal is not gone on with in another hand."""
    told = settings()
    house = await open_house(told)
    async with house.tools.store.write() as tx:
        entry = AuditEntry(clock(), Deed.UNLOCKED, "rekey", "", "", "", "", "", {})
        await audit.append(tx, entry)
    await house.close()
    told.keys.file.unlink()
    KeyRing.create(told.keys.file)
    with pytest.raises(ConfigError, match=r"keys\.file: .* is not the key ring that this store was written with"):
        await open_house(told)


async def test_oauth_variables_do_not_change_the_app(start, workspace, monkeypatch):
    """With SLACK_CLIENT_ID and a secret in the environment Bolt would switch to OAuth and drop our token."""
    for name in ("SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET", "SLACK_BOT_TOKEN"):
        monkeypatch.setenv(name, "x")
    bot = await start()
    await until(ready(bot))
    assert await answers(workspace)
    assert os.environ["SLACK_CLIENT_ID"] == "x"


async def test_a_taken_port_is_a_sentence(start, settings):
    """Two bots on one address: the second is told which key to change."""
    bot = await start()
    told = settings()
    told = told.model_copy(update={"web": told.web.model_copy(update={"listen": f"127.0.0.1:{bot.port}"})})
    second = serve.Bot(told, replace(bot.house), work=False)
    with pytest.raises(OperatorError, match=r"web\.listen"):
        await second.start()
    await second.line.close()
