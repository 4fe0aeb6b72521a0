"""A mailbox: an SMTP server on loopback that keeps what it gets, with STARTTLS as the bot demands it."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import ssl
import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from aiosmtpd.smtp import SMTP, Envelope, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from practice.faults import Direction, Record

if TYPE_CHECKING:
    from collections.abc import Callable

    from practice.people import Person
    from practice.shelf import Shelf

Json = dict[str, Any]
HOST = "127.0.0.1"
_ALWAYS = (datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))


@dataclass(slots=True)
class Mailbox:
    """Keeps mails for everybody.

    Attributes:
        came: called with the addresses of each mail that came.
        port: where it listens, once started.
        ca_file: the certificate that a sender must trust.
    """

    shelf: Shelf
    record: Record
    clock: Callable[[], datetime]
    came: Callable[[tuple[str, ...]], None] = lambda _to: None
    port: int = 0
    ca_file: Path = Path()
    _refusals: list[str] = field(default_factory=list)
    _open: WeakSet[SMTP] = field(default_factory=WeakSet)
    _server: asyncio.Server | None = None
    _folder: tempfile.TemporaryDirectory[str] | None = None

    async def start(self) -> None:
        """Listen on a free port."""
        self._folder = tempfile.TemporaryDirectory(prefix="practice-mail-")
        context, self.ca_file = _certificate(Path(self._folder.name))
        loop = asyncio.get_running_loop()

        def answer() -> SMTP:
            spoken = SMTP(
                self, hostname="localhost", ident="practice", tls_context=context, require_starttls=True, loop=loop
            )
            self._open.add(spoken)
            return spoken

        self._server = await loop.create_server(answer, HOST, 0)
        self.port = int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Listen no more."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for spoken in self._open:
            if isinstance(spoken.transport, asyncio.Transport):
                spoken.transport.abort()
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    def refuse(self, answer: str = "550 5.1.1 no such mailbox", *, times: int = 1) -> None:
        """Have the next mails refused with an SMTP answer (a 4xx asks to try later)."""
        self._refusals.extend([answer] * times)

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """Take a mail in."""
        if self._refusals:
            return self._refusals.pop(0)
        content = envelope.original_content or b""
        mail = BytesParser(_class=EmailMessage, policy=policy.default).parsebytes(content)
        to = tuple(str(address) for address in envelope.rcpt_tos)
        number = len(self.shelf.all("mail")) + 1
        kept: Json = {
            "id": f"{number:08}",
            "rcpt": list(to),
            "to": str(mail.get("To", ", ".join(to))),
            "from": str(mail.get("From", envelope.mail_from)),
            "subject": str(mail.get("Subject", "")),
            "date": str(mail.get("Date", self.clock().isoformat())),
            "message_id": str(mail.get("Message-ID", "")),
            "text": _part(mail, "plain"),
            "html": _part(mail, "html"),
        }
        self.shelf.put("mail", kept["id"], kept)
        self.record.note(Direction.IN, "mail", content.decode("utf-8", "replace"))
        self.came(to)
        return "250 OK"

    def mails(self, person: Person | None = None) -> list[Json]:
        """Answer the mails, the newest first: all, or those to one person's addresses."""
        kept = self.shelf.all("mail")[::-1]
        if person is None:
            return kept
        mine = {address.casefold() for address in (person.mail, *person.other_mails) if address}
        return [mail for mail in kept if mine & {address.casefold() for address in mail["rcpt"]}]


def _part(mail: EmailMessage, kind: str) -> str:
    body = mail.get_body(preferencelist=(kind,))
    return "" if body is None else str(body.get_content())


def _certificate(folder: Path) -> tuple[ssl.SSLContext, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "practice mailbox")])
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address(HOST))])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        # As wide as can be: the workspace's clock may be anywhere, and the file lives no longer than the workspace.
        .not_valid_before(_ALWAYS[0])
        .not_valid_after(_ALWAYS[1])
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    public, private = folder / "mailbox-ca.pem", folder / "mailbox-key.pem"
    public.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private.touch(mode=0o600)
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(public, private)
    with contextlib.suppress(FileNotFoundError):
        private.unlink()
    return context, public
