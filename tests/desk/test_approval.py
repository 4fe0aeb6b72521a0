"""A second pair of eyes: nothing runs before enough others have agreed to exactly what was shown to them."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from desk import change, control, decide, enrol, freeze, home, steer, submit
from directory.base import Unreachable
from directory.local_people import NewAccount
from resets.actor import SlackPerson
from resets.approval import CardFacts
from resets.audit import Deed
from resets.bulk import BulkFacts
from resets.facts import StatusFacts
from resets.reasons import Reason, Refused
from resets.request import RequestState, TargetState
from tests.support import approving, bulks
from tests.support.approving import ZOE, approve, asked_many, card, code, deny, row_of, shown, state
from tests.support.house import ADA, BOB, EVE, TEAM, enrolled, refused


async def test_one_standard_person_needs_nobody(asking):
    """The default for a small team: one admin helps one person at once."""
    queued = await asking.ask()
    assert queued.awaited is None
    await asking.pump()
    assert (await asking.target_of(queued)).state is TargetState.DELIVERED


async def test_a_single_reset_waits_and_runs_once_agreed_to(each):
    """The requester hears who can decide; with the other's own code it runs, and the card says who and when."""
    queued = await each.ask()
    assert queued.awaited.able == ("Eve Evans", "Zoe Zander")
    await each.pump()
    assert each.directory.passwords == []
    waits = each.last(StatusFacts).facts
    assert (waits.state, waits.awaited.missing) == (RequestState.PROVED, 1)
    assert each.last(CardFacts).to == "C0APPROVE"
    assert (card(each).state, card(each).able) == (RequestState.PROVED, (EVE, ZOE))
    each.clock.tick(minutes=10)
    agreed = await approve(each, queued.request_id)
    assert agreed.missing == 0
    await each.pump()
    assert (await each.target_of(queued)).state is TargetState.DELIVERED
    said = card(each)
    assert (said.state is RequestState.PROVED, [v.name for v in said.voices]) == (False, ["Eve Evans"])
    wanted = [Deed.ASKED, Deed.STEPPED_UP, Deed.APPROVED, Deed.PROVED, Deed.SEALED]
    assert [deed for deed in await each.deeds() if deed in wanted] == wanted
    assert await each.reveal((await each.target_of(queued)).id, queued.pickup)


async def test_a_bulk_is_held_once_enough_have_agreed(asking):
    """51 people need two others; the first approval changes nothing yet."""
    held = await asked_many(asking, 51)
    assert (held.awaited.approvals, held.awaited.of_security) == (2, 0)
    assert (await approve(asking, held.request_id, EVE)).missing == 1
    asking.clock.tick(minutes=5)
    await steer.all_runs(asking.tools)
    await asking.pump()
    assert await state(asking, held.request_id) is RequestState.PROVED
    assert (await approve(asking, held.request_id, ZOE)).missing == 0
    run = await bulks.run_of(asking, held.request_id)
    assert (run.state, run.begins_at) == (RequestState.HELD, asking.clock.now + asking.tools.rules.hold)
    asking.clock.tick(seconds=61)
    await steer.all_runs(asking.tools)
    run = await bulks.worked(asking, held.request_id)
    assert run.state is RequestState.DONE
    assert len(asking.directory.passwords) == 51


async def test_of_more_than_500_one_is_of_the_security_role(asking):
    """Two approvals are not enough while nobody of that role is among them."""
    asking.with_rules(quorum=replace(approving.TABLE, many_from=3, security_from=3), security=frozenset({"security"}))
    accounts = await bulks.people(asking, 3)
    form_id, _ = await bulks.frozen(asking, accounts)
    from desk import submit_bulk

    facts = await refused(submit_bulk.begin(asking.tools, form_id, ADA, asking.code(), "3"), Reason.NOBODY_APPROVES)
    assert facts["limit"] == 2
    await enrol.revoke(asking.tools, (await row_of(asking, ZOE)).id, by="test")
    asking.seeds[ZOE] = await enrolled(asking, ZOE, "zoe", role="security")
    asking.clock.tick(seconds=60)
    held = await submit_bulk.begin(asking.tools, form_id, ADA, asking.code(), "3")
    assert (await approve(asking, held.request_id, EVE)).missing == 1
    assert (await approve(asking, held.request_id, ZOE)).missing == 0


