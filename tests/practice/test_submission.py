"""Submitting and closing: every answer that Slack knows, and what its own client does not let through."""

from __future__ import annotations

import asyncio

import pytest

from practice.deeds import TROUBLE
from practice.errors import CannotDo

MORGAN = "U0MORGAN001"
TYPED = {"code": {"code_text": {"type": "plain_text_input", "value": "123456"}}}


@pytest.fixture
def open_form(workspace, bot, build):
    """Answer a function that opens a form of Morgan's and answers the view."""

    async def make(**more):
        view = build.modal(build.field(max_length=8), submit=build.text("Send"), **more)
        made = await bot.client.views_open(trigger_id=workspace.triggers.new(MORGAN), view=view)
        return made["view"]

    return make


@pytest.fixture
def submit(workspace):
    return lambda view, values=TYPED: workspace.do(MORGAN, do="submit", view_id=view["id"], values=values)


async def test_an_empty_answer_closes_the_view(bot, workspace, open_form, submit):
    """The app acknowledges; the view is gone; what was typed came with the payload."""
    view = await open_form(private_metadata="form-1", callback_id="reset_form")
    assert await submit(view) == {}
    payload = await bot.next()
    assert (payload["type"], payload["view"]["callback_id"]) == ("view_submission", "reset_form")
    assert (payload["view"]["private_metadata"], payload["view"]["state"]["values"]) == ("form-1", TYPED)
    assert workspace.modals.top(MORGAN) is None


async def test_errors_stand_at_their_blocks(bot, workspace, open_form, submit):
    """response_action errors comes back by block id, and the view stays."""
    bot.answers["view_submission"] = {"response_action": "errors", "errors": {"code": "Wrong code"}}
    view = await open_form()
    assert await submit(view) == {"errors": {"code": "Wrong code"}}
    assert workspace.modals.top(MORGAN).id == view["id"]


@pytest.mark.parametrize(
    "answer",
    [
        {"response_action": "errors", "errors": {"nowhere": "x"}},
        {"response_action": "errors", "errors": {}},
        {"response_action": "update", "view": {"type": "modal"}},
        {"response_action": "push"},
        {"response_action": "dance"},
    ],
)
async def test_an_answer_that_slack_would_not_take_is_trouble(bot, workspace, open_form, submit, answer):
    """The person sees Slack's own words, and the view stays."""
    bot.answers["view_submission"] = answer
    view = await open_form()
    with pytest.raises(CannotDo, match="trouble connecting"):
        await submit(view)
    assert workspace.modals.top(MORGAN).id == view["id"]


async def test_update_and_push_and_clear(bot, workspace, open_form, submit, build):
    """Update keeps the view's id with a new hash; push lays another over it; clear takes all away."""
    view = await open_form()
    bot.answers["view_submission"] = {
        "response_action": "update",
        "view": build.modal(build.field(), submit=build.text("Again")),
    }
    await submit(view)
    top = workspace.modals.top(MORGAN)
    assert (top.id, top.hash == view["hash"], top.body["submit"]["text"]) == (view["id"], False, "Again")
    bot.answers["view_submission"] = {
        "response_action": "push",
        "view": build.modal(build.field(), submit=build.text("Last")),
    }
    await submit(view)
    assert len(workspace.modals.stacks[MORGAN]) == 2
    bot.answers["view_submission"] = {"response_action": "clear"}
    await submit({"id": workspace.modals.top(MORGAN).id})
    assert workspace.modals.top(MORGAN) is None


async def test_closing_the_top_shows_the_one_below(bot, workspace, open_form, build, viewer):
    """After a pushed view's submission the page draws the view below it again."""
    page = await viewer(MORGAN)
    below = await open_form()
    trigger = workspace.triggers.new(MORGAN, view=below["id"])
    form = build.modal(build.field(), submit=build.text("Send"))
    above = (await bot.client.views_push(trigger_id=trigger, view=form))["view"]
    assert (await page.push("view"))["view"]["id"] == below["id"]
    assert (await page.push("view"))["stack"] == 2
    assert (await page.do("submit", view_id=above["id"], values=TYPED))["ok"]
    assert await page.push("view_closed") == {"push": "view_closed", "view_id": above["id"], "all": False}
    shown = await page.push("view")
    assert (shown["view"]["id"], shown["stack"]) == (below["id"], 1)


