"""Saying something in Slack: a new message, or the one that stands brought up to date; once, however often tried."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from aiohttp import ClientError
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from notify.base import Failed, Said
from resets.facts import AlarmFacts, ShowFacts
from resets.reasons import Reason
from views import cards
from views.status import status

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from resets.saying import SaySlack

EVENT = "rekey_notice"
_PAGES, _PAGE = 3, 100  # how far back our own message is looked for: a DM with a bot is short
# The message is gone or is no longer ours to edit: it is said anew.
_GONE = frozenset({"message_not_found", "cant_update_message", "edit_window_closed", "channel_not_found"})
# Slack's own trouble, or an operator's that is mended while we wait (a token, a scope); all else stays as it is.
_PASSING = frozenset(
    {
        "ratelimited",
        "rate_limited",
        "internal_error",
        "fatal_error",
        "service_unavailable",
        "request_timeout",
        "team_added_to_org",
        "not_authed",
        "invalid_auth",
        "token_expired",
        "token_revoked",
        "account_inactive",
        "missing_scope",
        "not_in_channel",
        "messages_tab_disabled",
    }
)
_SERVER_ERROR, _TOO_MANY = 500, 429
_NONSENSE = "no_sense"  # our word for an answer without one of Slack's

log = logging.getLogger(__name__)


async def say(client: AsyncWebClient, saying: SaySlack, *, team: str) -> Said:
    """Say it, and return where it stands.

    Args:
        client: with a bot token. Its retry handlers are not used.
        saying: what, and to whom; with `tried_before` an earlier try's message is looked for first.
        team: the one team whose members count.

    Raises:
        Failed: UNREACHABLE_PERSON when the person is no full, living member any more (nothing was said), else
            SLACK_FAILED; when it is retryable, it may have been said, unless `after` is set.
    """
    client = _patient(client)
    if saying.must_be_member:
        await _demand_member(client, saying.to, team)
    place, stamp = saying.place, saying.stamp
    if not stamp and saying.tried_before and saying.to[:1] in {"U", "W"}:
        # Only in a DM: reading a channel takes scopes that we do not ask for. An alarm may so be heard twice.
        place, stamp = await _found(client, saying)
    content = _content(saying)
    if place and stamp:
        updated = await _updated(client, place, stamp, content)
        if updated is not None:
            return updated
    answer = await _call("chat.postMessage", lambda: _post(client, saying.to, content))
    return Said(str(answer["channel"]), str(answer["ts"]))


def _patient(client: AsyncWebClient) -> AsyncWebClient:
    """Return the same client without its retries: slack_sdk's own post again what only lost its answer."""
    return AsyncWebClient(
        token=client.token,
        base_url=client.base_url,
        timeout=client.timeout,
        ssl=client.ssl,
        proxy=client.proxy,
        session=client.session,
        trust_env_in_session=client.trust_env_in_session,
        headers=client.headers,
        retry_handlers=[],
    )


def _content(saying: SaySlack) -> dict[str, Any]:
    match saying.facts:
        case ShowFacts() as facts:
            message = cards.show(facts)
        case AlarmFacts() as facts:
            message = cards.alarm(facts)
        case facts:
            message = status(facts)
    return {**message, "metadata": {"event_type": EVENT, "event_payload": {"id": saying.notice_id}}}


async def _post(client: AsyncWebClient, to: str, content: dict[str, Any]) -> Any:
    return await client.chat_postMessage(channel=to, unfurl_links=False, unfurl_media=False, **content)


async def _updated(client: AsyncWebClient, place: str, stamp: str, content: dict[str, Any]) -> Said | None:
    """Bring a message up to date; None where it is gone."""
    answer = await _call("chat.update", lambda: client.chat_update(channel=place, ts=stamp, **content), gone=_GONE)
    return Said(str(answer["channel"]), str(answer["ts"])) if answer else None


async def _found(client: AsyncWebClient, saying: SaySlack) -> tuple[str | None, str | None]:
    """Look for the message of an earlier try in the person's DM; (None, None) when there is none."""
    opened = await _call("conversations.open", lambda: client.conversations_open(users=saying.to))
    place = str(opened["channel"]["id"])
    cursor = ""
    for _ in range(_PAGES):
        page = await _call("conversations.history", lambda at=cursor: _history(client, place, at))  # type: ignore[misc]
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


async def _demand_member(client: AsyncWebClient, user: str, team: str) -> None:
    unknown = frozenset({"user_not_found", "user_not_visible", "users_not_found"})
    answer = await _call("users.info", lambda: client.users_info(user=user), gone=unknown)
    who = answer.get("user") if answer else None
    if not who or who.get("team_id") != team or who.get("id") != user:
        raise Failed(Reason.UNREACHABLE_PERSON, retryable=False)
    barred = ("deleted", "is_bot", "is_restricted", "is_ultra_restricted", "is_stranger", "is_app_user_only")
    if any(who.get(mark) for mark in barred):
        raise Failed(Reason.UNREACHABLE_PERSON, retryable=False)


async def _call(method: str, call: Callable[[], Awaitable[Any]], *, gone: frozenset[str] = frozenset()) -> Any:
    """Call Slack once; returns its answer, or None for an error in `gone`. Logs the error's name, never a content."""
    try:
        answer = await call()
    except SlackApiError as error:
        name, status_code, headers = _read(error)
        if name in gone:
            return None
        log.warning("slack_refused", extra={"method": method, "error": name, "status": status_code})
        passing = name in _PASSING or name == _NONSENSE or status_code >= _SERVER_ERROR or status_code == _TOO_MANY
        raise Failed(Reason.SLACK_FAILED, retryable=passing, after=_after(status_code, headers)) from None
    except (SlackClientError, ClientError, TimeoutError, OSError, ValueError, AttributeError) as error:
        # The last two: slack_sdk trips over an answer that is neither JSON nor HTML.
        log.warning("slack_unreachable", extra={"method": method, "error": type(error).__name__})
        raise Failed(Reason.SLACK_FAILED, retryable=True) from None
    return answer


def _read(error: SlackApiError) -> tuple[str, int, Any]:
    """Read what Slack answered; slack_sdk hands over its own response, or aiohttp's where the body made no sense."""
    response: Any = error.response
    status_code = int(getattr(response, "status_code", None) or getattr(response, "status", None) or 0)
    data = getattr(response, "data", None)
    name = str(data.get("error", "")) if isinstance(data, dict) else ""
    return name or _NONSENSE, status_code or _SERVER_ERROR, getattr(response, "headers", {})


def _after(status_code: int, headers: Any) -> timedelta | None:
    if status_code != _TOO_MANY:
        return None
    # aiohttp's headers are case-insensitive, a plain dict's are not.
    told = {str(key).lower(): str(value) for key, value in dict(headers).items()}.get("retry-after", "")
    return timedelta(seconds=int(told)) if told.isascii() and told.isdigit() else timedelta(seconds=30)
