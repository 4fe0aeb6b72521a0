"""A manager vouches: asked of whoever manages the person, answered once with a code, and worth what the rules say."""

from __future__ import annotations

import asyncio

import pytest

from desk import number, submit, sweep, vouch
from resets.actor import SlackPerson
from resets.audit import Deed
from resets.evidence import Evidence, How
from resets.facts import AlarmFacts, StatusFacts, VouchFacts
from resets.reasons import Reason, Refused
from resets.request import TargetState, Tier, Why
from resets.scope import Grant, Listed
from resets.verification import Needed
from resets.vouch import VouchState
from store import numbers, requests, vouches
from tests.support import vouching
from tests.support.house import ADA, BOB, EVE, TEAM, refused
from tests.support.vouching import GRANTS, SAID, asked, change, code, state, vouched


@pytest.fixture
async def desk(mails):
    """A house, on each of both databases, that asks how the caller was verified, and in which eve manages bob."""
    return await vouching.furnished(mails)


async def test_a_manager_vouches(desk):
    """With a code of their own; alone that is enough for a standard account, also where Slack delivers."""
    form, question = await asked(desk)
    assert How.MANAGER in form.hows
    await desk.pump()
    said = desk.last(VouchFacts)
    assert (said.to, said.must_be_member, said.stamp) == (EVE.user, True, None)
    assert (said.facts.why, said.facts.requester, said.facts.name) == (Why.FORGOT, ADA, "Bob Baker")
    early = desk.answer(verified="manager")
    await refused(submit.reset(desk.tools, form.form_id, ADA, early), Reason.NOT_VOUCHED)
    assert (await vouched(desk, question)).state is VouchState.VOUCHED
    await desk.pump()
    assert desk.last(VouchFacts).facts.state is VouchState.VOUCHED
    assert desk.last(VouchFacts).stamp is not None  # the same message
    queued = await submit.reset(desk.tools, form.form_id, ADA, desk.answer(verified="manager"))
    await desk.pump()
    async with desk.store.read() as tx:
        request = await requests.get(tx, queued.request_id)
    known = (Evidence(How.MANAGER, question.id, question.manager),)
    assert request.plan.options.evidence == known
    assert request.digest == request.plan.digest()
    assert desk.last(StatusFacts).facts.evidence == known
    assert (await desk.target_of(queued)).state is TargetState.DELIVERED
    assert (await desk.entry(Deed.ASKED)).facts["verified"] == "manager"
    told = await desk.entry(Deed.VOUCHED)
    assert told.actor == f"slack:{EVE.team}/{EVE.user}"
    assert told.actor_account == f"corp/{desk.ids['eve']}"
    assert (told.facts["vouch"], told.facts["method"]) == (question.id, "totp")
    assert (await desk.entry(Deed.VOUCH_ASKED)).actor == f"slack:{ADA.team}/{ADA.user}"
    assert desk.last(AlarmFacts) is None


async def test_it_stands_beside_what_the_requester_says(desk):
    """As a number match does, and beside one."""
    form, question = await asked(desk)
    match = await number.ask(desk.tools, form.form_id, ADA)
    await number.press(desk.tools, match.id, match.right, BOB)
    await vouched(desk, question)
    queued = await submit.reset(desk.tools, form.form_id, ADA, desk.answer(verified="ticket"))
    async with desk.store.read() as tx:
        known = (await requests.get(tx, queued.request_id)).plan.options.evidence
    assert [each.how for each in known] == [How.TICKET, How.NUMBER, How.MANAGER]


