"""Whatever goes wrong ends in a sentence for the person; what nobody foresaw, in a reference too."""

from __future__ import annotations

import asyncio
import logging
import re
import sqlite3
from contextlib import closing

import pytest
from aiohttp import web

from desk import look
from desk.forms import role_of
from directory.base import GroupKind, NotNow, Unreachable
from handlers.hook import Hook
from handlers.register import SURFACES
from resets.request import Tier
from resets.scope import Grant, Place
from resets.verification import Needed
from tests.handlers.conftest import ADA, BOB
from tests.support import house as houses
from tests.support.slackwire import texts


@pytest.mark.parametrize("typed", ["<!channel>", "<@U0BOB> <@U0EVE>", "x" * 257])
async def test_what_names_nobody_is_said_at_once(either, wire, typed):
    """In the ack; Slack is asked nothing."""
    _, heard = await either.command(ADA, typed)
    assert "as one person" in texts(heard)
    assert heard["response_type"] == "ephemeral"
    assert wire.calls == []


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("zz", "at least 3 letters"),
        ("nobody@example.com", "found no account"),
        ("ada", "your own account"),
        ("dora", "is disabled"),
        ("ext", "outside the organisation"),
        ("olga", "administrative rights"),
        ("una", "not verified"),
        ("svc", "service or a machine"),
        ("new", "never confirmed"),
        ("nora", "no safe way"),
        ("*)(uid=*", "found no account"),
        ("=1+1", "found no account"),
        ("<@U0NOBODY>", "could not say who this is"),
    ],
)
async def test_who_cannot_be_reset_is_told_why(slack, wire, typed, sentence):
    """Unknown, excluded, unreachable: the open modal says it; there is no field to go on with."""
    await slack.command(ADA, typed)
    assert sentence in texts(wire.view)
    assert "code_text" not in repr(wire.view)


async def test_who_is_out_of_scope_is_told_which_role_may_not(slack, wire):
    """No rule covers the account: the modal names the role, and there is no field to go on with."""
    slack.rules(grants={"admin": (Grant(frozenset({Tier.SENSITIVE})),)})
    await slack.command(ADA, "bob")
    assert "outside of what the role “admin” may reset" in texts(wire.view)
    assert "code_text" not in repr(wire.view)


async def test_a_role_that_is_not_held_shows_nobody(slack, wire, house):
    """The form opens, and then says which group it is; so do the typeahead and Home; nobody's name is shown."""
    slack.rules(held_in={"admin": Place("corp", GroupKind.GROUP, "Desk")})
    await slack.command(ADA, "bob")
    assert "I could not read the group “Desk” of corp" in texts(wire.view)
    await house.local.add_group("Desk", members=[house.ids["bob"]])
    await slack.command(ADA)
    _, heard = await slack.type(ADA, "bob")
    [said] = heard["options"]
    assert "one has to be in the group" in said["text"]["text"]
    await slack.open_home(ADA)
    assert "one has to be in the group “Desk” of corp" in texts(wire.homes[ADA])
    assert "Bob" not in texts(wire.view)


@pytest.mark.parametrize(("error", "sentence"), [(Unreachable(), "cannot be reached"), (NotNow(), "too busy")])
async def test_a_directory_that_does_not_answer(slack, house, wire, error, sentence):
    """The modal says so, and that nothing has changed."""
    house.directory.before["find"] = [error]
    await slack.command(ADA, "bob")
    assert sentence in texts(wire.view)


@pytest.mark.parametrize(
    ("code", "sentence"), [("12345", "has 6 digits"), ("١٢٣٤٥٦", "has 6 digits"), ("000000", "does not match")]
)
async def test_a_wrong_code_is_an_error_at_its_field(either, house, code, sentence):
    """Everything else that was typed stays, and the right code goes through after it."""
    await either.command(ADA, "bob")
    _, heard = await either.submit(ADA, either.reset_values(code))
    assert list(heard["errors"]) == ["code"]
    assert sentence in heard["errors"]["code"]
    _, heard = await either.submit(ADA, either.reset_values())
    assert heard["response_action"] == "update"


