"""An LDAP server that talks nonsense, points elsewhere or does not say no: nothing is made of it, and nothing leaks."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from directory.base import BadAnswer, NotAllowed, Unreachable
from directory.ldap_entry import Entry
from directory.secret import Secret
from tests.directory.contract import NEW
from tests.support.ldap_fake import BOUND, Fake, ber, done, found, number, request, result

pytestmark = pytest.mark.server

NO_RULES = {
    "privileged_groups": [],
    "external_filter": None,
    "service_filter": None,
    "unconfirmed_filter": None,
    "default_policy_dn": None,
}
UUID = b"0d9b8a9e-0000-4000-8000-000000000001"
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


@pytest.mark.parametrize("text", ["20260228235959Z", "20260228235959.5Z", "20260228235959,123456789Z"])
def test_a_time_is_read_to_the_second(text) -> None:
    """Fractions, with a point or a comma, are left out."""
    read = Entry("", {"pwdchangedtime": (text.encode(),)}).time("pwdChangedTime")
    assert read == datetime(2026, 2, 28, 23, 59, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "20260229000000Z",
        "20260101240000Z",
        "20260101000060Z",
        "00000101000000Z",
        "20261301000000Z",
        "20260101000000",
        "20260101000000+0100",
        "2026010100Z",
        "\uff12\uff10\uff12\uff160101000000Z",
        "2026-01-01T00:00:00Z",
    ],
)
def test_what_is_no_time_is_a_bad_answer(text) -> None:
    """A day, an hour or a second that no clock shows, another zone, other digits, another form."""
    with pytest.raises(BadAnswer):
        Entry("", {"pwdchangedtime": (text.encode(),)}).time("pwdChangedTime")


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
