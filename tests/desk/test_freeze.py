"""A freeze stops everything at once, in mid-chunk too; it ends by itself, or by the security role's code."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pyotp
import pytest

from desk import control, freeze, live, retry, steer, stop, submit, submit_bulk
from desk.choose import start as start_many
from desk.look import start as start_one
from desk.tools import WorkKind
from directory.base import NotAllowed
from resets.audit import Deed
from resets.bulk import BulkFacts
from resets.facts import AlarmFacts, ShowFacts, StatusFacts
from resets.reasons import Reason, Refused
from resets.request import RequestState, TargetState
from store import freezes
from tests.support import bulks
from tests.support.house import ADA, BOB, EVE, enrolled

LASTS = timedelta(minutes=30)


async def refused(deed, reason):
    with pytest.raises(Refused) as caught:
        await deed
    assert caught.value.reason is reason
    return caught.value.facts


def timed(house, at_call=0, then=None):
    """Note when each password is set, and do something at one of them."""
    moments, inner = [], house.directory.set_password

    async def set_password(*args, **kwargs):
        moments.append(house.clock.now)
        if len(moments) == at_call:
            await then()
        return await inner(*args, **kwargs)

    house.directory.set_password = set_password
    return moments


async def one_step(house):
    """Do one step of the work whose turn it is, which goes on later."""
    work = house.queue.popleft()
    assert await house.do(work) is not None
    house.queue.append(work)


async def standing(house):
    async with house.store.read() as tx:
        return await freezes.standing(tx)


async def ended_with_a_code(house):
    form_id, _ = await freeze.ask_resume(house.tools, ADA)
    await freeze.resume(house.tools, form_id, ADA, house.code())


async def test_in_the_middle_of_a_chunk_nobody_new_begins(mails):
    """Who was begun is finished; nobody else is, until its time is over: then the run goes on by itself."""
    accounts = await bulks.people(mails, 40)
    request_id = await bulks.begun(mails, accounts)
    seen = {}

    async def stop_now():
        put = await freeze.freeze(mails.tools, ADA, "a strange call")
        seen["until"] = put.until
        seen["begun"] = sum(t.state is not TargetState.SEALED for t in await bulks.targets_of(mails, request_id))

    moments = timed(mails, 6, stop_now)
    await one_step(mails)
    assert 6 <= len(moments) == seen["begun"] < 40
    stand = [t.state for t in await bulks.targets_of(mails, request_id)]
    assert TargetState.STARTED not in stand
    assert stand.count(TargetState.SEALED) == 40 - len(moments)
    begun = len(moments)
    run = await bulks.worked(mails, request_id)
    assert run.state is RequestState.DONE
    assert len(moments) == 40
    assert all(moment >= seen["until"] for moment in moments[begun:])
    await bulks.signs_in(mails, accounts)


async def test_the_live_message_says_who_has_frozen_it(mails):
    """The run itself stands as it was, and its message says that it is frozen, and no more once that is over."""
    request_id = await bulks.begun(mails, await bulks.people(mails, 3))
    mails.queue.clear()
    await live.say_one(mails.tools)
    await mails.pump()
    await freeze.freeze(mails.tools, ADA, "a strange call")
    assert await live.say_one(mails.tools) == request_id
    await mails.pump()
    facts = mails.last(BulkFacts).facts
    assert (facts.state, facts.freeze.name, facts.left) == (RequestState.RUNNING, "Ada Admin", None)
    assert await live.say_one(mails.tools) is None
    mails.clock.tick(minutes=30)
    assert await live.say_one(mails.tools) == request_id


async def test_a_held_run_does_not_begin(mails):
    """Its time comes, and it waits for the end of the freeze."""
    accounts = await bulks.people(mails, 2)
    form_id, request_id = await bulks.frozen(mails, accounts)
    await submit_bulk.begin(mails.tools, form_id, ADA, mails.code(), "")
    await freeze.freeze(mails.tools, ADA, "")
    mails.clock.tick(seconds=61)
    await steer.all_runs(mails.tools)
    assert (await bulks.run_of(mails, request_id)).state is RequestState.HELD
    mails.clock.tick(minutes=30)
    await steer.all_runs(mails.tools)
    assert (await bulks.worked(mails, request_id)).state is RequestState.DONE


async def test_a_frozen_run_sends_out_no_further_chunk(mails):
    """The first wave is over, and nobody else is put on the way before the freeze is."""
    request_id = await bulks.begun(mails, await bulks.people(mails, 60))
    await mails.do(mails.queue.popleft())
    mails.queue.clear()
    await freeze.freeze(mails.tools, ADA, "")
    await steer.all_runs(mails.tools)
    assert not [work for work in mails.queue if work.kind == "chunk"]
    mails.clock.tick(minutes=30)
    await steer.all_runs(mails.tools)
    assert [work for work in mails.queue if work.kind == "chunk"]
    assert (await bulks.worked(mails, request_id)).state is RequestState.DONE


async def test_a_single_reset_waits_and_goes_on(house):
    """It asks no directory while it waits, and fails only where its half hour is over first."""
    queued = await house.ask()
    put = await freeze.freeze(house.tools, ADA, "")
    house.directory.calls.clear()
    moments = timed(house)
    work = next(work for work in house.queue if work.kind is WorkKind.RESET)
    house.queue.remove(work)
    for _ in range(2):
        assert await house.do(work) is not None
    assert house.directory.calls == []
    told = [work for work in house.queue if work.kind is WorkKind.NOTICE]
    house.queue.clear()
    for notice in told[::-1]:
        await house.do(notice)
    assert house.last(StatusFacts).facts.freeze == put
    house.queue.append(work)
    assert (await house.target_of(queued)).state is TargetState.NEW
    await ended_with_a_code(after(house, 1))
    await house.pump()
    assert (await house.target_of(queued)).state is TargetState.DELIVERED
    assert moments
    assert moments[0] < put.until


def after(house, minutes):
    house.clock.tick(minutes=minutes)
    return house


async def test_a_single_reset_that_waited_for_too_long_is_not_done(house):
    """A freeze from the host lasts; the proof of a single reset is good for half an hour."""
    queued = await house.ask()
    after(house, 1)
    put = await freeze.freeze_at_host(house.tools, ADA, "", house.code(), host="root")
    assert put.until is None
    work = house.queue.popleft()
    assert await house.do(work) is not None
    after(house, 30)
    assert await house.do(work) is None
    target = await house.target_of(queued)
    assert (target.state, target.reason) == (TargetState.FAILED, Reason.TOO_LATE)
    assert house.directory.passwords == []


async def test_sealed_and_frozen_it_is_not_begun(house):
    """The claim itself asks, in its own transaction, whatever was read before."""
    queued = await house.ask()
    inner = house.directory.fetch

    async def fetch(ids):
        if await standing(house) is None:
            await freeze.freeze(house.tools, ADA, "")
        return await inner(ids)

    house.directory.fetch = fetch
    assert await house.do(house.queue.popleft()) is not None
    assert (await house.target_of(queued)).state is TargetState.SEALED
    assert house.directory.passwords == []


async def test_what_must_go_on_goes_on(house):
    """In a freeze a password is shown, *Not me* voids one, and it is replaced by one that nobody has."""
    queued = await house.ask()
    await house.pump()
    await freeze.freeze(house.tools, ADA, "")
    target = await house.target_of(queued)
    shown = await house.reveal(target.id, queued.pickup)
    ours = (await house.local.find("bob")).marker
    await stop.not_me(house.tools, target.id, BOB)
    await house.pump()
    assert shown.password
    assert house.last(ShowFacts).facts.state is TargetState.SPOILED
    assert (await house.local.find("bob")).marker != ours
    assert Deed.SPOILED in await house.deeds()
    assert await standing(house) is not None


async def test_nothing_new_is_taken(mails):
    """Neither a form is opened nor one that stands open taken; nothing that failed is tried, no run resumed."""
    accounts = await bulks.people(mails, 3)
    mails.directory.before["set_password"] = [NotAllowed("no")]
    ended = await bulks.begun(mails, accounts)
    await bulks.worked(mails, ended)
    after(mails, 5)
    paused = await bulks.begun(mails, accounts)
    await control.pause(mails.tools, paused, ADA)
    after(mails, 5)
    form = await mails.form("eve", EVE)
    bulk_form, _ = await bulks.frozen(mails, accounts)
    await freeze.freeze(mails.tools, ADA, "")
    tools = mails.tools
    for deed in (
        start_one(tools, ADA),
        start_many(tools, ADA),
        submit.reset(tools, form.form_id, ADA, mails.answer(channels=("mail",))),
        submit_bulk.begin(tools, bulk_form, ADA, mails.code(), ""),
        control.resume(tools, paused, ADA),
        control.retry_failed(tools, ended, ADA),
        freeze.demand_free(tools, ADA),
    ):
        facts = await refused(deed, Reason.FROZEN)
        assert facts == {"user": "Ada Admin", "seconds": 1800}
    await control.cancel(tools, paused, ADA)
    after(mails, 30)
    await submit_bulk.begin(tools, bulk_form, ADA, mails.code(), "")  # the same form, once it is over


async def test_a_step_is_not_tried_again_but_the_delivery_is(house):
    """What a password's owner waits for goes on; another act on the directory does not."""
    house.directory.before["revoke_sessions"] = [NotAllowed("no")]
    house.deaf.add(ShowFacts)
    queued = await house.ask()
    await house.pump(patience=200)
    target = await house.target_of(queued)
    await freeze.freeze(house.tools, ADA, "")
    await refused(retry.step(house.tools, target.id, "sessions", ADA), Reason.FROZEN)
    house.deaf.clear()
    await retry.step(house.tools, target.id, "deliver", ADA)
    await house.pump()
    assert (await house.target_of(queued)).state is TargetState.DELIVERED


