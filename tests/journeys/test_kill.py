"""kill -9 at the instants that matter. Whatever happens, Robin ends with one working password and one message.

The instants are not hit by luck: a lock that the test holds on a file stops the bot exactly there.
"""

from __future__ import annotations

from playwright.async_api import expect

from tests.support.stage import GENERAL, MORGAN, ROBIN


async def submitted(play):
    """Let Morgan ask for Robin; returns Morgan and the pickup code."""
    morgan = await play.viewer(MORGAN, GENERAL)
    await morgan.form_for("@robin")
    return morgan, await morgan.asked(play.code())


async def ended_well(play, morgan, pickup):
    """Hold the end against the promise: one message, one password, one row, everybody told."""
    robin = await play.viewer(ROBIN)
    password = await robin.collect(pickup)
    assert play.fits("robin.meyer", password)
    assert "The password is right" in await robin.sign_in("robin.meyer", password)
    await morgan.leave()
    await morgan.to_app()
    await expect(morgan.message("Done: shown to the person")).to_be_visible()
    assert len(play.dms(ROBIN, "one-time password")) == 1
    assert len(play.dms(MORGAN, "Password reset for")) == 1
    assert [row["state"] for row in play.targets()] == ["collected"]
    assert play.sealed() == 0
    assert play.deeds().count("sealed") == 1


def state(play):
    rows = play.targets()
    return rows[0]["state"] if rows else None


async def test_killed_right_after_the_submission(play):
    """The pickup code has just been shown: what was promised is kept by the next process."""
    with play.held("acme.db"):
        morgan, pickup = await submitted(play)
        dead = play.kill()
    await play.reborn(dead)
    await ended_well(play, morgan, pickup)


async def test_killed_before_the_directory_has_it(play):
    """Sealed and about to be set: the directory still has the old password; the restart sets the sealed one."""
    before = play.account("robin.meyer")["marker"]
    with play.held("acme.db"):
        morgan, pickup = await submitted(play)
        await play.until(lambda: state(play) == "started")
        dead = play.kill()
        assert play.account("robin.meyer")["marker"] == before
        assert play.sealed() == 1
    await play.reborn(dead)
    await ended_well(play, morgan, pickup)


async def test_killed_between_the_directory_and_the_record(play):
    """The directory has the password, the store does not know: the restart sets the very same one and records it."""
    before = play.account("robin.meyer")["marker"]
    with play.held("acme.db") as directory:
        morgan, pickup = await submitted(play)
        await play.until(lambda: state(play) == "started")
        with play.held("rekey.db"):
            directory.release()
            await play.until(lambda: play.account("robin.meyer")["marker"] != before)
            dead = play.kill()
            assert state(play) == "started"
    await play.reborn(dead)
    await ended_well(play, morgan, pickup)


async def test_killed_before_the_message(play):
    """Set, and the message to Robin not taken by Slack yet: the restart sends it."""
    with play.held("acme.db") as directory:
        morgan, pickup = await submitted(play)
        await play.until(lambda: play.dms(MORGAN, "Password reset for"))
        play.workspace.faults.silence("chat.postMessage")
        directory.release()
        await play.until(
            lambda: any(call["channel"] == ROBIN for call in play.workspace.record.calls("chat.postMessage"))
        )
        dead = play.kill()
    assert play.dms(ROBIN, "one-time password") == []
    await play.reborn(dead)
    await ended_well(play, morgan, pickup)


async def test_killed_with_the_message_sent_and_the_answer_lost(play):
    """Slack has the message, and the bot died before it knew: the restart finds it, and sends no second one."""
    with play.held("acme.db") as directory:
        morgan, pickup = await submitted(play)
        await play.until(lambda: play.dms(MORGAN, "Password reset for"))
        play.workspace.faults.lose_answer("chat.postMessage")
        directory.release()
        await play.until(lambda: play.dms(ROBIN, "one-time password"))
        dead = play.kill()
    await play.reborn(dead)
    await ended_well(play, morgan, pickup)


async def test_killed_while_the_form_is_open(play):
    """A form that was opened before the bot died is taken by the next process, with everything that was typed."""
    morgan = await play.viewer(MORGAN, GENERAL)
    await morgan.form_for("@robin")
    await morgan.field("ticket_text").fill("INC-9")
    dead = play.kill()
    await play.reborn(dead)
    await morgan.connected()
    await expect(morgan.field("ticket_text")).to_have_value("INC-9")
    pickup = await morgan.asked(play.code())
    await ended_well(play, morgan, pickup)


async def test_killed_while_the_person_is_asked_for_the_pickup_code(play):
    """Robin's open question survives too, and the password is still shown only once."""
    morgan, pickup = await submitted(play)
    robin = await play.viewer(ROBIN)
    await robin.to_app()
    await robin.button("show_password").click()
    await robin.field("pickup_text").fill(pickup)
    dead = play.kill()
    await robin.submit()
    await expect(robin.modal.get_by_test_id("modal-error")).to_contain_text("trouble connecting")
    await play.reborn(dead)
    await robin.connected()
    await robin.submit()
    password = await robin.shown()
    assert play.fits("robin.meyer", password)
    await robin.leave()
    await expect(robin.button("show_password")).to_have_count(0)
    assert morgan.user == MORGAN
