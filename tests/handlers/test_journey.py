"""One reset as people do it, in Socket Mode and over HTTP: command, form, code, message, pickup code, password."""

from __future__ import annotations

from directory.secret import Secret
from resets.facts import ShowFacts
from resets.request import TargetState
from tests.handlers.conftest import ADA, BOB
from tests.support.slackwire import texts


async def test_from_the_command_to_the_shown_password(either, house, wire):
    """Ada asks, proves it, and tells Bob the pickup code; Bob sees the password once and signs in with it."""
    await house.local.set_initial_password("bob", Secret("Velvet-plank-dune-19"))

    status, heard = await either.command(ADA, "bob")
    assert (status, heard) == (200, {})
    opened, filled = wire.called("views.open")[0], wire.called("views.update")[0]
    assert "looking the account up" in texts(opened["view"])
    assert filled["hash"]
    assert opened["view"]["private_metadata"] == filled["view"]["private_metadata"]
    assert "Bob Baker" in texts(filled["view"])

    status, heard = await either.submit(ADA, either.reset_values())
    assert status == 200
    assert heard["response_action"] == "update"
    pickup = next(b["text"]["text"] for b in heard["view"]["blocks"] if b["type"] == "header")

    target = await either.target_id()
    assert (await either.press(BOB, "show_password", target)) == (200, {})
    assert wire.view["callback_id"] == "pickup_form"
    _, heard = await either.submit(BOB, either.pickup_values("AAAA-AAAA"))
    assert heard["response_action"] == "errors"
    assert list(heard["errors"]) == ["pickup"]
    _, heard = await either.submit(BOB, either.pickup_values(pickup.lower().replace("-", " ")))
    assert heard["response_action"] == "update"
    password = house.directory.passwords[-1][1]
    assert password in texts(heard["view"])
    assert (await house.local.sign_in("bob", Secret(password))).ok

    await house.pump()
    assert house.last(ShowFacts).facts.state is TargetState.COLLECTED
    assert password not in repr(wire.calls)
    assert password not in repr(wire.posts)


async def test_the_ack_does_not_wait_for_slack_or_a_directory(either, house, wire):
    """Whatever is slow is asked after Slack has been answered."""
    import asyncio

    slow, inner = asyncio.Event(), house.directory.find

    async def find(ident):
        await slow.wait()
        return await inner(ident)

    house.directory.find = find
    wire.wrong["views.open"] = [slow]
    assert (await either.command(ADA, "bob", wait=False)) == (200, {})
    assert not wire.called("views.update")
    slow.set()
    assert await either.in_flight.drain(10) == 0
    assert "Bob Baker" in texts(wire.view)


async def test_a_mention_finds_the_account_that_names_the_slack_user(slack, wire):
    """`/reset-password @bob`, as Slack escapes it."""
    await slack.command(ADA, "<@U0BOB|bob.the.builder>")
    assert "bob@example.com" in texts(wire.view)


async def test_the_command_alone_asks_for_whom(slack, house, wire):
    """Bare: a search over the directory, and then the form of the one who was chosen."""
    await slack.command(ADA)
    assert wire.view["callback_id"] == "reset_who"
    assert not wire.called("views.update")
    _, heard = await slack.type(ADA, "bak")
    assert [o["value"] for o in heard["options"]] == [f"corp/{house.ids['bob']}"]
    _, heard = await slack.submit(ADA, slack.who_values(who=heard["options"][0]["value"]))
    assert heard["response_action"] == "update"
    assert wire.view["callback_id"] == "reset_form"
    assert "Bob Baker" in texts(wire.view)
    _, heard = await slack.submit(ADA, slack.reset_values())
    assert heard["response_action"] == "update"


async def test_two_people_of_one_name_are_a_choice(slack, house, wire):
    """A display name is no login; who fits it is offered, and the choice is read anew."""
    await slack.command(ADA, "Sam Same")
    block = next(b for b in wire.view["blocks"] if b.get("block_id") == "choice")
    offered = {o["value"] for o in block["element"]["options"]}
    assert offered == {f"corp/{house.ids['sam1']}", f"corp/{house.ids['sam2']}"}
    await slack.submit(ADA, slack.who_values(choice=f"corp/{house.ids['sam2']}"))
    assert "sam2@example.com" in texts(wire.view) or "sam2" in texts(wire.view)


async def test_the_shortcut_begins_with_the_messages_author(slack, wire):
    """On Bob's message: Bob's form. On a message of no person: the question for whom."""
    await slack.shortcut(ADA, BOB)
    assert "Bob Baker" in texts(wire.view)
    await slack.shortcut(ADA, None)
    assert wire.view["callback_id"] == "reset_who"


async def test_home_shows_what_is_ones_own(slack, house, wire):
    """Ada sees her requests and a button that asks for whom; Bob what was done to his account."""
    await slack.reset()
    await house.pump()
    await slack.open_home(ADA)
    assert "Bob Baker" in texts(wire.homes[ADA])
    assert "home_reset" in repr(wire.homes[ADA])
    await slack.open_home(BOB)
    assert "bob" in texts(wire.homes[BOB])
    assert "home_reset" not in repr(wire.homes[BOB])
    await slack.open_home(BOB, tab="messages")
    assert len(wire.called("views.publish")) == 2
    await slack.press_home(ADA)
    assert wire.view["callback_id"] == "reset_who"


async def test_not_me_stops_it(slack, house, wire):
    """Bob says that he asked for nothing: the password is void, and nothing else is asked of Slack."""
    await slack.reset()
    target = await slack.target_id()
    before = len(wire.calls)
    assert (await slack.press(BOB, "not_me", target)) == (200, {})
    assert len(wire.calls) == before
    await house.pump()
    assert (await house.target(target)).state is TargetState.SPOILED
    assert (await slack.press(BOB, "not_me", target)) == (200, {})
    assert not wire.posts
    await slack.press(BOB, "show_password", target)
    assert "stopped" in texts(wire.posts[-1])


async def test_a_failed_step_is_tried_again(slack, house, wire):
    """The button names the target and the step; a step that is done says so."""
    from directory.base import NotAllowed

    house.directory.before["must_change"] = [NotAllowed()]
    house.directory.before["revoke_sessions"] = [NotAllowed()]
    values = {"selected_options": [{"value": "clear_sessions"}]}
    await slack.reset(options={"options_tick": values})
    target = await slack.target_id()
    calls = house.directory.calls.count("revoke_sessions")
    assert (await slack.press(ADA, "retry_step", f"{target}:sessions")) == (200, {})
    await house.pump()
    assert house.directory.calls.count("revoke_sessions") == calls + 1
    assert not wire.posts
    await slack.press(ADA, "retry_step", f"{target}:sessions")
    assert "nothing left to try again" in texts(wire.posts[-1])


async def test_an_account_without_a_slack_id_is_found_by_its_address(slack, wire):
    """The directory's own address, asked of Slack; who has another one is not believed."""
    from tests.support.slackwire import person

    wire.people["U0SAM"] = person("U0SAM", "Sam", profile={"email": "sam1@example.com"})
    await slack.command(ADA, "sam1")
    assert wire.called("users.lookupByEmail") == [{"email": "sam1@example.com"}]
    assert "dm" in repr(next(b for b in wire.view["blocks"] if b.get("block_id") == "delivery"))
    await slack.command(ADA, "sam2")
    assert "no safe way" in texts(wire.view)
    await slack.command(ADA, "nora")
    assert len(wire.called("users.lookupByEmail")) == 2
