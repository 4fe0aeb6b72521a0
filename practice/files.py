"""Files: what people and the app uploaded, their bytes in a folder, and Slack's object for each."""

from __future__ import annotations

import re
import shutil
import tempfile
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from practice.errors import CannotDo, SlackSaysNo

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, Iterator

    from practice.world import Conversation, World

Json = dict[str, Any]
FOLDER = "files"
# Slack's own names for a few types: its filetype, its pretty_type and the mimetype, by the name's ending.
TYPES = {
    "csv": ("csv", "CSV", "text/csv"),
    "tsv": ("tsv", "TSV", "text/tab-separated-values"),
    "txt": ("text", "Plain Text", "text/plain"),
    "json": ("json", "JSON", "application/json"),
    "html": ("html", "HTML", "text/html"),
    "pdf": ("pdf", "PDF", "application/pdf"),
    "png": ("png", "PNG", "image/png"),
    "jpg": ("jpg", "JPEG", "image/jpeg"),
    "zip": ("zip", "Zip", "application/zip"),
    "xlsx": ("xlsx", "Excel Spreadsheet", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
}
OTHER = ("binary", "Binary", "application/octet-stream")


class TooBig(Exception):
    """More bytes came than were allowed; nothing is kept."""


@dataclass(slots=True)
class File:
    """One file.

    Attributes:
        user: whose it is; the app's bot user for the app's own.
        shares: where it was said, as {"channel", "ts"} and, in a thread, "thread_ts".
        deleted: its bytes are gone; what was known of it stays, as in Slack.
    """

    id: str
    name: str
    title: str
    user: str
    size: int
    created: int
    shares: list[Json] = field(default_factory=list)
    deleted: bool = False

    @property
    def kind(self) -> tuple[str, str, str]:
        """Slack's filetype, pretty_type and mimetype, judged by the name alone."""
        return TYPES.get(ending(self.name), OTHER)


@dataclass(slots=True)
class Files:
    """All files of the workspace; their bytes lie beside the shelf, or in a folder that goes with the process."""

    world: World
    _known: dict[str, File] = field(default_factory=dict)
    _folder: Path | None = None

    def remember(self) -> None:
        """Put back what the shelf holds, and forget bytes that belong to nothing (an upload never completed)."""
        for kept in self.world.shelf.all("file"):
            self._known[kept["id"]] = File(**kept)
        kept_at = self.world.shelf.folder
        if kept_at is not None and (kept_at / FOLDER).is_dir():
            self._folder = kept_at / FOLDER
            for path in self._folder.iterdir():
                if path.name not in self._known:
                    path.unlink()

    def redraw(self) -> None:
        """Write the files' addresses anew into the messages that show them: a restart has another port."""
        for file in self._known.values():
            for message in self._messages(file):
                self._put(message, file)

    def close(self) -> None:
        """Take the bytes away, unless they are to be kept."""
        if self._folder is not None and self.world.shelf.folder is None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def path(self, file_id: str) -> Path:
        """Answer where a file's bytes lie, or are to lie."""
        if self._folder is None:
            kept_at = self.world.shelf.folder
            self._folder = Path(tempfile.mkdtemp(prefix="practice-")) if kept_at is None else kept_at / FOLDER
            self._folder.mkdir(mode=0o700, exist_ok=True)
        return self._folder / file_id

    async def write(self, file_id: str, chunks: AsyncIterable[bytes], most: int) -> int:
        """Write bytes as they come and answer how many.

        Raises:
            TooBig: more than `most`; they were read to the end, so that whoever sends them hears of it.
        """
        size = 0
        path = self.path(file_id)
        # Plain writes in the event loop, as on the shelf: these files are small, and only the demo waits for them.
        with path.open("wb") as file:
            async for chunk in chunks:
                size += len(chunk)
                if size <= most:
                    file.write(chunk)
        if size > most:
            path.unlink()
            raise TooBig
        return size

    def add(self, file_id: str, name: str, user: str, size: int, *, title: str = "") -> File:
        """Know a file whose bytes have been written."""
        file = File(file_id, name, title or name, user, size, int(self.world.clock().timestamp()))
        self._known[file.id] = file
        self.keep(file)
        return file

    def keep(self, file: File) -> None:
        """Keep what is known of a file, and tell its owner's pages."""
        self.world.shelf.put("file", file.id, asdict(file))
        self.world.push(file.user, {"push": "files"})

    def find(self, file_id: object) -> File | None:
        """Answer a file, deleted or not."""
        return self._known.get(str(file_id))

    def of(self, user: str) -> list[File]:
        """Answer a person's own files that are still there, the newest first."""
        mine = [one for one in self._known.values() if one.user == user and not one.deleted]
        return sorted(mine, key=lambda one: one.created)[::-1]

    def read(self, file_id: str) -> bytes:
        """Answer a file's bytes.

        Raises:
            OSError: it is deleted, or never was.
        """
        return self.path(file_id).read_bytes()

    def delete(self, file: File) -> None:
        """Take a file's bytes away; messages that showed it show that it is gone."""
        file.deleted = True
        self.path(file.id).unlink(missing_ok=True)
        self.keep(file)
        for share in file.shares:
            message = self.world.message(share["channel"], share["ts"])
            if message is not None:
                self._put(message, file)
                self.world.keep(share["channel"], message)

    def share(self, channel: str, files: list[File], message: Json) -> None:
        """Say a message that shows files."""
        message["files"] = []
        for file in files:
            thread = {"thread_ts": message["thread_ts"]} if "thread_ts" in message else {}
            file.shares.append({"channel": channel, "ts": message["ts"]} | thread)
            self.keep(file)
        message["files"] = [self.described(file) for file in files]
        self.world.keep(channel, message)

    def sees(self, user: str, file: File) -> bool:
        """Whether a person may have a file: it is theirs, or was said where they are."""
        places = [self.world.conversations.get(share["channel"]) for share in file.shares]
        return file.user == user or any(place is not None and user in place.members for place in places)

    def fill(self, user: str, values: Json) -> Json:
        """Answer a view's values with Slack's whole object in the place of each file that a person chose.

        Raises:
            CannotDo: a file that is not there, or not theirs.
        """
        for entry in (one for block in values.values() for one in block.values() if one["type"] == "file_input"):
            found = [self.find(one["id"]) for one in entry["files"]]
            if any(file is None or file.user != user for file in found):
                raise CannotDo("This file is no longer there. Choose it again.")
            entry["files"] = [self.described(file) for file in found if file is not None]
        return values

    def described(self, file: File) -> Json:
        """Answer a file as Slack describes it."""
        if file.deleted:
            return {"id": file.id, "mode": "tombstone"}
        world = self.world
        filetype, pretty, mimetype = file.kind
        slug = re.sub(r"[^a-z0-9._-]", "_", file.name.lower())
        private = f"{world.base}/files-pri/{world.team}-{file.id}"
        return {
            "id": file.id,
            "created": file.created,
            "timestamp": file.created,
            "name": file.name,
            "title": file.title,
            "mimetype": mimetype,
            "filetype": filetype,
            "pretty_type": pretty,
            "user": file.user,
            "user_team": world.team,
            "editable": False,
            "size": file.size,
            "mode": "hosted",
            "is_external": False,
            "external_type": "",
            "is_public": bool(self._places(file, "channels")),
            "public_url_shared": False,
            "display_as_bot": False,
            "username": "",
            "url_private": f"{private}/{slug}",
            "url_private_download": f"{private}/download/{slug}",
            "permalink": f"{world.base}/files/{file.user}/{file.id}/{slug}",
            "comments_count": 0,
            "is_starred": False,
            "shares": self._shares(file),
            "channels": self._places(file, "channels"),
            "groups": self._places(file, "groups"),
            "ims": self._places(file, "ims"),
            "has_rich_preview": False,
            "file_access": "visible",
        }

    def _shares(self, file: File) -> Json:
        found: Json = {}
        for share in file.shares:
            channel = self.world.conversations[share["channel"]]
            side = "private" if channel.private or channel.direct else "public"
            told = {key: item for key, item in share.items() if key != "channel"}
            row = {"reply_users": [], "reply_users_count": 0, "reply_count": 0, "channel_name": channel.name, **told}
            found.setdefault(side, {}).setdefault(channel.id, []).append(row | {"team_id": self.world.team})
        return found

    def _places(self, file: File, kind: str) -> list[str]:
        places = [self.world.conversations[share["channel"]] for share in file.shares]
        return [one.id for one in places if _kind(one) == kind]

    def _messages(self, file: File) -> Iterator[Json]:
        for share in file.shares:
            message = self.world.message(share["channel"], share["ts"])
            if message is not None:
                yield message

    def _put(self, message: Json, file: File) -> None:
        message["files"] = [self.described(file) if one["id"] == file.id else one for one in message.get("files", ())]


def _kind(place: Conversation) -> str:
    if place.direct:
        return "ims"
    return "groups" if place.private else "channels"


def ending(name: str) -> str:
    """Answer a name's ending in small letters, without the dot; nothing where it has none."""
    return name.rpartition(".")[2].lower() if "." in name else ""


def gone(file: File | None) -> SlackSaysNo | None:
    """Answer Slack's refusal for a file that is not there, or None."""
    if file is None:
        return SlackSaysNo("file_not_found")
    return SlackSaysNo("file_deleted") if file.deleted else None
