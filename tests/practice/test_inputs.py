"""The fields of a longer form: what Slack's client lets through, and what the app gets."""

from __future__ import annotations

import pytest

from practice.errors import CannotDo
from tests.support import specs
from tests.support.hands import Hands

MORGAN = "U0MORGAN001"
OPTIONS = [
    {"text": {"type": "plain_text", "text": f"Person {n}", "emoji": True}, "value": f"acme:{n}"} for n in range(5)
]
GROUPS = [{"label": {"type": "plain_text", "text": "Acme"}, "options": OPTIONS}]


@pytest.fixture
async def morgan(workspace, bot, build):
    """Morgan's hands, with a form open that has every field of a bulk reset but the file."""
    blocks = [
        build.field("who", "who_pick", "multi_external_select", max_selected_items=3, initial_options=OPTIONS[:1]),
        build.field("one", "one_pick", "external_select", min_query_length=0) | {"optional": True},
        build.field("tags", "tags_pick", "multi_static_select", option_groups=GROUPS, max_selected_items=2)
        | {"optional": True},
        build.field("count", "count_number", "number_input", is_decimal_allowed=False, min_value="1", max_value="99")
        | {"optional": True},
        build.field("start", "start_at", "datetimepicker", initial_date_time=1_930_221_000),
        build.field("time", "time_at", "timepicker", initial_time="09:30"),
        build.field("list", "list_text", multiline=True, min_length=2, max_length=20) | {"optional": True},
    ]
    form = build.modal(*blocks, submit=build.text("Preview"))
    await bot.client.views_open(trigger_id=workspace.triggers.new(MORGAN), view=form)
    return Hands(workspace, MORGAN)


async def entered(bot):
    while (payload := await bot.next())["type"] != "view_submission":
        pass
    held = {key: value for key, value in payload.items() if key != "enterprise"}
    values = {block: next(iter(held.values())) for block, held in payload["view"]["state"]["values"].items()}
    return held, values


async def test_people_chosen_in_several_rounds(morgan, bot, workspace):
    """Each round asks the app; what was chosen before, and what the view began with, is sent along."""
    bot.answers["block_suggestion"] = {"option_groups": GROUPS}
    first = await morgan.pick("who", "per", "Person 1")
    bot.answers["block_suggestion"] = {"options": OPTIONS}
    second = await morgan.pick("who", "pers", "Person 2")
    await morgan.send(who=[OPTIONS[0], first, second], one=await morgan.pick("one", ""))
    payload, values = await entered(bot)
    assert values["who"] == {"type": "multi_external_select", "selected_options": OPTIONS[:3]}
    assert values["one"]["selected_option"] == OPTIONS[0]
    assert specs.faults(workspace.traffic) == []
    assert [error.message for error in specs.inbound("X_ViewSubmit").iter_errors(payload)] == []


async def test_a_view_begins_with_what_it_was_given(morgan, bot):
    """initial_options, initial_date_time and initial_time count as entered; what was left empty is null or empty."""
    await morgan.send()
    _, values = await entered(bot)
    assert values["who"]["selected_options"] == OPTIONS[:1]
    assert values["start"] == {"type": "datetimepicker", "selected_date_time": 1_930_221_000}
    assert values["time"] == {"type": "timepicker", "selected_time": "09:30"}
    assert values["tags"] == {"type": "multi_static_select", "selected_options": []}
    assert values["count"] == {"type": "number_input", "value": None}


async def test_what_is_entered_arrives(morgan, bot):
    """Numbers as text, times as seconds, lines as lines, options as the app wrote them."""
    await morgan.send(count="25", start=1_930_224_600, list="robin\nsasha", tags=["acme:1", "acme:4"])
    _, values = await entered(bot)
    assert (values["count"]["value"], values["start"]["selected_date_time"]) == ("25", 1_930_224_600)
    assert values["list"]["value"] == "robin\nsasha"
    assert values["tags"]["selected_options"] == [OPTIONS[1], OPTIONS[4]]


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("count", "many", "Please enter a number."),
        ("count", "2.5", "Please enter a whole number."),
        ("count", "0", "Please enter 1 or more."),
        ("count", "100", "Please enter 99 or less."),
        ("list", "x", "Please enter at least 2 characters."),
        ("list", "x" * 21, "Please enter at most 20 characters."),
        ("who", [], "Please complete this required field."),
    ],
)
async def test_slacks_client_holds_a_faulty_field_back(morgan, bot, field, value, words):
    """With words under the field, before the app hears anything."""
    assert await morgan.send(**{field: value}) == {"errors": {field: words}}
    assert bot.heard.empty()


@pytest.mark.parametrize(
    "forged",
    [
        {"who": OPTIONS[:4]},
        {"tags": ["acme:0", "acme:1", "acme:2"]},
        {"tags": [{"value": "acme:9"}]},
        {"start": "tomorrow"},
        {"who": [{"value": "acme:1"}]},
    ],
)
async def test_what_slacks_client_could_not_send_is_not_sent(morgan, bot, forged):
    """Too many, not offered, or of another kind."""
    with pytest.raises(CannotDo):
        await morgan.send(**forged)
    assert bot.heard.empty()


@pytest.mark.parametrize(
    ("element", "more"),
    [
        ("file_input", {"max_files": 11}),
        ("file_input", {"filetypes": []}),
        ("file_input", {"filetypes": [""]}),
        ("datetimepicker", {"initial_date_time": 10_000_000_000}),
        ("datetimepicker", {"initial_date_time": "2031-03-02"}),
        ("number_input", {}),
        ("number_input", {"is_decimal_allowed": True, "min_value": 1}),
        ("multi_external_select", {"max_selected_items": 0}),
    ],
)
async def test_a_field_that_slack_would_refuse_is_refused(client, refused, workspace, build, element, more):
    """invalid_arguments, and the same by Slack's published schema."""
    view = build.modal(build.field("f", "f_x", element, **more), submit=build.text("Next"))
    answer = await refused(client.views_open(trigger_id=workspace.triggers.new(MORGAN), view=view))
    assert answer["error"] == "invalid_arguments"
    assert specs.outgoing().view_errors(view) != []
