"""What Slack would refuse is refused, with its code and a pointer to the fault."""

from __future__ import annotations

import pytest

from practice import validate
from practice.blocks import Surface
from practice.errors import SlackSaysNo
from tests.support import specs


def plain(words):
    return {"type": "plain_text", "text": words}


def marked(words):
    return {"type": "mrkdwn", "text": words}


def option(words="One", value="one", **more):
    return {"text": plain(words), "value": value} | more


def field(element, **more):
    return {"type": "input", "block_id": "b", "label": plain("Label"), "element": element} | more


def button(**more):
    return {"type": "button", "action_id": "go", "text": plain("Go")} | more


def modal(*blocks, **more):
    return {"type": "modal", "title": plain("Title"), "submit": plain("Send"), "blocks": list(blocks)} | more


SECTION = {"type": "section", "text": marked("Hello")}
GOOD_BLOCKS = (
    SECTION,
    {"type": "divider"},
    {"type": "header", "text": plain("Header")},
    {
        "type": "context",
        "elements": [marked("small"), {"type": "image", "image_url": "https://a.b/c", "alt_text": "x"}],
    },
    {"type": "section", "fields": [marked("a"), plain("b")], "accessory": button(style="danger", value="1")},
    {"type": "actions", "elements": [button(), {"type": "overflow", "action_id": "more", "options": [option()]}]},
    {"type": "image", "image_url": "https://a.b/c.png", "alt_text": "A picture", "title": plain("Picture")},
    {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "x"}]}]},
)
GOOD_ELEMENTS = (
    {"type": "plain_text_input", "action_id": "a", "max_length": 20, "placeholder": plain("...")},
    {"type": "static_select", "action_id": "a", "options": [option()], "initial_option": option()},
    {"type": "static_select", "action_id": "a", "option_groups": [{"label": plain("G"), "options": [option()]}]},
    {"type": "external_select", "action_id": "a", "min_query_length": 3},
    {
        "type": "checkboxes",
        "action_id": "a",
        "options": [option(), option("Two", "two")],
        "initial_options": [option()],
    },
    {"type": "radio_buttons", "action_id": "a", "options": [option(description=plain("more"))]},
    {"type": "multi_users_select", "action_id": "a", "max_selected_items": 3},
    {"type": "datepicker", "action_id": "a", "initial_date": "2031-03-02"},
    {"type": "number_input", "action_id": "a", "is_decimal_allowed": False, "min_value": "1"},
    {"type": "file_input", "action_id": "a", "max_files": 1},
)
BAD_VIEWS = {
    "input without submit": ({"submit": None, "blocks": [field(GOOD_ELEMENTS[0])]}, "/view/submit"),
    "title too long": ({"title": plain("x" * 25)}, "/view/title/text"),
    "submit too long": ({"submit": plain("x" * 25)}, "/view/submit/text"),
    "close too long": ({"close": plain("x" * 25)}, "/view/close/text"),
    "no title": ({"title": None}, "/view/title"),
    "title in mrkdwn": ({"title": marked("x")}, "/view/title/type"),
    "no blocks": ({"blocks": []}, "/view/blocks"),
    "101 blocks": ({"blocks": [{"type": "divider"}] * 101}, "/view/blocks"),
    "private_metadata": ({"private_metadata": "x" * 3001}, "/view/private_metadata"),
    "callback_id": ({"callback_id": "x" * 256}, "/view/callback_id"),
    "external_id": ({"external_id": "x" * 256}, "/view/external_id"),
    "unknown member": ({"tilte": "x"}, "/view/tilte"),
    "a home": ({"type": "home"}, "/view/type"),
    "markdown block": ({"blocks": [{"type": "markdown", "text": "x"}]}, "/view/blocks/0/type"),
    "two focuses": (
        {
            "blocks": [
                field(GOOD_ELEMENTS[0] | {"focus_on_load": True}),
                field(GOOD_ELEMENTS[0] | {"focus_on_load": True}, block_id="c"),
            ]
        },
        "/view/blocks",
    ),
}
BAD_BLOCKS = {
    "unknown type": ({"type": "sektion"}, "/0/type"),
    "no object": ("divider", "/0"),
    "empty section": ({"type": "section"}, "/0"),
    "section text 3001": ({"type": "section", "text": marked("x" * 3001)}, "/0/text/text"),
    "section text empty": ({"type": "section", "text": marked("")}, "/0/text/text"),
    "11 fields": ({"type": "section", "fields": [marked("x")] * 11}, "/0/fields"),
    "field 2001": ({"type": "section", "fields": [marked("x" * 2001)]}, "/0/fields/0/text"),
    "header 151": ({"type": "header", "text": plain("x" * 151)}, "/0/text/text"),
    "header in mrkdwn": ({"type": "header", "text": marked("x")}, "/0/text/type"),
    "empty context": ({"type": "context", "elements": []}, "/0/elements"),
    "11 in a context": ({"type": "context", "elements": [marked("x")] * 11}, "/0/elements"),
    "button in a context": ({"type": "context", "elements": [button()]}, "/0/elements/0/type"),
    "26 actions": (
        {"type": "actions", "elements": [button(action_id=f"a{n}") for n in range(26)]},
        "/0/elements",
    ),
    "input element in actions": ({"type": "actions", "elements": [GOOD_ELEMENTS[0]]}, "/0/elements/0/type"),
    "button in an input": (field(button()), "/0/element/type"),
    "button text 76": ({"type": "actions", "elements": [button(text=plain("x" * 76))]}, "/0/elements/0/text/text"),
    "button value 2001": ({"type": "actions", "elements": [button(value="x" * 2001)]}, "/0/elements/0/value"),
    "button style": ({"type": "actions", "elements": [button(style="loud")]}, "/0/elements/0/style"),
    "button url": ({"type": "actions", "elements": [button(url="not an address")]}, "/0/elements/0/url"),
    "label 2001": (field(GOOD_ELEMENTS[0], label=plain("x" * 2001)), "/0/label/text"),
    "hint 2001": (field(GOOD_ELEMENTS[0], hint=plain("x" * 2001)), "/0/hint/text"),
    "label missing": ({"type": "input", "element": GOOD_ELEMENTS[0]}, "/0"),
    "placeholder 151": (field(GOOD_ELEMENTS[0] | {"placeholder": plain("x" * 151)}), "/0/element/placeholder/text"),
    "max_length 3001": (field(GOOD_ELEMENTS[0] | {"max_length": 3001}), "/0/element/max_length"),
    "option text 76": (field({"type": "static_select", "options": [option("x" * 76)]}), "/0/element/options/0/text"),
    "option value 151": (
        field({"type": "static_select", "options": [option(value="x" * 151)]}),
        "/0/element/options/0/value",
    ),
    "101 options": (
        field({"type": "static_select", "options": [option(value=str(n)) for n in range(101)]}),
        "/0/element/options",
    ),
    "no options": (field({"type": "static_select", "options": []}), "/0/element/options"),
    "options and groups": (
        field({"type": "static_select", "options": [option()], "option_groups": []}),
        "/0/element/options",
    ),
    "foreign initial option": (
        field({"type": "static_select", "options": [option()], "initial_option": option("Two", "two")}),
        "/0/element/initial_option",
    ),
    "11 checkboxes": (
        field({"type": "checkboxes", "options": [option(value=str(n)) for n in range(11)]}),
        "/0/element/options",
    ),
    "6 in an overflow": (
        {"type": "actions", "elements": [{"type": "overflow", "options": [option(value=str(n)) for n in range(6)]}]},
        "/0/elements/0/options",
    ),
    "confirm title 101": (
        {
            "type": "actions",
            "elements": [
                button(
                    confirm={
                        "title": plain("x" * 101),
                        "text": plain("t"),
                        "confirm": plain("y"),
                        "deny": plain("n"),
                    }
                )
            ],
        },
        "/0/elements/0/confirm/title",
    ),
    "11 files": (field({"type": "file_input", "max_files": 11}), "/0/element/max_files"),
    "files that dispatch": (field({"type": "file_input"}, dispatch_action=True), "/0/dispatch_action"),
    "date": (field({"type": "datepicker", "initial_date": "2.3.2031"}), "/0/element/initial_date"),
    "image without words": ({"type": "image", "image_url": "https://a.b/c"}, "/0"),
    "action_id 256": ({"type": "actions", "elements": [button(action_id="x" * 256)]}, "/0/elements/0/action_id"),
    "block_id 256": (SECTION | {"block_id": "x" * 256}, "/0/block_id"),
    "unknown member": (SECTION | {"colour": "red"}, "/0/colour"),
}