async def test_a_submission_counts_once(slack, house):
    """Sent twice at once and once more later: one reset; the others are told at the field, and the code stays."""
    await slack.command(ADA, "bob")
    body = slack.submission(ADA, slack.reset_values())
    answers = [said for _, said in await asyncio.gather(slack.send(body), slack.send(body))]
    assert sorted(said["response_action"] for said in answers) == ["errors", "update"]
    _, again = await slack.send(body)
    assert "sent already" in again["errors"]["code"]
    await house.pump()
    assert len(house.directory.passwords) == 1


async def test_a_form_left_open_for_a_day_is_closed(slack, house):
    """The form's time is up; the sentence says how to begin again."""
    await slack.command(ADA, "bob")
    house.clock.tick(days=1)
    _, heard = await slack.submit(ADA, slack.reset_values())
    assert "has expired" in texts(heard["view"])


@pytest.mark.parametrize(
    ("block", "value"),
    [
        ("why", {"why_pick": {"selected_option": {"value": "because"}}}),
        ("delivery", {"delivery_tick": {"selected_options": [{"value": "mail"}]}}),
        ("delivery", {"delivery_tick": {"selected_options": []}}),
        ("ticket", {"ticket_text": {"value": "x" * 201}}),
    ],
)
async def test_a_choice_that_was_not_offered_is_refused_at_its_field(slack, house, block, value):
    """What Slack sends back is held against what we offered."""
    await slack.command(ADA, "bob")
    _, heard = await slack.submit(ADA, slack.reset_values(**{block: value}))
    assert list(heard["errors"]) == [block]


async def test_how_the_caller_was_verified_is_asked_at_its_field(either, house):
    """Where the rules ask; a sentence at the field, and then it goes through."""
    either.rules(verification={Tier.STANDARD: Needed.SAID})
    await either.command(ADA, "bob")
    for verified, sentence in ((None, "not said how you know"), ("unasked", "goes with a suspected compromise")):
        _, heard = await either.submit(ADA, either.reset_values(verified=verified))
        assert list(heard["errors"]) == ["verified"]
        assert sentence in heard["errors"]["verified"]
    _, heard = await either.submit(ADA, either.reset_values(verified="ticket"))
    assert heard["response_action"] == "update"


async def test_a_form_that_we_never_gave_out_is_refused(slack):
    """An id out of nowhere, and values of a shape that Slack does not send."""
    await slack.command(ADA, "bob")
    _, heard = await slack.submit(ADA, slack.reset_values(), view={"private_metadata": "x" * 26})
    assert "do not know this form" in texts(heard["view"])
    broken = {"callback_id": "reset_form", "private_metadata": None, "state": ["none"]}
    _, heard = await slack.submit(ADA, {}, view=broken)
    assert "do not know this form" in texts(heard["view"])


async def test_the_question_for_whom_wants_an_answer(slack, house):
    """Nothing chosen, or the sentence of a typeahead: asked again at the field."""
    await slack.command(ADA)
    for values in (slack.who_values(), slack.who_values(who="none")):
        _, heard = await slack.submit(ADA, values)
        assert list(heard["errors"]) == ["who"]
    await slack.submit(ADA, slack.who_values(who="corp/no-such-id"))
    assert "no longer in" in texts(slack.wire.view)


async def test_the_typeahead_says_why_it_is_silent(slack, house):
    """Too few letters: nothing. Too many look-ups: one option that is a sentence."""
    await slack.command(ADA)
    _, heard = await slack.type(ADA, "ba")
    assert heard == {"options": []}
    house.with_rules(lookups_per_hour=1)
    slack.app._async_listeners.clear()
    from handlers.register import register
    from tests.support.slackwire import APP

    register(slack.app, house.tools, app_id=APP)
    await slack.type(ADA, "bak")
    _, heard = await slack.type(ADA, "eva")
    assert [o["value"] for o in heard["options"]] == ["none"]
    assert "look-ups" in texts(heard)


