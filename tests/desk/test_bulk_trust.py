"""A bulk does only what its requester proved: rows that somebody wrote, and a role that ended, move nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from desk import control, enrol, steer, submit_bulk
from resets.reasons import Reason, Refused
from resets.request import RequestState
from tests.support import bulks
from tests.support.house import ADA, EVE


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE targets SET address = 'thief@example.com' WHERE request_id = :r",
        "UPDATE targets SET account_id = (SELECT account_id FROM admins) WHERE request_id = :r AND position = 1",
        "UPDATE requests SET plan = replace(plan, '\"compromise\"', '\"forgot\"') WHERE id = :r",
        "UPDATE requests SET total = total - 1 WHERE id = :r",
        "UPDATE requests SET digest = 'x' WHERE id = :r",
        "UPDATE targets SET mac = 'x' WHERE request_id = :r AND position = 0",
    ],
)
async def test_rows_that_were_written_over_are_not_acted_on(mails, sql):
    """Who can write the database still cannot reset: the run stops, and the security channel hears."""
    accounts = await bulks.people(mails, 4)
    request_id = await bulks.begun(mails, accounts)
    async with mails.store.write() as tx:
        await tx.conn.execute(text(sql), {"r": request_id})
    run = await bulks.worked(mails, request_id)
    assert mails.directory.passwords == []
    assert (run.state, run.stopped) == (RequestState.PAUSED, Reason.NOT_PROVED)


async def test_a_bulk_that_was_never_proved_does_not_run(mails):
    """A state that somebody wrote into the row is no proof."""
    accounts = await bulks.people(mails, 4)
    _, request_id = await bulks.frozen(mails, accounts)
    async with mails.store.write() as tx:
        held = "UPDATE requests SET state = 'held', begins_at = asked_at WHERE id = :r"
        await tx.conn.execute(text(held), {"r": request_id})
    mails.clock.tick(seconds=61)
    await steer.all_runs(mails.tools)
    await bulks.worked(mails, request_id)
    assert mails.directory.passwords == []


async def test_an_enrolment_that_ends_stops_the_run(mails):
    """The requester no longer holds the role: nobody else is reset."""
    accounts = await bulks.people(mails, 4)
    request_id = await bulks.begun(mails, accounts)
    (row,) = await enrol.listing(mails.tools)
    await enrol.revoke(mails.tools, row.id, by="test")
    run = await bulks.worked(mails, request_id)
    assert (run.state, run.stopped) == (RequestState.PAUSED, Reason.NO_ROLE)
    assert mails.directory.passwords == []


async def test_the_submission_demands_number_and_code(mails):
    """26 people and more: their number is typed; a wrong one costs nothing, a wrong code is paid for."""
    accounts = await bulks.people(mails, 26)
    form_id, request_id = await bulks.frozen(mails, accounts)
    with pytest.raises(Refused) as refused:
        await submit_bulk.begin(mails.tools, form_id, ADA, mails.code(), "25")
    assert refused.value.reason is Reason.NUMBER_WRONG
    with pytest.raises(Refused) as refused:
        await submit_bulk.begin(mails.tools, form_id, ADA, "000000", "26")
    assert refused.value.reason is Reason.CODE_WRONG
    with pytest.raises(Refused) as refused:
        await submit_bulk.begin(mails.tools, form_id, EVE, mails.code(), "26")
    assert refused.value.reason is Reason.NOT_YOURS
    held = await submit_bulk.begin(mails.tools, form_id, ADA, mails.code(), "26 people")
    assert held.begins_at == mails.clock.now + timedelta(seconds=60)
    with pytest.raises(Refused) as refused:
        await submit_bulk.begin(mails.tools, form_id, ADA, mails.code(), "26")
    assert refused.value.reason is Reason.FORM_USED
    await steer.all_runs(mails.tools)
    assert (await bulks.run_of(mails, request_id)).state is RequestState.HELD
    await control.cancel(mails.tools, request_id, ADA)
    progress = await bulks.progress_of(mails, request_id)
    assert progress.cancelled == 26
