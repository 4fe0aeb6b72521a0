"""A bulk's plan in rows: signed one by one, cut into chunks, frozen under the digest of the same plan in one piece."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from resets.bulk import Candidate, Progress, Unfound
from resets.outcome import Step, StepRecord, StepState
from resets.reasons import Reason
from resets.request import (
    Channel,
    Options,
    Plan,
    PlannedTarget,
    RequestState,
    ResetRequest,
    TargetState,
    Tier,
    Why,
)
from store import bulk, chunks, requests, tally
from store.tables import chunks as chunk_rows
from store.tables import requests as request_rows
from store.tables import targets as target_rows

OPTIONS = Options(Why.COMPROMISE, "INC-1", True, True, False, (Channel.DM, Channel.MAIL))


@pytest.fixture
def new_id():
    numbers = itertools.count()
    return lambda: f"id{next(numbers):06d}"


def planned(account_id, directory="corp", **changes):
    made = PlannedTarget(
        directory,
        account_id,
        f"login {account_id}",
        "Zoë \0 \ud800 Name",
        Tier.STANDARD,
        "U0BOB",
        f"{account_id}@example.com",
        None,
        (Channel.DM,),
    )
    return replace(made, **changes)


def included(*ids, directory="corp"):
    return [Candidate(planned(each, directory), "the list", None, {}) for each in ids]


def left_out(*ids, reason=Reason.DISABLED):
    facts = {"login": "x", "directory": "Corp"}
    return [Candidate(planned(each, channels=(), slack_user=None), "the list", reason, facts) for each in ids]


async def begun(store, ada, clock, name="r1"):
    plan = Plan("T0REKEY", ada.account_id, ada.directory, (), OPTIONS, "1", count=0)
    request = ResetRequest(name, ada, plan, "", RequestState.ASKED, clock())
    async with store.write() as tx:
        await bulk.begin(tx, request)
    return request


async def added(store, request, new_id, candidates, unfound=(), first=0):
    async with store.write() as tx:
        return await bulk.add(tx, request, candidates, unfound, new_id=new_id, first=first)


async def settled(store, request, new_id):
    frozen = await bulk.freeze(store, request, new_id=new_id)
    async with store.write() as tx:
        assert await bulk.settle(tx, frozen)
    return frozen


async def all_of(store, table, *order):
    async with store.read() as tx:
        return (await tx.conn.execute(select(table).order_by(*order))).all()


async def moved(store, account_id, state, **values):
    async with store.write() as tx:
        this = update(target_rows).where(target_rows.c.account_id == account_id)
        await tx.conn.execute(this.values(state=state.value, **values))


async def test_the_digest_is_that_of_the_whole_plan(store, ada, clock, new_id):
    """Frozen row by row, in whatever order people were named, it is the digest of the plan in one piece."""
    # A database's own order of texts would put these elsewhere.
    ids = ["b", "B", "a", "Ä", "ä", "_", "-", "10", "9", "\U0001f600"]
    request = await begun(store, ada, clock)
    await added(store, request, new_id, [*included(*ids), *included("b", "Z", directory="Lab"), *left_out("no")])
    frozen = await settled(store, request, new_id)
    rows = [row for row in await all_of(store, target_rows, target_rows.c.position) if row.chunk_id]
    stored = [replace(planned(each), name="Zoë  ? Name") for each in ids]
    stored += [replace(planned(each, "Lab"), name="Zoë  ? Name") for each in ("b", "Z")]
    assert frozen.digest == replace(request.plan, targets=tuple(stored)).digest()
    assert [row.position for row in rows] == list(range(12))
    assert frozen.plan.count == 12
    async with store.read() as tx:
        kept = await requests.get(tx, "r1")
        assert (kept.digest, kept.plan.count, kept.state) == (frozen.digest, 12, RequestState.ASKED)
        assert await bulk.of_request(tx, "r1") == (frozen.digest, 12)
    async with store.write() as tx:
        assert not await bulk.settle(tx, frozen)  # once


async def test_an_account_is_there_once(store, ada, clock, new_id):
    """Whoever is named again, in one go or later, is neither added nor changed."""
    request = await begun(store, ada, clock)
    assert await added(store, request, new_id, included("a", "a", "b")) == 2
    assert await added(store, request, new_id, [*left_out("b"), *included("c")]) == 1
    assert await added(store, request, new_id, included("a", directory="lab")) == 1
    frozen = await settled(store, request, new_id)
    assert frozen.plan.count == 4
    async with store.read() as tx:
        assert await bulk.known(tx, "r1", "corp", ["a", "z"]) == {"a"}
        assert await bulk.known(tx, "other", "corp", ["a"]) == frozenset()


@pytest.mark.parametrize(
    ("total", "sizes"), [(1, [1]), (50, [50]), (51, [5, 46]), (105, [5, 100]), (206, [5, 100, 100, 1])]
)
async def test_chunks_are_cut(sqlite_store, ada, clock, new_id, total, sizes):
    """A hundred each; from 51 people on a first wave of five."""
    store = sqlite_store
    request = await begun(store, ada, clock)
    await added(store, request, new_id, included(*(f"{n:04d}" for n in range(total))))
    await settled(store, request, new_id)
    rows = await all_of(store, chunk_rows, chunk_rows.c.number)
    assert [row.size for row in rows] == sizes
    assert [row.number for row in rows] == list(range(len(sizes)))
    assert [row.canary for row in rows] == [int(total > 50), *[0] * (len(sizes) - 1)]
    async with store.read() as tx:
        for row in rows:
            mine = await requests.of_chunk(tx, row.id)
            assert len(mine) == row.size
            assert await bulk.genuine(tx, "r1", mine) == {target.id for target in mine}


async def test_a_chunk_is_of_one_directory(store, ada, clock, new_id):
    """The first wave too, even where it is then smaller; chunks go on over pages."""
    request = await begun(store, ada, clock)
    await added(store, request, new_id, included("x", "y", directory="a-lab"))
    for first in range(0, 650, 325):
        await added(store, request, new_id, included(*(f"{n:04d}" for n in range(first, first + 325))), first=first)
    await settled(store, request, new_id)
    rows = await all_of(store, chunk_rows, chunk_rows.c.number)
    assert [(row.directory, row.size, row.canary) for row in rows] == [
        ("a-lab", 2, 1),
        *[("corp", 100, 0)] * 6,
        ("corp", 50, 0),
    ]
    async with store.read() as tx:
        assert sum([len(await requests.of_chunk(tx, row.id)) for row in rows]) == 652
        assert await chunks.get(tx, rows[0].id) is not None


async def test_a_chunk_that_is_opened_again_goes_on_with_its_rounds(store, ada, clock, new_id):
    """It waits to be put on its way, as a new one does, and then has a round that the engine has never heard of.

    So the round is negated, and not set to 0: a work of a name that it has done, the engine would not do again.
    """
    request = await begun(store, ada, clock)
    await added(store, request, new_id, included("a", "b"))
    await settled(store, request, new_id)
    async with store.write() as tx:
        await requests.move_request(tx, "r1", (RequestState.ASKED,), RequestState.RUNNING)
        await chunks.queued(tx, await chunks.never_queued(tx, "r1", 10))
        (first,) = await chunks.unfinished(tx, "r1", 10)
    assert first.round == 1
    for _ in range(2):  # opened twice before it was put on its way is opened once
        async with store.write() as tx:
            await chunks.reopen(tx, "r1", [first.id])
        async with store.read() as tx:
            (opened,) = await chunks.never_queued(tx, "r1", 10)
            assert (opened.id, opened.round, opened.finished_at) == (first.id, -1, None)
            assert await chunks.under_way(tx, "r1") == 0
            assert not await chunks.may_go_on(tx, first)  # a worker that still has the first round in hand stops
    async with store.write() as tx:
        await chunks.queued(tx, [opened])
    async with store.read() as tx:
        (second,) = await chunks.unfinished(tx, "r1", 10)
        assert second.round == 2
        assert await chunks.may_go_on(tx, second)
        assert await chunks.never_queued(tx, "r1", 10) == ()


@pytest.mark.parametrize(
    "change",
    [
        {"account_id": "id-of-the-boss"},
        {"directory": "lab"},
        {"login": "boss"},
        {"slack_user": "U0EVE"},
        {"address": "eve@evil.test"},
        {"recovery_address": "eve@evil.test"},
        {"channels": "mail"},
        {"tier": "privileged"},
        {"mac": "0" * 64},
        {"mac": None},
    ],
    ids=str,
)
async def test_a_row_that_was_written_over_is_not_ours(store, ada, clock, new_id, change):
    """Every planned field is signed; whoever changes one without the key is found out."""
    request = await begun(store, ada, clock)
    await added(store, request, new_id, included("a", "b"))
    await settled(store, request, new_id)
    async with store.write() as tx:
        await tx.conn.execute(update(target_rows).where(target_rows.c.account_id == "a").values(change))
    async with store.read() as tx:
        mine = await requests.targets(tx, "r1")
        ours = await bulk.genuine(tx, "r1", mine)
    assert {target.planned.account_id for target in mine if target.id in ours} == {"b"}


async def test_a_row_is_of_its_request_and_its_side(store, ada, clock, new_id):
    """A signed row is worth nothing in another request, and one that was left out cannot be let in."""
    request = await begun(store, ada, clock)
    await added(store, request, new_id, [*included("a"), *left_out("b")])
    async with store.write() as tx:
        out = update(target_rows).where(target_rows.c.account_id == "b")
        await tx.conn.execute(out.values(state="new", reason=None))
    with pytest.raises(ValueError, match="not ours"):
        await bulk.freeze(store, request, new_id=new_id)
    async with store.read() as tx:
        mine = await requests.targets(tx, "r1")
        assert await bulk.genuine(tx, "r2", mine) == set()
        assert len(await bulk.genuine(tx, "r1", mine)) == 1
        assert await bulk.of_request(tx, "r1") == ("", 0)  # nobody can prove it


async def test_nobody_left_has_no_digest(store, ada, clock, new_id):
    """A plan of exclusions, and a plan of nobody at all, are settled without a digest."""
    for name, people in (("r1", left_out("a")), ("r2", [])):
        request = await begun(store, ada, clock, name)
        await added(store, request, new_id, people)
        frozen = await settled(store, request, new_id)
        assert (frozen.digest, frozen.plan.count) == ("", 0)


async def test_names_that_are_nobodys_are_listed(store, ada, clock, new_id):
    """Hostile ones too, whatever their length; what they may have meant comes with them."""
    request = await begun(store, ada, clock)
    hostile = ["\0\ud800", "x" * 10_000, "=cmd|' /C calc'!A0", "<!channel>", "\u202etxt"]
    names = [Unfound("bop", Reason.NOT_FOUND, ("bob", "rob")), *(Unfound(n, Reason.MALFORMED_TARGET) for n in hostile)]
    assert await added(store, request, new_id, [], [*names, Unfound("bop", Reason.NOT_FOUND)]) == 6
    await added(store, request, new_id, left_out(*(f"{n:02d}" for n in range(45))), first=6)
    await settled(store, request, new_id)
    async with store.read() as tx:
        expected = ((Reason.DISABLED, 45), (Reason.MALFORMED_TARGET, 5), (Reason.NOT_FOUND, 1))
        assert await tally.excluded(tx, "r1") == expected
        total, rows = await tally.excluded_page(tx, "r1", Reason.NOT_FOUND, 0)
        assert (total, rows) == (1, (("bop", "", {"typed": "bop", "near": "bob, rob"}),))
        pages = [await tally.excluded_page(tx, "r1", Reason.DISABLED, page) for page in range(4)]
        assert [(total, len(rows)) for total, rows in pages] == [(45, 20), (45, 20), (45, 5), (45, 0)]
        logins = [login for _, rows in pages for login, _, _ in rows]
        assert logins == [f"login {n:02d}" for n in range(45)]  # as they were named
        assert all(
            len(login) <= 256 for login, _, _ in (await tally.excluded_page(tx, "r1", Reason.MALFORMED_TARGET, 0))[1]
        )


async def test_everybody_is_counted_once(store, ada, clock, new_id):
    """The numbers add up to the plan's, and who was left out from the start is not of them."""
    request = await begun(store, ada, clock)
    ids = "abcdefghijklm"
    await added(store, request, new_id, [*included(*ids), *left_out("out1", "out2")])
    frozen = await settled(store, request, new_id)
    async with store.read() as tx:
        fresh = await tally.tally(tx, "r1")
    assert (fresh.total, fresh.waiting, fresh.dropped, fresh.failures) == (13, 13, 0, ())
    now = clock()
    await moved(store, "a", TargetState.SEALED)
    await moved(store, "b", TargetState.STARTED)
    await moved(store, "c", TargetState.SET)
    await moved(store, "d", TargetState.DELIVERED)
    await moved(store, "e", TargetState.COLLECTED, collected_at=now)
    await moved(store, "f", TargetState.SPOILED, collected_at=now)
    await moved(store, "g", TargetState.EXPIRED)
    await moved(store, "h", TargetState.FAILED, reason=Reason.PASSWORD_REFUSED.value)
    await moved(store, "i", TargetState.FAILED, reason=Reason.DIRECTORY_SILENT.value)
    await moved(store, "j", TargetState.EXCLUDED, reason=Reason.DISABLED.value)
    await moved(store, "k", TargetState.CANCELLED)
    await moved(store, "l", TargetState.FAILED, reason=Reason.PASSWORD_REFUSED.value)
    async with store.write() as tx:
        told = {t.planned.account_id: t.id for t in await requests.targets(tx, "r1")}["f"]
        await requests.record_step(tx, told, StepRecord(Step.DELIVER, StepState.DONE))
        await requests.move_request(tx, "r1", (RequestState.ASKED,), RequestState.HELD)
        await requests.move_request(tx, "r1", (RequestState.HELD,), RequestState.RUNNING)
    async with store.read() as tx:
        there = await tally.tally(tx, "r1")
        (listed,) = await tally.recent_by(tx, ada.id, 10)
    assert there == Progress(
        total=13,
        waiting=2,
        under_way=1,
        done=5,
        failed=3,
        dropped=1,
        cancelled=1,
        unknown=1,
        told=3,
        collected=2,
        failures=((Reason.PASSWORD_REFUSED, 2), (Reason.DIRECTORY_SILENT, 1), (Reason.DISABLED, 1)),
    )
    parts = (there.waiting, there.under_way, there.done, there.failed, there.dropped, there.cancelled)
    assert sum(parts) == there.total == frozen.plan.count
    assert (listed.request_id, listed.progress, listed.requester_name) == ("r1", there, "Ada Lovelace")


