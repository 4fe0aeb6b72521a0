"""Who holds a role, and whom it may reset: read anew when a form fills, for a preview, and before the write."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from sqlalchemy import delete, text

from desk import choose, home, look, roles
from desk.forms import role_of
from directory.base import GroupKind, NotAllowed, Unreachable
from directory.local_tables import members
from resets.facts import AskReset, Excluded
from resets.reasons import Reason, Refused
from resets.request import RequestState, TargetState, Tier
from resets.scope import Grant, Listed, Place
from tests.support import bulks
from tests.support.house import ADA, BOB, EVE
from tests.support.previews import make, planned, refusal, why_not, wish
from views import home as page

DESK = Place("corp", GroupKind.GROUP, "Service desk")
SALES = Place("corp", GroupKind.GROUP, "Sales")
CHIEFS = Place("corp", GroupKind.GROUP, "Chiefs")
STANDARD, SENSITIVE = frozenset({Tier.STANDARD}), frozenset({Tier.SENSITIVE})


def held(house, place=DESK):
    house.with_rules(held_in={"admin": place})


def may(house, *grants):
    house.with_rules(grants={"admin": grants})


async def put(house, group, *logins, groups=()):
    await house.local.add_group(group, members=[house.ids[login] for login in logins], groups=groups)


async def take_out(house, login):
    """Take somebody out of every group, as another admin of the directory would."""
    gone = delete(members).where(members.c.account_id == house.ids[login])
    await house.local._parts.file.write(lambda conn: conn.execute(gone))


async def ada(house):
    async with house.store.read() as tx:
        return await role_of(tx, ADA)


async def not_held(house):
    with pytest.raises(Refused) as refused:
        await roles.holds(house.tools, await ada(house))
    return refused.value


# -- roles -------------------------------------------------------------------------------------------------


async def test_a_role_without_a_group_is_held_by_enrolment(house):
    """The enrolled admin's own account comes back, read just now."""
    assert (await roles.holds(house.tools, await ada(house))).login == "ada"


async def test_a_role_that_is_not_configured_any_more_is_held_by_nobody(house):
    """An enrolment outlives its role; the role does not come back by it."""
    house.with_rules(grants={"helpdesk": ()})
    assert (await not_held(house)).reason is Reason.NO_ROLE
    assert (await home.unheld(house.tools, ADA)).reason is Reason.NO_ROLE
    with pytest.raises(Refused) as refused:
        await look.suggest(house.tools, await look.start(house.tools, ADA), ADA, "bob")
    assert refused.value.reason is Reason.NO_ROLE


async def test_a_role_with_a_group_is_held_by_its_members(house):
    """Nested membership counts, and counts no longer as soon as it is taken away."""
    held(house)
    await put(house, "Service desk", groups=("Night shift",))
    no = await not_held(house)
    assert (no.reason, no.facts) == (
        Reason.ROLE_NOT_HELD,
        {"role": "admin", "place": "group:Service desk", "directory": "corp"},
    )
    await put(house, "Night shift", "ada")
    assert (await roles.holds(house.tools, await ada(house))).login == "ada"
    await take_out(house, "ada")
    assert (await not_held(house)).reason is Reason.ROLE_NOT_HELD


async def test_a_group_that_is_not_there_grants_nothing(house):
    """Nobody holds a role whose group does not exist, is a unit, or may not be read."""
    held(house)
    assert (await not_held(house)).reason is Reason.ROLE_UNREAD
    await put(house, "Service desk", "ada")
    house.directory.before["inside"] = [NotAllowed()]
    assert (await not_held(house)).reason is Reason.ROLE_UNREAD
    held(house, Place("corp", GroupKind.OU, "Service desk"))
    assert (await not_held(house)).reason is Reason.ROLE_UNREAD


async def test_a_directory_that_does_not_answer_is_not_waited_for_by_a_form(house):
    """The worker may try again; whoever waits before a screen does not hold the role now, and hears so."""
    held(house)
    await put(house, "Service desk", "ada")
    house.directory.before["place"] = [Unreachable(), Unreachable()]
    with pytest.raises(Unreachable):
        await roles.holds(house.tools, await ada(house))
    with pytest.raises(Refused) as refused:
        await roles.demand(house.tools, await ada(house))
    assert refused.value.reason is Reason.ROLE_UNREAD
    house.with_rules(held_in={})
    house.directory.before["fetch"] = [Unreachable()]
    with pytest.raises(Refused) as refused:
        await roles.demand(house.tools, await ada(house))
    assert refused.value.reason is Reason.DIRECTORY_DOWN


