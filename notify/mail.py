"""Sending one mail to one address, over TLS or not at all. The same mail again carries the same Message-ID."""

from __future__ import annotations

import asyncio
import logging
import ssl
from dataclasses import dataclass, field
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from ipaddress import ip_address
from typing import TYPE_CHECKING, Literal

import aiosmtplib

from notify.base import Failed, Said
from resets.facts import AlarmMail
from resets.reasons import Reason
from views.mail import alarm, letter
from views.text import safe

if TYPE_CHECKING:
    from datetime import datetime

    from directory.secret import Secret
    from resets.saying import SayMail

log = logging.getLogger(__name__)

PLACE = "mail"
_PERMANENT = 500


@dataclass(frozen=True, slots=True)
class MailServer:
    """The operator's mail server, checked when it is made.

    Raises:
        ValueError: "none" with a host that is not on loopback, or a sender that is not exactly one address.
    """

    host: str
    port: int
    sender: str  # "IT desk <it@example.com>"
    tls: Literal["starttls", "tls", "none"] = "starttls"
    username: str = ""
    password: Secret | None = None
    timeout: float = 20.0  # seconds for each answer, the TLS handshake's too; three times that for the whole mail
    trust: ssl.SSLContext | None = field(default=None, compare=False)  # None: the system's certificate authorities

    def __post_init__(self) -> None:
        if self.tls == "none" and not _on_loopback(self.host):
            raise ValueError("mail without TLS is only sent to a server on loopback")
        _sender(self.sender)


def _on_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


async def send(server: MailServer, saying: SayMail, *, now: datetime) -> Said:
    """Hand one mail over to the server.

    Args:
        server: where to.
        saying: what, and to whom.
        now: aware, for the Date header.

    Raises:
        Failed: MAIL_REFUSED (the server or the address said no; not retryable, unless for now) or MAIL_DOWN (no
            connection, no TLS, a wrong certificate, a wrong sign-in: nothing was sent; or no answer to what was).
    """
    recipient = _recipient(saying)
    message = _message(server, saying, recipient, now)
    try:
        async with asyncio.timeout(server.timeout * 3):
            await _deliver(server, message, recipient.addr_spec)
    except aiosmtplib.SMTPException as error:
        raise _failed(error) from None  # servers quote what they were sent: the cause stays out of logs
    except (OSError, TimeoutError) as error:
        raise _failed(error) from None
    return Said(PLACE, saying.message_id)


def _message(server: MailServer, saying: SayMail, recipient: Address, now: datetime) -> EmailMessage:
    if isinstance(saying.facts, AlarmMail):
        subject, text, html = alarm.build(saying.facts)
    else:
        subject, text, html = letter.build(saying.facts, saying.password)
    message = EmailMessage(policy=SMTP)
    message["From"] = _sender(server.sender)
    # An Address holds exactly one recipient; a plain text with a comma in it would become two.
    message["To"] = recipient
    message["Subject"] = subject
    message["Date"] = format_datetime(now)
    message["Message-ID"] = saying.message_id
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers this
    message.set_content(text)
    message.add_alternative(html, subtype="html")
    return message


def _recipient(saying: SayMail) -> Address:
    to = saying.facts.to
    try:
        address = Address(display_name=safe(saying.facts.name), addr_spec=to)
        if address.addr_spec == to and address.username and address.domain:  # read back as it was written
            return address
    except (MessageError, ValueError, IndexError, AttributeError):
        pass  # what the parser raises on texts that are no address
    log.warning("mail_address_refused", extra={"notice_id": saying.notice_id})
    raise Failed(Reason.MAIL_REFUSED, retryable=False)


def _sender(text: str) -> Address:
    header = SMTP.header_factory("From", text)
    if len(header.addresses) != 1 or header.defects or "@" not in header.addresses[0].addr_spec:
        raise ValueError("the sender must be one address, such as: IT desk <it@example.com>")
    (address,) = header.addresses
    return Address(display_name=address.display_name, addr_spec=address.addr_spec)


async def _deliver(server: MailServer, message: EmailMessage, to: str) -> None:
    smtp = aiosmtplib.SMTP(
        hostname=server.host,
        port=server.port,
        timeout=server.timeout,
        use_tls=server.tls == "tls",
        start_tls=server.tls == "starttls",  # True demands it; the library's default would go on without
        tls_context=server.trust or ssl.create_default_context(),
    )
    async with smtp:
        if server.tls != "none" and smtp.get_transport_info("sslcontext") is None:
            raise aiosmtplib.SMTPNotSupported("the connection is not encrypted")
        if server.username and server.password is not None:
            await smtp.login(server.username, server.password.reveal())
        await smtp.send_message(message, recipients=[to])


def _failed(error: Exception) -> Failed:
    code = _code(error)
    log.warning("mail_failed", extra={"error": type(error).__name__, "code": code})
    if isinstance(error, aiosmtplib.SMTPAuthenticationError):
        return Failed(Reason.MAIL_DOWN, retryable=True)  # the operator's to mend, not the address's fault
    if code:
        return Failed(Reason.MAIL_REFUSED, retryable=code < _PERMANENT)
    untrusted = isinstance(error, ssl.SSLError) or isinstance(error.__cause__, ssl.SSLError)
    unsupported = isinstance(error, aiosmtplib.SMTPNotSupported)
    passing = isinstance(error, (OSError, TimeoutError)) and not untrusted
    return Failed(Reason.MAIL_DOWN, retryable=passing and not unsupported)


def _code(error: Exception) -> int | None:
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        return max((refused.code for refused in error.recipients), default=_PERMANENT)
    return error.code if isinstance(error, aiosmtplib.SMTPResponseException) else None
