"""The workspace's state: who is here, which conversations stand, what was said, and who looks at it."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from practice.errors import SlackSaysNo
from practice.people import TEAM, App, Channel, Person

if TYPE_CHECKING:
    from datetime import datetime

    from practice.limits import Limits
    from practice.shelf import Shelf

Json = dict[str, Any]
Push = Callable[[str, Json], None]
BROADCAST = "thread_broadcast"  # the subtype of a reply that is said in the channel as well
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ0123456789"


@dataclass(slots=True)
class Conversation:
    """A channel, or the messages between one person and the app.

    Attributes:
        person: for a direct message, the person at the other end from the app.
    """

    id: str
    name: str
    members: tuple[str, ...]
    private: bool = False
    shared: bool = False
    bot_inside: bool = False
    person: str | None = None
    created: int = 0

    @property
    def direct(self) -> bool:
        """Whether this is the app's direct message with one person."""
        return self.person is not None


@dataclass(slots=True)
class World:
    """Everything that both sides of the practice workspace read and change.

    Attributes:
        push: tells the page sockets of one person something; set by the page.
        base: the address of the workspace, without a slash at the end.
    """

    people: Mapping[str, Person]
    app: App
    clock: Callable[[], datetime]
    limits: Limits
    shelf: Shelf
    name: str = "Acme"
    domain: str = "acme-practice"
    team: str = TEAM
    base: str = ""
    push: Push = lambda _user, _frame: None
    conversations: dict[str, Conversation] = field(default_factory=dict)
    read: dict[tuple[str, str], str] = field(default_factory=dict)
    _messages: dict[str, dict[str, Json]] = field(default_factory=dict)
    _ephemeral: dict[tuple[str, str], dict[str, Json]] = field(default_factory=dict)
    _last: int = 0

    def furnish(self, channels: Iterable[Channel]) -> None:
        """Put the channels up, and what the shelf still holds."""
        now = int(self.clock().timestamp())
        for one in channels:
            self.conversations[one.id] = Conversation(
                one.id, one.name, one.members, one.private, one.shared, one.bot_inside, created=now
            )
        for kept in self.shelf.all("direct"):
            self.conversations[kept["id"]] = Conversation(
                kept["id"], "directmessage", (kept["person"],), bot_inside=True, person=kept["person"], created=now
            )
        for kept in self.shelf.all("message"):
            self._messages.setdefault(kept["channel"], {})[kept["message"]["ts"]] = kept["message"]
            self._last = max(self._last, _micros(kept["message"]["ts"]))

    def new_id(self, first: str) -> str:
        """Answer a fresh id of Slack's form, such as V0ABCDEFGHJ."""
        return first + "0" + "".join(secrets.choice(_LETTERS) for _ in range(9))

    def stamp(self) -> str:
        """Answer a fresh ts: seconds and microseconds, never twice, always rising."""
        self._last = max(self._last + 1, int(self.clock().timestamp() * 1_000_000))
        return f"{self._last // 1_000_000}.{self._last % 1_000_000:06}"

    def direct(self, user: str) -> Conversation:
        """Answer the app's direct message with a person, opened if need be.

        Raises:
            SlackSaysNo: channel_not_found, since the app cannot write to such a person.
        """
        for one in self.conversations.values():
            if one.person == user:
                return one
        person = self.people.get(user)
        # People of another organisation, bots and the deactivated have no messages with our app.
        if person is None or person.deleted or person.bot or person.team != self.team:
            raise SlackSaysNo("channel_not_found")
        opened = Conversation(
            self.new_id("D"),
            "directmessage",
            (user,),
            bot_inside=True,
            person=user,
            created=int(self.clock().timestamp()),
        )
        self.conversations[opened.id] = opened
        self.shelf.put("direct", opened.id, {"id": opened.id, "person": user})
        return opened

    def history(self, channel: str) -> list[Json]:
        """Answer a conversation's messages, oldest first."""
        return [message for _, message in sorted(self._messages.get(channel, {}).items())]

    def message(self, channel: str, ts: str) -> Json | None:
        """Answer one message."""
        return self._messages.get(channel, {}).get(ts)

    def ephemerals(self, channel: str, user: str) -> list[Json]:
        """Answer what only `user` sees in a conversation, oldest first; gone after a restart, as in Slack."""
        return [message for _, message in sorted(self._ephemeral.get((channel, user), {}).items())]

    def keep(self, channel: str, message: Json) -> None:
        """Keep a new or changed message and show it to everybody in the conversation."""
        told = "changed" if message["ts"] in self._messages.get(channel, {}) else "message"
        self._messages.setdefault(channel, {})[message["ts"]] = message
        self.shelf.put("message", f"{channel} {message['ts']}", {"channel": channel, "message": message})
        for member in self.conversations[channel].members:
            self.push(member, {"push": told, "channel": channel, "message": self.shown(message)})
        if told == "message" and is_reply(message):
            self._count_replies(channel, message["thread_ts"])

    def thread(self, channel: str, ts: str) -> list[Json]:
        """Answer the replies in a message's thread, oldest first."""
        return [one for one in self.history(channel) if is_reply(one) and one["thread_ts"] == ts]

    def drop(self, channel: str, ts: str) -> None:
        """Take a message away, for everybody."""
        gone = self._messages.get(channel, {}).pop(ts, None)
        self.shelf.drop("message", f"{channel} {ts}")
        for member in self.conversations[channel].members:
            self.push(member, {"push": "deleted", "channel": channel, "ts": ts})
        if gone is not None and is_reply(gone):
            self._count_replies(channel, gone["thread_ts"])

    def whisper(self, channel: str, user: str, message: Json) -> None:
        """Show a message to one person only; it is not kept."""
        mine = self._ephemeral.setdefault((channel, user), {})
        told = "changed" if message["ts"] in mine else "message"
        mine[message["ts"]] = message
        self.push(user, {"push": told, "channel": channel, "message": self.shown(message, ephemeral=True)})

    def hush(self, channel: str, user: str, ts: str) -> None:
        """Take an ephemeral message away."""
        self._ephemeral.get((channel, user), {}).pop(ts, None)
        self.push(user, {"push": "deleted", "channel": channel, "ts": ts})

    def shown(self, message: Json, *, ephemeral: bool = False) -> Json:
        """Answer a message as the page shows it."""
        author = self.people.get(message.get("user", ""))
        from_app = message.get("bot_id") == self.app.bot_id
        shown = {
            "ts": message["ts"],
            "user": message.get("user"),
            "username": self.app.name if from_app else (author.name if author else "unknown"),
            "text": message.get("text", ""),
            "blocks": message.get("blocks", []),
            "bot": from_app,
            "edited": "edited" in message,
            "ephemeral": ephemeral,
        }
        more = ("thread_ts", "reply_count", "subtype", "files")
        shown |= {name: message[name] for name in more if name in message}
        return shown | ({"metadata": message["metadata"]} if "metadata" in message else {})

    def by_bot(self, text: str, blocks: list[Json] | None, metadata: Json | None = None) -> Json:
        """Answer a message of the app, with a fresh ts."""
        message: Json = {
            "type": "message",
            "user": self.app.bot_user,
            "bot_id": self.app.bot_id,
            "app_id": self.app.id,
            "team": self.team,
            "text": text,
            "ts": self.stamp(),
        }
        if blocks:
            message["blocks"] = blocks
        if metadata is not None:
            message["metadata"] = metadata
        return message

    def by_person(self, user: str, text: str) -> Json:
        """Answer a message of a person, with a fresh ts."""
        return {"type": "message", "user": user, "text": text, "ts": self.stamp(), "team": self.people[user].team}

    def _count_replies(self, channel: str, ts: str) -> None:
        # Slack keeps a thread's figures at its first message.
        parent = self.message(channel, ts)
        if parent is None:
            return
        replies = self.thread(channel, ts)
        writers = list(dict.fromkeys(str(one.get("user")) for one in replies))
        counted = {
            "thread_ts": ts,
            "reply_count": len(replies),
            "reply_users_count": len(writers),
            "reply_users": writers,
            "is_locked": False,
            "subscribed": False,
        }
        kept = {key: item for key, item in parent.items() if key not in {*counted, "latest_reply"}}
        self.keep(channel, kept | (counted | {"latest_reply": replies[-1]["ts"]} if replies else {}))


def is_reply(message: Json) -> bool:
    """Whether a message stands in the thread of another."""
    return bool(message.get("thread_ts", message["ts"]) != message["ts"])


def _micros(ts: str) -> int:
    seconds, micros = ts.split(".")
    return int(seconds) * 1_000_000 + int(micros)
