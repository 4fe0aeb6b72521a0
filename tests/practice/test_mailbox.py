"""The mailbox: STARTTLS with a certificate that can be trusted, mails kept and shown to their people."""

from __future__ import annotations

import ssl
from email.message import EmailMessage

import aiosmtplib
import pytest

from practice.people import PEOPLE, Person
from practice.server import Workspace

MORGAN, ROBIN, PRIYA = "U0MORGAN001", "U0ROBIN0001", "U0PRIYA0001"
PEOPLE_TOO = (
    *PEOPLE,
    Person(PRIYA, "priya", "Priya Raman", mail="p@acme.example", other_mails=("priya@raman.example",)),
)


def mail(to="robin.meyer@acme.example", subject="Your password"):
    message = EmailMessage()
    message["From"] = "Rekey <rekey@acme.example>"
    message["To"] = to
    message["Subject"] = subject
    message.set_content("Hello Robin, größer")
    message.add_alternative("<p>Hello <b>Robin</b></p>", subtype="html")
    return message


@pytest.fixture
def send(workspace):
    async def deliver(message, **how):
        context = ssl.create_default_context(cafile=str(workspace.mailbox.ca_file))
        return await aiosmtplib.send(
            message,
            hostname="127.0.0.1",
            port=workspace.mailbox.port,
            **{"start_tls": True, "tls_context": context} | how,
        )

    return deliver


async def test_a_mail_is_read_by_its_person(workspace, send, viewer):
    """The page is told, and shows subject, text and HTML, newest first; others see it in the whole box only."""
    page = await viewer(ROBIN)
    await send(mail())
    assert await page.push("mail") == {"push": "mail"}
    await send(mail(subject="Second"))
    mails = (await page.do("mailbox"))["mails"]
    assert [one["subject"] for one in mails] == ["Second", "Your password"]
    assert (mails[1]["to"], mails[1]["from"]) == ("robin.meyer@acme.example", "Rekey <rekey@acme.example>")
    assert (mails[1]["text"].strip(), mails[1]["html"].strip()) == ("Hello Robin, größer", "<p>Hello <b>Robin</b></p>")
    assert (await workspace.do(MORGAN, do="mailbox"))["mails"] == []
    assert len((await workspace.do(MORGAN, do="mailbox", all=True))["mails"]) == 2


async def test_other_addresses_count_as_ones_own(clock, limits):
    """A recovery address is read by its person too, whatever its case."""
    workspace = Workspace(clock=clock, limits=limits, people=PEOPLE_TOO)
    await workspace.start()
    context = ssl.create_default_context(cafile=str(workspace.mailbox.ca_file))
    port = workspace.mailbox.port
    await aiosmtplib.send(
        mail("Priya@Raman.example"), hostname="127.0.0.1", port=port, start_tls=True, tls_context=context
    )
    assert len((await workspace.do(PRIYA, do="mailbox"))["mails"]) == 1
    await workspace.stop()


async def test_without_tls_there_is_no_mail(send):
    """530: STARTTLS first; and a certificate that is not trusted ends it on the other side."""
    with pytest.raises(aiosmtplib.SMTPException):
        await send(mail(), start_tls=False)
    with pytest.raises((aiosmtplib.SMTPException, ssl.SSLError)):
        await send(mail(), tls_context=ssl.create_default_context())


async def test_a_mail_can_be_refused(workspace, send):
    """For tests: the next mails get the answer that was ordered, and are not kept."""
    workspace.mailbox.refuse("451 4.3.0 try later")
    with pytest.raises(aiosmtplib.SMTPDataError) as refused:
        await send(mail())
    assert refused.value.code == 451
    await send(mail())
    assert len(workspace.mailbox.mails()) == 1


async def test_mail_is_on_record(workspace, send):
    """A canary is found in what was mailed."""
    await send(mail(subject="canary-9"))
    assert "canary-9" in workspace.traffic.text()