async def test_a_form_opens_without_a_directory_and_looks_nobody_up_without_the_role(filled):
    """The start asks no directory; typing, looking up and previewing do, and show nothing to whom is no member."""
    held(filled)
    await put(filled, "Service desk", "bob")
    form_id = await look.start(filled.tools, ADA)
    bulk_id = await choose.start(filled.tools, ADA)
    assert filled.directory.calls == []
    for asked in (
        lambda: look.suggest(filled.tools, form_id, ADA, "bob"),
        lambda: choose.suggest_groups(filled.tools, bulk_id, ADA, "service"),
        lambda: filled.form("bob"),
    ):
        with pytest.raises(Refused) as refused:
            await asked()
        assert refused.value.reason is Reason.ROLE_NOT_HELD
    assert (await refusal(filled, wish("bob"))).reason is Reason.ROLE_NOT_HELD


async def test_the_role_is_read_once_for_what_is_typed_in_one_form(filled):
    """A typeahead asks the directory at its first letters, and is the index's own after that."""
    held(filled)
    await put(filled, "Service desk", "ada")
    form_id = await look.start(filled.tools, ADA)
    for typed in ("sam", "same", "same ", "sam"):
        assert len(await look.suggest(filled.tools, form_id, ADA, typed)) == 2
    assert filled.directory.calls.count("inside") == 1


async def test_home_says_whose_role_is_not_theirs(house):
    """An admin whose group is gone, or who left it, reads so in Home; everybody else nothing."""
    assert await home.unheld(house.tools, ADA) is None
    held(house)
    assert (await home.unheld(house.tools, ADA)).reason is Reason.ROLE_UNREAD
    await put(house, "Service desk", "bob")
    unheld = await home.unheld(house.tools, ADA)
    assert unheld.reason is Reason.ROLE_NOT_HELD
    assert await home.unheld(house.tools, BOB) is None
    facts = replace(await home.show(house.tools, ADA), unheld=unheld)
    assert "one has to be in the group “Service desk” of corp" in json.dumps(
        page.view(facts, house.clock.now), ensure_ascii=False
    )


async def test_whoever_lost_the_role_resets_nobody(house):
    """Between the code and the write the requester left the group: the job stops, and nothing has changed."""
    held(house)
    await put(house, "Service desk", "ada")
    queued = await house.ask()
    await take_out(house, "ada")
    await house.pump()
    target = await house.target_of(queued)
    assert (target.state, target.reason) == (TargetState.FAILED, Reason.ROLE_NOT_HELD)
    assert house.directory.passwords == []


async def test_a_run_stops_when_its_requester_loses_the_role(mails):
    """In a bulk the whole run is paused, with the reason, before anybody of the chunk is begun."""
    accounts = await bulks.people(mails, 3)
    held(mails)
    request_id = await bulks.begun(mails, accounts)
    for work in list(mails.queue):
        await mails.do(work)
    run = await bulks.run_of(mails, request_id)
    assert (run.state, run.stopped) == (RequestState.PAUSED, Reason.ROLE_UNREAD)
    assert mails.directory.passwords == []


# -- whom it may reset -------------------------------------------------------------------------------------


async def test_one_is_judged_by_the_rules_of_the_role(house):
    """In the group: yes, and the form says by which rule. Outside: no, with a reason."""
    may(house, Grant(STANDARD, "corp", SALES))
    await put(house, "Sales", groups=("Sales Berlin",))
    await put(house, "Sales Berlin", "bob")
    form = await house.form("bob")
    assert isinstance(form, AskReset)
    assert form.card.allowed == ("admin", Grant(STANDARD, "corp", SALES))
    no = await house.form("eve", None)
    assert isinstance(no, Excluded)
    assert (no.reason, no.card.allowed) == (Reason.OUT_OF_SCOPE, None)


async def test_one_is_judged_again_before_the_write(house):
    """Whoever left the place, or rose to a tier that was not proved for, is not reset."""
    may(house, Grant(STANDARD | SENSITIVE, "corp", SALES))
    await put(house, "Sales", "bob", "eve")
    first = await house.ask("bob")
    house.with_rules(listed={"corp": (Listed(Tier.SENSITIVE, frozenset({"bob"})),)})
    await house.pump()
    target = await house.target_of(first)
    assert (target.state, target.reason) == (TargetState.EXCLUDED, Reason.CHANGED_SINCE)
    house.clock.tick(seconds=30)
    second = await house.ask("bob")
    await take_out(house, "bob")
    await house.pump()
    target = await house.target_of(second)
    assert (target.state, target.reason) == (TargetState.EXCLUDED, Reason.OUT_OF_SCOPE)
    assert house.directory.passwords == []