@pytest.mark.parametrize("name", [name for name, one in SURFACES.items() if one.hook is Hook.OPTIONS])
async def test_every_typeahead_is_silent_while_letters_are_too_few(slack, house, name):
    """Nothing is offered, nothing is looked up, and nothing of it counts."""
    await slack.command(ADA, "" if name == "who_pick" else "bulk")
    _, heard = await slack.type(ADA, "b", action_id=SURFACES[name].id)
    assert heard == {"options": []}
    async with house.store.read() as tx:
        actor = await role_of(tx, houses.ADA)
        assert await look.left(house.tools, tx, actor) == house.tools.rules.lookups_per_hour
    assert house.directory.calls == []


async def test_a_modal_that_was_changed_meanwhile_is_left_alone(slack, wire):
    """Its hash is not ours any more: the later view stands."""
    gate = asyncio.Event()
    wire.wrong["users.info"] = [gate]
    await slack.command(ADA, "bob", wait=False)
    await wire.asked("views.open")
    await wire.asked("users.info")
    wire.put(wire.view_id, {"type": "modal", "blocks": [], "changed": True})
    gate.set()
    assert await slack.in_flight.drain(10) == 0
    assert wire.view["changed"]


async def test_a_modal_that_was_closed_meanwhile_is_nobodys(slack, wire, caplog):
    """No error, no message: the person has gone."""
    wire.wrong["views.update"] = ["not_found"]
    with caplog.at_level(logging.INFO):
        await slack.command(ADA, "bob")
    assert "view_left_alone" in caplog.text
    assert "surface_failed" not in caplog.text
    assert wire.posts == []


async def test_a_late_ack_does_not_cover_the_filled_form(slack, wire):
    """Slack may take the ack's view after our update: the form is put up again over it."""
    await slack.command(ADA)
    slack.lands = False
    values = slack.who_values(who=f"corp/{slack.house.ids['bob']}")
    _, heard = await slack.submit(ADA, values, wait=False)
    await wire.asked("views.update")
    wire.put(wire.view_id, heard["view"])
    assert await slack.in_flight.drain(10) == 0
    assert "Bob Baker" in texts(wire.view)


async def test_an_ack_that_never_arrives_does_not_keep_us(slack, wire, monkeypatch):
    """After a while the form stands as it is."""
    monkeypatch.setattr("handlers.replies.SETTLE_LOOKS", 2)
    await slack.command(ADA)
    slack.lands = False
    await slack.submit(ADA, slack.who_values(who=f"corp/{slack.house.ids['bob']}"))
    assert "Bob Baker" in texts(wire.view)
    wire.wrong["views.update"] = ["not_found"]
    again = {"callback_id": "reset_who"}
    await slack.submit(ADA, slack.who_values(who=f"corp/{slack.house.ids['bob']}"), view=again)
    assert wire.posts == []


async def test_slack_that_does_not_take_the_form_is_told(slack, wire):
    """The modal says that something went wrong, as soon as Slack takes anything again."""
    wire.wrong["views.update"] = ["internal_error"]
    await slack.command(ADA, "bob")
    assert "Something went wrong" in texts(wire.view)


async def test_a_bug_is_told_with_its_reference(either, house, wire, caplog):
    """The person reads an id, and the log has it with the traceback; over HTTP the ack is not lost by it."""
    house.directory.before["find"] = [RuntimeError("boom")]
    assert (await either.command(ADA, "bob")) == (200, {})
    reference = re.search(r"reference (\w{8})\b", texts(wire.view)).group(1)
    record = next(r for r in caplog.records if r.getMessage() == "surface_failed")
    assert record.reference == reference
    assert record.surface == "reset"
    assert record.exc_info


async def test_a_bug_before_the_ack_is_told_in_the_ack(slack, house, wire, monkeypatch):
    """A submission gets an answer also then."""
    await slack.command(ADA, "bob")
    monkeypatch.setattr("desk.submit.pickup.new_code", None)
    _, heard = await slack.submit(ADA, slack.reset_values())
    assert "reference" in texts(heard["view"])


