"""The chat.* methods: what the app says, changes and takes back."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from practice import limits, validate
from practice.blocks import dress
from practice.calls import Limited, Method, flag
from practice.errors import SlackSaysNo
from practice.limits import Tier
from practice.world import BROADCAST, is_reply

if TYPE_CHECKING:
    from collections.abc import Callable

    from practice.throttle import Throttle
    from practice.world import Conversation, World

Json = dict[str, Any]


def fresh_name() -> str:
    """Answer an id for a block or an action that came without one."""
    return secrets.token_urlsafe(4)


@dataclass(slots=True)
class Chat:
    """The app's messages."""

    world: World
    throttle: Throttle

    def methods(self) -> dict[str, Method]:
        """Answer the methods by name."""

        def method(run: Callable[[Json], Json], tier: Tier, *needed: str) -> Method:
            return Method(run, tier, ("chat:write",), needed)

        return {
            "chat.postMessage": method(self.post, Tier.SPECIAL, "channel"),
            "chat.postEphemeral": method(self.whisper, Tier.FOUR, "channel", "user"),
            "chat.update": method(self.update, Tier.THREE, "channel", "ts"),
            "chat.delete": method(self.delete, Tier.THREE, "channel", "ts"),
            "chat.getPermalink": Method(
                self.permalink, Tier.SPECIAL, needed=("channel", "message_ts"), reads_json=False
            ),
        }

    def post(self, arguments: Json) -> Json:
        """Say something in a channel, or to a person by their user id."""
        channel = self.where(str(arguments["channel"]), open_direct=True)
        text, blocks = said(arguments)
        wait = self.throttle.post(channel.id)
        if wait is not None:
            raise Limited(wait)
        # Slack cuts what is longer, and says so in a warning.
        message = self.world.by_bot(text[: limits.POST_TEXT], blocks, _metadata(arguments))
        self._thread(channel, message, arguments)
        self.world.keep(channel.id, message)
        cut = {"warning": "message_truncated"} if len(text) > limits.POST_TEXT else {}
        return {"channel": channel.id, "ts": message["ts"], "message": message} | cut

    def whisper(self, arguments: Json) -> Json:
        """Say something in a channel to one of its members only."""
        channel = self.where(str(arguments["channel"]))
        user = str(arguments["user"])
        text, blocks = said(arguments)
        if len(text) > limits.POST_TEXT:
            raise SlackSaysNo("msg_too_long")
        if user not in channel.members:
            raise SlackSaysNo("user_not_in_channel")
        message = self.world.by_bot(text, blocks)
        self._thread(channel, message, arguments)
        self.world.whisper(channel.id, user, message)
        return {"message_ts": message["ts"]}

    def update(self, arguments: Json) -> Json:
        """Change a message of the app; blocks and metadata that are not named stay."""
        channel = self.where(str(arguments["channel"]))
        old = self._mine(channel, str(arguments["ts"]), "cant_update_message")
        text, blocks = said(arguments)
        if len(text) > limits.UPDATE_TEXT:
            raise SlackSaysNo("msg_too_long")
        message = dict(old)
        if "text" in arguments:
            message["text"] = text
        if blocks is not None:
            message["blocks"] = blocks
        if not message.get("blocks"):
            message.pop("blocks", None)
        if arguments.get("metadata") == {}:
            message.pop("metadata", None)
        elif "metadata" in arguments:
            message["metadata"] = validate.metadata(arguments["metadata"])
        message["edited"] = {"user": self.world.app.bot_user, "ts": self.world.stamp()}
        self.world.keep(channel.id, message)
        return {"channel": channel.id, "ts": message["ts"], "text": message["text"], "message": message}

    def delete(self, arguments: Json) -> Json:
        """Take a message of the app back."""
        channel = self.where(str(arguments["channel"]))
        ts = str(arguments["ts"])
        self._mine(channel, ts, "cant_delete_message")
        self.world.drop(channel.id, ts)
        return {"channel": channel.id, "ts": ts}

    def permalink(self, arguments: Json) -> Json:
        """Answer a message's address."""
        channel = self.where(str(arguments["channel"]))
        ts = str(arguments["message_ts"])
        if self.world.message(channel.id, ts) is None:
            raise SlackSaysNo("message_not_found")
        return {"channel": channel.id, "permalink": f"{self.world.base}/#{channel.id}/p{ts.replace('.', '')}"}

    def where(self, name: str, *, open_direct: bool = False) -> Conversation:
        """Answer a conversation in which the app may speak.

        Args:
            name: its id; with `open_direct` also its name, or a person's id.
            open_direct: whether to open direct messages with a person.

        Raises:
            SlackSaysNo: channel_not_found, not_in_channel or messages_tab_disabled.
        """
        channel = self.world.conversations.get(name)
        if channel is None and open_direct:
            if name[:1] in {"U", "W"}:
                channel = self.world.direct(name)
            else:
                wanted = name.removeprefix("#")
                named = (one for one in self.world.conversations.values() if not one.direct and one.name == wanted)
                channel = next(named, None)
        if channel is None or (channel.private and not channel.bot_inside):
            raise SlackSaysNo("channel_not_found")
        if not channel.bot_inside:
            raise SlackSaysNo("not_in_channel")
        if channel.direct and not self.world.app.messages_tab:
            raise SlackSaysNo("messages_tab_disabled")
        return channel

    def _thread(self, channel: Conversation, message: Json, arguments: Json) -> None:
        ts = arguments.get("thread_ts")
        if not ts:
            return
        first = self.world.message(channel.id, str(ts))
        if first is not None and is_reply(first):
            raise SlackSaysNo("cannot_reply_to_message")
        message["thread_ts"] = str(ts)
        if flag(arguments, "reply_broadcast"):
            message["subtype"] = BROADCAST

    def _mine(self, channel: Conversation, ts: str, otherwise: str) -> Json:
        message = self.world.message(channel.id, ts)
        if message is None:
            raise SlackSaysNo("message_not_found")
        if message.get("bot_id") != self.world.app.bot_id:
            raise SlackSaysNo(otherwise)
        return message


def said(arguments: Json) -> tuple[str, list[Json] | None]:
    """Answer a message's text and its dressed blocks (None: not named).

    Raises:
        SlackSaysNo: no_text, or whatever is wrong with the blocks.
    """
    text = arguments.get("text")
    if text is not None and not isinstance(text, str):
        raise SlackSaysNo("invalid_arguments", "must be a string [json-pointer:/text]")
    blocks: list[Json] | None = None
    if arguments.get("blocks") not in (None, ""):
        blocks = dress(validate.message_blocks(arguments["blocks"]), fresh_name)
    if not text and not blocks:
        raise SlackSaysNo("no_text")
    return text or "", blocks


def _metadata(arguments: Json) -> Json | None:
    given = arguments.get("metadata")
    return None if given in (None, "") else validate.metadata(given)
