"""Block Kit's smaller parts: texts, options, confirm dialogs and the elements of a block."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeGuard

from practice import limits

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

Json = dict[str, Any]
PLAIN: Final = ("plain_text",)
MARKED: Final = ("plain_text", "mrkdwn")
SECTION, ACTIONS, INPUT, CONTEXT = "section", "actions", "input", "context"
_DATE = re.compile(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])")
_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_NUMBER = re.compile(r"-?\d+(\.\d+)?")


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
    string(value, "url", finds, most=limits.URL)


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


def _chosen(element: Json, finds: Finds) -> None:
    # An initial choice must be one of the options, word for word; Slack refuses it otherwise.
    values = {one.get("value") for one in offered(element) if isinstance(one, dict)}
    initial = element.get("initial_options", [element["initial_option"]] if "initial_option" in element else [])
    for one in initial if isinstance(initial, list) else ():
        if isinstance(one, dict) and one.get("value") not in values:
            name = "initial_options" if "initial_options" in element else "initial_option"
            finds.say("must be one of the provided options", name)


def _button(element: Json, finds: Finds) -> None:
    if "text" in element:
        text(element["text"], finds.below("text"), most=limits.BUTTON_TEXT)
    string(element, "value", finds, most=limits.BUTTON_VALUE)
    string(element, "url", finds, most=limits.URL)
    string(element, "accessibility_label", finds, most=limits.ACCESSIBILITY_LABEL)
    if element.get("style", "primary") not in {"primary", "danger"}:
        finds.say("must be one of primary, danger", "style")


def _static(element: Json, finds: Finds) -> None:
    options(element, finds)
    _chosen(element, finds)


def _choices(element: Json, finds: Finds) -> None:
    for item, where in listed(element, "options", finds, most=limits.CHOICES):
        option(item, where, kinds=MARKED)
    for item, where in listed(element, "initial_options", finds, most=limits.CHOICES):
        option(item, where, kinds=MARKED)
    _chosen(element, finds)


def _overflow(element: Json, finds: Finds) -> None:
    for item, where in listed(element, "options", finds, most=limits.OVERFLOW_OPTIONS):
        option(item, where, links=True)


def _external(element: Json, finds: Finds) -> None:
    initial = element.get("initial_option")
    if initial is not None:
        option(initial, finds.below("initial_option"))
    for item, where in listed(element, "initial_options", finds, most=limits.OPTIONS):
        option(item, where)
    _whole(element, "min_query_length", finds, least=0)


def _whole(element: Json, name: str, finds: Finds, *, least: int, most: int = 2**31) -> None:
    value = element.get(name)
    if value is None:
        return
    if not isinstance(value, int) or isinstance(value, bool):
        finds.say("must be an integer", name)
    elif value < least:
        finds.say(f"{value} is less than the minimum of {least}", name)
    elif value > most:
        finds.say(f"{value} is greater than the maximum of {most}", name)


def _typed(element: Json, finds: Finds) -> None:
    _whole(element, "min_length", finds, least=0, most=limits.INPUT_LENGTH)
    _whole(element, "max_length", finds, least=1, most=limits.INPUT_LENGTH)
    string(element, "initial_value", finds, most=limits.INPUT_LENGTH, least=0)


def _number(element: Json, finds: Finds) -> None:
    for name in ("initial_value", "min_value", "max_value"):
        if name in element and not (isinstance(element[name], str) and _NUMBER.fullmatch(element[name])):
            finds.say("must be a number in a string", name)


def _date(element: Json, finds: Finds) -> None:
    for name, pattern in (("initial_date", _DATE), ("initial_time", _TIME)):
        if name in element and not (isinstance(element[name], str) and pattern.fullmatch(element[name])):
            finds.say("must match the format", name)


def _files(element: Json, finds: Finds) -> None:
    _whole(element, "max_files", finds, least=1, most=limits.FILES)


def image(element: Json, finds: Finds) -> None:
    """Check an image's address and its alternative text."""
    if ("image_url" in element) == ("slack_file" in element):
        finds.say("exactly one of image_url and slack_file is needed", "image_url")
    string(element, "alt_text", finds, most=limits.IMAGE_ALT)
    string(element, "image_url", finds, most=limits.URL)


