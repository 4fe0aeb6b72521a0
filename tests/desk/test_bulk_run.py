"""A bulk from its proof to its end: everybody once, each with a password of their own, and nobody forgotten."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from desk import steer, submit_bulk
from resets.outcome import Step, StepState
from resets.reasons import Reason
from resets.request import RequestState, TargetState
from tests.support import bulks
from tests.support.house import ADA


async def test_everybody_is_reset_once_with_a_password_of_their_own(mails):
    """A first wave, then the rest: all are set, told by mail, and no two passwords are the same."""
    accounts = await bulks.people(mails, 60)
    request_id = await bulks.begun(mails, accounts)
    run = await bulks.worked(mails, request_id)
    assert run.state is RequestState.DONE
    targets = await bulks.targets_of(mails, request_id)
    assert {t.state for t in targets} == {TargetState.DELIVERED}
    assert all(t.step(Step.MUST_CHANGE).state is StepState.DONE for t in targets)
    assert all(t.step(Step.SESSIONS).state is StepState.DONE for t in targets)
    assert all(t.step(Step.UNLOCK).state is StepState.SKIPPED for t in targets)
    assert len(mails.directory.passwords) == 60
    await bulks.signs_in(mails, accounts)


async def test_the_first_wave_goes_alone(mails):
    """Of more than fifty, five are reset first; the others begin when those went well."""
    accounts = await bulks.people(mails, 51)
    request_id = await bulks.begun(mails, accounts)
    await mails.do(mails.queue.popleft())
    assert {w.id for w in mails.queue} <= {f"{c}.1" for c in await bulks.chunk_ids(mails, request_id, canary=True)}
    assert len(mails.directory.passwords) == 5
    await bulks.worked(mails, request_id)
    assert len(mails.directory.passwords) == 51


async def test_steering_writes_only_where_something_goes_out(house):
    """While the first wave is under way, a look at the run needs no turn at writing; SQLite has one for all."""
    house.with_rules(mail_password=True)
    request_id = await bulks.begun(house, await bulks.people(house, 51))
    async with house.store.write(), asyncio.timeout(10):
        assert await steer.all_runs(house.tools) == 1
    await house.do(house.queue.popleft())
    house.queue.clear()
    await steer.all_runs(house.tools)
    others = await bulks.chunk_ids(house, request_id, canary=False)
    assert {work.id for work in house.queue} == {f"{chunk}.1" for chunk in others}
    async with house.store.write(), asyncio.timeout(10):
        assert await steer.all_runs(house.tools) == 1


async def test_a_pace_is_kept(mails):
    """Two a second, in one lane: the two groups that are under way each rest a second after one person."""
    rests = []

    async def sleep(seconds):
        rests.append(seconds)

    mails.with_rules(mail_password=True, pace={"corp": 2.0})
    mails.tools = replace(mails.tools, sleep=sleep)
    accounts = await bulks.people(mails, 6)
    await bulks.worked(mails, await bulks.begun(mails, accounts))
    assert rests == [1.0] * 6


async def test_who_changed_since_the_preview_is_dropped(mails):
    """Disabled, moved to another address, gone: each is left out with the reason, and the others are reset."""
    accounts = await bulks.people(mails, 6)
    form_id, request_id = await bulks.frozen(mails, accounts)
    await mails.local.disable(accounts[0].id)
    await mails.local.change_account(accounts[1].id, mail="thief@example.com")
    await submit_bulk.begin(mails.tools, form_id, ADA, mails.code(), "")
    mails.clock.tick(seconds=61)
    await steer.all_runs(mails.tools)
    await bulks.worked(mails, request_id)
    targets = {t.planned.login: t for t in await bulks.targets_of(mails, request_id)}
    assert targets[accounts[0].login].reason is Reason.DISABLED
    assert targets[accounts[1].login].reason is Reason.CHANGED_SINCE
    assert len(mails.directory.passwords) == 4


async def test_two_bulks_over_the_same_people_do_not_interleave(mails):
    """The second waits for the first; what the first has set is then replaced, and closed."""
    accounts = await bulks.people(mails, 4)
    first = await bulks.begun(mails, accounts)
    mails.clock.tick(seconds=30)
    second = await bulks.begun(mails, accounts)
    await bulks.worked(mails, first)
    await bulks.worked(mails, second)
    last = dict(mails.directory.passwords)
    newest = {}
    for said in mails.heard:
        if getattr(said, "password", None):
            newest[said.facts.to] = said.password.reveal()
    assert newest == {account.mail: last[account.id] for account in accounts}
    assert {t.state for t in await bulks.targets_of(mails, second)} == {TargetState.DELIVERED}
