"""A manager vouches: asked of whoever manages the person, answered once with a code, and worth what the rules say."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pyotp
import pytest
from sqlalchemy import update

from desk import freeze, look, number, submit, sweep, vouch
from directory.base import Ambiguous, Capability, NotAllowed, Unreachable
from directory.local_people import NewAccount
from resets.actor import SlackPerson
from resets.audit import Deed
from resets.evidence import Evidence, How
from resets.facts import AlarmFacts, StatusFacts, VouchFacts
from resets.reasons import Reason, Refused
from resets.request import TargetState, Tier, Why
from resets.scope import STANDARD_EVERYWHERE, Grant, Listed
from resets.verification import Needed
from resets.vouch import VouchState
from store import admins, numbers, plans, requests, vouches
from store.tables import admins as enrolments
from store.tables import requests as kept
from store.tables import vouches as rows
from tests.support.house import ADA, BOB, EVE, TEAM, enrolled, refused

SAID = {Tier.STANDARD: Needed.SAID}
GRANTS = {"admin": STANDARD_EVERYWHERE, "manager": ()}  # who only vouches resets nobody and approves nothing


@pytest.fixture
async def desk(mails):
    """A house, on each of both databases, that asks how the caller was verified, and in which eve manages bob."""
    mails.with_rules(verification=SAID, grants=GRANTS, approvers=frozenset({"admin"}))
    await mails.local.change_account(mails.ids["bob"], manager="eve")
    mails.seeds = {ADA: mails.seed, EVE: await enrolled(mails, EVE, "eve", "manager")}
    mails.clock.tick(seconds=60)
    mails.queue.clear()
    return mails


def code(house, person=EVE):
    return pyotp.TOTP(house.seeds[person]).at(house.clock.now)


async def asked(house, form=None):
    """Open a form and ask the manager; returns the form and the question."""
    form = form or await house.form()
    assert form.manager == "Eve Evans"
    return form, await vouch.ask(house.tools, form.form_id, ADA, "locked_out")


async def vouched(house, question, person=EVE):
    """Have the manager vouch, as the handlers do."""
    begun = await vouch.begin(house.tools, question.id, person)
    return await vouch.vouch(house.tools, begun.form_id, person, code(house, person))


async def change(house, person, **values):
    """Write over an enrolment, as the host's commands do."""
    async with house.store.write() as tx:
        row = await admins.by_slack(tx, person)
        await tx.conn.execute(enrolments.update().where(enrolments.c.id == row.id).values(**values))


async def state(house, question):
    async with house.store.read() as tx:
        return (await vouches.get(tx, question.id)).state


async def test_a_manager_vouches(desk):
    """With a code of their own; alone that is enough for a standard account, also where Slack delivers."""
    form, question = await asked(desk)
    assert How.MANAGER in form.hows
    await desk.pump()
    said = desk.last(VouchFacts)
    assert (said.to, said.must_be_member, said.stamp) == (EVE.user, True, None)
    assert (said.facts.why, said.facts.requester, said.facts.name) == (Why.LOCKED_OUT, ADA, "Bob Baker")
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


async def test_its_time_runs_out(desk):
    """Too late is too late, also before the round has come by; the manager's message says so; then ask once more."""
    form, question = await asked(desk)
    await desk.pump()
    begun = await vouch.begin(desk.tools, question.id, EVE)
    desk.clock.tick(minutes=10)
    await refused(vouch.vouch(desk.tools, begun.form_id, EVE, code(desk)), Reason.VOUCH_OVER)
    assert (await vouch.expire(desk.tools), await vouch.expire(desk.tools)) == (1, 0)
    await refused(vouch.deny(desk.tools, question.id, EVE), Reason.VOUCH_OVER)
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
            await vouch.evidence(desk.tools, tx, form.form_id, ("corp", desk.ids[who])) for who in ("bob", "nora")
        ]
    assert ([each.how for each in bob], nora) == ([How.MANAGER], ())


async def test_a_form_that_is_sent_waits_for_nobody(desk):
    """On other evidence it goes on; the manager's question is over, also their no."""
    form, question = await asked(desk)
    await desk.pump()
    await submit.reset(desk.tools, form.form_id, ADA, desk.answer(verified="ticket"))
    await desk.pump()
    assert desk.last(VouchFacts).facts.state is VouchState.WITHDRAWN
    await refused(vouch.begin(desk.tools, question.id, EVE), Reason.VOUCH_OVER)
    await refused(vouch.deny(desk.tools, question.id, EVE), Reason.VOUCH_OVER)


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
    """The journal keeps who vouched."""
    _, question = await asked(desk)
    desk.clock.tick(days=3)
    await sweep.expire(desk.tools)
    async with desk.store.read() as tx:
        assert await vouches.get(tx, question.id) is None


# -- whom the form offers to ask -------------------------------------------------------------------------------


async def nobody(house, login="bob", member=BOB):
    """Return why the form offers to ask nobody."""
    form = await house.form(login, member)
    assert form.manager == ""
    assert How.MANAGER not in form.hows
    await refused(vouch.ask(house.tools, form.form_id, ADA, "forgot"), Reason.CANNOT)
    return form.no_manager and form.no_manager.reason


