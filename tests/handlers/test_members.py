"""The Slack people behind many accounts: few are asked for one by one, of many all members are read once."""

from __future__ import annotations

from datetime import timedelta

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from directory.base import Account
from handlers.members import FEW, Members
from resets.reasons import Reason, Refused
from tests.handlers.filewire import FileWire
from tests.support.house import Clock
from tests.support.slackwire import TEAM, TOKEN, person


class Crowd(FileWire):
    """Gives its people in pages of ten, whatever was asked for."""

    def _users_list(self, arguments):
        start = int(arguments.get("cursor") or 0)
        everybody = list(self.people.values())
        more = str(start + 10) if start + 10 < len(everybody) else ""
        return {"members": everybody[start : start + 10], "response_metadata": {"next_cursor": more}}


def told(user, mail, **facts):
    made = person(user, user.title())
    return made | {"profile": made.get("profile", {}) | {"email": mail}} | facts


@pytest.fixture
async def crowd():
    made = Crowd(people={f"U{n:03d}": told(f"U{n:03d}", f"p{n:03d}@example.com") for n in range(25)})
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
async def members(crowd, clock):
    async with aiohttp.ClientSession() as session:
        client = AsyncWebClient(token=TOKEN, base_url=f"{crowd.url}/api/", session=session)
        yield Members(client, TEAM, clock)


def accounts(count):
    return [Account(f"id{n}", f"p{n:03d}", "P", mail=f"P{n:03d}@Example.com") for n in range(count)]


async def test_many_are_found_in_the_whole_list(members, crowd, clock):
    """Read page by page, once in ten minutes; by address in any case, and by the directory's Slack id before it."""
    some = [*accounts(24), Account("by-id", "x", "X", mail="p000@example.com", slack_user="U024")]
    found = await members.of_many([*some, Account("none", "n", "N", mail="n@example.com"), Account("mute", "m", "M")])
    assert found["id3"].person.user == "U003"
    assert found["by-id"].person.user == "U024"
    assert (found["none"], found["mute"]) == (None, None)
    assert len(crowd.called("users.list")) == 3
    clock.now += timedelta(minutes=9)
    await members.of_many(some)
    await members.of_many(some[:1])
    assert len(crowd.called("users.list")) == 3
    clock.now += timedelta(minutes=2)
    await members.of_many(some)
    assert len(crowd.called("users.list")) == 6
    assert not crowd.called("users.lookupByEmail")


@pytest.mark.parametrize(
    "facts",
    [
        {"deleted": True},
        {"is_bot": True},
        {"is_restricted": True},
        {"is_ultra_restricted": True},
        {"is_stranger": True},
        {"team_id": "T0OTHER"},
        {"is_email_confirmed": False},
    ],
    ids=str,
)
async def test_only_full_living_members_are_anybody(members, crowd, facts):
    """Of the whole list as of one."""
    crowd.people["U007"] |= facts
    found = await members.of_many(accounts(FEW + 1))
    assert found["id7"] is None
    assert found["id8"] is not None


async def test_an_address_of_two_is_nobodys(members, crowd):
    """Who is meant cannot be told."""
    crowd.people["U008"] = told("U008", "p007@example.com")
    assert (await members.of_many(accounts(FEW + 1)))["id7"] is None


async def test_few_are_asked_for_one_by_one(members, crowd):
    """Twenty people are no reason to read a workspace."""
    await members.of_many([Account(f"id{n}", "x", "X", slack_user=f"U{n:03d}") for n in range(FEW)])
    assert not crowd.called("users.list")
    assert len(crowd.called("users.info")) == FEW


async def test_a_slack_that_does_not_answer_is_a_refusal(members, crowd):
    """Nobody is taken for unreachable because Slack was silent; and the next time it is asked anew."""
    crowd.wrong["users.list"] = ["internal_error"]
    with pytest.raises(Refused) as refused:
        await members.of_many(accounts(FEW + 1))
    assert refused.value.reason is Reason.WHO_UNKNOWN
    assert (await members.of_many(accounts(FEW + 1)))["id7"] is not None
