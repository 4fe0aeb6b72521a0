"""A bulk's dry run in the house: what is wished for, the preview that is made of it, and whom it leaves out."""

from __future__ import annotations

from dataclasses import replace

import pytest

from desk import choose, preview
from resets.actor import SlackPerson
from resets.bulk import Wish
from resets.facts import Member
from resets.reasons import Refused
from resets.request import Channel, Options, Why
from store import requests, tally
from tests.support.house import ADA, TEAM

OPTIONS = Options(Why.FORGOT, "", True, True, False, (Channel.DM,))


def wish(*names, **changes):
    return replace(Wish((), (), names, OPTIONS, None), **changes)


async def in_slack(accounts):
    """Say that whoever has a Slack id is a full member."""
    return {a.id: person(a.slack_user) if a.slack_user else None for a in accounts}


def person(user):
    return Member(SlackPerson(TEAM, user), "", None, deleted=False, bot=False, guest=False, stranger=False)


async def make(house, wanted, reach=in_slack, form_id=None):
    return await preview.make(house.tools, form_id or await choose.start(house.tools, ADA), ADA, wanted, reach)


async def planned(house, made):
    """Return the frozen people by login."""
    async with house.store.read() as tx:
        targets = await requests.targets(tx, made.request_id)
    return {target.planned.login: target.planned for target in targets if target.planned.channels}


async def why_not(house, made):
    """Return who is left out, with the reason."""
    rows = [row async for row in tally.report(house.store, made.request_id)]
    return {row.login: row.reason for row in rows if row.reason}


async def refusal(house, wanted, **given):
    with pytest.raises(Refused) as refused:
        await make(house, wanted, **given)
    return refused.value