@pytest.mark.parametrize(("needed", "lack"), [(Needed.IN_PERSON, True), (Needed.MANAGER, False)])
async def test_above_the_standard_tier_only_where_policy_says_so(desk, needed, lack):
    """By itself it does for a sensitive account where the tier's need is a manager, and not as shipped."""
    grants = GRANTS | {"admin": (Grant(frozenset(Tier)),)}
    sensitive = {"corp": (Listed(Tier.SENSITIVE, frozenset({"bob"}), ()),)}
    desk.with_rules(grants=grants, listed=sensitive, verification={**SAID, Tier.SENSITIVE: needed})
    form = await desk.form()
    assert (form.manager, How.MANAGER in form.hows) == (("", False) if lack else ("Eve Evans", True))
    if lack:
        await refused(vouch.ask(desk.tools, form.form_id, ADA, "forgot"), Reason.CANNOT)
        return
    _, question = await asked(desk, form)
    await vouched(desk, question)
    await submit.reset(desk.tools, form.form_id, ADA, desk.answer(verified="manager"))
    assert Deed.PROVED in await desk.deeds()


async def test_a_no_counts_as_the_persons_own(desk):
    """Without a code or a role; it alarms, the form goes no further, and for an hour sight alone is believed."""
    form, question = await asked(desk)
    await desk.pump()
    await change(desk, EVE, frozen_at=desk.clock.now)
    for _ in range(2):
        assert (await vouch.deny(desk.tools, question.id, EVE)).state is VouchState.DENIED
    await desk.pump()
    alarms = [said.facts for said in desk.heard if isinstance(said.facts, AlarmFacts)]
    assert [(one.what, one.who) for one in alarms] == [("vouch_denied", EVE)]
    assert "Ada Admin" in alarms[0].who_name
    assert desk.last(VouchFacts).facts.state is VouchState.DENIED
    said = desk.answer(verified="call_back")
    await refused(submit.reset(desk.tools, form.form_id, ADA, said), Reason.CALLER_DENIED)
    again = await desk.form(member=BOB)
    assert again.denied
    await refused(number.ask(desk.tools, again.form_id, ADA), Reason.CALLER_DENIED)
    await submit.reset(desk.tools, again.form_id, ADA, desk.answer(verified="in_person"))
    assert (await vouched_or(desk, question)) is Reason.VOUCH_OVER
    desk.clock.tick(hours=1, seconds=1)
    await change(desk, EVE, frozen_at=None)
    _, anew = await asked(desk)
    assert anew.id != question.id


async def vouched_or(house, question):
    """Return why a word was refused, of a manager who is free again for that moment."""
    await change(house, EVE, frozen_at=None)
    try:
        await vouched(house, question)
    except Refused as error:
        return error.reason
    return None


async def test_the_hour_begins_with_the_no(desk):
    """Not with the question, which may have waited for long by then."""
    _, question = await asked(desk)
    desk.clock.tick(minutes=9)
    await vouch.deny(desk.tools, question.id, EVE)
    desk.clock.tick(minutes=59)
    assert (await desk.form()).denied
    desk.clock.tick(minutes=2)
    assert not (await desk.form()).denied


async def test_after_the_persons_own_no_their_manager_is_not_asked(desk):
    """Whoever is not them does not become them by another's word."""
    form = await desk.form()
    match = await number.ask(desk.tools, form.form_id, ADA)
    await number.press(desk.tools, match.id, None, BOB)
    await refused(vouch.ask(desk.tools, form.form_id, ADA, "forgot"), Reason.CALLER_DENIED)


async def test_a_word_is_given_once(desk):
    """Two windows, a code each, and the same form twice: one word, and what is refused costs no try."""
    _, question = await asked(desk)
    forms = [(await vouch.begin(desk.tools, question.id, EVE)).form_id for _ in range(2)]
    sent = [vouch.vouch(desk.tools, form_id, EVE, code(desk)) for form_id in forms * 3]
    ended = await asyncio.gather(*sent, return_exceptions=True)
    assert len([each for each in ended if not isinstance(each, Refused)]) == 1
    assert {each.reason for each in ended if isinstance(each, Refused)} <= {Reason.VOUCH_OVER, Reason.FORM_USED}
    desk.clock.tick(seconds=30)
    await refused(vouch.begin(desk.tools, question.id, EVE), Reason.VOUCH_OVER)
    assert (await vouch.deny(desk.tools, question.id, EVE)).state is VouchState.VOUCHED
    deeds = await desk.deeds()
    assert (deeds.count(Deed.VOUCHED), Deed.VOUCH_DENIED in deeds, Deed.STEP_UP_MISSED in deeds) == (1, False, False)


