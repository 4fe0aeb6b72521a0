"""An account, an actor and rules that allow everything, for tests to take things away from."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from directory.base import Account
from resets.actor import Actor, SlackPerson
from resets.facts import Member
from resets.rules import Rules


@pytest.fixture
def now():
    return datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


@pytest.fixture
def account():
    return Account(
        id="id-bob",
        login="bob",
        name="Bob Example",
        mail="bob@example.com",
        recovery_mail="bobby@example.org",
        slack_user="U0BOB",
    )


@pytest.fixture
def actor():
    return Actor("a1", SlackPerson("T0", "U0ADA"), "corp", "id-ada", "ada", "Ada Admin", "admin")


@pytest.fixture
def actor_account():
    return Account(id="id-ada", login="ada", name="Ada Admin", mail="ada@example.com", slack_user="U0ADA")


@pytest.fixture
def member():
    return Member(
        SlackPerson("T0", "U0BOB"),
        "Bob",
        "bob@example.com",
        deleted=False,
        bot=False,
        guest=False,
        stranger=False,
    )


@pytest.fixture
def rules():
    return Rules("1", mail_password=True, display={"corp": "Corporate"})
