"""A no that comes too late: it decides nothing, and is the sign of an attack all the same."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from desk import number, submit, sweep, vouch
from resets.actor import SlackPerson
from resets.audit import Deed
from resets.evidence import How
from resets.facts import AlarmFacts, MatchFacts, VouchFacts
from resets.late import Meanwhile
from resets.number import MatchState
from resets.reasons import Reason
from resets.request import RequestState, TargetState
from resets.vouch import VouchState
from store import numbers, requests, vouches
from tests.support import approving, vouching
from tests.support.house import ADA, BOB, EVE, refused
from tests.support.vouching import asked, code, vouched


@pytest.fixture
async def desk(mails):
    """A house, on each of both databases, that asks how the caller was verified, and in which eve manages bob."""
    return await vouching.furnished(mails)


async def matched(house):
    """Open a form and ask its person; returns the form and the match, with the question said."""
    form = await house.form()
    match = await number.ask(house.tools, form.form_id, ADA)
    await house.pump()
    return form, match


def wrong(match):
    return next(n for n in match.numbers if n != match.right)


def alarms(house):
    return [said.facts for said in house.heard if isinstance(said.facts, AlarmFacts)]


async def late(house, deed):
    """Return the journal's entries of a late no."""
    deeds = await house.deeds()
    return [await house.entry(deed)] * deeds.count(deed)


@pytest.mark.parametrize("no", [True, False], ids=["did not ask", "wrong number"])
@pytest.mark.parametrize("swept", [True, False], ids=["swept", "not yet"])
async def test_a_no_after_its_time(desk, no, swept):
    """Before and after the round has come by: one alarm, one entry, and the person hears that nothing was reset."""
    _, match = await matched(desk)
    desk.clock.tick(minutes=5)
    if swept:
        await number.expire(desk.tools)
    for _ in range(2):
        ended = await number.press(desk.tools, match.id, None if no else wrong(match), BOB)
    assert (ended.state, ended.denied_at) == (MatchState.EXPIRED, desk.clock.now)
    await desk.pump()
    (alarm,) = alarms(desk)
    assert (alarm.what, alarm.who, alarm.about, alarm.request_id) == ("late_no", BOB, "bob (corp)", None)
    assert "Ada Admin" in alarm.who_name
    (entry,) = await late(desk, Deed.NUMBER_DENIED_LATE)
    assert entry.actor == f"slack:{BOB.team}/{BOB.user}"
    assert (entry.facts["match"], entry.facts["state"], entry.facts["meanwhile"]) == (match.id, "expired", "nothing")
    assert entry.facts["pressed"] == ("denied" if no else "wrong")
    said = desk.last(MatchFacts)
    assert (said.facts.state, said.facts.late) == (MatchState.EXPIRED, Meanwhile.NOTHING)
    assert said.stamp is not None  # the same message
    await refused(number.press(desk.tools, match.id, match.right, BOB), Reason.NUMBER_OVER)


async def test_the_right_number_too_late_is_no_no(desk):
    """Nobody waits for it, and nobody is alarmed."""
    _, match = await matched(desk)
    desk.clock.tick(minutes=5)
    await refused(number.press(desk.tools, match.id, match.right, BOB), Reason.NUMBER_OVER)
    await desk.pump()
    assert alarms(desk) == []


async def test_a_no_after_the_form_was_sent(desk):
    """The reset stands as it does, and the person, told where it is, takes it back with *Not me*."""
    form, match = await matched(desk)
    queued = await submit.reset(desk.tools, form.form_id, ADA, desk.answer(verified="ticket"))
    ended = await number.press(desk.tools, match.id, None, BOB)
    assert ended.state is MatchState.WITHDRAWN
    entry = await desk.entry(Deed.NUMBER_DENIED_LATE)
    assert (entry.request_id, entry.facts["meanwhile"]) == (queued.request_id, "runs")
    await desk.pump()
    assert (await desk.target_of(queued)).state is TargetState.DELIVERED
    assert [(one.what, one.request_id) for one in alarms(desk)] == [("late_no_asked", queued.request_id)]
    assert desk.last(MatchFacts).facts.late is Meanwhile.SET


