"""Many at once, as people live it: chosen, previewed, confirmed, watched to its end."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter

import pytest
from playwright.async_api import expect

from tests.support.stage import GENERAL, MORGAN

STAFF = 150  # of "All staff", whom Morgan may reset
LEFT_OUT = {
    "owner or administrative rights": 2,
    "disabled in the directory": 2,
    "mail domain not verified": 2,
    "yourself, the requester": 1,
    "service or machine account": 1,
    "invitation never confirmed": 1,
    "no safe way to reach the person": 1,
}


def table(data):
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))


@pytest.mark.hold("8s")
async def test_by_group(play, pictures):
    """A group of groups: the preview, number and code, the hold, the first wave, the bar, the report, a sign-in."""
    you = await play.viewer(MORGAN, GENERAL)
    await you.many(group="All staff")
    await you.previewed("150 people")
    for words, count in LEFT_OUT.items():
        await expect(you.modal).to_contain_text(f"{count} · {words}")
    await expect(you.modal).to_contain_text("Begins 8 seconds after you confirm")
    before = {row["login"]: row["marker"] for row in play.rows("acme.db", "SELECT login, marker FROM accounts")}

    await you.field("code_text").fill(play.wrong_code())
    await you.field("number_text").fill("149")
    await you.submit()
    await expect(you.fault("number")).to_be_visible()
    with play.held("acme.db") as directory:
        await you.confirmed(play.code(), STAFF)
        message = you.message("asked by")
        await expect(message).to_contain_text("Begins soon: 150 people")
        await expect(you.button("bulk_cancel", message)).to_be_visible()
        await expect(message).to_contain_text("The first few of 150 people")
        assert len(play.people("sealed", "started")) == 5
        directory.release()
    await play.until(lambda: len(play.people("set", "delivered")) >= 40)
    with play.held("acme.db"):
        await expect(message).to_contain_text(re.compile(r"█+░+\s+\d+ of 150"))
        await expect(message).to_contain_text("Resetting 150 people")
        await pictures.take(you, "bulk-bar")
    await expect(message).to_contain_text("Done: 150 people reset", timeout=60_000)
    await expect(message).to_contain_text("Told or mailed150 of 150", timeout=60_000)
    assert len(play.live()) == 1
    assert {row["state"] for row in play.people() if row["state"] != "excluded"} == {"delivered"}

    report = table(await you.download("rekey-report.csv", you.thread("asked by")))
    assert Counter(row["outcome"] for row in report) == {"reset": STAFF, "excluded": sum(LEFT_OUT.values())}
    assert Counter(row["reason in words"] for row in report if row["reason"]) == LEFT_OUT
    mails = play.told()
    assert len(mails) == STAFF
    assert len(set(mails.values())) == STAFF
    now = {row["login"]: row["marker"] for row in play.rows("acme.db", "SELECT login, marker FROM accounts")}
    assert sum(now[login] != before[login] for login in now) == STAFF
    said = await you.sign_in("chiara.brandao", mails["chiara.brandao@acme.example"])
    assert "The directory now asks for a new one" in said
    assert not [password for password in mails.values() if password in play.log()]


ROWS = """\
login or e-mail;department
Robin.Meyer@ACME.example;Warehouse
"priya.raman";"Fin
ance"
robin.meyer;again
morgan.lindqvist;IT
olga.brandt;Management
peter.admin;IT
svc-backup;IT
dana.voss;Globex
hanna.sabbatical;Legal
nadia.newcomer;People
vera.kolb;Labs
otto.kolb;Labs
jo.postless;Warehouse
tomas.lindt;Shipping
shared@acme.example;Sales
<@U0NOBODY001>;unknown
"<@U0ROBIN0001> <@U0PRIYA0001>";two in one
""" + "".join(f"nobody.{number:02};nowhere\n" for number in range(21))

REASONS = {
    "not found": 23,
    "owner or administrative rights": 2,
    "mail domain not verified": 2,
    "fits more than one account": 1,
    "disabled in the directory": 1,
    "external or guest": 1,
    "yourself, the requester": 1,
    "service or machine account": 1,
    "invitation never confirmed": 1,
    "no safe way to reach the person": 1,
}


async def test_by_file_with_every_reason(play):
    """A file through Slack's file field: every reason that leaves somebody out has its line, its page and its row."""
    for login in ("alex.kim", "alex.kim2"):
        await play.demo.directory.change_account(play.account(login)["id"], mail="shared@acme.example")
    you = await play.viewer(MORGAN, GENERAL)
    await you.many()
    await you.upload("bulk_file", "after the breach.csv", ROWS.encode("utf-8-sig"))
    await you.previewed("2 people")
    for words, count in REASONS.items():
        await expect(you.modal).to_contain_text(f"{count} · {words}")
    await expect(you.modal).to_contain_text("Named again1 time; each person counts once")
    await expect(you.modal).to_contain_text("read the column “login or e-mail”, and not “department”")
    await expect(you.modal).to_contain_text("1 row could not be read (18), and nobody was taken from it")

    await you.modal.get_by_role("button", name="Show 23 left out: not found").click()
    await you.titled("Left out")
    await expect(you.modal).to_contain_text("tomas.lindt · did you mean tomas.lind")
    await expect(you.modal).to_contain_text("Page 1 of 2")
    await you.button("bulk_page_next", you.modal).click()
    await expect(you.modal).to_contain_text("nobody.20")
    await expect(you.modal).to_contain_text("Page 2 of 2")
    await you.button("bulk_page_back", you.modal).click()
    await expect(you.modal).to_contain_text("Page 1 of 2")
    await you.modal.get_by_role("button", name="To the preview").click()
    await you.modal.get_by_role("button", name="Show 2 left out: mail domain not verified").click()
    await expect(you.modal).to_contain_text("vera.kolb (Vera Kolb) · acme-labs.example")
    await expect(you.modal).to_contain_text("add it to verified_domains")
    await you.modal.get_by_role("button", name="To the preview").click()

    await you.confirmed(play.code())
    rows = table(await you.download("rekey-preview.csv"))
    assert {row["login"] for row in rows if row["outcome"] == "will be reset"} == {"robin.meyer", "priya.raman"}
    left_out = Counter(row["reason"] for row in rows if row["outcome"] == "excluded")
    assert sorted(left_out.values()) == sorted(REASONS.values())
    await expect(you.message("asked by")).to_contain_text("Done: 2 people reset", timeout=30_000)
    await expect(you.message("asked by")).to_contain_text("Told or mailed2 of 2", timeout=30_000)
    assert play.fits("robin.meyer", play.told()["robin.meyer@acme.example"])
    assert sum(row["marker"] is not None for row in play.people()) == len(("robin", "priya"))


async def test_a_file_that_is_none(play):
    """A sign-in page, and a list that brings passwords: the form comes back with the sentence and what was entered."""
    you = await play.viewer(MORGAN, GENERAL)
    await you.many(pasted="robin.meyer")
    await you.upload("bulk_file", "people.csv", b"<!DOCTYPE html><html><title>Sign in</title></html>")
    await you.submit()
    await expect(you.modal).to_contain_text("This file is a web page")
    await expect(you.field("pasted_text")).to_have_value("robin.meyer")
    await expect(you.box("mail")).to_be_checked()
    await you.upload("bulk_file", "new.csv", b"login,password\nrobin.meyer,Summer-2031\n")
    await you.submit()
    await expect(you.modal).to_contain_text("holds passwords, so the file was not used")
    await you.submit()
    await expect(you.modal).to_contain_text("1 person will be reset")
    assert play.told() == {}
    assert play.account("robin.meyer")["must_change"] == 0
