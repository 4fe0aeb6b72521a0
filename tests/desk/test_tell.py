"""What a chunk says: who has to wait holds up nobody else, and nobody is asked over and over."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from desk import speak, tell
from desk.tools import WorkKind
from directory.base import NotNow
from resets.reasons import Reason
from resets.request import Channel, TargetState
from store import outbox
from store.base import StoreFailed
from tests.support import bulks

PEOPLE = 45  # more than are tried at once
MINUTES = timedelta(minutes=10)


class MailServer:
    """Takes mails, but for those to addresses that it refuses for a while."""

    def __init__(self, house):
        self.house = house
        self.refuses = {}  # how long each address has to wait
        self.tried = []
        self.taken = []

    async def say(self, notice_id):
        saying = await speak.prepare(self.house.tools, notice_id)
        if saying is None or isinstance(saying, timedelta):
            return saying
        to = saying.facts.to
        self.tried.append(to)
        if to in self.refuses:
            return await speak.failed(
                self.house.tools, notice_id, saying.attempt, Reason.MAIL_REFUSED, after=self.refuses[to]
            )
        self.taken.append(to)
        await speak.said(self.house.tools, notice_id, "mail", notice_id)
        return None


class Telling:
    """The one chunk of a bulk, all of whose people are reset and wait for their mail."""

    def __init__(self, house, request_id, accounts, work):
        self.house = house
        self.request_id = request_id
        self.mails = [account.mail for account in accounts]
        self.work = work
        self.rests = tell.Rests()
        self.server = MailServer(house)

    async def step(self):
        return await tell.go_on(self.house.tools, self.rests, self.work.id, self.server.say)


@pytest.fixture
async def telling(mails):
    return await worked(mails)


async def worked(mails):
    """Have a bulk's one chunk worked on once."""
    accounts = await bulks.people(mails, PEOPLE)
    request_id = await bulks.begun(mails, accounts)
    works = list(mails.queue)
    mails.queue.clear()
    for work in works:
        if work.kind is WorkKind.CHUNK:
            await mails.do(work)
    (work,) = [work for work in works if work.kind is WorkKind.TELL]
    return Telling(mails, request_id, accounts, work)


async def test_who_has_to_wait_holds_up_nobody(telling):
    """One address is refused for ten minutes: all others get their mail at once, and that one after ten minutes."""
    server, first = telling.server, telling.mails[0]
    server.refuses = {first: MINUTES}
    assert await telling.step() == MINUTES
    assert sorted(server.taken) == sorted(telling.mails[1:])
    server.refuses = {}
    telling.house.clock.tick(minutes=9)
    assert await telling.step() == timedelta(minutes=1)
    assert first not in server.taken
    telling.house.clock.tick(minutes=1)
    assert await telling.step() is None
    assert server.tried.count(first) == 2
    assert sorted(server.taken) == sorted(telling.mails)


async def test_what_is_written_after_the_look_is_said_too(telling, monkeypatch):
    """The run is over and the last people are recorded just after the look for notices: it looks again at once."""
    look, looks = outbox.of_chunk, []

    async def too_early(*args, **options):
        looks.append(args)
        return () if len(looks) == 1 else await look(*args, **options)

    monkeypatch.setattr(outbox, "of_chunk", too_early)
    assert await telling.step() == timedelta(0)
    assert telling.server.taken == []
    assert await telling.step() is None
    assert sorted(telling.server.taken) == sorted(telling.mails)


async def test_what_breaks_off_leaves_nobody_half_told(telling):
    """The store fails in mid-batch: what is under way is finished first, nothing else is begun, and then all go on."""
    server, first = telling.server, telling.server.say
    under_way, said = set(), []

    async def say(notice_id):
        if len(said) == tell.SIDE_BY_SIDE:
            raise StoreFailed("locked")
        said.append(notice_id)
        under_way.add(notice_id)
        for _ in range(len(said)):
            await asyncio.sleep(0)
        await first(notice_id)
        under_way.discard(notice_id)

    server.say = say
    with pytest.raises(StoreFailed):
        await telling.step()
    assert under_way == set()
    assert len(server.taken) == tell.SIDE_BY_SIDE
    server.say = first
    assert await telling.step() is None
    assert sorted(server.taken) == sorted(telling.mails)


