"""A bulk of the house's people, frozen as a preview does it, and run as a worker would."""

from __future__ import annotations

from desk import steer, submit_bulk
from desk.forms import BULK, open_form, role_of
from directory.local_people import NewAccount
from directory.secret import Secret
from resets.bulk import Candidate
from resets.request import Channel, Options, Plan, PlannedTarget, RequestState, ResetRequest, Tier, Why
from store import bulk, chunks, forms, requests, runs, tally
from tests.support.house import ADA, TEAM


async def people(house, count, *, in_slack=False):
    """Add so many people to the directory; returns their accounts."""
    names = [f"p{number:04d}" for number in range(count)]
    users = {name: f"U0{name.upper()}" if in_slack else None for name in names}
    await house.local.add_accounts(
        [NewAccount(n, f"Person {n}", "Person", n, f"{n}@example.com", slack_user=users[n]) for n in names]
    )
    return [await house.local.find(name) for name in names]


def options(**changes):
    given = {
        "why": Why.COMPROMISE,
        "ticket": "INC-1",
        "must_change": True,
        "clear_sessions": True,
        "unlock": False,
        "channels": (Channel.MAIL,),
    }
    return Options(**given | changes)


async def frozen(house, accounts, start=None, **changes):
    """Write the preview of a bulk; returns the form's id and the request's."""
    tools = house.tools
    async with tools.store.write() as tx:
        actor = await role_of(tx, ADA)
        form_id = await open_form(tools, tx, BULK, ADA, actor)
    channels = options(**changes).channels
    plan = Plan(TEAM, actor.account_id, actor.directory, (), options(**changes), tools.rules.version, start, count=0)
    request = ResetRequest(tools.new_id(), actor, plan, "", RequestState.ASKED, tools.clock())
    rows = [
        Candidate(
            PlannedTarget("corp", a.id, a.login, a.name, Tier.STANDARD, a.slack_user, a.mail, None, channels),
            a.login,
            None,
            {},
        )
        for a in accounts
    ]
    async with tools.store.write() as tx:
        await bulk.begin(tx, request)
    for first in range(0, len(rows), 500):
        async with tools.store.write() as tx:
            await bulk.add(tx, request, rows[first : first + 500], (), new_id=tools.new_id, first=first)
    settled = await bulk.freeze(tools.store, request, new_id=tools.new_id)
    async with tools.store.write() as tx:
        assert await bulk.settle(tx, settled)
        await forms.save(
            tx,
            form_id,
            {
                "preview": {
                    "request": request.id,
                    "digest": settled.digest,
                    "included": len(rows),
                    "head": plan.head(),
                    "tiers": ["standard"],
                }
            },
        )
    return form_id, request.id


async def begun(house, accounts, **changes):
    """Prove a bulk of accounts and let its hold pass; returns the request's id."""
    form_id, request_id = await frozen(house, accounts, **changes)
    await submit_bulk.begin(house.tools, form_id, ADA, house.code(), str(len(accounts)))
    house.clock.tick(seconds=61)
    await steer.all_runs(house.tools)
    return request_id


async def worked(house, request_id, *, rounds=60):
    """Steer and work until the bulk stands still."""
    for _ in range(rounds):
        await house.pump(limit=5000, patience=2000)
        await steer.all_runs(house.tools)
        run = await run_of(house, request_id)
        if run.state is not RequestState.RUNNING:
            await house.pump(limit=5000, patience=2000)
            return await run_of(house, request_id)
        house.clock.tick(seconds=1)
    raise AssertionError("it never ends")


async def run_of(house, request_id):
    async with house.store.read() as tx:
        return await runs.get(tx, request_id)


async def targets_of(house, request_id):
    async with house.store.read() as tx:
        return await requests.targets(tx, request_id)


async def progress_of(house, request_id):
    async with house.store.read() as tx:
        return await tally.tally(tx, request_id)


async def chunk_ids(house, request_id, *, canary):
    async with house.store.read() as tx:
        return [c.id for c in await chunks.some(tx, request_id, 1000) if c.canary == canary]


def secret(text):
    return Secret(text)


def mailed(house):
    """Return the password that each address got, and demand that nobody got two."""
    found = {}
    for said in house.heard:
        if getattr(said, "password", None):
            assert found.setdefault(said.facts.to, said.password.reveal()) == said.password.reveal()
    return found


async def signs_in(house, accounts):
    """Demand that everybody can sign in with what they were mailed, and was given one password in all."""
    given = {}
    for account_id, password in house.directory.passwords:
        assert given.setdefault(account_id, password) == password
    assert len(set(given.values())) == len(given)
    assert mailed(house) == {account.mail: given[account.id] for account in accounts}
    for account in accounts[:3]:
        fresh = await house.local.find(account.login)
        assert await house.directory.inner.verify_password(fresh, secret(given[account.id]))
