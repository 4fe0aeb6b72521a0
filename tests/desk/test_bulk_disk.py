"""The disk is full in the middle of a bulk: the run waits, people are told, and it goes on when there is room again."""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack, contextmanager
from datetime import timedelta

import pytest

from desk import faults, look, steer
from resets.reasons import Reason
from resets.request import Channel, RequestState, TargetState
from store.base import StoreFailed
from tests.support import bulks
from tests.support.house import ADA

PEOPLE, SET = 60, 20
AGAIN = timedelta(seconds=1)  # after so long the engine does a work again of which nothing could be recorded
ROUNDS = 60
FORMS = 2_000  # that fit into no room that is left


def pragma(house, words):
    """Ask SQLite something of the connection that writes; returns the number that it answers."""
    with house.store._database._writer.connect() as conn:
        return conn.connection.cursor().execute(f"PRAGMA {words}").fetchone()[0]


@contextmanager
def full(house, room):
    """Leave room for so many pages of 4 KiB."""
    at_most = pragma(house, "max_page_count")
    pragma(house, f"max_page_count={pragma(house, 'page_count') + room}")
    yield
    pragma(house, f"max_page_count={at_most}")


async def done(house, deed, *args):
    """Do something as the worker does: what the store does not let it do is done later. Returns the wait, or None."""
    try:
        return await deed(*args)
    except StoreFailed as failed:
        house.missed[failed.what] += 1
        return AGAIN


async def worked(house):
    """Steer and work for some rounds, or until nothing is left to do."""
    for _ in range(ROUNDS):
        await done(house, steer.all_runs, house.tools)
        for _ in range(len(house.queue)):
            work = house.queue.popleft()
            if await done(house, house.do, work) is not None:
                house.queue.append(work)
        house.clock.now += AGAIN
        if not house.queue and (await bulks.run_of(house, house.request_id)).ended_at is not None:
            return


async def asked(house):
    """Ask for a reset form until the last page is used up."""
    for _ in range(FORMS):
        await look.start(house.tools, ADA)


@pytest.fixture
async def at_work(house):
    """A bulk of sixty by message and by mail that has begun; `missed` counts what the store did not do."""
    house.with_rules(mail_password=True)
    house.accounts = await bulks.people(house, PEOPLE, in_slack=True)
    house.request_id = await bulks.begun(house, house.accounts, channels=(Channel.DM, Channel.MAIL))
    house.missed = Counter()
    return house


@pytest.mark.parametrize("room", [0, 1, 2])
async def test_a_full_disk_holds_the_run_up_and_loses_nobody(at_work, room):
    """However far it comes: nobody is lost, has two passwords, or is told anew; whoever asks hears what is wrong."""
    set_password = at_work.directory.set_password
    with ExitStack() as disk:

        async def fills_up(*args, **kwargs):
            if len(at_work.directory.passwords) == SET:
                disk.enter_context(full(at_work, room))
            return await set_password(*args, **kwargs)

        at_work.directory.set_password = fills_up
        await worked(at_work)
        assert set(at_work.missed) == {"full"}, "the engine hears what it is, and waits for the store"
        assert len({account for account, _ in at_work.directory.passwords}) < PEOPLE
        with pytest.raises(StoreFailed) as failed:
            await asked(at_work)
        assert faults.known(failed.value) is Reason.STORE_FAILED
    await worked(at_work)
    run = await bulks.run_of(at_work, at_work.request_id)
    assert (run.state, run.stopped) == (RequestState.DONE, None)
    targets = await bulks.targets_of(at_work, at_work.request_id)
    assert {target.state for target in targets} == {TargetState.DELIVERED}
    await bulks.signs_in(at_work, at_work.accounts)
    firsts = [saying.notice_id for saying in at_work.heard if saying.attempt == 1]
    assert len(firsts) == len(set(firsts)), "what is said again looks for what was said before"
