"""The wire to an LDAP server: TLS and whom to trust, silence at any moment, death in the middle, and nonsense."""

from __future__ import annotations

import asyncio
import threading

import pytest

from directory.base import BadAnswer, NotAllowed, NotNow, PasswordUnchanged, Unreachable
from directory.secret import Secret
from tests.directory.harness import Person, Sign
from tests.directory.harness_ldap import ldif
from tests.support.authority import Authority
from tests.support.ldap_fake import Fake, ber, done, found, number, request, result
from tests.support.ldap_tap import MODIFY, SEARCH, Tap
from tests.support.slapd import GROUPS, PEOPLE, SERVICE, people

pytestmark = pytest.mark.server

OLD = Person().password or ""
NEW = "Speech-annually-nephew-dispense-3"
ADA = f"uid=ada.lovelace,{PEOPLE}"
NO_RULES = {
    "privileged_groups": [],
    "external_filter": None,
    "service_filter": None,
    "unconfirmed_filter": None,
    "default_policy_dn": None,
}
NOBODY = ldif(f"cn=directory-admins,{GROUPS}", [("objectClass", "groupOfNames"), ("member", SERVICE)])
UUID = b"0d9b8a9e-0000-4000-8000-000000000001"
BOUND = result(1, 0x61)


async def made(row, directory):
    account_id = await row.make_account(Person())
    return (await directory.fetch([account_id]))[account_id]


# -- whom to trust -----------------------------------------------------------------------------------------


async def test_starttls_and_names_work(row, opened) -> None:
    """StartTLS does as well as ldaps://, and `localhost` is the name in the certificate and not the machine's."""
    account = await made(row, opened(url=row.slapd.plain_url, starttls=True))
    for url, starttls in (
        (row.slapd.plain_url, True),
        (row.slapd.plain_url.replace("127.0.0.1", "localhost"), True),
        (row.slapd.url.replace("127.0.0.1", "localhost"), False),
    ):
        assert await opened(url=url, starttls=starttls).find("ada.lovelace") == account


@pytest.mark.parametrize("starttls", [False, True])
async def test_a_strangers_certificate_is_refused(row, opened, tmp_path, starttls) -> None:
    """A server whose certificate another authority signed gets nothing from us, least of all a password."""
    other = Authority(tmp_path)
    url = row.slapd.plain_url if starttls else row.slapd.url
    directory = opened(url=url, starttls=starttls, ca_file=str(other.ca))
    with pytest.raises(Unreachable, match="not trusted") as caught:
        await directory.find("ada.lovelace")
    assert not caught.value.sent
    findings = await directory.check()
    assert [(f.ok, f.what) for f in findings] == [(False, "connect")]
    assert "ca_file" in findings[0].remedy


async def test_a_certificate_for_another_name_is_refused(row, opened, tmp_path) -> None:
    """The right authority is not enough: the certificate must bear the name in the url."""
    other = Authority(tmp_path, host="ldap.example.test")

    async def play(reader, writer):
        pytest.fail("the handshake went through")

    async with Fake(play, other) as fake:
        fake._server.get_loop().set_exception_handler(lambda *_: None)  # the server's side of a refused handshake
        directory = opened(url=f"ldaps://127.0.0.1:{fake.port}", ca_file=str(other.ca))
        with pytest.raises(Unreachable, match="not trusted"):
            await directory.find("ada.lovelace")


async def test_no_authority_at_all_is_the_systems_list(row, opened) -> None:
    """Without ca_file the system's authorities count, and ours is none of them."""
    with pytest.raises(Unreachable, match="not trusted"):
        await opened(ca_file=None).find("ada.lovelace")


# -- StartTLS, byte by byte --------------------------------------------------------------------------------

