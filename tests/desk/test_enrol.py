"""Enrolment at the host."""

from __future__ import annotations

import secrets

import pyotp
import pytest

from desk import enrol, home
from resets.audit import Deed
from resets.reasons import Reason, Refused
from tests.support.house import ADA, BOB, EVE


async def begin(house, user=BOB.user, login="bob", directory="corp"):
    return await enrol.enrol(
        house.tools, slack_user=user, directory=directory, login=login, role="helpdesk", randbytes=secrets.token_bytes
    )


async def test_a_code_proves_the_phone_and_binds_the_account(house):
    """After one right code the person is enrolled, bound to the account's immutable id."""
    enrolling = await begin(house)
    code = pyotp.TOTP(enrolling.seed.reveal()).at(house.clock.now)
    actor = await enrol.confirm(house.tools, enrolling, code, by="root")
    assert actor.account_id == house.ids["bob"]
    assert Deed.ENROLLED in await house.deeds()
    assert "secret=" in enrolling.uri.reveal()


async def test_a_wrong_code_keeps_nothing(house):
    """Without a right code there is no enrolment."""
    enrolling = await begin(house)
    with pytest.raises(Refused) as refused:
        await enrol.confirm(house.tools, enrolling, "000000", by="root")
    assert refused.value.reason is Reason.CODE_WRONG
    assert len(await enrol.listing(house.tools)) == 1


@pytest.mark.parametrize(
    ("login", "reason"),
    [
        ("nobody", Reason.NOT_FOUND),
        ("dora", Reason.DISABLED),
        ("ext", Reason.EXTERNAL),
        ("svc", Reason.SERVICE),
    ],
)
async def test_who_cannot_be_enrolled(house, login, reason):
    """An account that is not a living person of ours cannot stand behind an admin."""
    with pytest.raises(Refused) as refused:
        await begin(house, login=login)
    assert refused.value.reason is reason


async def test_one_enrolment_a_slack_person(house):
    """A Slack person who is enrolled is not enrolled again."""
    with pytest.raises(Refused) as refused:
        await begin(house, user=ADA.user)
    assert refused.value.reason is Reason.ALREADY_ENROLLED


async def test_unknown_directory_is_said(house):
    """A directory that is not configured is a sentence."""
    with pytest.raises(Refused) as refused:
        await begin(house, directory="nowhere")
    assert refused.value.reason is Reason.NO_SUCH_DIRECTORY


async def test_a_seed_moved_to_another_enrolment_does_not_open(house):
    """A sealed seed is tied to actor, Slack id and account: swapped to another's row it opens nothing."""
    from sqlalchemy import text

    enrolling = await begin(house)
    code = pyotp.TOTP(enrolling.seed.reveal()).at(house.clock.now)
    await enrol.confirm(house.tools, enrolling, code, by="root")
    rows = {r.actor.login: r.id for r in await enrol.listing(house.tools)}
    async with house.store.write() as tx:
        await tx.conn.execute(
            text(
                "UPDATE seals SET blob = (SELECT blob FROM seals WHERE row_id = :bob AND purpose = 'totp') "
                "WHERE row_id = :ada AND purpose = 'totp'"
            ),
            rows,
        )
    with pytest.raises(Refused) as refused:
        await house.ask("eve", EVE, code=code)
    assert refused.value.reason is Reason.KEY_WRONG


async def test_home_shows_an_admin_the_last_requests_and_a_user_their_own(house):
    """Home is for its owner: requests made, or resets received; a stranger's is empty."""
    queued = await house.ask()
    await house.pump()
    mine = await home.show(house.tools, ADA)
    assert mine.role == "admin"
    assert [r.request_id for r in mine.rows] == [queued.request_id]
    assert mine.unclaimed == 1
    theirs = await home.show(house.tools, BOB)
    assert theirs.role is None
    assert [r.request_id for r in theirs.rows] == [queued.request_id]
    assert (await home.show(house.tools, EVE)).rows == ()
