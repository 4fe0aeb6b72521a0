"""Block Kit's smallest parts: texts, options and confirm dialogs, and how a fault in them is said."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeGuard

from practice import limits

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

Json = dict[str, Any]
PLAIN: Final = ("plain_text",)
MARKED: Final = ("plain_text", "mrkdwn")
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*:[^\s]", re.IGNORECASE)


@dataclass(slots=True)
class Finds:
    """What a check found, as sentences with JSON pointers; `at` is where the check stands."""

    at: str
    lines: list[str] = field(default_factory=list)

    def say(self, words: str, *path: object) -> None:
        """Note a fault at `path` below here."""
        pointer = "/".join((self.at, *(str(step) for step in path)))
        self.lines.append(f"{words} [json-pointer:{pointer}]")

    def below(self, *path: object) -> Finds:
        """Answer a view of the same list, one or more steps deeper."""
        return Finds("/".join((self.at, *(str(step) for step in path))), self.lines)


def is_object(value: object, finds: Finds) -> TypeGuard[Json]:
    """Whether `value` is a JSON object; says so if not."""
    if isinstance(value, dict):
        return True
    finds.say("must be an object")
    return False


def keys(thing: Json, finds: Finds, *, needed: Collection[str], allowed: Collection[str]) -> None:
    """Hold an object's members against what Slack knows."""
    for name in needed:
        if name not in thing:
            finds.say(f"missing required field: {name}")
    for name in thing:
        if name not in needed and name not in allowed and name != "type":
            finds.say(f"additional property: {name}", name)


def string(thing: Json, name: str, finds: Finds, *, most: int, least: int = 1) -> None:
    """Check an optional string member for its type and length."""
    if name not in thing:
        return
    value = thing[name]
    if not isinstance(value, str):
        finds.say("must be a string", name)
    elif len(value) > most:
        finds.say(f"must be less than {most + 1} characters", name)
    elif len(value) < least:
        finds.say(f"must be more than {least - 1} characters", name)


def text(value: object, finds: Finds, *, most: int = limits.TEXT_OBJECT, kinds: Collection[str] = PLAIN) -> None:
    """Check a text object."""
    if not is_object(value, finds):
        return
    if value.get("type") not in kinds:
        finds.say(f"must be one of {', '.join(kinds)}", "type")
        return
    extra = "emoji" if value["type"] == "plain_text" else "verbatim"
    keys(value, finds, needed=("text",), allowed=(extra,))
    string(value, "text", finds, most=most)
    if extra in value and not isinstance(value[extra], bool):
        finds.say("must be a boolean", extra)


def confirm(value: object, finds: Finds) -> None:
    """Check a confirm dialog."""
    if not is_object(value, finds):
        return
    keys(value, finds, needed=("title", "text", "confirm", "deny"), allowed=("style",))
    for name, most, kinds in (
        ("title", limits.CONFIRM_TITLE, PLAIN),
        ("text", limits.CONFIRM_TEXT, MARKED),
        ("confirm", limits.CONFIRM_BUTTON, PLAIN),
        ("deny", limits.CONFIRM_BUTTON, PLAIN),
    ):
        if name in value:
            text(value[name], finds.below(name), most=most, kinds=kinds)


def option(value: object, finds: Finds, *, kinds: Collection[str] = PLAIN, links: bool = False) -> None:
    """Check one option of a select, a checkbox group or an overflow menu."""
    if not is_object(value, finds):
        return
    keys(value, finds, needed=("text", "value"), allowed=("description", "url") if links else ("description",))
    if "text" in value:
        text(value["text"], finds.below("text"), most=limits.OPTION_TEXT, kinds=kinds)
    if "description" in value:
        text(value["description"], finds.below("description"), most=limits.OPTION_TEXT, kinds=kinds)
    string(value, "value", finds, most=limits.OPTION_VALUE)
    url(value, "url", finds)


def listed(thing: Json, name: str, finds: Finds, *, most: int, least: int = 1) -> Iterator[tuple[Any, Finds]]:
    """Walk an optional list member, having checked its length."""
    value = thing.get(name)
    if value is None:
        return
    if not isinstance(value, list):
        finds.say("must be an array", name)
        return
    if len(value) > most:
        finds.say(f"no more than {most} items allowed", name)
    elif len(value) < least:
        finds.say(f"no less than {least} items allowed", name)
    for number, item in enumerate(value):
        yield item, finds.below(name, number)


def options(thing: Json, finds: Finds, *, groups: bool = True) -> None:
    """Check `options` or `option_groups`: exactly one of them."""
    if groups and ("options" in thing) == ("option_groups" in thing):
        finds.say("exactly one of options and option_groups is needed", "options")
    for item, where in listed(thing, "options", finds, most=limits.OPTIONS):
        option(item, where)
    for item, where in listed(thing, "option_groups", finds, most=limits.OPTION_GROUPS):
        if is_object(item, where):
            keys(item, where, needed=("label", "options"), allowed=())
            if "label" in item:
                text(item["label"], where.below("label"), most=limits.OPTION_TEXT)
            for inner, deeper in listed(item, "options", where, most=limits.OPTIONS):
                option(inner, deeper)


def offered(element: Json) -> list[Json]:
    """Answer all options that an element offers, through its groups."""
    groups = [option for group in element.get("option_groups") or () for option in group.get("options", ())]
    return [*(element.get("options") or ()), *groups]


def whole(element: Json, name: str, finds: Finds, *, least: int, most: int = 2**31) -> None:
    """Check an optional whole number."""
    value = element.get(name)
    if value is None:
        return
    if not isinstance(value, int) or isinstance(value, bool):
        finds.say("must be an integer", name)
    elif value < least:
        finds.say(f"{value} is less than the minimum of {least}", name)
    elif value > most:
        finds.say(f"{value} is greater than the maximum of {most}", name)


def url(thing: Json, name: str, finds: Finds) -> None:
    """Check an optional address."""
    string(thing, name, finds, most=limits.URL)
    if isinstance(thing.get(name), str) and not _ADDRESS.match(thing[name]):
        finds.say("must be a valid URL", name)