async def test_who_may_not_decide_is_told_why(asking):
    """The requester, a target, somebody twice, somebody without a role; and nobody's code is spent by that."""
    bob_decides = await enrolled(asking, BOB, "bob")
    asking.seeds[BOB] = bob_decides
    asking.clock.tick(seconds=60)
    accounts = [await asking.local.find(login) for login in ("bob", "nora", "sam1")]
    form_id, request_id = await bulks.frozen(asking, accounts)
    from desk import submit_bulk

    asking.with_rules(quorum=replace(approving.TABLE, few=2))
    await submit_bulk.begin(asking.tools, form_id, ADA, asking.code(), "3")
    value = await shown(asking, request_id)
    await refused(decide.begin(asking.tools, value, ADA), Reason.OWN_REQUEST)
    await refused(decide.begin(asking.tools, value, BOB), Reason.IS_TARGET)
    await refused(decide.begin(asking.tools, value, SlackPerson(TEAM, "U0NOBODY")), Reason.NO_ROLE)
    await approve(asking, request_id, EVE)
    await refused(decide.begin(asking.tools, value, EVE), Reason.SPOKEN)
    asking.with_rules(approvers=frozenset({"others"}))
    await refused(decide.begin(asking.tools, value, ZOE), Reason.NOT_APPROVER)


async def test_two_slack_accounts_of_one_person_are_one_voice(asking):
    """Also where the second one was enrolled properly."""
    second = SlackPerson(TEAM, "U0EVETWO")
    asking.seeds[second] = await enrolled(asking, second, "eve")
    asking.clock.tick(seconds=60)
    held = await asked_many(asking, 51)
    await approve(asking, held.request_id, EVE)
    await refused(approve(asking, held.request_id, second), Reason.SPOKEN)
    own = SlackPerson(TEAM, "U0ADATWO")
    asking.seeds[own] = await enrolled(asking, own, "ada")
    await refused(approve(asking, held.request_id, own), Reason.OWN_REQUEST)


async def test_one_denial_ends_it(asking):
    """With its reason, for the requester and the channel; an approval that was given is void, and none is taken."""
    held = await asked_many(asking, 51)
    await approve(asking, held.request_id, EVE)
    waiting = await decide.begin(asking.tools, await shown(asking, held.request_id), ZOE)
    with pytest.raises(Refused) as no_reason:
        await deny(asking, held.request_id, ZOE, why="  ")
    assert no_reason.value.reason is Reason.NO_REASON
    asking.clock.tick(seconds=1)
    await deny(asking, held.request_id, ZOE)
    await refused(decide.approve(asking.tools, waiting.form_id, ZOE, code(asking, ZOE)), Reason.DECIDED)
    await asking.pump()
    assert [(v.name, v.yes, v.why) for v in card(asking).voices] == [
        ("Eve Evans", True, ""),
        ("Zoe Zander", False, "they did not ask"),
    ]
    assert await state(asking, held.request_id) is RequestState.DENIED
    assert {t.state for t in await bulks.targets_of(asking, held.request_id)} == {TargetState.CANCELLED}
    await refused(control.cancel(asking.tools, held.request_id, ADA), Reason.RUN_OVER)
    await refused(control.resume(asking.tools, held.request_id, ADA), Reason.RUN_OVER)


async def test_withdrawn(each):
    """By its requester alone; the target keeps the old password, and a later reset goes its way."""
    queued = await each.ask()
    value = await shown(each, queued.request_id)
    await refused(change.withdraw(each.tools, value, EVE), Reason.NOT_YOUR_REQUEST)
    await change.withdraw(each.tools, value, ADA)
    await refused(change.withdraw(each.tools, value, ADA), Reason.DECIDED)
    await refused(decide.begin(each.tools, value, EVE), Reason.DECIDED)
    await each.pump()
    target = await each.target_of(queued)
    assert (target.state, target.reason) == (TargetState.CANCELLED, Reason.WITHDRAWN)
    assert each.last(StatusFacts).facts.state is RequestState.WITHDRAWN
    assert card(each).state is RequestState.WITHDRAWN
    each.with_rules(quorum=approving.TABLE)
    each.clock.tick(seconds=60)
    again = await each.ask()
    await each.pump()
    assert (await each.target_of(again)).state is TargetState.DELIVERED


async def test_nobody_agrees_in_time(each):
    """After 15 minutes it is over, whether or not the round has said so; the card and the requester hear it."""
    queued = await each.ask()
    each.clock.tick(minutes=14, seconds=59)
    assert await decide.lapse(each.tools) == 0
    form = await decide.begin(each.tools, await shown(each, queued.request_id), EVE)
    each.clock.tick(seconds=1)
    await refused(decide.approve(each.tools, form.form_id, EVE, code(each, EVE)), Reason.DECIDED)
    assert await decide.lapse(each.tools) == 1
    assert await decide.lapse(each.tools) == 0
    await each.pump()
    assert card(each).state is RequestState.EXPIRED
    assert each.last(StatusFacts).facts.state is RequestState.EXPIRED
    assert each.directory.passwords == []


