"""`rekey jobs`: how runs stand, and what stops them and lets them go on from the host."""

from __future__ import annotations

import json
import re
from types import SimpleNamespace

import pytest

from bot.cli_host import idle
from bot.crew import Crew
from desk import control as deeds
from resets.audit import Deed
from resets.outcome import Step, StepRecord, StepState
from resets.reasons import Reason
from resets.request import RequestState, TargetState
from store import requests, runs
from tests.support.shell import Shell

LOGINS = ("p00", "p01", "p02")
COUNTS = {"total", "waiting", "under_way", "done", "failed", "dropped", "cancelled", "unknown", "told", "collected"}


@pytest.fixture
def rekey(tmp_path, monkeypatch):
    shell = Shell(tmp_path, monkeypatch)
    shell.furnish(6)
    return shell


@pytest.fixture
def job(rekey):
    """A run of three people that ada has proved, and that waits to begin; returns its id."""
    with rekey.lock():
        rekey.used = rekey.code()
        done = rekey("reset", *LOGINS, "--as", "ada", "--ticket", "INC-1", "--no-wait", stdin=rekey.used)
    assert done.code == 0, done
    return rekey.runs()[0].request_id


def noted(rekey, deed):
    return [entry for entry in rekey.journal() if entry.deed is deed]


def test_nothing_yet(rekey):
    """An empty list says how a run begins; for programs it is an empty list."""
    done = rekey("jobs", "list")
    assert (done.code, done.out) == (0, "")
    assert "rekey reset" in done.err
    assert json.loads(rekey("jobs", "list", "--json").out) == []


def test_list_and_show(rekey, job, tmp_path):
    """A plain table; one run by the beginning of its id, in any case; the report of everybody."""
    head, row = rekey("jobs", "list").out.splitlines()
    assert head.split() == ["ID", "STATE", "WHO", "PEOPLE", "DONE", "FAILED", "WHEN"]
    assert re.fullmatch(rf"{job[:8]}  held +Ada Admin +3 +0 +0  \d{{4}}-\d\d-\d\d \d\d:\d\d UTC", row)
    shown = rekey("jobs", "show", job[:5].lower(), "--report", str(tmp_path / "r.csv"))
    assert shown.code == 0, shown
    assert job in shown.out
    assert "ticket INC-1" in shown.out
    assert "0 of 3 people dealt with" in shown.out
    assert (tmp_path / "r.csv").read_text("utf-8-sig").count("will be reset") == 3


def test_a_freeze_is_seen_in_the_list(rekey, job):
    """A run that a freeze holds up is called frozen; its own state is kept, and stands in the JSON."""
    code = rekey.code(later=1)
    assert rekey("freeze", "--as", "ada", stdin=code).code == 0
    _, row, who = rekey("jobs", "list").out.splitlines()
    assert row.split()[:2] == [job[:8], "frozen"]
    assert who.startswith("Ada Admin has frozen all resets")
    (told,) = json.loads(rekey("jobs", "list", "--json").out)
    assert (told["state"], told["frozen"]) == ("held", True)


def test_the_json_that_programs_read(rekey, job):
    """The keys of a run's JSON are a promise."""
    told = json.loads(rekey("jobs", "show", job, "--json").out)
    assert set(told) == {
        *(
            "id",
            "state",
            "frozen",
            "stopped",
            "requester",
            "directories",
            "why",
            "ticket",
            "must_change",
            "clear_sessions",
        ),
        *("unlock", "channels", "people", "failures", "begins_at", "begun_at", "ended_at", "a_minute"),
        *("seconds_left", "retryable"),
    }
    assert set(told["people"]) == COUNTS
    assert (told["id"], told["state"], told["people"]["total"], told["why"]) == (job, "held", 3, "forgot")
    assert told["requester"] == {"name": "Ada Admin", "slack_user": "U0ADA"}
    (row,) = json.loads(rekey("jobs", "list", "--json").out)
    assert set(row) == {"id", "state", "frozen", "requester", "people", "asked_at"}
    assert row["frozen"] is False
    assert set(row["people"]) == COUNTS


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["show", "ZZZZ"], 1, "No job begins with 'ZZZZ'; `rekey jobs list`"),
        (["show", ""], 1, "rekey jobs list"),
        (["pause", "ZZZZ", "--as", "ada"], 1, "rekey jobs list"),
        (["pause", "ZZZZ"], 2, "--as"),
        (["cancel", "ZZZZ", "--as", "mallory"], 1, "rekey admin list"),
        (["frobnicate"], 2, "No such command"),
    ],
)
def test_a_failure_is_a_sentence_and_an_exit_code(rekey, words, code, said):
    """Who or what is not there is told with where to look."""
    done = rekey("jobs", *words)
    assert done.code == code, done
    assert said in done.err


