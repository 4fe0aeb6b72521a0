"""A second pair of eyes: what one admin asks for waits until another has agreed to it, with a code of their own."""

from __future__ import annotations

import asyncio
import re

import pytest
from playwright.async_api import expect

from tests.support.browser import PICKUP_CODE
from tests.support.stage import ASKING, CARLA, GENERAL, MORGAN, PRIYA, SASHA, approvals

ONE = pytest.mark.settings(approvals(standard=1))


async def asked(you, play, login="robin.meyer"):
    """Ask for one reset, which waits."""
    await you.form_for(login)
    await expect(you.modal.get_by_test_id("modal-submit")).to_have_text("Ask for approval")
    await you.field("code_text").fill(play.code())
    await you.submit()
    await you.titled("Waits for approval")
    await you.leave()


async def card(viewer, text="Approval needed"):
    await viewer.go("approvals")
    return viewer.message(text)


async def approved(viewer, play, message):
    await viewer.press("approval_approve", message)
    await viewer.titled("Approve")
    await viewer.field("code_text").fill(play.code(viewer.user))
    await viewer.submit()


async def asks(viewer):
    """Have somebody who is not in the channel asked for their code, from Home."""
    await viewer.to_app("home")
    await viewer.button("approval_approve").click()
    await viewer.titled("Approve")


@pytest.mark.settings(ASKING)
async def test_many_run_once_somebody_else_has_agreed(play, pictures):
    """The preview asks for approval; the other admin sees it, types a wrong code, then a right one; it runs."""
    you, sasha = await play.viewer(MORGAN, GENERAL), await play.viewer(SASHA, GENERAL)
    await you.many(group="All staff")
    await you.previewed("150 people")
    await expect(you.modal).to_contain_text("Nothing happens before another admin agrees")
    await pictures.take(you, "bulk", top=True)
    await you.field("number_text").fill("150")
    await you.field("code_text").fill(play.code())
    await you.submit()
    await you.titled("Waits for approval")
    await expect(you.modal).to_contain_text("Can decide: Sasha")
    await you.leave()
    await you.to_app()
    message = you.message("asked by")
    await expect(message).to_contain_text("Waits for approval: 150 people")
    assert not play.people("sealed", "started", "set")

    seen = await card(sasha)
    await expect(seen).to_contain_text("150 people")
    await sasha.press("approval_details", seen)
    await sasha.titled("What is asked")
    await expect(sasha.modal).to_contain_text("Left out, and not touched")
    await sasha.leave()
    await pictures.take(sasha, "approval")
    await sasha.press("approval_approve", seen)
    await sasha.titled("Approve")
    await sasha.field("code_text").fill(play.wrong_code(SASHA))
    await sasha.submit()
    await expect(sasha.fault("code")).to_contain_text("does not match")
    await sasha.field("code_text").fill(play.code(SASHA))
    await sasha.submit()
    await expect(sasha.modal).to_contain_text("You have approved it")
    await sasha.leave()
    seen = await card(sasha, "Approved: 150 people")
    await expect(seen).to_contain_text(re.compile("Sasha.* approved"))
    await expect(sasha.button("approval_approve", seen)).to_have_count(0)
    await expect(message).to_contain_text("Done: 150 people reset", timeout=90_000)
    await expect(message).to_contain_text("Told or mailed150 of 150", timeout=60_000)
    assert play.deeds().count("approved") == 1
    assert len(set(play.told().values())) == 150


@pytest.mark.as_shipped
async def test_a_sensitive_account_is_seen_in_person_and_agreed_to(play):
    """Nothing less than face to face is on offer; then one other agrees, and she collects it as anybody does."""
    you, sasha = await play.viewer(MORGAN, GENERAL), await play.viewer(SASHA, GENERAL)
    await you.form_for("@carla")
    await expect(you.modal).to_contain_text("Sensitive account")
    await you.field("verified_pick").click()
    await expect(you.page.get_by_test_id("option")).to_have_count(1)
    await you.page.get_by_test_id("option").filter(has_text="In person").click()
    await you.field("code_text").fill(play.code())
    await you.submit()
    await you.titled("Waits for approval")
    await expect(you.modal).to_contain_text("Can decide: Sasha")
    pickup = await you.modal.locator(".block-title").filter(has_text=PICKUP_CODE).inner_text()
    await you.leave()
    seen = await card(sasha)
    await expect(seen).to_contain_text("Carla Monti")
    await expect(seen).to_contain_text("1 sensitive account")
    await sasha.press("approval_details", seen)
    await expect(sasha.modal).to_contain_text("What happens")
    await sasha.leave()
    await approved(sasha, play, seen)
    await expect(sasha.modal).to_contain_text("It is on its way now")
    await sasha.leave()
    carla = await play.viewer(CARLA)
    assert play.fits("carla.monti", await carla.collect(pickup))


@ONE
async def test_denied_with_a_reason(play):
    """One no ends it; the requester reads why, and nothing has changed."""
    you, sasha = await play.viewer(MORGAN, GENERAL), await play.viewer(SASHA, GENERAL)
    before = play.account("robin.meyer")
    await asked(you, play)
    await sasha.press("approval_deny", await card(sasha))
    await sasha.titled("Deny")
    await sasha.field("why_text").fill("I rang Robin, who did not ask")
    await sasha.submit()
    await expect(sasha.modal).to_contain_text("You have denied it")
    await sasha.leave()
    await expect(await card(sasha, "Denied")).to_contain_text("I rang Robin")
    await you.to_app()
    told = you.message("Password reset for")
    await expect(told).to_contain_text("Denied: nothing has changed")
    await expect(told).to_contain_text("I rang Robin, who did not ask")
    assert play.account("robin.meyer")["marker"] == before["marker"]


