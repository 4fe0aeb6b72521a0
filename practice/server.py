"""The practice workspace itself: one aiohttp server on loopback that is Slack to the bot and a page to people."""

from __future__ import annotations

import asyncio
import secrets
from typing import TYPE_CHECKING, Any

import aiohttp
from aiohttp import web

from practice.chat import Chat
from practice.deeds import Deeds
from practice.delivery import Delivery
from practice.faults import Faults, Record
from practice.filecalls import FileCalls
from practice.fileroutes import FileRoutes
from practice.files import Files
from practice.forms import Forms
from practice.httpmode import Posts
from practice.limits import Limits
from practice.lookups import Lookups
from practice.mailbox import Mailbox
from practice.modals import Modals
from practice.page import WEB, Page, Phones, SignIn
from practice.payloads import Payloads
from practice.people import CHANNELS, PEOPLE, REKEY, App, Channel, Person
from practice.places import Places
from practice.responses import Responses
from practice.shelf import Shelf
from practice.socketmode import Sockets
from practice.talks import Talks
from practice.throttle import Throttle
from practice.triggers import Triggers
from practice.viewcalls import ViewCalls
from practice.webapi import WebApi
from practice.world import World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

Json = dict[str, Any]
HOST = "127.0.0.1"
_LOOPBACK = frozenset({"127.0.0.1", "localhost"})
_BODY = 4 << 20
_TURNS = 5


