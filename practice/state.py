"""What a person has entered: Slack's `state.values`, filled from the page and from each element's initial value."""

from __future__ import annotations

import contextlib
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from practice.blocks import elements_of
from practice.elements import NUMBER
from practice.errors import CannotDo
from practice.objects import offered

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Json = dict[str, Any]
# For each type: the member that holds what was entered, and the member of the element that it starts from.
FIELDS: dict[str, tuple[str, str]] = {
    "plain_text_input": ("value", "initial_value"),
    "email_text_input": ("value", "initial_value"),
    "url_text_input": ("value", "initial_value"),
    "number_input": ("value", "initial_value"),
    "rich_text_input": ("rich_text_value", "initial_value"),
    "static_select": ("selected_option", "initial_option"),
    "external_select": ("selected_option", "initial_option"),
    "radio_buttons": ("selected_option", "initial_option"),
    "checkboxes": ("selected_options", "initial_options"),
    "multi_static_select": ("selected_options", "initial_options"),
    "multi_external_select": ("selected_options", "initial_options"),
    "users_select": ("selected_user", "initial_user"),
    "multi_users_select": ("selected_users", "initial_users"),
    "channels_select": ("selected_channel", "initial_channel"),
    "multi_channels_select": ("selected_channels", "initial_channels"),
    "conversations_select": ("selected_conversation", "initial_conversation"),
    "multi_conversations_select": ("selected_conversations", "initial_conversations"),
    "datepicker": ("selected_date", "initial_date"),
    "timepicker": ("selected_time", "initial_time"),
    "datetimepicker": ("selected_date_time", "initial_date_time"),
    "file_input": ("files", "initial_files"),
}
_LISTS = frozenset({"selected_options", "selected_users", "selected_channels", "selected_conversations", "files"})
_CLOSED = frozenset({"static_select", "multi_static_select", "radio_buttons", "checkboxes"})
_FILES = 10  # Slack's default for max_files
_TYPED = frozenset({"plain_text_input", "email_text_input", "url_text_input", "number_input"})


def stateful(blocks: Sequence[Json]) -> Iterator[tuple[Json, Json]]:
    """Walk the elements that hold a value, each with its block."""
    for block in blocks:
        for element in elements_of(block):
            if element.get("type") in FIELDS:
                yield block, element


def settle(blocks: Sequence[Json], *given: Any) -> Json:
    """Answer state.values for dressed blocks: the first of `given` that knows an element, else its initial value.

    Raises:
        CannotDo: an entry that its element does not offer.
    """
    values: Json = {}
    for block, element in stateful(blocks):
        entry = next((found for one in given if (found := _entry(one, block, element)) is not None), None)
        values.setdefault(block["block_id"], {})[element["action_id"]] = (
            _initial(element) if entry is None else _normal(entry, element)
        )
    return values


def carried(blocks: Sequence[Json], values: Json) -> Json:
    """Answer those entries that survive a change of the blocks: where block and action stay, what was entered stays."""
    kept: Json = {}
    for block, element in stateful(blocks):
        entry = _entry(values, block, element)
        if entry is not None:
            with contextlib.suppress(CannotDo):
                kept.setdefault(block["block_id"], {})[element["action_id"]] = _normal(entry, element)
    return kept


def faults(blocks: Sequence[Json], values: Json) -> dict[str, str]:
    """Answer what Slack's own client would not let through, as words by block id."""
    wrong: dict[str, str] = {}
    for block, element in stateful(blocks):
        if block["type"] != "input":
            continue
        entered = values[block["block_id"]][element["action_id"]].get(FIELDS[element["type"]][0])
        if entered in (None, "", []):
            if not block.get("optional"):
                wrong[block["block_id"]] = "Please complete this required field."
        elif element["type"] in _TYPED:
            words = _length(element, str(entered))
            if words:
                wrong[block["block_id"]] = words
    return wrong


def _entry(given: Any, block: Json, element: Json) -> Json | None:
    found = given.get(block["block_id"]) if isinstance(given, dict) else None
    entry = found.get(element["action_id"]) if isinstance(found, dict) else None
    return entry if isinstance(entry, dict) and entry.get("type") == element["type"] else None


def _initial(element: Json) -> Json:
    member, initial = FIELDS[element["type"]]
    return {"type": element["type"], member: element.get(initial, [] if member in _LISTS else None)}


def _normal(entry: Json, element: Json) -> Json:
    member, _ = FIELDS[element["type"]]
    value = entry.get(member)
    if member in _LISTS:
        if not isinstance(value or [], list):
            raise CannotDo(f"{element['action_id']} takes a list.")
        chosen = [_one(item, element) for item in value or []]
        most = element.get("max_files", _FILES) if member == "files" else element.get("max_selected_items")
        if most is not None and len(chosen) > most:
            raise CannotDo(f"{element['action_id']} takes at most {most}.")
        return {"type": element["type"], member: chosen}
    return {"type": element["type"], member: None if value in (None, "") else _one(value, element)}


def _one(value: Any, element: Json) -> Any:
    if element["type"] == "file_input" and not (isinstance(value, dict) and isinstance(value.get("id"), str)):
        raise CannotDo(f"{element['action_id']} takes files.")
    if element["type"] == "datetimepicker" and type(value) is not int:
        raise CannotDo(f"{element['action_id']} takes whole seconds.")
    # A select answers with an option as the app wrote it, whatever else the page sends along.
    if "option" not in FIELDS[element["type"]][0]:
        return value
    wanted = value.get("value") if isinstance(value, dict) else None
    if element["type"] in _CLOSED:
        for one in offered(element):
            if one.get("value") == wanted:
                return one
        raise CannotDo(f"{element['action_id']} does not offer that.")
    if not isinstance(wanted, str) or not isinstance(value.get("text"), dict):
        raise CannotDo(f"{element['action_id']} takes an option.")
    return value


def _length(element: Json, entered: str) -> str | None:
    if element["type"] == "number_input":
        return _number(element, entered)
    least, most = element.get("min_length", 0), element.get("max_length")
    if len(entered) < least:
        return f"Please enter at least {least} characters."
    if most is not None and len(entered) > most:
        return f"Please enter at most {most} characters."
    return None


def _number(element: Json, entered: str) -> str | None:
    if not NUMBER.fullmatch(entered):
        return "Please enter a number."
    if "." in entered and not element["is_decimal_allowed"]:
        return "Please enter a whole number."
    number, least, most = Decimal(entered), element.get("min_value"), element.get("max_value")
    if least is not None and number < Decimal(least):
        return f"Please enter {least} or more."
    if most is not None and number > Decimal(most):
        return f"Please enter {most} or less."
    return None