@dataclass(frozen=True, slots=True)
class Shape:
    """What one type of element may hold and in which blocks it may stand."""

    blocks: frozenset[str]
    allowed: frozenset[str] = frozenset()
    needed: frozenset[str] = frozenset()
    check: Callable[[Json, Finds], None] | None = None


def _shape(blocks: str, allowed: str, check: Callable[[Json, Finds], None] | None = None, needed: str = "") -> Shape:
    return Shape(frozenset(blocks.split()), frozenset(allowed.split()), frozenset(needed.split()), check)


_ANY = "section actions input"
_COMMON = "action_id confirm focus_on_load "
_SELECT = _COMMON + "placeholder "
_MULTI = _SELECT + "max_selected_items "
_TYPED = "action_id dispatch_action_config focus_on_load placeholder initial_value "
_STATIC = "options option_groups "

ELEMENTS: Mapping[str, Shape] = {
    "button": _shape(
        "section actions", "action_id url value style confirm accessibility_label", _button, needed="text"
    ),
    "static_select": _shape(_ANY, _SELECT + _STATIC + "initial_option", _static),
    "multi_static_select": _shape(_ANY, _MULTI + _STATIC + "initial_options", _static),
    "external_select": _shape(_ANY, _SELECT + "initial_option min_query_length", _external),
    "multi_external_select": _shape(_ANY, _MULTI + "initial_options min_query_length", _external),
    "users_select": _shape(_ANY, _SELECT + "initial_user"),
    "multi_users_select": _shape(_ANY, _MULTI + "initial_users"),
    "channels_select": _shape(_ANY, _SELECT + "initial_channel response_url_enabled"),
    "multi_channels_select": _shape(_ANY, _MULTI + "initial_channels"),
    "conversations_select": _shape(
        _ANY, _SELECT + "initial_conversation default_to_current_conversation response_url_enabled filter"
    ),
    "multi_conversations_select": _shape(_ANY, _MULTI + "initial_conversations default_to_current_conversation filter"),
    "overflow": _shape("section actions", "action_id confirm", _overflow, needed="options"),
    "checkboxes": _shape(_ANY, _COMMON + "initial_options", _choices, needed="options"),
    "radio_buttons": _shape(_ANY, _COMMON + "initial_option", _choices, needed="options"),
    "datepicker": _shape(_ANY, _SELECT + "initial_date", _date),
    "timepicker": _shape(_ANY, _SELECT + "initial_time timezone", _date),
    "datetimepicker": _shape("actions input", _COMMON + "initial_date_time"),
    "plain_text_input": _shape(INPUT, _TYPED + "multiline min_length max_length", _typed),
    "email_text_input": _shape(INPUT, _TYPED, _typed),
    "url_text_input": _shape(INPUT, _TYPED, _typed),
    "number_input": _shape(INPUT, _TYPED + "min_value max_value", _number, needed="is_decimal_allowed"),
    "rich_text_input": _shape(INPUT, _TYPED),
    "file_input": _shape(INPUT, "action_id filetypes max_files", _files),
    "image": _shape("section context", "image_url slack_file", image, needed="alt_text"),
}


def element(value: object, finds: Finds, *, block: str) -> None:
    """Check one element as it stands in a block of type `block`."""
    if not is_object(value, finds):
        return
    shape = ELEMENTS.get(str(value.get("type")))
    if shape is None or block not in shape.blocks:
        finds.say(f"unsupported type: {value.get('type')}", "type")
        return
    keys(value, finds, needed=shape.needed, allowed=shape.allowed)
    string(value, "action_id", finds, most=limits.ACTION_ID)
    if "placeholder" in value:
        text(value["placeholder"], finds.below("placeholder"), most=limits.PLACEHOLDER)
    if "confirm" in value:
        confirm(value["confirm"], finds.below("confirm"))
    _whole(value, "max_selected_items", finds, least=1)
    if shape.check is not None:
        shape.check(value, finds)
