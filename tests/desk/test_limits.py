"""One's share: so many resets of one admin, of one account, of all; counted where nobody else counts."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pyotp

from desk import choose, control, enrol, fill, find, freeze, look, steer, submit, submit_bulk
from desk.tools import WorkKind
from directory.base import NotAllowed
from resets.actor import SlackPerson
from resets.audit import Deed
from resets.facts import AlarmFacts
from resets.limits import Limits
from resets.reasons import Reason, Refused
from resets.request import TargetState
from tests.support import bulks, previews
from tests.support.house import ADA, BOB, EVE, TEAM, enrolled, refused, standing


def limited(house, **numbers):
    house.with_rules(limits=Limits(**numbers))
    return house


def later(house, **span):
    house.clock.tick(**(span or {"minutes": 1}))
    return house


async def crowd(house, count):
    """Enrol one person under so many Slack accounts; returns each with its seed."""
    persons = [SlackPerson(TEAM, f"U0TWIN{number}") for number in range(count)]
    return [(person, await enrolled(house, person, "ada")) for person in persons]


async def typed(house, person, login):
    """Open and fill a form as somebody; returns its id."""
    form_id = await look.start(house.tools, person)
    found = await look.named(house.tools, form_id, person, find.Typed(login))
    return (await fill.fill(house.tools, form_id, person, found, None, Refused(Reason.NO_MANAGER))).form_id


def sent(house, form_id, person, seed):
    answer = house.answer(channels=("mail",), code=pyotp.TOTP(seed).at(house.clock.now))
    return submit.reset(house.tools, form_id, person, answer)


async def at_once(house, asked):
    """Submit forms of several people at one moment; returns how many went through, and the reasons of the others."""
    came = await asyncio.gather(*[sent(house, *each) for each in asked], return_exceptions=True)
    reasons = [one.reason for one in came if isinstance(one, Refused)]
    assert len(reasons) == sum(isinstance(one, Exception) for one in came), came
    return len(came) - len(reasons), set(reasons)


# -- one admin ----------------------------------------------------------------------------------------------------


async def test_an_admin_has_so_many_an_hour(mails):
    """The next one is refused with how many, since when and until when; then there is room again."""
    limited(mails, resets_per_hour=2, resets_per_day=3)
    for login in ("bob", "eve"):
        await later(mails, minutes=10).ask(login, channels=("mail",))
    form = await typed_before(mails)
    facts = await refused(look.start(mails.tools, ADA), Reason.RESETS_USED_UP)
    assert facts == {"limit": 2, "ago": 600, "hours": 1, "seconds": 3000}
    await refused(sent(later(mails), form, ADA, mails.seed), Reason.RESETS_USED_UP)
    assert (await mails.deeds())[-1] is Deed.LIMITED
    assert (await mails.entry(Deed.LIMITED)).facts["reason"] == "resets_used_up"
    later(mails, minutes=49)
    await mails.ask("sam1", None, channels=("mail",))
    facts = await refused(look.start(later(mails, hours=2).tools, ADA), Reason.RESETS_USED_UP)
    assert (facts["limit"], facts["hours"]) == (3, 24)


async def typed_before(house):
    """Fill a form in a moment in which no limit held."""
    held, house.tools = house.tools, house.tools
    house.with_rules(limits=Limits())
    form_id = await typed(house, ADA, "sam1")
    house.tools = held
    return form_id


async def test_two_slack_accounts_of_one_person_are_one(mails):
    """What counts is the account in the directory, under whatever enrolment, also one that was revoked."""
    limited(mails, resets_per_hour=2)
    (twin, seed), (other, _) = await crowd(mails, 2)
    await later(mails).ask("bob", channels=("mail",))
    await sent(later(mails), await typed(mails, twin, "sam1"), twin, seed)
    await refused(look.start(mails.tools, other), Reason.RESETS_USED_UP)
    row = next(row for row in await enrol.listing(mails.tools) if row.actor.slack == twin)
    await enrol.revoke(mails.tools, row.id, by="test")
    await refused(look.start(mails.tools, other), Reason.RESETS_USED_UP)
    await enrolled(mails, EVE, "eve")
    await look.start(mails.tools, EVE)


async def test_of_many_at_once_exactly_so_many_go_through(mails):
    """Six Slack accounts of one person submit at one moment, with a limit of three: three are taken."""
    twins = await crowd(mails, 6)
    accounts = await bulks.people(mails, 6)
    later(mails)
    forms = [(await typed(mails, p, a.login), p, s) for (p, s), a in zip(twins, accounts, strict=True)]
    limited(mails, resets_per_hour=3)
    assert await at_once(mails, forms) == (3, {Reason.RESETS_USED_UP})
    assert (await mails.deeds()).count(Deed.PROVED) == 3


async def test_a_retry_is_no_new_reset(mails):
    """Neither a step that failed nor *Retry failed only* counts."""
    accounts = await bulks.people(mails, 2)
    mails.directory.before["set_password"] = [NotAllowed("no")]
    request_id = await bulks.begun(mails, accounts)
    await bulks.worked(mails, request_id)
    limited(mails, bulks_per_hour=1, same_target_per_day=1, open_requests=1, resets_per_hour=1)
    await control.retry_failed(mails.tools, request_id, ADA)
    await bulks.worked(mails, request_id)
    assert {t.state for t in await bulks.targets_of(mails, request_id)} == {TargetState.DELIVERED}


async def test_runs_have_a_limit_of_their_own(mails):
    """So many an hour, and so many that are not over; a preview that nobody proved is none."""
    accounts = await bulks.people(mails, 1)
    limited(mails, bulks_per_hour=2, resets_per_hour=1)
    for _ in range(3):
        await bulks.frozen(mails, accounts)
    forms = [await bulks.frozen(mails, accounts) for _ in range(3)]
    for form_id, _ in forms[:2]:
        await submit_bulk.begin(later(mails).tools, form_id, ADA, mails.code(), "")
    await refused(choose.start(mails.tools, ADA), Reason.BULKS_USED_UP)
    again = submit_bulk.begin(later(mails).tools, forms[2][0], ADA, mails.code(), "")
    await refused(again, Reason.BULKS_USED_UP)
    await look.start(mails.tools, ADA)
    limited(mails, open_requests=2)
    facts = await refused(choose.start(mails.tools, ADA), Reason.TOO_MANY_OPEN)
    assert facts == {"limit": 2}
    await refused(look.start(mails.tools, ADA), Reason.TOO_MANY_OPEN)
    await control.cancel(mails.tools, forms[0][1], ADA)
    await choose.start(mails.tools, ADA)


# -- one account --------------------------------------------------------------------------------------------------


async def test_the_same_account_for_the_third_time_alarms(mails):
    """Whoever asks; the code is spent, nothing is begun, and the security channel hears who wanted it."""
    limited(mails, same_target_per_day=2)
    seed = await enrolled(mails, EVE, "eve")
    for _ in range(2):
        await later(mails, hours=1).ask(channels=("mail",))
        await mails.pump()
    later(mails, hours=1)
    facts = await refused(sent(mails, await typed(mails, EVE, "bob"), EVE, seed), Reason.RESET_LATELY)
    assert (facts["login"], facts["limit"], facts["hours"]) == ("bob", 2, 24)
    await mails.pump()
    alarm = mails.last(AlarmFacts).facts
    assert (alarm.what, alarm.who, alarm.about) == ("reset_again", EVE, "bob")
    entry = await mails.entry(Deed.LIMITED)
    assert entry.facts["account"] == f"corp/{mails.ids['bob']}"
    later(mails, seconds=facts["seconds"])
    await mails.ask(channels=("mail",))


async def test_two_who_ask_for_one_account_at_one_moment(mails):
    """One reset is left of it, and one of four gets it."""
    twins = await crowd(mails, 4)
    limited(mails, same_target_per_day=2)
    await later(mails).ask(channels=("mail",))
    later(mails)
    forms = [(await typed(mails, person, "bob"), person, seed) for person, seed in twins]
    assert await at_once(mails, forms) == (1, {Reason.RESET_LATELY})


async def test_what_was_in_vain_does_not_count(mails):
    """The directory refused the password: the account was not reset."""
    limited(mails, same_target_per_day=1)
    mails.directory.before["set_password"] = [NotAllowed("no")]
    queued = await mails.ask(channels=("mail",))
    await mails.pump()
    assert (await mails.target_of(queued)).state is TargetState.FAILED
    await later(mails).ask(channels=("mail",))
    await refused(later(mails).ask(channels=("mail",)), Reason.RESET_LATELY)


async def test_a_preview_leaves_out_who_was_reset_too_often(filled):
    """With that reason, and how often; everybody else goes on."""
    limited(filled, same_target_per_day=1)
    await filled.ask()
    await filled.pump()
    made = await previews.make(filled, previews.wish("bob", "eve"))
    assert made.excluded == ((Reason.RESET_LATELY, 1),)
    assert await previews.why_not(filled, made) == {"bob": Reason.RESET_LATELY}


async def test_a_run_drops_who_was_reset_since_the_preview(mails):
    """Judged again when their turn comes: only what was begun counts, and not the run's own."""
    accounts = await bulks.people(mails, 3)
    limited(mails, same_target_per_day=1)
    form_id, request_id = await bulks.frozen(mails, accounts)
    limited(mails)
    await mails.ask(accounts[0].login, None, channels=("mail",))
    await mails.pump()
    limited(mails, same_target_per_day=1)
    await submit_bulk.begin(later(mails).tools, form_id, ADA, mails.code(), "")
    later(mails, seconds=61)
    await steer.all_runs(mails.tools)
    await bulks.worked(mails, request_id)
    stand = {t.planned.login: (t.state, t.reason) for t in await bulks.targets_of(mails, request_id)}
    assert stand[accounts[0].login] == (TargetState.EXCLUDED, Reason.RESET_LATELY)
    assert [state for state, _ in stand.values()].count(TargetState.DELIVERED) == 2


