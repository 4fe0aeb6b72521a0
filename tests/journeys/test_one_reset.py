"""One reset as people live it, from the slash command to the sign-in with the password that was revealed."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from tests.support.stage import GENERAL, MORGAN, ROBIN, SECURITY

WORDS = re.compile(r"^[A-Z][a-z]+(-[a-z]+){4}-[0-9]$")


@pytest.mark.as_shipped
async def test_from_the_command_to_the_sign_in(play, pictures):
    """One window, as a newcomer does it: ask, look at the phone, hand over the code, become Robin, collect, sign in."""
    before = play.account("robin.meyer")
    you = await play.viewer(MORGAN, GENERAL)
    await you.say("/reset-password @robin")
    await you.titled("Reset a password")
    await expect(you.modal).to_contain_text("Robin Meyer")
    await expect(you.modal).to_contain_text("robin.meyer")
    await expect(you.modal).to_contain_text("Warehouse")
    await expect(you.modal.locator("input[type=password]")).to_have_count(0)
    await you.knows("called back")
    code = await you.phone_code()
    await you.field("code_text").fill(code)
    await pictures.take(you, "demo", top=True)
    await you.page.get_by_test_id("tab-phone").click()
    await you.submit()
    pickup = await you.pickup_code()
    await you.leave()

    await you.to_app()
    status = you.message("Password reset for")
    await expect(status).to_contain_text("Delivered, waiting to be shown")
    await expect(status).to_contain_text("New password: set")
    await expect(status).to_contain_text("Caller: called back on a number from the directory")

    await you.view_as(ROBIN)
    await you.to_app()
    dm = you.message("Your password was reset")
    await expect(dm).to_contain_text("IT never asks you for this password")
    await you.button("show_password", dm).click()
    await you.field("pickup_text").fill(pickup.lower().replace("-", " "))
    await you.submit()
    password = await you.shown()
    assert WORDS.match(password)
    await pictures.take(you, "reveal")
    await you.leave()
    await expect(you.message("Your one-time password was shown")).to_be_visible()
    await expect(you.button("show_password")).to_have_count(0)

    said = await you.sign_in("robin.meyer", password)
    assert "The password is right" in said
    assert "asks for a new one" in said
    after = play.account("robin.meyer")
    assert play.fits("robin.meyer", password)
    assert after["must_change"] == 1
    assert after["marker"] != before["marker"]
    assert play.sealed() == 0

    await you.view_as(MORGAN)
    await you.to_app()
    await expect(you.message("Done: shown to the person")).to_be_visible()
    assert len(play.dms(MORGAN, "Password reset for")) == 1
    assert len(play.dms(ROBIN, "one-time password")) == 1
    assert password not in play.log()
    assert pickup not in play.log()


async def test_nobody_but_the_person_ever_sees_it(play):
    """Neither the admin, nor a channel, nor the security channel holds the password; and it is shown once."""
    morgan, robin = await play.viewer(MORGAN, GENERAL), await play.viewer(ROBIN)
    await morgan.form_for("robin.meyer")
    pickup = await morgan.asked(play.code())
    password = await robin.collect(pickup)
    seen = "".join(str(play.workspace.world.history(one)) for one in play.workspace.world.conversations)
    assert password not in seen
    assert pickup not in seen
    await morgan.leave()
    await morgan.go("security")
    await expect(morgan.page.get_by_test_id("messages")).not_to_contain_text(password)
    assert SECURITY in play.workspace.world.conversations
