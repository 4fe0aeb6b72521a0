"""Many at once against a real slapd, by a group of groups: the witness is ldap-utils."""

from __future__ import annotations

import pytest
import pytest_asyncio
from playwright.async_api import expect

from tests.journeys.test_ldap import person
from tests.support import browser, slapd
from tests.support.stage import GENERAL, MORGAN, ROBIN, LdapDemo, Stage

pytestmark = pytest.mark.server

COUNT = 60
GROUP = """dn: cn={name},{groups}
objectClass: groupOfNames
cn: {name}
"""


def group(name, *members):
    return GROUP.format(name=name, groups=slapd.GROUPS) + "".join(f"member: {dn}\n" for dn in members)


@pytest.fixture
def server(tmp_path_factory):
    slapd.demand()
    made = slapd.Slapd(tmp_path_factory.mktemp("slapd"))
    crowd = slapd.people(COUNT - 1).replace("@example.test", "@acme.example")
    dns = [line.removeprefix("dn: ") for line in crowd.splitlines() if line.startswith("dn: ")]
    robin = f"uid=robin.meyer,{slapd.PEOPLE}"
    inner = group("night-shift", robin, *dns[:20]), group("day-shift", *dns[20:])
    outer = group("all-staff", f"cn=night-shift,{slapd.GROUPS}", f"cn=day-shift,{slapd.GROUPS}")
    try:
        entries = (person("Morgan Lindqvist", MORGAN), person("Robin Meyer", ROBIN), crowd, *inner, outer)
        made.up(more="\n".join(entries))
        yield made
    finally:
        made.down()


@pytest_asyncio.fixture(loop_scope="session")
async def corporate(chromium, server, tmp_path):
    async with LdapDemo(tmp_path, server) as demo, browser.window(chromium) as window:
        stage = Stage(demo)
        stage.window = window
        await stage.connected()
        yield stage


async def test_a_group_of_groups_in_a_real_slapd(corporate, server):
    """Sixty in two groups of one: each gets one password by mail, slapd takes it, refuses the old, and asks anew."""
    you = await corporate.viewer(MORGAN, GENERAL)
    await you.many(group="all-staff")
    await you.previewed("60 people")
    await expect(you.modal).to_contain_text("Corporate LDAP")
    await you.confirmed(corporate.code(), COUNT)
    message = you.message("asked by")
    await expect(message).to_contain_text("Done: 60 people reset", timeout=60_000)
    await expect(message).to_contain_text("Told or mailed60 of 60", timeout=30_000)
    assert [row["state"] for row in corporate.people()] == ["delivered"] * COUNT
    told = corporate.told()
    assert len(told) == len(set(told.values())) == COUNT
    robin = f"uid=robin.meyer,{slapd.PEOPLE}"
    password = told["robin.meyer@acme.example"]
    assert server.whoami(robin, "Start-Robin-pw1").returncode != 0
    assert "must be changed" in (said := server.whoami(robin, password)).stderr + said.stdout
    assert server.read(robin, "pwdReset") == {"pwdreset": ["TRUE"]}
    assert "signed in" in await you.sign_in("robin.meyer", password)
    assert not [one for one in told.values() if one in corporate.log()]
