"""Two hundred requests wait, and fifty people approve at once, each click sent twice: one effect each, and how soon."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

from bench.figures import Samples
from bench.report import Row
from desk import decide
from directory.local_people import NewAccount
from resets.actor import SlackPerson
from resets.audit import Deed
from resets.reasons import Refused
from store import audit
from tests.support import approving
from tests.support.house import TEAM, build, enrolled, raze

WAITING, APPROVERS, AIM = 200, 50, 150


async def rows(folder):
    """Let them wait, click and count; on SQLite, where all writes pass one gate."""
    house = await build(folder)
    try:
        people = await _furnish(house)
        waiting = [await _asked(house, f"w{number:03d}") for number in range(WAITING)]
        taken = []
        for start in range(0, WAITING, APPROVERS):
            house.clock.tick(seconds=60)
            taken += await _clicked(house, people, waiting[start : start + APPROVERS])
        effects = [await _effects(house, request_id) for request_id in waiting]
    finally:
        await raze(house)
    ms = Samples(tuple(taken))
    once = sum(counts == (1, 1) for counts in effects)
    said = (
        f"p50 {ms.p50:.0f} ms, {len(ms)} clicks; of {WAITING} requests {once} approved once and put on their way once"
    )
    return [Row(f"approval taken, {APPROVERS} at once, p99", ms.p99, AIM, "ms", None, "", said)]


async def _furnish(house):
    patient = {"approval_life": timedelta(days=1), "form_life": timedelta(days=1), "lookups_per_hour": 10_000}
    await approving.opened(house, quorum=replace(approving.TABLE, standard=1), **patient)
    names = [f"w{number:03d}" for number in range(WAITING)] + [f"y{number:02d}" for number in range(APPROVERS)]
    await house.local.add_accounts([NewAccount(name, f"Person {name}", mail=f"{name}@example.com") for name in names])
    people = [SlackPerson(TEAM, f"U0Y{number:02d}") for number in range(APPROVERS)]
    for number, person in enumerate(people):
        house.seeds[person] = await enrolled(house, person, f"y{number:02d}")
    return people


async def _asked(house, login):
    house.clock.tick(seconds=30)
    return (await house.ask(login, SlackPerson(TEAM, f"U0{login.upper()}"))).request_id


async def _clicked(house, people, request_ids):
    """Have each of them approve one, all in the same instant; returns how long each of the clicks took."""
    forms = []
    for person, request_id in zip(people, request_ids, strict=True):
        value = await approving.shown(house, request_id)
        forms.append((person, (await decide.begin(house.tools, value, person)).form_id))

    async def click(person, form_id, code):
        began = time.perf_counter()
        with suppress(Refused):  # the other one of the two was faster
            await decide.approve(house.tools, form_id, person, code)
        return (time.perf_counter() - began) * 1000

    twice = [(*each, approving.code(house, each[0])) for each in forms for _ in range(2)]
    return await asyncio.gather(*(click(*each) for each in twice))


async def _effects(house, request_id):
    async with house.store.read() as tx:
        return tuple([await audit.deeds_of(tx, request_id, deed) for deed in (Deed.APPROVED, Deed.PROVED)])
