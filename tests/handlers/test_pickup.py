"""*Show* and the pickup code: asked for or not, shown once, and burned by guesses."""

from __future__ import annotations

import asyncio

from resets.request import Tier
from tests.handlers.conftest import ADA, BOB
from tests.support.slackwire import texts


async def test_the_pickup_code_can_be_switched_off(slack, house, wire):
    """Then *Show* asks for nothing; a second click does not cover what the first has shown."""
    from handlers.register import register
    from tests.support.slackwire import APP

    house.with_rules(pickup={Tier.STANDARD: False})
    slack.app._async_listeners.clear()
    register(slack.app, house.tools, app_id=APP)
    await slack.command(ADA, "bob")
    await slack.submit(ADA, slack.reset_values())
    target = await slack.target_id()
    await slack.press(BOB, "show_password", target)
    body = slack.submission(BOB, {})
    _, heard = await slack.send(body)
    assert house.directory.passwords[-1][1] in texts(heard["view"])
    _, heard = await slack.send(body)
    assert heard["response_action"] == "errors"


async def test_a_second_click_does_not_cover_the_password(slack, house, wire):
    """The first answer shows it; the second is only an error at a field that is no longer there."""
    code = await slack.reset()
    target = await slack.target_id()
    await slack.press(BOB, "show_password", target)
    body = slack.submission(BOB, slack.pickup_values(code))
    answers = [said for _, said in await asyncio.gather(slack.send(body), slack.send(body))]
    assert sorted(said["response_action"] for said in answers) == ["errors", "update"]


async def test_five_wrong_pickup_codes_burn_the_password(slack, house, wire):
    """The fifth says that it is over, in the modal's place."""
    await slack.reset()
    target = await slack.target_id()
    await slack.press(BOB, "show_password", target)
    for _ in range(4):
        _, heard = await slack.submit(BOB, slack.pickup_values("AAAA-AAAA"))
        assert heard["response_action"] == "errors"
    _, heard = await slack.submit(BOB, slack.pickup_values("AAAA-AAAA"))
    assert "will not be shown any more" in texts(heard["view"])