@pytest.mark.parametrize("block", GOOD_BLOCKS, ids=lambda block: block["type"])
@pytest.mark.parametrize("surface", ["message", "modal", "home"])
def test_good_blocks_pass_on_every_surface(block, surface):
    """What Slack takes is taken as it is."""
    if surface == "message":
        assert validate.message_blocks([block]) == [block]
    else:
        view = modal(block) if surface == "modal" else {"type": "home", "blocks": [block]}
        assert validate.view(view, Surface(surface)) == view


@pytest.mark.parametrize("element", GOOD_ELEMENTS, ids=lambda element: element["type"])
def test_good_inputs_pass_in_a_modal(element):
    """Every input that a modal may hold is taken."""
    validate.view(modal(field(element)), Surface.MODAL)


@pytest.mark.parametrize(("change", "pointer"), BAD_VIEWS.values(), ids=BAD_VIEWS)
def test_a_faulty_view_is_refused_at_its_fault(change, pointer):
    """invalid_arguments, with a JSON pointer to what is wrong."""
    view = modal(SECTION) | change
    with pytest.raises(SlackSaysNo) as refused:
        validate.view(view, Surface.MODAL)
    assert refused.value.code == "invalid_arguments"
    assert any(f"json-pointer:{pointer}" in line for line in refused.value.details), refused.value.details


