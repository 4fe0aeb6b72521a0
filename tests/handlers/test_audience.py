"""Each surface names for whom it is, and everybody else hears a sentence before any directory is asked."""

from __future__ import annotations

import functools

import pytest

from desk import number, vouch
from desk.forms import APPROVAL, DENIAL, open_form, role_of
from handlers.hook import Hook
from handlers.register import SURFACES
from handlers.surface import Audience
from resets.actor import SlackPerson
from resets.request import Tier
from resets.verification import Needed
from store import admins
from tests.handlers.conftest import ADA, BOB, EVE
from tests.support.house import enrolled
from tests.support.slackwire import TEAM, person, texts

CONTROLS = ("bulk_pause", "bulk_resume", "bulk_cancel", "bulk_retry")
CARD = ("approval_details", "approval_approve", "approval_deny", "approval_change", "approval_withdraw")
PEOPLE_AGAINST_WHOM = {
    "guest": {"is_restricted": True},
    "guest of one channel": {"is_ultra_restricted": True},
    "bot": {"is_bot": True},
    "deactivated": {"deleted": True},
    "stranger": {"is_stranger": True},
    "of another team": {"team_id": "T0OTHER"},
}


def test_every_surface_names_its_audience():
    """The closed list: a new surface has to be put into it, with its audience."""
    assert {name: surface.audience.value for name, surface in SURFACES.items()} == {
        "freeze": "role",
        "resume": "role",
        "home_freeze": "role",
        "home_resume": "role",
        "resume_form": "role",
        "help": "team",
        "reset": "role",
        "reset_person": "role",
        "home_reset": "role",
        "who_pick": "role",
        "reset_who": "role",
        "reset_form": "role",
        "number_ask": "role",
        "number_press": "addressee",
        "number_deny": "addressee",
        "vouch_ask": "role",
        "vouch_begin": "addressee",
        "vouch_deny": "addressee",
        "vouch_form": "addressee",
        "show_password": "addressee",
        "pickup_form": "addressee",
        "not_me": "addressee",
        "retry_step": "role",
        "home": "addressee",
        "bulk": "role",
        "home_bulk": "role",
        "bulk_people": "role",
        "bulk_groups": "role",
        "bulk_template": "role",
        "bulk_form": "role",
        "bulk_excluded": "role",
        "bulk_page_back": "role",
        "bulk_page_next": "role",
        "bulk_preview": "role",
        "approval_details": "role",
        "approval_approve": "role",
        "approval_deny": "role",
        "approval_change": "role",
        "approval_withdraw": "role",
        "approval_form": "role",
        "denial_form": "role",
        "bulk_pause": "role",
        "bulk_resume": "role",
        "bulk_cancel": "role",
        "bulk_retry": "role",
    }


def test_the_app_listens_to_nothing_else(slack):
    """Every listener of the app is a surface, and every surface has one."""
    listeners = [listener.ack_function.__name__ for listener in slack.app._async_listeners]
    assert listeners == list(SURFACES)


async def do(slack, name, user, /, **changes):
    """Do what a surface is for, as `user`; returns every text that the user then reads."""
    whom = slack.who_values(who=f"corp/{slack.house.ids['bob']}")
    deeds = {
        "freeze": lambda: slack.command(user, "freeze somebody rings our people", **changes),
        "resume": lambda: slack.command(user, "resume", **changes),
        "home_freeze": lambda: slack.press_home(user, name, **changes),
        "home_resume": lambda: slack.press_home(user, name, **changes),
        "resume_form": lambda: slack.submit(user, slack.code_values(), **changes),
        "help": lambda: slack.command(user, "help", **changes),
        "reset": lambda: slack.command(user, "bob", **changes),
        "reset_person": lambda: slack.shortcut(user, BOB, **changes),
        "home_reset": lambda: slack.press_home(user, **changes),
        "who_pick": lambda: slack.type(user, "bak", **changes),
        "reset_who": lambda: slack.submit(user, whom, **changes),
        "reset_form": lambda: slack.submit(user, slack.reset_values(), **changes),
        "number_ask": lambda: slack.press_in_view(user, name, slack.form_id, **changes),
        "number_press": lambda: slack.press(user, name, f"{slack.match.id}:{slack.match.right}", **changes),
        "number_deny": lambda: slack.press(user, name, slack.match.id, **changes),
        "vouch_ask": lambda: slack.press_in_view(user, name, slack.form_id, values=slack.reset_values(), **changes),
        "vouch_begin": lambda: slack.press(user, name, slack.vouch.id, **changes),
        "vouch_deny": lambda: slack.press(user, name, slack.vouch.id, **changes),
        "vouch_form": lambda: slack.submit(user, slack.code_values(), **changes),
        "show_password": lambda: slack.press(user, name, slack.target, **changes),
        "pickup_form": lambda: slack.submit(user, slack.pickup_values("AAAA-AAAA"), **changes),
        "not_me": lambda: slack.press(user, name, slack.target, **changes),
        "retry_step": lambda: slack.press(user, name, f"{slack.target}:sessions", **changes),
        "home": lambda: slack.open_home(user, **changes),
        "bulk": lambda: slack.command(user, "bulk", **changes),
        "home_bulk": lambda: slack.press_home(user, name, **changes),
        "bulk_people": lambda: slack.type(user, "bak", action_id=name, **changes),
        "bulk_groups": lambda: slack.type(user, "sal", action_id=name, **changes),
        "bulk_template": lambda: slack.press_in_view(user, name, **changes),
        "bulk_form": lambda: slack.submit(user, slack.bulk_values(pasted="bob"), **changes),
        "bulk_excluded": lambda: slack.press_in_view(user, name, "disabled:0", **changes),
        "bulk_page_back": lambda: slack.press_in_view(user, name, "disabled:0", **changes),
        "bulk_page_next": lambda: slack.press_in_view(user, name, "disabled:0", **changes),
        "bulk_preview": lambda: slack.submit(user, slack.proof_values(), **changes),
        **{button: functools.partial(slack.press, user, button, slack.target, **changes) for button in CONTROLS + CARD},
        "approval_form": lambda: slack.submit(user, slack.code_values(), **changes),
        "denial_form": lambda: slack.submit(user, slack.why_values("no"), **changes),
    }
    seen, before = len(slack.wire.posts), dict(slack.wire.views)
    _, heard = await deeds[name]()
    now = [kept["view"] for key, kept in slack.wire.views.items() if before.get(key) != kept]
    home = slack.wire.homes.get(user, {})
    return "\n".join([texts([slack.wire.posts[seen:], heard, now, home]), *heard.get("errors", {}).values()])