async def test_no_answer_in_three_seconds_is_trouble(bot, workspace, open_form, submit):
    """The view stays, the person may try again, and Slack does not repeat by itself."""
    bot.answers["view_submission"] = "SILENCE"
    view = await open_form()
    with pytest.raises(CannotDo, match="trouble connecting"):
        await submit(view)
    await bot.next()
    assert bot.heard.empty()
    assert workspace.modals.top(MORGAN).id == view["id"]
    assert TROUBLE == "We had some trouble connecting. Try again?"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("", "Please complete this required field."),
        (None, "Please complete this required field."),
        ("x" * 9, "Please enter at most 8 characters."),
    ],
)
async def test_slacks_client_lets_no_faulty_form_through(bot, open_form, submit, value, words):
    """A required field is full and within its length before the app hears anything."""
    view = await open_form()
    values = {"code": {"code_text": {"type": "plain_text_input", "value": value}}}
    assert await submit(view, values) == {"errors": {"code": words}}
    assert bot.heard.empty()


async def test_initial_values_count_as_entered(bot, workspace, build):
    """What the person left as it was is sent as it was; an optional empty field is null or an empty list."""
    option = {"text": build.text("Forgot"), "value": "forgot"}
    blocks = [
        build.field("why", "why_pick", "static_select", options=[option], initial_option=option),
        build.field("ticket", "ticket_text") | {"optional": True},
        build.field("options", "tick", "checkboxes", options=[option]) | {"optional": True},
    ]
    view = build.modal(*blocks, submit=build.text("Send"))
    made = (await bot.client.views_open(trigger_id=workspace.triggers.new(MORGAN), view=view))["view"]
    await workspace.do(MORGAN, do="submit", view_id=made["id"])
    values = (await bot.next())["view"]["state"]["values"]
    assert values["why"]["why_pick"]["selected_option"]["value"] == "forgot"
    assert values["ticket"]["ticket_text"] == {"type": "plain_text_input", "value": None}
    assert values["options"]["tick"] == {"type": "checkboxes", "selected_options": []}


async def test_an_option_that_was_not_offered_is_not_sent(bot, workspace, build):
    """A page that makes options up is told so; Slack's client could not."""
    option = {"text": build.text("Forgot"), "value": "forgot"}
    view = build.modal(build.field("why", "why_pick", "static_select", options=[option]), submit=build.text("Send"))
    made = (await bot.client.views_open(trigger_id=workspace.triggers.new(MORGAN), view=view))["view"]
    forged = {"why": {"why_pick": {"type": "static_select", "selected_option": option | {"value": "other"}}}}
    with pytest.raises(CannotDo):
        await workspace.do(MORGAN, do="submit", view_id=made["id"], values=forged)


async def test_closing_is_told_where_it_is_asked_for(bot, workspace, open_form, submit):
    """view_closed only with notify_on_close; the X clears all and names the root."""
    await workspace.do(MORGAN, do="close", view_id=(await open_form())["id"])
    root = await open_form(notify_on_close=True)
    await workspace.do(MORGAN, do="close", view_id=root["id"])
    payload = await bot.next()
    assert (payload["type"], payload["is_cleared"], payload["view"]["id"]) == ("view_closed", False, root["id"])
    root = await open_form(notify_on_close=True)
    await bot.client.views_push(
        trigger_id=workspace.triggers.new(MORGAN, view=root["id"]),
        view={"type": "modal", "title": {"type": "plain_text", "text": "T"}, "blocks": [{"type": "divider"}]},
    )
    await workspace.do(MORGAN, do="close", view_id=workspace.modals.top(MORGAN).id, clear=True)
    payload = await bot.next()
    assert (payload["is_cleared"], payload["view"]["id"]) == (True, root["id"])


async def test_a_view_closed_while_the_app_thinks_stays_closed(bot, workspace, open_form, submit, build):
    """An update for a view that the person has cancelled meanwhile brings nothing back."""
    view = await open_form()

    async def cancel(_payload):
        await workspace.do(MORGAN, do="close", view_id=view["id"])

    bot.before["view_submission"] = cancel
    bot.answers["view_submission"] = {"response_action": "update", "view": build.modal()}
    assert await submit(view) == {}
    assert workspace.modals.top(MORGAN) is None


async def test_a_double_click_reaches_the_app_twice(bot, open_form, submit):
    """Two submissions at once are both delivered: the app has to see to it that only one counts."""
    view = await open_form()
    await asyncio.gather(submit(view), submit(view))
    assert [(await bot.next())["view"]["id"] for _ in range(2)] == [view["id"]] * 2
