"""Changing what waits: another request takes its place in one deed, and what was agreed to counts for nothing."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from desk import change, decide, fill, find, look, submit, vouch
from resets.approval import CardFacts
from resets.audit import Deed
from resets.facts import AskReset, StatusFacts
from resets.reasons import Reason, Refused
from resets.request import Channel, RequestState, TargetState, Why
from tests.support import approving, bulks
from tests.support.approving import ZOE, approve, asked_many, code, lines, request, shown, state
from tests.support.house import ADA, BOB, EVE, enrolled, refused

TWO = {"quorum": replace(approving.TABLE, standard=2)}


async def opened(house, request_id, by=ADA):
    """Press *Change*, and have the form filled as the handlers do."""
    form_id, whom = await change.begin(house.tools, await shown(house, request_id), by)
    found = await look.named(house.tools, form_id, by, whom)
    member = house.member(BOB)
    manager = await vouch.manager(house.tools, form_id, by, found, member)
    return await fill.fill(house.tools, form_id, by, found, member, manager)


async def changed(house, request_id, **answers):
    """Change a request; returns what its requester is told of the new one."""
    form = await opened(house, request_id)
    house.clock.tick(minutes=1)
    return await submit.reset(house.tools, form.form_id, ADA, house.answer(**answers))


async def test_the_form_is_filled_with_what_was_asked(each):
    """Person, reason, ticket, options and delivery; the request still waits as it is."""
    queued = await each.ask(why="compromise", ticket="INC-7", channels=("mail",), unlock=False)
    form = await opened(each, queued.request_id)
    assert isinstance(form, AskReset)
    assert form.card.login == "bob"
    asked = form.before.plan.options
    assert (asked.why, asked.ticket, asked.channels, asked.unlock) == (Why.COMPROMISE, "INC-7", (Channel.MAIL,), False)
    assert await state(each, queued.request_id) is RequestState.PROVED


async def test_what_was_agreed_to_counts_for_nothing(each):
    """One of two has agreed; changed, two others have to agree, and only the new one is done."""
    each.with_rules(**TWO)
    old = await each.ask()
    await each.pump()
    assert (await approve(each, old.request_id, EVE)).missing == 1
    each.clock.tick(minutes=1)
    new = await changed(each, old.request_id, ticket="INC-8")
    assert new.awaited.missing == 2
    assert await state(each, old.request_id) is RequestState.WITHDRAWN
    assert (await approve(each, new.request_id, ZOE)).missing == 1
    await each.pump()
    assert each.directory.passwords == []
    each.clock.tick(minutes=1)
    assert (await approve(each, new.request_id, EVE)).missing == 0
    await each.pump()
    assert (await each.target_of(new)).state is TargetState.DELIVERED
    assert len(each.directory.passwords) == 1


async def test_both_cards_and_threads_name_each_other(each):
    """And so does the requester's message about the old one."""
    old = await each.ask()
    await each.pump()
    each.clock.tick(minutes=1)
    new = await changed(each, old.request_id)
    await each.pump()
    cards = {one.facts.request_id: one.facts for one in each.heard if isinstance(one.facts, CardFacts)}
    assert (cards[old.request_id].state, cards[old.request_id].replaced_by) == (RequestState.WITHDRAWN, new.request_id)
    assert (cards[new.request_id].state, cards[new.request_id].replaces) == (RequestState.PROVED, old.request_id)
    said = {deed: text for deed, text, _ in lines(each)}
    assert new.request_id in said[Deed.WITHDRAWN]
    assert old.request_id in said[Deed.STEPPED_UP]
    told = {one.facts.request_id: one.facts for one in each.heard if isinstance(one.facts, StatusFacts)}
    assert (told[old.request_id].state, told[old.request_id].reason) == (RequestState.WITHDRAWN, Reason.REPLACED)


async def test_an_open_question_about_the_old_one_is_answered_with_that(each):
    """Whoever has the modal open, and whoever presses the old card's buttons, reads that it was changed."""
    old = await each.ask()
    asked = await decide.begin(each.tools, await shown(each, old.request_id), EVE)
    value = await shown(each, old.request_id)
    await changed(each, old.request_id)
    await refused(decide.approve(each.tools, asked.form_id, EVE, code(each, EVE)), Reason.REPLACED)
    await refused(decide.begin(each.tools, value, ZOE), Reason.REPLACED)
    await refused(decide.begin(each.tools, value, ZOE, deny=True), Reason.REPLACED)
    await refused(change.withdraw(each.tools, value, ADA), Reason.REPLACED)
    await refused(change.begin(each.tools, value, ADA), Reason.REPLACED)


