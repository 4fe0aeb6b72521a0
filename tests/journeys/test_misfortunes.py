"""Slack, the mail server and people's own delays going wrong: each ends well, or in a sentence with the next step."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.support.stage import GENERAL, MORGAN, PRIYA, ROBIN


async def finished(play, morgan, pickup):
    """Collect as Robin and see that it came once."""
    robin = await play.viewer(ROBIN)
    await robin.to_app()
    await expect(robin.button("show_password")).to_have_count(1)
    password = await robin.collect(pickup)
    assert play.fits("robin.meyer", password)
    assert len(play.dms(ROBIN, "one-time password")) == 1
    await morgan.leave()
    await morgan.to_app()
    await expect(morgan.message("Done: shown to the person")).to_be_visible(timeout=40_000)
    assert len(play.dms(MORGAN, "Password reset for")) == 1


@pytest.mark.parametrize("status", [429, 500, "silence", "lost"])
async def test_slack_does_not_take_the_messages(play, status):
    """429, 500, no answer, and an answer that is lost: in the end each message stands there once."""
    faults = play.workspace.faults
    if status == "silence":
        faults.silence("chat.postMessage", times=1)
    elif status == "lost":
        faults.lose_answer("chat.postMessage", times=2)
    else:
        faults.answer("chat.postMessage", status, times=3)
        faults.answer("chat.update", status, times=1)
    morgan = await play.viewer(MORGAN, GENERAL)
    await morgan.form_for("@robin")
    pickup = await morgan.asked(play.code())
    await play.until(lambda: play.dms(ROBIN, "show_password"), seconds=60)
    await finished(play, morgan, pickup)


@pytest.mark.parametrize("method", ["users.info", "views.update"])
@pytest.mark.parametrize("status", [429, 500, "silence"])
async def test_slack_fails_while_the_form_fills(hall, method, status):
    """The form fills all the same or ends in a sentence; it never stays a skeleton, and the next try works."""
    if status == "silence":
        hall.workspace.faults.silence(method)
    else:
        hall.workspace.faults.answer(method, status)
    morgan = await hall.viewer(MORGAN, GENERAL)
    await morgan.say("/reset-password @robin")
    await expect(morgan.modal.or_(morgan.message("Please try again")).first).to_be_visible()
    await expect(morgan.page.get_by_text("I am looking the account up")).to_have_count(0, timeout=25_000)
    if await morgan.modal.count():
        await morgan.leave()
    hall.workspace.faults.clear()
    await morgan.form_for("@robin")
    await morgan.leave()
    await morgan.page.close()


async def test_the_connection_to_slack_breaks(play):
    """Every socket torn down in the middle: the bot comes back by itself and the open form goes on."""
    morgan = await play.viewer(MORGAN, GENERAL)
    await morgan.form_for("@robin")
    play.workspace.faults.drop_sockets()
    await play.until(lambda: not play.workspace.delivery.connected)
    await play.connected()
    await morgan.connected()
    await finished(play, morgan, await morgan.asked(play.code()))


async def test_a_form_left_open_for_a_day(play):
    """It has expired: a sentence says so, what to do, and that nothing has changed."""
    morgan = await play.viewer(MORGAN, GENERAL)
    await morgan.form_for("@robin")
    play.age_forms()
    await morgan.field("code_text").fill(play.code())
    await morgan.submit()
    await expect(morgan.modal).to_contain_text("This form was open for too long and has expired. Nothing has changed.")
    await expect(morgan.modal).to_contain_text("Start again with /reset-password.")
    assert play.targets() == []


async def test_a_form_is_sent_once(play):
    """A double click, a repeated and a replayed submission are one reset."""
    morgan = await play.viewer(MORGAN, GENERAL)
    await morgan.form_for("@robin")
    await morgan.field("code_text").fill(play.code())
    view = play.workspace.modals.top(MORGAN)
    await morgan.modal.get_by_test_id("modal-submit").dblclick()
    await morgan.pickup_code()
    sent = next(one.payload for one in play.workspace.record[::-1] if "view_submission" in str(one.payload)[:400])
    again = await play.workspace.deliver("interactive", sent)
    assert "sent already" in str(again)
    assert len(play.targets()) == 1
    assert view is not None


async def test_the_mail_server_refuses(play):
    """The password by mail, refused for good: both are told what has and has not happened, and a retry delivers it."""
    play.workspace.mailbox.refuse("550 5.1.1 no such mailbox", times=1)
    morgan = await play.viewer(MORGAN, GENERAL)
    await morgan.form_for("priya.raman")
    await morgan.box("dm").uncheck()
    await morgan.box("mail").check()
    await morgan.field("code_text").fill(play.code())
    await morgan.submit()
    await morgan.titled("On its way")
    await morgan.leave()
    await morgan.to_app()
    status = morgan.message("Password reset for Priya Raman")
    await expect(status).to_contain_text("Password set, but the person is not told")
    await expect(status).to_contain_text("The mail server did not take the mail, so it was not sent.")
    assert play.sealed() == 1
    await morgan.button("retry_step", status).click()
    await expect(status).to_contain_text("Sent by mail")
    priya = await play.viewer(PRIYA)
    await priya.page.get_by_test_id("tab-mailbox").click()
    await priya.page.get_by_test_id("mail-row").first.click()
    await expect(priya.page.get_by_test_id("mail-body")).to_contain_text("IT never asks you for a password")
    (mail,) = [one for one in play.workspace.mailbox.mails() if "priya" in one["to"]]
    assert any(play.fits("priya.raman", word) for word in mail["text"].split())


async def test_the_mail_server_asks_to_come_again(play):
    """A 4xx is tried again by itself, and the mail comes once."""
    play.workspace.mailbox.refuse("451 4.3.0 try later", times=1)
    morgan = await play.viewer(MORGAN, GENERAL)
    await morgan.form_for("priya.raman")
    await morgan.box("dm").uncheck()
    await morgan.box("mail").check()
    await morgan.field("code_text").fill(play.code())
    await morgan.submit()
    await morgan.titled("On its way")
    await morgan.leave()
    await morgan.to_app()
    await expect(morgan.message("Sent by mail")).to_be_visible(timeout=30_000)
    assert len([one for one in play.workspace.mailbox.mails() if "priya" in one["to"]]) == 1
