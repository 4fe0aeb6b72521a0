"""The conversations.* methods: which conversations there are, who is in them, what was said."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from practice.calls import Method, flag, number
from practice.errors import SlackSaysNo
from practice.limits import Tier
from practice.world import BROADCAST, is_reply

if TYPE_CHECKING:
    from practice.world import Conversation, World

Json = dict[str, Any]
_MOST = 999


@dataclass(slots=True)
class Talks:
    """Reads conversations; what may be read depends on the scope for that type of conversation."""

    world: World

    def methods(self) -> dict[str, Method]:
        """Answer the methods by name; their scopes depend on the conversation and are asked for below."""
        one = ("channel",)
        return {
            "conversations.open": Method(self.open, Tier.THREE, ("im:write",)),
            "conversations.info": Method(self.info, Tier.THREE, needed=one, reads_json=False),
            "conversations.history": Method(self.history, Tier.THREE, needed=one),
            "conversations.replies": Method(self.replies, Tier.THREE, needed=("channel", "ts"), reads_json=False),
            "conversations.members": Method(self.members, Tier.FOUR, needed=one, reads_json=False),
            "conversations.list": Method(self.rooms, Tier.TWO, reads_json=False),
        }

    def open(self, arguments: Json) -> Json:
        """Open the app's direct message with one person."""
        users = [user for user in str(arguments.get("users") or "").split(",") if user]
        if arguments.get("channel"):
            channel = self._known(str(arguments["channel"]))
        elif not users:
            raise SlackSaysNo("users_list_not_supplied")
        elif len(users) > 1:
            # A group message needs mpim:write, which a reset bot has no use for.
            raise self._missing("mpim:write")
        else:
            channel = self._with(users[0])
        answer = self._described(channel) if flag(arguments, "return_im") else {"id": channel.id}
        return {"channel": answer}

    def info(self, arguments: Json) -> Json:
        """Describe one conversation; `is_ext_shared` tells of another organisation in it."""
        channel = self._known(str(arguments["channel"]))
        self._may(channel, "read")
        described = self._described(channel)
        if flag(arguments, "include_num_members"):
            described["num_members"] = len(channel.members) + channel.bot_inside
        return {"channel": described}

    def members(self, arguments: Json) -> Json:
        """List who is in a conversation."""
        channel = self._known(str(arguments["channel"]))
        self._may(channel, "read")
        inside = [*channel.members, *([self.world.app.bot_user] if channel.bot_inside else [])]
        return {"members": inside, "response_metadata": {"next_cursor": ""}}

    def rooms(self, arguments: Json) -> Json:
        """List the conversations of the types that were asked for."""
        types = str(arguments.get("types") or "public_channel").split(",")
        known = {"public_channel": "channels:read", "private_channel": "groups:read", "im": "im:read"}
        for kind in types:
            if kind not in known:
                raise SlackSaysNo("invalid_types")
            if known[kind] not in self.world.app.scopes:
                raise self._missing(known[kind])
        listed = [one for one in self.world.conversations.values() if _kind(one) in types]
        shown = [self._described(one) for one in listed if one.bot_inside or not one.private]
        return {"channels": shown, "response_metadata": {"next_cursor": ""}}

    def history(self, arguments: Json) -> Json:
        """Answer a conversation's messages, the newest first; what stands in a thread is read by `replies`."""
        channel = self._known(str(arguments["channel"]))
        self._may(channel, "history")
        if not channel.bot_inside:
            raise SlackSaysNo("not_in_channel")
        said = [one for one in self.world.history(channel.id) if not is_reply(one) or one.get("subtype") == BROADCAST]
        messages = said[::-1]
        return self._page([one for one in messages if _within(one, arguments)], arguments)

    def replies(self, arguments: Json) -> Json:
        """Answer a thread, the oldest first."""
        channel = self._known(str(arguments["channel"]))
        self._may(channel, "history")
        ts = str(arguments["ts"])
        thread = [one for one in self.world.history(channel.id) if ts in {one["ts"], one.get("thread_ts")}]
        if not thread:
            raise SlackSaysNo("thread_not_found")
        return self._page([one for one in thread if _within(one, arguments)], arguments)

    def _page(self, messages: list[Json], arguments: Json) -> Json:
        limit = number(arguments, "limit", 100, most=_MOST)
        start = _offset(arguments.get("cursor"))
        page, more = messages[start : start + limit], len(messages) > start + limit
        if not flag(arguments, "include_all_metadata"):
            page = [{key: item for key, item in one.items() if key != "metadata"} for one in page]
        answer: Json = {"messages": page, "has_more": more, "pin_count": 0}
        if more:
            cursor = base64.b64encode(f"next:{start + limit}".encode()).decode()
            answer["response_metadata"] = {"next_cursor": cursor}
        return answer

    def _with(self, user: str) -> Conversation:
        person = self.world.people.get(user)
        if person is None:
            raise SlackSaysNo("user_not_found")
        if person.deleted:
            raise SlackSaysNo("user_disabled")
        if person.team != self.world.team or person.bot:
            raise SlackSaysNo("user_not_visible")
        return self.world.direct(user)

    def _known(self, channel_id: str) -> Conversation:
        channel = self.world.conversations.get(channel_id)
        if channel is None or (channel.private and not channel.bot_inside):
            raise SlackSaysNo("channel_not_found")
        return channel

    def _may(self, channel: Conversation, verb: str) -> None:
        family = {"im": "im", "private_channel": "groups", "public_channel": "channels"}[_kind(channel)]
        if f"{family}:{verb}" not in self.world.app.scopes:
            raise self._missing(f"{family}:{verb}")

    def _missing(self, scope: str) -> SlackSaysNo:
        return SlackSaysNo("missing_scope", needed=scope, provided=",".join(sorted(self.world.app.scopes)))

    def _described(self, channel: Conversation) -> Json:
        if channel.direct:
            return {
                "id": channel.id,
                "created": channel.created,
                "is_im": True,
                "is_org_shared": False,
                "user": channel.person,
                "is_user_deleted": False,
                "is_open": True,
                "context_team_id": self.world.team,
            }
        return {
            "id": channel.id,
            "name": channel.name,
            "name_normalized": channel.name,
            "created": channel.created,
            "context_team_id": self.world.team,
            "is_channel": not channel.private,
            "is_group": channel.private,
            "is_im": False,
            "is_mpim": False,
            "is_private": channel.private,
            "is_archived": False,
            "is_general": channel.name == "general",
            "is_member": channel.bot_inside,
            "is_shared": channel.shared,
            "is_ext_shared": channel.shared,
            "is_org_shared": False,
            "is_pending_ext_shared": False,
            "pending_shared": [],
        }


def _kind(channel: Conversation) -> str:
    if channel.direct:
        return "im"
    return "private_channel" if channel.private else "public_channel"


def _within(message: Json, arguments: Json) -> bool:
    inclusive = flag(arguments, "inclusive")
    stamp = float(message["ts"])
    for name, after in (("oldest", True), ("latest", False)):
        given = arguments.get(name)
        if given in (None, "", "0", 0) or (name == "latest" and given == "now"):
            continue
        try:
            edge = float(str(given))
        except ValueError as bad:
            raise SlackSaysNo(f"invalid_ts_{name}") from bad
        if stamp == edge and not inclusive:
            return False
        if (stamp < edge) if after else (stamp > edge):
            return False
    return True


def _offset(cursor: object) -> int:
    if cursor in (None, ""):
        return 0
    try:
        word, _, start = base64.b64decode(str(cursor), validate=True).decode().partition(":")
        return int(start) if word == "next" else _refuse()
    except (binascii.Error, ValueError) as bad:
        raise SlackSaysNo("invalid_cursor") from bad


def _refuse() -> int:
    raise SlackSaysNo("invalid_cursor")
