"""A mail goes to one person, over TLS or not at all, and is the same mail when it is sent again."""

from __future__ import annotations

import asyncio
import email
import email.policy
import logging
import socket
import ssl
from contextlib import asynccontextmanager, suppress
from email.message import EmailMessage

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from directory.secret import Secret
from notify.base import Failed, Said
from notify.mail import MailServer, _recipient, send
from resets.facts import AlarmMail
from resets.reasons import Reason
from resets.saying import SayMail
from tests.support.authority import Authority
from tests.views import samples
from tests.views.samples import NOW

ID = "<N1@rekey.invalid>"


def letter(**changes):
    facts = samples.mail(**changes)
    return SayMail("N1", facts, Secret(samples.PASSWORD) if facts.with_password else None, ID, 1)


@pytest.fixture
def trust(authority):
    return ssl.create_default_context(cafile=str(authority.ca))


def server(post, trust=None, **changes):
    known = {"host": "127.0.0.1", "port": post.port, "sender": "IT desk <it@example.com>", "trust": trust}
    return MailServer(**(known | {"timeout": 5.0} | changes))


async def failing(where, it):
    with pytest.raises(Failed) as caught:
        await send(where, it, now=NOW)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None or caught.value.__suppress_context__
    return caught.value


def read(post):
    (envelope,) = post.envelopes
    return envelope, email.message_from_bytes(envelope.content, policy=email.policy.default)


@pytest.mark.parametrize("tls", ["starttls", "tls"])
async def test_a_mail_arrives_over_tls(start_post, trust, tls):
    """Headers, text and HTML arrive; the password is in both parts, and the place names no address."""
    post = await start_post(**{tls: True})
    said = await send(server(post, trust, tls=tls), letter(with_password=True, by_dm=False), now=NOW)
    assert said == Said("mail", ID)
    envelope, message = read(post)
    assert (envelope.mail_from, envelope.rcpt_tos) == ("it@example.com", ["anna.bell@example.com"])
    assert message["Message-ID"] == ID
    assert message["From"] == "IT desk <it@example.com>"
    assert message["To"] == "Anna Bell <anna.bell@example.com>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Date"].datetime == NOW
    assert samples.PASSWORD in message.get_body(("plain",)).get_content()
    assert samples.PASSWORD in message.get_body(("html",)).get_content()


async def test_an_alarm_arrives_as_any_mail(start_post, trust):
    """At the operator's address, over TLS, and without a password."""
    post = await start_post(starttls=True)
    facts = AlarmMail("soc@example.com", samples.alarm(what="glass_used"))
    assert await send(server(post, trust), SayMail("N1", facts, None, ID, 1), now=NOW) == Said("mail", ID)
    envelope, message = read(post)
    assert envelope.rcpt_tos == ["soc@example.com"]
    assert message["Subject"].strip() == "Rekey: Break-glass: one person was reset without an admin (anna.bell (corp))"
    assert "anna.bell (corp)" in message.get_body(("plain",)).get_content()


async def test_sent_again_it_is_the_same_mail(start_post, trust):
    """A mailbox that gets it twice can tell by the Message-ID."""
    post = await start_post(starttls=True)
    await send(server(post, trust), letter(), now=NOW)
    await send(server(post, trust), letter(), now=NOW)
    ids = {email.message_from_bytes(envelope.content)["Message-ID"] for envelope in post.envelopes}
    assert ids == {ID}


@pytest.mark.parametrize(
    "to",
    [
        "anna@example.com, evil@example.net",
        "anna@example.com,evil@example.net",
        "anna@example.com\r\nBcc: evil@example.net",
        "anna@example.com>, <evil@example.net",
        "Anna <anna@example.com>",
        "anna@example.com; evil@example.net",
        "anna",
        "",
        "@example.com",
        "group: anna@example.com, evil@example.net;",
        "anna@example.com (evil@example.net)",
    ],
)
async def test_an_address_never_becomes_two(start_post, trust, to):
    """What is not exactly one plain address is refused before a word is spoken to the server."""
    post = await start_post(starttls=True)
    failed = await failing(server(post, trust), letter(to=to))
    assert (failed.reason, failed.retryable) == (Reason.MAIL_REFUSED, False)
    assert post.envelopes == []


@given(
    st.one_of(st.text(max_size=60), st.from_regex(r"[ab@,;:<>()\"\\\r\n .]{1,30}@[ab.,@<>\[\] ]{1,20}", fullmatch=True))
)
@example('"a, b"@example.com')
@example("a@[127.0.0.1]")
def test_any_text_is_one_address_or_none(to):
    """Whatever a directory holds as an address: the written header reads back as exactly that one, or is refused."""
    with suppress(Failed):
        address = _recipient(letter(to=to))
        message = EmailMessage(policy=email.policy.SMTP)
        message["To"] = address
        back = email.message_from_bytes(bytes(message), policy=email.policy.default)
        assert address.addr_spec == to
        assert len(back["To"].addresses) == 1
        if to.isascii():
            assert back["To"].addresses[0].addr_spec == to


@pytest.mark.parametrize("text", samples.HOSTILE)
async def test_a_name_is_only_a_name(start_post, trust, text):
    """No display name adds a recipient or a header."""
    post = await start_post(starttls=True)
    await send(server(post, trust), letter(name=text, directory=text, requester_name=text), now=NOW)
    envelope, message = read(post)
    assert envelope.rcpt_tos == ["anna.bell@example.com"]
    assert [a.addr_spec for a in message["To"].addresses] == ["anna.bell@example.com"]
    assert {"Bcc", "Cc"}.isdisjoint(message.keys())
    assert sorted(message.keys()) == sorted(
        ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type"]
    )