async def test_the_tier_of_a_listed_group_is_planned_and_shown(house):
    """Whoever is in a group of the list is sensitive in the form and in the plan, nested members too."""
    may(house, Grant(STANDARD | SENSITIVE))
    house.with_rules(listed={"corp": (Listed(Tier.SENSITIVE, frozenset(), (CHIEFS,)),)})
    no = await house.form("bob")
    assert isinstance(no, Excluded)
    assert (no.reason, no.facts["place"]) == (Reason.FACTS_UNREAD, "group:Chiefs")
    await put(house, "Chiefs", groups=("Board",))
    await put(house, "Board", "bob")
    form = await house.form("bob")
    assert isinstance(form, AskReset)
    assert form.card.tier is Tier.SENSITIVE
    assert (await house.form("eve", EVE)).card.tier is Tier.STANDARD


async def test_many_are_judged_with_one_reading_of_each_group(mails):
    """A preview leaves out, with the reason, who is elsewhere or of a higher tier, and reads each group once."""
    await bulks.people(mails, 30)
    for login in [f"p{number:04d}" for number in range(30)]:
        mails.ids[login] = (await mails.local.find(login)).id
    await put(mails, "Sales", *[f"p{number:04d}" for number in range(20)], "bob")
    await put(mails, "Chiefs", "p0003", "p0025")
    may(mails, Grant(STANDARD, "corp", SALES))
    mails.with_rules(listed={"corp": (Listed(Tier.SENSITIVE, frozenset({"p0004"}), (CHIEFS,)),)})
    mails.directory.calls.clear()
    made = await make(mails, wish("bob", *[f"p{number:04d}" for number in range(30)]))
    out = await why_not(mails, made)
    assert {login for login, reason in out.items() if reason is Reason.SENSITIVE} == {"p0003", "p0004", "p0025"}
    assert sum(reason is Reason.OUT_OF_SCOPE for reason in out.values()) == 9
    assert {p.tier for p in (await planned(mails, made)).values()} <= {Tier.STANDARD}
    assert mails.directory.calls.count("place") == 2
    assert mails.directory.calls.count("inside") == 0


async def test_a_chunk_is_judged_by_the_rules_as_they_are(mails):
    """Who left the place since the preview is dropped with the reason, and the others are reset."""
    accounts = await bulks.people(mails, 3)
    mails.ids |= {account.login: account.id for account in accounts}
    await put(mails, "Sales", *[account.login for account in accounts])
    may(mails, Grant(STANDARD, "corp", SALES))
    request_id = await bulks.begun(mails, accounts)
    await take_out(mails, accounts[1].login)
    await bulks.worked(mails, request_id)
    states = {t.planned.login: (t.state, t.reason) for t in await bulks.targets_of(mails, request_id)}
    assert states[accounts[1].login] == (TargetState.EXCLUDED, Reason.OUT_OF_SCOPE)
    assert {account_id for account_id, _ in mails.directory.passwords} == {accounts[0].id, accounts[2].id}


async def test_a_place_that_cannot_be_read_stops_a_run_and_costs_nobody_their_reset(mails):
    """A directory that does not say who is where is asked again; after some times the run is paused, nobody dropped."""
    accounts = await bulks.people(mails, 2)
    await put(mails, "Sales")
    may(mails, Grant(STANDARD, "corp", SALES))
    request_id = await bulks.begun(mails, accounts)
    mails.directory.before["place"] = [Unreachable()] * 20
    for work in list(mails.queue):
        await mails.do(work)
    run = await bulks.run_of(mails, request_id)
    assert (run.state, run.stopped) == (RequestState.PAUSED, Reason.DIRECTORY_DOWN)
    assert {t.state for t in await bulks.targets_of(mails, request_id)} == {TargetState.NEW}


async def test_a_request_that_names_another_role_than_was_proved_is_not_believed(house):
    """Who can write the rows cannot lend the requester another role: the journal has the one of the proof."""
    queued = await house.ask()
    async with house.store.write() as tx:
        await tx.conn.execute(text("""UPDATE requests SET requester = replace(requester, '"admin"', '"owner"')"""))
    await house.pump()
    target = await house.target_of(queued)
    assert (target.state, target.reason) == (TargetState.FAILED, Reason.NOT_PROVED)
