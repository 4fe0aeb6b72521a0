"""Whom the form offers to ask: the person's manager, if they can vouch and are no part of it."""

from __future__ import annotations

import pytest

from desk import look, vouch
from directory.base import Ambiguous, Capability, NotAllowed, Unreachable
from directory.local_people import NewAccount
from resets.actor import SlackPerson
from resets.evidence import How
from resets.reasons import Reason
from resets.request import Tier
from resets.verification import Needed
from tests.support import vouching
from tests.support.house import ADA, BOB, EVE, TEAM, enrolled, refused
from tests.support.vouching import GRANTS, SAID, asked, change


@pytest.fixture
async def desk(mails):
    """A house, on each of both databases, that asks how the caller was verified, and in which eve manages bob."""
    return await vouching.furnished(mails)


async def nobody(house, login="bob", member=BOB):
    """Return why the form offers to ask nobody."""
    form = await house.form(login, member)
    assert form.manager == ""
    assert How.MANAGER not in form.hows
    await refused(vouch.ask(house.tools, form.form_id, ADA, "forgot"), Reason.CANNOT)
    return form.no_manager and form.no_manager.reason


async def test_who_has_no_manager(desk):
    """Nothing is said of it, unless nothing else will do but to see the person."""
    assert await nobody(desk, "nora") is None
    desk.with_rules(verification={Tier.STANDARD: Needed.MANAGER})
    assert await nobody(desk, "nora") is Reason.NO_MANAGER
    await desk.local.change_account(desk.ids["nora"], manager="sam1")
    assert await nobody(desk, "nora") is Reason.MANAGER_NOT_ENROLLED
    desk.with_rules(verification=SAID)
    assert await nobody(desk, "nora") is None
    desk.with_rules(verification={Tier.STANDARD: Needed.MANAGER})
    desk.directory.capabilities -= {Capability.MANAGER}
    assert await nobody(desk) is Reason.NO_MANAGER


@pytest.mark.parametrize("needed", [Needed.NONE, Needed.IN_PERSON])
async def test_where_their_word_is_worth_nothing_no_directory_is_asked(desk, needed):
    """Neither where nothing is asked, nor where the person has to be seen."""
    desk.with_rules(verification=dict.fromkeys(Tier, needed))
    assert await nobody(desk) is None
    assert "manager" not in desk.directory.calls


@pytest.mark.parametrize("fault", [Unreachable(), NotAllowed(), Ambiguous()])
async def test_who_cannot_be_read_is_nobody(desk, fault):
    """And the form says so, and is good for all else."""
    desk.directory.before["manager"] = [fault]
    assert await nobody(desk) is Reason.MANAGER_UNREAD


@pytest.mark.parametrize("values", [{"frozen_at": True}, {"role": "gone"}], ids=lambda values: next(iter(values)))
async def test_a_manager_who_cannot_vouch(desk, values):
    """Frozen, or of a role that is not configured: said with their name."""
    open_form = await desk.form()
    await change(desk, EVE, **{key: desk.clock.now if value is True else value for key, value in values.items()})
    assert await nobody(desk) is Reason.MANAGER_UNABLE
    assert (await desk.form()).no_manager.facts["user"] == "Eve Evans"
    await refused(vouch.ask(desk.tools, open_form.form_id, ADA, "forgot"), Reason.MANAGER_UNABLE)


async def test_a_manager_who_was_revoked_since(desk):
    """Is asked by no form that is open, and offered by no new one."""
    form = await desk.form()
    await change(desk, EVE, revoked_at=desk.clock.now)
    await refused(vouch.ask(desk.tools, form.form_id, ADA, "forgot"), Reason.MANAGER_UNABLE)
    assert await nobody(desk) is None


async def test_one_frozen_enrolment_of_a_manager_freezes_all(desk):
    """They are one person; without that, the oldest enrolment whose role is configured is asked."""
    twin = SlackPerson(TEAM, "U0EVETWO")
    desk.seeds[twin] = await enrolled(desk, twin, "eve", "manager")
    desk.clock.tick(seconds=60)
    _, question = await asked(desk)
    assert question.manager.slack == EVE
    await change(desk, twin, frozen_at=desk.clock.now)
    assert await nobody(desk) is Reason.MANAGER_UNABLE


async def test_a_manager_who_is_part_of_it(desk):
    """The requester, by any Slack account; the person themselves; and who sits in the person's Slack."""
    await desk.local.change_account(desk.ids["bob"], manager="ada")
    assert await nobody(desk) is Reason.MANAGER_INVOLVED
    await desk.local.change_account(desk.ids["nora"], manager="eve")
    assert await nobody(desk, "nora", EVE) is Reason.MANAGER_INVOLVED
    await enrolled(desk, BOB, "bob")
    await desk.local.change_account(desk.ids["bob"], manager="bob")
    assert await nobody(desk) is Reason.MANAGER_INVOLVED


@pytest.mark.parametrize("field", ["mail", "recovery_mail"])
async def test_a_manager_who_would_get_the_mail(desk, field):
    """Whoever reads what is mailed to the person is a recipient, by whichever of the two addresses, however spelled."""
    (eve,) = (await desk.local.fetch([desk.ids["eve"]])).values()
    await desk.local.change_account(desk.ids["bob"], **{field: eve.mail.upper()})
    assert await nobody(desk) is Reason.MANAGER_INVOLVED
    desk.with_rules(verification=SAID, grants=GRANTS, mail_password=False)
    assert (await desk.form()).manager == "Eve Evans"


async def test_a_new_manager_is_another_person(desk):
    """The directory is read for each form."""
    await desk.local.add_account(NewAccount("zoe", "Zoe Zander", slack_user="U0ZOE"))
    zoe = SlackPerson(TEAM, "U0ZOE")
    desk.seeds[zoe] = await enrolled(desk, zoe, "zoe", "manager")
    await desk.local.change_account(desk.ids["bob"], manager="zoe")
    form = await desk.form()
    assert form.manager == "Zoe Zander"


async def test_an_empty_form_has_nobody_to_ask(desk):
    """It is about nobody yet."""
    empty = await look.start(desk.tools, ADA)
    await refused(vouch.ask(desk.tools, empty, ADA, "forgot"), Reason.CANNOT)
