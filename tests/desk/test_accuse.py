"""*Not me* freezes who had it reset: after one person's word for a single reset, in a bulk by the third person's."""

from __future__ import annotations

import asyncio

from desk import control, enrol, freeze, retry, steer, stop, submit, submit_bulk
from desk.look import start as start_one
from directory.base import NotAllowed
from resets.actor import SlackPerson
from resets.audit import Deed
from resets.facts import AlarmFacts
from resets.reasons import Reason
from resets.request import RequestState, TargetState
from store import admins
from tests.support import bulks
from tests.support.house import ADA, BOB, EVE, TEAM, enrolled, refused


async def accused(house, login="bob", member=BOB):
    """Let Ada reset somebody who then says that they asked for nothing."""
    queued = await house.ask(login, member)
    await house.pump()
    await stop.not_me(house.tools, (await house.target_of(queued)).id, member)
    return queued


async def frozen(house):
    async with house.store.read() as tx:
        return (await admins.by_slack(tx, ADA)).frozen_at is not None


async def test_one_word_after_a_single_reset(house):
    """The requester begins nothing more; the journal and the security channel have it; twice is once."""
    queued = await accused(house)
    assert await frozen(house)
    await refused(start_one(house.tools, ADA), Reason.ACTOR_FROZEN)
    await stop.not_me(house.tools, (await house.target_of(queued)).id, BOB)
    await house.pump()
    said = [one.facts.what for one in house.heard if isinstance(one.facts, AlarmFacts)]
    assert (said.count("not_me"), said.count("actor_frozen")) == (1, 1)
    deeds = await house.deeds()
    assert deeds.count(Deed.ACTOR_FROZEN) == 1
    assert (await house.target_of(queued)).state is TargetState.SPOILED
    assert Deed.SPOILED in deeds


async def test_others_go_on(house):
    """It is one admin that is frozen, not the desk; codes are another thing."""
    await enrolled(house, EVE, "eve")
    await accused(house)
    await start_one(house.tools, EVE)
    async with house.store.read() as tx:
        assert (await admins.by_slack(tx, ADA)).locked_at is None


async def test_whatever_stands_open_is_refused(mails):
    """A form from before, a run to resume or to retry, a step, the end of a freeze: nothing without the host."""
    accounts = await bulks.people(mails, 2)
    mails.directory.before["set_password"] = [NotAllowed("no")]
    ended = await bulks.begun(mails, accounts)
    await bulks.worked(mails, ended)
    mails.clock.tick(minutes=5)
    mails.directory.before["revoke_sessions"] = [NotAllowed("no")]
    half = await mails.ask("eve", EVE)
    await mails.pump()
    mails.clock.tick(minutes=1)
    form = await mails.form("sam1", None)
    await accused(mails)
    mails.clock.tick(minutes=1)
    bulk_form, _ = await bulks.frozen(mails, accounts)
    tools = mails.tools
    left = (await mails.target_of(half)).id
    await refused(submit.reset(tools, form.form_id, ADA, mails.answer(channels=("mail",))), Reason.ACTOR_FROZEN)
    await refused(submit_bulk.begin(tools, bulk_form, ADA, mails.code(), ""), Reason.ACTOR_FROZEN)
    await refused(control.retry_failed(tools, ended, ADA), Reason.ACTOR_FROZEN)
    await refused(retry.step(tools, left, "sessions", ADA), Reason.ACTOR_FROZEN)
    await freeze.freeze(tools, ADA, "")  # to stop is always allowed
    await refused(freeze.ask_resume(tools, ADA), Reason.ACTOR_FROZEN)


