"""Who vouched for a caller does not approve the reset as well: two people's words are two people's."""

from __future__ import annotations

import pyotp
import pytest

from desk import decide, submit, vouch
from resets.actor import SlackPerson
from resets.audit import Deed
from resets.evidence import How
from resets.reasons import Reason
from resets.request import TargetState, Tier
from resets.verification import Needed
from store import admins
from tests.support.approving import ZOE, approve, card, code, row_of, shown, sql
from tests.support.house import ADA, EVE, TEAM, enrolled, refused


@pytest.fixture
async def each(each):
    """A house in which each single reset needs one other admin, and eve, who is one, manages bob."""
    each.with_rules(verification={Tier.STANDARD: Needed.SAID})
    await each.local.change_account(each.ids["bob"], manager="eve")
    return each


async def asked(house):
    """Have eve vouch for bob, and ask; returns what its requester is told."""
    form = await house.form()
    question = await vouch.ask(house.tools, form.form_id, ADA, "forgot")
    begun = await vouch.begin(house.tools, question.id, EVE)
    await vouch.vouch(house.tools, begun.form_id, EVE, code(house, EVE))
    house.clock.tick(seconds=30)
    return await submit.reset(house.tools, form.form_id, ADA, house.answer(verified="manager"))


async def test_who_vouched_is_not_among_those_who_can(each):
    """Neither when it is asked for, nor on the card, nor in Home; and another's word is enough."""
    queued = await asked(each)
    assert queued.awaited.able == ("Zoe Zander",)
    await each.pump()
    assert (card(each).able, card(each).options.evidence[0].how) == ((ZOE,), How.MANAGER)
    async with each.store.read() as tx:
        assert await decide.mine(each.tools, tx, (await row_of(each, EVE)).actor) == ()
    await refused(decide.begin(each.tools, await shown(each, queued.request_id), EVE), Reason.HAS_VOUCHED)
    await approve(each, queued.request_id, ZOE)
    await each.pump()
    assert (await each.target_of(queued)).state is TargetState.DELIVERED


async def test_another_slack_account_of_theirs_is_no_other_person(each):
    """A second enrolment of the same directory account approves nothing either."""
    twin = SlackPerson(TEAM, "U0EVETWO")
    each.seeds[twin] = await enrolled(each, twin, "eve")
    each.clock.tick(seconds=60)
    queued = await asked(each)
    assert queued.awaited.able == ("Zoe Zander",)
    await refused(approve(each, queued.request_id, twin), Reason.HAS_VOUCHED)


async def test_where_nobody_else_could_approve_it_is_refused(each):
    """The only other admin can vouch or approve, and a request that nobody could agree to is not taken."""
    zoe = await row_of(each, ZOE)
    async with each.store.write() as tx:
        await admins.revoke(tx, zoe.id, each.clock.now)
    await refused(asked(each), Reason.NOBODY_APPROVES)
    assert Deed.ASKED not in await each.deeds()


async def test_whose_account_it_turns_out_to_be_had_not_vouched_for_another(each):
    """Since then the directory says that the account is the manager's: it is left as it was."""
    queued = await asked(each)
    await approve(each, queued.request_id, ZOE)
    await each.local.change_account(each.ids["bob"], slack_user=EVE.user)
    await each.pump()
    assert (await each.target_of(queued)).reason is Reason.TARGET_AGREED
    assert each.directory.passwords == []


async def test_it_is_looked_at_again_when_it_runs(each):
    """An approver who turns out to be whoever vouched, by rows that were written over meanwhile."""
    queued = await asked(each)
    await approve(each, queued.request_id, ZOE)
    await sql(each, "UPDATE admins SET account_id = :eve WHERE slack_user = :zoe", eve=each.ids["eve"], zoe=ZOE.user)
    await each.pump()
    assert (await each.target_of(queued)).reason is Reason.VOUCHER_LOST
    assert each.directory.passwords == []


async def test_a_code_that_vouched_approves_nothing(each):
    """The same six digits are worth one word, of one person, on one thing."""
    await each.local.change_account(each.ids["nora"], manager="zoe")
    queued = await asked(each)
    form = await each.form("nora", SlackPerson(TEAM, "U0NORA"))
    question = await vouch.ask(each.tools, form.form_id, ADA, "forgot")
    begun = await vouch.begin(each.tools, question.id, ZOE)
    spent = pyotp.TOTP(each.seeds[ZOE]).at(each.clock.now)
    await vouch.vouch(each.tools, begun.form_id, ZOE, spent)
    asked_of = await decide.begin(each.tools, await shown(each, queued.request_id), ZOE)
    await refused(decide.approve(each.tools, asked_of.form_id, ZOE, spent), Reason.CODE_USED)
