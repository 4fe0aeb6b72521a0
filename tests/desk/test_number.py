"""The number match: asked of the one person, answered once, and worth what the rules say."""

from __future__ import annotations

import asyncio

import pytest

from desk import freeze, look, number, submit, sweep
from resets.actor import SlackPerson
from resets.audit import Deed
from resets.evidence import Evidence, How
from resets.facts import AlarmFacts, MatchFacts, StatusFacts
from resets.number import MatchState
from resets.reasons import Reason, Refused
from resets.request import Tier
from resets.verification import Needed
from store import admins, numbers, requests
from store.tables_asked import number_matches as rows
from tests.support.house import ADA, BOB, EVE, TEAM, enrolled, refused

SAID = {Tier.STANDARD: Needed.SAID}


@pytest.fixture
async def desk(mails):
    """A house, on each of both databases, that asks how the caller was verified, and whose passwords may be mailed."""
    mails.with_rules(verification=SAID)
    return mails


async def asked(house, form=None):
    """Open a form and ask its person; returns the form and the match."""
    form = form or await house.form()
    assert form.number
    return form, await number.ask(house.tools, form.form_id, ADA)


def wrong(match):
    return next(n for n in match.numbers if n != match.right)


async def test_the_right_number(desk):
    """The person reads three, presses the one that they heard, and that stands with the request."""
    form, match = await asked(desk)
    await desk.pump()
    question = desk.last(MatchFacts)
    assert (question.to, question.must_be_member) == (BOB.user, True)
    assert question.facts.numbers == match.numbers
    assert match.right in match.numbers
    ended = await number.press(desk.tools, match.id, match.right, BOB)
    assert ended.state is MatchState.MATCHED
    await desk.pump()
    assert desk.last(MatchFacts).facts.state is MatchState.MATCHED
    assert desk.last(MatchFacts).stamp is not None  # the same message
    answer = desk.answer(verified="call_back")
    queued = await submit.reset(desk.tools, form.form_id, ADA, answer)
    await desk.pump()
    async with desk.store.read() as tx:
        request = await requests.get(tx, queued.request_id)
    known = (Evidence(How.CALL_BACK), Evidence(How.NUMBER, match.id))
    assert request.plan.options.evidence == known
    assert request.digest == request.plan.digest()
    assert desk.last(StatusFacts).facts.evidence == known
    assert (await desk.entry(Deed.ASKED)).facts["verified"] == "call_back number"
    assert (await desk.entry(Deed.NUMBER_MATCHED)).actor == f"slack:{BOB.team}/{BOB.user}"
    assert (await desk.entry(Deed.NUMBER_MATCHED)).facts["match"] == match.id
    assert desk.last(AlarmFacts) is None


async def test_alone_it_is_enough_only_where_slack_does_not_deliver(desk):
    """Whoever sits in the person's Slack would press the number and read the password."""
    form, match = await asked(desk)
    assert How.NUMBER in form.hows
    await refused(submit.reset(desk.tools, form.form_id, ADA, desk.answer(verified="number")), Reason.NOT_PRESSED)
    await number.press(desk.tools, match.id, match.right, BOB)
    by_slack = desk.answer(verified="number", channels=("dm", "mail"))
    lack = await refused(submit.reset(desk.tools, form.form_id, ADA, by_slack), Reason.EVIDENCE_SLACK)
    assert lack == {"field": "verified"}
    queued = await submit.reset(desk.tools, form.form_id, ADA, desk.answer(verified="number", channels=("mail",)))
    async with desk.store.read() as tx:
        request = await requests.get(tx, queued.request_id)
    assert request.plan.options.evidence == (Evidence(How.NUMBER, match.id),)


@pytest.mark.parametrize("no", [True, False])
async def test_a_wrong_number_or_a_no_ends_it(desk, no):
    """The security channel hears, the form goes no further, and for an hour the account is reset on sight alone."""
    form, match = await asked(desk)
    await desk.pump()
    ended = await number.press(desk.tools, match.id, None if no else wrong(match), BOB)
    state, deed = (MatchState.DENIED, Deed.NUMBER_DENIED) if no else (MatchState.WRONG, Deed.NUMBER_WRONG)
    assert ended.state is state
    await desk.pump()
    assert desk.last(AlarmFacts).facts.what == deed.value
    assert desk.last(AlarmFacts).facts.who == BOB
    assert "Ada Admin" in desk.last(AlarmFacts).facts.who_name
    assert desk.last(MatchFacts).facts.state is state
    said = desk.answer(verified="call_back")
    await refused(submit.reset(desk.tools, form.form_id, ADA, said), Reason.CALLER_DENIED)
    again = await desk.form()
    assert (form.denied, again.denied) == (False, True)
    await refused(number.ask(desk.tools, again.form_id, ADA), Reason.CALLER_DENIED)
    await refused(submit.reset(desk.tools, again.form_id, ADA, said), Reason.CALLER_DENIED)
    await submit.reset(desk.tools, again.form_id, ADA, desk.answer(verified="in_person"))
    desk.clock.tick(hours=1, seconds=1)
    _, anew = await asked(desk)
    assert anew.id != match.id


