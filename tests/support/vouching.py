"""Managers who vouch, for the tests at the desk: eve manages bob, and resets nobody herself."""

from __future__ import annotations

import pyotp

from desk import vouch
from resets.request import Tier
from resets.scope import STANDARD_EVERYWHERE
from resets.verification import Needed
from store import admins, vouches
from store.tables import admins as enrolments
from tests.support.house import ADA, EVE, enrolled

SAID = {Tier.STANDARD: Needed.SAID}
GRANTS = {"admin": STANDARD_EVERYWHERE, "manager": ()}  # who only vouches resets nobody and approves nothing


async def furnished(mails):
    """Have a house ask how the caller was verified, and eve manage bob; returns it."""
    mails.with_rules(verification=SAID, grants=GRANTS, approvers=frozenset({"admin"}))
    await mails.local.change_account(mails.ids["bob"], manager="eve")
    mails.seeds = {ADA: mails.seed, EVE: await enrolled(mails, EVE, "eve", "manager")}
    mails.clock.tick(seconds=60)
    mails.queue.clear()
    return mails


def code(house, person=EVE):
    return pyotp.TOTP(house.seeds[person]).at(house.clock.now)


async def asked(house, form=None, why="forgot"):
    """Open a form and ask the manager; returns the form and the question."""
    form = form or await house.form()
    assert form.manager == "Eve Evans"
    return form, await vouch.ask(house.tools, form.form_id, ADA, why)


async def vouched(house, question, person=EVE):
    """Have the manager vouch, as the handlers do."""
    begun = await vouch.begin(house.tools, question.id, person)
    return await vouch.vouch(house.tools, begun.form_id, person, code(house, person))


async def change(house, person, **values):
    """Write over an enrolment, as the host's commands do."""
    async with house.store.write() as tx:
        row = await admins.by_slack(tx, person)
        await tx.conn.execute(enrolments.update().where(enrolments.c.id == row.id).values(**values))


async def state(house, question):
    async with house.store.read() as tx:
        return (await vouches.get(tx, question.id)).state
