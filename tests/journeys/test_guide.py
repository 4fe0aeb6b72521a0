"""The reference guide, row by row: what its sentences promise, done our way. docs/guide.md shows the same table."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import expect

from tests.support.stage import GENERAL, MORGAN, PRIYA, ROBIN

TABLE = Path(__file__).parents[2] / "docs" / "guide.md"


def staff(play, *groups):
    """Return the logins in some groups whom Morgan may reset and a mail or a message can reach."""
    mine = "SELECT account_id FROM members WHERE group_key IN (SELECT key FROM groups WHERE name IN ({}))"
    members = play.rows("acme.db", mine.format(",".join("?" * len(groups))), *groups)
    ids = {member["account_id"] for member in members}
    rows = play.rows("acme.db", "SELECT * FROM accounts WHERE NOT disabled AND confirmed AND mail IS NOT NULL")
    return {row["login"] for row in rows if row["id"] in ids}


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


async def test_g6_users_are_selected_by_name_and_by_group(play, morgan):
    """People by typing, one after the other, and a group with everybody below it: all of them stand in the preview."""
    await morgan.many()
    await morgan.pick("bulk_people", "robin mey", "robin.meyer")
    await morgan.pick("bulk_people", "priya", "priya.raman")
    await expect(morgan.chips("bulk_people")).to_have_count(2)
    await morgan.pick("bulk_groups", "oper", "Operations")
    await morgan.previewed(f"{len(staff(play, 'Warehouse', 'Shipping', 'Support')) + 1} people")
    await expect(morgan.modal).to_contain_text("Named again1 time")
    assert play.people("excluded")
    assert "robin.meyer" in {row["login"] for row in play.people()}
    assert "priya.raman" in {row["login"] for row in play.people()}


async def test_g7_more_users_come_by_file_and_by_list(play, morgan):
    """A name picked, a file and a pasted list in one form: their union, and who is in two of them counts once."""
    await morgan.many(pasted="tomas.lind, priya.raman@acme.example")
    await morgan.pick("bulk_people", "robin mey", "robin.meyer")
    await morgan.upload("bulk_file", "people.csv", b"Name,E-Mail\nPriya,priya.raman@acme.example\nSasha,sasha.okafor\n")
    await morgan.previewed("4 people")
    await expect(morgan.modal).to_contain_text("Named again1 time; each person counts once")
    chosen = {row["login"] for row in play.people() if row["state"] != "excluded"}
    assert chosen == {"robin.meyer", "tomas.lind", "priya.raman", "sasha.okafor"}


async def test_g8_users_of_unverified_domains_are_left_out_by_name(play, morgan):
    """Counted in the preview, named on their page with the domain; nothing is set for them, everybody else is reset."""
    before = [play.account(login)["marker"] for login in ("vera.kolb", "otto.kolb")]
    await morgan.many(pasted="robin.meyer vera.kolb otto.kolb".replace(" ", "\n"))
    await morgan.previewed("1 person")
    await morgan.modal.get_by_role("button", name="Show 2 left out: mail domain not verified").click()
    for who in ("vera.kolb (Vera Kolb)", "otto.kolb (Otto Kolb)"):
        await expect(morgan.modal).to_contain_text(f"{who} · acme-labs.example")
    await morgan.modal.get_by_role("button", name="To the preview").click()
    await morgan.confirmed(play.code())
    await expect(morgan.message("asked by")).to_contain_text("Done: 1 person reset", timeout=30_000)
    assert [play.account(login)["marker"] for login in ("vera.kolb", "otto.kolb")] == before


async def test_g9_a_verified_domain_brings_them_in(play, morgan):
    """The sentence says what to do; done in the directory, the next preview has them."""
    await morgan.many(pasted="vera.kolb\notto.kolb")
    await morgan.submit()
    await expect(morgan.modal).to_contain_text("Nobody will be reset")
    await expect(morgan.modal.get_by_test_id("modal-submit")).to_have_count(0)
    await morgan.modal.get_by_role("button", name="Show 2 left out").click()
    await expect(morgan.modal).to_contain_text("Verify it in the directory")
    await play.demo.directory.add_domain("acme-labs.example", verified=True)
    await morgan.modal.get_by_role("button", name="To the preview").click()
    await morgan.leave()
    await morgan.many(pasted="vera.kolb\notto.kolb")
    await morgan.previewed("2 people")


async def test_g10_sessions_and_tokens_of_all_are_cleared(play, morgan):
    """One tick in the form, and every chosen person's API tokens are revoked."""
    for login in ("robin.meyer", "priya.raman"):
        await play.demo.directory.issue_token(play.account(login)["id"], "phone")
    await morgan.many(pasted="robin.meyer\npriya.raman")
    await expect(morgan.modal).to_contain_text("Clear mobile sessions and API tokens")
    await morgan.box("clear_sessions").check()
    await morgan.previewed("2 people")
    await morgan.confirmed(play.code())
    await expect(morgan.message("asked by")).to_contain_text("Done: 2 people reset", timeout=30_000)
    passes = play.rows("acme.db", "SELECT revoked_at FROM passes")
    assert [row["revoked_at"] is None for row in passes] == [False, False]


