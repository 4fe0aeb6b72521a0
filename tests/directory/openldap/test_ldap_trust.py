"""Whom the connector trusts over TLS and StartTLS: the right certificate for the right name, or not one password."""

from __future__ import annotations

import pytest

from directory.base import BadAnswer, Unreachable
from tests.directory.contract import made
from tests.support.authority import Authority
from tests.support.ldap_fake import BOUND, Fake, ber, number

pytestmark = pytest.mark.server


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


async def test_the_environment_does_not_weaken_tls(row, opened, monkeypatch) -> None:
    """The configuration of libldap (LDAPTLS_REQCERT=never) has no say: TLS is not libldap's."""
    monkeypatch.setenv("LDAPTLS_REQCERT", "never")
    monkeypatch.setenv("LDAPTLS_CACERT", str(row.slapd.authority.ca))
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
