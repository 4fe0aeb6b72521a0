"""Somebody asks for the same account once too often: it is refused, and the security channel hears of it."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.support.stage import GENERAL, MORGAN, SASHA


@pytest.mark.limits("same_target_per_day = 1\nfresh_enrolment_hours = 0")
async def test_the_same_account_once_more(play):
    """Whoever asks; the modal says since when and until when, nothing is begun, and the alarm names who wanted it."""
    morgan, sasha = await play.viewer(MORGAN, GENERAL), await play.viewer(SASHA, GENERAL)
    await morgan.form_for("robin.meyer")
    await morgan.asked(play.code())
    await morgan.leave()
    await play.until(lambda: [row["state"] for row in play.targets()] == ["delivered"])
    before = play.account("robin.meyer")

    await sasha.form_for("robin.meyer")
    await sasha.field("code_text").fill(play.code(SASHA))
    await sasha.submit()
    await sasha.titled("Not now")
    await expect(sasha.modal).to_contain_text(
        "robin.meyer was reset as often as it may be within 24 hours (1 in the last"
    )
    await expect(sasha.modal).to_contain_text("It can be reset again in 24 hours")
    await sasha.leave()
    assert play.account("robin.meyer")["marker"] == before["marker"]
    assert len(play.targets()) == 1
    assert play.deeds().count("limited") == 1

    await morgan.go("security")
    alarm = morgan.message("The same account was to be reset once more")
    await expect(alarm).to_contain_text("Call the person and the admin, not in Slack")
    await expect(alarm).to_contain_text("robin.meyer")
    await expect(alarm).to_contain_text("Sasha")
