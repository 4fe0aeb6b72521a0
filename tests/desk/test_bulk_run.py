"""A bulk from its proof to its end: everybody once, each with a password of their own, and nothing half done."""

from __future__ import annotations

import pytest

from resets.outcome import Step, StepState
from resets.request import RequestState, TargetState
from tests.support import bulks


@pytest.fixture
def mails(house):
    house.with_rules(mail_password=True)
    return house


async def test_everybody_is_reset_once_with_a_password_of_their_own(mails):
    """Two chunks and a first wave: all are set, told by mail, and no two passwords are the same."""
    accounts = await bulks.people(mails, 120)
    request_id = await bulks.begun(mails, accounts)
    run = await bulks.worked(mails, request_id)
    assert run.state is RequestState.DONE
    targets = await bulks.targets_of(mails, request_id)
    assert {t.state for t in targets} == {TargetState.DELIVERED}
    assert all(t.step(Step.MUST_CHANGE).state is StepState.DONE for t in targets)
    assert all(t.step(Step.SESSIONS).state is StepState.DONE for t in targets)
    assert all(t.step(Step.UNLOCK).state is StepState.SKIPPED for t in targets)
    given = dict(mails.directory.passwords)
    assert len(mails.directory.passwords) == len(given) == len(set(given.values())) == 120
    mailed = {s.facts.to: s.password.reveal() for s in mails.heard if getattr(s, "password", None)}
    assert mailed == {a.mail: given[a.id] for a in accounts}
