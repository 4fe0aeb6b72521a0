"""The same single reset against a real slapd with ppolicy and TLS: the witness is ldap-utils."""

from __future__ import annotations

import pytest
import pytest_asyncio
from playwright.async_api import expect

from tests.support import browser, slapd
from tests.support.stage import GENERAL, MORGAN, ROBIN, LdapDemo, Stage

pytestmark = pytest.mark.server

PERSON = """dn: uid={login},{people}
objectClass: inetOrgPerson
objectClass: rekeyPerson
uid: {login}
cn: {name}
givenName: {given}
sn: {family}
mail: {login}@acme.example
departmentNumber: Warehouse
slackUser: {slack}
userPassword: Start-{given}-pw1
"""


def person(name, slack):
    given, family = name.split()
    login = f"{given}.{family}".lower()
    return PERSON.format(login=login, people=slapd.PEOPLE, name=name, given=given, family=family, slack=slack)


@pytest.fixture
def server(tmp_path_factory):
    slapd.demand()
    made = slapd.Slapd(tmp_path_factory.mktemp("slapd"))
    try:
        made.up(more="\n".join([person("Morgan Lindqvist", MORGAN), person("Robin Meyer", ROBIN)]))
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


async def test_the_same_reset_with_a_real_slapd(corporate, server):
    """Command, code, pickup code, reveal; then slapd takes the new password, refuses the old, and demands another."""
    robin_dn = f"uid=robin.meyer,{slapd.PEOPLE}"
    assert server.whoami(robin_dn, "Start-Robin-pw1").returncode == 0
    morgan = await corporate.viewer(MORGAN, GENERAL)
    await morgan.form_for("@robin")
    await expect(morgan.modal).to_contain_text("robin.meyer@acme.example")
    await expect(morgan.modal).to_contain_text("Corporate LDAP")
    await expect(morgan.modal).to_contain_text("This directory cannot end sessions or revoke API tokens")
    pickup = await morgan.asked(await morgan.phone_code())
    await morgan.leave()
    robin = await corporate.viewer(ROBIN)
    password = await robin.collect(pickup)
    assert "signed in" in await robin.sign_in("robin.meyer", password)
    assert server.whoami(robin_dn, "Start-Robin-pw1").returncode != 0
    assert server.read(robin_dn, "pwdReset") == {"pwdreset": ["TRUE"]}
    assert "must be changed" in (said := server.whoami(robin_dn, password)).stderr + said.stdout
    await morgan.to_app()
    status = morgan.message("Done: shown to the person")
    await expect(status).to_contain_text("Change at next sign-in: will be asked for")
    assert password not in corporate.log()


async def test_slapd_is_silent_in_the_middle(corporate, server):
    """Stopped while the form is open: nothing is lost; once it answers again, the reset goes through by itself."""
    morgan = await corporate.viewer(MORGAN, GENERAL)
    await morgan.form_for("@robin")
    server.pause()
    try:
        pickup = await morgan.asked(await morgan.phone_code())
        await morgan.leave()
        await morgan.to_app()
        await expect(morgan.message("Password reset for Robin Meyer")).to_contain_text("On its way")
    finally:
        server.resume()
    robin = await corporate.viewer(ROBIN)
    await robin.to_app()
    await expect(robin.button("show_password")).to_have_count(1, timeout=60_000)
    password = await robin.collect(pickup)
    assert server.whoami(f"uid=robin.meyer,{slapd.PEOPLE}", password).returncode == 0
