"""The views.* methods: modals and the App Home."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from practice import validate
from practice.blocks import Surface
from practice.calls import Method
from practice.errors import SlackSaysNo
from practice.limits import Tier

if TYPE_CHECKING:
    from practice.modals import Modals, Open
    from practice.triggers import Triggers

Json = dict[str, Any]


@dataclass(slots=True)
class ViewCalls:
    """Opens, pushes, updates and publishes views."""

    modals: Modals
    triggers: Triggers

    def methods(self) -> dict[str, Method]:
        """Answer the methods by name; none needs a scope."""
        return {
            "views.open": Method(self.open, Tier.FOUR, needed=("view", "trigger_id")),
            "views.push": Method(self.push, Tier.FOUR, needed=("view", "trigger_id")),
            "views.update": Method(self.update, Tier.FOUR, needed=("view",)),
            "views.publish": Method(self.publish, Tier.FOUR, needed=("view", "user_id")),
        }

    def open(self, arguments: Json) -> Json:
        """Open a modal for whoever set off the trigger."""
        # Arguments are judged before the trigger is spent, so that a faulty view can be sent again.
        validate.view(arguments["view"], Surface.MODAL)
        trigger = self.triggers.exchange(arguments["trigger_id"])
        return self._answer(self.modals.open(trigger.user, arguments["view"]))

    def push(self, arguments: Json) -> Json:
        """Lay a modal over the one in which the trigger was set off."""
        validate.view(arguments["view"], Surface.MODAL)
        trigger = self.triggers.exchange(arguments["trigger_id"])
        if trigger.view is None or self.modals.find(trigger.view) is None:
            raise SlackSaysNo("not_found")
        return self._answer(self.modals.push(trigger.user, arguments["view"]))

    def update(self, arguments: Json) -> Json:
        """Change an open view, found by its id or by the app's own."""
        view_id, external = arguments.get("view_id"), arguments.get("external_id")
        if bool(view_id) == bool(external):
            raise SlackSaysNo("invalid_arguments", "exactly one of view_id and external_id is needed")
        view = self.modals.find(str(view_id)) if view_id else self._external(str(external))
        if view is None:
            raise SlackSaysNo("not_found")
        return self._answer(self.modals.update(view, arguments["view"], hash_=arguments.get("hash") or None))

    def publish(self, arguments: Json) -> Json:
        """Put up a person's Home."""
        world = self.modals.world
        if not world.app.home_tab:
            raise SlackSaysNo("not_enabled")
        person = world.people.get(str(arguments["user_id"]))
        if person is None or person.bot or person.deleted or person.team != world.team:
            raise SlackSaysNo("invalid_arguments", "user not found [json-pointer:/user_id]")
        return self._answer(self.modals.publish(person.id, arguments["view"], hash_=arguments.get("hash") or None))

    def _external(self, name: str) -> Open | None:
        held = [one for stack in self.modals.stacks.values() for one in stack]
        return next((one for one in held if one.external == name), None)

    def _answer(self, view: Open) -> Json:
        return {"view": self.modals.shown(view)}
