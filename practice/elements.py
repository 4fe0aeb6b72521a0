"""The elements of a block: buttons, selects, inputs, and in which blocks each may stand."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from practice import limits
from practice.objects import (
    MARKED,
    Finds,
    Json,
    confirm,
    is_object,
    keys,
    listed,
    offered,
    option,
    options,
    string,
    text,
    url,
    whole,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SECTION, ACTIONS, INPUT, CONTEXT = "section", "actions", "input", "context"
_DATE = re.compile(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])")
_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_LAST_SECOND = 9_999_999_999  # ten digits
NUMBER = re.compile(r"-?\d+(\.\d+)?")


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
    url(element, "url", finds)
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
    whole(element, "min_query_length", finds, least=0)


def _typed(element: Json, finds: Finds) -> None:
    whole(element, "min_length", finds, least=0, most=limits.INPUT_LENGTH)
    whole(element, "max_length", finds, least=1, most=limits.INPUT_LENGTH)
    string(element, "initial_value", finds, most=limits.INPUT_LENGTH, least=0)


def _number(element: Json, finds: Finds) -> None:
    for name in ("initial_value", "min_value", "max_value"):
        if name in element and not (isinstance(element[name], str) and NUMBER.fullmatch(element[name])):
            finds.say("must be a number in a string", name)


def _date(element: Json, finds: Finds) -> None:
    for name, pattern in (("initial_date", _DATE), ("initial_time", _TIME)):
        if name in element and not (isinstance(element[name], str) and pattern.fullmatch(element[name])):
            finds.say("must match the format", name)


def _files(element: Json, finds: Finds) -> None:
    whole(element, "max_files", finds, least=1, most=limits.FILES)
    for item, where in listed(element, "filetypes", finds, most=limits.OPTIONS):
        if not isinstance(item, str) or not item:
            where.say("must be a string")


def _moment(element: Json, finds: Finds) -> None:
    whole(element, "initial_date_time", finds, least=0, most=_LAST_SECOND)


def image(element: Json, finds: Finds) -> None:
    """Check an image's address and its alternative text."""
    if ("image_url" in element) == ("slack_file" in element):
        finds.say("exactly one of image_url and slack_file is needed", "image_url")
    string(element, "alt_text", finds, most=limits.IMAGE_ALT)
    url(element, "image_url", finds)


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
    "datetimepicker": _shape("actions input", _COMMON + "initial_date_time", _moment),
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
    whole(value, "max_selected_items", finds, least=1)
    if shape.check is not None:
        shape.check(value, finds)