async def test_a_no_where_others_have_to_agree(asking):
    """The request waits on; the alarm names it, so that it can be denied."""
    asking.with_rules(verification=vouching.SAID, quorum=replace(approving.TABLE, standard=1))
    form, match = await matched(asking)
    queued = await submit.reset(asking.tools, form.form_id, ADA, asking.answer(verified="ticket"))
    await number.press(asking.tools, match.id, None, BOB)
    await asking.pump()
    assert asking.last(MatchFacts).facts.late is Meanwhile.WAITS
    assert [(one.what, one.request_id) for one in alarms(asking)] == [("late_no_asked", queued.request_id)]
    async with asking.store.read() as tx:
        assert (await requests.get(tx, queued.request_id)).state is RequestState.PROVED


async def test_a_no_after_the_right_number(desk):
    """Whoever sits in their Slack has pressed it: what was matched stays so, but nothing more is sent with it."""
    form, match = await matched(desk)
    await number.press(desk.tools, match.id, match.right, BOB)
    for pressed in (None, wrong(match), None):
        ended = await number.press(desk.tools, match.id, pressed, BOB)
    assert ended.state is MatchState.MATCHED
    deeds = await desk.deeds()
    assert (deeds.count(Deed.NUMBER_DENIED_LATE), Deed.NUMBER_DENIED in deeds) == (1, False)
    said = desk.answer(verified="call_back")
    await refused(submit.reset(desk.tools, form.form_id, ADA, said), Reason.CALLER_DENIED)
    await submit.reset(desk.tools, form.form_id, ADA, desk.answer(verified="in_person"))


async def test_a_no_after_the_right_number_and_the_form(desk):
    """What was sent with it runs on, with the evidence that it had."""
    form, match = await matched(desk)
    await number.press(desk.tools, match.id, match.right, BOB)
    queued = await submit.reset(desk.tools, form.form_id, ADA, desk.answer(verified="ticket"))
    await number.press(desk.tools, match.id, None, BOB)
    await desk.pump()
    async with desk.store.read() as tx:
        hows = [each.how for each in (await requests.get(tx, queued.request_id)).plan.options.evidence]
    assert hows == [How.TICKET, How.NUMBER]
    assert (await desk.target_of(queued)).state is TargetState.DELIVERED


async def test_after_a_no_another_no_is_none(desk):
    """It was heard, and alarmed, in time."""
    _, match = await matched(desk)
    await number.press(desk.tools, match.id, wrong(match), BOB)
    await number.press(desk.tools, match.id, None, BOB)
    await desk.pump()
    assert [one.what for one in alarms(desk)] == ["number_wrong"]
    assert Deed.NUMBER_DENIED_LATE not in await desk.deeds()


async def test_of_twenty_late_noes_in_one_moment_one_counts(desk):
    """One entry, one alarm."""
    _, match = await matched(desk)
    desk.clock.tick(minutes=5)
    await asyncio.gather(*(number.press(desk.tools, match.id, None, BOB) for _ in range(20)), number.expire(desk.tools))
    await desk.pump()
    assert (await desk.deeds()).count(Deed.NUMBER_DENIED_LATE) == len(alarms(desk)) == 1


@pytest.mark.parametrize("person", [ADA, EVE, SlackPerson("T0OTHER", BOB.user)])
async def test_nobody_else_says_no_too_late(desk, person):
    """Neither the requester nor a colleague nor the same id in another team, of either question."""
    form, match = await matched(desk)
    _, question = await asked(desk, form)
    desk.clock.tick(minutes=10)
    await refused(number.press(desk.tools, match.id, None, person), Reason.NOT_YOURS)
    if person != EVE:
        await refused(vouch.deny(desk.tools, question.id, person), Reason.NOT_YOURS)
    await refused(vouch.deny(desk.tools, question.id, BOB), Reason.NOT_YOURS)
    await desk.pump()
    assert alarms(desk) == []
    async with desk.store.read() as tx:
        assert (await numbers.get(tx, match.id)).denied_at is None
        assert (await vouches.get(tx, question.id)).denied_at is None


