"""Break-glass: one reset by a sealed code, without an admin and without Slack; alarmed, and reviewed within a day."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from datetime import timedelta

import pyotp
import pytest

from desk import break_glass, freeze, reviews, stop
from desk.tools import WorkKind
from resets.audit import Deed
from resets.facts import AlarmFacts, AlarmMail, MailFacts, ShowFacts, StatusFacts
from resets.reasons import Reason, Refused
from resets.request import TargetState
from store import audit
from store import break_glass as sealed
from tests.support.house import ADA, BOB, EVE, enrolled, refused


def reach(house, **known):
    async def asked(accounts):
        return {account.id: known.get(account.login) for account in accounts}

    return asked


async def ready(house, login="bob", member=BOB):
    return await break_glass.look(house.tools, login, reach(house, **{login: house.member(member) if member else None}))


async def broken(house, code=None, login="bob", why="the desk is on fire", member=BOB):
    code = code or await break_glass.new_code(house.tools, host="root")
    return await break_glass.use(house.tools, await ready(house, login, member), code, why, host="root")


async def target_of(house, made):
    return await house.target_of(made)


def alarms(house):
    return [(one.to, one.facts.what) for one in house.heard if isinstance(one.facts, AlarmFacts)]


async def whole(house):
    async with house.store.read() as tx:
        return (await audit.verify(tx)).ok


async def test_one_reset_by_the_code(mails):
    """The person gets the password as always; the pickup code is told at the host; the journal has who sat there."""
    made = await broken(mails)
    await mails.pump()
    target = await target_of(mails, made)
    assert target.state is TargetState.DELIVERED
    assert mails.last(StatusFacts) is None
    assert mails.last(ShowFacts).facts.requester_name == "The IT desk (break-glass)"
    shown = await mails.reveal(target.id, made.pickup)
    assert await mails.local.verify_password(await mails.local.find("bob"), shown.password)
    entry = await mails.entry(Deed.GLASS_USED)
    assert (entry.facts["host"], entry.facts["why"]) == ("root", "the desk is on fire")
    assert (await mails.entry(Deed.PROVED)).facts["method"] == "break_glass"
    assert await whole(mails)


async def test_everybody_hears_of_it(mails, caplog):
    """The security channel, every admin who is enrolled alone, and the log at its worst level."""
    await enrolled(mails, EVE, "eve")
    mails.queue.clear()
    with caplog.at_level(logging.CRITICAL):
        made = await broken(mails)
    await mails.pump()
    said = [to for to, what in alarms(mails) if what == "glass_used"]
    assert sorted(said) == ["C0SEC", "U0ADA", "U0EVE"]
    (record,) = [r for r in caplog.records if r.levelno == logging.CRITICAL]
    assert (record.getMessage(), record.request_id) == ("break_glass_used", made.request_id)


async def test_alarms_are_mailed_where_an_address_is_named(mails):
    """Once each, and not for what one admin is told alone."""
    mails.tools = replace(mails.tools, security_mail="soc@example.com")
    await broken(mails)
    await mails.pump()
    told = [one.facts for one in mails.heard if isinstance(one.facts, AlarmMail)]
    assert [(one.to, one.alarm.what) for one in told] == [
        ("soc@example.com", "glass_sealed"),
        ("soc@example.com", "glass_used"),
    ]
    assert told[-1].alarm.why == "the desk is on fire"


async def test_it_works_without_any_admin(house):
    """Nobody is enrolled any more: nothing of it needs one."""
    from desk import enrol

    (row,) = await enrol.listing(house.tools)
    await enrol.revoke(house.tools, row.id, by="test")
    made = await broken(house)
    await house.pump()
    assert (await target_of(house, made)).state is TargetState.DELIVERED


async def test_a_code_works_once_and_the_next_one_is_told(mails):
    """Of two at one moment one goes through; the old code is wrong from then on."""
    code = await break_glass.new_code(mails.tools, host="root")
    came = await asyncio.gather(*[broken(mails, code) for _ in range(4)], return_exceptions=True)
    (made,) = [one for one in came if isinstance(one, break_glass.Broken)]
    assert {one.reason for one in came if isinstance(one, Refused)} <= {Reason.GLASS_WRONG, Reason.CODE_WAIT}
    mails.clock.tick(hours=2)
    again = await broken(mails, made.next_code)
    assert again.next_code not in {code, made.next_code}
    assert (await mails.deeds()).count(Deed.GLASS_USED) == 2


async def test_wrong_codes_are_paid_for_and_lock(mails):
    """Three are free, then waits; the tenth locks until a new one is made. Each stands in the journal."""
    code, seen = await break_glass.new_code(mails.tools, host="root"), await ready(mails)
    wrong = "0000-" * 6 + "0000"
    for _ in range(9):
        await refused(break_glass.use(mails.tools, seen, wrong, "", host="root"), Reason.GLASS_WRONG)
        mails.clock.tick(hours=1)
    await refused(break_glass.use(mails.tools, seen, "no code", "", host="root"), Reason.GLASS_LOCKED)
    mails.clock.tick(hours=1)
    await refused(break_glass.use(mails.tools, seen, code, "", host="root"), Reason.GLASS_LOCKED)
    assert (await mails.deeds()).count(Deed.GLASS_MISSED) == 10
    await broken(mails)
    await mails.pump()
    assert [what for _, what in alarms(mails)].count("glass_missed") == 2


async def test_after_a_few_misses_there_is_a_wait(house):
    """Also for the right code: nobody looks at it before."""
    code, seen = await break_glass.new_code(house.tools, host="root"), await ready(house)
    for _ in range(3):
        await refused(break_glass.use(house.tools, seen, "x", "", host="root"), Reason.GLASS_WRONG)
    facts = await refused(break_glass.use(house.tools, seen, code, "", host="root"), Reason.CODE_WAIT)
    assert facts == {"seconds": 30}


@pytest.mark.parametrize(
    ("login", "reason"),
    [
        ("svc", Reason.SERVICE),
        ("dora", Reason.DISABLED),
        ("ext", Reason.EXTERNAL),
        ("una", Reason.UNVERIFIED_DOMAIN),
        ("nobody", Reason.NOT_FOUND),
    ],
)
async def test_what_forbids_a_reset_forbids_it_here_too(house, login, reason):
    """Before any code is asked for."""
    await break_glass.new_code(house.tools, host="root")
    await refused(ready(house, login), reason)


async def test_the_never_list_and_who_cannot_be_reached(house):
    """Nobody sees the password but its owner: without a way to them nothing is done."""
    await refused(ready(house), Reason.GLASS_NONE)
    await break_glass.new_code(house.tools, host="root")
    await refused(ready(house, "nora", None), Reason.UNREACHABLE_PERSON)
    house.with_rules(never=frozenset({"corp/bob"}))
    with pytest.raises(Refused):
        await ready(house)


async def test_a_freeze_holds_it_up(mails):
    """Whoever has stopped everything has stopped this; the code is not spent."""
    code, seen = await break_glass.new_code(mails.tools, host="root"), await ready(mails)
    await freeze.freeze(mails.tools, ADA, "")
    await refused(ready(mails), Reason.FROZEN)
    await refused(break_glass.use(mails.tools, seen, code, "", host="root"), Reason.FROZEN)
    mails.clock.tick(minutes=31)
    await break_glass.use(mails.tools, seen, code, "", host="root")


async def test_it_is_judged_again_when_it_is_done(house):
    """The account was disabled meanwhile: nothing is set."""
    made = await broken(house)
    house.with_rules(never=frozenset({"corp/bob"}))
    await house.pump()
    assert (await target_of(house, made)).state is TargetState.EXCLUDED
    assert house.directory.passwords == []


async def test_not_me_takes_it_back(mails):
    """As after any reset; there is no admin to freeze."""
    made = await broken(mails)
    await mails.pump()
    await stop.not_me(mails.tools, (await target_of(mails, made)).id, BOB)
    await mails.pump()
    assert (await target_of(mails, made)).state is TargetState.SPOILED
    assert ("C0SEC", "not_me") in alarms(mails)


async def test_by_mail_where_slack_knows_nobody(mails):
    """Then no pickup code is asked for."""
    made = await broken(mails, member=None)
    assert made.pickup is None
    await mails.pump()
    assert mails.last(MailFacts).facts.with_password


async def test_a_row_that_was_written_over_resets_nobody(house):
    """The word "break-glass" counts in the journal alone: a request's row cannot claim it."""
    made = await broken(house)
    work = next(work for work in house.queue if work.kind is WorkKind.RESET)
    from sqlalchemy import text

    async with house.store.write() as tx:
        await tx.conn.execute(text("UPDATE requests SET plan = replace(plan, 'bob@example.com', 'eve@example.com')"))
    await house.do(work)
    assert (await target_of(house, made)).reason is Reason.NOT_PROVED
    assert house.directory.passwords == []


