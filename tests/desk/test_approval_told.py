"""The card and the requester's message tell how a request stands: also late, after Slack was away, and elsewhere."""

from __future__ import annotations

from dataclasses import replace

import pytest

from desk import change, decide, remind, speak
from resets.approval import CardFacts, Reminder
from resets.facts import AlarmFacts, StatusFacts
from resets.notice import NoticeKind
from resets.reasons import Reason, Refused
from resets.request import RequestState
from resets.saying import SaySlack
from store import outbox
from tests.support import approving
from tests.support.approving import ZOE, approve, asked_many, card, deny, shown
from tests.support.house import ADA, EVE, enrolled


@pytest.fixture
async def asking(house):
    house.with_rules(mail_password=True)
    return await approving.opened(house, quorum=replace(approving.TABLE, standard=1))


async def tried_on(house, request_id):
    """Say whether a message about a request is still to be said."""
    async with house.store.read() as tx:
        kinds = (NoticeKind.CARD, NoticeKind.STATUS, NoticeKind.REMINDER)
        return [kind for kind in kinds if await outbox.is_waiting(tx, kind, request_id=request_id)]


async def test_what_slack_did_not_take_is_said_later(asking):
    """After an hour nobody tries a notice any more; the round does, until card and requester know the end."""
    queued = await asking.ask()
    await asking.pump()
    asking.clock.tick(seconds=30)
    asking.deaf |= {CardFacts, StatusFacts}
    await deny(asking, queued.request_id)
    await asking.pump()
    assert await tried_on(asking, queued.request_id) == []
    assert card(asking).state is RequestState.PROVED
    asking.deaf.clear()
    assert [one.facts.what for one in asking.heard if isinstance(one.facts, AlarmFacts)] == ["card_unsaid"]
    assert await remind.repair(asking.tools) == 2
    await asking.pump()
    assert card(asking).state is RequestState.DENIED
    assert asking.last(StatusFacts).facts.state is RequestState.DENIED
    assert await remind.repair(asking.tools) == 0


async def test_a_bulk_has_a_message_of_its_own(asking):
    """Of it, the round looks after the card alone."""
    asking.deaf.add(CardFacts)
    await asked_many(asking, 3)
    aside = await approving.lines_aside(asking)
    await asking.pump()
    asking.deaf.clear()
    assert await remind.repair(asking.tools) == 1
    asking.queue.extend(aside)
    await asking.pump()
    assert card(asking).count == 3


async def test_without_a_channel_nothing_is_tried_for_ever(asking):
    """An operator may take the channel out of the settings while something waits."""
    held = await asked_many(asking, 3)
    asking.tools = replace(asking.tools, approvals_channel="")
    await asking.pump()
    assert await tried_on(asking, held.request_id) == []
    assert await remind.repair(asking.tools) == 0
    assert asking.last(CardFacts) is None
    assert (await approving.request(asking, held.request_id)).state is RequestState.PROVED


async def test_another_channel_gets_a_card_of_its_own(asking):
    """The old one is left as it is; both decide about the same plan."""
    queued = await asking.ask()
    await asking.pump()
    asking.tools = replace(asking.tools, approvals_channel="C0OTHER")
    await deny(asking, queued.request_id)
    await asking.pump()
    said = asking.last(CardFacts)
    assert (said.to, said.stamp, said.internal) == ("C0OTHER", None, True)


async def test_reminded_once_at_half_time(asking):
    """In the card's thread, with who can decide; then no more."""
    queued = await asking.ask()
    await asking.pump()
    asking.clock.tick(minutes=7)
    assert await remind.remind(asking.tools) == 0
    asking.clock.tick(seconds=30)
    assert await remind.remind(asking.tools) == 1
    assert await remind.remind(asking.tools) == 0
    await asking.pump()
    said = asking.last(Reminder)
    assert (said.to, said.thread is None) == ("C0APPROVE", False)
    assert said.facts.card.able == (EVE, ZOE)
    await approve(asking, queued.request_id)
    assert [type(one.facts) for one in asking.heard].count(Reminder) == 1


async def test_nobody_is_reminded_of_what_is_decided(asking):
    """A reminder that waited for Slack is dropped."""
    queued = await asking.ask()
    await asking.pump()
    asking.clock.tick(minutes=8)
    assert await remind.remind(asking.tools) == 1
    await deny(asking, queued.request_id)
    await asking.pump()
    assert asking.last(Reminder) is None


async def test_some_roles_decide_only_then(asking):
    """Until then the card does not name them, and they are told when; a request may lean on them alone."""
    asking.with_rules(late_approvers=frozenset({"managers"}))
    from desk import enrol
    from store import admins

    async with asking.store.read() as tx:
        rows = [await admins.by_slack(tx, who) for who in (EVE, ZOE)]
    for row in rows:
        await enrol.revoke(asking.tools, row.id, by="test")
    asking.seeds[ZOE] = await enrolled(asking, ZOE, "zoe", role="managers")
    asking.clock.tick(seconds=60)
    queued = await asking.ask()
    assert queued.awaited.able == ("Zoe Zander",)
    await asking.pump()
    assert card(asking).able == ()
    value = await shown(asking, queued.request_id)
    with pytest.raises(Refused) as refused:
        await decide.begin(asking.tools, value, ZOE)
    assert (refused.value.reason, refused.value.facts) == (Reason.NOT_YET_APPROVER, {"seconds": 450})
    asking.clock.tick(minutes=7, seconds=30)
    await remind.remind(asking.tools)
    await asking.pump()
    assert card(asking).able == (ZOE,)
    assert (await approve(asking, queued.request_id, ZOE)).missing == 0


async def test_a_card_that_nobody_can_show_is_tried_ever_more_seldom(asking):
    """Its channel is gone: of thirty rounds, a minute apart, only a few write another notice."""
    queued = await asking.ask("bob", None, channels=("mail",))
    await asking.pump()
    asking.clock.tick(seconds=1)
    await change.withdraw(asking.tools, queued.request_id, ADA)
    tried = 0
    for _ in range(30):
        tried += await given_up(asking)
        asking.clock.tick(minutes=1)
        await remind.repair(asking.tools)
    assert 2 <= tried <= 5


async def given_up(house):
    """Have Slack refuse every card for good, and say the rest; returns how many there were."""
    count = 0
    while house.queue:
        work = house.queue.popleft()
        saying = await speak.prepare(house.tools, work.id)
        if isinstance(saying, SaySlack) and isinstance(saying.facts, CardFacts):
            count += 1
            await speak.failed(house.tools, work.id, saying.attempt, Reason.SLACK_FAILED, retryable=False)
        elif isinstance(saying, SaySlack):
            await speak.said(house.tools, work.id, "D1", str(count))
    return count
