"""A role that only vouches: its holder says a word about their own people, freezes everything, and nothing else."""

from __future__ import annotations

import pytest

from desk import choose, control, decide, find, freeze, home, host, look, reviews, vouch
from desk.forms import RESET, open_form, role_of
from resets.audit import Deed
from resets.reasons import Reason
from resets.request import RequestState
from resets.scope import STANDARD_EVERYWHERE
from resets.vouch import VouchState
from store import plans
from store.tables import requests as rows
from tests.support import approving, bulks, vouching
from tests.support.house import ADA, EVE, enrolled, refused, standing


@pytest.fixture
async def desk(house):
    """A house in which eve manages bob and only vouches, and others agree to what is asked for."""
    return await vouching.furnished(house)


async def test_nobody_is_looked_up(desk):
    """Neither one nor many, in Slack or at the host; nothing is counted, and nothing is in the journal."""
    before = await desk.deeds()
    await refused(look.start(desk.tools, EVE), Reason.RESETS_NOBODY)
    await refused(choose.start(desk.tools, EVE), Reason.RESETS_NOBODY)
    async with desk.store.read() as tx:
        eve = await role_of(tx, EVE)
    await refused(host.start(desk.tools, eve, "root"), Reason.RESETS_NOBODY)
    assert await desk.deeds() == before


async def test_a_form_from_before_is_good_for_nothing(desk):
    """Whoever had it open when their role lost its rules looks nobody up with it."""
    desk.with_rules(grants={"admin": STANDARD_EVERYWHERE, "manager": STANDARD_EVERYWHERE})
    form_id = await look.start(desk.tools, EVE)
    desk.with_rules(grants=vouching.GRANTS)
    await refused(look.suggest(desk.tools, form_id, EVE, "bob"), Reason.RESETS_NOBODY)
    await refused(look.named(desk.tools, form_id, EVE, find.Typed("bob")), Reason.RESETS_NOBODY)
    assert Deed.LOOKED_UP not in await desk.deeds()


@pytest.mark.parametrize("approves", [True, False])
async def test_who_agrees_looks_nobody_up_either(desk, approves):
    """A role has tiers within scopes; without any there is nobody to look up. A role that resets somebody does."""
    desk.with_rules(approvers=frozenset({"admin", "manager"}) if approves else frozenset({"admin"}))
    await refused(look.start(desk.tools, EVE), Reason.RESETS_NOBODY)
    assert await look.start(desk.tools, ADA)


async def test_others_runs_are_not_theirs_to_stop(desk):
    """They neither pause nor cancel one, and it goes on; another admin's hand still stops it."""
    request_id = await bulks.begun(desk, await bulks.people(desk, 3))
    await refused(control.pause(desk.tools, request_id, EVE), Reason.RESETS_NOBODY)
    await refused(control.cancel(desk.tools, request_id, EVE), Reason.RESETS_NOBODY)
    assert (await bulks.run_of(desk, request_id)).state is not RequestState.PAUSED
    assert not {Deed.PAUSED, Deed.CANCELLED} & set(await desk.deeds())
    await enrolled(desk, approving.ZOE, "nora")
    await control.pause(desk.tools, request_id, approving.ZOE)
    assert (await bulks.run_of(desk, request_id)).state is RequestState.PAUSED


@pytest.mark.parametrize("changes", [{"approvers": frozenset({"manager"})}, {"security": frozenset({"manager"})}])
async def test_who_agrees_or_ends_a_freeze_stops_runs_too(desk, changes):
    """They are among those who look after the desk."""
    request_id = await bulks.begun(desk, await bulks.people(desk, 3))
    desk.with_rules(**changes)
    await control.pause(desk.tools, request_id, EVE)
    await control.cancel(desk.tools, request_id, EVE)
    assert (await bulks.run_of(desk, request_id)).state is RequestState.CANCELLED


async def test_ones_own_run_one_stops(desk):
    """Whoever began it when their role had rules."""
    request_id = await bulks.begun(desk, await bulks.people(desk, 3))
    async with desk.store.write() as tx:
        eve = await role_of(tx, EVE)
        await tx.conn.execute(rows.update().values(requester=plans.actor_to_json(eve)))
    await control.pause(desk.tools, request_id, EVE)
    assert (await bulks.run_of(desk, request_id)).state is RequestState.PAUSED


async def test_everything_is_frozen_by_anybody_with_a_role(desk):
    """To stop everything is allowed to them too: it ends by itself, and the security channel hears whose it was."""
    await freeze.freeze(desk.tools, EVE, "bob called me")
    assert (await standing(desk)).slack_user == EVE.user


async def test_what_others_are_about_is_not_shown(desk):
    """No run in their Home, no request that waits, nor its details; nor do they review a use of break-glass."""
    await bulks.begun(desk, await bulks.people(desk, 3))
    assert await home.runs(desk.tools, EVE) == ()
    assert len(await home.runs(desk.tools, ADA)) == 1
    assert ((await home.show(desk.tools, EVE)).resets, (await home.show(desk.tools, ADA)).resets) == (False, True)
    await refused(decide.look(desk.tools, "any#thing", EVE), Reason.RESETS_NOBODY)
    code = vouching.code(desk)
    await refused(reviews.give(desk.tools, "any", EVE, code, host="root"), Reason.RESETS_NOBODY)


async def test_they_vouch(desk):
    """The one thing that the role is for."""
    _, question = await vouching.asked(desk)
    assert (await vouching.vouched(desk, question)).state is VouchState.VOUCHED
    _, other = await vouching.asked(desk)
    assert (await vouch.deny(desk.tools, other.id, EVE)).state is VouchState.DENIED


async def test_without_any_roles_everybody_enrolled_looks_up(house):
    """Where the operator has written none, a team of three needs no rule."""
    await enrolled(house, EVE, "eve")
    assert house.tools.rules.grants is None
    async with house.store.write() as tx:
        assert await open_form(house.tools, tx, RESET, EVE, await role_of(tx, EVE))
