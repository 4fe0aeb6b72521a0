"""The wire to an LDAP server: silence at any moment, and death in the middle, end in time and are told as they are."""

from __future__ import annotations

import asyncio
import threading

import pytest

from directory.base import PasswordUnchanged, Unreachable
from directory.secret import Secret
from tests.directory.contract import NEW, made
from tests.directory.harness import Person, Sign
from tests.directory.harness_ldap import ldif
from tests.support.ldap_fake import BOUND, Fake, request
from tests.support.ldap_tap import MODIFY, Tap
from tests.support.slapd import GROUPS, PEOPLE, SERVICE, people

pytestmark = pytest.mark.server

NOBODY = ldif(f"cn=directory-admins,{GROUPS}", [("objectClass", "groupOfNames"), ("member", SERVICE)])


# -- silence -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("starttls", [False, True])
async def test_a_peer_that_never_says_a_word_costs_one_timeout(row, opened, starttls) -> None:
    """A server that takes the connection and is silent (no TLS handshake) is Unreachable; no thread hangs."""
    threads = threading.active_count()

    async def play(reader, writer):
        await asyncio.Event().wait()

    async with Fake(play, None) as fake:
        scheme = "ldap" if starttls else "ldaps"
        directory = opened(url=f"{scheme}://127.0.0.1:{fake.port}", starttls=starttls, timeout=0.5)
        async with asyncio.timeout(10):
            for _ in range(3):
                with pytest.raises(Unreachable) as caught:
                    await directory.find("ada.lovelace")
                assert not caught.value.sent
        await directory.close()
    assert threading.active_count() <= threads + 1  # the pool's own, which ends by itself


async def test_a_paused_server_is_unreachable_and_comes_back(row, corp) -> None:
    """SIGSTOP: calls end with the timeout; after SIGCONT the next call works, without a restart of ours."""
    account = await made(row, corp)
    row.slapd.pause()
    with pytest.raises(Unreachable) as caught:
        await corp.password_policy(account)
    assert not caught.value.sent
    with pytest.raises(Unreachable):
        await corp.find("ada.lovelace")  # this one at the handshake
    row.slapd.resume()
    assert await corp.find("ada.lovelace") == account


@pytest.mark.parametrize("half", [b"\x30\x84\x00\x00\x01\x00\x02\x01", b"\x30\x84\x7f\xff\xff\xff\x02\x01\x02\x64"])
async def test_half_an_answer_is_no_answer(row, opened, half) -> None:
    """An answer that begins and never ends is Unreachable after the timeout: libldap alone would wait for ever."""

    async def play(reader, writer):
        await request(reader)
        writer.write(BOUND)
        await request(reader)
        writer.write(half)

    async with Fake(play, row.slapd.authority) as fake:
        directory = opened(url=f"ldaps://127.0.0.1:{fake.port}", timeout=0.5)
        async with asyncio.timeout(10):
            with pytest.raises(Unreachable):
                await directory.find("ada.lovelace")


# -- death in the middle -----------------------------------------------------------------------------------


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_killed_in_the_middle_of_a_write_is_unknown(row, corp, opened, moment) -> None:
    """Killed -9 with a write on its way, done or not: `sent`. The same password again settles it, either way."""
    account = await made(row, corp)
    tap = Tap(
        row.slapd,
        swallow={MODIFY},
        before=lambda kind: row.slapd.kill() if moment == "before" and kind == MODIFY else None,
    )
    directory = opened(url=await tap.listen())
    writing = asyncio.create_task(directory.set_password(account, Secret(NEW), must_change=True))
    if moment == "after":
        await tap.answered[MODIFY].wait()
        row.slapd.kill()
    with pytest.raises(Unreachable) as caught:
        await writing
    assert caught.value.sent
    await tap.close()
    row.slapd.start()
    if moment == "after":
        with pytest.raises(PasswordUnchanged):
            await corp.set_password(account, Secret(NEW), must_change=True)
    else:
        await corp.set_password(account, Secret(NEW), must_change=True)
    assert await row.sign_in(account.id, NEW) == Sign.MUST_CHANGE


async def test_killed_with_many_writes_under_way_nothing_is_told_wrong(row, corp) -> None:
    """What was acknowledged is set, what was not sent is not set, and what was sent and not answered is told so."""
    row.slapd.up(more=NOBODY + people(40))
    accounts = [a async for page in corp.pages() for a in page.accounts]
    answered = 0

    async def reset(account):
        nonlocal answered
        try:
            await corp.set_password(account, Secret(NEW + account.login), must_change=False)
        except Unreachable as error:
            return error.sent
        answered += 1
        if answered == 10:
            row.slapd.kill()
        return None

    ends = dict(zip(accounts, await asyncio.gather(*map(reset, accounts)), strict=True))
    row.slapd.start()
    assert list(ends.values()).count(None) >= 10
    assert False in ends.values()
    for account, sent in ends.items():
        dn = f"uid={account.login},{PEOPLE}"
        new = row.slapd.whoami(dn, NEW + account.login).returncode == 0
        old = row.slapd.whoami(dn, f"Start-{account.login}-pw").returncode == 0
        assert new != old
        assert sent or new == (sent is None)


async def test_a_restart_in_between_costs_nothing(row, corp) -> None:
    """Connections that the server has closed meanwhile are not used: the next write works, and is not unknown."""
    account = await made(row, corp)
    row.slapd.kill()
    row.slapd.start()
    await corp.set_password(account, Secret(NEW), must_change=False)
    row.slapd.restart()
    assert await corp.find("ada.lovelace") is not None


async def test_killed_in_the_middle_of_a_walk_is_unreachable(row, opened) -> None:
    """A walk that breaks off says so: half a directory is never taken for the whole."""
    for n in range(4):
        await row.make_account(Person(login=f"p{n}", mail=f"p{n}@example.test"))
    walk = opened(page_size=1).pages()
    await anext(walk)
    row.slapd.kill()
    with pytest.raises(Unreachable):
        await anext(walk)
