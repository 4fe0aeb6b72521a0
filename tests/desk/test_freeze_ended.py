"""Who freezes and who ends it: for how long, how often, with which role and code; and of many at once, one."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pyotp

from desk import freeze
from resets.audit import Deed
from resets.facts import AlarmFacts
from resets.reasons import Reason, Refused
from store import freezes
from tests.support.house import ADA, BOB, EVE, ended_with_a_code, enrolled, refused, standing


async def test_without_a_code_it_ends_by_itself_and_that_is_said_once(house):
    """Half an hour; the journal has both ends, and the security channel hears of both."""
    put = await freeze.freeze(house.tools, ADA, "  a strange\n call  ")
    assert (put.why, put.until - put.at, put.proved) == ("a strange call", timedelta(minutes=30), False)
    assert not await freeze.over(house.tools)
    house.clock.tick(minutes=29, seconds=59)
    assert await standing(house) == put
    house.clock.tick(seconds=1)
    assert await standing(house) is None
    assert await freeze.over(house.tools)
    assert not await freeze.over(house.tools)
    await house.pump()
    said = [one.facts.what for one in house.heard if isinstance(one.facts, AlarmFacts)]
    assert said[-2:] == ["frozen", "freeze_over"]
    assert (await house.deeds())[-2:] == [Deed.FROZEN, Deed.RESUMED_ALL]


async def test_one_person_freezes_once_a_day(house):
    """A second freeze prolongs nothing, whoever asks; a stolen session cannot shut the desk for ever."""
    await enrolled(house, EVE, "eve")
    await refused(freeze.freeze(house.tools, BOB, ""), Reason.NO_ROLE)
    put = await freeze.freeze(house.tools, ADA, "")
    house.clock.tick(minutes=10)
    for person in (ADA, EVE):
        assert await refused(freeze.freeze(house.tools, person, ""), Reason.ALREADY_FROZEN) == {
            "user": "Ada Admin",
            "seconds": 1200,
        }
    assert await standing(house) == put
    house.clock.tick(minutes=20)
    facts = await refused(freeze.freeze(house.tools, ADA, ""), Reason.FROZE_LATELY)
    assert facts == {"seconds": int(timedelta(hours=23, minutes=30).total_seconds())}
    await freeze.freeze(house.tools, EVE, "")  # nobody has said yet that the first one is over
    assert (await house.deeds())[-3:] == [Deed.FROZEN, Deed.RESUMED_ALL, Deed.FROZEN]
    house.clock.tick(hours=23, minutes=30)
    await freeze.freeze(house.tools, ADA, "")


async def test_at_the_host_it_takes_a_code_and_is_never_shortened(house):
    """A code prolongs what stands; a shorter one is refused before the code is looked at."""
    await freeze.freeze(house.tools, ADA, "")
    wrong = freeze.freeze_at_host(house.tools, ADA, "", "000000", host="root", lasting=timedelta(hours=2))
    await refused(wrong, Reason.CODE_WRONG)
    short = freeze.freeze_at_host(house.tools, ADA, "", house.code(), host="root", lasting=timedelta(minutes=5))
    await refused(short, Reason.ALREADY_FROZEN)
    code = house.code()
    put = await freeze.freeze_at_host(house.tools, ADA, "", code, host="root", lasting=timedelta(hours=2))
    assert await standing(house) == put
    house.clock.tick(minutes=1)
    await freeze.freeze_at_host(house.tools, ADA, "", house.code(), host="root")
    house.clock.tick(minutes=1)
    again = freeze.freeze_at_host(house.tools, ADA, "", house.code(), host="root")
    assert await refused(again, Reason.ALREADY_FROZEN) == {"user": "Ada Admin"}
    house.clock.tick(days=30)
    assert (await standing(house)).until is None
    assert not await freeze.over(house.tools)
    await freeze.resume_at_host(house.tools, ADA, house.code(), host="root")
    assert await standing(house) is None


async def test_the_first_admin_ends_it_with_a_code(house):
    """Nobody else does; a miss is paid for; once it is over, nobody can end it again."""
    await refused(freeze.ask_resume(house.tools, ADA), Reason.NOT_FROZEN)
    await enrolled(house, EVE, "eve")
    await freeze.freeze(house.tools, EVE, "")
    await refused(freeze.ask_resume(house.tools, BOB), Reason.NO_ROLE)
    await refused(freeze.ask_resume(house.tools, EVE), Reason.NOT_SECURITY)
    await refused(freeze.demand_resumable(house.tools, EVE), Reason.NOT_SECURITY)
    form_id, stands = await freeze.ask_resume(house.tools, ADA)
    assert stands.name == "Eve Evans"
    await refused(freeze.resume(house.tools, form_id, EVE, house.code()), Reason.NOT_YOURS)
    await refused(freeze.resume(house.tools, form_id, ADA, "000000"), Reason.CODE_WRONG)
    assert await standing(house) is not None
    await freeze.resume(house.tools, form_id, ADA, house.code())
    assert await standing(house) is None
    await refused(freeze.resume(house.tools, form_id, ADA, house.code()), Reason.FORM_USED)
    await house.pump()
    assert house.last(AlarmFacts).facts.what == "resumed_all"


async def test_a_form_ends_only_the_freeze_that_it_showed(house):
    """Another one that was put meanwhile stands."""
    await enrolled(house, EVE, "eve")
    await freeze.freeze(house.tools, ADA, "")
    house.clock.tick(minutes=29)
    form_id, _ = await freeze.ask_resume(house.tools, ADA)
    house.clock.tick(minutes=2)
    await freeze.freeze(house.tools, EVE, "")
    await refused(freeze.resume(house.tools, form_id, ADA, house.code()), Reason.FORM_USED)
    assert (await standing(house)).name == "Eve Evans"


async def test_a_configured_role_ends_it_and_then_the_first_admin_does_not(house):
    """`roles[].security = true`: who holds that one, and nobody else."""
    seed = await enrolled(house, EVE, "eve", role="security")
    house.with_rules(security=frozenset({"security"}))
    await freeze.freeze(house.tools, ADA, "")
    house.clock.tick(minutes=1)
    await refused(freeze.ask_resume(house.tools, ADA), Reason.NOT_SECURITY)
    form_id, _ = await freeze.ask_resume(house.tools, EVE)
    await freeze.resume(house.tools, form_id, EVE, pyotp.TOTP(seed).at(house.clock.now))
    assert await standing(house) is None


async def test_who_freezes_waits_for_a_claim_that_has_asked(mails):
    """What a claim was told stays true until it is kept: then the freeze stands, and the next claim hears of it."""
    async with mails.store.write() as tx:
        assert await freezes.standing(tx) is None
        freezing = asyncio.create_task(freeze.freeze(mails.tools, ADA, ""))
        assert await asyncio.wait({freezing}, timeout=0.2) == (set(), {freezing})
    put = await freezing
    async with mails.store.write() as tx:
        assert await freezes.standing(tx) == put


async def test_a_claim_waits_for_who_is_freezing(mails):
    """A freeze that is being written is not overtaken."""
    put = await freeze.freeze(mails.tools, ADA, "")
    await ended_with_a_code(mails)

    async def claim():
        async with mails.store.write() as tx:
            return await freezes.standing(tx)

    async with mails.store.write() as tx:
        await freezes.put(tx, put)
        claiming = asyncio.create_task(claim())
        assert await asyncio.wait({claiming}, timeout=0.2) == (set(), {claiming})
    assert await claiming == put


async def test_of_many_who_freeze_at_once_one_does(mails):
    """The others hear who was first, and their daily freeze is not spent."""
    await enrolled(mails, EVE, "eve")
    mails.clock.tick(seconds=1)
    deeds = [freeze.freeze(mails.tools, person, "") for person in (ADA, EVE) * 4]
    came = await asyncio.gather(*deeds, return_exceptions=True)
    refusals = [one for one in came if isinstance(one, Refused)]
    assert len(refusals) == 7
    assert {one.reason for one in refusals} == {Reason.ALREADY_FROZEN}
    assert (await mails.deeds()).count(Deed.FROZEN) == 1
