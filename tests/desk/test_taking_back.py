"""Not me, and unclaimed in time: the password is void, and replaced only while it is still ours."""

from __future__ import annotations

import pytest

from desk import stop, sweep
from directory.base import Unreachable
from directory.secret import Secret
from resets.audit import Deed
from resets.facts import AlarmFacts, ShowFacts, StatusFacts
from resets.reasons import Reason, Refused
from resets.request import TargetState
from tests.support.house import BOB, EVE

CHOSEN = Secret("A-quite-different-Lamp-8")


@pytest.fixture
async def waiting(house):
    queued = await house.ask()
    await house.pump()
    return queued, await house.target_of(queued)


async def test_not_me_voids_replaces_and_alarms(house, waiting):
    """After *Not me* the shown password signs nobody in, and the security channel has heard."""
    queued, target = waiting
    shown = await house.reveal(target.id, queued.pickup)
    await stop.not_me(house.tools, target.id, BOB)
    await house.pump()
    assert not (await house.local.sign_in("bob", shown.password)).ok
    alarms = [said.facts.what for said in house.heard if isinstance(said.facts, AlarmFacts)]
    assert alarms[-2:] == ["not_me", "actor_frozen"]
    assert house.last(StatusFacts).facts.target_state is TargetState.SPOILED
    assert house.last(ShowFacts).facts.state is TargetState.SPOILED
    deeds = await house.deeds()
    assert Deed.NOT_ME in deeds
    assert Deed.SPOILED in deeds


async def test_not_me_twice_is_once(house, waiting):
    """Pressing again changes nothing more."""
    _, target = waiting
    await stop.not_me(house.tools, target.id, BOB)
    await stop.not_me(house.tools, target.id, BOB)
    await house.pump()
    assert (await house.deeds()).count(Deed.NOT_ME) == 1
    assert len(house.directory.passwords) == 2


async def test_not_me_of_somebody_else_is_refused(house, waiting):
    """Only the addressee can stop it."""
    _, target = waiting
    with pytest.raises(Refused) as refused:
        await stop.not_me(house.tools, target.id, EVE)
    assert refused.value.reason is Reason.NOT_YOURS


async def test_not_me_while_the_directory_is_down_is_kept_up(house, waiting):
    """A directory that is down when somebody says *Not me* is asked until it answers, with one password."""
    _, target = waiting
    house.directory.before["set_password"] = [Unreachable("x", sent=True)] * 6
    await stop.not_me(house.tools, target.id, BOB)
    await house.pump()
    assert Deed.SPOILED in await house.deeds()
    assert len({p for _, p in house.directory.passwords[1:]}) == 1


async def test_unclaimed_is_replaced_after_a_day(house, waiting):
    """Nobody keeps an account with a password that waits for ever: it is replaced, and the requester is told."""
    queued, target = waiting
    first = house.directory.passwords[0][1]
    assert await sweep.expire(house.tools) == 0
    house.clock.tick(hours=24)
    assert await sweep.expire(house.tools) == 1
    assert await sweep.expire(house.tools) == 0
    await house.pump()
    assert not (await house.local.sign_in("bob", Secret(first))).ok
    status = house.last(StatusFacts).facts
    assert status.target_state is TargetState.EXPIRED
    assert status.reason is None
    del queued, target


async def test_a_password_that_is_no_longer_ours_is_left_alone(house, waiting):
    """If the account's password was changed meanwhile, by anyone, it is not touched."""
    _, _ = waiting
    await house.local.set_initial_password("bob", CHOSEN)
    house.clock.tick(hours=24)
    await sweep.expire(house.tools)
    await house.pump()
    assert (await house.local.sign_in("bob", CHOSEN)).ok
    assert house.last(StatusFacts).facts.reason is Reason.SUPERSEDED


async def test_a_newer_request_keeps_its_password(house, waiting):
    """An old request that runs out does not touch the password of a newer one."""
    house.clock.tick(hours=23)
    again = await house.ask()
    await house.pump()
    house.clock.tick(hours=1)
    await sweep.expire(house.tools)
    await house.pump()
    shown = await house.reveal((await house.target_of(again)).id, again.pickup)
    assert (await house.local.sign_in("bob", shown.password)).ok


async def test_a_collected_password_never_expires(house, waiting):
    """What was shown is the person's: the sweep leaves it."""
    queued, target = waiting
    await house.reveal(target.id, queued.pickup)
    house.clock.tick(days=2)
    assert await sweep.expire(house.tools) == 0


async def test_crash_in_the_replacement_repeats_the_same(house, waiting):
    """A replacement that dies between write and record is repeated with the same value and recorded once."""
    _, target = waiting
    await stop.not_me(house.tools, target.id, BOB)
    house.directory.after["set_password"] = [RuntimeError("the process dies here")]
    (work,) = [w for w in house.queue if w.kind == "spoil"]
    with pytest.raises(RuntimeError):
        await house.do(work)
    await house.pump()
    assert len({p for _, p in house.directory.passwords[1:]}) == 1
    assert (await house.deeds()).count(Deed.SPOILED) == 1
