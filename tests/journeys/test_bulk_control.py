"""A run of many under way: paused, resumed, cancelled, tried again, stopped by itself, and killed."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from playwright.async_api import expect

from tests.support.stage import GENERAL, MORGAN, ROBIN

OVER = ("set", "delivered", "collected")


async def begun(play, group, people):
    """Let Morgan begin a run by mail and by message; returns the window and the run's message."""
    you = await play.viewer(MORGAN, GENERAL)
    await you.many(group=group)
    await you.previewed(f"{people} people")
    await you.confirmed(play.code(), people if people > 25 else None)
    return you, you.message("asked by")


def markers(play):
    return {row["login"]: row["marker"] for row in play.rows("acme.db", "SELECT login, marker FROM accounts")}


@pytest.mark.hold("10m")
async def test_cancelled_within_the_hold(play):
    """Cancel asks once more; then nobody has been touched, and no button is left."""
    before = markers(play)
    you, message = await begun(play, "Warehouse", 22)
    await you.press("bulk_cancel", message, confirm=True)
    await expect(message).to_contain_text("Cancelled: 0 people reset, 22 left as they were")
    await expect(message.get_by_role("button", name="Cancel")).to_have_count(0)
    assert markers(play) == before
    assert play.sealed() == 0
    assert play.told() == {}


async def test_paused_resumed_and_cancelled(play):
    """Pause stops it, Resume lets it go on, Cancel the rest spares those whose turn has not come."""
    before = markers(play)
    you, message = await begun(play, "All staff", 150)
    await play.until(lambda: len(play.people(*OVER)) >= 15)
    with play.held("acme.db"):
        await you.press("bulk_pause", message)
        await expect(message).to_contain_text("Paused at")
    await play.until(lambda: not play.people("started"))
    paused = len(play.people(*OVER))
    assert paused < 50
    await expect(message).to_contain_text(f"Paused at {paused} of 150 people")
    await expect(message).to_contain_text("Somebody has paused this run")
    assert len(play.people(*OVER)) == paused

    await you.press("bulk_resume", message)
    await play.until(lambda: len(play.people(*OVER)) >= paused + 15)
    with play.held("acme.db"):
        await you.press("bulk_cancel", message, confirm=True)
        await expect(message).to_contain_text("Cancelled:")
    await play.until(lambda: not play.people("started"))
    done = len(play.people(*OVER))
    assert paused < done < 100
    await expect(message).to_contain_text(f"Cancelled: {done} people reset, {150 - done} left as they were")
    await expect(message).to_contain_text(f"Told or mailed{done} of {done}", timeout=30_000)
    assert Counter(row["state"] for row in play.people()) == {
        "cancelled": 150 - done,
        "delivered": done,
        "excluded": 10,
    }
    now = markers(play)
    assert sum(now[login] != before[login] for login in now) == done == len(play.told())
    assert len(play.live()) == 1


async def test_who_failed_is_tried_again(play):
    """One whom the directory refuses is named with the reason; mended, Retry failed only resets that one alone."""
    with play.refused("robin.meyer"):
        you, message = await begun(play, "Warehouse", 22)
        await expect(message).to_contain_text("Done: 21 people reset, 1 not", timeout=30_000)
        await expect(message).to_contain_text("1 · the directory's answer makes no sense")
    before = markers(play)
    await you.press("bulk_retry", message)
    await expect(message).to_contain_text("Done: 22 people reset", timeout=30_000)
    await expect(message).to_contain_text("Told or mailed22 of 22", timeout=30_000)
    now = markers(play)
    assert [login for login in now if now[login] != before[login]] == ["robin.meyer"]
    assert play.fits("robin.meyer", play.told()["robin.meyer@acme.example"])
    assert len(play.dms(ROBIN, "one-time password")) == 1
    assert len(play.live()) == 1


async def test_killed_in_the_middle(play):
    """After kill -9 the same message goes on; everybody has one password, and was told that one."""
    you, message = await begun(play, "All staff", 150)
    await play.until(lambda: len(play.people(*OVER)) >= 40)
    (live,) = play.live()
    dead = play.kill()
    assert len(play.people(*OVER)) < 150
    await play.reborn(dead)
    await you.connected()
    await expect(message).to_contain_text("Done: 150 people reset", timeout=90_000)
    await expect(message).to_contain_text("Told or mailed150 of 150", timeout=60_000)
    assert [one["ts"] for one in play.live()] == [live["ts"]]
    mails = [one for one in play.workspace.mailbox.mails() if one["rcpt"][0] in play.told()]
    assert len({one["message_id"] for one in mails}) == len(play.told()) == 150
    told = play.told()
    assert all(told[one["rcpt"][0]] in one["text"] for one in mails)
    assert len(play.dms(ROBIN, "one-time password")) == 1
    assert len(set(told.values())) == 150
    assert all(play.fits(login, told[f"{login}@acme.example"]) for login in ("robin.meyer", "priya.raman"))
    assert re.search("The password is right", await you.sign_in("robin.meyer", told["robin.meyer@acme.example"]))


async def test_stopped_by_itself(play):
    """A first wave that goes wrong: nobody else is touched, and it says why; mended, it goes on to its end."""
    logins = [row["login"] for row in play.rows("acme.db", "SELECT login FROM accounts")]
    before = markers(play)
    with play.refused(*logins):
        you, message = await begun(play, "All staff", 150)
        await expect(message).to_contain_text("Paused at 5 of 150 people", timeout=30_000)
    await expect(message).to_contain_text("The first few people could not be reset, so the run has stopped")
    await expect(message).to_contain_text("5 · the directory's answer makes no sense")
    assert markers(play) == before
    assert len(play.people("failed")) == 5
    await you.press("bulk_resume", message)
    await expect(message).to_contain_text("Done: 145 people reset, 5 not", timeout=60_000)
    await expect(message).to_contain_text("Told or mailed145 of 145", timeout=60_000)
    await you.press("bulk_retry", message)
    await expect(message).to_contain_text("Done: 150 people reset", timeout=60_000)
    await expect(message).to_contain_text("Told or mailed150 of 150", timeout=60_000)
    assert len(set(play.told().values())) == 150