async def test_one_press_counts(desk):
    """Whatever is pressed later changes nothing; the same once more alarms nobody (a no does: `test_late.py`)."""
    _, match = await asked(desk)
    for pressed in (match.right, match.right):
        assert (await number.press(desk.tools, match.id, pressed, BOB)).state is MatchState.MATCHED
    assert (await desk.deeds()).count(Deed.NUMBER_MATCHED) == 1
    await desk.pump()
    assert desk.last(AlarmFacts) is None


async def test_of_presses_in_one_moment_one_counts(desk):
    """A right number, another one and a no, twenty at once, some of them sent twice: one effect."""
    _, match = await asked(desk)
    pressed = [match.right, wrong(match), None] * 7
    most = {MatchState.MATCHED: 1, MatchState.WRONG: 0, MatchState.DENIED: 0}
    ended = await asyncio.gather(*(number.press(desk.tools, match.id, each, BOB) for each in pressed))
    assert len({each.state for each in ended}) == 1
    deeds = await desk.deeds()
    assert sum(deeds.count(each) for each in (Deed.NUMBER_MATCHED, Deed.NUMBER_WRONG, Deed.NUMBER_DENIED)) == 1
    assert deeds.count(Deed.NUMBER_DENIED_LATE) == most[ended[0].state]


async def test_a_no_and_the_submission_in_one_moment(desk):
    """Either the form went first, and the no comes too late, or the no did, and nothing is reset."""
    form, match = await asked(desk)
    sent = submit.reset(desk.tools, form.form_id, ADA, desk.answer(verified="ticket"))
    no = number.press(desk.tools, match.id, None, BOB)
    queued, said = await asyncio.gather(sent, no, return_exceptions=True)
    deeds = await desk.deeds()
    if isinstance(queued, Refused):
        assert queued.reason is Reason.CALLER_DENIED
        assert (said.state, Deed.PROVED in deeds) == (MatchState.DENIED, False)
    else:
        assert said.state is MatchState.WITHDRAWN
        assert (Deed.NUMBER_DENIED in deeds, Deed.NUMBER_DENIED_LATE in deeds, Deed.PROVED in deeds) == (
            *(False, True, True),
        )


@pytest.mark.parametrize("person", [ADA, EVE, SlackPerson("T0OTHER", BOB.user)])
async def test_nobody_else_presses(desk, person):
    """Neither the requester nor a colleague nor the same id in another team."""
    _, match = await asked(desk)
    await refused(number.press(desk.tools, match.id, match.right, person), Reason.NOT_YOURS)
    await refused(number.press(desk.tools, "no such match", match.right, BOB), Reason.NOT_YOURS)
    async with desk.store.read() as tx:
        assert (await numbers.get(tx, match.id)).state is MatchState.WAITING


async def test_its_time_runs_out(desk):
    """Too late is too late, also before the round has come by; the person's message says so; then ask once more."""
    form, match = await asked(desk)
    await desk.pump()
    desk.clock.tick(minutes=5)
    await refused(number.press(desk.tools, match.id, match.right, BOB), Reason.NUMBER_OVER)
    assert (await number.expire(desk.tools), await number.expire(desk.tools)) == (1, 0)
    await refused(number.press(desk.tools, match.id, match.right, BOB), Reason.NUMBER_OVER)
    await desk.pump()
    assert desk.last(MatchFacts).facts.state is MatchState.EXPIRED
    _, again = await asked(desk, form)
    assert again.id != match.id


