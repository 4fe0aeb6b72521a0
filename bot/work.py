"""`rekey work`: a worker without Slack's events and without pages. As many as wanted, on PostgreSQL."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy import make_url

from bot.assembly import House, open_house, store_failed
from bot.config import demand_slack
from bot.crew import crew_of, since_boot
from bot.duties import Duties, mail_server
from bot.errors import ConfigError
from bot.rounds import Rounds
from bot.slack import Line
from bot.worker import Worker
from store import outbox
from store.base import StoreFailed

if TYPE_CHECKING:
    from slack_sdk.web.async_client import AsyncWebClient

    from bot.settings import Settings

log = logging.getLogger(__name__)

NOT_ON_SQLITE = (
    "`rekey work` needs PostgreSQL, and store.url names a SQLite file; there `rekey serve` runs the one worker."
)


class Labour:
    """The worker of a process and what it does by the clock: the same in `rekey serve` and in `rekey work`."""

    def __init__(self, settings: Settings, house: House, notices: AsyncWebClient) -> None:
        tools = replace(house.tools, fit=self._fit, watch=since_boot)
        duties = Duties(tools, notices, mail_server(settings))
        crew = crew_of(house.tools.store)
        lanes = sum(map(tools.rules.lanes_of, tools.directories))
        self.worker = Worker(settings.store.full_url, house.intake, duties.do, crew, lanes=lanes)
        self._alone = crew is None
        self._tools = tools
        pauses = {d.name: d.index_refresh for d in settings.directories}
        self._rounds = Rounds(house.tools, duties, self.worker, pauses)

    def _fit(self) -> bool:
        return self.worker.fit()

    async def start(self) -> None:
        """Start both.

        Raises:
            OperatorError: the engine cannot run here.
        """
        began = self._tools.clock()
        try:
            await self.worker.start()
            if self._alone:  # what was being said when the last process ended is nobody's now
                async with self._tools.store.write() as tx:
                    await outbox.let_go_before(tx, began)
        except StoreFailed as error:
            raise store_failed(error) from error
        self._rounds.start()

    async def stop(self) -> None:
        """Stop both: begin nothing more, and wait for what is being done, for so long."""
        await self._rounds.stop()
        await self.worker.stop()


async def work(settings: Settings) -> None:
    """Work until SIGTERM or SIGINT.

    Raises:
        OperatorError: a sentence and a remedy.
    """
    demand_slack(settings, listens=False)
    if make_url(settings.store.full_url).get_backend_name() == "sqlite":
        raise ConfigError(NOT_ON_SQLITE)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    house = await open_house(settings)
    line = Line(settings.slack)
    labour: Labour | None = None
    try:
        await line.open()
        labour = Labour(settings, house, line.notices)
        await labour.start()
        gc.freeze()
        gc.enable()
        log.info("working")
        meeting = asyncio.create_task(line.meet())  # which ends us where the token or the team is wrong
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({meeting, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if meeting.done():
            meeting.result()
            await stopping
        meeting.cancel()
        await asyncio.gather(meeting, return_exceptions=True)
    finally:
        log.info("stopping")
        if labour is not None:
            await labour.stop()
        await line.close()
        await house.close()
        log.info("stopped")
