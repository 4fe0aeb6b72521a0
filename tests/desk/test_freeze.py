"""A freeze stops everything at once, in mid-chunk too: what waits, what goes on, and what is not taken."""

from __future__ import annotations

from desk import control, freeze, live, retry, steer, stop, submit, submit_bulk
from desk.choose import start as start_many
from desk.look import start as start_one
from desk.tools import WorkKind
from directory.base import NotAllowed
from resets.audit import Deed
from resets.bulk import BulkFacts
from resets.facts import AlarmFacts, ShowFacts, StatusFacts
from resets.reasons import Reason
from resets.request import RequestState, TargetState
from tests.support import bulks
from tests.support.house import ADA, BOB, EVE, ended_with_a_code, refused, standing


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


async def test_the_security_channel_hears_why(house):
    """The reason that was typed with it stands in the alarm, so that nobody has to ask in Slack."""
    await freeze.freeze(house.tools, ADA, "a strange call")
    await house.pump()
    alarm = house.last(AlarmFacts).facts
    assert (alarm.what, alarm.why) == ("frozen", "a strange call")


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
    house.clock.tick(minutes=1)
    await ended_with_a_code(house)
    await house.pump()
    assert (await house.target_of(queued)).state is TargetState.DELIVERED
    assert moments
    assert moments[0] < put.until


async def test_a_single_reset_that_waited_for_too_long_is_not_done(house):
    """A freeze from the host lasts; the proof of a single reset is good for half an hour."""
    queued = await house.ask()
    house.clock.tick(minutes=1)
    put = await freeze.freeze_at_host(house.tools, ADA, "", house.code(), host="root")
    assert put.until is None
    work = house.queue.popleft()
    assert await house.do(work) is not None
    house.clock.tick(minutes=30)
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
    mails.clock.tick(minutes=5)
    paused = await bulks.begun(mails, accounts)
    await control.pause(mails.tools, paused, ADA)
    mails.clock.tick(minutes=5)
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
    mails.clock.tick(minutes=30)
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


# -- who ends it --------------------------------------------------------------------------------------------------


# -- at one moment ------------------------------------------------------------------------------------------------