def test_pause_needs_no_code_and_resume_does(rekey, job):
    """Anybody enrolled may stop it, and the journal says who sat there; it goes on with the requester's code."""
    paused = rekey("jobs", "pause", job[:8], "--as", "zoe")
    assert paused.code == 0, paused
    (entry,) = noted(rekey, Deed.PAUSED)
    assert entry.actor == "slack:T0TEST/U0ZOE"
    assert entry.facts["host"]
    again = rekey("jobs", "pause", job[:8], "--as", "zoe")
    assert again.code == 1
    assert "is paused, so nothing was changed" in again.err

    hers = rekey("jobs", "resume", job[:8], "--as", "zoe", stdin=rekey.code("zoe"))
    assert hers.code == 1
    assert "Ada Admin asked for this job" in hers.err
    wrong = rekey("jobs", "resume", job[:8], "--as", "ada", stdin="000 00\n")
    assert wrong.code == 1
    assert "6 digits" in wrong.err
    used = rekey("jobs", "resume", job[:8], "--as", "ada", stdin=rekey.used)
    assert used.code == 1
    assert "used already" in used.err
    assert rekey.runs()[0].state is RequestState.PAUSED

    with rekey.worker():
        code = rekey.code(later=1)
        done = rekey("jobs", "resume", job[:8], "--as", "ada", stdin=code)
        assert done.code == 0, done
        followed = rekey("jobs", "show", job[:8], "--follow")
    assert followed.code == 0, followed
    assert "done: 3 of 3 people dealt with, 3 reset" in followed.out
    (entry,) = noted(rekey, Deed.RESUMED)
    assert (entry.facts["method"], entry.actor) == ("totp", "slack:T0TEST/U0ADA")
    assert code.strip() not in done.out + done.err


def test_without_a_worker_resume_says_so(rekey, job):
    """What nobody will do is not told as if it were under way."""
    assert rekey("jobs", "pause", job, "--as", "ada").code == 0
    done = rekey("jobs", "resume", job, "--as", "ada", stdin=rekey.code(later=1))
    assert done.code == 0, done
    assert "rekey serve" in done.err


def test_resume_at_the_desk_refuses_what_is_not_ones_own(rekey, job):
    """The rule stands behind the command, too: another admin's right code lets nothing go on, and is not spent."""
    assert rekey("jobs", "pause", job, "--as", "zoe").code == 0

    async def deed(house):
        from desk import enrol
        from resets.reasons import Refused

        zoe = next(row for row in await enrol.listing(house.tools) if row.actor.login == "zoe")
        with pytest.raises(Refused) as refused:
            await deeds.resume(house.tools, job, zoe.actor.slack, host="test", code=rekey.code("zoe"))
        with pytest.raises(Refused) as retried:
            await deeds.retry_failed(house.tools, job, zoe.actor.slack, host="test", code=rekey.code("zoe"))
        return refused.value.reason, retried.value.reason, zoe.last_step

    first, second, _ = rekey.in_house(deed)
    assert (first, second) == (Reason.NOT_YOUR_RUN, Reason.NOT_YOUR_RUN)
    assert rekey.runs()[0].state is RequestState.PAUSED


def test_cancel_spares_everybody_and_says_so(rekey, job):
    """A run that has not begun is cancelled by anybody enrolled, without a code; no password has changed after it."""
    before = rekey.markers()
    done = rekey("jobs", "cancel", job[:8], "--as", "zoe")
    assert done.code == 0, done
    assert "3 people keep their old password" in done.out
    assert "sets no password any more" in done.out
    (entry,) = noted(rekey, Deed.CANCELLED)
    assert entry.facts["spared"] == 3
    assert entry.facts["host"]
    again = rekey("jobs", "cancel", job[:8], "--as", "zoe")
    assert again.code == 1
    assert "is cancelled, so nothing was changed" in again.err
    with rekey.worker():
        followed = rekey("jobs", "show", job[:8], "--follow", "--json")
    assert json.loads(followed.out)["people"]["cancelled"] == 3
    assert rekey.markers() == before


def test_cancel_names_those_of_whom_nobody_knows(rekey, job, monkeypatch):
    """Whose password was being set and not answered for is named, after a wait, and is not called spared."""
    monkeypatch.setattr(deeds, "LOOKS", 2)

    async def deed(house):
        async with house.tools.store.write() as tx:
            first = min(await requests.targets(tx, job), key=lambda target: target.planned.login)
            assert await requests.move_target(tx, first.id, (TargetState.NEW,), TargetState.STARTED)

    rekey.in_house(deed)
    done = rekey("jobs", "cancel", job, "--as", "ada")
    assert done.code == 0, done
    assert "2 people keep their old password" in done.out
    assert "1 person had been begun" in done.out
    assert done.out.rstrip().endswith("p00")


