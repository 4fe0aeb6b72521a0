"""The thread under a card holds the history: each thing that has happened is a line, once, as it was then."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from desk import brakes, change, control, decide, remind, speak, steer
from directory.base import NotAllowed
from resets.approval import CardFacts, Reminder
from resets.audit import Deed
from resets.history import Line
from resets.notice import NoticeKind
from resets.reasons import Reason
from store import outbox
from tests.support import approving, bulks
from tests.support.approving import ZOE, approve, asked_many, deny, lines, lines_aside
from tests.support.house import ADA, EVE


async def agreed_many(house, count=51):
    """Ask for many, and have two others agree; returns the request's id."""
    held = await asked_many(house, count)
    for person in (EVE, ZOE):
        house.clock.tick(minutes=1)
        await approve(house, held.request_id, person)
    return held.request_id


def deeds(house):
    return [deed for deed, _, _ in lines(house)]


async def test_a_bulk_from_the_question_to_its_end(asking):
    """Asked, agreed to, agreed to by enough, begun, ended: who, how many are missing, and the counts."""
    request_id = await agreed_many(asking)
    await asking.pump()
    asking.clock.tick(seconds=61)
    await steer.all_runs(asking.tools)
    await bulks.worked(asking, request_id)
    await asking.pump()
    said = lines(asking)
    assert deeds(asking) == [Deed.STEPPED_UP, Deed.APPROVED, Deed.APPROVED, Deed.STARTED, Deed.DONE]
    words = ["asked", "1 approval is still missing", "Enough have agreed", "Begun", "51 reset"]
    assert [word in text for word, (_, text, _) in zip(words, said, strict=True)] == [True] * 5
    assert ("Ada Admin" in said[0][1], "Eve Evans" in said[1][1], "Zoe Zander" in said[2][1]) == (True, True, True)
    stamp = next(one for one in asking.heard if isinstance(one.facts, CardFacts))
    assert {place for _, _, place in said} == {("C0APPROVE", f"{asking.heard.index(stamp) + 1}.0")}


async def test_one_reset_that_is_agreed_to(each):
    """Asked, agreed to, done."""
    queued = await each.ask()
    each.clock.tick(minutes=1)
    await approve(each, queued.request_id)
    await each.pump()
    assert deeds(each) == [Deed.STEPPED_UP, Deed.APPROVED, Deed.DONE]
    assert "the password is set" in lines(each)[-1][1]


async def test_one_reset_that_could_not_be_done_after_all(each):
    """The directory refuses: the thread says why."""
    queued = await each.ask()
    await approve(each, queued.request_id)
    each.directory.before["set_password"] = [NotAllowed("no")] * 3
    await each.pump()
    deed, text, _ = lines(each)[-1]
    assert deed is Deed.FAILED
    assert "could not be done" in text
    assert (await each.target_of(queued)).reason is not None


async def test_who_agreed_may_not_any_more(each):
    """Then it is not done, and the thread says so."""
    queued = await each.ask()
    await approve(each, queued.request_id)
    each.with_rules(approvers=frozenset({"others"}))
    await each.pump()
    assert lines(each)[-1][0] is Deed.FAILED
    assert "somebody who had agreed may not any more" in lines(each)[-1][1]


async def test_denied_withdrawn_and_too_late(each):
    """Each ends with its line: who, and of a denial why."""
    for end, deed, word in (
        (lambda request_id: deny(each, request_id, why="not them"), Deed.DENIED, "Eve Evans* denied"),
        (lambda request_id: change.withdraw(each.tools, request_id, ADA), Deed.WITHDRAWN, "Ada Admin* withdrew"),
        (lambda _: _late(each), Deed.LAPSED, "Too few had agreed"),
    ):
        each.clock.tick(minutes=2)
        queued = await each.ask()
        await end(queued.request_id)
        await each.pump()
        assert lines(each)[-1][0] is deed
        assert word in lines(each)[-1][1]
        assert "Nobody was reset" in lines(each)[-1][1]
    assert "not them" in lines(each)[1][1]


async def _late(house):
    house.clock.tick(minutes=16)
    assert await decide.lapse(house.tools) == 1


