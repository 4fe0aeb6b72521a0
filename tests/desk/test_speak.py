"""Saying it: in order, again after a failure, and given up in a state that is true."""

from __future__ import annotations

from datetime import timedelta

import pytest

from desk import retry, speak
from desk.claim import LEASE
from desk.tools import WorkKind
from directory.base import NotNow, Unreachable
from resets.facts import MailFacts, ShowFacts, StatusFacts
from resets.notice import NoticeKind
from resets.outcome import Step, StepState
from resets.reasons import Reason, Refused
from resets.request import Channel, TargetState
from store import outbox
from tests.support.house import ADA, EVE
from views.status import status


async def test_slack_down_for_an_hour_loses_nothing(house):
    """A DM that Slack refuses is tried again; then the requester is told, and can have it sent again."""
    house.deaf = {ShowFacts}
    queued = await house.ask()
    await house.pump()
    target = await house.target_of(queued)
    assert target.state is TargetState.SET
    assert target.step(Step.DELIVER).state is StepState.FAILED
    assert house.last(StatusFacts).facts.retry == (Step.DELIVER,)
    house.deaf = set()
    await retry.step(house.tools, target.id, "deliver", ADA)
    await house.pump()
    target = await house.target_of(queued)
    assert target.state is TargetState.DELIVERED
    assert target.step(Step.DELIVER).state is StepState.DONE
    assert await house.reveal(target.id, queued.pickup)


async def test_one_way_that_works_is_delivered(house):
    """With two ways, the failure of one does not make the other a failure."""
    house.with_rules(mail_password=True)
    house.deaf = {MailFacts}
    queued = await house.ask(channels=("dm", "mail"))
    await house.pump()
    target = await house.target_of(queued)
    assert target.state is TargetState.DELIVERED
    assert target.step(Step.DELIVER).state is StepState.DONE


@pytest.mark.parametrize(("deaf", "unsent"), [(MailFacts, (Channel.MAIL,)), (ShowFacts, (Channel.DM,))])
async def test_a_way_that_failed_is_not_told_as_one_that_worked(house, deaf, unsent):
    """The requester reads by which way it was sent and by which it was not, whichever ends first."""
    house.with_rules(mail_password=True)
    house.deaf = {deaf}
    await house.ask(channels=("dm", "mail"))
    await house.pump()
    facts = house.last(StatusFacts).facts
    assert facts.unsent == unsent
    sent, lost = ("Slack message", "mail") if unsent == (Channel.MAIL,) else ("mail", "Slack message")
    text = str(status(facts))
    assert f"sent by {sent}; *not* by {lost}" in text
    assert ("not yet" in text) is (Channel.DM not in unsent), "a DM that was never sent waits for nobody"


async def test_a_crash_between_sending_and_recording_sends_the_same_again(house):
    """A notice that was sent but not recorded is prepared again as one that may have been said."""
    await house.ask()
    (work,) = [w for w in house.queue if w.kind is WorkKind.NOTICE]
    first = await speak.prepare(house.tools, work.id)
    assert first.attempt == 1
    house.clock.now += LEASE
    again = await speak.prepare(house.tools, work.id)
    assert again.notice_id == first.notice_id
    assert again.attempt == 2


async def test_what_changes_while_an_update_waits_is_told_by_that_one(mails):
    """Until somebody begins to say it, an update of the requester's message tells all; what follows is told anew."""
    await mails.ask()
    (first,) = await waiting(mails, NoticeKind.STATUS)
    (job,) = [work for work in mails.queue if work.kind is WorkKind.RESET]
    await mails.do(job)
    assert await waiting(mails, NoticeKind.STATUS) == [first]
    assert (await speak.prepare(mails.tools, first)).facts.target_state is TargetState.SET
    (show,) = await waiting(mails, NoticeKind.SHOW)
    await mails.say(show)
    _, second = await waiting(mails, NoticeKind.STATUS)
    await speak.said(mails.tools, first, "D1", "1.0")
    assert (await speak.prepare(mails.tools, second)).facts.target_state is TargetState.DELIVERED


async def waiting(house, kind):
    """Return the ids of the notices of a kind that were put into the queue, the oldest first."""
    async with house.tools.store.read() as tx:
        some = [await outbox.get(tx, work.id) for work in house.queue if work.kind is WorkKind.NOTICE]
    return [notice.id for notice in some if notice.kind is kind]


async def test_only_the_requester_may_retry(house):
    """Another person's press on *Retry* is refused."""
    house.deaf = {ShowFacts}
    queued = await house.ask()
    await house.pump()
    target = await house.target_of(queued)
    with pytest.raises(Refused) as refused:
        await retry.step(house.tools, target.id, "deliver", EVE)
    assert refused.value.reason is Reason.NO_ROLE


@pytest.mark.parametrize("step", ["set", "sessions", "deliver", "nonsense", ""])
async def test_what_is_done_is_not_retried(house, step):
    """A retry of what is done, or of what is no step, is refused."""
    queued = await house.ask()
    await house.pump()
    target = await house.target_of(queued)
    with pytest.raises(Refused) as refused:
        await retry.step(house.tools, target.id, step, ADA)
    assert refused.value.reason is Reason.NOTHING_LEFT


async def test_a_retry_waits_for_another_request_that_writes_the_same_account(house):
    """Of the first reset nobody knows, a second one is under way: *Retry* of the first changes nothing, and says so."""
    house.directory.before["set_password"] = [Unreachable("cut", sent=True)] * 20
    first = await house.ask()
    await house.pump()
    house.clock.tick(minutes=5)
    house.directory.before["set_password"] = [NotNow("busy", after=timedelta(seconds=30))]
    await house.ask()
    (writing,) = [work for work in house.queue if work.kind is WorkKind.RESET]
    await house.do(writing)
    target = await house.target_of(first)
    with pytest.raises(Refused) as refused:
        await retry.step(house.tools, target.id, "set", ADA)
    assert refused.value.reason is Reason.WRITTEN_ELSEWHERE
    assert (await house.target_of(first)).state is TargetState.FAILED
    await house.pump()
    await retry.step(house.tools, target.id, "set", ADA)


async def test_retry_pressed_twice_is_once(house):
    """A double click on *Retry* starts one job."""
    from directory.base import NotAllowed

    house.directory.before["revoke_tokens"] = [NotAllowed("x")]
    queued = await house.ask()
    await house.pump()
    target = await house.target_of(queued)
    await retry.step(house.tools, target.id, "tokens", ADA)
    with pytest.raises(Refused):
        await retry.step(house.tools, target.id, "tokens", ADA)
    await house.pump()
    assert house.directory.calls.count("revoke_tokens") == 2
