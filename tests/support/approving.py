"""A house in which others have to agree: a second and a third admin with their codes, and the numbers of the table."""

from __future__ import annotations

from dataclasses import replace

import pyotp
from sqlalchemy import text

from bot.assembly import quorum
from bot.settings import Settings
from desk import decide, submit_bulk
from directory.local_people import NewAccount
from resets.actor import SlackPerson
from resets.approval import CardFacts
from resets.bulk import SHOWN
from resets.history import Line
from resets.notice import NoticeKind
from store import admins, outbox, requests
from tests.support import bulks
from tests.support.house import ADA, EVE, TEAM, enrolled
from views import history

ZOE = SlackPerson(TEAM, "U0ZOE")
TABLE = quorum(Settings())


async def opened(house, **changes):
    """Let others have to agree, by the table; eve and zoe may. Returns the house."""
    await house.local.add_accounts([NewAccount("zoe", "Zoe Zander", mail="zoe@example.com", slack_user=ZOE.user)])
    house.tools = replace(house.tools, approvals_channel="C0APPROVE")
    house.with_rules(**{"quorum": TABLE} | changes)
    house.seeds = {ADA: house.seed}
    for person, login in ((EVE, "eve"), (ZOE, "zoe")):
        house.seeds[person] = await enrolled(house, person, login)
        house.clock.tick(seconds=1)
    house.clock.tick(seconds=60)
    house.queue.clear()
    return house


def code(house, person):
    return pyotp.TOTP(house.seeds[person]).at(house.clock.now)


async def asked_many(house, count, **changes):
    """Ask for a bulk; returns what its requester is told."""
    accounts = await bulks.people(house, count)
    form_id, _ = await bulks.frozen(house, accounts, **changes)
    return await submit_bulk.begin(house.tools, form_id, ADA, house.code(), str(count))


async def request(house, request_id):
    async with house.store.read() as tx:
        return await requests.get(tx, request_id)


async def shown(house, request_id):
    """Return the value of the buttons on a request's card."""
    return f"{request_id}#{(await request(house, request_id)).digest[:SHOWN]}"


async def approve(house, request_id, person=EVE):
    asked = await decide.begin(house.tools, await shown(house, request_id), person)
    return await decide.approve(house.tools, asked.form_id, person, code(house, person))


async def deny(house, request_id, person=EVE, why="they did not ask"):
    asked = await decide.begin(house.tools, await shown(house, request_id), person, deny=True)
    await decide.deny(house.tools, asked.form_id, person, why)


def card(house):
    """Return what the card said last."""
    return house.last(CardFacts).facts


async def state(house, request_id):
    return (await request(house, request_id)).state


async def row_of(house, person):
    """Return somebody's enrolment."""
    async with house.store.read() as tx:
        return await admins.by_slack(tx, person)


async def lines_aside(house):
    """Take the works of the lines that wait for their card out of the queue; returns them."""
    async with house.store.read() as tx:
        aside = [work for work in house.queue if await _is_line(tx, work)]
    for work in aside:
        house.queue.remove(work)
    return aside


async def _is_line(tx, work):
    notice = await outbox.get(tx, work.id)
    return notice is not None and notice.kind is NoticeKind.HISTORY


def lines(house):
    """Return what was said under cards, in that order: (deed, what is read, the card's place)."""
    said = [one for one in house.heard if isinstance(one.facts, Line)]
    return [(one.facts.entry.deed, history.line(one.facts)["text"], (one.to, one.thread)) for one in said]


async def sql(house, statement, **values):
    """Write over rows, as somebody does who has the database."""
    async with house.store.write() as tx:
        await tx.conn.execute(text(statement), values)
