"""Trigger ids (3 seconds, once) and response_urls (30 minutes, five times)."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from practice import limits
from practice.errors import SlackSaysNo

if TYPE_CHECKING:
    from collections.abc import Callable

    from practice.limits import Limits

_FORM = re.compile(r"\d+\.\d+\.[0-9a-f]+")
_KEEP = timedelta(hours=1)


@dataclass(slots=True)
class Trigger:
    """A person's interaction that may be exchanged once for a view.

    Attributes:
        view: the view in which the person acted, if any; only such a trigger can push.
    """

    user: str
    sent: datetime
    view: str | None = None
    exchanged: bool = False


@dataclass(slots=True)
class ResponseUrl:
    """Where an app may answer an interaction.

    Attributes:
        message: the ts of the message that it may replace or delete; for a command, of the last answer.
        ephemeral: whether that message is one that only this person sees.
    """

    user: str
    channel: str
    sent: datetime
    message: str | None = None
    ephemeral: bool = True
    uses: int = 0


@dataclass(slots=True)
class Triggers:
    """All triggers and response_urls that were handed out."""

    clock: Callable[[], datetime]
    limits: Limits
    _triggers: dict[str, Trigger] = field(default_factory=dict)
    _urls: dict[str, ResponseUrl] = field(default_factory=dict)

    def new(self, user: str, *, view: str | None = None) -> str:
        """Hand out a trigger id for what `user` just did."""
        now = self.clock()
        for old in [key for key, one in self._triggers.items() if now - one.sent > _KEEP]:
            del self._triggers[old]
        numbers = f"{int(now.timestamp() * 1000)}.{secrets.randbelow(10**9)}"
        trigger_id = f"{numbers}.{secrets.token_hex(16)}"
        self._triggers[trigger_id] = Trigger(user, now, view)
        return trigger_id

    def exchange(self, trigger_id: object) -> Trigger:
        """Spend a trigger.

        Raises:
            SlackSaysNo: invalid_trigger_id, expired_trigger_id or exchanged_trigger_id; it is not spent then.
        """
        if not isinstance(trigger_id, str) or not _FORM.fullmatch(trigger_id) or trigger_id not in self._triggers:
            raise SlackSaysNo("invalid_trigger_id")
        trigger = self._triggers[trigger_id]
        if trigger.exchanged:
            raise SlackSaysNo("exchanged_trigger_id")
        if self.clock() - trigger.sent > self.limits.trigger:
            raise SlackSaysNo("expired_trigger_id")
        trigger.exchanged = True
        return trigger

    def url(self, user: str, channel: str, *, message: str | None = None, ephemeral: bool = True) -> str:
        """Hand out the path of a response_url, below the workspace's address."""
        now = self.clock()
        for old in [key for key, one in self._urls.items() if now - one.sent > _KEEP]:
            del self._urls[old]
        key = f"{secrets.randbelow(10**12):012}-{secrets.token_urlsafe(18)}"
        self._urls[key] = ResponseUrl(user, channel, now, message, ephemeral)
        return f"/response/{key}"

    def peek(self, address: str) -> ResponseUrl:
        """Answer what a response_url that was just handed out belongs to, without spending a use."""
        return self._urls[address.rpartition("/")[2]]

    def use(self, key: str) -> ResponseUrl:
        """Spend one use of a response_url.

        Raises:
            SlackSaysNo: no_service (never handed out), expired_url or used_url.
        """
        url = self._urls.get(key)
        if url is None:
            raise SlackSaysNo("no_service")
        if self.clock() - url.sent > self.limits.response_url:
            raise SlackSaysNo("expired_url")
        if url.uses >= limits.RESPONSE_URL_USES:
            raise SlackSaysNo("used_url")
        url.uses += 1
        return url
