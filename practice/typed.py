"""What a person types: slash commands and mentions, turned into what Slack sends."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from practice.people import Person
    from practice.world import Conversation

_RAW = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^>]*)?>")
_NAMED = re.compile(r"(?<![\w.@])@([\w.-]+)")
_MAIL = re.compile(r"(?<![\w.+:|-])([\w.+-]+@[\w-]+(?:\.[\w-]+)+)")
_CHANNEL = re.compile(r"(?<![\w&])#([\w-]+)")


def split(text: str) -> tuple[str, str]:
    """Answer a slash command and its text."""
    command, _, rest = text.strip().partition(" ")
    return command, rest.strip()


def sent(
    text: str, people: Mapping[str, Person], channels: Iterable[Conversation], *, escape: bool, names: bool = True
) -> str:
    """Answer the text as Slack sends it.

    Args:
        text: as typed; the page may put people in as `<@U123>`.
        people: who can be mentioned.
        channels: which channels can be named.
        escape: the command's `should_escape`: mentions become `<@U123|handle>`, addresses `<mailto:...>`; otherwise
            they are sent as typed.
        names: whether a mention carries its handle after a bar, as in commands (in messages it does not).
    """
    pieces: list[str] = []
    last = 0
    # What the page put in as an id is kept apart, since everything else has its < and > escaped.
    for found in _RAW.finditer(text):
        pieces += [_typed(text[last : found.start()], people, channels, escape=escape, names=names)]
        pieces += [_mention(people, found[1], found[0], escape=escape, names=names)]
        last = found.end()
    return "".join([*pieces, _typed(text[last:], people, channels, escape=escape, names=names)])


def _typed(
    text: str, people: Mapping[str, Person], channels: Iterable[Conversation], *, escape: bool, names: bool
) -> str:
    safe = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    if not escape:
        return safe
    handles = {person.handle: person.id for person in people.values()}
    rooms = {channel.name: channel.id for channel in channels if not channel.direct}

    def person(found: re.Match[str]) -> str:
        known = handles.get(found[1])
        return found[0] if known is None else _mention(people, known, found[0], escape=True, names=names)

    def room(found: re.Match[str]) -> str:
        known = rooms.get(found[1])
        return found[0] if known is None else f"<#{known}|{found[1]}>"

    linked = _MAIL.sub(r"<mailto:\1|\1>", safe)
    return _CHANNEL.sub(room, _NAMED.sub(person, linked))


def _mention(people: Mapping[str, Person], user: str, otherwise: str, *, escape: bool, names: bool) -> str:
    person = people.get(user)
    if person is None:
        return otherwise
    if not escape:
        return f"@{person.handle}"
    return f"<@{user}|{person.handle}>" if names else f"<@{user}>"