STARTED = ber(0x30, number(1), ber(0x78, ber(0x0A, b"\0"), ber(0x04), ber(0x04)))


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (ber(0x30, number(1), ber(0x78, ber(0x0A, b"\x02"), ber(0x04), ber(0x04))), Unreachable),
        (BOUND, BadAnswer),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", BadAnswer),
        (b"\x30\x84\xff\xff\xff\xff", BadAnswer),
        (b"\x30", Unreachable),
        (b"", Unreachable),
        (STARTED, Unreachable),
        (STARTED + BOUND, Unreachable),
    ],
    ids=["refused", "another answer", "http", "huge", "half", "nothing", "silent after it", "slipped in behind it"],
)
async def test_starttls_refused_or_garbled_is_no_connection(row, opened, answer, error) -> None:
    """Whatever is not a yes and then a TLS handshake ends before a bind: the password does not leave us."""
    heard = bytearray()

    async def play(reader, writer):
        heard.extend(await reader.readexactly(31))
        writer.write(answer)
        while more := await reader.read(4096):
            heard.extend(more)

    async with Fake(play, None) as fake:
        directory = opened(url=f"ldap://127.0.0.1:{fake.port}", starttls=True, timeout=0.5)
        with pytest.raises(error) as caught:
            await directory.find("ada.lovelace")
    assert not caught.value.sent
    assert b"service-Secret1" not in heard


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


# -- nonsense ----------------------------------------------------------------------------------------------


GOOD = {b"uid": [b"byron"], b"cn": [b"Ada"], b"entryUUID": [UUID]}


def answering(*answers: bytes):
    """Play a server that answers the sign-in, and the search after it with these bytes."""

    async def play(reader, writer):
        await request(reader)
        writer.write(BOUND)
        await request(reader)
        writer.writelines(answers)

    return play


@pytest.mark.parametrize(
    "answers",
    [
        [found(2, b"uid=byron", GOOD | {b"cn": [b"\xff\xfe"]}), done(2)],
        [found(2, b"uid=\xff", GOOD), done(2)],
        [found(2, b"uid=byron", {b"uid": [b"byron"]}), done(2)],
        [found(2, b"uid=byron", GOOD | {b"entryUUID": [b"not a uuid"]}), done(2)],
        [found(2, b"uid=byron", GOOD | {b"pwdChangedTime": [b"yesterday"]}), done(2)],
        [found(2, b"uid=byron", GOOD | {b"pwdChangedTime": [b"20261399999999Z"]}), done(2)],
        [found(2, b"uid=byron", GOOD)] * 30 + [done(2)],
        [result(2, 0x67)],
        [result(2, 0x65, 2)],
        [done(2, b"\xff\x00")],
        [result(2, 0x65)],
    ],
    ids=[
        "no text",
        "no dn",
        "no id",
        "odd id",
        "odd time",
        "no such day",
        "too many",
        "odd kind",
        "protocol",
        "cookie",
        "no page",
    ],
)
async def test_nonsense_is_a_bad_answer(row, opened, answers) -> None:
    """What the protocol or the schema does not allow is BadAnswer, and no account is made of it."""
    async with Fake(answering(*answers), row.slapd.authority) as fake:
        directory = opened(url=f"ldaps://127.0.0.1:{fake.port}", **NO_RULES)
        with pytest.raises(BadAnswer) as caught:
            await directory.find("byron")
    assert "byron" not in repr(caught.value)


@pytest.mark.parametrize("junk", [b"HTTP/1.1 200 OK\r\n\r\n", b"\x00" * 64, b"\xff" * 64, b"\x30\x00", b"\x16\x03\x01"])
async def test_bytes_that_are_no_ldap_end_in_an_error(row, opened, junk) -> None:
    """Any bytes at all end in a DirectoryError within the timeout."""
    async with Fake(answering(junk), row.slapd.authority) as fake:
        directory = opened(url=f"ldaps://127.0.0.1:{fake.port}", timeout=1)
        with pytest.raises((Unreachable, BadAnswer)):
            await directory.find("byron")


async def test_somebody_else_than_asked_for_is_not_found(row, opened) -> None:
    """An entry that bears neither the login nor the address asked for is nobody, whatever the server thinks."""
    async with Fake(answering(found(2, b"uid=byron", GOOD), done(2)), row.slapd.authority) as fake:
        directory = opened(url=f"ldaps://127.0.0.1:{fake.port}", **NO_RULES)
        assert await directory.find("charles") is None


