"""The report of a bulk: everybody, each with how it went, and why in a word for programs and in words for people."""

from __future__ import annotations

import csv
import io

from desk import report
from directory.base import NotAllowed
from resets.brief import BRIEF
from resets.reasons import Reason
from tests.support import bulks


async def rows(house, request_id):
    """Read a report as a spreadsheet does; returns its rows by login."""
    data = await report.as_csv(house.tools, request_id)
    return {row["login"]: row for row in csv.DictReader(io.StringIO(data.decode("utf-8-sig")))}


async def test_a_reason_stands_there_as_its_code_and_in_words(mails):
    """Programs read one column, people the other; whoever was reset has neither."""
    accounts = await bulks.people(mails, 3)
    mails.directory.before["set_password"] = [NotAllowed("no")]
    request_id = await bulks.begun(mails, accounts)
    await bulks.worked(mails, request_id)
    told = await rows(mails, request_id)
    reasons = {(row["outcome"], row["reason"], row["reason in words"]) for row in told.values()}
    refused = Reason.DIRECTORY_REFUSED
    assert reasons == {("reset", "", ""), ("failed", refused.value, BRIEF[refused])}
