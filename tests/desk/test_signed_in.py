"""The last line of a reset's message: the person has signed in, where the directory can tell."""

from __future__ import annotations

from desk import sweep
from directory.base import Unreachable
from directory.secret import Secret
from resets.facts import StatusFacts


async def test_the_requester_hears_of_the_first_sign_in_once(house):
    """After the person has signed in with the new password, the message says when; it is said once."""
    queued = await house.ask(must_change=False)
    await house.pump()
    shown = await house.reveal((await house.target_of(queued)).id, queued.pickup)
    assert await sweep.signed_in(house.tools) == 0
    house.clock.tick(minutes=3)
    assert (await house.local.sign_in("bob", shown.password)).ok
    assert await sweep.signed_in(house.tools) == 1
    await house.pump()
    assert house.last(StatusFacts).facts.signed_in_at == house.clock.now
    assert await sweep.signed_in(house.tools) == 0


async def test_a_sign_in_before_the_reset_does_not_count(house):
    """Only a sign-in after the password was set is one with it."""
    await house.local.set_initial_password("bob", Secret("Old-pass-Velvet-otter-1"), must_change=False)
    await house.local.sign_in("bob", Secret("Old-pass-Velvet-otter-1"))
    house.clock.tick(minutes=1)
    await house.ask()
    await house.pump()
    assert await sweep.signed_in(house.tools) == 0


async def test_a_directory_that_is_down_is_asked_again(house):
    """A directory that does not answer costs nothing but a round."""
    await house.ask()
    await house.pump()
    house.directory.before["last_sign_in"] = [Unreachable("down")]
    assert await sweep.signed_in(house.tools) == 0
