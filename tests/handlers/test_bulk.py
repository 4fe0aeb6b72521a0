"""Many at once as people do it: the form, its typeaheads and its file, the preview, and the code."""

from __future__ import annotations

import json

import pytest

from directory.base import Unreachable
from resets.audit import Deed
from resets.request import RequestState, Tier
from resets.verification import Needed
from tests.handlers.conftest import ADA, BOB, EVE, request_of
from tests.support.slackwire import texts


def option(directory, account_id, text="Bob Baker"):
    return {"text": {"type": "plain_text", "text": text, "emoji": False}, "value": f"{directory}/{account_id}"}


def block(view, block_id):
    return next((b for b in view["blocks"] if b.get("block_id") == block_id), None)


def buttons(view):
    found = [b["accessory"] for b in view["blocks"] if "accessory" in b]
    found += [e for b in view["blocks"] if b["type"] == "actions" for e in b["elements"]]
    return {b["action_id"]: b for b in found}


async def test_from_the_command_to_the_hold(either, house, wire):
    """People, a group's typeahead, a file and a list; a preview that changes nothing; and the code begins it."""
    status, heard = await either.command(ADA, "Bulk ")
    assert (status, heard) == (200, {})
    assert wire.view["callback_id"] == "bulk_form"
    assert not wire.called("views.update")
    _, heard = await either.type(ADA, "bak", action_id="bulk_people")
    bob = heard["options"][0]
    assert bob["value"] == f"corp/{house.ids['bob']}"
    _, heard = await either.type(ADA, "x", action_id="bulk_groups")
    assert heard["options"] == []

    file = wire.upload(b"login,department\r\neve,Sales\r\ndora,Sales\r\nnobody.here,Sales\r\n")
    status, heard = await either.submit(ADA, either.bulk_values(people=[bob], file=file, pasted="bob, una"))
    assert status == 200
    assert "Nothing changes by this" in texts(heard["view"])
    said = texts(wire.view)
    assert wire.view["callback_id"] == "bulk_preview"
    assert "2 people will be reset" in said
    assert wire.view["submit"]["text"] == "Reset 2 people"
    assert "disabled in the directory" in said
    assert "mail domain not verified" in said
    assert "not found" in said
    assert "read the column “login”, and not “department”" in said
    assert block(wire.view, "number") is None
    assert house.directory.passwords == []
    form_id = wire.view["private_metadata"].partition("#")[0]

    _, heard = await either.submit(ADA, either.proof_values("000000"))
    assert list(heard["errors"]) == ["code"]
    _, heard = await either.submit(ADA, either.proof_values())
    assert heard["response_action"] == "update"
    assert "2 people will be reset" in texts(heard["view"])
    assert (await request_of(house, form_id)).state is RequestState.HELD


async def test_home_opens_it_too(slack, wire):
    """*Reset many* stands in an admin's Home."""
    await slack.open_home(ADA)
    assert "home_bulk" in buttons(wire.homes[ADA])
    await slack.press_home(ADA, "home_bulk")
    assert wire.view["callback_id"] == "bulk_form"


@pytest.mark.parametrize("allowed", [True, False])
async def test_a_password_is_mailed_only_where_that_is_allowed(slack, house, wire, allowed):
    """Where the operator forbids it, the form does not offer it, and a forged choice is refused at its field."""
    house.with_rules(mail_password=allowed)
    slack = await anew(slack, house)
    await slack.command(ADA, "bulk")
    offered = [one["value"] for one in block(wire.view, "delivery")["element"]["options"]]
    assert offered == (["dm", "mail"] if allowed else ["dm"])
    mail = {"delivery_tick": {"type": "checkboxes", "selected_options": [{"value": "mail"}]}}
    _, heard = await slack.submit(ADA, slack.bulk_values(pasted="bob", delivery=mail))
    assert list(heard.get("errors", {})) == ([] if allowed else ["delivery"])


