"""How soon a modal is filled, and a typeahead answered, in a directory of many people; and what LDAP itself takes."""

from __future__ import annotations

import asyncio
import time

import ldap

from bench import crowd
from bench.figures import Samples
from bench.rig import names
from tests.support import slapd

TIMES = 300
FILL_SECONDS = 30
MOST = 20  # what a typeahead shows
BY_NAME = "(&(objectClass=inetOrgPerson)(|(uid={0}*)(cn={0}*)(sn={0}*)(givenName={0}*)(mail={0}*)))"
SHOWN = ["uid", "cn", "mail", "departmentNumber"]


def queries():
    """Return what people type: three letters of a given name, a family name begun, a login begun, two words."""
    typed = []
    for number, (given, family) in enumerate(names()[: TIMES // 4]):
        typed += [given[:3], family[:4], f"u{number * 991 % 100_000:06d}"[:5], f"{given[:4]} {family[:3]}"]
    return typed


async def filled(door, slack, person, targets):
    """One person after another asks for somebody by login; returns views.open to filled modal."""
    times = []
    for target in targets:
        trigger, modal = slack.click()
        await door.post("command", crowd.command(person.user, target, trigger))
        async with asyncio.timeout(FILL_SECONDS):
            await modal.filled.wait()
        if not modal.good:
            raise RuntimeError(f"not filled: {modal.view}")
        times.append((modal.filled_at - modal.opened_at) * 1000)
    return Samples(tuple(times))


async def typed(door, slack, person, pause=0.0):
    """Type into the typeahead of an open modal; returns how long each answer took, and how many found somebody.

    `pause` is the seconds from an answer to the next letter.
    """
    trigger, modal = slack.click()
    await door.post("command", crowd.command(person.user, "", trigger))
    await modal.opened.wait()
    found = 0
    for query in queries():
        did = await door.post("typeahead", crowd.suggestion(person.user, modal, query))
        options = did.answer.get("options", [])
        found += bool(options) and options[0]["value"] != "none"
        await asyncio.sleep(pause)
    return Samples(door.times("typeahead")), found


def direct(server):
    """Ask the same of the LDAP server itself, on one open connection, without a bot between."""
    ldap.set_option(ldap.OPT_X_TLS_CACERTFILE, str(server.authority.ca))
    connection = ldap.initialize(server.url)
    connection.simple_bind_s(slapd.SERVICE, slapd.SERVICE_PASSWORD)
    times = []
    for query in queries():
        began = time.perf_counter()
        sent = connection.search_ext(slapd.PEOPLE, ldap.SCOPE_SUBTREE, BY_NAME.format(query), SHOWN, sizelimit=MOST)
        try:
            while connection.result3(sent, all=0)[0] != ldap.RES_SEARCH_RESULT:
                pass
        except ldap.SIZELIMIT_EXCEEDED:
            pass
        times.append((time.perf_counter() - began) * 1000)
    connection.unbind_s()
    return Samples(tuple(times))


def walked(server, size=1000):
    """Read all people page by page from the LDAP server itself; returns the seconds."""
    ldap.set_option(ldap.OPT_X_TLS_CACERTFILE, str(server.authority.ca))
    connection = ldap.initialize(server.url)
    connection.simple_bind_s(slapd.SERVICE, slapd.SERVICE_PASSWORD)
    control = ldap.controls.SimplePagedResultsControl(True, size=size, cookie="")
    began, seen = time.perf_counter(), 0
    while True:
        sent = connection.search_ext(
            slapd.PEOPLE, ldap.SCOPE_SUBTREE, "(objectClass=inetOrgPerson)", ["*", "+"], serverctrls=[control]
        )
        _, rows, _, controls = connection.result3(sent)
        seen += len(rows)
        control.cookie = controls[0].cookie
        if not control.cookie:
            break
    connection.unbind_s()
    return time.perf_counter() - began, seen