async def test_a_yes_and_a_no_in_one_moment(desk):
    """One of them is heard."""
    _, question = await asked(desk)
    begun = await vouch.begin(desk.tools, question.id, EVE)
    yes = vouch.vouch(desk.tools, begun.form_id, EVE, code(desk))
    await asyncio.gather(yes, *(vouch.deny(desk.tools, question.id, EVE) for _ in range(5)), return_exceptions=True)
    deeds = await desk.deeds()
    assert deeds.count(Deed.VOUCHED) + deeds.count(Deed.VOUCH_DENIED) == 1


async def test_a_yes_and_the_submission_in_one_moment(desk):
    """Either the word came first, and stands with the request, or nobody waits for it any more."""
    form, question = await asked(desk)
    begun = await vouch.begin(desk.tools, question.id, EVE)
    sent = submit.reset(desk.tools, form.form_id, ADA, desk.answer(verified="ticket"))
    queued, said = await asyncio.gather(
        sent, vouch.vouch(desk.tools, begun.form_id, EVE, code(desk)), return_exceptions=True
    )
    async with desk.store.read() as tx:
        hows = [each.how for each in (await requests.get(tx, queued.request_id)).plan.options.evidence]
    if isinstance(said, Refused):
        assert (said.reason, hows) == (Reason.VOUCH_OVER, [How.TICKET])
    else:
        assert (said.state, hows) == (VouchState.VOUCHED, [How.TICKET, How.MANAGER])


async def test_a_wrong_code_costs_what_it_costs_anywhere(desk):
    """It is paid for and alarms at the third, nobody is vouched for, and the question waits on."""
    form, question = await asked(desk)
    begun = await vouch.begin(desk.tools, question.id, EVE)
    for _ in range(3):
        await refused(vouch.vouch(desk.tools, begun.form_id, EVE, "000000"), Reason.CODE_WRONG)
    await refused(vouch.vouch(desk.tools, begun.form_id, EVE, code(desk)), Reason.CODE_WAIT)
    await refused(submit.reset(desk.tools, form.form_id, ADA, desk.answer(verified="manager")), Reason.NOT_VOUCHED)
    await desk.pump()
    assert desk.last(AlarmFacts).facts.what == "step_up_misses"
    desk.clock.tick(seconds=31)
    assert (await vouch.vouch(desk.tools, begun.form_id, EVE, code(desk))).state is VouchState.VOUCHED


async def test_a_code_is_good_for_one_question(desk):
    """The form for one person answers no other, and a code that was used answers nothing."""
    await desk.local.change_account(desk.ids["nora"], manager="eve")
    _, question = await asked(desk)
    other = await vouch.ask(desk.tools, (await desk.form("nora", EVE_OTHER)).form_id, ADA, "forgot")
    used = code(desk)
    begun = [await vouch.begin(desk.tools, each.id, EVE) for each in (question, other)]
    await vouch.vouch(desk.tools, begun[0].form_id, EVE, used)
    await refused(vouch.vouch(desk.tools, begun[1].form_id, EVE, used), Reason.CODE_USED)
    assert await state(desk, other) is VouchState.WAITING


EVE_OTHER = SlackPerson(TEAM, "U0NORA")


async def test_its_time_runs_out(desk):
    """Too late is too late, also before the round has come by; the manager's message says so; then ask once more."""
    form, question = await asked(desk)
    await desk.pump()
    begun = await vouch.begin(desk.tools, question.id, EVE)
    desk.clock.tick(minutes=10)
    await refused(vouch.vouch(desk.tools, begun.form_id, EVE, code(desk)), Reason.VOUCH_OVER)
    assert (await vouch.expire(desk.tools), await vouch.expire(desk.tools)) == (1, 0)
    await desk.pump()
    assert desk.last(VouchFacts).facts.state is VouchState.EXPIRED
    _, again = await asked(desk, form)
    assert again.id != question.id