# -- afterwards ---------------------------------------------------------------------------------------------------


async def test_not_reviewed_within_a_day_no_single_reset_is_taken(mails):
    """Until an enrolled admin says, with a code, that they have looked; then they are again."""
    made = await broken(mails)
    await mails.pump()
    mails.clock.tick(hours=23, minutes=59)
    await mails.ask("eve", channels=("mail",))
    mails.clock.tick(minutes=2)
    await refused(mails.ask("sam1", None, channels=("mail",)), Reason.NOT_REVIEWED)
    await refused(reviews.give(mails.tools, made.request_id, ADA, "000000", host="root"), Reason.CODE_WRONG)
    await reviews.give(mails.tools, made.request_id, ADA, mails.code(), host="root")
    await refused(reviews.give(mails.tools, made.request_id, ADA, mails.code(), host="root"), Reason.NOT_TO_REVIEW)
    assert (await mails.entry(Deed.GLASS_REVIEWED)).request_id == made.request_id
    mails.clock.tick(minutes=1)
    await mails.ask("sam1", None, channels=("mail",))
    assert await reviews.waiting(mails.tools) == ()
    await mails.pump()
    assert ("C0SEC", "glass_reviewed") in alarms(mails)


async def test_who_was_reset_by_it_does_not_review_it(house):
    """Nor does anybody without a role, or a frozen admin."""
    seed = await enrolled(house, BOB, "bob")
    made = await broken(house)
    house.clock.tick(minutes=1)
    code = pyotp.TOTP(seed).at(house.clock.now)
    await refused(reviews.give(house.tools, made.request_id, BOB, code, host="root"), Reason.OWN_REVIEW)
    await refused(reviews.give(house.tools, made.request_id, EVE, code, host="root"), Reason.NO_ROLE)
    async with house.store.read() as tx:
        (use,) = await sealed.unreviewed(tx)
    assert (use.host, use.why, use.reviewed_at) == ("root", "the desk is on fire", None)
    assert timedelta(0) <= house.clock.now - use.at