async def test_without_a_right_code_nothing_is_changed(each):
    """The old one waits on, with what was agreed to; the same form then takes the right code."""
    each.with_rules(**TWO)
    old = await each.ask()
    await approve(each, old.request_id, EVE)
    form = await opened(each, old.request_id)
    each.clock.tick(minutes=1)
    wrong = each.answer(code="000000" if each.code() != "000000" else "111111")
    await refused(submit.reset(each.tools, form.form_id, ADA, wrong), Reason.CODE_WRONG)
    assert await state(each, old.request_id) is RequestState.PROVED
    each.clock.tick(minutes=1)
    await submit.reset(each.tools, form.form_id, ADA, each.answer())
    await refused(submit.reset(each.tools, form.form_id, ADA, each.answer()), Reason.FORM_USED)
    assert await state(each, old.request_id) is RequestState.WITHDRAWN


async def test_one_that_waits_more_than_may_be_can_be_changed(each):
    """What takes the place of another is not one more, neither of one's open ones nor of one person's for the day."""
    each.with_rules(limits=replace(each.tools.rules.limits, open_requests=1, same_target_per_day=1))
    old = await each.ask()
    each.clock.tick(minutes=1)
    with pytest.raises(Refused) as too_many:
        await each.ask("sam1", None, channels=("mail",))
    assert too_many.value.reason is Reason.TOO_MANY_OPEN
    await changed(each, old.request_id)
    assert await state(each, old.request_id) is RequestState.WITHDRAWN


async def test_one_too_many_leaves_the_old_one(each):
    """Somebody who has had their share of the hour has spent a code, and the old one waits on."""
    old = await each.ask()
    form = await opened(each, old.request_id)
    each.with_rules(limits=replace(each.tools.rules.limits, resets_per_hour=1))
    each.clock.tick(minutes=1)
    await refused(submit.reset(each.tools, form.form_id, ADA, each.answer()), Reason.RESETS_USED_UP)
    assert await state(each, old.request_id) is RequestState.PROVED


async def test_only_its_requester(each):
    """Not another admin, and not the same person by another enrolment."""
    queued = await each.ask()
    value = await shown(each, queued.request_id)
    facts = await refused(change.begin(each.tools, value, EVE), Reason.NOT_YOUR_REQUEST)
    assert facts["user"] == "Ada Admin"
    own = replace(ADA, user="U0ADATWO")
    each.seeds[own] = await enrolled(each, own, "ada")
    await refused(change.begin(each.tools, value, own), Reason.NOT_YOUR_REQUEST)
    await refused(change.begin(each.tools, "no such request", ADA), Reason.DECIDED)


async def test_the_person_stays_the_same(each):
    """A form that was made to be about somebody else meanwhile takes nobody's place."""
    old = await each.ask()
    form_id, _ = await change.begin(each.tools, await shown(each, old.request_id), ADA)
    found = await look.named(each.tools, form_id, ADA, find.Typed("sam1"))
    manager = await vouch.manager(each.tools, form_id, ADA, found, None)
    await fill.fill(each.tools, form_id, ADA, found, None, manager)
    each.clock.tick(minutes=1)
    answer = each.answer(channels=("mail",))
    await refused(submit.reset(each.tools, form_id, ADA, answer), Reason.CHOICE_INVALID)
    assert await state(each, old.request_id) is RequestState.PROVED


async def test_many_are_withdrawn_and_asked_anew(asking):
    """A list is not changed: its card has no such button, and a click that was made up is refused."""
    held = await asked_many(asking, 3)
    await refused(change.begin(asking.tools, await shown(asking, held.request_id), ADA), Reason.CHOICE_INVALID)
    assert (await bulks.run_of(asking, held.request_id)).state is RequestState.PROVED


async def test_decided_while_the_form_was_open(each):
    """Agreed to meanwhile: it runs as it was agreed to, and the change is refused before a code is spent."""
    old = await each.ask()
    form = await opened(each, old.request_id)
    await approve(each, old.request_id)
    each.clock.tick(minutes=1)
    await refused(submit.reset(each.tools, form.form_id, ADA, each.answer()), Reason.DECIDED)
    await each.pump()
    assert (await each.target_of(old)).state is TargetState.DELIVERED


async def test_changed_and_agreed_to_at_one_moment(each):
    """One of the two is heard, whichever: either the old one runs or the new one waits, and never both."""
    old = await each.ask()
    form = await opened(each, old.request_id)
    asked = await decide.begin(each.tools, await shown(each, old.request_id), EVE)
    each.clock.tick(minutes=1)
    came = await asyncio.gather(
        submit.reset(each.tools, form.form_id, ADA, each.answer()),
        decide.approve(each.tools, asked.form_id, EVE, code(each, EVE)),
        return_exceptions=True,
    )
    lost = [one.reason for one in came if isinstance(one, Refused)]
    assert lost in ([Reason.DECIDED], [Reason.REPLACED])
    ended = (await request(each, old.request_id)).state
    assert ended is (RequestState.WITHDRAWN if lost == [Reason.REPLACED] else RequestState.APPROVED)
