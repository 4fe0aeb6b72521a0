"""Who is calling: the person presses a number in their own Slack, or their manager vouches, or either says no."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.support.stage import GENERAL, MORGAN, ROBIN, SASHA

pytestmark = pytest.mark.as_shipped


async def asked(play):
    """Morgan asks Robin for a number; returns both at their pages, and the number."""
    robin = await play.viewer(ROBIN)
    morgan = await play.viewer(MORGAN, GENERAL)
    await morgan.form_for("@robin")
    await morgan.field("ticket_text").fill("INC-42")
    await morgan.button("number_ask", morgan.modal).click()
    await morgan.titled("Verify this person")
    number = await morgan.modal.locator(".block-title").inner_text()
    await robin.to_app()
    question = robin.message("Are you on the phone with IT?")
    await expect(robin.button("number_press", question)).to_have_count(3)
    return morgan, robin, number


def pressable(robin, number):
    return robin.button("number_press").filter(has_text=number)


async def back_to_the_form(morgan):
    await morgan.page.bring_to_front()
    await morgan.modal.get_by_test_id("modal-close").click()
    await morgan.titled("Reset a password")
    await expect(morgan.field("ticket_text")).to_have_value("INC-42")


async def believed_no_more(morgan, play):
    """Whoever called is not believed unseen, though Morgan says how they know; the security channel is next."""
    await back_to_the_form(morgan)
    await morgan.knows("called back")
    await morgan.field("code_text").fill(play.code())
    await morgan.submit()
    await expect(morgan.fault("verified")).to_contain_text("whoever called is not them")
    await morgan.leave()
    await morgan.go("security")


async def test_the_right_number_goes_through(play, pictures):
    """The view changes by itself, the form has kept everything, and the evidence stands with the request."""
    morgan, robin, number = await asked(play)
    await pictures.take(morgan, "verify")
    await robin.page.bring_to_front()
    await pressable(robin, number).click()
    await expect(robin.message("Thank you")).to_contain_text("may now reset your password")
    await expect(robin.button("number_press")).to_have_count(0)
    await expect(morgan.modal).to_contain_text("Robin Meyer pressed the right number")
    await back_to_the_form(morgan)
    await morgan.knows("They press the number")
    await morgan.field("code_text").fill(play.code())
    await morgan.submit()
    await expect(morgan.fault("verified")).to_contain_text("not enough where the password goes by Slack too")
    await morgan.knows("called back")
    pickup = await morgan.asked(play.code())
    await morgan.leave()
    await morgan.to_app()
    status = morgan.message("Password reset for Robin Meyer")
    await expect(status).to_contain_text("called back on a number from the directory, and pressed the right number")
    assert play.fits("robin.meyer", await robin.collect(pickup))


@pytest.mark.parametrize("no", [True, False], ids=["did not ask", "wrong number"])
async def test_the_caller_is_somebody_else(play, no):
    """Nothing is reset, the desk is warned, and the next call about Robin is not believed either."""
    morgan, robin, number = await asked(play)
    before = play.account("robin.meyer")["marker"]
    await robin.page.bring_to_front()
    if no:
        await robin.button("number_deny").click()
    else:
        await robin.button("number_press").filter(has_not_text=number).first.click()
    await expect(robin.message("Stopped: nothing was reset")).to_contain_text("has not changed")
    await expect(morgan.modal).to_contain_text("The caller is somebody else")
    await believed_no_more(morgan, play)
    await expect(morgan.message("I did not ask for this" if no else "not who they say")).to_contain_text("Robin Meyer")
    assert play.targets("robin.meyer") == []
    assert play.account("robin.meyer")["marker"] == before
    assert {"number_denied" if no else "number_wrong"} <= set(play.deeds())


async def test_its_time_runs_out(play):
    """The buttons vanish; the requester says how else they know."""
    morgan, robin, _ = await asked(play)
    play.age_numbers()
    await expect(robin.message("This question is over")).to_be_visible(timeout=30_000)
    await expect(robin.button("number_press")).to_have_count(0)
    await back_to_the_form(morgan)
    await morgan.knows("In person")
    await morgan.asked(play.code())


async def test_a_no_after_its_time(play):
    """The person still says so, where they are; the security channel hears, and the desk is warned."""
    morgan, robin, _ = await asked(play)
    play.age_numbers()
    await expect(robin.message("This question is over")).to_be_visible(timeout=30_000)
    await robin.page.bring_to_front()
    await robin.button("number_deny").click()
    told = robin.message("The security team has been told")
    await expect(told).to_contain_text("has asked for no new password")
    await expect(robin.button("number_deny")).to_have_count(0)
    await expect(morgan.modal).to_contain_text("now says that they do not know of this")
    await believed_no_more(morgan, play)
    await expect(morgan.message("once the question was over")).to_contain_text("Robin Meyer")
    assert play.targets("robin.meyer") == []
    assert play.deeds().count("number_denied_late") == 1


async def asked_of_the_manager(play):
    """Morgan has Robin's manager asked; returns both at their pages."""
    sasha = await play.viewer(SASHA)
    morgan = await play.viewer(MORGAN, GENERAL)
    await morgan.form_for("@robin")
    await morgan.field("ticket_text").fill("INC-42")
    await morgan.button("vouch_ask", morgan.modal).click()
    await morgan.titled("Ask their manager")
    await expect(morgan.modal).to_contain_text("Sasha Okafor is asked in Slack to vouch for Robin Meyer")
    await sasha.page.bring_to_front()
    await sasha.to_app()
    await expect(sasha.message("Do you vouch for one of your people?")).to_contain_text("Robin Meyer")
    return morgan, sasha


async def test_their_manager_vouches(play):
    """With a code of their own, after a wrong one; that alone is enough, and stands with the request."""
    morgan, sasha = await asked_of_the_manager(play)
    await sasha.button("vouch_begin").click()
    await sasha.titled("Vouch for somebody")
    await sasha.field("code_text").fill(play.wrong_code(SASHA))
    await sasha.submit()
    await expect(sasha.fault("code")).to_be_visible()
    await sasha.field("code_text").fill(play.code(SASHA))
    await sasha.submit()
    await expect(sasha.modal).to_contain_text("You have vouched for Robin Meyer")
    await sasha.leave()
    await expect(sasha.message("Thank you")).to_contain_text("may now reset the password")
    await expect(sasha.button("vouch_begin")).to_have_count(0)
    await expect(morgan.modal).to_contain_text("Sasha Okafor has vouched for Robin Meyer")
    await back_to_the_form(morgan)
    await morgan.knows("Their manager vouches")
    pickup = await morgan.asked(play.code())
    await morgan.leave()
    await morgan.to_app()
    status = morgan.message("Password reset for Robin Meyer")
    await expect(status).to_contain_text("their manager (Sasha Okafor) vouched, with a code of their own")
    robin = await play.viewer(ROBIN)
    assert play.fits("robin.meyer", await robin.collect(pickup))


async def test_their_manager_knows_nothing_of_it(play):
    """Nothing is reset, and the security channel hears who was asked by whom."""
    morgan, sasha = await asked_of_the_manager(play)
    await sasha.button("vouch_deny").click()
    await expect(sasha.message("Stopped: nothing was reset")).to_contain_text("has not changed")
    await expect(morgan.modal).to_contain_text("does not know of this")
    await believed_no_more(morgan, play)
    await expect(morgan.message("I do not know of this")).to_contain_text("Sasha Okafor")
    assert play.targets("robin.meyer") == []
    assert "vouch_denied" in play.deeds()
