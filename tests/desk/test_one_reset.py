"""One reset from the form to the revealed password, on the real store and the real local directory."""

from __future__ import annotations

from directory.secret import Secret
from resets.audit import Deed
from resets.facts import AlarmFacts, MailFacts, ShowFacts, StatusFacts
from resets.outcome import Step, StepState
from resets.request import RequestState, TargetState
from store import audit
from tests.support.house import ADA, BOB


async def test_bob_gets_a_password_that_signs_him_in(house):
    """A proved reset ends with the person holding a password that the directory takes, and must change."""
    await house.local.set_initial_password("bob", Secret("Old-pass-Velvet-otter-1"), must_change=False)
    await house.local.sign_in("bob", Secret("Old-pass-Velvet-otter-1"))
    queued = await house.ask()
    await house.pump()
    target = await house.target_of(queued)
    assert target.state is TargetState.DELIVERED
    shown = await house.reveal(target.id, queued.pickup)
    await house.pump()
    signed_in = await house.local.sign_in("bob", shown.password)
    assert signed_in.ok
    assert signed_in.must_change
    assert shown.must_change
    status = house.last(StatusFacts).facts
    assert status.state is RequestState.DONE
    assert status.target_state is TargetState.COLLECTED
    counted = {s.step: (s.state, s.count) for s in status.steps}
    assert counted[Step.SESSIONS] == (StepState.DONE, 1)
    assert counted[Step.DELIVER] == (StepState.DONE, None)


async def test_requester_has_one_message_kept_current(house):
    """The requester's status is posted once and then updated in place."""
    await house.ask()
    await house.pump()
    said = [s for s in house.slack() if isinstance(s.facts, StatusFacts)]
    assert said[0].stamp is None
    assert all(s.stamp is not None and s.to == ADA.user for s in said[1:])
    assert len(said) > 1


async def test_nobody_is_told_the_password_but_the_reveal(house):
    """Neither a message, nor a mail notice, nor the journal holds the password in any shape."""
    queued = await house.ask()
    await house.pump()
    target = await house.target_of(queued)
    shown = await house.reveal(target.id, queued.pickup)
    await house.pump()
    clear = shown.password.reveal()
    assert [p for _, p in house.directory.passwords] == [clear]
    assert clear not in repr(house.heard)
    assert all(s.password is None for s in house.heard if isinstance(s.facts, MailFacts))
    async with house.store.read() as tx:
        assert all(clear not in str(kept) for kept in await audit.tail(tx, 1000))


async def test_journal_tells_the_whole_story_and_verifies(house):
    """Asked, proved, sealed, started, set, delivered, collected: each has its entry, and the chain holds."""
    queued = await house.ask()
    await house.pump()
    target = await house.target_of(queued)
    await house.reveal(target.id, queued.pickup)
    deeds = await house.deeds()
    wanted = [Deed.ASKED, Deed.PROVED, Deed.SEALED, Deed.STARTED, Deed.STEP_DONE, Deed.DELIVERED, Deed.COLLECTED]
    assert [d for d in deeds if d in wanted and d is not Deed.STEP_DONE] == [
        d for d in wanted if d is not Deed.STEP_DONE
    ]
    async with house.store.read() as tx:
        assert (await audit.verify(tx)).ok


async def test_mail_carries_it_only_where_the_operator_allows(house):
    """With `mail_password` the mail holds the password, and the sealed copy is destroyed after it."""
    house.with_rules(mail_password=True)
    queued = await house.ask(channels=("mail",))
    assert queued.pickup is None
    await house.pump()
    mail = house.last(MailFacts)
    assert mail.facts.to == "bob@example.com"
    assert mail.facts.with_password
    assert (await house.local.sign_in("bob", mail.password)).ok
    from store import vault

    target = await house.target_of(queued)
    async with house.store.read() as tx:
        assert await vault.peek(tx, "password", target.id) is None


async def test_a_notice_without_it_goes_by_mail_besides_a_dm(house):
    """With a DM, the account's address hears that the password was reset, and not which."""
    await house.ask()
    await house.pump()
    mail = house.last(MailFacts)
    assert not mail.facts.with_password
    assert mail.password is None


async def test_submitting_twice_resets_once(house):
    """The same submission again is refused, and nothing more happens."""
    import pytest

    from desk import submit
    from resets.reasons import Reason, Refused

    form = await house.form()
    await submit.reset(house.tools, form.form_id, ADA, house.answer())
    house.clock.tick(seconds=60)
    with pytest.raises(Refused) as refused:
        await submit.reset(house.tools, form.form_id, ADA, house.answer())
    assert refused.value.reason is Reason.FORM_USED
    await house.pump()
    assert house.directory.calls.count("set_password") == 1


async def test_parallel_submissions_reset_once(house):
    """Ten submissions of one form at the same time have one winner."""
    import asyncio

    from desk import submit
    from resets.facts import Queued

    form = await house.form()
    answers = await asyncio.gather(
        *(submit.reset(house.tools, form.form_id, ADA, house.answer()) for _ in range(10)), return_exceptions=True
    )
    assert sum(isinstance(a, Queued) for a in answers) == 1
    await house.pump()
    assert house.directory.calls.count("set_password") == 1


async def test_compromise_always_clears_sessions(house):
    """After a suspected compromise sessions and tokens end, whatever was ticked."""
    queued = await house.ask(why="compromise", clear_sessions=False)
    await house.pump()
    target = await house.target_of(queued)
    assert target.step(Step.SESSIONS).state is StepState.DONE
    assert target.step(Step.TOKENS).state is StepState.DONE


async def test_show_message_tells_who_asked_and_nothing_secret(house):
    """The target's message names the requester and the system."""
    await house.ask()
    await house.pump()
    show = house.last(ShowFacts)
    assert show.to == BOB.user
    assert show.must_be_member
    assert show.facts.requester_name == "Ada Admin"
    assert house.last(AlarmFacts) is None