async def test_for_an_hour_sight_alone_is_believed(desk):
    """As after a no in time, from when it was said; and the requester's form says so."""
    _, match = await matched(desk)
    desk.clock.tick(minutes=90)
    await number.press(desk.tools, match.id, None, BOB)
    form = await desk.form()
    assert form.denied
    await refused(number.ask(desk.tools, form.form_id, ADA), Reason.CALLER_DENIED)
    desk.clock.tick(hours=1, seconds=1)
    assert not (await desk.form()).denied


async def test_another_reset_of_theirs_is_not_the_one_that_followed(desk):
    """Neither what the same admin asked for before or long after, nor what another one did."""
    await desk.ask(verified="in_person")
    desk.clock.tick(seconds=60)
    _, match = await matched(desk)
    desk.clock.tick(minutes=61)
    await desk.ask(verified="in_person")
    await number.press(desk.tools, match.id, None, BOB)
    await desk.pump()
    assert desk.last(MatchFacts).facts.late is Meanwhile.NOTHING


@pytest.mark.parametrize("swept", [True, False], ids=["swept", "not yet"])
async def test_a_managers_no_after_its_time(desk, swept):
    """One alarm, one entry, and the manager hears that nothing was reset."""
    _, question = await asked(desk)
    await desk.pump()
    desk.clock.tick(minutes=10)
    if swept:
        await vouch.expire(desk.tools)
    for _ in range(2):
        ended = await vouch.deny(desk.tools, question.id, EVE)
    assert (ended.state, ended.denied_at) == (VouchState.EXPIRED, desk.clock.now)
    await desk.pump()
    (alarm,) = alarms(desk)
    assert (alarm.what, alarm.who, alarm.about, alarm.request_id) == ("late_no", EVE, "bob (corp)", None)
    (entry,) = await late(desk, Deed.VOUCH_DENIED_LATE)
    assert (entry.actor_account, entry.facts["state"]) == (f"corp/{desk.ids['eve']}", "expired")
    said = desk.last(VouchFacts)
    assert (said.facts.late, said.stamp is not None) == (Meanwhile.NOTHING, True)


async def test_a_managers_no_after_they_vouched(desk):
    """Somebody has their code: their word stands, and nothing more is sent with it."""
    form, question = await asked(desk)
    await desk.pump()
    await vouched(desk, question)
    assert (await vouch.deny(desk.tools, question.id, EVE)).state is VouchState.VOUCHED
    said = desk.answer(verified="manager")
    await refused(submit.reset(desk.tools, form.form_id, ADA, said), Reason.CALLER_DENIED)
    await desk.pump()
    assert [one.what for one in alarms(desk)] == ["late_no"]


async def test_a_managers_no_after_the_form_was_sent(desk):
    """The reset that their word stands behind runs on, and they hear that it does."""
    form, question = await asked(desk)
    await desk.pump()
    await vouched(desk, question)
    queued = await submit.reset(desk.tools, form.form_id, ADA, desk.answer(verified="manager"))
    await desk.pump()
    await vouch.deny(desk.tools, question.id, EVE)
    await desk.pump()
    assert (await desk.target_of(queued)).state is TargetState.DELIVERED
    assert desk.last(VouchFacts).facts.late is Meanwhile.SET
    assert [(one.what, one.request_id) for one in alarms(desk)] == [("late_no_asked", queued.request_id)]
    begun = vouch.begin(desk.tools, question.id, EVE)
    await refused(begun, Reason.VOUCH_OVER)


async def test_a_code_that_was_asked_for_before_the_late_no_says_nothing_after_it(desk):
    """The question is over."""
    _, question = await asked(desk)
    begun = await vouch.begin(desk.tools, question.id, EVE)
    desk.clock.tick(minutes=10)
    await vouch.deny(desk.tools, question.id, EVE)
    await refused(vouch.vouch(desk.tools, begun.form_id, EVE, code(desk)), Reason.VOUCH_OVER)


async def test_weeks_later_a_no_is_still_heard(desk):
    """The button stands in a message that nobody takes away."""
    _, match = await matched(desk)
    desk.clock.tick(days=29)
    await sweep.expire(desk.tools)
    await number.press(desk.tools, match.id, None, BOB)
    await desk.pump()
    assert [one.what for one in alarms(desk)] == ["late_no"]