async def test_stopped_let_go_on_and_cancelled(asking):
    """What people do to the run, and what stops it by itself, with their names and the reason."""
    request_id = await agreed_many(asking)
    asking.clock.tick(seconds=61)
    await steer.all_runs(asking.tools)
    for deed in (
        brakes.stop(asking.tools, request_id, Reason.DIRECTORY_DOWN),
        control.resume(asking.tools, request_id, ADA),
        control.pause(asking.tools, request_id, EVE),
        control.cancel(asking.tools, request_id, ZOE),
    ):
        asking.clock.tick(seconds=1)
        await deed
    await asking.pump()
    said = lines(asking)[4:]
    assert [deed for deed, _, _ in said] == [Deed.PAUSED, Deed.RESUMED, Deed.PAUSED, Deed.CANCELLED]
    words = ["", "Ada Admin* let it go on", "Eve Evans* paused", "Zoe Zander* cancelled"]
    assert [word for word, (_, text, _) in zip(words[1:], said[1:], strict=True) if word not in text] == []
    assert "It stopped by itself" in said[0][1]


async def test_a_run_that_nobody_could_begin_in_time(asking):
    """It ends, and the thread says that nobody was reset."""
    await agreed_many(asking)
    asking.clock.tick(days=2)
    await steer.all_runs(asking.tools)
    await asking.pump()
    assert lines(asking)[-1][0] is Deed.CANCELLED
    assert "could not begin" in lines(asking)[-1][1]


async def test_who_needs_nobody_has_no_history(asking):
    """A reset that nobody had to agree to leaves nothing to say, and so does a channel that is named no more."""
    await asking.ask()
    asking.clock.tick(minutes=1)
    held = await asked_many(asking, 3)
    asking.tools = replace(asking.tools, approvals_channel="")
    asking.clock.tick(minutes=1)
    await approve(asking, held.request_id)
    await asking.pump()
    assert lines(asking) == []


async def test_after_an_outage_each_line_says_what_was_then(asking):
    """Slack is away while all of it happens: the lines come after it, in order, with their own numbers, each once."""
    held = await asked_many(asking, 51)
    await asking.pump()
    asking.deaf |= {Line, CardFacts}
    for person in (EVE, ZOE):
        asking.clock.tick(minutes=1)
        await approve(asking, held.request_id, person)
    for _ in range(40):  # of the work there is, each goes on for hours
        work = asking.queue.popleft()
        if await asking.do(work) is not None:
            asking.queue.append(work)
        asking.clock.tick(minutes=3)
    asking.deaf.clear()
    await remind.repair(asking.tools)
    await asking.pump()
    assert deeds(asking) == [Deed.STEPPED_UP, Deed.APPROVED, Deed.APPROVED]
    assert ["still missing" in text for _, text, _ in lines(asking)] == [False, True, False]


async def test_a_line_is_not_tried_for_ever(each):
    """After two days it is let go of, as the card is."""
    await each.ask()
    (aside,) = await lines_aside(each)
    each.clock.tick(days=2)
    assert await each.do(aside) is None
    async with each.store.read() as tx:
        assert not await outbox.any_waiting(tx, NoticeKind.HISTORY, target_id="")
    assert lines(each) == []


async def test_two_who_say_it_say_it_once(each):
    """While one is at it the other waits; said, it is not said again."""
    await each.ask()
    (aside,) = await lines_aside(each)
    assert isinstance(await speak.prepare(each.tools, aside.id), timedelta)  # the card comes first
    await each.pump()
    first = await speak.prepare(each.tools, aside.id)
    assert isinstance(first.facts, Line)
    assert isinstance(await speak.prepare(each.tools, aside.id), timedelta)
    await speak.said(each.tools, aside.id, "C0APPROVE", "9.0")
    assert await speak.prepare(each.tools, aside.id) is None


@pytest.mark.parametrize("number", ["", "x", "1"])
async def test_a_notice_that_was_written_over_says_nothing(each, number):
    """Only the journal's own entry about this request is said."""
    await each.ask()
    (aside,) = await lines_aside(each)
    await each.pump()
    facts = json.dumps({"entry": number})
    await approving.sql(each, "UPDATE notices SET facts = :facts WHERE id = :id", facts=facts, id=aside.id)
    assert await each.do(aside) is None
    assert lines(each) == []


async def test_the_reminder_names_those_who_may_now(each):
    """Half of the time is over: from then on more roles may decide, and the thread says which."""
    each.with_rules(late_approvers=frozenset({"managers"}))
    await each.ask()
    await each.pump()
    each.clock.tick(minutes=8)
    assert await remind.remind(each.tools) == 1
    await each.pump()
    assert each.last(Reminder).facts.late == ("managers",)
