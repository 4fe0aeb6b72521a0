"""`rekey reset`: a preview that changes nothing, a code, and the same run as in Slack."""

from __future__ import annotations

import asyncio
import csv
import json
import re
import threading

import pytest

from resets.audit import Deed
from resets.request import RequestState
from tests.support.shell import Shell
from tests.support.slackwire import Wire, person

CROWD = 30


@pytest.fixture
def rekey(tmp_path, monkeypatch):
    shell = Shell(tmp_path, monkeypatch)
    shell.furnish(CROWD)
    return shell


def test_a_dry_run_shows_everything_and_changes_nothing(rekey, tmp_path):
    """The preview counts, names who is left out and why, writes its report, and leaves passwords and runs alone."""
    before = rekey.markers()
    report = tmp_path / "preview.csv"
    done = rekey("reset", "p00", "P1@example.com", "p00", "dora", "nina", "ada", "nobody", "--as", "ada", "--dry-run",
                 "--report", str(report))  # fmt: skip
    assert done.code == 0, done
    assert re.search(r"^Will be reset +2$", done.out, re.MULTILINE)
    assert re.search(r"^Left out +4$", done.out, re.MULTILINE)
    for said in (
        "disabled in the directory",
        "dora (Dora Disabled)",
        "Slack knows nobody for this account",
        "yourself",
        "nobody",
    ):
        assert said in done.out
    assert "nothing has changed" in done.out
    assert "Slack cannot be asked" in done.err
    rows = list(csv.DictReader(report.read_text("utf-8-sig").splitlines()))
    assert sorted(row["outcome"] for row in rows) == ["excluded"] * 4 + ["will be reset"] * 2
    words = {row["login"]: row["reason in words"] for row in rows}
    assert (words["dora"], words["ada"], words["p00"]) == ("disabled in the directory", "yourself, the requester", "")
    assert report.stat().st_mode & 0o077 == 0
    assert rekey.markers() == before
    assert rekey.runs() == ()
    deeds = [entry.deed for entry in rekey.journal()]
    assert Deed.PREVIEWED in deeds
    assert not {Deed.ASKED, Deed.PROVED, Deed.STARTED} & set(deeds)
    looked = next(entry for entry in rekey.journal() if "host" in entry.facts and entry.deed is Deed.LOOKED_UP)
    assert looked.actor == "slack:T0TEST/U0ADA"


def test_a_list_of_reasons_ends_at_twenty(rekey):
    """Of 25 unknown names 20 are shown, and the rest is where the report is."""
    done = rekey("reset", "p00", *[f"ghost{n}" for n in range(25)], "--as", "ada", "--dry-run")
    assert done.code == 0, done
    assert done.out.count("      ghost") == 20
    assert "... and 5 more: see --report FILE" in done.out


def test_from_a_file_to_the_end(rekey, tmp_path):
    """A CSV file of 30, its number and a code: all of them are reset, and the journal has the proof."""
    names = tmp_path / "people.csv"
    names.write_text("login,team\n" + "".join(f"p{n:02d},sales\n" for n in range(CROWD)))
    before = rekey.markers()
    with rekey.worker():
        done = rekey("reset", "--csv", str(names), "--as", "ada", "--yes", "30", "--ticket", "INC-7",
                     stdin=rekey.code())  # fmt: skip
    assert done.code == 0, done
    assert "Read the column 'login', and not: team." in done.out
    assert re.search(r"^Reset +30 of 30$", done.out, re.MULTILINE)
    assert "done: 30 of 30 people dealt with, 30 reset" in done.out
    after = rekey.markers()
    assert {login for login in after if after[login] != before[login]} == {f"p{n:02d}" for n in range(CROWD)}
    proved = next(entry for entry in rekey.journal() if entry.deed is Deed.PROVED)
    assert proved.facts["count"] == 30
    assert rekey.code().strip() not in done.out + done.err


def test_a_group_is_named_by_its_name(rekey):
    """--group takes everybody in it; a group that is not there is said, with those that nearly are."""
    done = rekey("reset", "--group", "corp/sales", "--as", "ada", "--dry-run", "--json")
    assert done.code == 0, done
    told = json.loads(done.out)
    assert (told["event"], told["people"], told["directories"]) == ("preview", CROWD, {"corp": CROWD})
    lost = rekey("reset", "--group", "sal", "--as", "ada", "--dry-run")
    assert lost.code == 1
    assert "There is: corp/" in lost.err