async def anew(slack, house):
    """Return Slack before a house whose rules have changed."""
    from handlers.register import register
    from tests.handlers.conftest import APP

    slack.app._async_listeners.clear()
    register(slack.app, house.tools, app_id=APP)
    return slack


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({}, "people"),
        ({"people": [option("corp", "")]}, "people"),
        ({"groups": [option("none", "")]}, "groups"),
        ({"pasted": "x" * 3001}, "pasted"),
        ({"pasted": "bob", "start": 1}, "start"),
        ({"pasted": "bob", "start": 9_999_999_999}, "start"),
        ({"pasted": "bob", "start": 10**18}, "start"),
        ({"pasted": "bob", "why": {"why_pick": {"selected_option": {"value": "fun"}}}}, "why"),
        ({"pasted": "bob", "ticket": {"ticket_text": {"value": "x" * 201}}}, "ticket"),
    ],
)
async def test_what_can_be_seen_at_once_is_said_at_its_field(slack, house, wire, changes, field):
    """Before anybody is looked up, and everything else that was entered stays."""
    await slack.command(ADA, "bulk")
    wire.calls.clear()
    house.directory.calls.clear()
    _, heard = await slack.submit(ADA, slack.bulk_values(**changes))
    assert list(heard["errors"]) == [field]
    assert len(heard["errors"][field]) > 40
    assert wire.calls == house.directory.calls == []


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "nothing in this file"),
        (b"login\r\n", "nobody under it"),
        (b"PK\x03\x04" + b"\x00" * 50, "not a plain CSV"),
        (b"<html><title>Sign in</title></html>", "a web page"),
        (b'login\r\n"bob\r\n', "quotation mark"),
        (b"login,password\r\nbob,Summer2026!\r\n", "holds passwords"),
        (b"Colour,Shape\r\nRed,Round\r\nGreen,Round\r\n", "no column of logins"),
    ],
)
async def test_a_wrong_file_is_said_and_the_form_comes_back_filled(slack, house, wire, content, sentence):
    """With everything that was entered but the file, which Slack cannot put back."""
    bob = option("corp", house.ids["bob"])
    await slack.command(ADA, "bulk")
    values = slack.bulk_values(people=[bob], file=wire.upload(content), pasted="eve", start=1_772_500_000)
    await slack.submit(ADA, values)
    assert sentence in texts(wire.view)
    assert wire.view["callback_id"] == "bulk_form"
    assert block(wire.view, "people")["element"]["initial_options"] == [bob]
    assert block(wire.view, "pasted")["element"]["initial_value"] == "eve"
    assert block(wire.view, "start")["element"]["initial_date_time"] == 1_772_500_000
    assert block(wire.view, "why")["element"]["initial_option"]["value"] == "forgot"
    await slack.submit(ADA, slack.bulk_values(people=[bob]))
    assert "1 person will be reset" in texts(wire.view)


async def test_a_directory_that_does_not_answer_leaves_the_form(slack, house, wire):
    """It is said, and can be tried again from where one was."""
    await slack.command(ADA, "bulk")
    house.directory.before["fetch"] = [Unreachable()]
    await slack.submit(ADA, slack.bulk_values(pasted="bob"))
    assert "cannot be reached" in texts(wire.view)
    assert block(wire.view, "pasted")["element"]["initial_value"] == "bob"


async def test_a_mention_is_the_person(slack, house, wire):
    """As Slack writes it in a list: the address that Slack has confirmed finds the account."""
    from tests.support.slackwire import person

    wire.people[BOB] = person(BOB, "Bob", profile={"email": "bob@example.com"})
    await slack.preview(pasted=f"<@{BOB}> <@U0NOBODY>")
    assert "1 person will be reset" in texts(wire.view)
    assert "not found" in texts(wire.view)