# -- all together -------------------------------------------------------------------------------------------------


async def test_more_than_all_may_ask_for_freezes_everything(mails):
    """Until the security role has looked, with a code; then the count begins anew."""
    limited(mails, all_per_hour=2)
    for login in ("bob", "eve"):
        await later(mails).ask(login, channels=("mail",))
    facts = await refused(later(mails).ask("sam1", None, channels=("mail",)), Reason.ALL_USED_UP)
    assert (facts["limit"], facts["hours"]) == (2, 1)
    stands = await standing(mails)
    assert (stands.name, stands.actor_id, stands.until) == ("Rekey", "", None)
    assert (await mails.deeds())[-2:] == [Deed.LIMITED, Deed.FROZEN]
    await refused(look.start(mails.tools, ADA), Reason.FROZEN)
    form_id, _ = await freeze.ask_resume(later(mails).tools, ADA)
    await freeze.resume(mails.tools, form_id, ADA, mails.code())
    for login in ("sam1", "sam2"):
        await later(mails).ask(login, None, channels=("mail",))
    await refused(later(mails).ask("nora", BOB, channels=("dm",)), Reason.ALL_USED_UP)
    for work in mails.queue:
        if work.kind is WorkKind.NOTICE:
            await mails.do(work)
    said = [one.facts.what for one in mails.heard if isinstance(one.facts, AlarmFacts)]
    assert said == ["all_used_up", "resumed_all", "all_used_up"]


async def test_of_all_at_once_exactly_so_many_go_through_and_one_freeze_is_put(mails):
    """Many admins at one moment; whoever is one too many finds it frozen, or freezes it, once."""
    twins = await crowd(mails, 6)
    accounts = await bulks.people(mails, 6)
    later(mails)
    forms = [(await typed(mails, p, a.login), p, s) for (p, s), a in zip(twins, accounts, strict=True)]
    limited(mails, all_per_hour=3)
    went, reasons = await at_once(mails, forms)
    assert went == 3
    assert reasons <= {Reason.ALL_USED_UP, Reason.FROZEN}
    assert (await mails.deeds()).count(Deed.FROZEN) == 1


async def test_a_freeze_for_a_while_is_prolonged_by_itself(mails):
    """One that ends by itself is not enough where somebody has to look."""
    await freeze.freeze(mails.tools, ADA, "")
    await freeze.by_itself(mails.tools, Reason.ALL_USED_UP)
    await freeze.by_itself(mails.tools, Reason.ALL_USED_UP)
    assert (await standing(mails)).until is None
    assert (await mails.deeds()).count(Deed.FROZEN) == 2
    assert timedelta(0) < mails.tools.rules.freeze
