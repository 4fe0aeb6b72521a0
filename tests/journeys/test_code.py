"""The admin's code: an error stands at its field, everything typed stays, and each code works once."""

from __future__ import annotations

from playwright.async_api import expect

from tests.support.stage import GENERAL, MORGAN, PRIYA


async def test_a_wrong_code_then_the_right_one(play):
    """The sentence stands at the code's field; ticket and ticks stay; nothing has happened; the next code works."""
    morgan = await play.viewer(MORGAN, GENERAL)
    await morgan.form_for("priya.raman")
    await morgan.field("ticket_text").fill("INC-77")
    await morgan.box("clear_sessions").check()
    await morgan.field("code_text").fill("12 34")
    await morgan.submit()
    await expect(morgan.fault("code")).to_contain_text("The code has 6 digits")
    await morgan.field("code_text").fill(play.wrong_code())
    await morgan.submit()
    await expect(morgan.fault("code")).to_contain_text("This code does not match. Nothing has changed.")
    await expect(morgan.field("code_text")).to_be_focused()
    await expect(morgan.field("ticket_text")).to_have_value("INC-77")
    await expect(morgan.box("clear_sessions")).to_be_checked()
    assert play.targets("priya.raman") == []
    used = play.code()
    await morgan.asked(used)
    await morgan.leave()
    await morgan.to_app()
    await expect(morgan.message("Password reset for Priya Raman")).to_contain_text("ticket INC-77")
    await expect(morgan.message("Password reset for Priya Raman")).to_contain_text("there was no session to end")

    await morgan.go("general")
    await morgan.form_for("@robin")
    await morgan.field("code_text").fill(used)
    await morgan.submit()
    await expect(morgan.fault("code")).to_contain_text("used already")
    assert play.targets("robin.meyer") == []
    assert PRIYA in {row["slack_user"] for row in play.targets("priya.raman")}


async def test_guessing_is_paid_for(play):
    """Three wrong codes: a pause, and the security channel hears of it; even the right code has to wait."""
    morgan = await play.viewer(MORGAN, GENERAL)
    await morgan.form_for("@robin")
    for _ in range(3):
        await morgan.field("code_text").fill(play.wrong_code())
        await morgan.submit()
        await expect(morgan.modal.get_by_test_id("modal-submit")).not_to_have_attribute("aria-busy", "true")
        await expect(morgan.fault("code")).to_contain_text("does not match")
    await morgan.field("code_text").fill(play.code())
    await morgan.submit()
    await expect(morgan.fault("code")).to_contain_text("there is a pause")
    await morgan.leave()
    await morgan.go("security")
    await expect(morgan.message("Several codes did not match")).to_contain_text("Morgan Lindqvist")
    assert play.targets("robin.meyer") == []