class Workspace:
    """Stands in for Slack, for one app.

    Attributes:
        bot_token, app_token, signing_secret: what the bot is to be given.
        record: everything that crossed the wire.
        faults: misfortunes for tests.
        mailbox: where the bot's mail goes.
        files, uploads: the files, and how they come in.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], datetime],
        people: Iterable[Person] = PEOPLE,
        channels: Sequence[Channel] = CHANNELS,
        app: App = REKEY,
        phones: Phones | None = None,
        sign_in: SignIn | None = None,
        limits: Limits | None = None,
    ) -> None:
        """Describe the workspace; nothing listens yet.

        Args:
            clock: aware UTC; rate limits, triggers and response_urls live by it.
            people: who is here.
            channels: the channels that stand from the start.
            app: the app as its manifest installs it.
            phones: for each user id, the (issuer, account, base32 seed) of their codes; may change later.
            sign_in: tries a login and a password against the directory.
            limits: Slack's figures, where a test wants them shorter.
        """
        self.clock = clock
        self.people: Mapping[str, Person] = {person.id: person for person in people}
        self.channels = channels
        self.app = app
        self.phones: Phones = phones if phones is not None else {}
        self.sign_in = sign_in
        self.limits = limits or Limits()
        self.record = Record()
        self.bot_token = ""
        self.app_token = ""
        self.signing_secret = ""

    @property
    def url(self) -> str:
        """The address of the page, without a slash at the end."""
        return self.world.base

    @property
    def api_url(self) -> str:
        """What the bot takes for `slack.api_url`."""
        return f"{self.world.base}/api/"

    @property
    def traffic(self) -> Record:
        """Everything that crossed the wire, as a list of (direction, kind, payload, reply)."""
        return self.record

    async def start(self, host: str = HOST, port: int = 0, *, data: Path | None = None) -> None:
        """Listen; port 0 takes a free one.

        Args:
            host: a loopback address.
            port: as wished.
            data: a folder where messages, Homes, mails and tokens outlive a restart; None keeps nothing.

        Raises:
            ValueError: the host is not loopback; nothing listens.
            OSError: the port is taken.
        """
        if host not in _LOOPBACK:
            raise ValueError("the practice workspace listens on loopback only")
        self.shelf = Shelf(data)
        self._tokens()
        self._furnish()
        self._stopping = asyncio.Event()
        self._session = aiohttp.ClientSession()
        await self.mailbox.start()
        self._runner = web.AppRunner(
            self._application(), handler_cancellation=True, access_log=None, shutdown_timeout=2
        )
        await self._runner.setup()
        self._site = web.TCPSite(self._runner, host, port)
        try:
            await self._site.start()
        except OSError:
            await self._runner.cleanup()
            await self.mailbox.stop()
            await self._session.close()
            self.files.close()
            self.shelf.close()
            raise
        self.port = int(self._runner.addresses[0][1])
        self.world.base = f"http://{host}:{self.port}"
        self.files.redraw()

    async def stop(self) -> None:
        """Say goodbye to the bot and to the pages, and listen no more; what is kept is kept."""
        self._stopping.set()
        await self.delivery.close()
        await self.sockets.close()
        await self.page.close()
        # A bot that is just coming back may be accepted and not yet known: asyncio forgets it, open, when the listening
        # ends in that very turn of the loop (Python 3.11 asserts). Some turns later it is closed with the rest.
        for _ in range(_TURNS):
            await asyncio.sleep(0)
        await self._site.stop()
        for _ in range(_TURNS):
            await asyncio.sleep(0)
        await self._runner.cleanup()
        await self.mailbox.stop()
        await self._session.close()
        self.files.close()
        self.shelf.close()

    def use_http(self, request_url: str) -> Posts:
        """Deliver by signed POSTs to the bot's request URL from now on, instead of Socket Mode."""
        self.delivery.posts = Posts(self.world, self.record, self.signing_secret, request_url, self._session)
        self.page.status()
        return self.delivery.posts

    async def deliver(self, kind: str, payload: Json) -> Json | None:
        """Send the app any payload, however forged, and answer what it acknowledged with.

        Args:
            kind: "slash_commands", "interactive" or "events_api".
            payload: sent as it is.

        Raises:
            NoAnswer: the app did not answer in time or could not be reached.
        """
        return await self.delivery.ask(kind, payload)

    async def do(self, user: str, **frame: Any) -> Json:
        """Do as one person what their page would ask for: `do("U...", do="say", channel=..., text=...)`.

        Raises:
            CannotDo: with words for that person.
        """
        return await self.page.do(self.people[user], frame)

    def _tokens(self) -> None:
        kept = self.shelf.get("tokens", "tokens")
        if kept is None:
            kept = {
                "bot": f"xoxb-{secrets.randbelow(10**12):012}-{secrets.token_hex(12)}",
                "app": f"xapp-1-{self.app.id}-{secrets.randbelow(10**12):012}-{secrets.token_hex(32)}",
                "signing": secrets.token_hex(16),
            }
            self.shelf.put("tokens", "tokens", kept)
        self.bot_token, self.app_token, self.signing_secret = kept["bot"], kept["app"], kept["signing"]

    def _furnish(self) -> None:
        clock, record = self.clock, self.record
        self.world = World(self.people, self.app, clock, self.limits, self.shelf)
        self.world.furnish(self.channels)
        self.files = Files(self.world)
        self.files.remember()
        self.modals = Modals(self.world)
        self.modals.remember()
        self.triggers = Triggers(clock, self.limits)
        self.sockets = Sockets(self.world, record)
        self.delivery = Delivery(self.sockets, self.limits)
        self.responses = Responses(self.world, self.triggers, record)
        payloads = Payloads(self.world, self.modals, self.triggers)
        self.places = Places(self.world, self.modals)
        forms = Forms(self.modals, self.places, payloads, self.delivery, self.files)
        self.deeds = Deeds(
            self.world, self.modals, self.places, payloads, self.delivery, self.responses, forms, self.files
        )
        self.mailbox = Mailbox(self.shelf, record, clock)
        self.page = Page(self.world, self.deeds, self.files, self.mailbox, self.phones, self.sign_in)
        self.faults = Faults(self.sockets.drop, self.sockets.mute, self.sockets.refresh)
        self.world.push = self.page.push
        self.sockets.changed = self.page.status
        self.mailbox.came = self.page.mail_came

    def _application(self) -> web.Application:
        throttle = Throttle(self.clock, self.limits)
        chat = Chat(self.world, throttle)
        files = FileCalls(self.world, self.files, chat)
        self.uploads = FileRoutes(
            *(self.world, self.files, files, self.places, self.record, self.faults, self.bot_token, self._stopping)
        )
        methods = {
            **chat.methods(),
            **files.methods(),
            **ViewCalls(self.modals, self.triggers).methods(),
            **Lookups(self.world, self.sockets.ticket).methods(),
            **Talks(self.world).methods(),
        }
        api = WebApi(
            self.world, self.record, self.faults, throttle, methods, self.bot_token, self.app_token, self._stopping
        )
        application = web.Application(middlewares=[_own_host], client_max_size=_BODY)
        application.add_routes(
            [
                web.post("/api/{method}", api.handle),
                web.get("/api/{method}", api.handle),
                web.get("/socket/{ticket}", self.sockets.handle),
                web.post("/response/{key}", self.responses.handle),
                web.get("/page", self.page.handle),
                *self.uploads.routes(),
                web.get("/", _index),
                web.static("/web", WEB),
            ]
        )
        return application


@web.middleware
async def _own_host(request: web.Request, handler: Callable[[web.Request], Any]) -> web.StreamResponse:
    # A name that an attacker points at 127.0.0.1 reaches this server too (DNS rebinding); its Host betrays it.
    if request.host.rpartition(":")[0] not in _LOOPBACK:
        return web.Response(status=421, text="this address is not served here")
    answer: web.StreamResponse = await handler(request)
    return answer


async def _index(_request: web.Request) -> web.StreamResponse:
    headers = {
        "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
    }
    return web.FileResponse(WEB / "index.html", headers=headers)
