"""Not me, and unclaimed in time: the password is void, and replaced only while it is still ours."""

from __future__ import annotations

import pytest

from desk import stop, sweep
from directory.base import Capability, NotAllowed, NotNow, Unreachable
from directory.secret import Secret
from resets.audit import Deed
from resets.facts import AlarmFacts, ShowFacts, StatusFacts
from resets.outcome import Step, StepState
from resets.reasons import Reason, Refused
from resets.request import TargetState
from tests.support.house import BOB, EVE

OTHER = Secret("Another-Lamp-of-mine-31")
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


async def somebody_in(house):
    """Let somebody be signed in as bob, and hold a token of his; returns both openers."""
    await house.local.set_initial_password("bob", CHOSEN)
    assert (await house.local.change_own_password("bob", CHOSEN, OTHER)).ok
    session = (await house.local.sign_in("bob", OTHER)).session
    assert session is not None
    return session, await house.local.issue_token(house.ids["bob"])


async def test_not_me_ends_sessions_and_tokens(house):
    """Whoever got in with the password is out again, although the reset itself had left sessions alone."""
    queued = await house.ask(clear_sessions=False, must_change=False)
    await house.pump()
    target = await house.target_of(queued)
    shown = await house.reveal(target.id, queued.pickup)
    session = (await house.local.sign_in("bob", shown.password)).session
    token = await house.local.issue_token(house.ids["bob"])
    await stop.not_me(house.tools, target.id, BOB)
    await house.pump()
    assert [await house.local.holder(opener) for opener in (session, token)] == [None, None]
    steps = {record.step: record for record in house.last(StatusFacts).facts.steps}
    assert (steps[Step.SESSIONS].state, steps[Step.SESSIONS].count) == (StepState.DONE, 1)
    assert (steps[Step.TOKENS].state, steps[Step.TOKENS].count) == (StepState.DONE, 1)
    assert (await house.entry(Deed.SPOILED)).facts == {"reason": "", "sessions": "done", "tokens": "done"}
    alarms = [said.facts.what for said in house.heard if isinstance(said.facts, AlarmFacts)]
    assert alarms == ["not_me", "actor_frozen"]


async def test_not_me_after_another_password_was_set_ends_sessions_and_says_so(house, waiting):
    """A thief who has changed the password already is put out; all three hear that the password is still theirs."""
    queued, target = waiting
    shown = await house.reveal(target.id, queued.pickup)
    assert (await house.local.change_own_password("bob", shown.password, CHOSEN)).ok
    session = (await house.local.sign_in("bob", CHOSEN)).session
    assert session is not None
    await stop.not_me(house.tools, target.id, BOB)
    await house.pump()
    assert await house.local.holder(session) is None
    assert (await house.local.sign_in("bob", CHOSEN)).ok
    assert house.last(StatusFacts).facts.reason is Reason.PASSWORD_CHANGED
    told = house.last(ShowFacts).facts
    assert (told.state, told.reason) == (TargetState.SPOILED, Reason.PASSWORD_CHANGED)
    alarm = house.last(AlarmFacts).facts
    assert (alarm.what, alarm.who) == (Reason.PASSWORD_CHANGED, BOB)
    for ended in (told.ended, alarm.ended):
        assert [(each.step, each.state) for each in ended] == [
            (Step.SESSIONS, StepState.DONE),
            (Step.TOKENS, StepState.DONE),
        ]
    entry = await house.entry(Deed.SUPERSEDED)
    assert entry.facts == {"reason": "password_changed", "sessions": "done", "tokens": "done"}


async def test_not_me_ends_sessions_beside_a_newer_reset(house, waiting):
    """The newer reset's password stands, and whoever is signed in is not."""
    queued, target = waiting
    await house.reveal(target.id, queued.pickup)
    session, token = await somebody_in(house)
    house.clock.tick(minutes=1)
    await house.ask(clear_sessions=False)
    await house.pump()
    assert await house.local.holder(token) is not None
    await stop.not_me(house.tools, target.id, BOB)
    await house.pump()
    assert [await house.local.holder(opener) for opener in (session, token)] == [None, None]
    assert (await house.target(target.id)).reason is Reason.SUPERSEDED


async def test_sessions_that_do_not_end_are_tried_again(house, waiting):
    """A directory that does not answer is asked again, with the one replacement."""
    _, target = waiting
    house.directory.before["revoke_sessions"] = [Unreachable("x", sent=True)] * 4
    house.directory.after["revoke_tokens"] = [NotNow("x")]
    await stop.not_me(house.tools, target.id, BOB)
    await house.pump()
    assert (await house.entry(Deed.SPOILED)).facts == {"reason": "", "sessions": "done", "tokens": "done"}
    assert len({p for _, p in house.directory.passwords[1:]}) == 1


async def test_sessions_that_never_end_are_said(house, waiting):
    """In the end the requester and the security channel hear that somebody may still be signed in."""
    _, target = waiting
    house.directory.before["revoke_sessions"] = [Unreachable("x", sent=False)] * 100
    await stop.not_me(house.tools, target.id, BOB)
    await house.pump(limit=400, patience=100)
    assert house.last(AlarmFacts).facts.what == "still_signed_in"
    status = house.last(StatusFacts).facts
    assert status.reason is None
    assert [r.reason for r in status.steps if r.state is StepState.FAILED] == [Reason.DIRECTORY_DOWN]
    assert (await house.entry(Deed.SPOILED)).facts == {"reason": "", "sessions": "failed", "tokens": "done"}


async def test_a_password_that_cannot_be_replaced_leaves_no_session(house, waiting):
    """Sessions end at once, whatever becomes of the password."""
    _, target = waiting
    house.directory.before["set_password"] = [NotAllowed("x")] * 100
    await stop.not_me(house.tools, target.id, BOB)
    await house.pump(limit=400, patience=100)
    assert house.last(AlarmFacts).facts.what is Reason.DIRECTORY_REFUSED
    facts = (await house.entry(Deed.FAILED)).facts
    assert facts == {"reason": "directory_refused", "sessions": "done", "tokens": "done"}


async def test_what_a_directory_cannot_end_is_said(house, waiting, monkeypatch):
    """Without the capability nothing is tried, and nobody is told that it was done."""
    _, target = waiting
    monkeypatch.setattr(house.directory, "capabilities", house.directory.capabilities - {Capability.REVOKE_TOKENS})
    calls = house.directory.calls.count("revoke_tokens")
    await stop.not_me(house.tools, target.id, BOB)
    await house.pump()
    assert house.directory.calls.count("revoke_tokens") == calls
    assert (await house.entry(Deed.SPOILED)).facts == {"reason": "", "sessions": "done", "tokens": "cannot"}


async def test_what_runs_out_leaves_sessions_alone(house):
    """Nobody has seen an unclaimed password: its replacement signs nobody out."""
    _, token = await somebody_in(house)
    await house.ask(clear_sessions=False)
    await house.pump()
    house.clock.tick(hours=24)
    await sweep.expire(house.tools)
    await house.pump()
    assert len(house.directory.passwords) == 2
    assert await house.local.holder(token) is not None
    assert "revoke_sessions" not in house.directory.calls
