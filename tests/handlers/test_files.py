"""A file that somebody chose: only theirs, only from Slack's own host, and only if it comes whole."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import web
from slack_sdk.web.async_client import AsyncWebClient

from handlers import files
from handlers.files import Files
from notify.filehost import is_slacks
from resets.reasons import Reason, Refused
from tests.support.slackwire import TOKEN

ADA, EVE = "U0ADA", "U0EVE"
LIST = b"login\r\nbob\r\neve\r\n"


@pytest.fixture
def shelf(wire):
    return Files(AsyncWebClient(token=TOKEN, base_url=f"{wire.url}/api/"))


async def why_not(shelf, file_id):
    with pytest.raises(Refused) as caught:
        await shelf.read(file_id, ADA)
    return caught.value.reason


async def test_a_list_is_read(shelf, wire):
    """By its id, with our token, in one piece, and without anything that would be unpacked on the way."""
    read = await shelf.read(wire.upload(LIST, name="sales.csv"), ADA)
    assert read.name == "sales.csv"
    assert [one.text for one in read.roster.names] == ["bob", "eve"]
    ((path, headers),) = wire.downloads
    assert path.startswith("/files-pri/")
    assert headers["Authorization"] == f"Bearer {TOKEN}"
    assert headers["Accept-Encoding"] == "identity"


async def test_ten_megabytes_come_in_pieces(shelf, wire):
    """A hundred thousand rows, read as they come."""
    rows = b"login,note\r\n" + b"".join(b"p%d,%s\r\n" % (n, b"x" * 80) for n in range(100_000))
    assert len(rows) < 10 * 1024 * 1024
    read = await shelf.read(wire.upload(rows), ADA)
    assert len(read.roster.names) == 100_000


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"user": EVE}, Reason.FILE_GONE),
        ({"user": ""}, Reason.FILE_GONE),
        ({"mode": "tombstone"}, Reason.FILE_GONE),
        ({"mode": "external"}, Reason.FILE_GONE),
        ({"is_external": True}, Reason.FILE_GONE),
        ({"id": "FOTHER"}, Reason.FILE_GONE),
        ({"size": 10 * 1024 * 1024 + 1}, Reason.FILE_TOO_BIG),
        ({"url_private_download": "https://evil.example/files-pri/x"}, Reason.FILE_UNREAD),
        ({"url_private_download": "", "url_private": ""}, Reason.FILE_UNREAD),
        ({"url_private_download": "file:///etc/passwd"}, Reason.FILE_UNREAD),
        ({"url_private_download": "http://[::1"}, Reason.FILE_UNREAD),
    ],
)
async def test_what_is_not_the_persons_file_is_never_fetched(shelf, wire, facts, reason):
    """Somebody else's, a deleted one, one in somebody's cloud, one that is too big, one at another address."""
    assert await why_not(shelf, wire.upload(LIST, **facts)) is reason
    assert wire.downloads == []


async def test_a_file_that_is_deleted_meanwhile(shelf, wire):
    """Before the question, or between it and the download."""
    assert await why_not(shelf, "FNONE") is Reason.FILE_GONE
    file = wire.upload(LIST)
    for code in ("file_deleted", "access_denied"):
        wire.wrong["files.info"] = [code]
        assert await why_not(shelf, file) is Reason.FILE_GONE
    for status in (404, 410):
        wire.answers = [web.Response(status=status)]
        assert await why_not(shelf, file) is Reason.FILE_GONE


async def test_a_sign_in_page_is_no_list(shelf, wire):
    """Slack answers 200 and a page where the token is not good for the file."""
    wire.page = True
    assert await why_not(shelf, wire.upload(LIST)) is Reason.FILE_UNREAD


async def test_no_redirect_is_followed(shelf, wire):
    """Our token goes nowhere else."""
    wire.answers = [web.Response(status=302, headers={"Location": f"{wire.url}/files-pri/F0000/download/x"})]
    assert await why_not(shelf, wire.upload(LIST)) is Reason.FILE_UNREAD
    assert len(wire.downloads) == 1


@pytest.mark.parametrize("error", ["ratelimited", "internal_error", "missing_scope", "invalid_auth"])
async def test_slack_does_not_say(shelf, wire, error):
    """Its trouble is said as its trouble."""
    wire.wrong["files.info"] = [error]
    assert await why_not(shelf, wire.upload(LIST)) is Reason.FILE_UNREAD


async def test_half_a_file_is_not_used(shelf, wire):
    """Fewer or more bytes than Slack said, or an answer that breaks off."""
    file = wire.upload(LIST)
    wire.answers = [web.Response(body=LIST[:-5]), web.Response(body=LIST + b"nora\r\n"), web.Response(status=500)]
    for _ in range(3):
        assert await why_not(shelf, file) is Reason.FILE_UNREAD


async def test_more_than_was_said_is_cut_off(shelf, wire):
    """A file that claims to be small and does not end is left in the middle, whatever is in it."""
    wire.answers = [web.Response(body=b"x@example.com\r\n" * 800_000)]
    assert await why_not(shelf, wire.upload(LIST)) is Reason.FILE_UNREAD


async def test_it_does_not_wait_for_ever(shelf, wire, monkeypatch):
    """Slack's silence ends in a sentence."""
    monkeypatch.setattr(files, "PATIENCE_SECONDS", 0.2)
    wire.wrong["files.info"] = [silence := asyncio.Event()]
    assert await why_not(shelf, wire.upload(LIST)) is Reason.FILE_UNREAD
    silence.set()


@pytest.mark.parametrize(
    ("url", "api", "ours"),
    [
        ("https://files.slack.com/files-pri/T-F/download/a.csv", "https://slack.com/api/", True),
        ("https://files.slack.com:443/x", "https://slack.com/api/", True),
        ("https://FILES.slack.com/x", "https://slack.com/api/", True),
        ("http://files.slack.com/x", "https://slack.com/api/", False),
        ("https://files.slack.com:8443/x", "https://slack.com/api/", False),
        ("https://files.slack.com.evil.example/x", "https://slack.com/api/", False),
        ("https://evil.example/files.slack.com", "https://slack.com/api/", False),
        ("https://files.slack.com@evil.example/x", "https://slack.com/api/", False),
        ("https://me:you@files.slack.com/x", "https://slack.com/api/", False),
        ("https://slack.com/x", "https://slack.com/api/", False),
        ("http://127.0.0.1:9/x", "https://slack.com/api/", False),
        ("http://127.0.0.1:9/x", "http://127.0.0.1:9/api/", True),
        ("http://localhost:9/x", "http://localhost:9/api/", True),
        ("http://127.0.0.1:8/x", "http://127.0.0.1:9/api/", False),
        ("https://127.0.0.1:9/x", "http://127.0.0.1:9/api/", False),
        ("https://files.slack.com/x", "http://127.0.0.1:9/api/", False),
        ("https://files.slack.com/x", "https://proxy.example/api/", False),
        ("https://files.slack.com:port/x", "https://slack.com/api/", False),
        ("", "https://slack.com/api/", False),
    ],
)
def test_slacks_own_file_host(url, api, ours):
    """One host over TLS; on loopback the very host of the API; and nothing that only looks like it."""
    assert is_slacks(url, api) is ours
