"""Two processes that were given the same notice: one says it, and the other waits while that one may be alive."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from desk import claim, speak, tell
from desk.claim import FRESH, LEASE, Claim
from desk.tools import WorkKind
from resets.notice import Notice, NoticeKind, NoticeState
from resets.reasons import Reason
from resets.saying import SayMail
from store import outbox, tables
from tests.support import bulks


class Process:
    """One of several that work on the same store, with a watch of its own that only moves when told."""

    def __init__(self, house):
        self.alive = True
        self.watch = 100.0
        self.tools = replace(house.tools, fit=lambda: self.alive, watch=lambda: self.watch)

    async def take(self, notice_id):
        """Make a notice ready; returns this try's claim, or how long to wait."""
        since = self.watch
        saying = await speak.prepare(self.tools, notice_id)
        if saying is None or isinstance(saying, timedelta):
            return saying
        return Claim(self.tools, notice_id, saying.attempt, since)


@pytest.fixture
async def notice(mails):
    """The first of the notices of a reset."""
    await mails.ask()
    return next(work.id for work in mails.queue if work.kind is WorkKind.NOTICE)


async def passes(house, notice_id, span):
    """Let time pass by the database's clock, which is PostgreSQL's own there: the try is moved back instead."""
    mine = tables.notices.c.id == notice_id
    async with house.store.write() as tx:
        began = await tx.conn.scalar(select(tables.notices.c.trying_at).where(mine))
        await tx.conn.execute(update(tables.notices).where(mine).values(trying_at=began - span))


async def test_of_two_processes_one_says_it(mails, notice):
    """The second is told to look again, and its look is no try; once it is said there is nothing more to say."""
    first, second = Process(mails), Process(mails)
    mine = await first.take(notice)
    assert await mine.holds()
    assert await second.take(notice) == claim.LOOK_AGAIN
    await speak.said(first.tools, notice, "D0ADA", "1.0")
    assert await second.take(notice) is None


async def test_who_failed_lets_go_at_once(mails, notice):
    """A refusal of Slack ends the try: another process may try when the wait is over, and not only after the lease."""
    first, second = Process(mails), Process(mails)
    await first.take(notice)
    assert await speak.failed(first.tools, notice, 1, Reason.SLACK_FAILED)
    assert await (await second.take(notice)).holds()
    assert await first.take(notice) == claim.LOOK_AGAIN


async def test_of_who_died_another_takes_it_over(mails, notice):
    """It waits as long as the lease lasts and no longer; the next try looks for what the first has posted."""
    first, second = Process(mails), Process(mails)
    await first.take(notice)
    await passes(mails, notice, LEASE - timedelta(seconds=1))
    assert await second.take(notice) == claim.LOOK_AGAIN
    await passes(mails, notice, timedelta(seconds=1))
    assert (await speak.prepare(second.tools, notice)).attempt == 2


async def test_who_was_slow_asks_again_and_keeps_it(mails, notice):
    """Slack took its time with what is asked before: the try begins anew, for nobody else has."""
    first, second = Process(mails), Process(mails)
    mine = await first.take(notice)
    first.watch += FRESH.total_seconds()
    await passes(mails, notice, LEASE - timedelta(seconds=1))
    assert await mine.holds()
    await passes(mails, notice, LEASE - timedelta(seconds=1))
    assert await second.take(notice) == claim.LOOK_AGAIN


async def test_who_was_frozen_too_long_posts_nothing(mails, notice):
    """Another has begun since: the first neither posts nor ends the other's try, nor gives the notice up."""
    first, second = Process(mails), Process(mails)
    late = await first.take(notice)
    await passes(mails, notice, LEASE)
    mine = await second.take(notice)
    first.watch += LEASE.total_seconds()
    assert not await late.holds()
    assert await speak.failed(first.tools, notice, 1, Reason.SLACK_FAILED, retryable=False) == claim.LOOK_AGAIN
    second.watch += FRESH.total_seconds()
    assert await mine.holds()


async def test_who_was_declared_dead_posts_nothing(mails, notice):
    """Not even within the lease."""
    first = Process(mails)
    mine = await first.take(notice)
    first.alive = False
    assert not await mine.holds()


@pytest.mark.parametrize("jump", [timedelta(days=-1), timedelta(days=1)])
async def test_a_clock_that_jumps_keeps_nobody_waiting(mails, notice, jump):
    """Set back by a day, a try would stay young for a day: it is nobody's instead."""
    first, second = Process(mails), Process(mails)
    await first.take(notice)
    await passes(mails, notice, jump)
    assert await (await second.take(notice)).holds()


async def test_two_works_of_one_chunk_tell_nobody_twice(mails):
    """The engine gave the same work to two processes, and both took up the same notices: each person gets one mail."""
    request_id = await bulks.begun(mails, await bulks.people(mails, 9))
    works = list(mails.queue)
    for work in works:
        if work.kind is WorkKind.CHUNK:
            await mails.do(work)
    (telling,) = [work for work in works if work.kind is WorkKind.TELL]
    other = replace(mails, rests=tell.Rests())
    await asyncio.gather(mails.do(telling), other.do(telling))
    mails.clock.tick(seconds=2)
    await mails.do(telling)
    told = [saying.facts.to for saying in mails.heard if isinstance(saying, SayMail)]
    assert sorted(told) == sorted(target.planned.address for target in await bulks.targets_of(mails, request_id))


@pytest.mark.parametrize("kind", [NoticeKind.ALARM, NoticeKind.LIVE, NoticeKind.RESULT, NoticeKind.PREVIEW])
async def test_every_kind_is_one_process_s(mails, kind):
    """An alarm and what is said about a bulk are made ready each in its own way: each asks whose it is."""
    request_id = await bulks.begun(mails, await bulks.people(mails, 1))
    facts = {"what": Reason.NOT_PROVED.value}
    told = Notice("N1", kind, request_id, None, facts, NoticeState.WAITING, 0, mails.clock())
    async with mails.store.write() as tx:
        await outbox.add(tx, told)
    first, second = Process(mails), Process(mails)
    assert await (await first.take("N1")).holds()
    assert await second.take("N1") == claim.LOOK_AGAIN
