"""What a person does with a modal: send it off, or close it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from practice.delivery import TROUBLE
from practice.errors import CannotDo, SlackSaysNo
from practice.places import GONE
from practice.socketmode import NoAnswer
from practice.state import faults, settle

if TYPE_CHECKING:
    from practice.delivery import Delivery
    from practice.files import Files
    from practice.modals import Modals, Open
    from practice.payloads import Payloads
    from practice.people import Person
    from practice.places import Places

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Forms:
    """Submissions and closings, as Slack's client does them."""

    modals: Modals
    places: Places
    payloads: Payloads
    delivery: Delivery
    files: Files

    async def submit(self, person: Person, frame: Json) -> Json:
        """Send a modal's form off; answers {} or {"errors": {block id: words}}."""
        view = self.places.view(person, frame.get("view_id"))
        if view is not self.modals.top(person.id) or not view.body.get("submit"):
            raise CannotDo(GONE)
        view.values = self.files.fill(person.id, settle(view.body["blocks"], frame.get("values"), view.values))
        wrong = faults(view.body["blocks"], view.values)
        if wrong:
            return {"errors": wrong}
        answer = await self.delivery.interact(self.payloads.submission(person, view))
        try:
            return self._answered(person, view, answer or {})
        except SlackSaysNo as refused:
            raise CannotDo(TROUBLE) from refused

    async def close(self, person: Person, frame: Json) -> Json:
        """Cancel the top view, or all of them (the X, or a view with clear_on_close)."""
        view = self.places.view(person, frame.get("view_id"))
        if frame.get("clear") or view.body.get("clear_on_close"):
            gone = self.modals.clear(person.id)
            # The X tells of the root only, and that everything was cleared.
            told, cleared = (gone[-1] if gone else view), True
        else:
            self.modals.close(view)
            told, cleared = view, False
        if told.body.get("notify_on_close"):
            await self._quietly(self.payloads.closed(person, told, cleared=cleared))
        return {}

    def _answered(self, person: Person, view: Open, answer: Json) -> Json:
        action = answer.get("response_action")
        if action in {None, "update", "push"} and view is not self.modals.top(person.id):
            # Closed by hand, or covered, while the app was thinking: there is nothing left to change.
            return {}
        if action is None:
            self.modals.close(view)
        elif action == "clear":
            self.modals.clear(person.id)
        elif action == "update":
            self.modals.update(view, answer.get("view"))
        elif action == "push":
            self.modals.push(person.id, answer.get("view"))
        elif action == "errors":
            return {"errors": _errors(view, answer.get("errors"))}
        else:
            raise SlackSaysNo("invalid_response_action")
        return {}

    async def _quietly(self, payload: Json) -> None:
        # Whoever closed a view has gone; nobody is told that the app did not hear of it.
        try:
            await self.delivery.ask("interactive", payload)
        except NoAnswer:
            return


def _errors(view: Open, errors: object) -> Json:
    inputs = {block["block_id"] for block in view.body["blocks"] if block["type"] == "input"}
    if not isinstance(errors, dict) or not errors or not set(errors) <= inputs:
        # Errors stand at input blocks only; Slack shows its own trouble for any other key.
        raise SlackSaysNo("invalid_errors")
    return {str(key): str(words) for key, words in errors.items()}