async def test_a_clock_that_was_set_back_lets_nothing_hang(each):
    """The end stands as a time of its own: once the clock is there, it is over."""
    queued = await each.ask()
    each.clock.tick(hours=-3)
    assert await decide.lapse(each.tools) == 0
    each.clock.tick(hours=3, minutes=16)
    assert await decide.lapse(each.tools) == 1
    assert await state(each, queued.request_id) is RequestState.EXPIRED


async def test_refused_at_submit_where_nobody_could_agree(asking):
    """Nothing waits for people who are not there; the code is not spent by it."""
    asking.tools = replace(asking.tools, approvals_channel="")
    await refused(asked_many(asking, 2), Reason.NO_APPROVALS)
    asking.tools = replace(asking.tools, approvals_channel="C0APPROVE")
    for person in (EVE, ZOE):
        await enrol.revoke(asking.tools, (await row_of(asking, person)).id, by="test")
    accounts = [await asking.local.find(login) for login in ("p0000", "p0001")]
    form_id, _ = await bulks.frozen(asking, accounts)
    from desk import submit_bulk

    await refused(submit_bulk.begin(asking.tools, form_id, ADA, asking.code(), "2"), Reason.NOBODY_APPROVES)
    asking.with_rules(quorum=replace(approving.TABLE, few=0))
    assert (await submit_bulk.begin(asking.tools, form_id, ADA, asking.code(), "2")).awaited is None


async def test_a_passkey_is_not_a_code(asking):
    """Level 3 is refused, with what to do about it, and no code is looked at."""
    asking.with_rules(quorum=replace(approving.TABLE, level_standard=3))
    await refused(asking.ask(code="000000"), Reason.NEEDS_PASSKEY)
    assert Deed.STEP_UP_MISSED not in await asking.deeds()


async def test_an_approval_takes_the_approvers_own_code(each):
    """A wrong code is paid for by whoever typed it, another's is none, and the request waits on."""
    queued = await each.ask()
    form = await decide.begin(each.tools, await shown(each, queued.request_id), EVE)
    await refused(decide.approve(each.tools, form.form_id, EVE, code(each, ZOE)), Reason.CODE_WRONG)
    assert (await row_of(each, EVE)).misses == 1
    await refused(decide.approve(each.tools, form.form_id, ZOE, code(each, ZOE)), Reason.NOT_YOURS)
    assert await state(each, queued.request_id) is RequestState.PROVED
    assert (await decide.approve(each.tools, form.form_id, EVE, code(each, EVE))).missing == 0


async def test_a_card_of_another_plan_decides_nothing(each):
    """A button carries the beginning of the digest that it was shown with."""
    queued = await each.ask()
    await refused(decide.begin(each.tools, f"{queued.request_id}#0123456789abcdef", EVE), Reason.PLAN_CHANGED)
    await refused(decide.begin(each.tools, queued.request_id, EVE), Reason.PLAN_CHANGED)
    await refused(decide.begin(each.tools, "nothing#1", EVE), Reason.DECIDED)


async def test_in_a_freeze_nobody_agrees_and_anybody_denies(each):
    """Agreeing begins something; denying ends it."""
    first, second = await each.ask(), None
    form = await decide.begin(each.tools, await shown(each, first.request_id), EVE)
    await freeze.freeze(each.tools, ZOE, "")
    await refused(decide.approve(each.tools, form.form_id, EVE, code(each, EVE)), Reason.FROZEN)
    await deny(each, first.request_id, EVE)
    assert second is None
    assert await state(each, first.request_id) is RequestState.DENIED


async def test_twenty_approve_at_once(asking):
    """The same admin, in twenty windows with the same code: one effect, one entry, one run."""
    held = await asked_many(asking, 3)
    value = await shown(asking, held.request_id)
    forms = [await decide.begin(asking.tools, value, EVE) for _ in range(20)]
    typed = code(asking, EVE)
    each = (decide.approve(asking.tools, form.form_id, EVE, typed) for form in forms)
    went = await asyncio.gather(*each, return_exceptions=True)
    assert sum(not isinstance(one, Exception) for one in went) == 1
    assert {one.reason for one in went if isinstance(one, Refused)} <= {
        *(Reason.DECIDED, Reason.SPOKEN, Reason.CODE_USED, Reason.CODE_WAIT)
    }
    deeds = await asking.deeds()
    assert (deeds.count(Deed.APPROVED), deeds.count(Deed.PROVED)) == (1, 1)


