"""Saying something in Slack: a new message, or the one that stands brought up to date; once, however often tried."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from notify import upload
from notify.base import Failed, Said, always
from notify.calls import call, demand, patient
from resets.approval import CardFacts, Reminder
from resets.bulk import BulkFacts
from resets.facts import AlarmFacts, MatchFacts, ShowFacts, VouchFacts
from resets.history import Line
from resets.reasons import Reason
from views import approval, cards, history, live, number, preview, vouch
from views.status import status

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from slack_sdk.web.async_client import AsyncWebClient

    from resets.saying import SayFile, SaySlack

EVENT = "rekey_notice"
_PAGES, _PAGE = 3, 100  # how far back our own message is looked for: a DM with a bot is short
# The message is gone or is no longer ours to edit: it is said anew.
_GONE = frozenset({"message_not_found", "cant_update_message", "edit_window_closed", "channel_not_found"})
_MARK = 12  # characters of a notice's id that a file's name ends with, by which it is found again


async def say(
    client: AsyncWebClient, saying: SaySlack, *, team: str, mine: Callable[[], Awaitable[bool]] = always
) -> Said:
    """Say it, and return where it stands.

    Args:
        client: with a bot token. Its retry handlers are not used.
        saying: what, and to whom; from the second try on an earlier one's message is looked for first.
        team: the one team whose members count.
        mine: whether it is still for this try to say; asked right before something new is posted, since the calls
            before that may take long.

    Raises:
        Failed: UNREACHABLE_PERSON when the person is no full, living member any more (nothing was said), else
            SLACK_FAILED; when it is retryable, it may have been said, unless `after` is set.
    """
    client = patient(client)
    if saying.must_be_member:
        await _demand_member(client, saying.to, team)
    if saying.internal:
        await _demand_internal(client, saying.to)
    place, stamp = saying.place, saying.stamp
    if not stamp and saying.attempt > 1 and saying.to[:1] in {"U", "W"}:
        # Only in a DM: reading a channel takes scopes that we do not ask for. An alarm may so be heard twice.
        place, stamp = await _found(client, saying)
    content = _content(saying)
    if place and stamp:
        updated = await _updated(client, place, stamp, content)
        if updated is not None:
            return updated
    await demand(mine)
    answer = await call("chat.postMessage", lambda: _post(client, saying.to, content, saying.thread))
    return Said(str(answer["channel"]), str(answer["ts"]))


async def say_file(
    client: AsyncWebClient, saying: SayFile, *, team: str, mine: Callable[[], Awaitable[bool]] = always
) -> Said:
    """Send a file with its words, and return where it stands; the stamp is the file's id.

    A person is asked for first, as with `must_be_member`: the file names many others.

    Raises:
        Failed: as `say` does.
    """
    client = patient(client)
    direct = saying.to[:1] in {"U", "W"}
    if direct:
        await _demand_member(client, saying.to, team)
    place = saying.place or (await upload.reached(client, saying.to) if direct else saying.to)
    named = _marked(saying.name, saying.notice_id)
    if saying.attempt > 1 and direct:
        # Only in a DM, as above.
        stands = await upload.found(client, place, saying.thread, named)
        if stands:
            return Said(place, stands)
    note = live.report_note(saying.facts) if isinstance(saying.facts, BulkFacts) else preview.file_note(saying.facts)
    file = upload.File(named, saying.name, saying.content, note)
    return Said(place, await upload.send(client, file, place=place, thread=saying.thread, mine=mine))


def _marked(name: str, notice_id: str) -> str:
    """Return a file's name that only this notice gives, so that it is found again after a lost answer."""
    stem, dot, ending = name.rpartition(".")
    mark = re.sub(r"[^a-z0-9]", "", notice_id.lower())[:_MARK]
    return f"{stem}-{mark}.{ending}" if dot else f"{name}-{mark}"


def _content(saying: SaySlack) -> dict[str, Any]:
    match saying.facts:
        case ShowFacts() as facts:
            message = cards.show(facts)
        case MatchFacts() as facts:
            message = number.message(facts)
        case VouchFacts() as facts:
            message = vouch.message(facts)
        case AlarmFacts() as facts:
            message = cards.alarm(facts)
        case BulkFacts() as facts:
            message = live.live(facts)
        case CardFacts() as facts:
            message = approval.card(facts)
        case Reminder() as facts:
            message = approval.reminder(facts)
        case Line() as facts:
            message = history.line(facts)
        case facts:
            message = status(facts)
    return {**message, "metadata": {"event_type": EVENT, "event_payload": {"id": saying.notice_id}}}


async def _post(client: AsyncWebClient, to: str, content: dict[str, Any], thread: str | None) -> Any:
    return await client.chat_postMessage(
        channel=to, thread_ts=thread, unfurl_links=False, unfurl_media=False, **content
    )


async def _updated(client: AsyncWebClient, place: str, stamp: str, content: dict[str, Any]) -> Said | None:
    """Bring a message up to date; None where it is gone."""
    answer = await call("chat.update", lambda: client.chat_update(channel=place, ts=stamp, **content), gone=_GONE)
    return Said(str(answer["channel"]), str(answer["ts"])) if answer else None


async def _found(client: AsyncWebClient, saying: SaySlack) -> tuple[str | None, str | None]:
    """Look for the message of an earlier try in the person's DM; (None, None) when there is none."""
    opened = await call("conversations.open", lambda: client.conversations_open(users=saying.to))
    place = str(opened["channel"]["id"])
    cursor = ""
    for _ in range(_PAGES):
        page = await call("conversations.history", lambda at=cursor: _history(client, place, at))  # type: ignore[misc]
        for message in page.get("messages") or ():
            ours = message.get("metadata") or {}
            if ours.get("event_type") == EVENT and ours.get("event_payload", {}).get("id") == saying.notice_id:
                return place, str(message["ts"])
        cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
        if not cursor:
            break
    return None, None


async def _history(client: AsyncWebClient, place: str, cursor: str) -> Any:
    return await client.conversations_history(
        channel=place, include_all_metadata=True, limit=_PAGE, cursor=cursor or None
    )


async def _demand_internal(client: AsyncWebClient, channel: str) -> None:
    """Refuse a channel that another organisation reads, or that is gone."""
    answer = await call("conversations.info", lambda: client.conversations_info(channel=channel))
    about = answer.get("channel") or {}
    if about.get("is_ext_shared") or about.get("is_pending_ext_shared") or about.get("is_archived"):
        raise Failed(Reason.SLACK_FAILED, retryable=False)


async def _demand_member(client: AsyncWebClient, user: str, team: str) -> None:
    unknown = frozenset({"user_not_found", "user_not_visible", "users_not_found"})
    answer = await call("users.info", lambda: client.users_info(user=user), gone=unknown)
    who = answer.get("user") if answer else None
    if not who or who.get("team_id") != team or who.get("id") != user:
        raise Failed(Reason.UNREACHABLE_PERSON, retryable=False)
    barred = ("deleted", "is_bot", "is_restricted", "is_ultra_restricted", "is_stranger", "is_app_user_only")
    if any(who.get(mark) for mark in barred):
        raise Failed(Reason.UNREACHABLE_PERSON, retryable=False)
