"""What a person does on the page, turned into what Slack would do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from practice import typed, validate
from practice.blocks import elements_of
from practice.elements import offered
from practice.errors import CannotDo, SlackSaysNo
from practice.people import Person
from practice.socketmode import NoAnswer
from practice.state import FIELDS, faults, settle

if TYPE_CHECKING:
    from practice.delivery import Delivery
    from practice.modals import Modals, Open
    from practice.payloads import Payloads
    from practice.responses import Responses
    from practice.world import Conversation, World

Json = dict[str, Any]
Deed = Callable[[Person, Json], Awaitable[Json]]
TROUBLE = "We had some trouble connecting. Try again?"
GONE = "This is no longer there. Look at the latest version and try again."


@dataclass(slots=True)
class Place:
    """Where a person acts: a view, or a message in a conversation."""

    view: Open | None = None
    channel: Conversation | None = None
    message: Json | None = None
    ephemeral: bool = False

    @property
    def blocks(self) -> list[Json]:
        """The blocks that stand there now."""
        held = self.view.body if self.view is not None else self.message or {}
        return list(held.get("blocks", ()))


@dataclass(slots=True)
class Deeds:
    """Everything that one can do on the page and that concerns the app."""

    world: World
    modals: Modals
    payloads: Payloads
    delivery: Delivery
    responses: Responses

    def table(self) -> dict[str, Deed]:
        """Answer the deeds by the page's words for them."""
        return {
            "say": self.say,
            "act": self.act,
            "suggest": self.suggest,
            "submit": self.submit,
            "close": self.close,
            "home": self.home,
            "shortcut": self.shortcut,
        }

    async def say(self, person: Person, frame: Json) -> Json:
        """Say something in a conversation; what begins with a slash is a command."""
        channel = self.conversation(person, frame.get("channel"))
        text = str(frame.get("text", "")).strip()
        if not text:
            raise CannotDo("There is nothing to send.")
        if text.startswith("/"):
            await self._command(person, channel, text)
            return {}
        known = self.world.conversations.values()
        message = self.world.by_person(person.id, typed.sent(text, self.world.people, known, escape=True, names=False))
        self.world.keep(channel.id, message)
        if channel.direct and "message.im" in self.world.app.events:
            self.delivery.tell(self.payloads.said(channel, message))
        return {}

    async def act(self, person: Person, frame: Json) -> Json:
        """Press a button, or choose in a select that tells the app at once."""
        place = self.place(person, frame.get("container"))
        given = frame.get("action")
        if not isinstance(given, dict):
            raise CannotDo(GONE)
        block, element = _element(place.blocks, given.get("block_id"), given.get("action_id"))
        view = place.view
        values = settle(place.blocks, frame.get("values"), view.values if view is not None else None)
        action = self._action(block, element, given)
        if element["type"] in FIELDS:
            entry = {key: item for key, item in given.items() if key in {FIELDS[element["type"]][0], "type"}}
            chosen = settle([block], {block["block_id"]: {element["action_id"]: entry}})
            values[block["block_id"]][element["action_id"]] = chosen[block["block_id"]][element["action_id"]]
            action |= values[block["block_id"]][element["action_id"]]
        if view is not None:
            view.values = values
            payload = self.payloads.in_view(person, view, action)
        else:
            assert place.channel is not None
            assert place.message is not None
            payload = self.payloads.on_message(
                person, place.channel, place.message, action, values, ephemeral=place.ephemeral
            )
        await self._interact(payload)
        return {}

    async def suggest(self, person: Person, frame: Json) -> Json:
        """Ask the app for the options of a select, as the person types."""
        place = self.place(person, frame.get("container"))
        block, element = _element(place.blocks, frame.get("block_id"), frame.get("action_id"))
        if element["type"] not in {"external_select", "multi_external_select"}:
            raise CannotDo(GONE)
        value = str(frame.get("value", ""))
        # Slack's default for min_query_length is three letters.
        if len(value) < int(element.get("min_query_length", 3)):
            return {"options": []}
        where: Open | tuple[Conversation, str]
        if place.view is not None:
            where = place.view
        else:
            assert place.channel is not None
            assert place.message is not None
            where = (place.channel, place.message["ts"])
        payload = self.payloads.suggestion(person, block["block_id"], element["action_id"], value, place=where)
        answer = await self._interact(payload)
        try:
            return validate.suggestions(answer)
        except SlackSaysNo as refused:
            raise CannotDo(TROUBLE) from refused

    async def submit(self, person: Person, frame: Json) -> Json:
        """Send a modal's form off; answers {} or {"errors": ...}."""
        view = self._own_view(person, frame.get("view_id"))
        if view is not self.modals.top(person.id) or not view.body.get("submit"):
            raise CannotDo(GONE)
        view.values = settle(view.body["blocks"], frame.get("values"), view.values)
        wrong = faults(view.body["blocks"], view.values)
        if wrong:
            return {"errors": wrong}
        answer = await self._interact(self.payloads.submission(person, view))
        try:
            return await self._answered(person, view, answer or {})
        except SlackSaysNo as refused:
            raise CannotDo(TROUBLE) from refused

    async def close(self, person: Person, frame: Json) -> Json:
        """Cancel the top view, or all of them (the X, or a view with clear_on_close)."""
        view = self._own_view(person, frame.get("view_id"))
        if frame.get("clear") or view.body.get("clear_on_close"):
            gone = self.modals.clear(person.id)
            # The X tells of the root only, and that everything was cleared.
            told, cleared = gone[-1], True
        else:
            self.modals.close(view)
            told, cleared = view, False
        if told.body.get("notify_on_close"):
            await self._quietly(self.payloads.closed(person, told, cleared=cleared))
        return {}

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
        channel = self.conversation(person, frame.get("channel"))
        message = self.world.message(channel.id, str(frame.get("ts")))
        wanted = str(frame.get("callback_id"))
        if message is None or wanted not in {one.callback_id for one in self.world.app.shortcuts}:
            raise CannotDo(GONE)
        if person.team != self.world.team:
            raise CannotDo("Apps of another organisation cannot be used here.")
        await self._interact(self.payloads.shortcut(person, channel, message, wanted))
        return {}

    def conversation(self, person: Person, channel_id: object) -> Conversation:
        """Answer a conversation in which the person is.

        Raises:
            CannotDo: they are not, or there is none.
        """
        channel = self.world.conversations.get(str(channel_id))
        if channel is None or person.id not in channel.members:
            raise CannotDo("You are not in this conversation.")
        return channel

    def place(self, person: Person, container: object) -> Place:
        """Answer where a person acts, if they can see it.

        Raises:
            CannotDo: it is gone, or was never theirs.
        """
        held = container if isinstance(container, dict) else {}
        kind = held.get("type")
        if kind == "view":
            return Place(view=self._own_view(person, held.get("view_id")))
        if kind == "home":
            home = self.modals.homes.get(person.id)
            if home is None:
                raise CannotDo(GONE)
            return Place(view=home)
        channel = self.conversation(person, held.get("channel"))
        ts = str(held.get("ts"))
        for message in self.world.ephemerals(channel.id, person.id):
            if message["ts"] == ts:
                return Place(channel=channel, message=message, ephemeral=True)
        found = self.world.message(channel.id, ts)
        if found is None:
            raise CannotDo(GONE)
        return Place(channel=channel, message=found)

    async def _command(self, person: Person, channel: Conversation, text: str) -> None:
        name, rest = typed.split(text)
        command = next((one for one in self.world.app.commands if one.command == name), None)
        # Commands belong to the organisation that installed the app: for others they do not exist.
        if command is None or person.team != self.world.team:
            raise CannotDo(
                f'{name} is not a valid command. In Slack, all messages that start with the "/" character are '
                "interpreted as commands. If you are trying to send a message and not run a command, try preceding "
                'the "/" with a space.'
            )
        known = self.world.conversations.values()
        escaped = typed.sent(rest, self.world.people, known, escape=command.escape)
        payload = self.payloads.command(person, channel, name, escaped)
        try:
            answer = await self.delivery.ask("slash_commands", payload)
        except NoAnswer as failed:
            raise CannotDo(f'{name} failed with the error "{failed.args[0]}"') from failed
        if answer:
            # An acknowledgement may carry an answer; it goes the way of the response_url and costs none of its uses.
            url = self.responses.triggers.peek(payload["response_url"])
            try:
                self.responses.answer(url, answer)
            except SlackSaysNo as refused:
                raise CannotDo(f'{name} failed with the error "dispatch_unknown_error"') from refused

    async def _answered(self, person: Person, view: Open, answer: Json) -> Json:
        action = answer.get("response_action")
        if action is None:
            self.modals.close(view)
        elif action == "clear":
            self.modals.clear(person.id)
        elif action == "update":
            self.modals.update(view, answer.get("view"))
        elif action == "push":
            self.modals.push(person.id, answer.get("view"))
        elif action == "errors":
            return {"errors": self._errors(view, answer.get("errors"))}
        else:
            raise SlackSaysNo("invalid_response_action")
        return {}

    def _errors(self, view: Open, errors: object) -> Json:
        inputs = {block["block_id"] for block in view.body["blocks"] if block["type"] == "input"}
        if not isinstance(errors, dict) or not errors or not set(errors) <= inputs:
            # Errors stand at input blocks only; Slack shows its own trouble for any other key.
            raise SlackSaysNo("invalid_errors")
        return {str(key): str(words) for key, words in errors.items()}

    def _action(self, block: Json, element: Json, given: Json) -> Json:
        action: Json = {
            "type": element["type"],
            "action_id": element["action_id"],
            "block_id": block["block_id"],
            "action_ts": self.world.stamp(),
        }
        for name in ("text", "value", "url", "style", "confirm", "placeholder"):
            if name in element:
                action[name] = element[name]
        if element["type"] == "overflow":
            wanted = given.get("selected_option")
            value = wanted.get("value") if isinstance(wanted, dict) else None
            chosen = next((one for one in offered(element) if one["value"] == value), None)
            if chosen is None:
                raise CannotDo(GONE)
            action["selected_option"] = chosen
        return action

    def _own_view(self, person: Person, view_id: object) -> Open:
        view = self.modals.find(str(view_id))
        if view is None or view.user != person.id:
            raise CannotDo(GONE)
        return view

    async def _interact(self, payload: Json) -> Json | None:
        if not self.world.app.interactive:
            raise CannotDo("This app has no interactivity.")
        try:
            return await self.delivery.ask("interactive", payload)
        except NoAnswer as failed:
            raise CannotDo(TROUBLE) from failed

    async def _quietly(self, payload: Json) -> None:
        # Whoever closed a view has gone; nobody is told that the app did not hear of it.
        try:
            await self.delivery.ask("interactive", payload)
        except NoAnswer:
            return


def _element(blocks: list[Json], block_id: object, action_id: object) -> tuple[Json, Json]:
    for block in blocks:
        for element in elements_of(block):
            if block.get("block_id") == block_id and element.get("action_id") == action_id:
                return block, element
    raise CannotDo(GONE)
