"""Block Kit's blocks, and which of them may stand on which surface."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from practice import limits
from practice.elements import CONTEXT, INPUT, element, image
from practice.objects import MARKED, PLAIN, Finds, Json, is_object, keys, listed
from practice.objects import string as check_string
from practice.objects import text as check_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


class Surface(StrEnum):
    """Where blocks are shown."""

    MESSAGE = "message"
    MODAL = "modal"
    HOME = "home"


def _section(block: Json, finds: Finds) -> None:
    if "text" not in block and "fields" not in block:
        finds.say("missing required field: text")
    if "text" in block:
        check_text(block["text"], finds.below("text"), kinds=MARKED)
    for item, where in listed(block, "fields", finds, most=limits.SECTION_FIELDS):
        check_text(item, where, most=limits.SECTION_FIELD, kinds=MARKED)
    if "accessory" in block:
        element(block["accessory"], finds.below("accessory"), block="section")


def _header(block: Json, finds: Finds) -> None:
    if "text" in block:
        check_text(block["text"], finds.below("text"), most=limits.HEADER)


def _context(block: Json, finds: Finds) -> None:
    for item, where in listed(block, "elements", finds, most=limits.CONTEXT_ELEMENTS):
        if isinstance(item, dict) and item.get("type") in MARKED:
            check_text(item, where, kinds=MARKED)
        else:
            element(item, where, block=CONTEXT)


def _actions(block: Json, finds: Finds) -> None:
    for item, where in listed(block, "elements", finds, most=limits.ACTIONS_ELEMENTS):
        element(item, where, block="actions")


def _input(block: Json, finds: Finds) -> None:
    for name in ("label", "hint"):
        if name in block:
            check_text(block[name], finds.below(name), most=limits.LABEL)
    if "element" in block:
        element(block["element"], finds.below("element"), block=INPUT)
        inner = block["element"]
        if isinstance(inner, dict) and inner.get("type") == "file_input" and block.get("dispatch_action"):
            finds.say("file_input does not dispatch actions", "dispatch_action")
    for name in ("optional", "dispatch_action"):
        if name in block and not isinstance(block[name], bool):
            finds.say("must be a boolean", name)


def _image(block: Json, finds: Finds) -> None:
    image(block, finds)
    if "title" in block:
        check_text(block["title"], finds.below("title"), most=limits.IMAGE_ALT)


def _rich(block: Json, finds: Finds) -> None:
    kinds = {"rich_text_section", "rich_text_list", "rich_text_preformatted", "rich_text_quote"}
    for item, where in listed(block, "elements", finds, most=limits.OPTIONS):
        if is_object(item, where):
            if item.get("type") not in kinds:
                where.say(f"unsupported type: {item.get('type')}", "type")
            if not isinstance(item.get("elements"), list):
                where.say("missing required field: elements")


def _markdown(block: Json, finds: Finds) -> None:
    check_string(block, "text", finds, most=limits.MARKDOWN)


def _table(block: Json, finds: Finds) -> None:
    for row, where in listed(block, "rows", finds, most=limits.TABLE_ROWS):
        if not isinstance(row, list):
            where.say("must be an array")
        elif not 0 < len(row) <= limits.TABLE_CELLS:
            where.say(f"no more than {limits.TABLE_CELLS} items allowed")


@dataclass(frozen=True, slots=True)
class BlockShape:
    """What a block may hold and where it may stand."""

    surfaces: frozenset[Surface]
    allowed: frozenset[str]
    needed: frozenset[str]
    check: Callable[[Json, Finds], None] | None


_EVERYWHERE = frozenset(Surface)
_MESSAGES = frozenset({Surface.MESSAGE})


def _shape(
    check: Callable[[Json, Finds], None] | None,
    *,
    needed: str = "",
    allowed: str = "",
    surfaces: frozenset[Surface] = _EVERYWHERE,
) -> BlockShape:
    return BlockShape(surfaces, frozenset(["block_id", *allowed.split()]), frozenset(needed.split()), check)


# Blocks that Slack knows and nothing here draws (video, card, plan, ...) are missing on purpose: the page could not
# show them, and a refusal is noticed sooner than a gap.
BLOCKS: Mapping[str, BlockShape] = {
    "section": _shape(_section, allowed="text fields accessory expand"),
    "divider": _shape(None),
    "header": _shape(_header, needed="text", allowed="level"),
    "context": _shape(_context, needed="elements"),
    "actions": _shape(_actions, needed="elements"),
    # Slack's table: "Input: Messages, modals, Home tabs".
    "input": _shape(_input, needed="label element", allowed="hint optional dispatch_action"),
    "image": _shape(_image, needed="alt_text", allowed="image_url slack_file title"),
    "rich_text": _shape(_rich, needed="elements"),
    "markdown": _shape(_markdown, needed="text", surfaces=_MESSAGES),
    "table": _shape(_table, needed="rows", allowed="column_settings", surfaces=_MESSAGES),
}


def check_blocks(blocks: Sequence[Any], surface: Surface, finds: Finds) -> None:
    """Hold a list of blocks against Block Kit and its surface; faults go to `finds`."""
    most = limits.MESSAGE_BLOCKS if surface is Surface.MESSAGE else limits.VIEW_BLOCKS
    if len(blocks) > most:
        finds.say(f"no more than {most} items allowed")
    for number, block in enumerate(blocks):
        where = finds.below(number)
        if not is_object(block, where):
            continue
        kind = str(block.get("type"))
        shape = BLOCKS.get(kind)
        if shape is None:
            where.say(f"unsupported type: {block.get('type')}", "type")
            continue
        if surface not in shape.surfaces:
            where.say(f"{kind} is not allowed on this surface: {surface}", "type")
        keys(block, where, needed=shape.needed, allowed=shape.allowed)
        check_string(block, "block_id", where, most=limits.BLOCK_ID)
        if shape.check is not None:
            shape.check(block, where)
    _ids(blocks, finds)
    _rare(blocks, surface, finds)


def elements_of(block: Mapping[str, Any]) -> list[Json]:
    """Answer the interactive elements of one block, in order."""
    found = [*(block.get("elements") or ())] if block.get("type") == "actions" else []
    found += [block.get("accessory"), block.get("element")]
    return [one for one in found if isinstance(one, dict)]


def _ids(blocks: Sequence[Any], finds: Finds) -> None:
    seen: set[str] = set()
    for number, block in enumerate(blocks):
        if not isinstance(block, dict):
            continue
        block_id = block.get("block_id")
        if isinstance(block_id, str) and block_id in seen:
            finds.say(f"`block_id` {block_id} already exists", number, "block_id")
        if isinstance(block_id, str):
            seen.add(block_id)
        actions = [one.get("action_id") for one in elements_of(block) if "action_id" in one]
        for action in {one for one in actions if isinstance(one, str) and actions.count(one) > 1}:
            finds.say(f"`action_id` {action} already exists", number, "elements")


def _rare(blocks: Sequence[Any], surface: Surface, finds: Finds) -> None:
    # Rules over several blocks: one table in a message, one focus in a view, files only in modals.
    held = [block for block in blocks if isinstance(block, dict)]
    if sum(block.get("type") == "table" for block in held) > 1:
        finds.say("only one table is allowed")
    inner = [one for block in held for one in elements_of(block)]
    if sum(bool(one.get("focus_on_load")) for one in inner) > 1:
        finds.say("only one element may have focus_on_load")
    if surface is not Surface.MODAL and any(one.get("type") == "file_input" for one in inner):
        finds.say("file_input is only allowed in modals")
    markdown = sum(len(str(block.get("text", ""))) for block in held if block.get("type") == "markdown")
    if markdown > limits.MARKDOWN:
        finds.say(f"markdown blocks hold more than {limits.MARKDOWN} characters together")


def dress(blocks: Sequence[Json], name: Callable[[], str]) -> list[Json]:
    """Answer the blocks as Slack keeps them: every id given, every default written out.

    Args:
        blocks: checked blocks; left as they are.
        name: gives a fresh id for a block or an action without one.
    """
    return [_dressed(block, name) for block in blocks]


def _dressed(block: Json, name: Callable[[], str]) -> Json:
    kept: Json = {"type": block["type"], "block_id": block.get("block_id") or name()}
    kept |= {key: _plain(value) for key, value in block.items() if key not in kept}
    if block["type"] == "input":
        kept.setdefault("optional", False)
        kept.setdefault("dispatch_action", False)
    for one in elements_of(kept):
        if one.get("type") != "image":
            one.setdefault("action_id", name())
    return kept


def _plain(value: Any) -> Any:
    # Slack writes emoji (plain_text) and verbatim (mrkdwn) into every text object that it gives back.
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if not isinstance(value, dict):
        return value
    kept = {key: _plain(item) for key, item in value.items()}
    if kept.get("type") in PLAIN and "text" in kept:
        kept.setdefault("emoji", True)
    elif kept.get("type") == "mrkdwn" and "text" in kept:
        kept.setdefault("verbatim", False)
    return kept
