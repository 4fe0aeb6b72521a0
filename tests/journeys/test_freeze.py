"""Something is wrong, and everything is stopped at once: a run of 150 stands still, and goes on with a code."""

from __future__ import annotations

import re

from playwright.async_api import expect

from tests.support.stage import GENERAL, MORGAN, SASHA

OVER = ("set", "delivered", "collected")


async def test_frozen_in_the_middle_of_a_run_and_resumed(play):
    """Another admin freezes it with one command; nobody new begins; who was enrolled first ends it with a code."""
    you = await play.viewer(MORGAN, GENERAL)
    await you.many(group="All staff")
    await you.previewed("150 people")
    await you.confirmed(play.code(), 150)
    message = you.message("asked by")
    sasha = await play.viewer(SASHA, GENERAL)
    await play.until(lambda: len(play.people(*OVER)) >= 15)
    with play.held("acme.db"):  # no directory takes a password while this is typed
        await sasha.say("/reset-password freeze somebody rings our people")
        await expect(sasha.message("All resets are frozen")).to_contain_text("What was begun is finished")
    await play.until(lambda: not play.people("started"))
    frozen = len(play.people(*OVER))
    assert frozen < 100
    await expect(message).to_contain_text(f"Frozen at {frozen} of 150 people")
    await expect(message).to_contain_text(re.compile("Sasha.* has frozen all resets"))
    assert play.run()["state"] == "running"

    await sasha.say("/reset-password @robin")
    await expect(sasha.message("so nothing was begun")).to_contain_text("has frozen all resets for another")
    await sasha.say("/reset-password resume")
    await expect(sasha.message("Only the security role ends a freeze")).to_be_visible()
    await you.to_app("home")
    home = you.page.get_by_text(re.compile("has frozen all resets")).first
    await expect(home).to_be_visible()
    assert len(play.people(*OVER)) == frozen

    await you.button("home_resume").click()
    await you.titled("End the freeze")
    await you.field("code_text").fill(play.wrong_code())
    await you.submit()
    await expect(you.fault("code")).to_contain_text("does not match")
    await you.field("code_text").fill(play.code())
    await you.submit()
    await expect(you.modal).to_contain_text("The freeze is over")
    await you.leave()
    await you.to_app()
    await expect(message).to_contain_text("Done: 150 people reset", timeout=90_000)
    await expect(message).to_contain_text("Told or mailed150 of 150", timeout=60_000)
    assert len(set(play.told().values())) == 150
    deeds = play.deeds()
    assert (deeds.count("frozen"), deeds.count("resumed_all"), deeds.count("paused")) == (1, 1, 0)
    await sasha.go("security")
    await expect(sasha.message("All resets are frozen for a while")).to_be_visible()
    await expect(sasha.message("The freeze was ended with a code")).to_be_visible()