async def test_a_form_that_is_sent_waits_for_nobody(desk):
    """On other evidence it goes on; the person's question is over, and their late press vouches for nothing."""
    form, match = await asked(desk)
    await desk.pump()
    desk.clock.tick(seconds=60)
    slip = desk.answer(verified="ticket", code="000000")
    await refused(submit.reset(desk.tools, form.form_id, ADA, slip), Reason.CODE_WRONG)
    async with desk.store.read() as tx:
        assert (await numbers.get(tx, match.id)).state is MatchState.WAITING
    queued = await submit.reset(desk.tools, form.form_id, ADA, desk.answer(verified="ticket"))
    await desk.pump()
    assert desk.last(MatchFacts).facts.state is MatchState.WITHDRAWN
    await refused(number.press(desk.tools, match.id, match.right, BOB), Reason.NUMBER_OVER)
    async with desk.store.read() as tx:
        assert (await requests.get(tx, queued.request_id)).plan.options.evidence == (Evidence(How.TICKET),)


async def test_asked_twice_is_asked_once(desk):
    """The same number, one message: a double click, or a look at how it stands."""
    form, match = await asked(desk)
    await number.shown_in(desk.tools, match, "V0001")
    assert (await asked(desk, form))[1].id == match.id
    await desk.pump()
    await number.press(desk.tools, match.id, match.right, BOB)
    assert (await asked(desk, form))[1].state is MatchState.MATCHED
    await desk.pump()
    assert len({said.notice_id for said in desk.heard if isinstance(said.facts, MatchFacts) and not said.stamp}) == 1


async def test_nobody_is_asked_without_end(desk):
    """So many an hour; then the requester has to know it otherwise."""
    desk.with_rules(numbers_per_hour=2)
    for _ in range(2):
        await asked(desk)
    form = await desk.form()
    over = await refused(number.ask(desk.tools, form.form_id, ADA), Reason.TOO_MANY_NUMBERS)
    assert over == {"limit": 2}
    twin = SlackPerson(TEAM, "U0ADATWO")  # the same admin: no second share
    await enrolled(desk, twin, "ada")
    form = await desk.form(by=twin)
    await refused(number.ask(desk.tools, form.form_id, twin), Reason.TOO_MANY_NUMBERS)
    desk.clock.tick(hours=1, seconds=1)
    await asked(desk)


async def test_who_may_begin_nothing_asks_nobody(desk):
    """In a freeze, and while the requester is frozen."""
    form, other = await desk.form(), await desk.form()
    async with desk.store.write() as tx:
        row = await admins.by_slack(tx, ADA)
        await admins.freeze(tx, row.actor.id, desk.clock())
    await refused(number.ask(desk.tools, form.form_id, ADA), Reason.ACTOR_FROZEN)
    async with desk.store.write() as tx:
        await admins.unfreeze(tx, row.actor.id)
    await freeze.freeze(desk.tools, ADA, "")
    await refused(number.ask(desk.tools, other.form_id, ADA), Reason.FROZEN)
    await refused(number.ask(desk.tools, other.form_id, EVE), Reason.NO_ROLE)


async def test_only_whom_slack_reaches_is_asked(desk):
    """Without a Slack account of the person's, the form has no button, and a made-up press is refused."""
    form = await desk.form(member=None)
    assert not form.number
    assert How.NUMBER not in form.hows
    await refused(number.ask(desk.tools, form.form_id, ADA), Reason.CANNOT)
    desk.with_rules(verification={})
    quiet = await desk.form()
    assert (quiet.hows, quiet.number) == ((), False)
    await refused(number.ask(desk.tools, quiet.form_id, ADA), Reason.CANNOT)
    empty = await look.start(desk.tools, ADA)
    await refused(number.ask(desk.tools, empty, ADA), Reason.CANNOT)


async def test_a_match_that_was_written_over_is_none(desk):
    """Who can write the database still vouches for nobody."""
    form, match = await asked(desk)
    async with desk.store.write() as tx:
        await tx.conn.execute(rows.update().values(state=MatchState.MATCHED.value))
    answer = desk.answer(verified="number", channels=("mail",))
    await refused(submit.reset(desk.tools, form.form_id, ADA, answer), Reason.NOT_PRESSED)
    await refused(number.press(desk.tools, match.id, match.right, BOB), Reason.NOT_YOURS)
    await desk.pump()
    assert desk.last(MatchFacts) is None


async def test_what_slack_did_not_take_is_not_said_late(desk):
    """A question whose time is over before it could be asked is not asked any more."""
    await asked(desk)
    desk.clock.tick(minutes=6)
    await desk.pump()
    assert desk.last(MatchFacts) is None


async def test_old_ones_are_forgotten(desk):
    """Once nobody presses a button of theirs any more; the journal keeps what was pressed."""
    _, match = await asked(desk)
    desk.clock.tick(days=31)
    await sweep.expire(desk.tools)
    async with desk.store.read() as tx:
        assert await numbers.get(tx, match.id) is None
