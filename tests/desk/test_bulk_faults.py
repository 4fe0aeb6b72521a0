"""A bulk whose directory fails or whose process dies: it stops in time, goes on, and leaves nothing half done."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import pytest

from desk import chunk, control
from directory.base import NotAllowed, NotNow, PasswordRejected, PasswordUnchanged, Unreachable
from resets.reasons import Reason
from resets.request import RequestState, TargetState
from resets.saying import SayFile
from store.base import Store
from tests.support import bulks
from tests.support.house import ADA


async def test_a_first_wave_that_fails_stops_the_run(mails):
    """Nobody else is reset; the run says why, and goes on when somebody resumes it."""
    accounts = await bulks.people(mails, 51)
    mails.directory.before["set_password"] = [NotAllowed("no")] * 2
    request_id = await bulks.begun(mails, accounts)
    run = await bulks.worked(mails, request_id)
    assert (run.state, run.stopped) == (RequestState.PAUSED, Reason.CANARY_FAILED)
    assert len(mails.directory.passwords) == 5
    await mails.pump(patience=500)
    (said,) = [said for said in mails.heard if isinstance(said, SayFile)]
    assert (said.facts.state, said.facts.stopped) == (run.state, run.stopped)
    mails.clock.tick(seconds=5)
    await control.resume(mails.tools, request_id, ADA)
    run = await bulks.worked(mails, request_id)
    assert run.state is RequestState.DONE
    progress = await bulks.progress_of(mails, request_id)
    assert (progress.done, progress.failed) == (49, 2)


async def test_a_run_stops_when_too_many_fail(mails):
    """More than 5 % of the last hundred."""
    accounts = await bulks.people(mails, 110)
    mails.directory.before["set_password"] = [None] * 10 + [NotAllowed("no")] * 20
    request_id = await bulks.begun(mails, accounts)
    run = await bulks.worked(mails, request_id)
    assert (run.state, run.stopped) == (RequestState.PAUSED, Reason.TOO_MANY_FAILED)
    assert len(mails.directory.passwords) < 110


async def test_a_directory_that_is_down_stops_the_run(mails, monkeypatch):
    """Nobody is failed for it: they wait, and are reset when somebody resumes."""
    monkeypatch.setattr("desk.brakes.PATIENCE", (0.0, 0.0))
    accounts = await bulks.people(mails, 12)
    request_id = await bulks.begun(mails, accounts)
    mails.directory.before["fetch"] = [None, *[Unreachable("down")] * 3]
    run = await bulks.worked(mails, request_id)
    assert (run.state, run.stopped) == (RequestState.PAUSED, Reason.DIRECTORY_DOWN)
    await control.resume(mails.tools, request_id, ADA)
    run = await bulks.worked(mails, request_id)
    assert run.state is RequestState.DONE
    await bulks.signs_in(mails, accounts)


@pytest.mark.parametrize(
    ("fault", "when"),
    [
        (Unreachable("cut", sent=True), "before"),
        (Unreachable("cut", sent=True), "after"),
        (Unreachable("down"), "before"),
        (NotNow("busy", after=timedelta(seconds=7)), "before"),
        (PasswordRejected("history"), "before"),
    ],
)
async def test_a_fault_in_the_middle_ends_well(mails, fault, when):
    """A silence, a rest, a refusal, whether or not the write has happened: everybody ends with what they were told."""
    accounts = await bulks.people(mails, 12)
    getattr(mails.directory, when)["set_password"] = [None, None, fault]
    request_id = await bulks.begun(mails, accounts)
    run = await bulks.worked(mails, request_id)
    assert run.state is RequestState.DONE
    targets = await bulks.targets_of(mails, request_id)
    assert {t.state for t in targets} == {TargetState.DELIVERED}
    last = dict(mails.directory.passwords)
    assert bulks.mailed(mails) == {account.mail: last[account.id] for account in accounts}


async def test_a_repeated_password_that_is_refused_counts_as_set(mails):
    """A directory with a history refuses the repeat; a look shows that it is set."""
    accounts = await bulks.people(mails, 3)
    mails.directory.after["set_password"] = [Unreachable("cut", sent=True)]
    mails.directory.before["verify_password"] = [Unreachable("down")]
    mails.directory.before["set_password"] = [None, None, None, PasswordUnchanged("same")]
    request_id = await bulks.begun(mails, accounts)
    run = await bulks.worked(mails, request_id)
    assert run.state is RequestState.DONE
    await bulks.signs_in(mails, accounts)


async def test_who_was_taken_for_dead_sets_nothing(mails):
    """The others go on with its chunk, so it calls no directory."""
    accounts = await bulks.people(mails, 6)
    request_id = await bulks.begun(mails, accounts)
    mails.tools = replace(mails.tools, fit=lambda: False)
    with pytest.raises(chunk.Overtaken):
        await bulks.worked(mails, request_id)
    assert mails.directory.passwords == []


class Died(Exception):
    """The process was killed."""


@pytest.mark.parametrize("after", [False, True])
async def test_it_may_die_at_every_write(mails, monkeypatch, after):
    """Killed before or after each transaction in turn, the next start goes on; nobody has two passwords or none."""
    write, left = Store.write, 0
    accounts = await bulks.people(mails, 8)
    mails.with_rules(mail_password=True, concurrency={"corp": 4})
    request_id = await bulks.begun(mails, accounts)
    work = next(work for work in mails.queue if work.kind == "chunk")

    @asynccontextmanager
    async def dying(self, *, waited_for=False):
        nonlocal left
        left -= 1
        last = left == 0
        if last and not after:
            raise Died
        async with write(self, waited_for=waited_for) as tx:
            yield tx
        if last:
            raise Died

    monkeypatch.setattr(Store, "write", dying)
    deaths = 0
    for number in range(1, 60):
        left, died = number, False
        try:
            await mails.do(work)
        except* Died:
            died = True
        deaths += died
        if not died:
            break
    monkeypatch.setattr(Store, "write", write)
    assert deaths >= 4
    run = await bulks.worked(mails, request_id)
    assert run.state is RequestState.DONE
    await bulks.signs_in(mails, accounts)