async def prepare(slack, name):
    """Bring the house to where a surface can be used at all."""
    slack.house.clock.tick(seconds=61)
    slack.target = "no such target"
    if name in {"show_password", "pickup_form", "not_me", "home", "retry_step"}:
        await slack.reset()
        slack.target = await slack.target_id()
    kinds = {"number": prepare_number, "vouch": prepare_vouch, "approval": opened, "denial": opened}
    if made := kinds.get(name.partition("_")[0]):
        await made(slack, name)
    elif name == "pickup_form":
        await slack.press(BOB, "show_password", slack.target)
    elif name in {"who_pick", "reset_who"}:
        await slack.command(ADA)
    elif name == "reset_form":
        await slack.command(ADA, "bob")
    elif name in {"bulk_people", "bulk_groups", "bulk_template", "bulk_form"}:
        await slack.command(ADA, "bulk")
    elif name in {"bulk_excluded", "bulk_page_back", "bulk_page_next", "bulk_preview"}:
        await slack.preview(pasted="bob, dora")
    elif name in {"resume", "home_resume", "resume_form"}:
        await slack.command(ADA, "freeze")
        slack.house.clock.tick(hours=25)  # the last one was a day ago
        await slack.command(ADA, "freeze")
    if name == "resume_form":
        await slack.command(ADA, "resume")
    slack.house.directory.calls.clear()


async def prepare_number(slack, name):
    """Open a form whose person may be asked for a number, and, for their own buttons, ask."""
    slack.rules(verification={Tier.STANDARD: Needed.SAID})
    await slack.command(ADA, "bob")
    slack.form_id = slack.wire.view["private_metadata"]
    if name != "number_ask":
        slack.match = await number.ask(slack.house.tools, slack.form_id, SlackPerson(TEAM, ADA))


async def prepare_vouch(slack, name):
    """Open a form about eve, whom bob manages, and, for his own part, ask him."""
    tools, bob = slack.house.tools, SlackPerson(TEAM, BOB)
    slack.rules(verification={Tier.STANDARD: Needed.SAID})
    await slack.house.local.change_account(slack.house.ids["eve"], manager="bob")
    async with slack.house.store.read() as tx:
        known = await admins.by_slack(tx, bob)
    if known is None:
        await enrolled(slack.house, bob, "bob")
    await slack.command(ADA, "eve")
    slack.form_id = slack.wire.view["private_metadata"]
    if name != "vouch_ask":
        slack.vouch = await vouch.ask(tools, slack.form_id, SlackPerson(TEAM, ADA), "forgot")
    if name == "vouch_form":
        await slack.press(BOB, "vouch_begin", slack.vouch.id)


async def opened(slack, name):
    """Let ada have a form of this kind open, as if somebody's request waited for her."""
    kind = {"denial_form": DENIAL}.get(name, APPROVAL)
    ada = SlackPerson(TEAM, ADA)
    async with slack.house.store.write() as tx:
        actor = await role_of(tx, ada)
        form_id = await open_form(slack.house.tools, tx, kind, ada, actor, {"request": "R1", "digest": "0"})
    view = {"type": "modal", "callback_id": name, "private_metadata": form_id, "blocks": []}
    slack.wire.put(f"V{form_id}", view)


