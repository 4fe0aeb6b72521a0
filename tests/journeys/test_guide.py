"""The reference guide, row by row: what its sentences promise, done our way. docs/guide.md shows the same table."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest_asyncio
from playwright.async_api import expect

from tests.support.stage import GENERAL, MORGAN, PRIYA, ROBIN

TABLE = Path(__file__).parents[2] / "docs" / "guide.md"


@pytest_asyncio.fixture(loop_scope="session")
async def morgan(play):
    return await play.viewer(MORGAN, GENERAL)


async def test_g1_the_user_is_found_from_four_places(play, morgan):
    """Mention, login, address, a message's shortcut, Home: each ends in the same form for the same account."""
    for whom in ("@robin", "robin.meyer", "Robin.Meyer@ACME.example"):
        await morgan.form_for(whom)
        await expect(morgan.modal).to_contain_text("robin.meyer@acme.example")
        await morgan.leave()
    await play.workspace.do(ROBIN, do="say", channel=GENERAL, text="help, I am locked out")
    await morgan.message("I am locked out").hover()
    await morgan.message("I am locked out").get_by_test_id("message-menu").click()
    await morgan.page.get_by_test_id("shortcut-reset_person").click()
    await expect(morgan.modal).to_contain_text("robin.meyer@acme.example")
    await morgan.leave()
    await morgan.to_app("home")
    await morgan.button("home_reset").click()
    await morgan.field("who_pick").fill("robin mey")
    await morgan.page.get_by_test_id("option").filter(has_text="robin.meyer").click()
    await morgan.submit()
    await expect(morgan.modal).to_contain_text("robin.meyer@acme.example")


async def test_g2_one_user_is_reset(play, morgan):
    """One request for one user, told in one message, with nothing left to do."""
    await morgan.form_for("@robin")
    pickup = await morgan.asked(play.code())
    robin = await play.viewer(ROBIN)
    assert play.fits("robin.meyer", await robin.collect(pickup))
    assert [row["state"] for row in play.targets()] == ["collected"]
    await morgan.leave()
    await morgan.to_app()
    await expect(morgan.message("Done: shown to the person")).to_have_count(1)


async def test_g3_sessions_and_tokens_are_cleared(play, morgan):
    """What the form says in words is what happens, and how many were ended is told."""
    await play.demo.directory.issue_token(play.account("robin.meyer")["id"], "phone")
    await morgan.form_for("@robin")
    await expect(morgan.modal).to_contain_text("Clear mobile sessions and API tokens")
    await expect(morgan.modal).to_contain_text("ends every session, on phones too, and revokes API tokens")
    await morgan.box("clear_sessions").check()
    pickup = await morgan.asked(play.code())
    await morgan.leave()
    await morgan.to_app()
    status = morgan.message("Password reset for Robin Meyer")
    await expect(status).to_contain_text("Sessions: there was no session to end")
    await expect(status).to_contain_text("API tokens: 1 API token revoked")
    assert [row["revoked_at"] is None for row in play.rows("acme.db", "SELECT revoked_at FROM passes")] == [False]
    robin = await play.viewer(ROBIN)
    assert "The password is right" in await robin.sign_in("robin.meyer", await robin.collect(pickup))


async def test_g4_the_admin_proves_to_be_the_one_who_asks(play, morgan):
    """No code, no reset; no password of the admin's is asked for; the code of the phone is enough, once."""
    await morgan.form_for("@robin")
    await expect(morgan.modal.locator("input[type=password]")).to_have_count(0)
    await morgan.submit()
    await expect(morgan.fault("code")).to_contain_text("Please complete this required field")
    await morgan.field("code_text").fill(play.wrong_code())
    await morgan.submit()
    await expect(morgan.fault("code")).to_contain_text("Nothing has changed")
    assert play.targets() == []
    await morgan.asked(await morgan.phone_code())
    await play.until(play.targets)
    assert play.deeds().count("proved") == 1


