"""The page's side: its files, and the WebSocket over which one person looks at the workspace."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyotp
from aiohttp import WSCloseCode, WSMsgType, web

from practice.errors import CannotDo, SlackSaysNo
from practice.world import is_reply

if TYPE_CHECKING:
    from practice.deeds import Deeds
    from practice.files import Files
    from practice.mailbox import Mailbox
    from practice.people import Person
    from practice.world import Conversation, World

Json = dict[str, Any]
Phones = Mapping[str, Sequence[tuple[str, str, str]]]
SignIn = Callable[[str, str], Awaitable[Mapping[str, Any]]]
WEB = Path(__file__).parent / "web"
STEP = 30
_BIGGEST = 1 << 20


@dataclass(slots=True)
class Page:
    """Serves everybody who looks at the workspace.

    Attributes:
        phones: for each user id, the (issuer, account, base32 seed) of the codes on that person's phone.
        sign_in: tries a login and a password against the directory; None hides that tab.
    """

    world: World
    deeds: Deeds
    files: Files
    mailbox: Mailbox
    phones: Phones
    sign_in: SignIn | None
    sockets: dict[str, list[web.WebSocketResponse]] = field(default_factory=dict)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one page from its opening to its end."""
        # A foreign page in the same browser may open a WebSocket here; only its Origin tells.
        if request.headers.get("Origin") != f"http://{request.host}":
            return web.Response(status=403, text="foreign origin")
        visible = [each.id for each in self.world.people.values() if each.visible]
        person = self.world.people.get(request.query.get("as") or next(iter(visible), ""))
        if person is None or not person.visible:
            return web.Response(status=404, text="no such person")
        socket = web.WebSocketResponse(heartbeat=30, max_msg_size=_BIGGEST)
        await socket.prepare(request)
        self.sockets.setdefault(person.id, []).append(socket)
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    # Each frame on its own: a slow answer of the app must not keep a person from cancelling.
                    self._spawn(self._frame(person, socket, message.data))
        finally:
            self.sockets[person.id].remove(socket)
        return socket

    def push(self, user: str, frame: Json) -> None:
        """Tell one person's pages something, in order."""
        for socket in self.sockets.get(user, ()):
            self._spawn(_send(socket, frame))

    def status(self) -> None:
        """Tell every page whether the app is connected."""
        for user in self.sockets:
            self.push(user, {"push": "status", "bot_connected": self.deeds.delivery.connected})

    def mail_came(self, addresses: Sequence[str]) -> None:
        """Tell those pages that a mail came for their person."""
        wanted = {address.casefold() for address in addresses}
        for person in self.world.people.values():
            if wanted & {address.casefold() for address in (person.mail, *person.other_mails) if address}:
                self.push(person.id, {"push": "mail"})

    async def close(self) -> None:
        """Say goodbye to every page."""
        for socket in [one for sockets in self.sockets.values() for one in sockets]:
            await socket.close(code=WSCloseCode.GOING_AWAY)
        for task in [*self._tasks]:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _spawn(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _frame(self, person: Person, socket: web.WebSocketResponse, text: str) -> None:
        try:
            frame = json.loads(text)
        except json.JSONDecodeError:
            return
        if not isinstance(frame, dict):
            return
        try:
            answer: Json = {"ok": True, **await self.do(person, frame)}
        except CannotDo as refused:
            answer = {"ok": False, "error": str(refused)}
        except SlackSaysNo as refused:
            answer = {"ok": False, "error": refused.code}
        await _send(socket, {"re": frame.get("id")} | answer)

    async def do(self, person: Person, frame: Json) -> Json:
        """Do what one frame of a person's page asks for.

        Raises:
            CannotDo: with words for that person.
        """
        deed = self.deeds.table().get(str(frame.get("do")))
        if deed is not None:
            return await deed(person, frame)
        reading: dict[str, Callable[[Person, Json], Json]] = {
            "world": self._world,
            "history": self._history,
            "mailbox": self._mailbox,
            "phone": self._phone,
            "files": self._files,
        }
        read = reading.get(str(frame.get("do")))
        if read is not None:
            return read(person, frame)
        if frame.get("do") == "sign_in" and self.sign_in is not None:
            return dict(await self.sign_in(str(frame.get("login", "")), str(frame.get("password", ""))))
        raise CannotDo("The practice workspace does not know this.")

    def _world(self, person: Person, _frame: Json) -> Json:
        world = self.world
        own = person.team == world.team
        if own and world.app.messages_tab:
            world.direct(person.id)
        mine = [one for one in world.conversations.values() if person.id in one.members]
        commands = [
            {"command": one.command, "usage": one.usage, "description": one.description} for one in world.app.commands
        ]
        shortcuts = [{"callback_id": one.callback_id, "name": one.name} for one in world.app.shortcuts]
        return {
            "workspace": {"name": world.name, "team": world.team},
            "me": _person(person),
            "people": [_person(one) for one in world.people.values() if one.visible],
            "bot": {"id": world.app.bot_id, "user": world.app.bot_user, "name": world.app.name, "icon": ""},
            "conversations": [self._conversation(person, one) for one in mine],
            "commands": commands if own else [],
            "shortcuts": shortcuts if own else [],
            "status": {"bot_connected": self.deeds.delivery.connected},
            "limits": {"file_input": world.limits.file_input},
            "features": {"sign_in": self.sign_in is not None, "home": own and world.app.home_tab},
        }

    def _conversation(self, person: Person, channel: Conversation) -> Json:
        seen = self.world.read.get((person.id, channel.id), "")
        said = [one for one in self.world.history(channel.id) if not is_reply(one)]
        unread = [one for one in said if one["ts"] > seen and one.get("user") != person.id]
        return {
            "id": channel.id,
            "name": self.world.app.name if channel.direct else channel.name,
            "kind": "app" if channel.direct else "channel",
            "private": channel.private,
            "shared": channel.shared,
            "unread": len(unread),
        }

    def _history(self, person: Person, frame: Json) -> Json:
        channel = self.deeds.places.conversation(person, frame.get("channel"))
        kept = self.world.history(channel.id)
        if kept:
            self.world.read[person.id, channel.id] = kept[-1]["ts"]
        whispered = self.world.ephemerals(channel.id, person.id)
        shown = [self.world.shown(one) for one in kept]
        shown += [self.world.shown(one, ephemeral=True) for one in whispered]
        return {"messages": sorted(shown, key=lambda one: one["ts"])}

    def _mailbox(self, person: Person, frame: Json) -> Json:
        return {"mails": self.mailbox.mails(None if frame.get("all") else person)}

    def _files(self, person: Person, _frame: Json) -> Json:
        return {"files": [self.files.described(one) for one in self.files.of(person.id)]}

    def _phone(self, person: Person, _frame: Json) -> Json:
        now = self.world.clock()
        left = STEP - int(now.timestamp()) % STEP
        codes = [
            {"issuer": issuer, "account": account, "code": pyotp.TOTP(seed).at(now), "seconds_left": left}
            for issuer, account, seed in self.phones.get(person.id, ())
        ]
        return {"codes": codes}


async def _send(socket: web.WebSocketResponse, frame: Json) -> None:
    if not socket.closed:
        with contextlib.suppress(ConnectionError):
            await socket.send_json(frame)


def _person(person: Person) -> Json:
    return {
        "id": person.id,
        "handle": person.handle,
        "name": person.name,
        "title": person.title,
        "kind": person.kind.value,
        "mail": person.mail,
        "note": person.note,
        "avatar_hue": person.avatar_hue,
    }
