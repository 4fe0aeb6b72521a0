"""How payloads reach the app: through Socket Mode or by HTTP, an event up to four times."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from practice.errors import CannotDo
from practice.socketmode import NoAnswer, Sockets

if TYPE_CHECKING:
    from practice.httpmode import Posts
    from practice.limits import Limits

Json = dict[str, Any]
TROUBLE = "We had some trouble connecting. Try again?"


@dataclass(slots=True)
class Delivery:
    """The way to the app; `posts` is set in HTTP mode."""

    sockets: Sockets
    limits: Limits
    posts: Posts | None = None
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def connected(self) -> bool:
        """Whether the app can be reached, as far as can be known."""
        return self.posts is not None or self.sockets.connected

    async def ask(self, kind: str, payload: Json) -> Json | None:
        """Deliver once and answer what came back: commands and interactions are never repeated.

        Raises:
            NoAnswer: see `Sockets.ask` and `Posts.ask`.
        """
        door = self.posts or self.sockets
        return await door.ask(kind, payload)

    async def interact(self, payload: Json) -> Json | None:
        """Deliver what a person pressed, chose or sent off, and answer what came back.

        Raises:
            CannotDo: the app did not answer; with Slack's words for the person.
        """
        if not self.sockets.world.app.interactive:
            raise CannotDo("This app's manifest has interactivity switched off.")
        try:
            return await self.ask("interactive", payload)
        except NoAnswer as failed:
            raise CannotDo(TROUBLE) from failed

    def tell(self, payload: Json) -> None:
        """Deliver an event in the background, and again after each failure, as Slack does."""
        task = asyncio.create_task(self._tell(payload))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Give up the events that are still under way."""
        for task in [*self._tasks]:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _tell(self, payload: Json) -> None:
        reason = ""
        for attempt in range(len(self.limits.event_retries) + 1):
            if attempt:
                await asyncio.sleep(self.limits.event_retries[attempt - 1].total_seconds())
            try:
                await (self.posts or self.sockets).ask("events_api", payload, attempt=attempt, reason=reason)
            except NoAnswer as failed:
                _, reason, again = failed.args if len(failed.args) > 1 else (None, "timeout", True)
                if not again:
                    return
            else:
                return
