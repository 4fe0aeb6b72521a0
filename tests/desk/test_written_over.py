"""Somebody writes to the store's file and has no key: they reset nobody, and get nobody's password."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

import pytest

from desk import submit, sweep
from desk.tools import Work, WorkKind
from directory.secret import Secret
from resets.facts import MailFacts
from resets.notice import NoticeKind
from resets.reasons import Reason, Refused
from tests.support.house import ADA, BOB, EVE


@pytest.fixture
def over(tmp_path):
    """Write to the store's file, as another program with its rights would."""

    def write(query, *values):
        with closing(sqlite3.connect(tmp_path / "rekey.db", timeout=10)) as connection, connection:
            connection.row_factory = sqlite3.Row
            return connection.execute(query, values).fetchall()

    return write


def planned(over, **changes):
    """Write another target into the one request's plan."""
    plan = json.loads(over("SELECT plan FROM requests")[0]["plan"])
    plan["targets"][0].update(changes)
    over("UPDATE requests SET plan = ?", json.dumps(plan))


async def waiting(house, **answers):
    queued = await house.ask(**answers)
    await house.pump()
    return queued, await house.target_of(queued)


async def test_another_addressee_is_shown_nothing(house, over):
    """A plan that names another Slack person than the one that was proved opens for neither of them."""
    _, target = await waiting(house)
    planned(over, slack_user=EVE.user)
    over("UPDATE pickups SET mac = NULL")
    for person in (EVE, BOB):
        with pytest.raises(Refused) as refused:
            await house.reveal(target.id, None, person)
        assert refused.value.reason in (Reason.NOT_PROVED, Reason.NOT_YOURS)


async def test_a_pickup_code_cannot_be_waived(house, over):
    """Without the kept hash of a code that was asked for, nothing is shown: it is not taken for "none wanted"."""
    _, target = await waiting(house)
    over("UPDATE pickups SET mac = NULL")
    with pytest.raises(Refused) as refused:
        await house.reveal(target.id, None)
    assert refused.value.reason is Reason.NOT_PROVED
    over("DELETE FROM pickups")
    with pytest.raises(Refused) as refused:
        await house.reveal(target.id, None)
    assert refused.value.reason is Reason.NOT_PROVED


async def test_no_mail_goes_to_an_address_that_was_not_proved(house, over):
    """A notice written by hand, to an address written by hand, carries no password."""
    await waiting(house)
    planned(over, recovery_address="eve@evil.test", address="eve@evil.test")
    for kind in (NoticeKind.MAIL_PASSWORD_RECOVERY, NoticeKind.MAIL_PASSWORD):
        over("UPDATE notices SET kind = ?, state = 'waiting', attempts = 0", kind.value)
        for row in over("SELECT id FROM notices"):
            await house.do(Work(WorkKind.NOTICE, row["id"]))
    assert not any(said.password for said in house.heard if isinstance(said.facts, MailFacts))


async def test_no_mail_by_a_way_that_was_not_proved(house, over):
    """The plan as it was proved, but a way that it does not name: no password."""
    await waiting(house)
    over("UPDATE notices SET kind = ?, state = 'waiting', attempts = 0", NoticeKind.MAIL_PASSWORD.value)
    for row in over("SELECT id FROM notices"):
        await house.do(Work(WorkKind.NOTICE, row["id"]))
    assert not any(said.password for said in house.heard if isinstance(said.facts, MailFacts))


async def test_taking_back_touches_only_the_account_that_was_proved(house, over):
    """A plan that names another account than the proved one has nobody's password replaced."""
    await waiting(house)
    await house.local.set_initial_password("olga", Secret("Old-pass-Velvet-otter-1"), must_change=False)
    other = house.ids["olga"]
    marker = (await house.local.fetch([other]))[other].marker
    planned(over, account_id=other, login="olga")
    over("UPDATE targets SET account_id = ?, marker = ?", other, marker)
    house.clock.tick(hours=25)
    house.directory.passwords.clear()
    await sweep.expire(house.tools)
    await house.pump()
    assert house.directory.passwords == []


async def test_a_form_that_was_written_over_is_not_submitted(house, over):
    """The target that the admin saw is the one that the code is for; a form with another is none of ours."""
    form = await house.form()
    state = json.loads(over("SELECT state FROM forms")[0]["state"])
    text = json.dumps(state).replace(BOB.user, EVE.user)
    assert text != json.dumps(state)
    over("UPDATE forms SET state = ?", text)
    with pytest.raises(Refused) as refused:
        await submit.reset(house.tools, form.form_id, ADA, house.answer())
    assert refused.value.reason is Reason.FORM_UNKNOWN


async def test_an_old_reset_is_not_done_again(house, over):
    """What was kept of a password that is gone from the store sets nothing, days later."""
    queued = await house.ask()
    job = house.queue[0]
    await house.do(house.queue.popleft())
    (kept,) = over("SELECT * FROM seals WHERE purpose = 'password'")
    await house.pump()
    target = await house.target_of(queued)
    await house.reveal(target.id, queued.pickup)
    await house.pump()
    house.clock.tick(days=30)
    for state in ("sealed", "started"):
        house.directory.passwords.clear()
        over("UPDATE seals SET blob = ? WHERE purpose = 'password'", kept["blob"])
        over("UPDATE targets SET state = ?", state)
        over("UPDATE requests SET state = 'running'")
        over("UPDATE jobs SET finished_at = NULL")
        house.queue.append(job)
        await house.pump()
        assert house.directory.passwords == [], state
