"""One call to Slack's Web API: once, with its errors told apart into what passes by itself and what stays."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from aiohttp import ClientError
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from notify.base import Failed
from resets.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

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
REST = timedelta(seconds=1)
_SERVER_ERROR, _TOO_MANY = 500, 429
_NONSENSE = "no_sense"  # our word for an answer without one of Slack's

log = logging.getLogger(__name__)


def patient(client: AsyncWebClient) -> AsyncWebClient:
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


async def demand(mine: Callable[[], Awaitable[bool]]) -> None:
    """Go on only where it is still for this try to say it.

    Raises:
        Failed: it is not, or nobody knows; nothing was said.
    """
    if not await mine():
        raise Failed(Reason.SLACK_FAILED, retryable=True, after=REST)


async def call(method: str, ask: Callable[[], Awaitable[Any]], *, gone: frozenset[str] = frozenset()) -> Any:
    """Call Slack once; returns its answer, or None for an error in `gone`. Logs the error's name, never a content."""
    try:
        answer = await ask()
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