async def test_the_report_names_everybody(store, ada, clock, new_id):
    """Over pages, each once; a draft says what will be, a run what was."""
    request = await begun(store, ada, clock)
    await added(store, request, new_id, included(*(f"{n:04d}" for n in range(600))), [Unfound("x", Reason.NOT_FOUND)])
    await added(store, request, new_id, left_out("zz"), first=601)
    await settled(store, request, new_id)
    rows = [row async for row in tally.report(store, "r1")]
    assert [row.outcome for row in rows] == ["excluded", *["will be reset"] * 600, "excluded"]
    assert (rows[0].login, rows[0].directory, rows[0].reason) == ("x", "", Reason.NOT_FOUND)
    assert (rows[1].source, rows[1].channels) == ("the list", (Channel.DM,))
    await moved(store, "0000", TargetState.FAILED, reason=Reason.DIRECTORY_SILENT.value)
    await moved(store, "0001", TargetState.COLLECTED, collected_at=clock())
    async with store.write() as tx:
        await tx.conn.execute(update(request_rows).values(state="running"))
    rows = [row async for row in tally.report(store, "r1")]
    assert [row.outcome for row in rows[1:4]] == ["unknown", "reset", "waiting"]
    assert rows[2].collected_at == clock()


async def test_previews_that_nobody_proved_are_forgotten(store, ada, clock, new_id):
    """Row by row, in short transactions; a proved one and a fresh one stay."""
    for name in ("old", "proved", "fresh"):
        if name == "fresh":
            clock.tick(days=3)
        request = await begun(store, ada, clock, name)
        await added(store, request, new_id, included(*"abcde"))
        await settled(store, request, new_id)
        async with store.read() as tx:
            assert await tally.recent_by(tx, ada.id, 10) == ()  # a preview is no run
    async with store.write() as tx:
        await requests.move_request(tx, "proved", (RequestState.ASKED,), RequestState.HELD)
    gone = []
    for _ in range(9):
        async with store.write() as tx:
            gone.append(await bulk.forget_drafts(tx, clock() - timedelta(days=2), most=2))
    assert gone[-1] == 0
    assert sum(gone) == 6
    async with store.read() as tx:
        left = await tx.conn.execute(select(target_rows.c.request_id, func.count()).group_by(target_rows.c.request_id))
        assert dict(left.all()) == {"proved": 5, "fresh": 5}
        assert await requests.get(tx, "old") is None