def test_for_programs_every_line_is_json(rekey):
    """With --json, standard output holds a preview, what is held, and how it goes on."""
    with rekey.worker():
        done = rekey("reset", "p00", "nobody", "--as", "ada", "--json", stdin=rekey.code())
    assert done.code == 0, done
    told = [json.loads(line) for line in done.out.splitlines()]
    assert [one["event"] for one in told[:2]] == ["preview", "held"]
    assert {one["event"] for one in told[2:]} == {"job"}
    assert told[0]["left_out"][0]["reason"] == "not_found"
    assert told[0]["left_out"][0]["first"][0]["login"] == "nobody"
    assert told[-1]["state"] == "done"
    assert told[-1]["people"]["done"] == 1
    assert told[-1]["id"] == told[0]["id"] == told[1]["id"]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--as", "ada"], 2, "Nobody is named"),
        (["p00"], 2, "--as"),
        (["p00", "--as", "bob"], 1, "rekey admin list"),
        (["p00", "--as", "ada", "--directory", "other"], 1, "rekey admin list"),
        (["p00", "--as", "ada", "--mail"], 2, "delivery.mail_content"),
        (["p00", "--as", "ada", "--start", "2030-01-01T10:00"], 2, "zone"),
        (["p00", "--as", "ada", "--start", "2020-01-01T10:00Z"], 1, "time is past"),
        (["p00", "--as", "ada", "--why", "boredom"], 2, "boredom"),
        (["p00", "--as", "ada", "--yes", "7"], 1, "--yes 7 is not the number"),
        (["p00", "--as", "ada"], 1, "No code came"),
        (["nobody", "--as", "ada"], 1, "left out"),
        (["--group", "Sales", "--as", "ada"], 2, "--yes 30"),
        (["p00", "--as", "ada", "--dry-run", "--report", "/nowhere/at/all.csv"], 2, "--report"),
        (["p00", "--as", "ada", "--csv", "nowhere.csv"], 2, "nowhere.csv"),
    ],
)
def test_a_failure_is_a_sentence_and_nothing_begins(rekey, words, code, said):
    """Wrong words, names and times are told with their remedy, and no run is there afterwards."""
    done = rekey("reset", *words)
    assert done.code == code, done
    assert said in done.err
    assert rekey.runs() == ()


def test_a_file_with_passwords_is_refused(rekey, tmp_path):
    """The reader of lists is the one that Slack's files go through."""
    bad = tmp_path / "bad.csv"
    bad.write_text("login,password\np00,hunter2\n")
    done = rekey("reset", "--csv", str(bad), "--as", "ada", "--dry-run")
    assert done.code == 1
    assert "holds passwords" in done.err
    assert "hunter2" not in done.out + done.err


def test_wrong_codes_begin_nothing_and_cost_a_wait(rekey):
    """Three codes that do not match, and even a right one has to wait; nothing was begun."""
    wrong = f"{(int(rekey.code()) + 500_000) % 1_000_000:06d}\n"
    for _ in range(3):
        done = rekey("reset", "p00", "--as", "ada", stdin=wrong)
        assert done.code == 1, done
        assert "does not match" in done.err
    done = rekey("reset", "p00", "--as", "ada", stdin=rekey.code())
    assert done.code == 1
    assert "there is a pause" in done.err
    assert rekey.runs() == ()
    assert [entry.deed for entry in rekey.journal()].count(Deed.STEP_UP_MISSED) == 3


def test_without_a_worker_it_is_said_and_not_waited_for(rekey):
    """Nobody there to do the work: the remedy is named, the run stays, and the command does not hang."""
    done = rekey("reset", "p00", "--as", "ada", stdin=rekey.code())
    assert done.code == 1, done
    assert "rekey serve" in done.err
    assert [run.state for run in rekey.runs()] == [RequestState.HELD]


def test_no_wait_says_how_to_look(rekey):
    """--no-wait ends with 0 as soon as the run is held."""
    with rekey.lock():
        done = rekey("reset", "p00", "--as", "ada", "--no-wait", stdin=rekey.code())
    assert done.code == 0, done
    (run,) = rekey.runs()
    assert f"rekey jobs show {run.request_id[:8]} --follow" in done.out
    assert "No worker" not in done.err