async def test_g11_each_user_gets_the_new_password_by_mail(play, morgan):
    """Each their own, to their own address; it opens the account, which asks at once for another."""
    await morgan.many(pasted="robin.meyer\npriya.raman\ntomas.lind", mail=True)
    await morgan.box("dm").uncheck()
    await morgan.previewed("3 people")
    await expect(morgan.modal).to_contain_text("Reached bymail: 3")
    await morgan.confirmed(play.code())
    await expect(morgan.message("asked by")).to_contain_text("Told or mailed3 of 3", timeout=30_000)
    told = play.told()
    assert set(told) == {f"{login}@acme.example" for login in ("robin.meyer", "priya.raman", "tomas.lind")}
    assert len(set(told.values())) == len(told)
    assert play.dms(ROBIN, "one-time password") == []
    for login in ("robin.meyer", "priya.raman"):
        assert "asks for a new one" in await morgan.sign_in(login, told[f"{login}@acme.example"])


@pytest.mark.hold("10m")
async def test_g12_the_code_confirms_exactly_this_preview(play, morgan):
    """Wrong number or code: nothing. A code that confirmed one preview confirms no other."""
    await morgan.many(group="Operations")
    count = len(staff(play, "Warehouse", "Shipping", "Support"))
    await morgan.previewed(f"{count} people")
    await expect(morgan.modal.locator("input[type=password]")).to_have_count(0)
    await morgan.field("number_text").fill(str(count - 1))
    code = play.code()
    await morgan.field("code_text").fill(code)
    await morgan.submit()
    await expect(morgan.fault("number")).to_be_visible()
    await morgan.field("number_text").fill(str(count))
    await morgan.field("code_text").fill(play.wrong_code())
    await morgan.submit()
    await expect(morgan.fault("code")).to_contain_text("Nothing has changed")
    assert "proved" not in play.deeds()
    await morgan.confirmed(code, count)
    await morgan.press("bulk_cancel", morgan.message("asked by"), confirm=True)
    await morgan.many(pasted="robin.meyer")
    await morgan.previewed("1 person")
    await morgan.field("code_text").fill(code)
    await morgan.submit()
    await expect(morgan.fault("code")).to_contain_text("used already")
    assert play.deeds().count("proved") == 1
    assert play.told() == {}


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
    assert [number for number, _ in rows] == [*(f"G{number}" for number in range(1, 13)), "R1", "R3", "R4"]
    assert all(name.startswith(f"test_{number.lower()}_") for number, name in rows)
    assert [name for _, name in rows] == [name for name in globals() if re.match(r"test_[gr]\d", name)]
