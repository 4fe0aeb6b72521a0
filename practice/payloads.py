"""What Slack sends to an app, in Slack's shapes."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from practice.modals import Modals, Open

if TYPE_CHECKING:
    from practice.people import Person
    from practice.triggers import Triggers
    from practice.world import Conversation, World

Json = dict[str, Any]
# Slack still sends its retired verification token; an app must not look at it.
VERIFICATION = "practice-verification-token"


@dataclass(slots=True)
class Payloads:
    """Builds payloads out of what stands in the world; each hands out its own trigger and response_url."""

    world: World
    modals: Modals
    triggers: Triggers

    def command(self, person: Person, channel: Conversation, command: str, text: str) -> Json:
        """Answer a slash command, whose members are all strings (a form in HTTP mode)."""
        world = self.world
        return {
            "token": VERIFICATION,
            "team_id": person.team,
            "team_domain": world.domain,
            "channel_id": channel.id,
            "channel_name": self._said_name(channel),
            "user_id": person.id,
            "user_name": person.handle,
            "command": command,
            "text": text,
            "api_app_id": world.app.id,
            "is_enterprise_install": "false",
            "response_url": world.base + self.triggers.url(person.id, channel.id),
            "trigger_id": self.triggers.new(person.id),
        }

    def on_message(
        self, person: Person, channel: Conversation, message: Json, action: Json, values: Json, *, ephemeral: bool
    ) -> Json:
        """Answer block_actions for a message's button or select."""
        url = self.triggers.url(person.id, channel.id, message=message["ts"], ephemeral=ephemeral)
        held = {
            "type": "message",
            "message_ts": message["ts"],
            "channel_id": channel.id,
            "is_ephemeral": ephemeral,
        }
        payload = self._interaction("block_actions", person) | {
            "trigger_id": self.triggers.new(person.id),
            "container": held,
            "channel": {"id": channel.id, "name": self._said_name(channel)},
            "state": {"values": values},
            "response_url": self.world.base + url,
            "actions": [action],
        }
        # Slack leaves the message out where only one person sees it.
        return payload if ephemeral else payload | {"message": dict(message)}

    def in_view(self, person: Person, view: Open, action: Json) -> Json:
        """Answer block_actions for a button or a select in a modal or in a Home."""
        return self._interaction("block_actions", person) | {
            "trigger_id": self.triggers.new(person.id, view=view.id),
            "container": {"type": "view", "view_id": view.id},
            "view": self.modals.shown(view),
            "actions": [action],
        }

    def suggestion(
        self, person: Person, block_id: str, action_id: str, value: str, *, place: Open | tuple[Conversation, str]
    ) -> Json:
        """Answer block_suggestion for a select that the app fills; `place` is a view, or a conversation and a ts."""
        payload = self._interaction("block_suggestion", person)
        if isinstance(place, Open):
            held: Json = {"container": {"type": "view", "view_id": place.id}, "view": self.modals.shown(place)}
        else:
            channel, ts = place
            container = {"type": "message", "message_ts": ts, "channel_id": channel.id, "is_ephemeral": False}
            held = {"container": container, "channel": {"id": channel.id, "name": self._said_name(channel)}}
        return payload | held | {"action_id": action_id, "block_id": block_id, "value": value}

    def submission(self, person: Person, view: Open) -> Json:
        """Answer view_submission; the values are those of the view."""
        return self._interaction("view_submission", person) | {
            "trigger_id": self.triggers.new(person.id, view=view.id),
            "view": self.modals.shown(view),
            "response_urls": [],
        }

    def closed(self, person: Person, view: Open, *, cleared: bool) -> Json:
        """Answer view_closed."""
        return self._interaction("view_closed", person) | {"view": self.modals.shown(view), "is_cleared": cleared}

    def shortcut(self, person: Person, channel: Conversation, message: Json, callback_id: str) -> Json:
        """Answer message_action: a shortcut chosen from a message's menu."""
        url = self.triggers.url(person.id, channel.id, message=message["ts"], ephemeral=False)
        return self._interaction("message_action", person) | {
            "action_ts": self.world.stamp(),
            "channel": {"id": channel.id, "name": self._said_name(channel)},
            "callback_id": callback_id,
            "trigger_id": self.triggers.new(person.id),
            "message_ts": message["ts"],
            "message": dict(message),
            "response_url": self.world.base + url,
        }

    def home_opened(self, person: Person, channel: str, home: Open | None) -> Json:
        """Answer the event app_home_opened."""
        event: Json = {
            "type": "app_home_opened",
            "user": person.id,
            "channel": channel,
            "tab": "home",
            "event_ts": self.world.stamp(),
        }
        return self._event(event | ({"view": self.modals.shown(home)} if home is not None else {}))

    def said(self, channel: Conversation, message: Json) -> Json:
        """Answer the event message, as an app hears it in its own direct messages."""
        return self._event(message | {"channel": channel.id, "channel_type": "im", "event_ts": message["ts"]})

    def _event(self, event: Json) -> Json:
        world = self.world
        return {
            "token": VERIFICATION,
            "team_id": world.team,
            "context_team_id": world.team,
            "context_enterprise_id": None,
            "api_app_id": world.app.id,
            "event": event,
            "type": "event_callback",
            "event_id": world.new_id("Ev"),
            "event_time": int(world.clock().timestamp()),
            "authorizations": [
                {
                    "enterprise_id": None,
                    "team_id": world.team,
                    "user_id": world.app.bot_user,
                    "is_bot": True,
                    "is_enterprise_install": False,
                }
            ],
            "is_ext_shared_channel": False,
            "event_context": "4-" + secrets.token_urlsafe(24),
        }

    def _interaction(self, kind: str, person: Person) -> Json:
        # `team` is where the app is installed; `user.team_id` is where the person belongs: how a stranger is known.
        world = self.world
        return {
            "type": kind,
            "user": {"id": person.id, "username": person.handle, "name": person.handle, "team_id": person.team},
            "api_app_id": world.app.id,
            "token": VERIFICATION,
            "team": {"id": world.team, "domain": world.domain},
            "enterprise": None,
            "is_enterprise_install": False,
        }

    def _said_name(self, channel: Conversation) -> str:
        if channel.direct:
            return "directmessage"
        return "privategroup" if channel.private else channel.name