async def test_g5_the_user_gets_a_one_time_password_by_mail(play, morgan):
    """The mail holds a password that opens the account, and the directory asks at once for another."""
    await morgan.form_for("priya.raman")
    await morgan.box("mail").check()
    await morgan.box("dm").uncheck()
    await expect(morgan.box("must_change")).to_be_checked()
    await morgan.field("code_text").fill(play.code())
    await morgan.submit()
    await morgan.titled("On its way")
    priya = await play.viewer(PRIYA)
    await priya.page.get_by_test_id("tab-mailbox").click()
    await priya.page.get_by_test_id("mail-row").first.click()
    body = priya.page.get_by_test_id("mail-body")
    await expect(body).to_contain_text("You are asked at once for a new password")
    (mail,) = play.workspace.mailbox.mails()
    (password,) = [word for word in mail["text"].split() if re.fullmatch(r"[A-Z][a-z]+(-[a-z]+){4}-\d", word)]
    assert "asks for a new one" in await priya.sign_in("priya.raman", password)


async def test_r1_an_unverified_domain_is_excluded_with_the_remedy(play, morgan):
    """A single reset too: the domain is named, and how to have it verified."""
    await morgan.say("/reset-password vera.kolb")
    await expect(morgan.modal).to_contain_text("The mail domain acme-labs.example is not verified for Acme directory")
    await expect(morgan.modal).to_contain_text("Verify it in the directory")
    await expect(morgan.modal).to_contain_text("add it to verified_domains of “acme”")
    await expect(morgan.modal.get_by_test_id("modal-submit")).to_have_count(0)
    await play.demo.directory.add_domain("acme-labs.example", verified=True)
    await morgan.leave()
    await morgan.form_for("vera.kolb")


async def test_r3_the_password_honours_the_directorys_policy(play, morgan):
    """The policy is made stricter a moment before: longer, four kinds of characters, none of the person's names."""
    with closing(sqlite3.connect(play.data / "acme.db", timeout=10)) as connection, connection:
        demand = "json_set(policy, '$.min_length', 44, '$.min_classes', 4, '$.min_special', 2, '$.min_digits', 1)"
        connection.execute(f"UPDATE settings SET policy = {demand}")
    await morgan.form_for("@robin")
    pickup = await morgan.asked(play.code())
    robin = await play.viewer(ROBIN)
    password = await robin.collect(pickup)
    assert len(password) >= 44
    for kind in (r"[A-Z]", r"[a-z]", r"\d", r"[^A-Za-z0-9]"):
        assert re.search(kind, password)
    assert not re.search("robin|meyer", password, re.IGNORECASE)
    assert play.fits("robin.meyer", password)


async def test_r4_what_is_not_touched_is_said_and_stays(play, morgan):
    """The form says it; afterwards everything else of the account, its groups and everybody else is as it was."""
    query = "SELECT login, name, mail, disabled, owner, admin, slack_user FROM accounts ORDER BY login"
    others = "SELECT login, password_hash FROM accounts WHERE login <> 'robin.meyer' ORDER BY login"
    groups = "SELECT * FROM members ORDER BY group_key, account_id"

    def stands():
        return [[tuple(row) for row in play.rows("acme.db", sql)] for sql in (query, others, groups)]

    before = stands()
    await morgan.form_for("@robin")
    await expect(morgan.modal).to_contain_text("Not touched: anything else of this account in Acme directory (groups,")
    pickup = await morgan.asked(play.code())
    robin = await play.viewer(ROBIN)
    await robin.collect(pickup)
    assert stands() == before


def test_the_table_and_the_tests_are_equal():
    """Every row names its test, every test has its row, in the same order."""
    rows = re.findall(r"^\| ([GR]\d+) \|.*`(test_\w+)` \|$", TABLE.read_text("utf-8"), re.MULTILINE)
    assert [number for number, _ in rows] == ["G1", "G2", "G3", "G4", "G5", "R1", "R3", "R4"]
    assert all(name.startswith(f"test_{number.lower()}_") for number, name in rows)
    assert [name for _, name in rows] == [name for name in globals() if re.match(r"test_[gr]\d", name)]
