"""Whose word counts as a manager's: nobody else's, nor that of who has lost what it rests on, nor made-up rows."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import update

from desk import freeze, submit, vouch
from resets.actor import SlackPerson
from resets.facts import VouchFacts
from resets.reasons import Reason
from resets.request import TargetState
from resets.vouch import VouchState
from store import admins, plans, requests
from store.tables import admins as enrolments
from store.tables import requests as kept
from store.tables_asked import vouches as rows
from tests.support import vouching
from tests.support.house import ADA, BOB, EVE, refused
from tests.support.vouching import asked, change, code, state, vouched


@pytest.fixture
async def desk(mails):
    """A house, on each of both databases, that asks how the caller was verified, and in which eve manages bob."""
    return await vouching.furnished(mails)


@pytest.mark.parametrize("person", [ADA, BOB, SlackPerson("T0OTHER", EVE.user)])
async def test_nobody_else_answers(desk, person):
    """Neither the requester nor the person nor the same id in another team; a form is its opener's alone."""
    _, question = await asked(desk)
    begun = await vouch.begin(desk.tools, question.id, EVE)
    await refused(vouch.begin(desk.tools, question.id, person), Reason.NOT_YOURS)
    await refused(vouch.deny(desk.tools, question.id, person), Reason.NOT_YOURS)
    await refused(vouch.vouch(desk.tools, begun.form_id, person, code(desk)), Reason.NOT_YOURS)
    await refused(vouch.begin(desk.tools, "no such question", EVE), Reason.NOT_YOURS)
    assert await state(desk, question) is VouchState.WAITING


@pytest.mark.parametrize(
    ("who", "values", "reason"),
    [
        (EVE, {"frozen_at": True}, Reason.ACTOR_FROZEN),
        (EVE, {"revoked_at": True}, Reason.NO_ROLE),
        (EVE, {"role": "gone"}, Reason.NO_ROLE),
        (ADA, {"frozen_at": True}, Reason.ACTOR_FROZEN),
        (ADA, {"revoked_at": True}, Reason.VOUCH_OVER),
    ],
)
async def test_whose_word_does_not_count_any_more(desk, who, values, reason):
    """The manager's who is frozen, revoked or without a role, and any for a requester who may begin nothing."""
    _, question = await asked(desk)
    begun = await vouch.begin(desk.tools, question.id, EVE)
    await change(desk, who, **{key: desk.clock.now if value is True else value for key, value in values.items()})
    await refused(vouch.begin(desk.tools, question.id, EVE), reason)
    await refused(vouch.vouch(desk.tools, begun.form_id, EVE, code(desk)), reason)
    assert await state(desk, question) is VouchState.WAITING


async def test_in_a_freeze_nobody_vouches_or_asks(desk):
    """And whoever knows nothing of it still says so."""
    form, question = await asked(desk)
    begun = await vouch.begin(desk.tools, question.id, EVE)
    other = await desk.form()
    await freeze.freeze(desk.tools, ADA, "")
    await refused(vouch.ask(desk.tools, other.form_id, ADA, "forgot"), Reason.FROZEN)
    await refused(vouch.begin(desk.tools, question.id, EVE), Reason.FROZEN)
    await refused(vouch.vouch(desk.tools, begun.form_id, EVE, code(desk)), Reason.FROZEN)
    assert (await vouch.deny(desk.tools, question.id, EVE)).form_id == form.form_id


async def test_a_disabled_manager_vouches_for_nobody(desk):
    """Their own account is read again when they begin."""
    _, question = await asked(desk)
    await desk.local.disable(desk.ids["eve"])
    await refused(vouch.begin(desk.tools, question.id, EVE), Reason.ACTOR_DISABLED)
    form = await desk.form()
    assert (form.manager, form.no_manager.reason) == ("", Reason.MANAGER_UNABLE)


async def test_a_word_of_somebody_revoked_since_is_none(desk):
    """Before the submission it does not count; after it, the reset does not run."""
    form, question = await asked(desk)
    await vouched(desk, question)
    async with desk.store.read() as tx:
        row = await admins.by_slack(tx, EVE)
    await change(desk, EVE, revoked_at=desk.clock.now)
    answer = desk.answer(verified="manager")
    await refused(submit.reset(desk.tools, form.form_id, ADA, answer), Reason.NOT_VOUCHED)
    async with desk.store.write() as tx:
        await tx.conn.execute(enrolments.update().where(enrolments.c.id == row.id).values(revoked_at=None))
    queued = await submit.reset(desk.tools, form.form_id, ADA, answer)
    await change(desk, EVE, frozen_at=desk.clock.now)
    await desk.pump()
    target = await desk.target_of(queued)
    assert (target.state, target.reason) == (TargetState.FAILED, Reason.VOUCHER_LOST)
    assert desk.directory.passwords == []


async def test_who_vouched_by_the_rows_alone_is_nobody(desk):
    """The code signed who it was: another manager in the plan, or a word of nobody, stops the job."""
    form, question = await asked(desk)
    await vouched(desk, question)
    queued = await submit.reset(desk.tools, form.form_id, ADA, desk.answer(verified="manager"))
    async with desk.store.write() as tx:
        request = await requests.get(tx, queued.request_id)
        by = plans.actor_to_json(replace(question.manager, account_id="another"))
        forged = plans.plan_to_json(request.plan)
        forged["options"]["evidence"] = [{"how": "manager", "ref": question.id, "by": by}]
        await tx.conn.execute(update(kept).where(kept.c.id == queued.request_id).values(plan=forged))
    await desk.pump()
    assert (await desk.target_of(queued)).reason is Reason.NOT_PROVED


async def test_a_word_that_was_written_over_is_none(desk):
    """Who can write the database still vouches for nobody."""
    form, question = await asked(desk)
    async with desk.store.write() as tx:
        await tx.conn.execute(rows.update().values(state=VouchState.VOUCHED.value))
    await refused(submit.reset(desk.tools, form.form_id, ADA, desk.answer(verified="manager")), Reason.NOT_VOUCHED)
    await refused(vouch.begin(desk.tools, question.id, EVE), Reason.NOT_YOURS)
    await desk.pump()
    assert desk.last(VouchFacts) is None
