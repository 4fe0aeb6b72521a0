"""`rekey freeze` and `rekey resume`: everything is stopped at the host with a code, and let go on with another."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from desk import freeze as deeds
from resets.actor import SlackPerson
from resets.audit import Deed
from store import admins, freezes
from tests.support.shell import Shell

ADA = SlackPerson("T0TEST", "U0ADA")


@pytest.fixture
def rekey(tmp_path, monkeypatch):
    shell = Shell(tmp_path, monkeypatch)
    shell.furnish(3)
    return shell


def stands(rekey):
    async def deed(house):
        async with house.tools.store.read() as tx:
            return await freezes.standing(tx)

    return rekey.in_house(deed)


def test_frozen_until_resumed(rekey):
    """It lasts; it takes a code each way; the journal says who sat there; what is asked for meanwhile is refused."""
    done = rekey("freeze", "--as", "ada", "--why", "a strange call", stdin=rekey.code())
    assert done.code == 0, done
    assert "All resets are frozen; `rekey resume --as LOGIN` ends it." in done.out
    assert (stands(rekey).until, stands(rekey).why) == (None, "a strange call")
    refused = rekey("reset", "p00", "--as", "ada", "--yes", "1", stdin=rekey.code(later=1))
    assert refused.code == 1
    assert "Ada Admin has frozen all resets until that is ended" in refused.err
    assert rekey("reset", "p00", "--as", "ada", "--dry-run").code == 0
    assert "Only the security role" in rekey("resume", "--as", "zoe").err
    done = rekey("resume", "--as", "ada", stdin=rekey.code(later=1))
    assert done.code == 0, done
    assert stands(rekey) is None
    frozen, resumed = [e for e in rekey.journal() if e.deed in (Deed.FROZEN, Deed.RESUMED_ALL)]
    assert frozen.facts["host"]
    assert frozen.facts["method"] == resumed.facts["method"] == "totp"
    again = rekey("resume", "--as", "ada")
    assert (again.code, "Nothing is frozen" in again.err) == (1, True)


def test_for_a_while(rekey):
    """`--for` says how long; what is no span is said, and nothing is frozen by a wrong code."""
    assert rekey("freeze", "--as", "ada", "--for", "soon", stdin=rekey.code()).code == 2
    assert rekey("freeze", "--as", "ada", "--for", "9999d", stdin=rekey.code()).code == 2
    assert rekey("freeze", "--as", "ada", stdin="000000\n").code == 1
    assert stands(rekey) is None
    done = rekey("freeze", "--as", "ada", "--for", "2h", stdin=rekey.code())
    assert done.code == 0, done
    put = stands(rekey)
    assert put.until - put.at == timedelta(hours=2)


def test_a_run_says_that_it_is_frozen(rekey):
    """`rekey jobs show` for people and for programs; it is neither resumed nor retried meanwhile."""
    done = rekey("reset", "p00", "--as", "ada", "--no-wait", stdin=rekey.code())
    assert done.code == 0, done
    job = rekey.runs()[0].request_id
    rekey.in_house(lambda house: deeds.freeze(house.tools, ADA, ""))
    assert "Ada Admin has frozen all resets" in rekey("jobs", "show", job).out
    assert json.loads(rekey("jobs", "show", job, "--json").out)["frozen"] is True
    assert rekey("jobs", "pause", job, "--as", "zoe").code == 0
    resumed = rekey("jobs", "resume", job, "--as", "ada")
    assert (resumed.code, "has frozen all resets" in resumed.err) == (1, True)


def test_an_admin_is_let_free_at_the_host(rekey):
    """`rekey admin list` shows who is frozen; `unfreeze` lifts it, once."""

    async def freeze(house):
        async with house.tools.store.write() as tx:
            ada = await admins.by_slack(tx, ADA)
            assert await admins.freeze(tx, ada.id, house.tools.clock())

    rekey.in_house(freeze)
    assert "frozen" in next(line for line in rekey("admin", "list").out.splitlines() if "ada" in line)
    refused = rekey("reset", "p00", "--as", "ada", "--yes", "1", stdin=rekey.code())
    assert (refused.code, "rekey admin unfreeze" in refused.err) == (1, True)
    assert "ada may begin resets again" in rekey("admin", "unfreeze", "ada").out
    assert "ada was not frozen" in rekey("admin", "unfreeze", "ada").out
    (entry,) = [e for e in rekey.journal() if e.deed is Deed.ACTOR_UNFROZEN]
    assert entry.facts["host"]
