"""Asking for approval and deciding, as people do it in Slack: a card, a code of one's own, a reason."""

from __future__ import annotations

from dataclasses import replace

import pytest

from desk import sweep
from resets.approval import CardFacts
from resets.request import RequestState
from tests.handlers.conftest import ADA, EVE
from tests.support import approving
from tests.support import house as houses
from tests.support.slackwire import person, texts
from views import approval

ZOE = approving.ZOE.user


@pytest.fixture
async def house(tmp_path):
    """A house in which each single reset needs one other admin."""
    built = await houses.build(tmp_path)
    await sweep.refresh(built.tools, "corp")
    yield await approving.opened(built, quorum=replace(approving.TABLE, standard=1))
    await houses.raze(built)


@pytest.fixture
async def wire(wire):
    wire.people[ZOE] = person(ZOE, "Zoe Zander")
    return wire


async def asked(slack):
    """Have ada ask for a reset of bob; returns the card's value and what ada is told."""
    await slack.command(ADA, "bob")
    assert slack.wire.view["submit"]["text"] == "Ask for approval"
    _, heard = await slack.submit(ADA, slack.reset_values())
    await slack.house.pump()
    return approval.shown(slack.house.last(CardFacts).facts), heard["view"]


def typed(slack, who):
    return slack.code_values(approving.code(slack.house, who))


async def state(slack, value):
    return (await approving.request(slack.house, value.partition("#")[0])).state


async def test_approved(either, wire, house):
    """The requester hears who can decide and until when; the approver sees what it is about before the code."""
    value, told = await asked(either)
    assert told["title"]["text"] == "Waits for approval"
    assert "Can decide: Eve Evans, Zoe Zander" in texts(told)
    await either.press(EVE, "approval_approve", value)
    assert wire.view["callback_id"] == "approval_form"
    assert "Bob Baker" in texts(wire.view)
    _, heard = await either.submit(EVE, either.code_values("000000"))
    assert list(heard["errors"]) == ["code"]
    _, heard = await either.submit(EVE, typed(either, houses.EVE))
    assert "You have approved it" in texts(heard["view"])
    await house.pump()
    assert await state(either, value) is RequestState.DONE


async def test_a_payload_that_is_sent_twice_has_one_effect(slack, house):
    """Slack repeats what it did not hear the answer to."""
    value, _ = await asked(slack)
    await slack.press(EVE, "approval_approve", value)
    body = slack.submission(EVE, typed(slack, houses.EVE))
    slack.lands = False
    first, second = [await slack.send(body) for _ in range(2)]
    assert first[1]["response_action"] == "update"
    assert "sent already" in second[1]["errors"]["code"]
    assert await state(slack, value) is RequestState.APPROVED


async def test_denied(slack, wire, house):
    """With a reason, which the requester reads."""
    value, _ = await asked(slack)
    await slack.press(EVE, "approval_deny", value)
    _, heard = await slack.submit(EVE, slack.why_values("   "))
    assert "needs a reason" in heard["errors"]["why"]
    _, heard = await slack.submit(EVE, slack.why_values("I rang him, he did not ask"))
    assert "nobody is reset" in texts(heard["view"])
    await house.pump()
    assert "he did not ask" in texts(approval.card(house.last(CardFacts).facts))
    await slack.press(ZOE, "approval_approve", value)
    assert "nothing to decide about this any more" in texts(wire.posts)


@pytest.mark.parametrize("action", ["approval_approve", "approval_deny"])
async def test_ones_own_request_is_refused_to_oneself_alone(slack, wire, action):
    """An ephemeral sentence says why; no modal opens."""
    value, _ = await asked(slack)
    opened = len(wire.called("views.open"))
    await slack.press(ADA, action, value)
    assert "This is your own request" in texts(wire.posts)
    assert wire.posts[-1]["response_type"] == "ephemeral"
    assert len(wire.called("views.open")) == opened


async def test_withdrawn(slack, wire):
    """By its requester; anybody else hears whose it is."""
    value, _ = await asked(slack)
    await slack.press(EVE, "approval_withdraw", value)
    assert "Only Ada Admin" in texts(wire.posts)
    await slack.press(ADA, "approval_withdraw", value)
    assert await state(slack, value) is RequestState.WITHDRAWN


async def test_changed(either, wire, house):
    """By its requester: the same form, filled in; sent with a code, the old one says so, and the new one waits."""
    value, _ = await asked(either)
    await either.press(EVE, "approval_approve", value)
    body = either.submission(EVE, typed(either, houses.EVE))
    await either.press(EVE, "approval_change", value)
    assert "Only Ada Admin" in texts(wire.posts)
    house.clock.tick(minutes=1)
    await either.press(ADA, "approval_change", value)
    assert "You are changing request" in texts(wire.view)
    assert "Bob Baker" in texts(wire.view)
    _, heard = await either.submit(ADA, either.reset_values())
    assert heard["view"]["title"]["text"] == "Waits for approval"
    await house.pump()
    assert await state(either, value) is RequestState.WITHDRAWN
    newer = approval.shown(house.last(CardFacts).facts)
    _, heard = await either.send(body)
    assert "has changed it" in texts(heard["view"])
    house.clock.tick(minutes=1)
    await either.press(EVE, "approval_approve", newer)
    await either.submit(EVE, typed(either, houses.EVE))
    await house.pump()
    assert await state(either, newer) is RequestState.DONE


async def test_details_change_nothing(slack, wire):
    """Whoever holds a role may look, the requester too."""
    value, _ = await asked(slack)
    for user in (ADA, EVE):
        await slack.press(user, "approval_details", value)
        assert "bob" in texts(wire.view)
        assert "submit" not in wire.view


async def test_an_old_card_decides_nothing(slack, wire):
    """A button that was made for another plan."""
    value, _ = await asked(slack)
    await slack.press(EVE, "approval_approve", value.partition("#")[0] + "#0123456789abcdef")
    assert "another plan" in texts(wire.posts)
    await slack.press(EVE, "approval_approve", "")
    assert "nothing to decide" in texts(wire.posts)
    assert await state(slack, value) is RequestState.PROVED


async def test_home_has_a_button_for_it(slack, wire):
    """*Needs me*: the same modal, from Home."""
    value, _ = await asked(slack)
    await slack.open_home(EVE)
    (block,) = [b for b in wire.homes[EVE]["blocks"] if b.get("block_id", "").startswith("approve_")]
    assert block["accessory"]["value"] == value
    body = slack.press_body(EVE, "approval_approve", value)
    await slack.send(body | {"view": {"type": "home", "id": "VHOME", "hash": "1.1"}, "container": {"type": "view"}})
    assert wire.view["callback_id"] == "approval_form"
    await slack.open_home(ADA)
    assert "waits for approval" in texts(wire.homes[ADA])
