"""The mails: escaped, honest about where the password is, and never with a link."""

from __future__ import annotations

import html
from html.parser import HTMLParser

import pytest

from directory.secret import Secret
from resets.facts import AlarmMail
from tests.views import samples
from views.mail import alarm, letter


class _Reader(HTMLParser):
    """Collects the tags and the visible text."""

    def __init__(self):
        super().__init__()
        self.tags, self.text = set(), ""

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)

    def handle_data(self, data):
        self.text += data


def _mail(facts, password=None):
    return letter.build(facts, Secret(password) if password else None)


@pytest.mark.parametrize("text", samples.HOSTILE)
def test_a_name_is_only_text(text):
    """No name adds a tag, a line to the subject, or an entity to a mail."""
    plain = _Reader()
    plain.feed(_mail(samples.mail())[2])
    for facts, password in ((samples.mail(text), None), (samples.mail(text, with_password=True), samples.PASSWORD)):
        subject, body, page = _mail(facts, password)
        reader = _Reader()
        reader.feed(page)
        assert reader.tags == plain.tags
        assert "\n" not in subject
        assert "\u202e" not in subject + body + page
        assert len(subject) < 120


def test_the_password_stands_in_it_byte_for_byte():
    """A password of signs reads the same in text and in HTML, and is spelled beside it."""
    password = "<a>&\"'$login{x}%-9"
    _, body, page = _mail(samples.mail(with_password=True), password)
    assert f"\n    {password}\n" in body
    assert f">{html.escape(password)}</p>" in page
    assert "less-than sign" in body


def test_a_notice_never_holds_the_password():
    """A mail without a promise takes no password, and one with a promise is not sent without."""
    with pytest.raises(ValueError, match="promises"):
        _mail(samples.mail(), samples.PASSWORD)
    with pytest.raises(ValueError, match="promises"):
        _mail(samples.mail(with_password=True))


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"by_dm": True}, "waits for you in Slack"),
        ({"by_dm": True}, "until 2026-03-15 09:26 UTC"),
        ({"by_dm": False}, "another way"),
        ({"sessions_cleared": True}, "signed out on all devices"),
        ({"sessions_cleared": False}, "may stay signed in"),
    ],
)
def test_a_mail_says_what_is(facts, said):
    """Where the password waits, until when, and what was ended."""
    _, body, page = _mail(samples.mail(**facts))
    assert said in body
    assert said in page


def test_no_link_in_any_mail():
    """A mail that never has a link teaches people not to press one."""
    for facts, password in ((samples.mail(), None), (samples.mail(with_password=True), samples.PASSWORD)):
        assert not any("://" in part or "href" in part for part in _mail(facts, password))


@pytest.mark.parametrize("text", [*samples.HOSTILE, "Anna Bell"])
def test_an_alarm_by_mail_is_only_text_too(text):
    """What was typed by somebody adds no tag and no line to the subject; there is no link."""
    subject, body, page = alarm.build(AlarmMail("soc@example.com", samples.alarm(text, "glass_used", why=text)))
    assert "\n" not in subject
    assert "Break-glass: one person was reset without an admin" in body
    reader = _Reader()
    reader.feed(page)
    assert reader.tags <= {"html", "head", "meta", "title", "body", "p", "strong", "br"}
