"""The pieces of Block Kit that our views are made of, each within Slack's limits.

Source: docs.slack.dev, "Blocks" and "Block elements"; the numbers also stand in slack_sdk.models.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from views.text import cut, units

if TYPE_CHECKING:
    from collections.abc import Sequence

TITLE = 24
HEADER = 150
TEXT = 3000
FIELD = 2000
BUTTON = 75
OPTION = 75
VALUE = 150  # of an option; a button's value may have 2,000
HINT = 2000
CONFIRM_TITLE, CONFIRM_TEXT, CONFIRM_BUTTON = 100, 300, 30

Block = dict[str, Any]


def plain(text: str, limit: int = TEXT) -> Block:
    """Return a text that Slack shows as it is: no mention, no link, no formatting, no :emoji:."""
    return {"type": "plain_text", "text": cut(text, limit), "emoji": False}


def mrkdwn(text: str) -> Block:
    """Return a formatted text, in which Slack links nothing by itself: only what we wrote as `<...>`."""
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def header(text: str) -> Block:
    """Return a line in large type."""
    return {"type": "header", "text": plain(text, HEADER)}


def section(text: str, accessory: Block | None = None) -> Block:
    """Return a paragraph of mrkdwn, with at most one button beside it."""
    block: Block = {"type": "section", "text": mrkdwn(text)}
    if accessory:
        block["accessory"] = accessory
    return block


def paragraph(text: str) -> Block:
    """Return a paragraph of plain text."""
    return {"type": "section", "text": plain(text)}


def fields(pairs: Sequence[tuple[str, str]]) -> Block:
    """Return labels with values (1-10 pairs, already escaped), two columns wide."""
    return {"type": "section", "fields": [mrkdwn(f"*{label}*\n{value}") for label, value in pairs]}


def context(*texts: str) -> Block:
    """Return small print (1-10 texts of mrkdwn)."""
    return {"type": "context", "elements": [mrkdwn(text) for text in texts]}


def divider() -> Block:
    """Return a line across."""
    return {"type": "divider"}


def actions(block_id: str, *buttons: Block) -> Block:
    """Return a row of buttons (1-25)."""
    return {"type": "actions", "block_id": block_id, "elements": list(buttons)}


def button(
    text: str,
    action_id: str,
    value: str = "",
    *,
    style: str | None = None,
    confirm: Block | None = None,
    label: str = "",
) -> Block:
    """Return a button; `style` is "primary" or "danger", `label` is what a screen reader says instead of the text."""
    element: Block = {"type": "button", "action_id": action_id, "text": plain(text, BUTTON)}
    if value:
        element["value"] = value
    if style:
        element["style"] = style
    if confirm:
        element["confirm"] = confirm
    if label:
        element["accessibility_label"] = cut(label, BUTTON)
    return element


def confirm(title: str, text: str, yes: str, no: str) -> Block:
    """Return the question that Slack asks before it passes a click on."""
    return {
        "title": plain(title, CONFIRM_TITLE),
        "text": plain(text, CONFIRM_TEXT),
        "confirm": plain(yes, CONFIRM_BUTTON),
        "deny": plain(no, CONFIRM_BUTTON),
    }


def option(text: str, value: str, description: str = "") -> Block:
    """Return one choice of a select or of checkboxes; the value is ours and at most 150 long."""
    choice: Block = {"text": plain(text, OPTION), "value": value}
    if description:
        choice["description"] = plain(description, OPTION)
    return choice


def question(block_id: str, label: str, element: Block, *, hint: str = "", optional: bool = False) -> Block:
    """Return an input with its label."""
    block: Block = {
        "type": "input",
        "block_id": block_id,
        "label": plain(label, HINT),
        "element": element,
        "optional": optional,
    }
    if hint:
        block["hint"] = plain(hint, HINT)
    return block


def line(action_id: str, *, longest: int, placeholder: str = "", focus: bool = False, first: str = "") -> Block:
    """Return a field for one line of text; `first` is what stands in it already."""
    element: Block = {"type": "plain_text_input", "action_id": action_id, "max_length": longest}
    if placeholder:
        element["placeholder"] = plain(placeholder, VALUE)
    if focus:
        element["focus_on_load"] = True
    if first:
        element["initial_value"] = cut(first, longest)
    return element


def lines(action_id: str, *, longest: int, placeholder: str = "", first: str = "") -> Block:
    """Return a field for several lines of text; `first` is what stands in it already."""
    return line(action_id, longest=longest, placeholder=placeholder, first=first) | {"multiline": True}


def search_many(action_id: str, placeholder: str, *, least: int, first: Sequence[Block] = ()) -> Block:
    """Return a typeahead from which any number may be picked, asked from `least` letters on."""
    element: Block = {
        "type": "multi_external_select",
        "action_id": action_id,
        "placeholder": plain(placeholder, VALUE),
        "min_query_length": least,
    }
    if first:  # Slack refuses an empty list
        element["initial_options"] = list(first)
    return element


def packed(texts: Sequence[str], limit: int = TEXT - 100) -> list[Block]:
    """Return lines of mrkdwn as few paragraphs, none of them too long for Slack; a line has at most `limit`."""
    sections: list[str] = []
    for text in texts:
        if sections and units(sections[-1]) + 1 + units(text) <= limit:
            sections[-1] += f"\n{text}"
        else:
            sections.append(text)
    return [section(text) for text in sections]


def checkboxes(action_id: str, options: Sequence[Block], ticked: Sequence[str]) -> Block:
    """Return tick boxes (1-10); `ticked` holds the values that are ticked at first."""
    element: Block = {"type": "checkboxes", "action_id": action_id, "options": list(options)}
    first = [choice for choice in options if choice["value"] in ticked]
    if first:  # Slack refuses an empty list
        element["initial_options"] = first
    return element


def modal(
    title: str,
    blocks: Sequence[Block],
    *,
    callback_id: str = "",
    form_id: str | None = None,
    submit: str = "",
    close: str,
) -> Block:
    """Return a modal; without `submit` it has no button but the one that closes it."""
    view: Block = {
        "type": "modal",
        "title": plain(title, TITLE),
        "close": plain(close, TITLE),
        "blocks": list(blocks),
    }
    if callback_id:
        view["callback_id"] = callback_id
    if form_id:
        view["private_metadata"] = form_id
    if submit:
        view["submit"] = plain(submit, TITLE)
    return view