async def test_nobody_left_asks_for_no_code(slack, wire):
    """Everybody is left out: the reasons, and nothing to go on with."""
    await slack.preview(pasted="dora, una, nobody.here")
    assert "Nobody will be reset" in texts(wire.view)
    assert "submit" not in wire.view
    assert block(wire.view, "code") is None
    assert "Show" in buttons(wire.view)["bulk_excluded"]["text"]["text"]


async def test_each_exclusion_is_listed(slack, house, wire):
    """*Show* lays the list over the preview; pages of twenty turn in place."""
    names = [f"nobody{number}" for number in range(45)] + ["bob"]
    await slack.preview(pasted="\n".join(names))
    under = wire.view_id
    show = buttons(wire.view)["bulk_excluded"]
    await slack.press_in_view(ADA, "bulk_excluded", show["value"])
    assert wire.called("views.push")
    assert wire.view_id != under
    first = texts(wire.view)
    assert "Page 1 of 3" in first
    assert set(buttons(wire.view)) == {"bulk_page_next"}
    await slack.press_in_view(ADA, "bulk_page_next", buttons(wire.view)["bulk_page_next"]["value"])
    second = texts(wire.view)
    assert "Page 2 of 3" in second
    assert first != second
    assert set(buttons(wire.view)) == {"bulk_page_back", "bulk_page_next"}
    await slack.press_in_view(ADA, "bulk_page_back", buttons(wire.view)["bulk_page_back"]["value"])
    assert texts(wire.view) == first
    assert len(wire.called("views.push")) == 1
    assert wire.views[under]["view"]["callback_id"] == "bulk_preview"


@pytest.mark.parametrize("value", ["", "nonsense", "nonsense:1", "disabled:x", "disabled:²", "disabled:99999999999999"])
async def test_a_forged_page_does_no_harm(slack, wire, value):
    """An empty page or a sentence."""
    await slack.preview(pasted="bob, dora")
    status, _ = await slack.press_in_view(ADA, "bulk_excluded", value)
    assert status == 200
    assert "side" not in texts(wire.view)  # "Something went wrong on my side"


async def test_a_crowd_has_its_number_typed(slack, house, wire):
    """From 26 on: a wrong number is said at its field, and the right one goes through."""
    from directory.local_people import NewAccount

    crowd = [NewAccount(f"p{n}", f"P {n}", "P", str(n), f"p{n}@example.com") for n in range(30)]
    await house.local.add_accounts(crowd)
    from desk import sweep
    from tests.support.slackwire import person

    await sweep.refresh(house.tools, "corp")
    wire.people |= {f"UP{n}": person(f"UP{n}", f"P {n}", profile={"email": f"p{n}@example.com"}) for n in range(30)}
    await slack.preview(file=wire.upload("\n".join(["login", *(one.login for one in crowd)]).encode()))
    assert "30 people will be reset" in texts(wire.view)
    assert len(wire.called("users.list")) == 1
    for number in (None, "", "29", "x"):
        _, heard = await slack.submit(ADA, slack.proof_values(number=number))
        assert list(heard["errors"]) == ["number"]
    _, heard = await slack.submit(ADA, slack.proof_values(number="30"))
    assert heard["response_action"] == "update"


async def test_a_preview_counts_once(slack, wire):
    """Sent twice: the second is told at the code's field."""
    await slack.preview(pasted="bob")
    shown = dict(wire.views[wire.view_id])
    _, heard = await slack.submit(ADA, slack.proof_values())
    assert heard["response_action"] == "update"
    wire.views[wire.view_id] = shown
    _, heard = await slack.submit(ADA, slack.proof_values())
    assert list(heard["errors"]) == ["code"]