async def test_without_tls_nothing_is_sent(start_post, trust):
    """A server that does not offer STARTTLS (or from which somebody stripped it) gets no mail."""
    post = await start_post()
    failed = await failing(server(post, trust), letter(with_password=True))
    assert (failed.reason, failed.retryable) == (Reason.MAIL_DOWN, False)
    assert post.envelopes == []


@pytest.mark.parametrize("tls", ["starttls", "tls"])
async def test_a_wrong_certificate_gets_nothing(start_post, tmp_path, tls):
    """A certificate of another authority, or for another host, ends it before a word of the mail."""
    post = await start_post(**{tls: True})
    stranger = ssl.create_default_context(cafile=str(Authority(tmp_path / "other").ca))
    for trusted in (stranger, None):
        failed = await failing(server(post, trusted, tls=tls), letter(with_password=True))
        assert (failed.reason, failed.retryable) == (Reason.MAIL_DOWN, False)
    assert post.envelopes == []


async def test_a_certificate_for_another_host_gets_nothing(start_post, trust, monkeypatch, authority):
    """The name in the certificate is compared with the name in the settings."""
    post = await start_post(starttls=True)
    loop = asyncio.get_running_loop()
    plain = loop.getaddrinfo

    async def resolve(host, *rest, **more):
        return await plain("127.0.0.1" if host == "smtp.example.com" else host, *rest, **more)

    monkeypatch.setattr(loop, "getaddrinfo", resolve)
    failed = await failing(server(post, trust, host="smtp.example.com"), letter())
    assert (failed.reason, failed.retryable) == (Reason.MAIL_DOWN, False)
    assert post.envelopes == []


@pytest.mark.parametrize(
    ("where", "answer", "retryable"),
    [
        ("rcpt", "450 4.2.1 mailbox busy", True),
        ("rcpt", "550 5.1.1 no such user", False),
        ("data", "451 4.3.0 try later", True),
        ("data", "554 5.7.1 refused: Speech-annually", False),
    ],
)
async def test_a_servers_no(start_post, trust, where, answer, retryable, caplog):
    """4xx may be tried again, 5xx may not; what the server quotes stays out of our log and our error."""
    caplog.set_level(logging.DEBUG)
    post = await start_post(starttls=True)
    setattr(post, where, answer)
    failed = await failing(server(post, trust), letter(with_password=True))
    assert (failed.reason, failed.retryable) == (Reason.MAIL_REFUSED, retryable)
    assert "Speech" not in str(failed)
    ours = [record for record in caplog.records if record.name.startswith("notify")]
    assert [record.message for record in ours] == ["mail_failed"]
    assert "Speech" not in "".join(str(record.__dict__) for record in ours)


async def test_signing_in(start_post, trust):
    """With the right password the mail goes; with a wrong one nothing is sent, and the operator has time to mend it."""
    post = await start_post(starttls=True, auth=True)
    await send(server(post, trust, username="rekey", password=Secret("s3cret")), letter(), now=NOW)
    assert len(post.envelopes) == 1
    failed = await failing(server(post, trust, username="rekey", password=Secret("other")), letter())
    assert (failed.reason, failed.retryable) == (Reason.MAIL_DOWN, True)
    assert len(post.envelopes) == 1


async def test_no_server_at_all(trust):
    """A port on which nobody listens is retryable."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        where = MailServer("127.0.0.1", taken.getsockname()[1], "it@example.com", trust=trust, timeout=5)
        failed = await failing(where, letter())
    assert (failed.reason, failed.retryable) == (Reason.MAIL_DOWN, True)


@asynccontextmanager
async def _silent(greeting):
    """A server that greets (or does not) and then never answers."""
    done = asyncio.Event()

    async def serve(reader, writer):
        writer.write(greeting)
        await done.wait()
        writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield listening.sockets[0].getsockname()[1]
    finally:
        done.set()
        listening.close()


@pytest.mark.parametrize("greeting", [b"", b"220 hello\r\n"])
@pytest.mark.parametrize("tls", ["starttls", "tls"])
async def test_a_silent_server_does_not_hold_us(trust, greeting, tls):
    """Every wait has an end, the one for the greeting and the one inside the TLS handshake too."""
    async with _silent(greeting) as port:
        where = MailServer("127.0.0.1", port, "it@example.com", tls=tls, trust=trust, timeout=0.2)
        failed = await failing(where, letter())
    assert failed.reason is Reason.MAIL_DOWN
    assert failed.retryable == (greeting == b"" or tls == "starttls")


async def test_an_address_beyond_ascii(start_post, trust):
    """A server that cannot carry it refuses it for good, and nothing is sent to a mangled address."""
    post = await start_post(starttls=True)
    failed = await failing(server(post, trust), letter(to="jörg@example.com"))
    assert not failed.retryable
    assert post.envelopes == []


async def test_without_tls_on_loopback_only(start_post):
    """The demo's mailbox may go without; any other host may not, and the settings say so at the start."""
    post = await start_post()
    await send(server(post, tls="none"), letter(), now=NOW)
    assert len(post.envelopes) == 1
    for host in ("smtp.example.com", "192.0.2.1", "127.0.0.1.example.com"):
        with pytest.raises(ValueError, match="loopback"):
            MailServer(host, 25, "it@example.com", tls="none")


@pytest.mark.parametrize(
    "sender", ["", "IT desk", "a@example.com, b@example.com", "IT <it@example.com>\nBcc: x@y.example"]
)
def test_the_sender_is_one_address(sender):
    """A sender that is none, or several, is a mistake in the settings."""
    with pytest.raises(ValueError, match=r"."):
        MailServer("127.0.0.1", 25, sender)
