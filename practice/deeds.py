"""What a person says, presses and chooses on the page, turned into what Slack would do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from practice import typed, validate
from practice.delivery import TROUBLE
from practice.errors import CannotDo, SlackSaysNo
from practice.objects import offered
from practice.people import Person
from practice.places import GONE, InView, element_at
from practice.socketmode import NoAnswer
from practice.state import FIELDS, settle

if TYPE_CHECKING:
    from practice.delivery import Delivery
    from practice.files import Files
    from practice.forms import Forms
    from practice.modals import Modals
    from practice.payloads import Payloads
    from practice.places import Places
    from practice.responses import Responses
    from practice.world import Conversation, World

Json = dict[str, Any]
Deed = Callable[[Person, Json], Awaitable[Json]]
SELECTS = frozenset({"external_select", "multi_external_select"})
MIN_QUERY = 3  # Slack's default for min_query_length
NO_COMMAND = (
    '{} is not a valid command. In Slack, all messages that start with the "/" character are interpreted as commands. '
    'If you are trying to send a message and not run a command, try preceding the "/" with a space.'
)


@dataclass(frozen=True, slots=True)
class Deeds:
    """Everything that one can do on the page and that concerns the app."""

    world: World
    modals: Modals
    places: Places
    payloads: Payloads
    delivery: Delivery
    responses: Responses
    forms: Forms
    files: Files

    def table(self) -> dict[str, Deed]:
        """Answer the deeds by the page's words for them."""
        return {
            "say": self.say,
            "act": self.act,
            "suggest": self.suggest,
            "submit": self.forms.submit,
            "close": self.forms.close,
            "home": self.home,
            "shortcut": self.shortcut,
            "delete_file": self.delete_file,
        }

    async def say(self, person: Person, frame: Json) -> Json:
        """Say something in a conversation; what begins with a slash is a command."""
        channel = self.places.conversation(person, frame.get("channel"))
        text = str(frame.get("text", "")).strip()
        if not text:
            raise CannotDo("There is nothing to send.")
        if text.startswith("/"):
            await self._command(person, channel, text)
            return {}
        known = self.world.conversations.values()
        said = typed.sent(text, self.world.people, known, escape=True, names=False)
        message = self.world.by_person(person.id, said)
        self.world.keep(channel.id, message)
        if channel.direct and "message.im" in self.world.app.events:
            self.delivery.tell(self.payloads.said(channel, message))
        return {}

    async def act(self, person: Person, frame: Json) -> Json:
        """Press a button, or choose in a select that tells the app at once."""
        place = self.places.place(person, frame.get("container"))
        given = frame.get("action")
        if not isinstance(given, dict):
            raise CannotDo(GONE)
        block, element = element_at(place, given.get("block_id"), given.get("action_id"))
        entered = place.view.values if isinstance(place, InView) else None
        values = self.files.fill(person.id, settle(place.blocks, frame.get("values"), entered))
        action = self._action(block, element, given)
        if element["type"] in FIELDS:
            # What was chosen just now stands in the action; the page need not repeat it among the values.
            chosen = settle([block], {block["block_id"]: {element["action_id"]: given}})
            entry = chosen[block["block_id"]][element["action_id"]]
            values[block["block_id"]][element["action_id"]] = entry
            action |= entry
        if isinstance(place, InView):
            place.view.values = values
            payload = self.payloads.in_view(person, place.view, action)
        else:
            payload = self.payloads.on_message(
                person, place.channel, place.message, action, values, ephemeral=place.ephemeral
            )
        await self.delivery.interact(payload)
        return {}

    async def suggest(self, person: Person, frame: Json) -> Json:
        """Ask the app for the options of a select, as the person types."""
        place = self.places.place(person, frame.get("container"))
        block, element = element_at(place, frame.get("block_id"), frame.get("action_id"))
        if element["type"] not in SELECTS:
            raise CannotDo(GONE)
        value = str(frame.get("value", ""))
        if len(value) < int(element.get("min_query_length", MIN_QUERY)):
            return {"options": []}
        where = place.view if isinstance(place, InView) else (place.channel, place.message["ts"])
        payload = self.payloads.suggestion(person, block["block_id"], element["action_id"], value, place=where)
        answer = await self.delivery.interact(payload)
        try:
            return validate.suggestions(answer)
        except SlackSaysNo as refused:
            raise CannotDo(TROUBLE) from refused

    async def home(self, person: Person, _frame: Json) -> Json:
        """Look at the app's Home: the app hears of it and may draw it anew."""
        if person.team != self.world.team or not self.world.app.home_tab:
            raise CannotDo("This app has no Home for you here.")
        home = self.modals.homes.get(person.id)
        if "app_home_opened" in self.world.app.events:
            self.delivery.tell(self.payloads.home_opened(person, self.world.direct(person.id).id, home))
        return {"view": None if home is None else self.modals.shown(home)}

    async def shortcut(self, person: Person, frame: Json) -> Json:
        """Choose one of the app's shortcuts from a message's menu."""
        channel = self.places.conversation(person, frame.get("channel"))
        message = self.world.message(channel.id, str(frame.get("ts")))
        wanted = str(frame.get("callback_id"))
        if message is None or wanted not in {one.callback_id for one in self.world.app.shortcuts}:
            raise CannotDo(GONE)
        if person.team != self.world.team:
            raise CannotDo("Apps of another organisation cannot be used here.")
        await self.delivery.interact(self.payloads.shortcut(person, channel, message, wanted))
        return {}

    async def delete_file(self, person: Person, frame: Json) -> Json:
        """Delete a file of one's own, wherever it is shown; the app finds it gone."""
        file = self.files.find(frame.get("file"))
        if file is None or file.deleted or file.user != person.id:
            raise CannotDo(GONE)
        self.files.delete(file)
        return {}

    async def _command(self, person: Person, channel: Conversation, text: str) -> None:
        name, rest = typed.split(text)
        command = next((one for one in self.world.app.commands if one.command == name), None)
        # Commands belong to the organisation that installed the app: for others they do not exist.
        if command is None or person.team != self.world.team:
            raise CannotDo(NO_COMMAND.format(name))
        known = self.world.conversations.values()
        sent = typed.sent(rest, self.world.people, known, escape=command.escape)
        payload = self.payloads.command(person, channel, name, sent)
        try:
            answer = await self.delivery.ask("slash_commands", payload)
            if answer:
                # An acknowledgement may carry an answer; it costs none of the response_url's uses.
                self.responses.answer(self.responses.triggers.peek(payload["response_url"]), answer)
        except NoAnswer as failed:
            raise CannotDo(f'{name} failed with the error "{failed.args[0]}"') from failed
        except SlackSaysNo as refused:
            raise CannotDo(f'{name} failed with the error "dispatch_unknown_error"') from refused

    def _action(self, block: Json, element: Json, given: Json) -> Json:
        action: Json = {
            "type": element["type"],
            "action_id": element["action_id"],
            "block_id": block["block_id"],
            "action_ts": self.world.stamp(),
        }
        action |= {
            key: element[key] for key in ("text", "value", "url", "style", "confirm", "placeholder") if key in element
        }
        if element["type"] == "overflow":
            wanted = given.get("selected_option")
            value = wanted.get("value") if isinstance(wanted, dict) else None
            chosen = next((one for one in offered(element) if one["value"] == value), None)
            if chosen is None:
                raise CannotDo(GONE)
            action["selected_option"] = chosen
        return action
