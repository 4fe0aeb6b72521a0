"""*Ask their manager* as both live it in Slack: one waits, the other vouches or does not."""

from __future__ import annotations

import pyotp
import pytest

from resets.actor import SlackPerson
from resets.facts import VouchFacts
from resets.request import Tier
from resets.verification import Needed
from resets.vouch import VouchState
from store import vouches
from tests.handlers.conftest import ADA, BOB, EVE
from tests.support.house import enrolled
from tests.support.slackwire import TEAM, person, texts
from views import vouch as views


async def managed(slack):
    """Let eve manage bob, with a phone of her own."""
    slack.rules(verification={Tier.STANDARD: Needed.SAID})
    await slack.house.local.change_account(slack.house.ids["bob"], manager="eve")
    slack.seed = await enrolled(slack.house, SlackPerson(TEAM, EVE), "eve")
    slack.house.clock.tick(seconds=60)
    slack.house.queue.clear()


def code(slack):
    return pyotp.TOTP(slack.seed).at(slack.house.clock.now)


async def asked(slack):
    """Open the form, press the button; returns the question and the ids of the form and of the view over it."""
    await managed(slack)
    await slack.command(ADA, "bob")
    form = slack.wire.view_id
    button = next(b["accessory"] for b in slack.wire.view["blocks"] if b.get("block_id") == "manager")
    await slack.press_in_view(ADA, button["action_id"], button["value"], values=slack.reset_values())
    shown = slack.wire.view_id
    assert shown != form
    assert "Eve Evans* is asked in Slack to vouch for *Bob Baker" in texts(slack.wire.view)
    await slack.house.pump()
    return slack.house.last(VouchFacts).facts, form, shown


async def test_the_manager_vouches(either, wire):
    """A code in a modal of their own; the requester's view says so by itself, and the untouched form goes through."""
    question, form, shown = await asked(either)
    await either.press(EVE, "vouch_begin", question.id)
    assert "I have spoken with Bob Baker myself" in texts(wire.view)
    _, heard = await either.submit(EVE, either.code_values("000000"))
    assert "code" in heard["errors"]
    _, heard = await either.submit(EVE, either.code_values(code(either)))
    assert "You have vouched for Bob Baker" in texts(heard["view"])
    assert "has vouched for Bob Baker" in texts(wire.views[shown]["view"])
    for view in [one for one in wire.views if one != form]:
        del wire.views[view]
    _, heard = await either.submit(ADA, either.reset_values(verified="manager"))
    assert heard["response_action"] == "update"


async def test_the_manager_knows_nothing_of_it(slack, wire):
    """The view says to end the call, the form goes no further, and a second press says the same."""
    question, form, shown = await asked(slack)
    await slack.press(EVE, "vouch_deny", question.id)
    assert "does not know of this" in texts(wire.views[shown]["view"])
    del wire.views[shown]
    _, heard = await slack.submit(ADA, slack.reset_values(verified="call_back"))
    assert "whoever called is not them" in heard["errors"]["verified"]
    form_id = wire.views[form]["view"]["private_metadata"]
    await slack.press_in_view(ADA, "vouch_ask", form_id, values=slack.reset_values())
    assert "does not know of this" in texts(wire.view)


async def test_a_word_too_late_is_said_at_the_code(slack, wire):
    """What was typed stays, and the sentence says why it is not taken."""
    question, _, _ = await asked(slack)
    await slack.press(EVE, "vouch_begin", question.id)
    slack.house.clock.tick(minutes=10)
    _, heard = await slack.submit(EVE, slack.code_values(code(slack)))
    assert "Nobody waits for your word" in heard["errors"]["code"]


async def test_a_no_that_comes_too_late(slack, wire):
    """After their own word: the manager's message says what was not stopped, and the requester's view that they do."""
    question, _, shown = await asked(slack)
    await slack.press(EVE, "vouch_begin", question.id)
    await slack.submit(EVE, slack.code_values(code(slack)))
    await slack.press(EVE, "vouch_deny", question.id)
    assert "Eve Evans now says that they do not know of this" in texts(wire.views[shown]["view"])
    assert wire.posts == []  # no refusal: it was heard
    await slack.house.pump()
    facts = slack.house.last(VouchFacts).facts
    assert "your *no* takes nothing back" in texts(views.message(facts))


async def test_a_closed_view_is_left_alone(slack, wire):
    """The word counts all the same."""
    question, _, shown = await asked(slack)
    await slack.press(EVE, "vouch_begin", question.id)
    del wire.views[shown]
    await slack.submit(EVE, slack.code_values(code(slack)))
    async with slack.house.store.read() as tx:
        assert (await vouches.get(tx, question.id)).state is VouchState.VOUCHED


async def test_a_manager_without_a_role_any_more_is_told_so(slack, wire):
    """In a modal of their own, before a code is asked for."""
    question, _, _ = await asked(slack)
    slack.rules(grants={"other": ()})
    await slack.press(EVE, "vouch_begin", question.id)
    assert any("needs a role" in texts(post) for post in wire.posts)


async def test_why_not_is_laid_over_the_form(slack, wire):
    """So that everything that was typed stays."""
    await managed(slack)
    slack.rules(numbers_per_hour=0)
    await slack.command(ADA, "bob")
    form = wire.view_id
    await slack.press_in_view(ADA, "vouch_ask", wire.view["private_metadata"], values=slack.reset_values())
    assert "questions to people and their managers are used up" in texts(wire.view)
    assert wire.views[form]["view"]["callback_id"] == "reset_form"


@pytest.mark.parametrize("facts", [{"deleted": True}, {"is_restricted": True}, None])
async def test_a_manager_who_is_not_in_slack_is_not_asked(slack, wire, facts):
    """The form says so, and has no button."""
    await managed(slack)
    wire.people = {user: kept for user, kept in wire.people.items() if user != EVE}
    if facts:
        wire.people[EVE] = person(EVE, **facts)
    await slack.command(ADA, "bob")
    assert not [b for b in wire.view["blocks"] if b.get("block_id") == "manager"]
    assert "The manager of bob, Eve Evans, cannot vouch at the moment" in texts(wire.view)


@pytest.mark.parametrize("value", ["", "x", "no such question"])
async def test_a_made_up_press_is_nobodys(slack, value):
    """A button that we never gave out."""
    await asked(slack)
    for action in ("vouch_begin", "vouch_deny"):
        await slack.press(EVE, action, value)
    assert all("meant for somebody else" in texts(post) for post in slack.wire.posts)
    assert len(slack.wire.posts) == 2
    assert BOB not in texts(slack.wire.posts)
