"""The answer to a write, read on the loop itself: in pieces, endless, of another shape, or to somebody else."""

from __future__ import annotations

import asyncio

import pytest

from directory.base import AccountGone, BadAnswer, PasswordRejected, Unreachable
from directory.secret import Secret
from tests.directory.harness import Person
from tests.support.ldap_fake import Fake, ber, done, found, number, request, result

pytestmark = pytest.mark.server

NEW = "Speech-annually-nephew-dispense-3"
NO_RULES = {
    "privileged_groups": [],
    "external_filter": None,
    "service_filter": None,
    "unconfirmed_filter": None,
    "default_policy_dn": None,
}
UUID = b"0d9b8a9e-0000-4000-8000-000000000001"
BYRON = {b"entryUUID": [UUID], b"uid": [b"byron"], b"cn": [b"Byron"], b"sn": [b"B"]}
MARKER = b"20260101000000Z"


def seen(value):
    """Write a post-read control (RFC 4527, 3.2) with this value."""
    return ber(0xA0, ber(0x30, ber(0x04, b"1.3.6.1.1.13.2"), ber(0x04, value)))


def entry(*pairs):
    listed = [ber(0x30, ber(0x04, name), ber(0x31, *(ber(0x04, v) for v in values))) for name, *values in pairs]
    return ber(0x64, ber(0x04, b"uid=byron"), ber(0x30, *listed))


def taken(message, value=None):
    value = entry((b"pwdChangedTime", MARKER), (b"pwdReset", b"TRUE")) if value is None else value
    return result(message, 0x67, controls=seen(value))


def server(answer):
    """Play a server with one person, which answers a modify by `await answer(writer, number)`."""

    async def play(reader, writer):
        while True:
            message, kind = await request(reader)
            if kind == 0x60:
                writer.write(result(message, 0x61))
            elif kind == 0x63:
                writer.write(found(message, b"uid=byron", BYRON) + done(message))
            elif kind == 0x66:
                await answer(writer, message)

    return play


@pytest.fixture
def write(row, opened):
    """Set Byron's password on a server that answers so."""

    async def write(answer, *, times=1):
        async with Fake(server(answer), row.slapd.authority) as fake:
            directory = opened(url=f"ldaps://127.0.0.1:{fake.port}", pool_size=1, timeout=1.0, **NO_RULES)
            account = await directory.find("byron")
            assert account is not None
            for _ in range(times):
                written = await directory.set_password(account, Secret(NEW), must_change=True)
            assert fake.connections == 1
            return written

    return write


async def test_an_answer_may_come_in_pieces(write) -> None:
    """However the network cuts it, an answer is read once it is whole."""

    async def answer(writer, message):
        for byte in taken(message):
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0)

    written = await write(answer, times=2)
    assert (written.marker, written.must_change) == (MARKER.decode(), True)


async def test_an_answer_without_the_control_is_an_answer(write) -> None:
    """A server that does not tell of the entry afterwards has taken the password all the same."""

    async def answer(writer, message):
        writer.write(result(message, 0x67))

    written = await write(answer)
    assert (written.marker, written.must_change) == (None, False)


@pytest.mark.parametrize(("code", "error"), [(122, AccountGone), (19, PasswordRejected), (32, AccountGone)])
async def test_a_no_is_a_no(write, code, error) -> None:
    """An answer with a result code is told by it."""

    async def answer(writer, message):
        writer.write(result(message, 0x67, code))

    with pytest.raises(error):
        await write(answer)


NOTICE = ber(0x30, number(0), ber(0x78, ber(0x0A, b"\x34"), ber(0x04), ber(0x04), ber(0x8A, b"1.3.6.1.4.1.1466.20036")))


@pytest.mark.parametrize(
    "answer",
    [
        lambda _: NOTICE,
        lambda m: result(m + 40, 0x67),
        lambda m: result(m, 0x65),
        lambda m: taken(m)[:-1],
        lambda _: b"\x30\x80" + b"\x00" * 70_000,
        lambda _: b"\x30\x84\x7f\xff\xff\xff" + b"x" * 200_000,
        lambda _: b"\x30\xff" + b"\xff" * 127,
        lambda _: b"GET / HTTP/1.1\r\n\r\n" * 20,
        lambda m: taken(m, b""),
        lambda m: taken(m, b"\x64"),
        lambda m: taken(m, b"\x64\x03\x04\x7f"),
        lambda m: taken(m, ber(0x30)),
        lambda m: taken(m, ber(0x64, ber(0x04))),
        lambda m: taken(m, entry((b"pwdChangedTime", b"yesterday"))[:-3]),
        lambda m: taken(m, entry((b"pwdChangedTime", b"\xff\xfe"))),
    ],
)
async def test_nonsense_is_unknown(write, answer) -> None:
    """Whatever is no answer says that the password MAY have been set, within the timeout, and holds up nobody."""

    async def say(writer, message):
        writer.write(answer(message))

    async with asyncio.timeout(10):
        with pytest.raises((BadAnswer, Unreachable)) as caught:
            await write(say)
    assert caught.value.sent


async def test_an_end_instead_of_an_answer_is_unknown(write) -> None:
    """A connection that ends after the request says so at once."""

    async def answer(writer, message):
        writer.transport.abort()

    with pytest.raises(Unreachable) as caught:
        await write(answer)
    assert caught.value.sent


async def test_an_endless_password_is_never_sent(row, corp) -> None:
    """What does not fit into one short message is refused by us: the loop sends it and must not wait."""
    account_id = await row.make_account(Person())
    account = (await corp.fetch([account_id]))[account_id]
    with pytest.raises(PasswordRejected):
        await corp.set_password(account, Secret("Q7-" * 100_000), must_change=False)
