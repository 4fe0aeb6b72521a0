"""Bytes over HTTP: the app's uploads and downloads, and a person's from the page."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from aiohttp import BodyPartReader, web

from practice.errors import CannotDo
from practice.faults import Direction, Mishap
from practice.filecalls import plain_name
from practice.files import File, Files, TooBig, ending
from practice.places import GONE, InView, element_at

if TYPE_CHECKING:
    import asyncio
    from collections.abc import AsyncIterable, AsyncIterator

    from practice.faults import Faults, Record
    from practice.filecalls import FileCalls
    from practice.people import Person
    from practice.places import Places
    from practice.world import World

Json = dict[str, Any]
_CHUNK = 1 << 16
LOGIN = """<!DOCTYPE html><html lang="en-US"><head><title>Sign in to Acme | Slack (practice)</title></head>
<body><h1>Sign in to Acme</h1><form action="/" method="post"><input name="email"></form></body></html>
"""


@dataclass(slots=True)
class FileRoutes:
    """The doors through which bytes come and go; `faults` knows the app's as "files.download" and "files.upload"."""

    world: World
    files: Files
    calls: FileCalls
    places: Places
    record: Record
    faults: Faults
    bot_token: str
    stopping: asyncio.Event

    def routes(self) -> list[web.RouteDef]:
        """Answer the routes."""
        return [
            web.post("/upload/v1/{key}", self.upload),
            web.get("/files-pri/{file}/{name}", self.download),
            web.get("/files-pri/{file}/download/{name}", self.download),
            web.get("/files/{user}/{file}/{name}", self.show),
            web.post("/page/files", self.choose),
        ]

    async def upload(self, request: web.Request) -> web.StreamResponse:
        """Take the bytes of an upload that the app began: as the body itself, or as a form's first part."""
        ticket = self.calls.tickets.get(request.match_info["key"])
        refusal = await self._mishap("files.upload", request)
        if refusal is not None:
            return refusal
        if ticket is None or ticket.size is not None:
            return web.Response(status=404, text="no such upload")
        try:
            size = await self.files.write(ticket.file_id, _body(request), ticket.length)
        except TooBig:
            size = -1
        if size != ticket.length:
            return web.Response(status=400, text="length mismatch")
        ticket.size = size
        self.record.note(Direction.IN, "upload", {"file": ticket.file_id, "name": ticket.name, "size": size}, "OK")
        return web.Response(text=f"OK - {size}")

    async def download(self, request: web.Request) -> web.StreamResponse:
        """Give the app a file's bytes; without its token a page to sign in, with 200, as Slack does."""
        refusal = await self._mishap("files.download", request)
        if refusal is not None:
            return refusal
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        right = hmac.compare_digest(token.strip().encode(), self.bot_token.encode())
        team, _, file_id = request.match_info["file"].partition("-")
        allowed = scheme.lower() == "bearer" and right and "files:read" in self.world.app.scopes
        self.record.note(Direction.IN, "download", {"file": file_id}, "bytes" if allowed else "login page")
        if not allowed:
            return web.Response(text=LOGIN, content_type="text/html", charset="utf-8")
        return self._bytes(self.files.find(file_id) if team == self.world.team else None)

    async def show(self, request: web.Request) -> web.StreamResponse:
        """Give a person at the page a file that they may have."""
        # Another site may point a frame or an image here; it is the browser that says so.
        if request.headers.get("Sec-Fetch-Site") == "cross-site":
            return web.Response(status=403, text="foreign origin")
        person = self.world.people.get(request.query.get("as", ""))
        file = self.files.find(request.match_info["file"])
        if person is None or not person.visible or file is None or not self.files.sees(person.id, file):
            return web.Response(status=404, text="no such file")
        return self._bytes(file)

    async def choose(self, request: web.Request) -> web.StreamResponse:
        """Take the file that a person chose in a modal, and answer Slack's object for it or words for them."""
        if request.headers.get("Origin") != f"http://{request.host}":
            return web.Response(status=403, text="foreign origin")
        person = self.world.people.get(request.query.get("as", ""))
        if person is None or not person.visible:
            return web.Response(status=404, text="no such person")
        try:
            file = await self.take(person, dict(request.query), _body(request))
        except CannotDo as refused:
            return web.json_response({"ok": False, "error": str(refused)})
        return web.json_response({"ok": True, "file": self.files.described(file)})

    async def take(self, person: Person, frame: Json, chunks: AsyncIterable[bytes]) -> File:
        """Keep the bytes of a file that a person chose.

        Args:
            person: whose it will be.
            frame: "view_id", "block_id" and "action_id" of the file_input, and the file's "name".
            chunks: its bytes.

        Raises:
            CannotDo: the field is not there, or does not take such a file; with words for the person.
        """
        view = self.places.view(person, frame.get("view_id"))
        _, element = element_at(InView(view), frame.get("block_id"), frame.get("action_id"))
        if element["type"] != "file_input":
            raise CannotDo(GONE)
        name = plain_name(str(frame.get("name", "")))
        kinds = [str(one).lower().removeprefix(".") for one in element.get("filetypes", ())]
        if kinds and ending(name) not in kinds:
            raise CannotDo(f"{name} is not of a type that is taken here: {', '.join(kinds)}.")
        return await self.put(person.id, name, chunks)

    async def put(self, user: str, name: str, chunks: AsyncIterable[bytes]) -> File:
        """Keep a person's file whatever its type, as other clients than Slack's own may send it.

        Raises:
            CannotDo: it is too big or empty.
        """
        file_id, most = self.world.new_id("F"), self.world.limits.file_input
        try:
            size = await self.files.write(file_id, chunks, most)
        except TooBig as too_big:
            raise CannotDo(f"{name} is too big: at most {most / 1_048_576:g} MB.") from too_big
        return self.files.add(file_id, name, user, size)

    def _bytes(self, file: File | None) -> web.StreamResponse:
        if file is None or file.deleted:
            return web.Response(status=404, text="<!DOCTYPE html><title>Not found</title>", content_type="text/html")
        headers = {
            "Content-Type": file.kind[2],
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(file.name)}",
            # What somebody uploaded must not run here, whatever it is called.
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "X-Content-Type-Options": "nosniff",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Cache-Control": "no-store",
        }
        return web.FileResponse(self.files.path(file.id), headers=headers)

    async def _mishap(self, name: str, request: web.Request) -> web.StreamResponse | None:
        fault = self.faults.next(name)
        if fault is None:
            return None
        if fault.mishap is Mishap.ANSWER:
            return web.Response(status=fault.status, text=fault.error)
        await self.stopping.wait()
        if request.transport is not None:
            request.transport.abort()
        return web.Response(status=500)


async def _body(request: web.Request) -> AsyncIterator[bytes]:
    if request.content_type != "multipart/form-data":
        async for chunk in request.content.iter_chunked(_CHUNK):
            yield chunk
        return
    part = await (await request.multipart()).next()
    while isinstance(part, BodyPartReader) and (chunk := await part.read_chunk(_CHUNK)):
        yield bytes(chunk)
