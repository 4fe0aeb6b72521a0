"""The step-up at the desk: throttled, spent once, bound to the request."""

from __future__ import annotations

import asyncio

import pytest

from desk import submit
from resets.audit import Deed
from resets.facts import AlarmFacts, Queued
from resets.reasons import Reason, Refused
from tests.support.house import ADA, BOB, EVE


async def refused(house, form, person=ADA, **answer):
    with pytest.raises(Refused) as caught:
        await submit.reset(house.tools, form.form_id, person, house.answer(**answer))
    return caught.value


@pytest.mark.parametrize(
    "code", ["", "12345", "1234567", "12345a", "\uff11\uff12\uff13\uff14\uff15\uff16", "123456\n7", "9" * 10_000]
)
async def test_malformed_code_costs_nothing(house, code):
    """What is no code is refused at its field and spends no attempt."""
    form = await house.form()
    for _ in range(12):
        assert (await refused(house, form, code=code)).reason is Reason.CODE_MALFORMED
    assert isinstance(await submit.reset(house.tools, form.form_id, ADA, house.answer()), Queued)


async def test_code_works_once_across_requests(house):
    """A code that proved one request proves no other."""
    code = house.code()
    await house.ask(code=code)
    form = await house.form("eve", EVE)
    assert (await refused(house, form, code=code)).reason is Reason.CODE_USED


async def test_third_miss_waits_and_alarms_and_tenth_locks(house):
    """Three tries are free, then waits double; the third miss is told to the security channel; the tenth locks."""
    form = await house.form()
    house.with_rules(form_life=house.tools.rules.form_life * 100)
    form = await house.form()
    reasons = []
    for miss in range(1, 11):
        refusal = await refused(house, form, code="000000")
        reasons.append(refusal.reason)
        if miss < 10:
            assert refusal.reason is Reason.CODE_WRONG
        house.clock.tick(hours=1, seconds=1)
    assert reasons[-1] is Reason.CODE_LOCKED
    assert (await refused(house, form)).reason is Reason.CODE_LOCKED
    await house.pump()
    alarms = [s.facts.what for s in house.heard if isinstance(s.facts, AlarmFacts)]
    assert alarms == ["step_up_misses", "step_up_locked"]
    deeds = await house.deeds()
    assert deeds.count(Deed.STEP_UP_MISSED) == 10
    assert deeds.count(Deed.STEP_UP_LOCKED) == 1


async def test_wait_is_kept_even_for_the_right_code(house):
    """During a wait no code is looked at, not even the right one."""
    form = await house.form()
    for _ in range(3):
        await refused(house, form, code="000000")
    refusal = await refused(house, form)
    assert refusal.reason is Reason.CODE_WAIT
    assert refusal.facts["seconds"] == 30
    house.clock.tick(seconds=31)
    assert isinstance(await submit.reset(house.tools, form.form_id, ADA, house.answer()), Queued)


async def test_parallel_guesses_get_few_looks(house):
    """Two hundred guesses at once are paid for one by one: at most three are looked at."""
    form = await house.form()
    answers = await asyncio.gather(
        *(submit.reset(house.tools, form.form_id, ADA, house.answer(code=f"{n:06}")) for n in range(200)),
        return_exceptions=True,
    )
    looked = [a for a in answers if isinstance(a, Refused) and a.reason is not Reason.CODE_WAIT]
    assert 1 <= len(looked) <= 3


async def test_clock_skew_gets_a_helpful_reason(house):
    """A code of five minutes ago is refused, with the number of minutes."""
    import pyotp

    form = await house.form()
    old = pyotp.TOTP(house.seed).at(house.clock.now.timestamp() - 300)
    refusal = await refused(house, form, code=old)
    assert refusal.reason is Reason.CODE_SKEWED
    assert refusal.facts["minutes"] == -5


async def test_form_left_open_for_a_day_is_refused(house):
    """A modal left open for a day changes nothing."""
    form = await house.form()
    house.clock.tick(days=1)
    assert (await refused(house, form)).reason is Reason.FORM_EXPIRED


async def test_somebody_elses_form_is_refused(house):
    """A form id in another person's hands is worth nothing, and costs the owner nothing."""
    form = await house.form()
    assert (await refused(house, form, person=BOB)).reason is Reason.NOT_YOURS
    assert isinstance(await submit.reset(house.tools, form.form_id, ADA, house.answer()), Queued)


@pytest.mark.parametrize(
    "changes",
    [{"why": "because"}, {"channels": ()}, {"channels": ("mail",)}, {"channels": ("dm", "fax")}, {"ticket": "x" * 201}],
)
async def test_what_was_not_offered_is_refused(house, changes):
    """A choice that the form did not offer is refused before the code is looked at."""
    form = await house.form()
    assert (await refused(house, form, **changes)).reason is Reason.CHOICE_INVALID


async def test_revoked_admin_cannot_submit_an_open_form(house):
    """A revocation acts at once, on forms that are open too."""
    from desk import enrol

    form = await house.form()
    (row,) = await enrol.listing(house.tools)
    assert await enrol.revoke(house.tools, row.id, by="test")
    assert (await refused(house, form)).reason is Reason.NO_ROLE