async def test_the_template_comes_as_a_file_and_the_form_stays(slack, wire):
    """In the person's own messages; sent back as it is, it names nobody."""
    await slack.command(ADA, "bulk")
    await slack.press_in_view(ADA, "bulk_template", values=slack.bulk_values(pasted="bob"))
    (one,) = wire.sent
    assert one["channel_id"] == f"D{ADA}"
    assert b"login or e-mail" in one["content"]
    assert len(one["content"]) == one["length"]
    assert wire.view["callback_id"] == "bulk_form"
    assert "in your messages" in texts(wire.view)
    assert block(wire.view, "pasted")["element"]["initial_value"] == "bob"
    wire.wrong["files.getUploadURLExternal"] = ["internal_error"]
    await slack.press_in_view(ADA, "bulk_template")
    assert "did not take the template" in texts(wire.view)


async def test_what_was_chosen_is_somebody_elses(slack, wire):
    """Eve, who has no role, gets nothing out of Ada's form, preview or run."""
    await slack.preview(pasted="bob, dora")
    for deed in (
        slack.press_in_view(EVE, "bulk_excluded", "disabled:0"),
        slack.press(EVE, "bulk_cancel", "any"),
    ):
        await deed
    assert "dora" not in texts(wire.view)
    assert "Dora" not in json.dumps(wire.posts)


@pytest.mark.parametrize(("text", "bulk"), [("bulk", True), (" BULK ", True), ('"bulk"', False), ("bulky", False)])
async def test_one_word_asks_for_many(slack, wire, text, bulk):
    """In any case; in quotes it is somebody's name."""
    await slack.command(ADA, text)
    assert (wire.view.get("callback_id") == "bulk_form") == bulk


async def test_the_ack_waits_for_nobody(either, house, wire):
    """Neither for Slack nor for a directory; who closes the modal meanwhile is left alone."""
    import asyncio

    slow = asyncio.Event()
    await either.command(ADA, "bulk")
    wire.wrong["files.info"] = [slow]
    values = either.bulk_values(file=wire.upload(b"login\r\nbob\r\n"))
    status, heard = await either.submit(ADA, values, wait=False)
    assert (status, heard["response_action"]) == (200, "update")
    await wire.asked("files.info")
    wire.views.clear()
    slow.set()
    assert await either.in_flight.drain(10) == 0
    assert wire.views == {}
    assert not wire.posts


async def test_the_requesters_own_account_is_left_out(slack, wire):
    """And said so, like everybody else who is."""
    await slack.preview(pasted="ada, bob")
    assert "yourself, the requester" in texts(wire.view)


async def test_neither_way_reaches_the_recovery_address_alone(slack, house, wire):
    """With no box ticked; whoever has no such address is left out with that reason."""
    house.with_rules(mail_password=True)
    slack = await anew(slack, house)
    neither = {"delivery_tick": {"type": "checkboxes", "selected_options": []}}
    await slack.preview(pasted="bob, eve", delivery=neither)
    said = texts(wire.view)
    assert "1 person will be reset" in said
    assert "mail to the recovery address: 1" in said
    assert "no safe way to reach the person" in said


async def test_a_time_can_be_chosen(slack, house, wire):
    """The hold then ends at that time."""
    from datetime import timedelta

    later = house.clock.now + timedelta(days=2)
    await slack.preview(pasted="bob", start=int(later.timestamp()))
    assert f"<!date^{int(later.timestamp())}^" in texts(wire.view)
    _, heard = await slack.submit(ADA, slack.proof_values())
    assert f"<!date^{int(later.timestamp())}^" in texts(heard["view"])


async def test_a_list_of_one_does_not_pass_by_the_question_who_is_calling(slack, house):
    """Where the form for one asks, one is asked for by name; two are a run as ever."""
    slack.rules(verification={Tier.STANDARD: Needed.SAID})
    await slack.preview(pasted="bob")
    _, heard = await slack.submit(ADA, slack.proof_values())
    assert "This list is of one person" in texts(heard["view"])
    assert Deed.PROVED not in await house.deeds()
    await slack.preview(pasted="bob, eve")
    _, heard = await slack.submit(ADA, slack.proof_values())
    assert heard["response_action"] == "update"
    assert Deed.PROVED in await house.deeds()
