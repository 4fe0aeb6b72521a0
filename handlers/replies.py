"""How a person hears of it: in the ack, in the open modal, in a new one, in Home, or in a message to them alone."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from slack_sdk.errors import SlackApiError

from handlers import payloads
from handlers.dig import ViewAt
from handlers.hook import Hook
from handlers.members import UNANSWERED
from views import blocks, cards, forms, labels, words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from slack_bolt.async_app import AsyncAck, AsyncRespond
    from slack_sdk.web.async_client import AsyncWebClient

    from handlers.dig import Origin
    from resets.reasons import Refused

log = logging.getLogger(__name__)

SETTLE_SECONDS = 0.1  # between two looks whether Slack has taken the ack's view
SETTLE_LOOKS = 20
GONE = frozenset({"not_found", "view_not_found"})  # the person has closed the modal
UNHEARD = (SlackApiError, *UNANSWERED)


class Reply:
    """The answer to one thing that one person did."""

    def __init__(self, hook: Hook, ack: AsyncAck, respond: AsyncRespond, client: AsyncWebClient) -> None:
        self._hook = hook
        self._ack = ack
        self._respond = respond
        self._client = client
        self._origin: Origin | None = None
        self._view: ViewAt | None = None  # the modal that we may change
        self._acked = hook is Hook.EVENT  # Bolt acknowledges events by itself
        self._pending = False  # the ack has put a view up, and Slack may not have taken it yet

    def concerns(self, origin: Origin, view: ViewAt | None) -> None:
        """Say who is to be answered, and in which open modal."""
        self._origin = origin
        self._view = view

    # -- what a surface says ---------------------------------------------------------------------------------

    async def ack(self) -> None:
        """Say to Slack that it was heard, and nothing else."""
        await self._answer()

    async def ack_message(self, message: Mapping[str, Any]) -> None:
        """Answer a command at once, to the person alone."""
        await self._answer(text=message["text"], blocks=message["blocks"], response_type="ephemeral")

    async def ack_view(self, view: blocks.Block) -> None:
        """Answer a submission by putting another view in the modal's place."""
        self._pending = True
        await self._answer(response_action="update", view=view)

    async def ack_error(self, block_id: str, refused: Refused) -> None:
        """Answer a submission with a sentence at a field; everything that was typed stays."""
        await self._answer(response_action="errors", errors={block_id: words.sentence(refused.reason, refused.facts)})

    async def ack_options(self, options: list[blocks.Block]) -> None:
        """Answer a typeahead."""
        await self._answer(options=options)

    async def open(self, view: blocks.Block) -> None:
        """Open a modal; the person's click is good for one, for 3 seconds."""
        assert self._origin is not None
        answer = await self._client.views_open(trigger_id=self._origin.trigger, view=view)
        self._view = payloads.opened(answer.data)

    async def push(self, view: blocks.Block) -> str:
        """Lay another modal over the open one, and return its id; Slack takes three, one over the other."""
        assert self._origin is not None
        answer = await self._client.views_push(trigger_id=self._origin.trigger, view=view)
        self._view = payloads.opened(answer.data)
        return self._view.id

    async def show(self, view: blocks.Block) -> None:
        """Bring the open modal up to date; one that has been changed or closed meanwhile is left alone."""
        assert self._view is not None
        try:
            if self._pending:
                await self._await_ack(view)
            answer = await self._client.views_update(view_id=self._view.id, hash=self._view.hash or None, view=view)
        except SlackApiError as error:
            code = error.response.get("error")
            if code != "hash_conflict" and code not in GONE:
                raise
            log.info("view_left_alone", extra={"why": code})
            return
        self._view = payloads.opened(answer.data)

    async def show_elsewhere(self, view_id: str, view: blocks.Block) -> None:
        """Bring somebody else's open modal up to date, if it is still open; never raises."""
        if not view_id:
            return
        try:
            await self._client.views_update(view_id=view_id, view=view)
        except UNHEARD as error:
            log.info("view_left_alone", extra={"why": type(error).__name__})

    async def publish(self, view: blocks.Block) -> None:
        """Put up the person's Home."""
        assert self._origin is not None
        await self._client.views_publish(user_id=self._origin.person.user, view=view)

    async def _await_ack(self, view: blocks.Block) -> None:
        """Wait until Slack has taken the view that the ack carried, which would else replace a later one.

        Nothing tells when. But the submission's hash is good until then, and a conflict from then on.
        """
        assert self._view is not None
        self._pending = False
        hash_ = self._view.hash
        for _ in range(SETTLE_LOOKS if hash_ else 0):
            try:
                answer = await self._client.views_update(view_id=self._view.id, hash=hash_, view=view)
            except SlackApiError as error:
                if error.response.get("error") != "hash_conflict":
                    raise
                break
            hash_ = payloads.opened(answer.data).hash
            await asyncio.sleep(SETTLE_SECONDS)
        self._view = ViewAt(self._view.id, "")  # the hash of the ack's view is not known

    # -- what goes wrong -------------------------------------------------------------------------------------

    async def refuse(self, refused: Refused) -> None:
        """Say why not, wherever the person looks now; never raises."""
        text = words.sentence(refused.reason, refused.facts)
        await self._tell(labels.title(refused.reason), text)

    async def apologise(self, reference: str) -> None:
        """Say that it is our fault, and under which id it stands in the log; never raises."""
        await self._tell(labels.BROKEN, words.broken(reference))

    async def _tell(self, title: str, text: str) -> None:
        try:
            await (self._tell_later(title, text) if self._acked else self._tell_now(title, text))
        except UNHEARD as error:
            log.warning("refusal_unheard", extra={"hook": self._hook.value, "error": type(error).__name__})

    async def _tell_now(self, title: str, text: str) -> None:
        """Answer in the ack, which needs no call."""
        if self._hook is Hook.COMMAND:
            await self.ack_message(cards.sentence(text))
        elif self._hook is Hook.SUBMISSION:
            await self._answer(response_action="update", view=forms.sentence(title, text))
        elif self._hook is Hook.OPTIONS:
            # A typeahead can say nothing but options; who takes this one is asked again.
            first, _, rest = text.partition(". ")
            await self.ack_options([blocks.option(first, "none", rest)])
        else:
            await self.ack()
            await self._tell_later(title, text)

    async def _tell_later(self, title: str, text: str) -> None:
        if self._origin is None:
            return
        if self._hook is Hook.EVENT:
            await self.publish({"type": "home", "blocks": cards.sentence(text)["blocks"]})
        elif self._view is not None:
            await self.show(forms.sentence(title, text))
        elif self._origin.response_url:
            await self._respond({**cards.sentence(text), "response_type": "ephemeral", "replace_original": False})
        elif self._origin.trigger:
            await self.open(forms.sentence(title, text))

    async def _answer(self, **answer: Any) -> None:
        self._acked = True
        await self._ack(**answer)
