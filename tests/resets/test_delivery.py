"""A password is offered only to ways that end at its owner."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from directory.base import Capability
from resets.actor import SlackPerson
from resets.delivery import offer, shorten
from resets.reasons import Reason, Refused
from resets.request import Channel, Tier


@pytest.fixture
def ask(account, actor, actor_account, member, rules, now):
    def asked(**changes):
        given = {
            "directory": "corp",
            "account": account,
            "actor": actor,
            "actor_account": actor_account,
            "member": member,
            "team": "T0",
            "mail_changed_at": None,
            "now": now,
            "rules": rules,
            "capabilities": frozenset(Capability),
        }
        return offer(**(given | changes))

    return asked


def test_everything_is_offered_where_nothing_is_against_it(ask):
    """All three channels, the Slack message first, and what the directory can."""
    offered = ask()
    assert offered.channels == (Channel.DM, Channel.MAIL, Channel.RECOVERY)
    assert (offered.no_dm, offered.no_mail) == (None, None)
    assert (offered.mail_hint, offered.recovery_hint) == ("b…@example.com", "b…@example.org")
    assert offered.can_must_change
    assert offered.can_sessions
    assert offered.can_tokens
    assert offered.can_unlock
    assert offered.pickup
    assert offered.expires_in_hours == 24


def test_what_the_directory_cannot_is_said(ask, rules):
    """No capability, no promise; less than an hour is shown as one."""
    offered = ask(capabilities=frozenset(), rules=replace(rules, expires=timedelta(minutes=5)))
    can = (offered.can_must_change, offered.can_sessions, offered.can_tokens, offered.can_unlock)
    assert can == (False, False, False, False)
    assert offered.expires_in_hours == 1


def test_a_pickup_code_is_asked_for_as_the_tier_says(ask, rules):
    """The setting is per tier; a tier that it does not name asks."""
    assert not ask(rules=replace(rules, pickup={Tier.STANDARD: False})).pickup
    assert ask(rules=replace(rules, pickup={Tier.SENSITIVE: False})).pickup


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"deleted": True}, Reason.DEACTIVATED),
        ({"bot": True}, Reason.BOT),
        ({"guest": True}, Reason.GUEST),
        ({"stranger": True}, Reason.OTHER_TEAM),
        ({"person": SlackPerson("T1", "U0BOB")}, Reason.OTHER_TEAM),
        ({"person": SlackPerson("T0", "U0ADA")}, Reason.SELF),
    ],
)
def test_a_message_goes_to_a_full_living_member_only(ask, member, change, reason):
    """Anybody else, and the requester above all, is not offered, with the reason."""
    offered = ask(member=replace(member, **change))
    assert offered.no_dm is reason
    assert offered.channels == (Channel.MAIL, Channel.RECOVERY)


def test_nobody_in_slack(ask):
    """An account without a person in Slack is reached by mail."""
    assert ask(member=None).no_dm is Reason.NOT_FOUND


def test_a_channel_behind_the_accounts_own_sign_in_is_not_offered(ask, rules):
    """Who needs the password to read the mail, or Slack, is not sent it there."""
    offered = ask(rules=replace(rules, gates={"corp": frozenset({Channel.DM, Channel.MAIL})}))
    assert offered.channels == (Channel.RECOVERY,)
    assert (offered.no_dm, offered.no_mail) == (Reason.CANNOT, Reason.CANNOT)
    assert ask(rules=replace(rules, gates={"corp": frozenset({Channel.RECOVERY})})).channels[-1] is Channel.MAIL


def test_passwords_are_mailed_only_where_the_operator_said_so(ask, rules):
    """By default a mail is a notice."""
    offered = ask(rules=replace(rules, mail_password=False))
    assert offered.channels == (Channel.DM,)
    assert offered.no_mail is Reason.CANNOT


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        (None, Reason.NOT_FOUND),
        ("", Reason.NOT_FOUND),
        ("bob@example.com, eve@example.org", Reason.MAIL_REFUSED),
        ("bob@example.com\nBcc: eve@example.org", Reason.MAIL_REFUSED),
        ("Ada+bob@EXAMPLE.com", Reason.SELF),
        (" ada@example.com", Reason.MAIL_REFUSED),
        ("ada@example.com.", Reason.SELF),
    ],
)
def test_an_address_is_one_mailbox_and_not_the_requesters(ask, account, address, reason):
    """Neither two recipients in one text nor the requester under another spelling."""
    offered = ask(account=replace(account, mail=address, recovery_mail=address))
    assert offered.no_mail is reason
    assert offered.channels == (Channel.DM,)
    if not address:
        assert (offered.mail_hint, offered.recovery_hint) == (None, None)


def test_the_requesters_recovery_address_is_theirs_too(ask, actor_account):
    """Every address of the requester's account counts; of an account that nobody read none is known."""
    assert ask(actor_account=replace(actor_account, recovery_mail="bob@example.com")).no_mail is Reason.SELF
    assert ask(actor_account=None).no_mail is None


def test_a_fresh_address_is_not_mailed_to(ask, now):
    """Seven days, to the second; each address by itself."""
    week = timedelta(days=7)
    assert ask(mail_changed_at=now - week).no_mail is None
    offered = ask(mail_changed_at=now - week + timedelta(seconds=1))
    assert offered.no_mail is Reason.CHANGED_SINCE
    assert offered.channels == (Channel.DM, Channel.RECOVERY)
    assert ask(recovery_changed_at=now).channels == (Channel.DM, Channel.MAIL)


def test_nobody_is_reset_whom_nothing_reaches(ask, rules):
    """The refusal says why there is neither a message nor a mail."""
    with pytest.raises(Refused) as refused:
        ask(member=None, rules=replace(rules, mail_password=False))
    assert refused.value.reason is Reason.UNREACHABLE_PERSON
    said = {"no_dm": "not_found", "no_mail": "cannot", "login": "bob", "directory": "Corporate"}
    assert refused.value.facts == said


@pytest.mark.parametrize(
    ("address", "short"),
    [("bob@example.com", "b…@example.com"), ("b@example.com", "…@example.com"), ("bob", "…"), ("@x", "…")],
)
def test_a_shortened_address_tells_nobody_the_whole(address, short):
    """The first letter, unless it is all there is."""
    assert shorten(address) == short