class Slack(Wire):
    def _auth_test(self, arguments):
        return {"team_id": "T0TEST", "user_id": "U0BOT", "bot_id": "B0BOT"}

    def _bots_info(self, arguments):
        return {"bot": {"app_id": "A0BOT"}}


@pytest.fixture
def slack(rekey, monkeypatch):
    """A Slack that answers, on a loop of its own; ada is there, and nina by her address."""
    loop, wire = asyncio.new_event_loop(), Slack()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    asyncio.run_coroutine_threadsafe(wire.start(), loop).result(10)
    for user, mail in (("U0ADA", "ada@example.com"), ("U0NINA", "nina@example.com"), ("U0P0", "p0@example.com")):
        wire.people[user] = person(user, user.title(), team_id="T0TEST", profile={"email": mail})
    monkeypatch.setenv("REKEY_SLACK__BOT_TOKEN", "xoxb-test")
    monkeypatch.setenv("REKEY_SLACK__API_URL", f"{wire.url}/api/")
    yield wire
    asyncio.run_coroutine_threadsafe(wire.stop(), loop).result(10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


def test_where_slack_answers_it_says_who_is_who(rekey, slack, tmp_path):
    """A person is found by address, a guest is left out, and a mention in a file becomes its person."""
    slack.people["U0P0"]["is_restricted"] = True
    names = tmp_path / "people.csv"
    names.write_text("login\n<@U0NINA>\np00\n")
    done = rekey("reset", "--csv", str(names), "--as", "ada", "--dry-run", "--json")
    assert done.code == 0, done
    told = json.loads(done.out)
    assert told["people"] == 1
    assert [one["login"] for one in told["left_out"][0]["first"]] == ["p00"]
    assert told["left_out"][0]["first"][0]["facts"]["no_dm"] == "guest"
    assert "does not answer" not in done.err


def test_whom_slack_has_deactivated_asks_for_nothing(rekey, slack):
    """Enrolled, but gone from Slack: refused on the command line as everywhere."""
    slack.people["U0ADA"]["deleted"] = True
    done = rekey("reset", "p00", "--as", "ada", "--dry-run")
    assert done.code == 1
    assert "deactivated" in done.err
    assert Deed.PREVIEWED not in [entry.deed for entry in rekey.journal()]


def test_a_slack_that_fails_half_way_is_told_and_done_without(rekey, slack):
    """It answered at first and then no more: the rest goes by what the directory says."""
    slack.wrong["users.info"] = [None, "internal_error"]
    done = rekey("reset", "p00", "nina", "--as", "ada", "--dry-run", "--json")
    assert done.code == 0, done
    assert json.loads(done.out)["people"] == 1
    assert done.err.count("Slack cannot be asked") == 1


@pytest.mark.parametrize("start", ["9999-12-31T23:59-14:00", "0001-01-01T00:00+14:00", "2030-01-31T18:00", "soon"])
def test_a_start_that_is_no_time_is_said(rekey, start):
    """Beyond the calendar in UTC, without a zone, or no time at all: a sentence, and nothing is begun."""
    said = rekey("reset", "p00", "--as", "ada", "--start", start)
    assert said.code == 2
    assert "--start needs a time and its zone" in said.err


@pytest.mark.parametrize("link", ["the same name", "symlink_to", "hardlink_to"])
def test_a_report_does_not_overwrite_the_list(rekey, tmp_path, link):
    """The file that is read stays as it is, by whichever name the report would reach it."""
    listed = report = tmp_path / "people.csv"
    listed.write_text("login\np00\n", "utf-8")
    if link != "the same name":
        report = tmp_path / "report.csv"
        getattr(report, link)(listed)
    said = rekey("reset", "--csv", str(listed), "--as", "ada", "--dry-run", "--report", str(report))
    assert said.code == 2
    assert "--report would overwrite the list" in said.err
    assert listed.read_text("utf-8") == "login\np00\n"


@pytest.mark.parametrize("words", [("p00", "--report", "a\0b"), ("--csv", "a\0b"), ("p\0",)], ids=str)
def test_a_nul_is_said(rekey, words):
    """No file and nobody is called so: a sentence, before anything is opened."""
    said = rekey("reset", *words, "--as", "ada", "--dry-run")
    assert said.code == 2
    assert "NUL" in said.err
    assert said.out == ""