async def test_many_approvers_at_once(asking):
    """Of six who press in one moment, as many count as are needed; the others hear that it is decided."""
    more = [SlackPerson(TEAM, f"U0EXTRA{n}") for n in range(4)]
    await asking.local.add_accounts(
        [bulks.NewAccount(f"x{n}", f"Extra {n}", mail=f"x{n}@example.com") for n in range(4)]
    )
    for number, person in enumerate(more):
        asking.seeds[person] = await enrolled(asking, person, f"x{number}")
    asking.clock.tick(seconds=60)
    held = await asked_many(asking, 51)
    value = await shown(asking, held.request_id)
    forms = [(who, await decide.begin(asking.tools, value, who)) for who in (EVE, ZOE, *more)]
    each = (decide.approve(asking.tools, form.form_id, who, code(asking, who)) for who, form in forms)
    went = await asyncio.gather(*each, return_exceptions=True)
    assert sorted(one.missing for one in went if not isinstance(one, Exception)) == [0, 1]
    assert {one.reason for one in went if isinstance(one, Exception)} == {Reason.DECIDED}
    deeds = await asking.deeds()
    assert (deeds.count(Deed.APPROVED), deeds.count(Deed.PROVED)) == (2, 1)


async def test_thirty_races_between_approve_and_withdraw(each):
    """Whoever is first wins; never both, never neither."""
    ends = []
    for _ in range(30):
        each.clock.tick(seconds=60)
        queued = await each.ask()
        value = await shown(each, queued.request_id)
        form = await decide.begin(each.tools, value, EVE)
        went = await asyncio.gather(
            decide.approve(each.tools, form.form_id, EVE, code(each, EVE)),
            change.withdraw(each.tools, value, ADA),
            return_exceptions=True,
        )
        assert [type(one) for one in went].count(Refused) == 1
        ends.append(await state(each, queued.request_id))
        each.queue.clear()
    assert set(ends) <= {RequestState.APPROVED, RequestState.WITHDRAWN}
    deeds = await each.deeds()
    assert deeds.count(Deed.PROVED) == ends.count(RequestState.APPROVED)
    assert deeds.count(Deed.WITHDRAWN) == ends.count(RequestState.WITHDRAWN)


async def test_home_lists_what_one_can_decide(asking):
    """To whoever can, and to nobody else."""
    held = await asked_many(asking, 3)
    assert [one.request_id for one in (await home.show(asking.tools, EVE)).waits] == [held.request_id]
    assert (await home.show(asking.tools, ADA)).waits == ()
    assert (await home.show(asking.tools, BOB)).waits == ()
    await approve(asking, held.request_id)
    assert (await home.show(asking.tools, ZOE)).waits == ()


async def test_the_requesters_message_about_many_says_it_waits(asking):
    """And then that it begins soon."""
    from desk import live

    held = await asked_many(asking, 3)
    await live.say_one(asking.tools)
    await asking.pump()
    said = asking.last(BulkFacts).facts
    assert (said.state, said.awaited.missing) == (RequestState.PROVED, 1)
    await approve(asking, held.request_id)
    await live.say_one(asking.tools)
    await asking.pump()
    said = asking.last(BulkFacts).facts
    assert (said.state, said.awaited.missing) == (RequestState.HELD, 0)


@pytest.mark.parametrize("channels", [("dm",), ("mail",)])
async def test_nobody_agrees_to_a_second_account_of_their_own(each, channels):
    """However the password goes out: whoever stands behind the account in Slack does not decide."""
    await each.local.add_accounts([NewAccount("eve2", "Eve Two", mail="eve.two@example.com", slack_user=EVE.user)])
    form = await each.form("eve2", EVE)
    queued = await submit.reset(each.tools, form.form_id, ADA, each.answer(channels=channels))
    assert "Eve" not in " ".join(queued.awaited.able)
    await refused(approve(each, queued.request_id, EVE), Reason.IS_TARGET)
    await approve(each, queued.request_id, ZOE)


async def test_denying_needs_no_directory(each):
    """To stop is always allowed; to agree is not, while nobody can say who holds a role."""
    queued = await each.ask("bob", None, channels=("mail",))
    each.directory.before["fetch"] = [Unreachable("away")] * 2
    await refused(approve(each, queued.request_id, EVE), Reason.DIRECTORY_DOWN)
    await deny(each, queued.request_id)
    assert await state(each, queued.request_id) is RequestState.DENIED
