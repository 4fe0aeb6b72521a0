"""How the caller was verified: asked for by the rules, signed by the code, kept with the request."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from desk import fill, find, look, number, submit
from resets.audit import Deed
from resets.evidence import Evidence, How
from resets.facts import StatusFacts
from resets.reasons import Reason, Refused
from resets.request import TargetState, Tier
from resets.verification import Needed
from store import forms, plans, requests
from store.tables import requests as rows
from tests.support.house import ADA, BOB, EVE, refused

SAID = {Tier.STANDARD: Needed.SAID}


async def test_what_was_said_is_kept(house):
    """In the plan, in the journal and in the requester's message."""
    house.with_rules(verification=SAID)
    queued = await house.ask(verified="call_back")
    await house.pump()
    async with house.store.read() as tx:
        request = await requests.get(tx, queued.request_id)
    assert request.plan.options.evidence == (Evidence(How.CALL_BACK),)
    assert request.digest == request.plan.digest()
    assert (await house.entry(Deed.ASKED)).facts["verified"] == "call_back"
    assert (await house.target_of(queued)).state is TargetState.DELIVERED
    assert house.last(StatusFacts).facts.evidence == (Evidence(How.CALL_BACK),)


@pytest.mark.parametrize(
    ("answers", "needed", "reason"),
    [
        ({}, Needed.SAID, Reason.NOT_VERIFIED),
        ({"verified": "a known voice"}, Needed.SAID, Reason.CHOICE_INVALID),
        ({"verified": "unasked"}, Needed.SAID, Reason.SOMEBODY_ASKED),
        ({"verified": "ticket"}, Needed.IN_PERSON, Reason.EVIDENCE_WEAK),
    ],
)
async def test_without_it_nothing_is_asked_for(house, answers, needed, reason):
    """It is said at the field, before the code is looked at, which stays good."""
    house.with_rules(verification={Tier.STANDARD: needed})
    form = await house.form()
    code = house.code()
    with pytest.raises(Refused) as refused:
        await submit.reset(house.tools, form.form_id, ADA, house.answer(code=code, **answers))
    assert (refused.value.reason, refused.value.facts["field"]) == (reason, "verified")
    assert Deed.ASKED not in await house.deeds()
    await submit.reset(house.tools, form.form_id, ADA, house.answer(code=code, verified="in_person"))
    assert Deed.PROVED in await house.deeds()


async def test_rules_that_ask_for_nothing_keep_nothing(house):
    """What nobody asked for, nobody has said."""
    queued = await house.ask(verified="in_person")
    async with house.store.read() as tx:
        assert (await requests.get(tx, queued.request_id)).plan.options.evidence == ()
    assert "verified" not in (await house.entry(Deed.ASKED)).facts


async def test_a_form_from_before_the_rules_asked_begins_anew(house):
    """It has no field to say it at."""
    form = await house.form()
    house.with_rules(verification=SAID)
    with pytest.raises(Refused) as refused:
        await submit.reset(house.tools, form.form_id, ADA, house.answer())
    assert (refused.value.reason, refused.value.facts) == (Reason.NOT_VERIFIED, {})


async def test_evidence_that_was_written_over_stops_the_job(house):
    """The code signed one way of knowing; a row that names another one was not proved."""
    house.with_rules(verification=SAID)
    queued = await house.ask(verified="ticket")
    async with house.store.write() as tx:
        request = await requests.get(tx, queued.request_id)
        forged = plans.plan_to_json(request.plan)
        forged["options"]["evidence"] = [{"how": "in_person"}]
        await tx.conn.execute(update(rows).where(rows.c.id == queued.request_id).values(plan=forged))
    await house.pump()
    assert (await house.target_of(queued)).reason is Reason.NOT_PROVED
    assert house.directory.passwords == []


async def test_what_speaks_for_one_person_speaks_for_nobody_else(house):
    """Whoever was named in a form first is whom it is about: an answer that comes late makes it nobody else's."""
    house.with_rules(verification=SAID)
    form = await house.form()
    match = await number.ask(house.tools, form.form_id, ADA)
    await number.press(house.tools, match.id, match.right, BOB)
    nora = await look.named(house.tools, form.form_id, ADA, find.Typed("nora"))
    nobody = Refused(Reason.NO_MANAGER)
    await refused(fill.fill(house.tools, form.form_id, ADA, nora, house.member(EVE), nobody), Reason.FORM_UNKNOWN)
    async with house.store.write() as tx:
        opened = await forms.get(tx, form.form_id)
        about = {**opened.state["target"], "account_id": house.ids["nora"]}
        await forms.save(tx, form.form_id, {**opened.state, "target": about})
        assert await number.evidence(tx, form.form_id, ("corp", house.ids["bob"]))
    said = house.answer(verified="number")
    await refused(submit.reset(house.tools, form.form_id, ADA, said), Reason.NOT_PRESSED)
