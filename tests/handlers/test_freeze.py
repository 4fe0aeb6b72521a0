"""Freezing and resuming as people do it in Slack: a command, a button in Home, a code."""

from __future__ import annotations

from resets.audit import Deed
from store import freezes
from tests.handlers.conftest import ADA, EVE
from tests.support import bulks
from tests.support import house as houses
from tests.support.slackwire import texts


async def stands(house):
    async with house.store.read() as tx:
        return await freezes.standing(tx)


async def test_frozen_and_resumed(either, house, wire):
    """One command stops everything, without a question to Slack; another one asks for the code that ends it."""
    status, heard = await either.command(ADA, "Freeze  somebody rings   our people")
    assert (status, heard["response_type"]) == (200, "ephemeral")
    assert "All resets are frozen" in texts(heard)
    assert wire.calls == []
    assert (await stands(house)).why == "somebody rings our people"

    await either.command(ADA, "bob")
    assert "Ada Admin has frozen all resets" in texts(wire.posts)
    assert not wire.called("views.open")

    house.clock.tick(seconds=61)
    await either.command(ADA, "resume")
    assert wire.view["callback_id"] == "resume_form"
    assert "somebody rings our people" in texts(wire.view)
    _, heard = await either.submit(ADA, either.code_values("000000"))
    assert list(heard["errors"]) == ["code"]
    assert await stands(house) is not None
    _, heard = await either.submit(ADA, either.code_values())
    assert "The freeze is over" in texts(heard["view"])
    assert await stands(house) is None


async def test_home_freezes_and_shows_it(slack, house, wire):
    """The button asks first; then Home says who, until when, and that runs are frozen, and has a way to end it."""
    await bulks.begun(house, await bulks.people(house, 2))
    await slack.open_home(ADA)
    button = next(b["accessory"] for b in wire.homes[ADA]["blocks"] if b.get("block_id") == "home_freeze")
    assert button["confirm"]["confirm"]["text"] == "Freeze"
    await slack.press_home(ADA, "home_freeze")
    assert "has frozen all resets" in texts(wire.homes[ADA])
    assert "❄️ frozen" in texts(wire.homes[ADA])
    await slack.press_home(ADA, "home_resume")
    assert wire.view["callback_id"] == "resume_form"
    await slack.open_home(EVE)
    assert "frozen" not in texts(wire.homes[EVE])


async def test_a_second_freeze_is_refused(slack, wire):
    """With who froze, and for how long it stands."""
    await slack.command(ADA, "freeze")
    _, heard = await slack.command(ADA, "freeze")
    assert "Ada Admin has already frozen all resets for another 30 minutes" in texts(heard)


async def test_only_the_security_role_ends_it(slack, house, wire):
    """Another admin, who may freeze, hears who may end it."""
    await houses.enrolled(house, houses.EVE, "eve")
    await slack.command(EVE, "freeze")
    await slack.command(EVE, "resume")
    assert "Only the security role ends a freeze" in texts(wire.posts)
    assert not wire.called("views.open")


async def test_a_form_that_stood_open_stays(slack, house, wire):
    """A freeze may end before a form does: it is refused at the code's field, and everything typed is kept."""
    await slack.command(ADA, "bob")
    await slack.command(ADA, "freeze")
    _, heard = await slack.submit(ADA, slack.reset_values())
    assert "has frozen all resets" in heard["errors"]["code"]
    house.clock.tick(minutes=1)
    await slack.command(ADA, "resume")
    await slack.submit(ADA, slack.code_values())
    assert Deed.RESUMED_ALL in await house.deeds()


async def test_a_preview_that_stood_open_can_be_sent_once_it_is_over(slack, house):
    """Putting many together takes long: the preview is not lost over a freeze."""
    await slack.preview(pasted="bob")
    await slack.command(ADA, "freeze")
    _, heard = await slack.submit(ADA, slack.proof_values())
    assert "has frozen all resets" in heard["errors"]["code"]
    house.clock.tick(minutes=30)
    _, heard = await slack.submit(ADA, slack.proof_values())
    assert heard["response_action"] == "update"


async def test_freeze_in_quotes_is_a_name(slack, house, wire):
    """Somebody may be called so."""
    await slack.command(ADA, '"freeze"')
    await slack.command(ADA, '"resume"')
    assert await stands(house) is None
    assert len(wire.called("views.open")) == 2