async def test_who_has_no_manager(desk):
    """Nothing is said of it, unless nothing else will do but to see the person."""
    assert await nobody(desk, "nora") is None
    desk.with_rules(verification={Tier.STANDARD: Needed.MANAGER})
    assert await nobody(desk, "nora") is Reason.NO_MANAGER
    await desk.local.change_account(desk.ids["nora"], manager="sam1")
    assert await nobody(desk, "nora") is Reason.MANAGER_NOT_ENROLLED
    desk.with_rules(verification=SAID)
    assert await nobody(desk, "nora") is None
    desk.with_rules(verification={Tier.STANDARD: Needed.MANAGER})
    desk.directory.capabilities -= {Capability.MANAGER}
    assert await nobody(desk) is Reason.NO_MANAGER


@pytest.mark.parametrize("needed", [Needed.NONE, Needed.IN_PERSON])
async def test_where_their_word_is_worth_nothing_no_directory_is_asked(desk, needed):
    """Neither where nothing is asked, nor where the person has to be seen."""
    desk.with_rules(verification=dict.fromkeys(Tier, needed))
    assert await nobody(desk) is None
    assert "manager" not in desk.directory.calls


@pytest.mark.parametrize("fault", [Unreachable(), NotAllowed(), Ambiguous()])
async def test_who_cannot_be_read_is_nobody(desk, fault):
    """And the form says so, and is good for all else."""
    desk.directory.before["manager"] = [fault]
    assert await nobody(desk) is Reason.MANAGER_UNREAD


@pytest.mark.parametrize("values", [{"frozen_at": True}, {"role": "gone"}], ids=lambda values: next(iter(values)))
async def test_a_manager_who_cannot_vouch(desk, values):
    """Frozen, or of a role that is not configured: said with their name."""
    open_form = await desk.form()
    await change(desk, EVE, **{key: desk.clock.now if value is True else value for key, value in values.items()})
    assert await nobody(desk) is Reason.MANAGER_UNABLE
    assert (await desk.form()).no_manager.facts["user"] == "Eve Evans"
    await refused(vouch.ask(desk.tools, open_form.form_id, ADA, "forgot"), Reason.MANAGER_UNABLE)


async def test_a_manager_who_was_revoked_since(desk):
    """Is asked by no form that is open, and offered by no new one."""
    form = await desk.form()
    await change(desk, EVE, revoked_at=desk.clock.now)
    await refused(vouch.ask(desk.tools, form.form_id, ADA, "forgot"), Reason.MANAGER_UNABLE)
    assert await nobody(desk) is None


async def test_one_frozen_enrolment_of_a_manager_freezes_all(desk):
    """They are one person; without that, the oldest enrolment whose role is configured is asked."""
    twin = SlackPerson(TEAM, "U0EVETWO")
    desk.seeds[twin] = await enrolled(desk, twin, "eve", "manager")
    desk.clock.tick(seconds=60)
    _, question = await asked(desk)
    assert question.manager.slack == EVE
    await change(desk, twin, frozen_at=desk.clock.now)
    assert await nobody(desk) is Reason.MANAGER_UNABLE


async def test_a_manager_who_is_part_of_it(desk):
    """The requester, by any Slack account; the person themselves; and who sits in the person's Slack."""
    await desk.local.change_account(desk.ids["bob"], manager="ada")
    assert await nobody(desk) is Reason.MANAGER_INVOLVED
    await desk.local.change_account(desk.ids["nora"], manager="eve")
    assert await nobody(desk, "nora", EVE) is Reason.MANAGER_INVOLVED
    await enrolled(desk, BOB, "bob")
    await desk.local.change_account(desk.ids["bob"], manager="bob")
    assert await nobody(desk) is Reason.MANAGER_INVOLVED


@pytest.mark.parametrize("field", ["mail", "recovery_mail"])
async def test_a_manager_who_would_get_the_mail(desk, field):
    """Whoever reads what is mailed to the person is a recipient, by whichever of the two addresses, however spelled."""
    (eve,) = (await desk.local.fetch([desk.ids["eve"]])).values()
    await desk.local.change_account(desk.ids["bob"], **{field: eve.mail.upper()})
    assert await nobody(desk) is Reason.MANAGER_INVOLVED
    desk.with_rules(verification=SAID, grants=GRANTS, mail_password=False)
    assert (await desk.form()).manager == "Eve Evans"


async def test_a_new_manager_is_another_person(desk):
    """The directory is read for each form."""
    await desk.local.add_account(NewAccount("zoe", "Zoe Zander", slack_user="U0ZOE"))
    zoe = SlackPerson(TEAM, "U0ZOE")
    desk.seeds[zoe] = await enrolled(desk, zoe, "zoe", "manager")
    await desk.local.change_account(desk.ids["bob"], manager="zoe")
    form = await desk.form()
    assert form.manager == "Zoe Zander"


async def test_an_empty_form_has_nobody_to_ask(desk):
    """It is about nobody yet."""
    empty = await look.start(desk.tools, ADA)
    await refused(vouch.ask(desk.tools, empty, ADA, "forgot"), Reason.CANNOT)