OTHERS = {
    "another team": ({"team_id": "T0OTHER", "team": {"id": "T0OTHER"}}, "another Slack workspace"),
    "another app": ({"api_app_id": "A0OTHER"}, "another app"),
    "nobody": ({"user_id": "", "user": {"team_id": "T0REKEY"}, "event": {"tab": "home"}}, "could not say who this is"),
}


@pytest.mark.parametrize("name", SURFACES)
async def test_what_does_not_come_from_our_team_by_our_app_is_refused(slack, name):
    """By the payload alone, on every surface, also on those for anybody of the team."""
    user = BOB if SURFACES[name].audience is Audience.ADDRESSEE else ADA
    for other, (changes, sentence) in OTHERS.items():
        await prepare(slack, name)
        said = await do(slack, name, user, **changes)
        whose = None if name == "home" and other == "nobody" else sentence  # there is no Home of nobody
        assert whose is None or whose in said, other
        assert slack.house.directory.calls == [], other


@pytest.mark.parametrize("name", [n for n, s in SURFACES.items() if s.hook not in (Hook.COMMAND, Hook.EVENT)])
async def test_a_stranger_in_a_shared_channel_is_refused(slack, name):
    """Slack Connect: the channel is ours, the person is not."""
    await prepare(slack, name)
    said = await do(slack, name, ADA, user={"id": ADA, "team_id": "T0OTHER"})
    assert "another Slack workspace" in said
    assert slack.house.directory.calls == []


@pytest.mark.parametrize("name", [n for n, s in SURFACES.items() if s.audience is Audience.ROLE])
async def test_a_colleague_without_a_role_is_refused(slack, name):
    """No role, no form, no suggestion, no retry; and what an admin has open is not theirs."""
    await prepare(slack, name)
    said = await do(slack, name, EVE)
    assert "role that you do not have" in said or "meant for somebody else" in said
    assert slack.house.directory.calls == []
    assert "Bob Baker" not in said


ADDRESSED = [name for name, surface in SURFACES.items() if surface.audience is Audience.ADDRESSEE and name != "home"]


@pytest.mark.parametrize("name", ADDRESSED)
async def test_a_colleague_is_not_the_addressee(slack, name):
    """Neither Eve nor the requester herself sees or stops what is Bob's."""
    await prepare(slack, name)
    slack.lands = False
    for user in (EVE, ADA):
        assert "meant for somebody else" in await do(slack, name, user)
    for _, password in slack.house.directory.passwords:
        assert password not in repr(slack.wire.calls) + repr(slack.wire.posts)


ASKED_OF_SLACK = [
    *("reset", "reset_person", "home_reset", "who_pick", "reset_who", "show_password", "retry_step", "home"),
    *("number_ask", "number_press", "number_deny", "vouch_ask", "vouch_begin", "vouch_deny"),
    *("bulk", "home_bulk", "bulk_people", "bulk_groups", "bulk_template", "bulk_form", "bulk_excluded"),
    *(
        "bulk_page_back",
        "bulk_page_next",
        "resume",
        "home_resume",
        "bulk_pause",
        "bulk_resume",
        "bulk_cancel",
        "bulk_retry",
    ),
    *CARD,
]


@pytest.mark.parametrize("name", ASKED_OF_SLACK)
async def test_only_full_living_members_get_in(slack, name):
    """Whatever role or message somebody has: Slack has the last word, before a directory is asked."""
    user = BOB if SURFACES[name].audience is Audience.ADDRESSEE else ADA
    for who, facts in PEOPLE_AGAINST_WHOM.items():
        slack.wire.people[user] = person(user)
        await prepare(slack, name)
        slack.wire.people[user] = person(user, **facts)
        slack.house.clock.tick(seconds=61)
        said = await do(slack, name, user)
        assert "so nothing was" in said, who
        assert "Bob Baker" not in said, who
        assert slack.house.directory.calls == [], who


async def test_help_is_for_anybody_of_the_team(either, wire):
    """In the ack, without a role, without a question to Slack; to the person alone."""
    for text in ("help", " HELP ", "?"):
        status, heard = await either.command(EVE, text)
        assert status == 200
        assert heard["response_type"] == "ephemeral"
        assert "/reset-password" in texts(heard)
    assert wire.calls == []


async def test_a_member_is_remembered_for_a_minute(slack, wire, house):
    """Within 60 seconds Slack is asked once; after that again."""
    await slack.open_home(BOB)
    await slack.open_home(BOB)
    assert wire.called("users.info") == [{"user": BOB}]
    house.clock.tick(seconds=60)
    await slack.open_home(BOB)
    assert len(wire.called("users.info")) == 2


async def test_not_more_than_a_thousand_are_remembered(slack, wire, monkeypatch):
    """The oldest is forgotten; the memory has an end."""
    monkeypatch.setattr("handlers.members.MOST", 1)
    for user in (BOB, EVE, BOB):
        await slack.open_home(user)
    assert [call["user"] for call in wire.called("users.info")] == [BOB, EVE, BOB]