# -- how long -----------------------------------------------------------------------------------------------------


async def test_without_a_code_it_ends_by_itself_and_that_is_said_once(house):
    """Half an hour; the journal has both ends, and the security channel hears of both."""
    put = await freeze.freeze(house.tools, ADA, "  a strange\n call  ")
    assert (put.why, put.until - put.at, put.proved) == ("a strange call", LASTS, False)
    assert not await freeze.over(house.tools)
    house.clock.tick(minutes=29, seconds=59)
    assert await standing(house) == put
    house.clock.tick(seconds=1)
    assert await standing(house) is None
    assert await freeze.over(house.tools)
    assert not await freeze.over(house.tools)
    await house.pump()
    said = [one.facts.what for one in house.heard if isinstance(one.facts, AlarmFacts)]
    assert said[-2:] == ["frozen", "freeze_over"]
    assert (await house.deeds())[-2:] == [Deed.FROZEN, Deed.RESUMED_ALL]


async def test_one_person_freezes_once_a_day(house):
    """A second freeze prolongs nothing, whoever asks; a stolen session cannot shut the desk for ever."""
    await enrolled(house, EVE, "eve")
    await refused(freeze.freeze(house.tools, BOB, ""), Reason.NO_ROLE)
    put = await freeze.freeze(house.tools, ADA, "")
    after(house, 10)
    for person in (ADA, EVE):
        assert await refused(freeze.freeze(house.tools, person, ""), Reason.ALREADY_FROZEN) == {
            "user": "Ada Admin",
            "seconds": 1200,
        }
    assert await standing(house) == put
    after(house, 20)
    facts = await refused(freeze.freeze(house.tools, ADA, ""), Reason.FROZE_LATELY)
    assert facts == {"seconds": int(timedelta(hours=23, minutes=30).total_seconds())}
    await freeze.freeze(house.tools, EVE, "")  # nobody has said yet that the first one is over
    assert (await house.deeds())[-3:] == [Deed.FROZEN, Deed.RESUMED_ALL, Deed.FROZEN]
    house.clock.tick(hours=23, minutes=30)
    await freeze.freeze(house.tools, ADA, "")


