"""Where a person acts on the page, and whether they may see it at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from practice.blocks import elements_of
from practice.errors import CannotDo

if TYPE_CHECKING:
    from practice.modals import Modals, Open
    from practice.people import Person
    from practice.world import Conversation, World

Json = dict[str, Any]
GONE = "This is no longer there. Look at the latest version and try again."


@dataclass(frozen=True, slots=True)
class InView:
    """A modal or a Home."""

    view: Open

    @property
    def blocks(self) -> list[Json]:
        """The blocks that stand there now."""
        return list(self.view.body["blocks"])


@dataclass(frozen=True, slots=True)
class OnMessage:
    """A message in a conversation; `ephemeral`: only this person sees it."""

    channel: Conversation
    message: Json
    ephemeral: bool

    @property
    def blocks(self) -> list[Json]:
        """The blocks that stand there now."""
        return list(self.message.get("blocks", ()))


Place = InView | OnMessage


@dataclass(frozen=True, slots=True)
class Places:
    """Finds what a page's frame points at, for those who may see it."""

    world: World
    modals: Modals

    def conversation(self, person: Person, channel_id: object) -> Conversation:
        """Answer a conversation in which the person is.

        Raises:
            CannotDo: they are not, or there is none.
        """
        channel = self.world.conversations.get(str(channel_id))
        if channel is None or person.id not in channel.members:
            raise CannotDo("You are not in this conversation.")
        return channel

    def view(self, person: Person, view_id: object) -> Open:
        """Answer a person's own view.

        Raises:
            CannotDo: it is closed, or somebody else's.
        """
        view = self.modals.find(str(view_id))
        if view is None or view.user != person.id:
            raise CannotDo(GONE)
        return view

    def place(self, person: Person, container: object) -> Place:
        """Answer where a person acts.

        Raises:
            CannotDo: it is gone, or was never theirs.
        """
        held = container if isinstance(container, dict) else {}
        kind = held.get("type")
        if kind == "view":
            return InView(self.view(person, held.get("view_id")))
        if kind == "home":
            home = self.modals.homes.get(person.id)
            if home is None:
                raise CannotDo(GONE)
            return InView(home)
        channel = self.conversation(person, held.get("channel"))
        ts = str(held.get("ts"))
        for message in self.world.ephemerals(channel.id, person.id):
            if message["ts"] == ts:
                return OnMessage(channel, message, ephemeral=True)
        found = self.world.message(channel.id, ts)
        if found is None:
            raise CannotDo(GONE)
        return OnMessage(channel, found, ephemeral=False)


def element_at(place: Place, block_id: object, action_id: object) -> tuple[Json, Json]:
    """Answer a block of a place and one of its elements.

    Raises:
        CannotDo: they are not there, or no longer.
    """
    for block in place.blocks:
        for element in elements_of(block):
            if block.get("block_id") == block_id and element.get("action_id") == action_id:
                return block, element
    raise CannotDo(GONE)
