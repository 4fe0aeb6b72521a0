"""Modals and Homes: triggers that die, stacks that end, hashes that conflict."""

from __future__ import annotations

import pytest

from practice.errors import CannotDo

MORGAN, ROBIN, DANA = "U0MORGAN001", "U0ROBIN0001", "U0DANAEXT01"


@pytest.fixture
def trigger(workspace):
    """Answer a function that gives a fresh trigger of Morgan's."""
    return lambda view=None: workspace.triggers.new(MORGAN, view=view)


async def test_a_trigger_works_once(client, refused, trigger, build):
    """exchanged_trigger_id the second time."""
    mine = trigger()
    await client.views_open(trigger_id=mine, view=build.modal())
    answer = await refused(client.views_open(trigger_id=mine, view=build.modal()))
    assert answer["error"] == "exchanged_trigger_id"


async def test_a_trigger_lives_three_seconds(client, refused, trigger, build, clock):
    """It works at three seconds, and not after."""
    early, late = trigger(), trigger()
    clock.tick(seconds=3)
    await client.views_open(trigger_id=early, view=build.modal())
    clock.tick(milliseconds=1)
    assert (await refused(client.views_open(trigger_id=late, view=build.modal())))["error"] == "expired_trigger_id"


@pytest.mark.parametrize("forged", ["nonsense", "123.456.abcdef"])
async def test_a_trigger_cannot_be_made_up(client, refused, build, forged):
    """invalid_trigger_id."""
    assert (await refused(client.views_open(trigger_id=forged, view=build.modal())))["error"] == "invalid_trigger_id"


async def test_a_faulty_view_spends_no_trigger(client, refused, trigger, build):
    """The arguments are judged first, so the app may try again within the three seconds."""
    mine = trigger()
    answer = await refused(client.views_open(trigger_id=mine, view=build.modal(build.field())))
    assert answer["error"] == "invalid_arguments"
    await client.views_open(trigger_id=mine, view=build.modal())


async def test_three_views_and_no_more(client, refused, trigger, build):
    """push_limit_reached at the fourth; each knows its root and the one below."""
    first = (await client.views_open(trigger_id=trigger(), view=build.modal()))["view"]
    second = (await client.views_push(trigger_id=trigger(first["id"]), view=build.modal()))["view"]
    third = (await client.views_push(trigger_id=trigger(second["id"]), view=build.modal()))["view"]
    assert (third["root_view_id"], third["previous_view_id"]) == (first["id"], second["id"])
    answer = await refused(client.views_push(trigger_id=trigger(third["id"]), view=build.modal()))
    assert answer["error"] == "push_limit_reached"


async def test_a_push_needs_a_view_to_stand_on(client, refused, trigger, build):
    """not_found for a trigger that was set off outside a modal."""
    assert (await refused(client.views_push(trigger_id=trigger(), view=build.modal())))["error"] == "not_found"


async def test_an_old_hash_conflicts(client, refused, trigger, build):
    """Every update gives a new hash; the one before no longer works, none at all does."""
    view = (await client.views_open(trigger_id=trigger(), view=build.modal()))["view"]
    again = (await client.views_update(view_id=view["id"], hash=view["hash"], view=build.modal()))["view"]
    assert again["hash"] != view["hash"]
    answer = await refused(client.views_update(view_id=view["id"], hash=view["hash"], view=build.modal()))
    assert answer["error"] == "hash_conflict"
    await client.views_update(view_id=view["id"], view=build.modal())


async def test_an_external_id_is_unique_and_finds_its_view(client, refused, trigger, build):
    """duplicate_external_id while the first is open; views.update finds it by that name."""
    await client.views_open(trigger_id=trigger(), view=build.modal(external_id="mine"))
    assert (await client.views_update(external_id="mine", view=build.modal(external_id="mine")))["ok"]
    answer = await refused(client.views_open(trigger_id=trigger(), view=build.modal(external_id="mine")))
    assert answer["error"] == "duplicate_external_id"


async def test_a_closed_view_is_not_found(client, refused, trigger, build, workspace):
    """views.update after the person closed it."""
    view = (await client.views_open(trigger_id=trigger(), view=build.modal()))["view"]
    await workspace.do(MORGAN, do="close", view_id=view["id"])
    answer = await refused(client.views_update(view_id=view["id"], view=build.modal()))
    assert answer["error"] == "not_found"


async def test_defaults_are_written_out(client, trigger, build):
    """A view comes back with ids for every block and action, as Slack gives it back."""
    button = {"type": "button", "text": build.text("Go")}
    view = build.modal({"type": "actions", "elements": [button]}, build.field(), submit=build.text("Send"))
    made = (await client.views_open(trigger_id=trigger(), view=view))["view"]
    assert made["blocks"][0]["block_id"]
    assert made["blocks"][0]["elements"][0]["action_id"]
    assert (made["blocks"][1]["optional"], made["title"]["text"]) == (False, "Title")
    assert made["state"] == {"values": {}}


async def test_a_home_keeps_its_id_and_minds_its_hash(client, refused):
    """views.publish replaces a person's Home; hash_conflict with an old hash."""
    home = {"type": "home", "blocks": [{"type": "divider"}]}
    first = (await client.views_publish(user_id=MORGAN, view=home))["view"]
    second = (await client.views_publish(user_id=MORGAN, view=home, hash=first["hash"]))["view"]
    assert (second["id"], second["type"]) == (first["id"], "home")
    answer = await refused(client.views_publish(user_id=MORGAN, view=home, hash=first["hash"]))
    assert answer["error"] == "hash_conflict"


@pytest.mark.parametrize("user", [DANA, "U0LEFT00001", "U0OTHERBOT1", "U0NOBODY001"])
async def test_only_members_have_a_home(client, refused, user):
    """No Home for strangers, bots, the deactivated and the unknown."""
    home = {"type": "home", "blocks": [{"type": "divider"}]}
    assert (await refused(client.views_publish(user_id=user, view=home)))["error"] == "invalid_arguments"


async def test_entries_survive_an_update_where_ids_stay(bot, workspace, trigger, build):
    """What was typed stays while block and action stay, and goes when either changes."""
    button = {"type": "button", "action_id": "go", "text": build.text("Go")}
    blocks = [build.field(), {"type": "actions", "block_id": "do", "elements": [button]}]
    view = build.modal(*blocks, submit=build.text("Send"))
    made = (await bot.client.views_open(trigger_id=trigger(), view=view))["view"]
    typed = {"code": {"code_text": {"type": "plain_text_input", "value": "123456"}}}
    where = {"type": "view", "view_id": made["id"]}
    action = {"type": "button", "block_id": "do", "action_id": "go"}
    await workspace.do(MORGAN, do="act", container=where, action=action, values=typed)
    assert (await bot.next())["view"]["state"]["values"]["code"]["code_text"]["value"] == "123456"
    same = (await bot.client.views_update(view_id=made["id"], view=view))["view"]
    assert same["state"]["values"] == typed
    other = build.modal(build.field(action_id="code_text_2"), submit=build.text("Send"))
    fresh = (await bot.client.views_update(view_id=made["id"], view=other))["view"]
    assert fresh["state"]["values"] == {}


async def test_nobody_acts_in_anothers_view(client, workspace, trigger, build):
    """A view belongs to one person."""
    made = (await client.views_open(trigger_id=trigger(), view=build.modal()))["view"]
    with pytest.raises(CannotDo):
        await workspace.do(ROBIN, do="close", view_id=made["id"])