async def test_at_the_host_it_takes_a_code_and_is_never_shortened(house):
    """A code prolongs what stands; a shorter one is refused before the code is looked at."""
    await freeze.freeze(house.tools, ADA, "")
    wrong = freeze.freeze_at_host(house.tools, ADA, "", "000000", host="root", lasting=timedelta(hours=2))
    await refused(wrong, Reason.CODE_WRONG)
    short = freeze.freeze_at_host(house.tools, ADA, "", house.code(), host="root", lasting=timedelta(minutes=5))
    await refused(short, Reason.ALREADY_FROZEN)
    code = house.code()
    put = await freeze.freeze_at_host(house.tools, ADA, "", code, host="root", lasting=timedelta(hours=2))
    assert await standing(house) == put
    after(house, 1)
    await freeze.freeze_at_host(house.tools, ADA, "", house.code(), host="root")
    after(house, 1)
    again = freeze.freeze_at_host(house.tools, ADA, "", house.code(), host="root")
    assert await refused(again, Reason.ALREADY_FROZEN) == {"user": "Ada Admin"}
    house.clock.tick(days=30)
    assert (await standing(house)).until is None
    assert not await freeze.over(house.tools)
    await freeze.resume_at_host(house.tools, ADA, house.code(), host="root")
    assert await standing(house) is None