@pytest.mark.parametrize(("block", "pointer"), BAD_BLOCKS.values(), ids=BAD_BLOCKS)
def test_a_faulty_block_is_refused_at_its_fault(block, pointer):
    """invalid_arguments in a view, with a JSON pointer to what is wrong."""
    with pytest.raises(SlackSaysNo) as refused:
        validate.view(modal(block), Surface.MODAL)
    assert refused.value.code == "invalid_arguments"
    assert any(f"json-pointer:/view/blocks{pointer}" in line for line in refused.value.details), refused.value.details


def test_slacks_published_schema_refuses_the_same_blocks():
    """The table of limits is ours; the published schema judges alike, except for what it does not look at."""
    judge = specs.outgoing()
    unseen = {"no object", "foreign initial option", "button url"}
    taken = [
        name for name, (block, _) in BAD_BLOCKS.items() if name not in unseen and not judge.view_errors(modal(block))
    ]
    assert taken == []


def test_slacks_published_schema_takes_what_is_taken_here():
    """No good example is one that only we take."""
    judge = specs.outgoing()
    for block in (*GOOD_BLOCKS, *(field(element) for element in GOOD_ELEMENTS)):
        assert judge.view_errors(modal(block)) == []


def test_a_message_has_at_most_50_blocks():
    """invalid_blocks for the 51st."""
    validate.message_blocks([{"type": "divider"}] * 50)
    with pytest.raises(SlackSaysNo, match="invalid_blocks"):
        validate.message_blocks([{"type": "divider"}] * 51)


def test_ids_are_unique():
    """One block_id twice in a view, or one action_id twice in a block, is refused."""
    twice = SECTION | {"block_id": "same"}
    with pytest.raises(SlackSaysNo):
        validate.message_blocks([twice, twice])
    with pytest.raises(SlackSaysNo):
        validate.message_blocks([{"type": "actions", "elements": [button(), button()]}])


def test_files_are_asked_for_in_modals_only():
    """file_input on a message or a Home is refused."""
    files = field({"type": "file_input"})
    with pytest.raises(SlackSaysNo):
        validate.message_blocks([files])
    with pytest.raises(SlackSaysNo):
        validate.view({"type": "home", "blocks": [files]}, Surface.HOME)


def test_a_home_has_no_title():
    """Title and buttons belong to modals."""
    with pytest.raises(SlackSaysNo):
        validate.view({"type": "home", "title": plain("x"), "blocks": [SECTION]}, Surface.HOME)


def test_a_view_has_at_most_250_kilobytes():
    """view_too_large, whatever else is wrong."""
    blocks = [{"type": "section", "text": marked("x" * 3000)}] * 90
    with pytest.raises(SlackSaysNo, match="view_too_large"):
        validate.view(modal(*blocks), Surface.MODAL)


def test_a_message_holds_about_13000_characters_of_blocks():
    """msg_blocks_too_long, although each block is within its own limit."""
    block = {"type": "section", "text": marked("x" * 2999)}
    validate.message_blocks([block] * 4)
    with pytest.raises(SlackSaysNo, match="msg_blocks_too_long"):
        validate.message_blocks([block] * 5)


@pytest.mark.parametrize("value", ["not json", {}, 7])
def test_blocks_that_are_no_list(value):
    """invalid_blocks_format."""
    with pytest.raises(SlackSaysNo, match="invalid_blocks_format"):
        validate.message_blocks(value)


def test_metadata_has_a_type_and_a_payload():
    """invalid_metadata_format for anything else, metadata_too_large for much of it."""
    good = {"event_type": "rekey_notice", "event_payload": {"id": "1"}}
    assert validate.metadata(good) == good
    for bad in ({}, {"event_type": "x"}, good | {"more": 1}, {"event_type": "", "event_payload": {}}, "x"):
        with pytest.raises(SlackSaysNo, match="invalid_metadata_format"):
            validate.metadata(bad)
    with pytest.raises(SlackSaysNo, match="metadata_too_large"):
        validate.metadata(good | {"event_payload": {"id": "x" * 9000}})


def test_suggestions_are_options_at_most_100():
    """None is an answer; 101 are not."""
    assert validate.suggestions({"options": []}) == {"options": []}
    groups = {"option_groups": [{"label": plain("G"), "options": [option()]}]}
    assert validate.suggestions(groups) == groups
    for bad in (None, {}, {"options": [option(value=str(n)) for n in range(101)]}, {"options": [{"text": "x"}]}):
        with pytest.raises(SlackSaysNo):
            validate.suggestions(bad)