async def test_what_they_had_begun_is_paused(mails):
    """Runs that are held or under way stand still; once it is lifted at the host, their requester lets them go on."""
    accounts = await bulks.people(mails, 4)
    running = await bulks.begun(mails, accounts[:2])
    mails.queue.clear()
    mails.clock.tick(minutes=1)
    form_id, held = await bulks.frozen(mails, accounts[2:])
    await submit_bulk.begin(mails.tools, form_id, ADA, mails.code(), "")
    mails.clock.tick(minutes=1)
    await accused(mails)
    for run in (running, held):
        now = await bulks.run_of(mails, run)
        assert (now.state, now.stopped) == (RequestState.PAUSED, Reason.ACTOR_FROZEN)
        await refused(control.resume(mails.tools, run, ADA), Reason.ACTOR_FROZEN)
    await steer.all_runs(mails.tools)
    async with mails.store.read() as tx:
        ada = await admins.by_slack(tx, ADA)
    assert await enrol.unfreeze(mails.tools, ada.id, by="root")
    assert not await enrol.unfreeze(mails.tools, ada.id, by="root")
    await control.resume(mails.tools, running, ADA)
    assert (await bulks.worked(mails, running)).state is RequestState.DONE
    deeds = await mails.deeds()
    assert deeds.count(Deed.PAUSED) == 2
    assert Deed.ACTOR_UNFROZEN in deeds
    assert mails.last(AlarmFacts).facts.what == "actor_unfrozen"


async def test_a_single_reset_that_had_not_begun_is_not_done(house):
    """It was asked for by the same admin, and waits for its turn when the word comes."""
    first = await house.ask()
    await house.pump()
    house.clock.tick(minutes=1)
    second = await house.ask("eve", EVE)
    await stop.not_me(house.tools, (await house.target_of(first)).id, BOB)
    await house.pump()
    target = await house.target_of(second)
    assert (target.state, target.reason) == (TargetState.FAILED, Reason.ACTOR_FROZEN)


async def test_the_claim_itself_asks(house):
    """Frozen after the last look and before the password begins to be set: it is not set."""
    first = await house.ask()
    await house.pump()
    house.clock.tick(minutes=1)
    second = await house.ask("eve", EVE)
    target_id, inner = (await house.target_of(first)).id, house.directory.fetch

    async def fetch(ids):
        await stop.not_me(house.tools, target_id, BOB)
        return await inner(ids)

    house.directory.fetch = fetch
    await house.pump()
    target = await house.target_of(second)
    assert (target.state, target.reason) == (TargetState.FAILED, Reason.ACTOR_FROZEN)
    assert house.ids["eve"] not in [account_id for account_id, _ in house.directory.passwords]


async def done(house, count):
    """Have so many people reset in one bulk; returns what each of them can say."""
    accounts = await bulks.people(house, count, in_slack=True)
    request_id = await bulks.begun(house, accounts)
    assert (await bulks.worked(house, request_id)).state is RequestState.DONE
    house.heard.clear()
    return [
        stop.not_me(house.tools, target.id, SlackPerson(TEAM, target.planned.slack_user))
        for target in await bulks.targets_of(house, request_id)
    ]


async def test_the_third_word_in_a_bulk(mails):
    """Two may be a misunderstanding; each of their passwords is void all the same."""
    said = await done(mails, 4)
    await said.pop()
    await said.pop()
    assert not await frozen(mails)
    await said.pop()
    assert await frozen(mails)
    await said.pop()
    assert (await mails.deeds()).count(Deed.ACTOR_FROZEN) == 1


async def test_three_words_at_once_in_a_bulk(mails):
    """Of people who speak at the same moment, each is counted."""
    await asyncio.gather(*await done(mails, 3))
    assert await frozen(mails)
    assert (await mails.deeds()).count(Deed.NOT_ME) == 3


async def test_how_many_is_a_setting(mails):
    """`limits.not_me_in_bulk`."""
    mails.with_rules(not_me_in_bulk=1)
    (word,) = await done(mails, 1)
    await word
    assert await frozen(mails)


async def test_every_enrolment_of_the_requester_is_frozen(house):
    """A second Slack account of the same person is no way round a "not me"."""
    twin = SlackPerson(TEAM, "U0ADATWO")
    await enrolled(house, twin, "ada")
    house.clock.tick(minutes=1)
    queued = await house.ask("bob", BOB)
    await house.pump()
    await stop.not_me(house.tools, (await house.target_of(queued)).id, BOB)
    for person in (ADA, twin):
        await refused(start_one(house.tools, person), Reason.ACTOR_FROZEN)
