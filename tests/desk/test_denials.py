"""Three requests of one admin are denied, one after the other: that admin is frozen until somebody has looked."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import replace

import pyotp
import pytest

from desk import change, choose, enrol, look
from desk.journal import note
from resets.actor import SlackPerson
from resets.audit import Deed
from resets.demand import NOTHING
from resets.facts import AlarmFacts
from resets.limits import Limits
from resets.reasons import Reason
from resets.request import RequestState
from store import admins, chunks, freezes
from tests.support import approving, bulks
from tests.support.approving import ZOE, approve, deny
from tests.support.house import ADA, EVE, TEAM, enrolled, refused


@pytest.fixture
async def each(mails):
    """A house in which each single reset needs one other admin, and three denials are too many."""
    house = await approving.opened(mails, quorum=replace(approving.TABLE, standard=1))
    house.with_rules(limits=Limits(denials_in_a_row=3))
    return house


async def asked(house, login="bob"):
    house.clock.tick(minutes=1)
    return (await house.ask(login, None, channels=("mail",))).request_id


async def frozen(house, person=ADA):
    async with house.store.read() as tx:
        return (await admins.by_slack(tx, person)).frozen_at is not None


async def denied(house, *logins):
    for login in logins:
        await deny(house, await asked(house, login))


async def test_the_third_in_a_row_freezes(each):
    """Nothing more is begun; the journal and the security channel have it; who was frozen stays so, once."""
    await denied(each, "bob", "sam1")
    assert not await frozen(each)
    await denied(each, "sam2")
    assert await frozen(each)
    await refused(look.start(each.tools, ADA), Reason.ACTOR_FROZEN)
    await each.pump()
    said = [one.facts.what for one in each.heard if isinstance(one.facts, AlarmFacts)]
    assert said == ["actor_denied"]
    assert (await each.deeds())[-1:] != [Deed.DENIED]
    assert (await each.deeds()).count(Deed.ACTOR_FROZEN) == 1


async def test_one_that_was_agreed_to_begins_anew(each):
    """So does nothing else: what was withdrawn or lapsed is neither."""
    await denied(each, "bob", "sam1")
    await approve(each, await asked(each, "sam2"))
    await denied(each, "bob", "sam1")
    await change.withdraw(each.tools, await asked(each, "sam2"), ADA)
    assert not await frozen(each)
    await denied(each, "sam2")
    assert await frozen(each)


async def test_what_was_before_somebody_looked_is_not_held_against_them(each):
    """After `rekey admin unfreeze` three more are needed."""
    await denied(each, "bob", "sam1", "sam2")
    async with each.store.read() as tx:
        row = await admins.by_slack(tx, ADA)
    assert await enrol.unfreeze(each.tools, row.id, by="test")
    await denied(each, "bob", "sam1")
    assert not await frozen(each)
    await denied(each, "sam2")
    assert await frozen(each)


async def test_every_enrolment_of_the_person_is_frozen(each):
    """A second Slack account is no way round it."""
    twin = SlackPerson(TEAM, "U0ADATWO")
    await enrolled(each, twin, "ada")
    each.clock.tick(minutes=1)
    await denied(each, "bob", "sam1", "sam2")
    assert await frozen(each, ADA)
    assert await frozen(each, twin)
    assert not await frozen(each, EVE)


async def test_who_is_frozen_is_not_enrolled_once_more(each):
    """Nor is an enrolment kept that was begun before; once somebody has looked, it is."""
    twin = SlackPerson(TEAM, "U0ADATWO")
    begun = await enrol.enrol(
        each.tools, slack_user=twin.user, directory="corp", login="ada", role="admin", randbytes=secrets.token_bytes
    )
    await denied(each, "bob", "sam1", "sam2")
    code = pyotp.TOTP(begun.seed.reveal()).at(each.clock.now)
    await refused(enrol.confirm(each.tools, begun, code, by="root"), Reason.ACTOR_FROZEN)
    await refused(enrolled(each, twin, "ada"), Reason.ACTOR_FROZEN)
    async with each.store.read() as tx:
        row = await admins.by_slack(tx, ADA)
    await enrol.unfreeze(each.tools, row.id, by="root")
    await enrolled(each, twin, "ada")
    assert not await frozen(each, twin)


async def test_denied_at_one_moment(each):
    """Three are denied by two people at once: each is counted, and the freeze is one."""
    waiting = [await asked(each, login) for login in ("bob", "sam1", "sam2")]
    await asyncio.gather(*[deny(each, one, who) for one, who in zip(waiting, (EVE, ZOE, EVE), strict=True)])
    assert await frozen(each)
    assert (await each.deeds()).count(Deed.ACTOR_FROZEN) == 1


async def test_what_was_running_is_paused(each):
    """A run to which nobody had to agree stands still, too."""
    accounts, quorum = await bulks.people(each, 3), each.tools.rules.quorum
    each.with_rules(quorum=NOTHING)
    running = await bulks.begun(each, accounts)
    each.with_rules(quorum=quorum)
    await denied(each, "bob", "sam1", "sam2")
    assert (await bulks.run_of(each, running)).state is RequestState.PAUSED


async def test_what_waits_for_others_is_open(each):
    """It counts as a run does that is not over; decided about, it does not."""
    each.with_rules(limits=Limits(open_requests=2))
    first, _ = await asked(each, "bob"), await asked(each, "sam1")
    await refused(look.start(each.tools, ADA), Reason.TOO_MANY_OPEN)
    await refused(choose.start(each.tools, ADA), Reason.TOO_MANY_OPEN)
    await deny(each, first)
    await look.start(each.tools, ADA)


async def test_what_others_agreed_to_is_not_counted_with_all(each):
    """The limit of all together is for what one admin does alone."""
    each.with_rules(limits=Limits(all_per_hour=1))
    for login in ("bob", "sam1"):
        await approve(each, await asked(each, login))
    each.with_rules(quorum=approving.TABLE)
    await asked(each, "sam2")
    await refused(asked(each, "bob"), Reason.ALL_USED_UP)


async def test_a_run_that_goes_on_and_the_third_denial_do_not_wait_for_each_other(each):
    """A group of the run is being begun: the denial waits for it, with nothing in its hands that the group needs."""
    accounts, quorum = await bulks.people(each, 3), each.tools.rules.quorum
    each.with_rules(quorum=NOTHING)
    running = await bulks.begun(each, accounts)
    each.with_rules(quorum=quorum)
    await denied(each, "bob", "sam1")
    third = await asked(each, "sam2")
    async with each.store.read() as tx:
        (chunk,) = await chunks.some(tx, running, 2)
    async with each.store.write() as tx:
        assert await freezes.standing(tx) is None
        assert await chunks.may_go_on(tx, chunk)
        denying = asyncio.create_task(deny(each, third))
        assert await asyncio.wait({denying}, timeout=0.5) == (set(), {denying})
        await note(each.tools, tx, Deed.STARTED, count=1)
    await denying
    assert await frozen(each)