# -- who ends it --------------------------------------------------------------------------------------------------


async def test_the_first_admin_ends_it_with_a_code(house):
    """Nobody else does; a miss is paid for; once it is over, nobody can end it again."""
    await refused(freeze.ask_resume(house.tools, ADA), Reason.NOT_FROZEN)
    await enrolled(house, EVE, "eve")
    await freeze.freeze(house.tools, EVE, "")
    await refused(freeze.ask_resume(house.tools, BOB), Reason.NO_ROLE)
    await refused(freeze.ask_resume(house.tools, EVE), Reason.NOT_SECURITY)
    await refused(freeze.demand_resumable(house.tools, EVE), Reason.NOT_SECURITY)
    form_id, stands = await freeze.ask_resume(house.tools, ADA)
    assert stands.name == "Eve Evans"
    await refused(freeze.resume(house.tools, form_id, EVE, house.code()), Reason.NOT_YOURS)
    await refused(freeze.resume(house.tools, form_id, ADA, "000000"), Reason.CODE_WRONG)
    assert await standing(house) is not None
    await freeze.resume(house.tools, form_id, ADA, house.code())
    assert await standing(house) is None
    await refused(freeze.resume(house.tools, form_id, ADA, house.code()), Reason.FORM_USED)
    await house.pump()
    assert house.last(AlarmFacts).facts.what == "resumed_all"


async def test_a_form_ends_only_the_freeze_that_it_showed(house):
    """Another one that was put meanwhile stands."""
    await enrolled(house, EVE, "eve")
    await freeze.freeze(house.tools, ADA, "")
    after(house, 29)
    form_id, _ = await freeze.ask_resume(house.tools, ADA)
    after(house, 2)
    await freeze.freeze(house.tools, EVE, "")
    await refused(freeze.resume(house.tools, form_id, ADA, house.code()), Reason.FORM_USED)
    assert (await standing(house)).name == "Eve Evans"


async def test_a_configured_role_ends_it_and_then_the_first_admin_does_not(house):
    """`roles[].security = true`: who holds that one, and nobody else."""
    seed = await enrolled(house, EVE, "eve", role="security")
    house.with_rules(security=frozenset({"security"}))
    await freeze.freeze(house.tools, ADA, "")
    after(house, 1)
    await refused(freeze.ask_resume(house.tools, ADA), Reason.NOT_SECURITY)
    form_id, _ = await freeze.ask_resume(house.tools, EVE)
    await freeze.resume(house.tools, form_id, EVE, pyotp.TOTP(seed).at(house.clock.now))
    assert await standing(house) is None


# -- at one moment ------------------------------------------------------------------------------------------------


async def test_who_freezes_waits_for_a_claim_that_has_asked(mails):
    """What a claim was told stays true until it is kept: then the freeze stands, and the next claim hears of it."""
    async with mails.store.write() as tx:
        assert await freezes.standing(tx) is None
        freezing = asyncio.create_task(freeze.freeze(mails.tools, ADA, ""))
        assert await asyncio.wait({freezing}, timeout=0.2) == (set(), {freezing})
    put = await freezing
    async with mails.store.write() as tx:
        assert await freezes.standing(tx) == put


async def test_a_claim_waits_for_who_is_freezing(mails):
    """A freeze that is being written is not overtaken."""
    put = await freeze.freeze(mails.tools, ADA, "")
    await ended_with_a_code(mails)

    async def claim():
        async with mails.store.write() as tx:
            return await freezes.standing(tx)

    async with mails.store.write() as tx:
        await freezes.put(tx, put)
        claiming = asyncio.create_task(claim())
        assert await asyncio.wait({claiming}, timeout=0.2) == (set(), {claiming})
    assert await claiming == put


async def test_of_many_who_freeze_at_once_one_does(mails):
    """The others hear who was first, and their daily freeze is not spent."""
    await enrolled(mails, EVE, "eve")
    mails.clock.tick(seconds=1)
    deeds = [freeze.freeze(mails.tools, person, "") for person in (ADA, EVE) * 4]
    came = await asyncio.gather(*deeds, return_exceptions=True)
    refusals = [one for one in came if isinstance(one, Refused)]
    assert len(refusals) == 7
    assert {one.reason for one in refusals} == {Reason.ALREADY_FROZEN}
    assert (await mails.deeds()).count(Deed.FROZEN) == 1
