"""A manager's word counts for the one reason that they were shown: another one, and they have to be asked anew."""

from __future__ import annotations

import asyncio

import pytest

from desk import submit, vouch
from resets.audit import Deed
from resets.evidence import How
from resets.facts import VouchFacts
from resets.reasons import Reason
from resets.request import Why
from resets.vouch import VouchState
from store import requests
from store.tables_asked import vouches as rows
from tests.support import vouching
from tests.support.house import ADA, EVE, refused
from tests.support.vouching import asked, code, state, vouched


@pytest.fixture
async def desk(mails):
    """A house, on each of both databases, that asks how the caller was verified, and in which eve manages bob."""
    return await vouching.furnished(mails)


def sent(house, form, **answer):
    return submit.reset(house.tools, form.form_id, ADA, house.answer(**answer))


async def known(house, queued):
    async with house.store.read() as tx:
        options = (await requests.get(tx, queued.request_id)).plan.options
    return options.why, [each.how for each in options.evidence]


async def test_with_another_reason_the_word_does_not_count(desk):
    """The refusal names the field, and nothing is asked, proved or spent; with the reason that was shown it goes."""
    form, question = await asked(desk, why="forgot")
    await vouched(desk, question)
    facts = await refused(sent(desk, form, verified="manager", why="compromise"), Reason.VOUCHED_OTHERWISE)
    assert facts == {"field": "verified"}
    assert Deed.ASKED not in await desk.deeds()
    queued = await sent(desk, form, verified="manager", why="forgot")
    assert await known(desk, queued) == (Why.FORGOT, [How.MANAGER])


async def test_on_other_evidence_it_goes_without_their_word(desk):
    """What they were not shown, they did not vouch for: the plan does not say that they did."""
    form, question = await asked(desk, why="forgot")
    await vouched(desk, question)
    queued = await sent(desk, form, verified="ticket", why="locked_out")
    assert await known(desk, queued) == (Why.LOCKED_OUT, [How.TICKET])


@pytest.mark.parametrize("said", ["", "number"])
async def test_what_only_their_word_would_make_enough_says_so(desk, said):
    """Not that nothing is known of the caller; of a number, that nobody has pressed it."""
    form, question = await asked(desk, why="forgot")
    await vouched(desk, question)
    lack = Reason.NOT_PRESSED if said else Reason.VOUCHED_OTHERWISE
    await refused(sent(desk, form, verified=said, why="other"), lack)


async def test_asked_anew_with_the_other_reason(desk):
    """They are shown it, and then their word counts for it, and still for the first."""
    form, first = await asked(desk, why="forgot")
    await vouched(desk, first)
    _, second = await asked(desk, form, why="compromise")
    assert second.id != first.id
    await desk.pump()
    assert desk.last(VouchFacts).facts.why is Why.COMPROMISE
    assert (await asked(desk, form, why="forgot"))[1].id == first.id
    await refused(sent(desk, form, verified="manager", why="compromise"), Reason.VOUCHED_OTHERWISE)
    desk.clock.tick(seconds=30)
    await vouched(desk, second)
    queued = await sent(desk, form, verified="manager", why="compromise")
    assert await known(desk, queued) == (Why.COMPROMISE, [How.MANAGER])


async def test_of_two_reasons_one_question_waits(desk):
    """The manager's first message says that it is over: a word on it comes too late."""
    form, first = await asked(desk, why="forgot")
    await desk.pump()
    begun = await vouch.begin(desk.tools, first.id, EVE)
    _, second = await asked(desk, form, why="other")
    assert (await state(desk, first), await state(desk, second)) == (VouchState.WITHDRAWN, VouchState.WAITING)
    await desk.pump()
    said = {each.facts.id: each.facts.state for each in desk.heard if isinstance(each.facts, VouchFacts)}
    assert said == {first.id: VouchState.WITHDRAWN, second.id: VouchState.WAITING}
    await refused(vouch.vouch(desk.tools, begun.form_id, EVE, code(desk)), Reason.VOUCH_OVER)


async def test_to_ask_anew_is_a_question_of_the_hour(desk):
    """So that reasons are no means to pester; and where it is refused, the first question waits on."""
    desk.with_rules(numbers_per_hour=1)
    form, first = await asked(desk, why="forgot")
    await refused(vouch.ask(desk.tools, form.form_id, ADA, "other"), Reason.TOO_MANY_NUMBERS)
    assert await state(desk, first) is VouchState.WAITING


async def test_after_a_no_no_other_reason_is_asked_about(desk):
    """Whoever knows nothing of it knows nothing of it."""
    form, first = await asked(desk, why="forgot")
    await vouch.deny(desk.tools, first.id, EVE)
    assert (await asked(desk, form, why="other"))[1].id == first.id


async def test_a_word_and_another_question_in_one_moment(desk):
    """Whichever comes first, a word stands for the reason that was shown with it, and one question waits at most."""
    form, first = await asked(desk, why="forgot")
    begun = await vouch.begin(desk.tools, first.id, EVE)
    word = vouch.vouch(desk.tools, begun.form_id, EVE, code(desk))
    await asyncio.gather(word, asked(desk, form, why="other"), return_exceptions=True)
    assert await state(desk, first) in {VouchState.VOUCHED, VouchState.WITHDRAWN}
    await refused(sent(desk, form, verified="manager", why="onboarding"), await _lack(desk, first))


async def _lack(house, first):
    vouched_for = await state(house, first) is VouchState.VOUCHED
    return Reason.VOUCHED_OTHERWISE if vouched_for else Reason.NOT_VOUCHED


async def test_a_reason_that_was_written_over_is_none(desk):
    """It is signed with the word: who can write the database makes no word for another reason."""
    form, question = await asked(desk, why="forgot")
    await vouched(desk, question)
    async with desk.store.write() as tx:
        await tx.conn.execute(rows.update().values(why="compromise"))
    await refused(sent(desk, form, verified="manager", why="compromise"), Reason.NOT_VOUCHED)
