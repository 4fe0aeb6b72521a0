"""Not me: the person stops it, the password is void, and whoever must know is told."""

from __future__ import annotations

from playwright.async_api import expect

from tests.support.stage import GENERAL, MORGAN, ROBIN, SASHA


async def asked_for_robin(play):
    morgan = await play.viewer(MORGAN, GENERAL)
    await morgan.form_for("@robin")
    pickup = await morgan.asked(play.code())
    await morgan.leave()
    robin = await play.viewer(ROBIN)
    await robin.to_app()
    await expect(robin.button("not_me")).to_have_count(1)
    return morgan, robin, pickup


async def test_the_person_says_not_me(play):
    """A question first; then the password is replaced by one that nobody has, and the security channel is alarmed."""
    morgan, robin, _ = await asked_for_robin(play)
    ours = play.account("robin.meyer")["marker"]
    await robin.button("not_me").click()
    await expect(robin.page.get_by_test_id("confirm")).to_contain_text("the security team is told")
    await robin.page.get_by_test_id("confirm-no").click()
    await expect(robin.button("show_password")).to_have_count(1)
    await robin.button("not_me").click()
    await robin.page.get_by_test_id("confirm-yes").click()
    await expect(robin.message("Stopped")).to_contain_text("its password is not shown any more")
    await expect(robin.button("show_password")).to_have_count(0)
    await expect(robin.button("not_me")).to_have_count(0)
    await play.until(lambda: play.account("robin.meyer")["marker"] != ours)
    await play.until(lambda: play.sealed() == 0)
    await morgan.to_app()
    await expect(morgan.message("the person said “not me”")).to_be_visible()
    sasha = await play.viewer(SASHA)
    await sasha.go("security")
    await expect(sasha.message("A person said “not me”")).to_contain_text("Robin Meyer")
    await expect(sasha.message("An admin may begin no resets for now")).to_contain_text("Morgan")
    await morgan.go("general")
    await morgan.say("/reset-password @priya")
    await expect(morgan.message("rekey admin unfreeze")).to_contain_text("Somebody said “not me”")


async def test_after_the_reveal_it_can_still_be_stopped(play):
    """A thief looked first: the person stops it, and what the thief has read opens nothing."""
    morgan, robin, pickup = await asked_for_robin(play)
    stolen = await robin.collect(pickup)
    assert play.fits("robin.meyer", stolen)
    await robin.button("not_me").click()
    await robin.page.get_by_test_id("confirm-yes").click()
    await expect(robin.message("Stopped")).to_be_visible()
    await play.until(lambda: not play.fits("robin.meyer", stolen))
    assert "do not fit" in await robin.sign_in("robin.meyer", stolen)
    await morgan.to_app()
    await expect(morgan.message("the person said “not me”")).to_be_visible()


async def test_wrong_pickup_codes_burn_the_password(play):
    """Five wrong codes, and the password is gone: nobody has seen it, and the security channel hears."""
    morgan, robin, pickup = await asked_for_robin(play)
    wrong = "0000-0000" if pickup != "0000-0000" else "1111-1111"
    await robin.button("show_password").click()
    for left in ("4 tries are left", "3 tries are left", "2 tries are left", "One try is left"):
        await robin.field("pickup_text").fill(wrong)
        await robin.submit()
        await expect(robin.fault("pickup")).to_contain_text(left)
    await robin.field("pickup_text").fill(wrong)
    await robin.submit()
    await expect(robin.modal).to_contain_text("Too many pickup codes did not match")
    await robin.leave()
    await expect(robin.button("show_password")).to_have_count(0)
    assert play.sealed() == 0
    await morgan.to_app()
    await expect(morgan.message("Stopped: wrong pickup codes")).to_be_visible()