async def test_a_referral_is_not_followed(row, opened) -> None:
    """Where a server points to another one, our service account's password does not go."""
    async with Fake(answering(), row.slapd.authority) as elsewhere:
        url = f"ldap://127.0.0.1:{elsewhere.port}/".encode()
        pointed = ber(0x30, number(2), ber(0x73, ber(0x04, url)))
        away = ber(0x30, number(2), ber(0x65, ber(0x0A, b"\x0a"), ber(0x04), ber(0x04), ber(0xA3, ber(0x04, url))))
        async with Fake(answering(pointed, done(2)), row.slapd.authority) as fake:
            assert await opened(url=f"ldaps://127.0.0.1:{fake.port}", **NO_RULES).find("byron") is None
        async with Fake(answering(away), row.slapd.authority) as fake:
            with pytest.raises(NotAllowed):
                await opened(url=f"ldaps://127.0.0.1:{fake.port}", **NO_RULES).find("byron")
        assert elsewhere.connections == 0


@pytest.mark.parametrize("code", [52, 3, 80])
async def test_an_answer_that_does_not_say_no_is_unknown(row, opened, code) -> None:
    """Unavailable, time limit and "other" do not say that nothing has changed: the error says `sent`."""

    async def play(reader, writer):
        while True:
            message, kind = await request(reader)
            if kind == 0x60:
                writer.write(result(message, 0x61))
            elif kind == 0x63:
                writer.write(found(message, b"uid=byron", GOOD) + done(message))
            else:
                writer.write(result(message, 0x67, code))

    async with Fake(play, row.slapd.authority) as fake:
        directory = opened(url=f"ldaps://127.0.0.1:{fake.port}", **NO_RULES)
        account = await directory.find("byron")
        assert account is not None
        with pytest.raises((Unreachable, BadAnswer)) as caught:
            await directory.set_password(account, Secret(NEW), must_change=False)
        assert caught.value.sent


# -- the pool ----------------------------------------------------------------------------------------------


async def test_no_more_connections_than_allowed(row, corp, opened) -> None:
    """Many callers share the pool's connections; the sign-in is paid once a connection."""
    await made(row, corp)
    tap = Tap(row.slapd)
    directory = opened(url=await tap.listen(), pool_size=2)
    await asyncio.gather(*(directory.find("ada.lovelace") for _ in range(20)))
    assert tap.seen[0x60] <= 2
    assert tap.seen[SEARCH] >= 20
    await directory.close()
    await tap.close()


async def test_a_full_pool_says_not_now(row, corp, opened) -> None:
    """When every connection is in use for the whole timeout, nothing was sent: NotNow."""
    for n in range(4):
        await row.make_account(Person(login=f"p{n}", mail=f"p{n}@example.test"))
    directory = opened(pool_size=1, page_size=1, timeout=0.5)
    walk = directory.pages()
    await anext(walk)
    with pytest.raises(NotNow):
        await directory.find("ada.lovelace")
    await walk.aclose()


async def test_a_cancelled_call_leaves_no_one_elses_answer(row, corp, opened) -> None:
    """A connection whose call was given up is thrown away, so that its answer meets nobody else."""
    account = await made(row, corp)
    tap = Tap(row.slapd, swallow={SEARCH})
    directory = opened(url=await tap.listen(), pool_size=1)
    looking = asyncio.create_task(directory.find("nobody"))
    await tap.answered[SEARCH].wait()
    looking.cancel()
    await asyncio.gather(looking, return_exceptions=True)
    tap._swallow = ()
    assert await directory.find("ada.lovelace") == account
    await directory.close()
    await tap.close()


async def test_the_loops_own_threads_are_not_needed(row, opened) -> None:
    """The durable engine shuts the loop's default executor down; look-ups of names and calls go on in our own."""
    await asyncio.get_running_loop().shutdown_default_executor()
    directory = opened(url=row.slapd.url.replace("127.0.0.1", "localhost"))
    assert await directory.find("nobody") is None


async def test_the_environment_does_not_weaken_tls(row, opened, monkeypatch) -> None:
    """The configuration of libldap (LDAPTLS_REQCERT=never) has no say: TLS is not libldap's."""
    monkeypatch.setenv("LDAPTLS_REQCERT", "never")
    monkeypatch.setenv("LDAPTLS_CACERT", str(row.slapd.authority.ca))
    with pytest.raises(Unreachable, match="not trusted"):
        await opened(ca_file=None).find("ada.lovelace")
