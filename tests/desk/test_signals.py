"""Signs that something may be wrong are said, and where so set they stop everything."""

from __future__ import annotations

from datetime import UTC, time, timedelta

import pytest

from desk import freeze, steer, submit_bulk
from resets.audit import Deed
from resets.facts import AlarmFacts
from resets.limits import Hours, Limits
from resets.request import RequestState
from tests.support import bulks
from tests.support.house import ADA, standing

NIGHT = Hours(time(18), time(23), UTC)  # the house's clock says ten in the morning
DAY = Hours(time(7), time(19), UTC)


def alarms(house):
    return [one.facts.what for one in house.heard if isinstance(one.facts, AlarmFacts)]


async def begun(house, accounts):
    form_id, request_id = await bulks.frozen(house, accounts)
    await submit_bulk.begin(house.tools, form_id, ADA, house.code(), "")
    return request_id


async def test_the_first_reset_of_a_new_enrolment_alarms(mails):
    """Once, and with the request; an older enrolment's does not."""
    mails.with_rules(limits=Limits(fresh_enrolment=timedelta(hours=24)))
    queued = await mails.ask()
    mails.clock.tick(minutes=1)
    await mails.ask("eve", channels=("mail",))
    await mails.pump()
    assert alarms(mails) == ["fresh_enrolment"]
    assert mails.last(AlarmFacts).facts.request_id == queued.request_id
    assert mails.last(AlarmFacts).facts.who == ADA


@pytest.mark.parametrize("hours", [None, DAY])
async def test_a_run_within_hours_is_no_sign(house, hours):
    """Nor is any, where there are no hours; and an enrolment of the day before is not new."""
    house.with_rules(limits=Limits(hours=hours, late_freezes=True, fresh_enrolment=timedelta(hours=24)))
    accounts = await bulks.people(house, 1)
    house.clock.tick(days=1)
    request_id = await begun(house, accounts)
    house.clock.tick(seconds=61)
    await steer.all_runs(house.tools)
    assert (await bulks.worked(house, request_id)).state is RequestState.DONE
    assert alarms(house) == []


async def test_a_run_outside_of_hours_alarms_and_goes_on(mails):
    """As shipped, where hours are set: the security channel can still stop it in its hold."""
    mails.with_rules(limits=Limits(hours=NIGHT))
    request_id = await begun(mails, await bulks.people(mails, 1))
    assert await standing(mails) is None
    mails.clock.tick(seconds=61)
    await steer.all_runs(mails.tools)
    assert (await bulks.worked(mails, request_id)).state is RequestState.DONE
    assert alarms(mails) == ["late_run"]


async def test_where_so_set_it_stands_still_until_the_security_role_has_looked(mails):
    """Everything is frozen in the transaction that takes it; after a code it goes on."""
    mails.with_rules(limits=Limits(hours=NIGHT, late_freezes=True))
    request_id = await begun(mails, await bulks.people(mails, 1))
    stands = await standing(mails)
    assert (stands.name, stands.until) == ("Rekey", None)
    assert (await mails.deeds())[-2:] == [Deed.PROVED, Deed.FROZEN]
    mails.clock.tick(minutes=5)
    await steer.all_runs(mails.tools)
    assert (await bulks.run_of(mails, request_id)).state is RequestState.HELD
    form_id, _ = await freeze.ask_resume(mails.tools, ADA)
    await freeze.resume(mails.tools, form_id, ADA, mails.code())
    await steer.all_runs(mails.tools)
    assert (await bulks.worked(mails, request_id)).state is RequestState.DONE
    assert alarms(mails) == ["out_of_hours", "resumed_all"]
