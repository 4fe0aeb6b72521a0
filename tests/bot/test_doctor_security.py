"""`rekey doctor` says whether anybody who is enrolled could end a freeze."""

from __future__ import annotations

import json

import pytest

from desk import enrol
from resets.actor import SlackPerson
from store import admins
from tests.support.shell import CONFIG, Shell

ROLE = '[[roles]]\nname = "helpdesk"\n[[roles]]\nname = "watch"\nsecurity = true\n'


@pytest.fixture
def rekey(tmp_path, monkeypatch):
    shell = Shell(tmp_path, monkeypatch)
    shell.furnish(0)
    return shell


def told(rekey):
    checks = json.loads(rekey("doctor", "--json").out)["checks"]
    return {check["what"]: check for check in checks}["admins: security role"]


def test_without_such_a_role_it_is_the_first_admin(rekey):
    """One is enough, unless that one is frozen."""
    assert (told(rekey)["ok"], told(rekey)["detail"]) == (True, "1 can end a freeze")

    async def freeze(house):
        async with house.tools.store.write() as tx:
            row = await admins.by_slack(tx, SlackPerson("T0TEST", "U0ADA"))
            await admins.freeze(tx, row.id, house.tools.clock())

    rekey.in_house(freeze)
    assert (told(rekey)["ok"], "rekey admin unfreeze" in told(rekey)["remedy"]) == (False, True)


def test_the_first_admin_has_to_hold_a_role(rekey):
    """Whose role is no longer in the settings ends nothing."""
    rekey.config.write_text(CONFIG + '[[roles]]\nname = "desk"\n')
    assert told(rekey)["ok"] is False
    assert "add the role 'helpdesk'" in told(rekey)["remedy"]


def test_a_role_that_nobody_holds_is_said(rekey):
    """Also where its last holder was revoked."""
    rekey.config.write_text(CONFIG + ROLE)
    assert told(rekey)["ok"] is False
    assert "rekey admin enrol --role watch" in told(rekey)["remedy"]

    async def nobody(house):
        return [row.actor.role for row in await enrol.listing(house.tools)]

    assert rekey.in_house(nobody) == ["helpdesk", "helpdesk"]