async def test_two_words_to_one_person_end_at_once(mails):
    """A message and a mail to each of forty people are recorded at the same time: neither waits for the other."""
    accounts = await bulks.people(mails, 40, in_slack=True)
    await bulks.begun(mails, accounts, channels=(Channel.DM, Channel.MAIL))
    works = [work for work in mails.queue if work.kind is WorkKind.CHUNK]
    for work in works:
        await mails.do(work)
    async with mails.store.read() as tx:
        ids = [i for work in works for i in await outbox.of_chunk(tx, work.id.rpartition(".")[0], 1000)]
    assert len(ids) == 80
    for notice_id in ids:
        await speak.prepare(mails.tools, notice_id)
    await asyncio.gather(*(speak.said(mails.tools, notice_id, "D1", notice_id) for notice_id in ids))


async def test_half_a_server_tells_half_at_once(telling):
    """Every second mail is refused: the others go out in one step, and no address is asked before its time."""
    server = telling.server
    server.refuses = dict.fromkeys(telling.mails[::2], timedelta(seconds=40))
    assert await telling.step() == timedelta(seconds=40)
    assert sorted(server.taken) == sorted(telling.mails[1::2])
    assert len(server.tried) == PEOPLE
    telling.house.clock.tick(seconds=39)
    assert await telling.step() == tell.LOOK_AGAIN
    assert len(server.tried) == PEOPLE


async def test_the_last_few_are_asked_again_when_they_said(telling):
    """All of the last, smaller batch are refused: nobody is left untried, so it waits as long as they asked."""
    server = telling.server
    server.refuses = dict.fromkeys(telling.mails, MINUTES)
    for _ in range(2):
        assert await telling.step() == tell.LONGEST
    assert len(server.tried) == 2 * tell.AT_ONCE
    assert await telling.step() == MINUTES
    assert len(server.tried) == PEOPLE


async def test_while_more_may_come_it_looks_soon(mails):
    """One person's password is still to be set: their mail does not wait for one that rests."""
    mails.directory.before["set_password"] = [NotNow("busy", after=MINUTES)]
    telling = await worked(mails)
    targets = await bulks.targets_of(mails, telling.request_id)
    first, *others = [target.planned.address for target in targets if target.state is TargetState.SET]
    telling.server.refuses = {first: MINUTES}
    assert await telling.step() == tell.LOOK_AGAIN
    assert sorted(telling.server.taken) == sorted(others)
    assert len(others) < PEOPLE - 1


async def test_a_server_that_refuses_everybody_gets_its_rest(telling):
    """Of a whole batch not one is taken: no other is tried in that step; the next one begins with the others."""
    server = telling.server
    server.refuses = dict.fromkeys(telling.mails, MINUTES) | {telling.mails[0]: timedelta(seconds=20)}
    waits, tried = [], []
    for _ in range(3):
        waits.append(await telling.step())
        tried.append(len(server.tried))
        telling.house.clock.tick(seconds=1)
    assert tried == [tell.AT_ONCE, 2 * tell.AT_ONCE, PEOPLE]
    assert len(set(server.tried)) == PEOPLE
    assert all(wait <= tell.LONGEST for wait in waits)


async def test_no_wait_is_too_short(telling):
    """A server that says "at once" is asked again after two seconds all the same."""
    server = telling.server
    server.refuses = dict.fromkeys(telling.mails, timedelta(milliseconds=1))
    for _ in range(5):
        assert await telling.step() >= tell.LOOK_AGAIN
    assert len(server.tried) <= 5 * tell.AT_ONCE


async def test_who_takes_the_work_over_tries_at_once(telling):
    """What rests is known to one process alone; the tries are counted in the rows."""
    server = telling.server
    server.refuses = {telling.mails[0]: MINUTES}
    await telling.step()
    telling.rests = tell.Rests()
    server.refuses = {}
    assert await telling.step() is None
    assert sorted(server.taken) == sorted(telling.mails)
    async with telling.house.store.read() as tx:
        assert await outbox.of_chunk(tx, telling.work.id.rpartition(".")[0], 1) == ()


def test_rests_are_forgotten_in_the_end(mails):
    """Of chunks that others have taken over, only so many are remembered."""
    rests, now, until = tell.Rests(), mails.clock.watch(), mails.clock.watch() + MINUTES.total_seconds()
    for number in range(tell.MOST + 1):
        rests.add(f"chunk{number}", {"notice": until})
    assert rests.of("chunk0", now) == {}
    assert rests.of("chunk1", now) == {"notice": until}
    assert rests.of("chunk1", until) == {}
