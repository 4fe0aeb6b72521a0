"""Whatever Slack sends becomes a value; nothing in it makes us fall over."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers import bulk_payloads, payloads
from handlers.dig import ViewAt
from resets.actor import SlackPerson
from tests.support.slackwire import TEAM, person

READERS = [
    payloads.command,
    payloads.shortcut,
    payloads.press,
    payloads.search,
    payloads.who_sent,
    payloads.reset_sent,
    payloads.pickup_sent,
    payloads.code_sent,
    payloads.why_sent,
    payloads.manager_asked,
    payloads.home_opened,
    bulk_payloads.press_in_view,
    bulk_payloads.bulk_sent,
    bulk_payloads.bulk_proved,
]
KEYS = [
    "team", "team_id", "user", "user_id", "id", "api_app_id", "trigger_id", "response_url", "message", "bot_id", "text",
    "actions", "value", "view", "private_metadata", "hash", "state", "values", "who", "who_pick", "choice",
    "choice_pick", "selected_option", "selected_options", "options", "options_tick", "delivery", "delivery_tick",
    "pickup", "pickup_text", "code", "code_text", "event", "tab", "people", "bulk_people", "groups", "bulk_groups",
    "file", "bulk_file", "files", "pasted", "pasted_text", "start", "start_pick", "selected_date_time", "number",
    "number_text", "description",
]  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=6),
    max_leaves=20,
)


@pytest.mark.parametrize("read", READERS)
@given(body=st.dictionaries(st.sampled_from(KEYS), JSON))
def test_no_shape_of_a_payload_breaks_a_reader(read, body):
    """Any JSON object: every field is a text, or empty."""
    origin = read(body).origin
    assert all(isinstance(t, str) for t in (origin.person.user, origin.person.team, origin.team, origin.app))


@given(user=JSON)
def test_no_shape_of_a_user_breaks_the_reader(user):
    """Who is not clearly ours is a stranger."""
    assert payloads.member(user, TEAM).stranger


@given(answer=JSON)
def test_no_shape_of_a_file_breaks_the_reader(answer):
    """What Slack does not say of a file is empty."""
    read = bulk_payloads.listed_file(answer)
    assert all(isinstance(part, str) for part in (read.id, read.user, read.name, read.url))
    assert isinstance(read.size, int)


def test_a_full_member():
    """Name and address as Slack has them, and nothing against them."""
    known = payloads.member(person("U0BOB", "Bob", profile={"email": "bob@example.com"}), TEAM)
    assert (known.person, known.name, known.mail) == (SlackPerson(TEAM, "U0BOB"), "Bob", "bob@example.com")
    assert not any([known.deleted, known.bot, known.guest, known.stranger])


def test_an_unconfirmed_address_is_none():
    """What the person only claims finds no account."""
    claimed = person("U0EVE", is_email_confirmed=False, profile={"email": "boss@example.com"})
    assert payloads.member(claimed, TEAM).mail is None


def test_slackbot_is_a_bot():
    """Slack says is_bot: false of its own."""
    assert payloads.member(person("USLACKBOT"), TEAM).bot


def test_a_bots_message_has_no_author():
    """A message's `user` may be a bot's; its `bot_id` tells."""
    assert payloads.shortcut({"message": {"user": "U0BOT", "bot_id": "B0"}}).author == ""
    assert payloads.shortcut({"message": {"user": "U0BOB"}}).author == "U0BOB"


def test_half_a_character_is_none():
    """Where a text was cut within an emoji: a denial, or a ticket, that could not be kept would else not count."""
    values = {"why": {"why_text": {"value": "they did not ask \ud83d"}}}
    sent = payloads.why_sent({"view": {"state": {"values": values}}})
    assert sent.why == "they did not ask "


def test_what_was_opened():
    """Slack's answer to views.open, or nothing useful."""
    assert payloads.opened({"view": {"id": "V1", "hash": "1.a"}}) == ViewAt("V1", "1.a")
    assert payloads.opened(b"<html>") == ViewAt("", "")


SHAPES = {
    "X_SlashCommand": lambda slack: slack.command_body("U0ADA", "bob"),
    "X_BlockAction": lambda slack: slack.press_body("U0ADA", "not_me", "x"),
    "X_ViewSubmit": lambda slack: slack.submission("U0ADA", slack.reset_values()),
    "X_ViewSubmit of many": lambda slack: slack.submission("U0ADA", slack.bulk_values(pasted="bob", file="F0")),
    "X_BlockSuggestion": lambda slack: slack.suggestion_body("U0ADA", "bak", "bulk_people"),
}


@pytest.mark.parametrize("name", SHAPES)
async def test_our_tests_send_what_slack_sends(slack, name):
    """Every field that our readers use stands in Slack's own types under the same name."""
    if (specs := os.environ.get("REKEY_SPECS")) is None:
        pytest.skip("REKEY_SPECS is unset: Slack's documents do not stand beside the project")
    known = (Path(specs) / "slack" / "slack-bolt-5.1.0-inbound.schema.json").read_text()
    await slack.command("U0ADA", "bob")
    sent = {key for key in SHAPES[name](slack) if key not in {"message", "container"}}
    assert {key for key in sent if f'"{key}"' not in known} == set()