@ONE
async def test_nobody_approves_their_own_request(play):
    """The click is answered to the requester alone; no code is asked for; *Withdraw* is theirs."""
    you, sasha = await play.viewer(MORGAN, GENERAL), await play.viewer(SASHA, GENERAL)
    await asked(you, play)
    seen = await card(you)
    await you.press("approval_approve", seen)
    await expect(you.message("This is your own request")).to_be_visible()
    await expect(you.modal).to_have_count(0)
    waiting = await card(sasha)
    await sasha.press("approval_approve", waiting)
    await sasha.titled("Approve")
    await you.press("approval_withdraw", seen)
    await expect(await card(you, "Withdrawn")).to_contain_text("Nobody was reset")
    await sasha.field("code_text").fill(play.code(SASHA))
    await sasha.submit()
    await expect(sasha.modal).to_contain_text("nothing to decide about this any more")
    await sasha.leave()

    await you.go("general")
    await asked(you, play, "priya.raman")  # what is asked anew has a card of its own
    newer = await card(sasha)
    await expect(newer).to_contain_text("Priya Raman")
    await approved(sasha, play, newer)
    await expect(sasha.modal).to_contain_text("It is on its way now")
    assert play.deeds().count("approved") == 1


@pytest.mark.settings(approvals(standard=2))
async def test_edit_voids(play):
    """Two have to agree, and one has; changed, that one's word is worth nothing: both have to agree to the new one."""
    await play.enrol(PRIYA, "priya.raman")
    you = await play.viewer(MORGAN, GENERAL)
    sasha, priya = [await play.viewer(user, GENERAL) for user in (SASHA, PRIYA)]
    await asked(you, play)
    await approved(sasha, play, await card(sasha))
    await expect(sasha.modal).to_contain_text("1 approval is still missing")
    await sasha.leave()
    await asks(priya)

    await you.press("approval_change", await card(you))
    await expect(you.modal).to_contain_text("You are changing request")
    await expect(you.modal).to_contain_text("robin.meyer")
    await you.field("ticket_text").fill("INC-4711")
    await you.field("code_text").fill(play.code())
    await you.submit()
    await you.titled("Waits for approval")
    await you.leave()
    changed = await card(you, "Changed, and asked anew")
    await expect(changed).to_contain_text("has taken its place")
    await expect(you.button("approval_approve", changed)).to_have_count(0)
    await expect(you.thread("Changed, and asked anew")).to_contain_text("counts for nothing")

    await priya.field("code_text").fill(play.code(PRIYA))
    await priya.submit()
    await expect(priya.modal).to_contain_text("has changed it")
    await priya.leave()
    await asks(priya)
    await priya.field("code_text").fill(play.code(PRIYA))
    await priya.submit()
    await expect(priya.modal).to_contain_text("1 approval is still missing")
    await priya.leave()
    assert "set" not in {row["state"] for row in play.targets()}
    await approved(sasha, play, await card(sasha))
    await expect(sasha.modal).to_contain_text("It is on its way now")
    await sasha.leave()
    await expect(await card(sasha, "Approved: 1 person")).to_contain_text("INC-4711")
    thread = sasha.thread("Approved: 1 person")
    await expect(thread).to_contain_text(re.compile("Morgan.* asked .*Priya.* approved .*Sasha.* approved", re.DOTALL))
    await expect(thread).to_contain_text("the password is set")
    assert play.deeds().count("proved") == 1


@pytest.mark.settings(approvals(standard=1, single='"8s"'))
async def test_nobody_looks_in_time(play):
    """It ends by itself; the card and the requester's message say so, and its buttons are gone."""
    you, sasha = await play.viewer(MORGAN, GENERAL), await play.viewer(SASHA, GENERAL)
    await asked(you, play)
    over = await card(sasha, "Not approved in time")
    await expect(over).to_be_visible(timeout=30_000)
    await expect(sasha.button("approval_approve", over)).to_have_count(0)
    await you.to_app()
    await expect(you.message("Password reset for")).to_contain_text("Not approved in time: nothing has changed")
    assert "set" not in {row["state"] for row in play.targets()}


@ONE
async def test_two_approvers_in_two_windows_at_one_moment(play):
    """One of them is heard; the other is told that it is decided; it is done once."""
    await play.enrol(PRIYA, "priya.raman")
    you = await play.viewer(MORGAN, GENERAL)
    others = [await play.viewer(user, GENERAL) for user in (SASHA, PRIYA)]
    await asked(you, play)
    for one in others:
        await asks(one)
    for one in others:
        await one.field("code_text").fill(play.code(one.user))
    await asyncio.gather(*(one.modal.get_by_test_id("modal-submit").click() for one in others))
    said = [expect(one.modal).to_contain_text(re.compile("approved it|nothing to decide")) for one in others]
    await asyncio.gather(*said)
    texts = [await one.modal.inner_text() for one in others]
    assert sum("You have approved it" in text for text in texts) == 1
    await you.to_app()
    await expect(you.message("Password reset for")).to_contain_text("Delivered, waiting to be shown")
    deeds = play.deeds()
    assert (deeds.count("approved"), deeds.count("proved"), deeds.count("sealed")) == (1, 1, 1)
