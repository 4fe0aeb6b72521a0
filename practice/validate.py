"""Whole views and whole messages, judged as Slack judges them and refused with Slack's words."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

from practice import limits
from practice.blocks import Surface, check_blocks
from practice.errors import SlackSaysNo
from practice.objects import Finds, Json, is_object, keys, string
from practice.objects import options as check_options
from practice.objects import text as check_text

if TYPE_CHECKING:
    from collections.abc import Callable

_MODAL = frozenset(
    {
        *("blocks", "close", "submit", "private_metadata", "callback_id", "external_id"),
        *("clear_on_close", "notify_on_close", "submit_disabled"),
    }
)
_HOME = frozenset({"private_metadata", "callback_id", "external_id"})


def view(value: object, surface: Surface) -> Json:
    """Answer a view that Slack would take on this surface.

    Raises:
        SlackSaysNo: view_too_large, or invalid_arguments with a JSON pointer to each fault.
    """
    finds = Finds("/view")
    if not is_object(value, finds):
        raise SlackSaysNo("invalid_arguments", *finds.lines)
    if size(value) > limits.VIEW_BYTES:
        raise SlackSaysNo("view_too_large")
    _members(value, surface, finds)
    blocks = value.get("blocks")
    if not isinstance(blocks, list):
        finds.say("must be an array", "blocks")
    else:
        if not blocks:
            finds.say("no less than 1 items allowed", "blocks")
        check_blocks(blocks, surface, finds.below("blocks"))
        _submit(value, blocks, surface, finds)
    if not finds.lines:
        _second_opinion(lambda: View(**_clean(value)).to_dict(), finds)
    if finds.lines:
        raise SlackSaysNo("invalid_arguments", *finds.lines)
    return value


def _members(value: Json, surface: Surface, finds: Finds) -> None:
    if value.get("type") != surface.value:
        finds.say(f"must be {surface}", "type")
    modal = surface is Surface.MODAL
    keys(value, finds, needed=("title", "blocks") if modal else ("blocks",), allowed=_MODAL if modal else _HOME)
    for name in ("title", "submit", "close"):
        # Slack takes a null for a button that is not there.
        if name in value and not (name != "title" and value[name] is None):
            check_text(value[name], finds.below(name), most=limits.VIEW_TITLE)
    string(value, "private_metadata", finds, most=limits.PRIVATE_METADATA, least=0)
    string(value, "callback_id", finds, most=limits.CALLBACK_ID, least=0)
    string(value, "external_id", finds, most=limits.EXTERNAL_ID, least=0)
    for name in ("clear_on_close", "notify_on_close", "submit_disabled"):
        if name in value and not isinstance(value[name], bool):
            finds.say("must be a boolean", name)


def _submit(value: Json, blocks: list[Any], surface: Surface, finds: Finds) -> None:
    inputs = any(isinstance(block, dict) and block.get("type") == "input" for block in blocks)
    if surface is Surface.MODAL and inputs and value.get("submit") is None:
        finds.say("`submit` is required when an `input` block is within the `blocks` array", "submit")


def message_blocks(value: object) -> list[Json]:
    """Answer blocks that Slack would take in a message.

    Raises:
        SlackSaysNo: invalid_blocks_format, invalid_blocks with pointers, or msg_blocks_too_long.
    """
    if not isinstance(value, list):
        raise SlackSaysNo("invalid_blocks_format")
    finds = Finds("/blocks")
    check_blocks(value, Surface.MESSAGE, finds)
    if not finds.lines:
        _second_opinion(lambda: [one.to_dict() for one in Block.parse_all(value)], finds)
    if finds.lines:
        raise SlackSaysNo("invalid_blocks", *finds.lines)
    if characters(value) > limits.MESSAGE_CHARACTERS:
        raise SlackSaysNo("msg_blocks_too_long")
    return value


def metadata(value: object) -> Json:
    """Answer message metadata that Slack would take.

    Raises:
        SlackSaysNo: invalid_metadata_format or metadata_too_large.
    """
    fits = (
        isinstance(value, dict)
        and set(value) == {"event_type", "event_payload"}
        and isinstance(value["event_type"], str)
        and value["event_type"] != ""
        and isinstance(value["event_payload"], dict)
    )
    if not fits:
        raise SlackSaysNo("invalid_metadata_format")
    assert isinstance(value, dict)
    if size(value) > limits.METADATA_BYTES:
        raise SlackSaysNo("metadata_too_large")
    return value


def suggestions(value: object) -> Json:
    """Answer what an app suggested, as the options or the option_groups that a select shows.

    Raises:
        SlackSaysNo: not options, too many of them, or an option that Slack would refuse.
    """
    finds = Finds("")
    if not is_object(value, finds) or ("options" in value) == ("option_groups" in value):
        raise SlackSaysNo("invalid_options", "options or option_groups is needed")
    # The same rules as for a static select, except that nothing found is an answer as well.
    name = "options" if "options" in value else "option_groups"
    if value[name]:
        check_options({name: value[name]}, finds)
    if finds.lines:
        raise SlackSaysNo("invalid_options", *finds.lines)
    return {name: value[name]}


def size(value: object) -> int:
    """Answer the bytes of a value as JSON in UTF-8."""
    return len(json.dumps(value, ensure_ascii=False).encode())


def characters(blocks: object) -> int:
    """Answer how many characters of text stand in blocks, ids not counted."""
    if isinstance(blocks, list):
        return sum(characters(item) for item in blocks)
    if isinstance(blocks, dict):
        own = blocks.get("text")
        return (len(own) if isinstance(own, str) else 0) + sum(characters(item) for item in blocks.values())
    return 0


def _clean(value: Json) -> Json:
    return {key: item for key, item in value.items() if key != "submit_disabled"}


def _second_opinion(build: Callable[[], object], finds: Finds) -> None:
    # Slack's own library checks lengths by its own table; asked last, since it drops silently what it does not know.
    try:
        build()
    except SlackObjectFormationError as refused:
        finds.say(str(refused))
