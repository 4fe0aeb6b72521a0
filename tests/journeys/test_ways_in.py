"""The other ways in: a message's shortcut, Home, a bare command; and what Home tells each person."""

from __future__ import annotations

from playwright.async_api import expect

from tests.support.stage import GENERAL, MORGAN, ROBIN


async def test_the_shortcut_on_a_message_names_its_author(play):
    """Robin writes that the password is forgotten; Morgan resets from that very message."""
    robin = await play.viewer(ROBIN, GENERAL)
    await robin.say("I forgot my password, sorry")
    morgan = await play.viewer(MORGAN, GENERAL)
    await morgan.message("I forgot my password").hover()
    await morgan.message("I forgot my password").get_by_test_id("message-menu").click()
    await morgan.page.get_by_test_id("shortcut-reset_person").click()
    await expect(morgan.modal).to_contain_text("robin.meyer@acme.example")
    pickup = await morgan.asked(play.code())
    password = await robin.collect(pickup)
    assert play.fits("robin.meyer", password)


def place_of_button(play):
    blocks = play.workspace.modals.homes[MORGAN].body["blocks"]
    return next(one["block_id"] for one in blocks if one.get("accessory", {}).get("action_id") == "home_reset")


async def test_home_begins_a_reset_and_lists_the_last_ones(play):
    """An empty Home teaches; its button asks for whom; afterwards both see the reset, each in their own words."""
    morgan = await play.viewer(MORGAN)
    await morgan.to_app("home")
    home = morgan.page.get_by_test_id("home")
    await expect(home).to_contain_text("Nothing waits for you.")
    await expect(home).to_contain_text("None yet. Press Reset one")
    await expect(home).to_contain_text("You reset passwords in: Acme directory")
    await morgan.button("home_reset").click()
    await morgan.titled("Whose password?")
    await morgan.field("who_pick").fill("robin")
    await morgan.page.get_by_test_id("option").filter(has_text="Robin Meyer").click()
    await morgan.submit()
    await expect(morgan.field("code_text")).to_have_count(1)
    await morgan.asked(play.code())
    await morgan.leave()
    robin = await play.viewer(ROBIN)
    await robin.to_app()
    await expect(robin.button("show_password")).to_have_count(1)
    await morgan.to_app("messages")
    await expect(morgan.message("Delivered, waiting to be shown")).to_be_visible()
    await morgan.to_app("home")
    await expect(home).to_contain_text("Robin Meyer (robin.meyer, Acme directory)")
    await expect(home).to_contain_text("1 one-time password not collected yet")
    assert place_of_button(play) == "home_reset", "a Home that is published anew moves the button away from the hand"
    await robin.to_app("home")
    own = robin.page.get_by_test_id("home")
    await expect(own).to_contain_text("Your password resets")
    await expect(own).to_contain_text("robin.meyer")
    await expect(robin.button("home_reset")).to_have_count(0)
