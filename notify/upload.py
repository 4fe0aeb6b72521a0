"""Sending a file to Slack, in its three steps, and finding one that was sent before.

Source: docs.slack.dev, "Working with files", uploading; files.getUploadURLExternal, files.completeUploadExternal.
"""

from __future__ import annotations

import logging
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import aiohttp

from notify.base import Failed, always
from notify.calls import call, demand
from notify.filehost import is_slacks
from resets.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from slack_sdk.web.async_client import AsyncWebClient

PATIENCE = aiohttp.ClientTimeout(total=60)
_PAGES, _PAGE = 3, 100  # how far back a file of ours is looked for
_OK = 200
_GONE = frozenset({"thread_not_found", "channel_not_found"})

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class File:
    """What is sent. `name` finds it again, `title` is what people read above it, `note` (mrkdwn) stands beside it."""

    name: str
    title: str
    content: bytes  # 1 and more
    note: str


async def reached(client: AsyncWebClient, user: str) -> str:
    """Return the conversation in which a person reads our direct messages.

    Raises:
        Failed: SLACK_FAILED.
    """
    opened = await call("conversations.open", lambda: client.conversations_open(users=user))
    return str(opened["channel"]["id"])


async def send(
    client: AsyncWebClient,
    file: File,
    *,
    place: str,
    thread: str | None = None,
    mine: Callable[[], Awaitable[bool]] = always,
) -> str:
    """Send a file and return its id in Slack.

    Args:
        client: with a bot token, without retry handlers.
        file: what is sent.
        place: a conversation's id, not a person's.
        thread: the ts of the message under which it stands; None: by itself.
        mine: as `notify.slack.say` asks it, before anybody sees the file.

    Raises:
        Failed: SLACK_FAILED; nothing was sent, or, after the last step, it may have been.
    """
    name, length = file.name, len(file.content)
    begun = await call(
        "files.getUploadURLExternal", lambda: client.files_getUploadURLExternal(filename=name, length=length)
    )
    url, file_id = str(begun["upload_url"]), str(begun["file_id"])
    if not is_slacks(url, client.base_url):
        log.error("upload_elsewhere", extra={"file": file_id})
        raise Failed(Reason.SLACK_FAILED, retryable=False)
    await _put(client, url, file.content)
    await demand(mine)
    await call(
        "files.completeUploadExternal",
        lambda: client.files_completeUploadExternal(
            files=[{"id": file_id, "title": file.title}],
            channel_id=place,
            initial_comment=file.note,
            thread_ts=thread,
        ),
    )
    return file_id


async def _put(client: AsyncWebClient, url: str, content: bytes) -> None:
    """Hand over the bytes. They go without our token: the address is the permission."""
    async with AsyncExitStack() as stack:
        session = client.session
        if session is None:
            session = await stack.enter_async_context(aiohttp.ClientSession(trust_env=True))
        try:
            sent = session.post(url, data=content, allow_redirects=False, timeout=PATIENCE, proxy=client.proxy)
            async with sent as answer:
                status = answer.status
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            log.warning("slack_unreachable", extra={"method": "upload", "error": type(error).__name__})
            raise Failed(Reason.SLACK_FAILED, retryable=True) from None
    if status != _OK:
        log.warning("slack_refused", extra={"method": "upload", "status": status})
        raise Failed(Reason.SLACK_FAILED, retryable=True)


async def found(client: AsyncWebClient, place: str, thread: str | None, name: str) -> str | None:
    """Look for a file of this name in a DM, or in one of its threads; returns its id, or None.

    Raises:
        Failed: SLACK_FAILED.
    """
    cursor = ""
    for _ in range(_PAGES):
        page = await _page(client, place, thread, cursor)
        for message in page.get("messages") or ():
            for file in message.get("files") or ():
                if file.get("name") == name:
                    return str(file["id"])
        cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
        if not cursor:
            break
    return None


async def _page(client: AsyncWebClient, place: str, thread: str | None, cursor: str) -> Any:
    at = cursor or None
    if thread is None:
        return await call(
            "conversations.history", lambda: client.conversations_history(channel=place, limit=_PAGE, cursor=at)
        )
    replies = await call(
        "conversations.replies",
        lambda: client.conversations_replies(channel=place, ts=thread, limit=_PAGE, cursor=at),
        gone=_GONE,
    )
    return replies or {}
