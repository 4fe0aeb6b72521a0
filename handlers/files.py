"""A file that somebody chose in Slack, read as it comes; and a file of ours, sent to somebody.

What a payload says of a file is not believed: Slack is asked by the file's id, and only Slack's file host is asked for
its bytes, without following it anywhere else, since our token goes along.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

import aiohttp
from slack_sdk.errors import SlackApiError

from handlers import bulk_payloads
from handlers.members import UNANSWERED
from notify import upload
from notify.calls import patient
from notify.filehost import is_slacks
from resets.reasons import Reason, Refused
from resets.roster import RosterReader
from resets.rows import MOST_BYTES

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from slack_sdk.web.async_client import AsyncWebClient

    from handlers.bulk_payloads import ListedFile
    from resets.roster import Roster

log = logging.getLogger(__name__)

PATIENCE_SECONDS = 60.0  # for all of it: the question and 10 MB
PIECE = 64 * 1024
OK, NOT_THERE = 200, frozenset({404, 410})
GONE = frozenset({"file_not_found", "file_deleted", "access_denied", "not_found"})
PAGES = frozenset({"text/html", "application/xhtml+xml"})  # without a good token, Slack answers 200 and a sign-in page


@dataclass(frozen=True, slots=True)
class FileRead:
    """A list of people that was in a file."""

    name: str  # the file's, as its owner called it
    roster: Roster


class Files:
    """Reads files from Slack and sends some to it."""

    def __init__(self, client: AsyncWebClient) -> None:
        self._client = client

    async def read(self, file_id: str, owner: str) -> FileRead:
        """Read the list of people in a file that one Slack user has uploaded.

        Raises:
            Refused: FILE_GONE (deleted, or somebody else's), FILE_UNREAD, or one of RosterReader's.
        """
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                listed = await self._listed(file_id)
                if listed.id != file_id or listed.user != owner or not listed.hosted:
                    raise Refused(Reason.FILE_GONE)
                if listed.size > MOST_BYTES:
                    raise Refused(Reason.FILE_TOO_BIG)
                if not is_slacks(listed.url, self._client.base_url):
                    log.error("file_elsewhere", extra={"file": file_id})
                    raise Refused(Reason.FILE_UNREAD)
                return FileRead(listed.name, await self._roster(listed))
        except UNANSWERED as error:
            log.warning("file_not_read", extra={"file": file_id, "error": type(error).__name__})
            raise Refused(Reason.FILE_UNREAD) from error

    async def send(self, user: str, name: str, content: bytes, note: str) -> None:
        """Send a file to one person, in their direct messages.

        Raises:
            Failed: Slack did not take it.
        """
        client = patient(self._client)
        place = await upload.reached(client, user)
        await upload.send(client, upload.File(name, name, content, note), place=place)

    async def _listed(self, file_id: str) -> ListedFile:
        try:
            client = self._client
            answer = await client.files_info(file=file_id)
        except SlackApiError as error:
            code = str(error.response.get("error", ""))
            if code in GONE:
                raise Refused(Reason.FILE_GONE) from error
            log.warning("file_not_read", extra={"file": file_id, "error": code})
            raise Refused(Reason.FILE_UNREAD) from error
        return bulk_payloads.listed_file(answer.data)

    async def _roster(self, listed: ListedFile) -> Roster:
        """Read the bytes as they come, so that a file of 10 MB takes no more room than its names."""
        reader, size = RosterReader(), 0
        async for piece in self._pieces(listed):
            size += len(piece)
            if -1 < listed.size < size:
                break
            reader.feed(piece)
        if listed.size not in {-1, size}:
            log.warning("file_not_read", extra={"file": listed.id, "error": "size"})
            raise Refused(Reason.FILE_UNREAD)
        return reader.close()

    async def _pieces(self, listed: ListedFile) -> AsyncIterator[bytes]:
        async with AsyncExitStack() as stack:
            session = self._client.session
            if session is None:
                session = await stack.enter_async_context(aiohttp.ClientSession(trust_env=True))
            answer = await stack.enter_async_context(
                session.get(
                    listed.url,
                    headers={"Authorization": f"Bearer {self._client.token}", "Accept-Encoding": "identity"},
                    allow_redirects=False,
                    proxy=self._client.proxy,
                    timeout=aiohttp.ClientTimeout(total=PATIENCE_SECONDS),
                )
            )
            if answer.status in NOT_THERE:
                raise Refused(Reason.FILE_GONE)
            if answer.status != OK or answer.content_type in PAGES:
                log.warning("file_not_read", extra={"file": listed.id, "status": answer.status})
                raise Refused(Reason.FILE_UNREAD)
            async for piece in answer.content.iter_chunked(PIECE):
                yield piece
