"""`rekey serve`: the bot. Opens everything, takes what comes, and closes in the order that loses nothing."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import sys
from typing import TYPE_CHECKING

from bot.assembly import House, open_house
from bot.config import demand_slack
from bot.server import Server
from bot.slack import Identity, Line
from bot.socket_mode import SocketMode
from bot.work import Labour
from handlers import register
from store import audit
from store.base import StoreFailed
from store.keys import KeyFileError, KeyRing

if TYPE_CHECKING:
    from slack_bolt.async_app import AsyncApp

    from bot.settings import Settings

log = logging.getLogger(__name__)

DRAIN_SECONDS = 5.0  # for listeners; the worker has its own
LOOKED_EVERY = 2.0  # seconds between two trial writes for /readyz


class Bot:
    """The running bot."""

    def __init__(self, settings: Settings, house: House, *, work: bool) -> None:
        self.settings = settings
        self.house = house
        self.line = Line(settings.slack, house.intake.stir)
        self.server = Server(settings.web.host, settings.web.port, self.wrong)
        self._looked_at = float("-inf")
        self._store_says: str | None = None
        self.identity: Identity | None = None
        self._work = work
        self._labour: Labour | None = None
        self._socket: SocketMode | None = None
        self._meeting: asyncio.Task[None] | None = None
        self.port = 0

    async def start(self) -> asyncio.Task[None]:
        """Start; returns the task that meets Slack, which may take as long as Slack does.

        Raises:
            OperatorError: something is in the way that waiting does not mend.
        """
        await self.line.open()
        if self._work:
            self._labour = Labour(self.settings, self.house, self.line.notices)
            await self._labour.start()
        self.port = await self.server.start()
        self._meeting = asyncio.create_task(self._meet())
        return self._meeting

    async def _meet(self) -> None:
        self.identity = await self.line.meet()
        app = self.line.app(self.identity)
        register.register(app, self.house.tools, app_id=self.identity.app)
        if self.settings.slack.mode == "http":
            self.server.take(app)
        else:
            self._listen(app)
        log.info("serving", extra={"team": self.identity.team, "mode": self.settings.slack.mode, "port": self.port})
        if self._socket is not None:
            await self._socket.begun()

    def _listen(self, app: AsyncApp) -> None:
        self._socket = SocketMode(
            app, self.line.client, self.settings.slack.app_token.reveal(), now=asyncio.get_running_loop().time
        )
        self._socket.start()

    async def wrong(self) -> dict[str, str]:
        """Return what does not answer, and why: store, keys, engine, Slack."""
        wrong: dict[str, str] = {}
        if store := await self._store():
            wrong["store"] = store
        if keys := await asyncio.to_thread(self._keys):
            wrong["keys"] = keys
        if self._labour is not None:
            try:
                async with asyncio.timeout(5):
                    engine = await self._labour.worker.check()
            except Exception as error:  # noqa: BLE001 - whatever the engine raises, it does not answer
                engine = type(error).__name__
            if engine:
                wrong["engine"] = engine
        if self.identity is None:
            wrong["slack"] = "not reached yet"
        elif self._socket is not None and (silent := self._socket.wrong()):
            wrong["slack"] = silent
        return wrong

    async def _store(self) -> str | None:
        """Say why the store cannot be written; anybody may ask, so that it is looked at no more often than needed."""
        now = asyncio.get_running_loop().time()
        if now - self._looked_at >= LOOKED_EVERY:
            self._looked_at, says = now, None
            try:
                async with asyncio.timeout(5), self.house.tools.store.write() as tx:
                    await audit.demand_writable(tx)
            except (StoreFailed, TimeoutError) as error:
                says = getattr(error, "what", "no answer in 5 s")
            self._store_says = says  # until then, whoever else asks hears the last look's word
        return self._store_says

    def _keys(self) -> str | None:
        """Say what is wrong with the key file: a restart needs it, and would find another one only then."""
        try:
            ring = KeyRing.load(self.settings.keys.file)
        except KeyFileError as error:
            return error.reason
        return None if ring.newest == self.house.tools.store.ring.newest else "another"

    async def stop(self) -> None:
        """Take nothing more, let go on what is in flight, stop the worker, close the house."""
        log.info("stopping")
        self.server.take(None)
        if self._meeting is not None:
            self._meeting.cancel()
            await asyncio.gather(self._meeting, return_exceptions=True)
        if self._socket is not None:
            await self._socket.hold()
        left = await self.line.in_flight.drain(DRAIN_SECONDS)
        if self._socket is not None:
            await self._socket.close()
        await self.server.close()
        if self._labour is not None:
            await self._labour.stop()
        await self.line.close()
        await self.house.close()
        log.info("stopped", extra={"listeners_left": left})


def _at_end_of_input(stop: asyncio.Event) -> None:
    if not os.read(sys.stdin.fileno(), 1):
        asyncio.get_running_loop().remove_reader(sys.stdin)
        stop.set()


async def serve(settings: Settings, *, work: bool = True, until_stdin_closes: bool = False) -> None:
    """Serve until SIGTERM or SIGINT.

    Args:
        settings: as `bot.config.load` read them.
        work: run the worker too.
        until_stdin_closes: end when standard input does, which is when the process that started us is gone.

    Raises:
        OperatorError: a sentence and a remedy.
    """
    demand_slack(settings)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if until_stdin_closes:
        loop.add_reader(sys.stdin, _at_end_of_input, stop)
    house = await open_house(settings)
    bot = Bot(settings, house, work=work)
    try:
        meeting = await bot.start()
        gc.freeze()  # what stands now is never walked over again: a full collection would hold an ack up by 100 ms
        gc.enable()
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({meeting, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if meeting.done():
            meeting.result()
        await stopping
    finally:
        await bot.stop()
