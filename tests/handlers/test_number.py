"""*Verify this person* as both live it in Slack: a number is read out, and pressed."""

from __future__ import annotations

import pytest

from resets.facts import MatchFacts
from resets.number import MatchState
from resets.request import Tier
from resets.verification import Needed
from store import numbers
from tests.handlers.conftest import ADA, BOB, EVE
from tests.support.slackwire import texts
from views import number as views


async def asked(slack):
    """Open the form, press the button; returns the match and the ids of form and number."""
    slack.rules(verification={Tier.STANDARD: Needed.SAID})
    await slack.command(ADA, "bob")
    form = slack.wire.view_id
    button = next(b["accessory"] for b in slack.wire.view["blocks"] if b.get("block_id") == "verify")
    await slack.press_in_view(ADA, button["action_id"], button["value"])
    shown = slack.wire.view_id
    assert shown != form
    await slack.house.pump()
    question = slack.house.last(MatchFacts).facts
    async with slack.house.store.read() as tx:
        match = await numbers.get(tx, question.id)
    assert str(match.right) in texts(slack.wire.view)
    return match, form, shown


async def test_the_person_presses_the_right_number(either, wire):
    """The requester's view says so by itself, and the form, untouched below it, goes through."""
    match, form, shown = await asked(either)
    await either.press(BOB, "number_press", f"{match.id}:{match.right}")
    assert "pressed the right number" in texts(wire.views[shown]["view"])
    del wire.views[shown]
    assert wire.view_id == form
    _, heard = await either.submit(ADA, either.reset_values(verified="video"))
    assert heard["response_action"] == "update"


@pytest.mark.parametrize("no", [True, False])
async def test_the_person_says_no(slack, wire, no):
    """The view says to end the call, and the form says why it goes no further."""
    match, form, shown = await asked(slack)
    if no:
        await slack.press(BOB, "number_deny", match.id)
    else:
        await slack.press(BOB, "number_press", f"{match.id}:{next(n for n in match.numbers if n != match.right)}")
    assert "The caller is somebody else" in texts(wire.views[shown]["view"])
    del wire.views[shown]
    _, heard = await slack.submit(ADA, slack.reset_values(verified="call_back"))
    assert "whoever called is not them" in heard["errors"]["verified"]
    await slack.press_in_view(ADA, "number_ask", wire.views[form]["view"]["private_metadata"])
    assert "The caller is somebody else" in texts(wire.view)


async def test_a_second_look_shows_the_same_number(slack, wire):
    """Nobody is asked twice."""
    match, form, shown = await asked(slack)
    del wire.views[shown]
    await slack.press_in_view(ADA, "number_ask", wire.views[form]["view"]["private_metadata"])
    assert str(match.right) in texts(wire.view)
    await slack.house.pump()
    async with slack.house.store.read() as tx:
        assert len(await numbers.of_form(tx, match.form_id)) == 1


async def test_a_closed_view_is_left_alone(slack, wire):
    """The press counts all the same."""
    match, _, shown = await asked(slack)
    del wire.views[shown]
    await slack.press(BOB, "number_press", f"{match.id}:{match.right}")
    async with slack.house.store.read() as tx:
        assert (await numbers.get(tx, match.id)).state is MatchState.MATCHED
    assert wire.posts == []


async def test_why_not_is_laid_over_the_form(slack, wire):
    """So that everything that was typed stays."""
    slack.rules(verification={Tier.STANDARD: Needed.SAID}, numbers_per_hour=0)
    await slack.command(ADA, "bob")
    form = slack.wire.view_id
    await slack.press_in_view(ADA, "number_ask", wire.view["private_metadata"])
    assert "questions to people and their managers are used up" in texts(wire.view)
    assert wire.views[form]["view"]["callback_id"] == "reset_form"


async def test_a_no_that_comes_too_late(slack, wire):
    """The person's message says what was not stopped, and the requester's view that they say no."""
    match, _, shown = await asked(slack)
    await slack.press(BOB, "number_press", f"{match.id}:{match.right}")
    await slack.press(BOB, "number_deny", match.id)
    assert "now says that they do not know of this" in texts(wire.views[shown]["view"])
    assert wire.posts == []  # no refusal: it was heard
    await slack.house.pump()
    facts = slack.house.last(MatchFacts).facts
    assert "your *no* takes nothing back" in texts(views.message(facts))


@pytest.mark.parametrize("value", ["", "x", ":42", "no:such", "nobody:42", "nobody:-1", "nobody:²"])
async def test_a_made_up_press_is_nobodys(slack, value):
    """A button that we never gave out."""
    match, _, _ = await asked(slack)
    await slack.press(BOB, "number_press", value)
    await slack.press(EVE, "number_press", f"{match.id}:{match.right}")
    assert all("meant for somebody else" in texts(post) for post in slack.wire.posts)
    assert len(slack.wire.posts) == 2