async def test_a_word_for_one_is_none_for_another(desk):
    """It stands for the person who was named to the manager, whatever becomes of the form."""
    form, question = await asked(desk)
    await vouched(desk, question)
    async with desk.store.write() as tx:
        bob, nora = [
            await vouch.words(desk.tools, tx, form.form_id, ("corp", desk.ids[who])) for who in ("bob", "nora")
        ]
    assert (list(bob), nora) == ([Why.FORGOT], {})


async def test_a_form_that_is_sent_waits_for_nobody(desk):
    """On other evidence it goes on; the manager's question is over."""
    form, question = await asked(desk)
    await desk.pump()
    await submit.reset(desk.tools, form.form_id, ADA, desk.answer(verified="ticket"))
    await desk.pump()
    assert desk.last(VouchFacts).facts.state is VouchState.WITHDRAWN
    await refused(vouch.begin(desk.tools, question.id, EVE), Reason.VOUCH_OVER)


async def test_a_question_and_the_submission_in_one_moment(desk):
    """Whichever comes first: nobody is left to vouch for what was sent without them."""
    form = await desk.form()
    sent = submit.reset(desk.tools, form.form_id, ADA, desk.answer(verified="ticket"))
    questions = [vouch.ask(desk.tools, form.form_id, ADA, "forgot"), number.ask(desk.tools, form.form_id, ADA)]
    await asyncio.gather(sent, *questions, return_exceptions=True)
    assert Deed.PROVED in await desk.deeds()
    async with desk.store.read() as tx:
        left = [*await vouches.of_form(tx, form.form_id), *await numbers.of_form(tx, form.form_id)]
    assert not [one for one in left if one.waits(desk.clock.now)]


async def test_asked_twice_is_asked_once(desk):
    """One question, one message: a double click, or a look at how it stands."""
    form, question = await asked(desk)
    assert (await vouch.shown_in(desk.tools, question, "V0001")).view_id == "V0001"
    assert (await asked(desk, form))[1].id == question.id
    await desk.pump()
    await vouched(desk, question)
    assert (await asked(desk, form))[1].state is VouchState.VOUCHED
    await desk.pump()
    assert len({said.notice_id for said in desk.heard if isinstance(said.facts, VouchFacts) and not said.stamp}) == 1


async def test_questions_of_both_kinds_are_counted_together(desk):
    """So many an hour, to people and to managers; under whatever Slack account."""
    desk.with_rules(numbers_per_hour=2)
    form, _ = await asked(desk)
    await number.ask(desk.tools, form.form_id, ADA)
    other = await desk.form()
    assert (await refused(number.ask(desk.tools, other.form_id, ADA), Reason.TOO_MANY_NUMBERS)) == {"limit": 2}
    await refused(vouch.ask(desk.tools, other.form_id, ADA, "forgot"), Reason.TOO_MANY_NUMBERS)
    desk.clock.tick(hours=1, seconds=1)
    await asked(desk)


@pytest.mark.parametrize("why", ["", "because"])
async def test_a_reason_that_is_none_is_not_shown_to_a_manager(desk, why):
    """The form has a closed list."""
    form = await desk.form()
    await refused(vouch.ask(desk.tools, form.form_id, ADA, why), Reason.CHOICE_INVALID)


async def test_what_slack_did_not_take_is_not_said_late(desk):
    """A question whose time is over before it could be asked is not asked any more."""
    await asked(desk)
    desk.clock.tick(minutes=11)
    await desk.pump()
    assert desk.last(VouchFacts) is None


async def test_old_ones_are_forgotten(desk):
    """Once nobody presses a button of theirs any more; the journal keeps who vouched."""
    _, question = await asked(desk)
    desk.clock.tick(days=31)
    await sweep.expire(desk.tools)
    async with desk.store.read() as tx:
        assert await vouches.get(tx, question.id) is None