async def test_a_store_that_cannot_write_is_told(slack, wire, tmp_path):
    """Without a record nothing is done: a sentence in the ack, in a message, in Home, and in the options."""
    await slack.reset()
    target = await slack.target_id()
    await slack.command(ADA)
    lose_tables(tmp_path / "rekey.db", "forms", "targets", "admins")
    _, heard = await slack.submit(ADA, slack.reset_values(), view={"callback_id": "reset_form"})
    assert "could not write my own records" in texts(heard["view"])
    await slack.press(BOB, "not_me", target)
    assert "could not write my own records" in texts(wire.posts[-1])
    await slack.open_home(BOB)
    assert "could not write my own records" in texts(wire.homes[BOB])
    _, heard = await slack.type(ADA, "bak")
    assert "could not write my own records" in texts(heard)


def lose_tables(file, *tables):
    with closing(sqlite3.connect(file)) as database:
        for table in tables:
            database.execute(f"ALTER TABLE {table} RENAME TO lost_{table}")
        database.commit()


@pytest.mark.parametrize(
    "fault",
    ["expired_trigger_id", "internal_error", web.Response(status=500, text="oops"), web.Response(text="<html>")],
)
async def test_a_modal_that_does_not_open_is_told_in_a_message(slack, wire, fault):
    """Slack took too long, or is broken: the person hears it where the command was typed."""
    wire.wrong["views.open"] = [fault]
    await slack.command(ADA, "bob")
    assert "Something went wrong" in texts(wire.posts[-1])
    assert wire.posts[-1]["response_type"] == "ephemeral"
    assert wire.posts[-1]["replace_original"] is False


@pytest.mark.parametrize("fault", ["internal_error", "ratelimited", web.Response(text="<html>login</html>")])
async def test_slack_that_does_not_say_who_somebody_is(slack, house, wire, fault):
    """Nobody is let in on no answer, and no directory is asked."""
    wire.wrong["users.info"] = [fault]
    await slack.command(ADA, "bob")
    assert "could not say who this is" in texts(wire.view)
    assert house.directory.calls == []


async def test_slack_that_answers_too_late_who_somebody_is(slack, wire, monkeypatch):
    """A question to Slack has an end."""
    from datetime import timedelta

    monkeypatch.setattr("handlers.members.PATIENCE", timedelta(milliseconds=20))
    wire.wrong["users.info"] = [gate := asyncio.Event()]
    await slack.command(ADA, "bob")
    assert "could not say who this is" in texts(wire.view)
    gate.set()


async def test_slack_that_says_somebody_else_is_not_believed(slack, wire):
    """An answer about another user is no answer."""
    wire.people[ADA] = wire.people[BOB]
    await slack.command(ADA, "bob")
    assert "could not say who this is" in texts(wire.view)


async def test_a_person_whom_nothing_reaches_is_logged(slack, wire, caplog):
    """The modal does not open and the message is not taken: the log has it, and nothing else breaks."""
    wire.wrong["views.open"] = ["internal_error"]
    await slack.command(ADA, "bob", response_url="http://127.0.0.1:1/gone")
    assert "refusal_unheard" in caplog.text
    wire.wrong["views.open"] = ["internal_error", "internal_error"]
    await slack.press_home(ADA)
    assert caplog.text.count("refusal_unheard") == 2
    wire.wrong["views.open"] = ["invalid_trigger_id"]
    await slack.press_home(ADA, trigger_id="")
    assert caplog.text.count("surface_failed") == 3


async def test_a_payload_that_cannot_be_read_is_a_bug_and_not_a_crash(slack, monkeypatch, caplog):
    """Even then Slack gets its answer."""
    from handlers import reset
    from handlers.hook import Hook
    from handlers.register import SURFACES, _listener
    from handlers.surface import Audience, Surface

    del reset

    def read(_body):
        raise ValueError("unreadable")

    for hook in Hook:
        name = next(n for n, s in SURFACES.items() if s.hook is hook)
        heard = []

        async def ack(heard=heard, **answer):
            heard.append(answer)

        room = type("Room", (), {"tools": slack.house.tools})()
        surface = Surface(Audience.ROLE, hook, name, read, None)
        await _listener(name, surface, room, slack.app, "A0REKEY")(ack, None, {})
        assert len(heard) == (0 if hook is Hook.EVENT else 1)
    assert caplog.text.count("surface_failed") == len(Hook)