def test_retry_tries_those_who_failed(rekey, job):
    """Who failed is tried once more, with the requester's code; where nobody is left, no code is asked for."""
    with rekey.worker():
        assert rekey("jobs", "show", job, "--follow").code == 0
    nobody = rekey("jobs", "retry", job, "--as", "ada")
    assert nobody.code == 1
    assert "Nobody of this job is left" in nobody.err

    async def fail(house):
        async with house.tools.store.write() as tx:
            one = (await requests.targets(tx, job))[0]
            held = (TargetState.SET, TargetState.DELIVERED)
            assert await requests.move_target(tx, one.id, held, TargetState.FAILED, reason=Reason.DIRECTORY_REFUSED)

    rekey.in_house(fail)
    hers = rekey("jobs", "retry", job, "--as", "zoe")
    assert hers.code == 1
    assert "Ada Admin asked for this job" in hers.err
    code = rekey.code(later=1)
    done = rekey("jobs", "retry", job, "--as", "ada", stdin=code)
    assert done.code == 0, done
    assert "Trying 1 person" in done.out
    assert rekey.runs()[0].state is RequestState.RUNNING
    (entry,) = noted(rekey, Deed.RETRIED)
    assert entry.facts["method"] == "totp"
    with rekey.worker():
        followed = rekey("jobs", "show", job, "--follow", "--json")
    assert json.loads(followed.out.splitlines()[-1])["people"]["done"] == 3


def test_retry_counts_who_has_to_wait_for_another_request(rekey, job):
    """Of three who failed, one's password is being written by another job: two are tried, and that is said."""
    with rekey.lock():
        assert rekey("reset", "p00", "--as", "zoe", "--no-wait", stdin=rekey.code("zoe")).code == 0
    other = next(run.request_id for run in rekey.runs() if run.request_id != job)

    async def fail(house):
        unknown = StepRecord(Step.SET, StepState.UNKNOWN, Reason.DIRECTORY_SILENT)
        async with house.tools.store.write() as tx:
            await requests.move_request(tx, job, (RequestState.HELD,), RequestState.DONE)
            for one in await requests.targets(tx, job):
                await requests.move_target(tx, one.id, (TargetState.NEW,), TargetState.FAILED)
                await requests.record_step(tx, one.id, unknown)
            (writing,) = await requests.targets(tx, other)
            await requests.move_target(tx, writing.id, (TargetState.NEW,), TargetState.STARTED)

    rekey.in_house(fail)
    done = rekey("jobs", "retry", job, "--as", "ada", stdin=rekey.code(later=1))
    assert done.code == 0, done
    assert "Trying 2 people" in done.out
    assert "For 1 person nothing was done: another request" in done.out
    (entry,) = noted(rekey, Deed.RETRIED)
    assert (entry.facts["left"], entry.facts["method"]) == (1, "totp")


def test_retry_after_a_cancellation(rekey, job):
    """Nobody had been begun, so that nobody is left; of one nobody knows, and that one alone is tried again."""
    assert rekey("jobs", "cancel", job, "--as", "zoe").code == 0
    nobody = rekey("jobs", "retry", job, "--as", "ada")
    assert (nobody.code, "Nobody of this job is left" in nobody.err) == (1, True)

    async def unknown(house):
        async with house.tools.store.write() as tx:
            one = (await requests.targets(tx, job))[0]
            spared = (TargetState.CANCELLED,)
            silent = Reason.DIRECTORY_SILENT
            assert await requests.move_target(tx, one.id, spared, TargetState.FAILED, reason=silent)
            await requests.record_step(tx, one.id, StepRecord(Step.SET, StepState.UNKNOWN, silent))

    rekey.in_house(unknown)
    done = rekey("jobs", "retry", job, "--as", "ada", stdin=rekey.code(later=1))
    assert done.code == 0, done
    assert "Trying 1 person" in done.out


def test_two_ids_that_begin_alike(rekey, job):
    """A beginning that two runs share names neither."""
    assert rekey("jobs", "cancel", job, "--as", "ada").code == 0
    with rekey.lock():
        assert rekey("reset", "p03", "--as", "ada", "--no-wait", stdin=rekey.code(later=1)).code == 0
    first, second = (run.request_id for run in rekey.runs())
    shared = ""
    while first[len(shared)] == second[len(shared)]:
        shared = first[: len(shared) + 1]
    if shared:
        assert "2 jobs begin" in rekey("jobs", "show", shared).err
    assert rekey("jobs", "show", first[: len(shared) + 1]).code == 0


async def _one(house, job):
    async with house.tools.store.read() as tx:
        return await runs.get(tx, job)


def test_an_admin_in_two_directories_is_told_apart(rekey, job):
    """--directory says which; a directory where nobody of that login is enrolled is told."""
    assert rekey("jobs", "pause", job, "--as", "ada", "--directory", "elsewhere").code == 1
    assert rekey("jobs", "pause", job, "--as", "ADA", "--directory", "corp").code == 0
    assert rekey.in_house(lambda house: _one(house, job)).state is RequestState.PAUSED


@pytest.mark.server
async def test_on_postgresql_a_living_worker_is_seen(home):
    """Whoever has said lately that it works counts; whoever has gone does not."""
    settings = SimpleNamespace(store=SimpleNamespace(full_url=home.url))
    house = SimpleNamespace(settings=settings, tools=SimpleNamespace(store=home.store))
    assert "rekey work" in await idle(house)
    crew = Crew(home.store)
    await crew.join()
    assert await idle(house) is None
    await crew.leave()
    assert "rekey work" in await idle(house)
