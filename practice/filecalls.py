"""The files.* methods: looking at a file, uploading one in three steps, deleting one's own."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from practice.blocks import dress
from practice.calls import Method
from practice.chat import Chat, fresh_name
from practice.errors import SlackSaysNo
from practice.files import File, Files, gone
from practice.limits import SNIPPET_BYTES, Tier
from practice.validate import message_blocks

if TYPE_CHECKING:
    from practice.world import World

Json = dict[str, Any]
_READ, _WRITE = ("files:read",), ("files:write",)
# Slack says so in a refusal: no user ids and no names here, unlike chat.postMessage.
_CHANNEL = "^[CGDZ][A-Z0-9]{8,}$"


@dataclass(slots=True)
class Ticket:
    """An upload under way.

    Attributes:
        size: None until the bytes have come.
    """

    file_id: str
    name: str
    length: int
    size: int | None = None


@dataclass(slots=True)
class FileCalls:
    """The app's way to files; `tickets` are its uploads under way, by what stands in their address."""

    world: World
    files: Files
    chat: Chat
    tickets: dict[str, Ticket] = field(default_factory=dict)

    def methods(self) -> dict[str, Method]:
        """Answer the methods by name."""
        return {
            "files.info": Method(self.info, Tier.FOUR, _READ, ("file",), reads_json=False),
            "files.getUploadURLExternal": Method(
                self.begin, Tier.FOUR, _WRITE, ("filename", "length"), reads_json=False
            ),
            "files.completeUploadExternal": Method(self.complete, Tier.FOUR, _WRITE, ("files",)),
            "files.delete": Method(self.delete, Tier.THREE, _WRITE, ("file",)),
        }

    def info(self, arguments: Json) -> Json:
        """Describe a file; `shares` tells the message that it was said in."""
        file = self.files.find(arguments["file"])
        refusal = gone(file)
        if refusal is not None or file is None:
            raise refusal or SlackSaysNo("file_not_found")
        return {"file": self.files.described(file), "comments": [], "response_metadata": {"next_cursor": ""}}

    def begin(self, arguments: Json) -> Json:
        """Hand out an address to which the bytes go."""
        try:
            length = int(str(arguments["length"]))
        except ValueError as bad:
            raise SlackSaysNo("invalid_arguments", "must be an integer [json-pointer:/length]") from bad
        if length < 1:
            raise SlackSaysNo("missing_argument")
        if length > self.world.limits.upload:
            raise SlackSaysNo("file_upload_size_restricted")
        if arguments.get("snippet_type") and length > SNIPPET_BYTES:
            raise SlackSaysNo("snippet_too_large")
        ticket = Ticket(self.world.new_id("F"), plain_name(str(arguments["filename"])), length)
        key = secrets.token_urlsafe(32)
        self.tickets[key] = ticket
        return {"upload_url": f"{self.world.base}/upload/v1/{key}", "file_id": ticket.file_id}

    def complete(self, arguments: Json) -> Json:
        """End uploads, and say a message with the files if a conversation is named; else they stay private."""
        named = arguments["files"]
        if not isinstance(named, list) or not all(isinstance(one, dict) and "id" in one for one in named):
            raise SlackSaysNo("invalid_arguments", "must be an array of objects with an id [json-pointer:/files]")
        where = arguments.get("channel_id")
        if where and not re.fullmatch(_CHANNEL, str(where)):
            words = f"input must match regex pattern: {_CHANNEL} [json-pointer:/channel_id]"
            raise SlackSaysNo("invalid_arguments", words)
        channel = self.chat.where(str(where)) if where else None
        blocks = dress(message_blocks(arguments["blocks"]), fresh_name) if arguments.get("blocks") else None
        waiting = {ticket.file_id: key for key, ticket in self.tickets.items() if ticket.size is not None}
        if any(one["id"] not in waiting for one in named):
            raise SlackSaysNo("file_not_found")
        made = [self._made(self.tickets.pop(waiting[one["id"]]), str(one.get("title") or "")) for one in named]
        # Slack answers before it has looked at the bytes and before it has said the message: files.info knows later.
        unseen = {"mimetype": "", "filetype": "", "pretty_type": ""}
        answer = {"files": [self.files.described(file) | unseen for file in made]}
        if channel is not None:
            message = self.world.by_bot(str(arguments.get("initial_comment") or ""), blocks) | {"upload": False}
            if arguments.get("thread_ts"):
                message["thread_ts"] = str(arguments["thread_ts"])
            self.files.share(channel.id, made, message)
        return answer

    def delete(self, arguments: Json) -> Json:
        """Delete a file of the app's own; a person's needs that person's token, or an admin's."""
        file = self.files.find(arguments["file"])
        refusal = gone(file)
        if refusal is not None or file is None:
            raise refusal or SlackSaysNo("file_not_found")
        if file.user != self.world.app.bot_user:
            raise SlackSaysNo("cant_delete_file")
        self.files.delete(file)
        return {}

    def _made(self, ticket: Ticket, title: str) -> File:
        return self.files.add(ticket.file_id, ticket.name, self.world.app.bot_user, ticket.size or 0, title=title)


def plain_name(given: str) -> str:
    """Answer a file's name without folders and without what cannot stand in a header."""
    return re.sub(r"[\x00-\x1f\x7f\"]", "_", re.split(r"[/\\]", given)[-1]).strip() or "file"
