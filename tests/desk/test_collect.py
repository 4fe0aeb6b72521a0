"""Showing the password: once, to the one for whom it is, with the code that they were told."""

from __future__ import annotations

import asyncio

import pytest

from desk import collect
from resets.audit import Deed
from resets.facts import AlarmFacts, ShowFacts, Shown, StatusFacts
from resets.reasons import Reason, Refused
from resets.request import TargetState
from store import vault
from tests.support.house import BOB, EVE


@pytest.fixture
async def waiting(house):
    """A password that waits for bob."""
    queued = await house.ask()
    await house.pump()
    return queued, await house.target_of(queued)


async def refused(call):
    with pytest.raises(Refused) as caught:
        await call
    return caught.value


async def test_somebody_else_gets_nothing(house, waiting):
    """Only the addressee may even open the form; another's form is refused as well."""
    queued, target = waiting
    assert (await refused(collect.ask(house.tools, target.id, EVE))).reason is Reason.NOT_YOURS
    asked = await collect.ask(house.tools, target.id, BOB)
    refusal = await refused(collect.reveal(house.tools, asked.form_id, EVE, queued.pickup))
    assert refusal.reason is Reason.NOT_YOURS


async def test_unknown_target_is_refused_alike(house):
    """An invented id is answered as somebody else's is."""
    assert (await refused(collect.ask(house.tools, "nothing", BOB))).reason is Reason.NOT_YOURS


async def test_it_is_shown_once(house, waiting):
    """The second look is refused, by the same form and by a new one."""
    queued, target = waiting
    asked = await collect.ask(house.tools, target.id, BOB)
    assert isinstance(await collect.reveal(house.tools, asked.form_id, BOB, queued.pickup), Shown)
    refusal = await refused(collect.reveal(house.tools, asked.form_id, BOB, queued.pickup))
    assert refusal.reason is Reason.FORM_USED
    assert (await refused(collect.ask(house.tools, target.id, BOB))).reason is Reason.ALREADY_SHOWN
    async with house.store.read() as tx:
        assert await vault.peek(tx, "password", target.id) is None


async def test_parallel_reveals_have_one_winner(house, waiting):
    """Forty presses at once show it once."""
    queued, target = waiting
    forms = [await collect.ask(house.tools, target.id, BOB) for _ in range(8)]
    answers = await asyncio.gather(
        *(collect.reveal(house.tools, f.form_id, BOB, queued.pickup) for f in forms for _ in range(5)),
        return_exceptions=True,
    )
    assert sum(isinstance(a, Shown) for a in answers) == 1


@pytest.mark.parametrize("written", [str.lower, lambda c: c.replace("-", ""), lambda c: f" {c} "])
async def test_code_is_read_as_people_write_it(house, waiting, written):
    """Case, dash and blanks of the pickup code do not matter."""
    queued, target = waiting
    assert isinstance(await house.reveal(target.id, written(queued.pickup)), Shown)


async def test_five_wrong_codes_burn_it(house, waiting):
    """After the fifth wrong code the password is gone, the security channel knows, and the requester too."""
    queued, target = waiting
    asked = await collect.ask(house.tools, target.id, BOB)
    left = []
    for _ in range(4):
        refusal = await refused(collect.reveal(house.tools, asked.form_id, BOB, "00000000"))
        assert refusal.reason is Reason.PICKUP_WRONG
        left.append(refusal.facts["left"])
    assert left == [4, 3, 2, 1]
    refusal = await refused(collect.reveal(house.tools, asked.form_id, BOB, "00000000"))
    assert refusal.reason is Reason.PICKUP_BURNED
    refusal = await refused(collect.reveal(house.tools, asked.form_id, BOB, queued.pickup))
    assert refusal.reason is Reason.PICKUP_BURNED
    await house.pump()
    assert house.last(AlarmFacts).facts.what is Reason.PICKUP_BURNED
    assert house.last(StatusFacts).facts.target_state is TargetState.SPOILED
    assert Deed.PICKUP_BURNED in await house.deeds()


async def test_what_is_no_code_costs_no_try(house, waiting):
    """A malformed pickup code is refused without spending one of the five."""
    queued, target = waiting
    asked = await collect.ask(house.tools, target.id, BOB)
    for text in ("", "abc", "K7QM2XBDX", "!!!!-!!!!"):
        refusal = await refused(collect.reveal(house.tools, asked.form_id, BOB, text))
        assert refusal.facts["left"] == 5
    assert isinstance(await house.reveal(target.id, queued.pickup), Shown)


async def test_without_a_pickup_code_the_button_is_enough(house):
    """Where the operator has switched the code off, none is asked for."""
    from resets.request import Tier

    house.with_rules(pickup={Tier.STANDARD: False})
    queued = await house.ask()
    assert queued.pickup is None
    await house.pump()
    target = await house.target_of(queued)
    assert not (await collect.ask(house.tools, target.id, BOB)).pickup
    assert isinstance(await house.reveal(target.id, None), Shown)


async def test_a_newer_reset_makes_the_older_password_void(house, waiting):
    """When somebody has reset again, the first password is not shown any more."""
    queued, target = waiting
    house.clock.tick(minutes=2)
    again = await house.ask()
    await house.pump()
    assert (await refused(collect.ask(house.tools, target.id, BOB))).reason is Reason.SUPERSEDED
    told = [s.facts.state for s in house.heard if isinstance(s.facts, ShowFacts) and s.facts.target_id == target.id]
    assert told[-1] is TargetState.SUPERSEDED
    async with house.store.read() as tx:
        assert await vault.peek(tx, "password", target.id) is None
    assert isinstance(await house.reveal((await house.target_of(again)).id, again.pickup), Shown)
    del queued


async def test_time_is_up_even_before_the_sweep(house, waiting):
    """An expired password is not shown, whether or not the sweep has come by."""
    _, target = waiting
    house.clock.tick(hours=24, seconds=1)
    assert (await refused(collect.ask(house.tools, target.id, BOB))).reason is Reason.EXPIRED


async def test_a_swapped_seal_does_not_open(house, waiting):
    """A sealed password copied from another row does not open; the person is told, and nothing is shown."""
    from sqlalchemy import text

    queued, target = waiting
    house.clock.tick(minutes=2)
    other = await house.target_of(await house.ask("eve", EVE))
    await house.pump()
    async with house.store.write() as tx:
        await tx.conn.execute(
            text(
                "UPDATE seals SET blob = (SELECT blob FROM seals WHERE row_id = :other AND purpose = 'password') "
                "WHERE row_id = :mine AND purpose = 'password'"
            ),
            {"other": other.id, "mine": target.id},
        )
    asked = await collect.ask(house.tools, target.id, BOB)
    refusal = await refused(collect.reveal(house.tools, asked.form_id, BOB, queued.pickup))
    assert refusal.reason is Reason.KEY_WRONG
