"""A password is offered only to ways that end at its owner."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from directory.base import Capability
from resets.actor import SlackPerson
from resets.delivery import offer, share_mail, shorten, ways
from resets.reasons import Reason, Refused
from resets.request import Channel, Tier


@pytest.fixture
def ask(account, actor, actor_account, member, rules, now):
    def asked(**changes):
        given = {
            "directory": "corp",
            "account": account,
            "tier": Tier.STANDARD,
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
    """No capability, no promise; whole hours are promised, and less than an hour is shown as one."""
    offered = ask(capabilities=frozenset(), rules=replace(rules, expires=timedelta(minutes=5)))
    can = (offered.can_must_change, offered.can_sessions, offered.can_tokens, offered.can_unlock)
    assert can == (False, False, False, False)
    assert offered.expires_in_hours == 1
    assert ask(rules=replace(rules, expires=timedelta(minutes=179))).expires_in_hours == 2


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
    [
        ("bob@example.com", "b…@example.com"),
        ("bo@example.com", "b…@example.com"),
        ("b@example.com", "…@example.com"),
        ("bob", "…"),
        ("@x", "…"),
    ],
)
def test_a_shortened_address_tells_nobody_the_whole(address, short):
    """The first letter, unless it is all there is."""
    assert shorten(address) == short


@pytest.fixture
def reach(account, actor, actor_account, member, rules, now):
    def reached(*wanted, **changes):
        given = {
            "directory": "corp",
            "account": account,
            "tier": Tier.STANDARD,
            "actor": actor,
            "actor_account": actor_account,
            "member": member,
            "team": "T0",
            "mail_changed_at": None,
            "now": now,
            "rules": rules,
        }
        return ways(wanted, **(given | changes))

    return reached


def test_in_a_bulk_each_is_reached_by_what_works_of_what_is_wanted(reach):
    """All that is wanted where all works, less where less does, and never what nobody wanted."""
    assert reach(Channel.MAIL, Channel.DM) == (Channel.DM, Channel.MAIL)
    assert reach(Channel.DM, Channel.MAIL, member=None) == (Channel.MAIL,)
    assert reach(Channel.MAIL) == (Channel.MAIL,)


def test_with_nothing_wanted_the_recovery_address_alone(reach, account):
    """Neither message nor mail leaves those who have another address."""
    assert reach() == (Channel.RECOVERY,)
    with pytest.raises(Refused) as refused:
        reach(account=replace(account, recovery_mail=None))
    assert refused.value.reason is Reason.UNREACHABLE_PERSON
    assert refused.value.facts["no_mail"] == "not_found"


@pytest.mark.parametrize(
    ("wanted", "changes", "facts"),
    [
        ((Channel.DM,), {"member": None}, {"no_dm": "not_found"}),
        ((Channel.MAIL,), {"mail_changed_at": "now"}, {"no_mail": "changed_since"}),
        ((Channel.DM, Channel.MAIL), {"member": None, "mail_changed_at": "now"}, {"no_dm": "not_found"}),
    ],
)
def test_whom_nothing_wanted_reaches_is_left_out_with_the_reason(reach, now, wanted, changes, facts):
    """Another way that would work is not taken instead, and only what was wanted is told of."""
    with pytest.raises(Refused) as refused:
        reach(*wanted, **{name: now if value == "now" else value for name, value in changes.items()})
    assert refused.value.reason is Reason.UNREACHABLE_PERSON
    assert (refused.value.facts["login"], refused.value.facts["directory"]) == ("bob", "Corporate")
    assert facts.items() <= refused.value.facts.items()
    assert ("no_dm" in refused.value.facts) == (Channel.DM in wanted)
    assert ("no_mail" in refused.value.facts) == (Channel.MAIL in wanted)


def test_nobody_is_sent_a_message_that_asks_for_a_code_that_nobody_has(reach, rules):
    """A bulk tells no codes: where the operator demands one, the person has a mail or is left out."""
    assert reach(Channel.DM) == (Channel.DM,)
    demanding = replace(rules, bulk_pickup={Tier.STANDARD: True})
    assert reach(Channel.DM, Channel.MAIL, rules=demanding) == (Channel.MAIL,)
    with pytest.raises(Refused) as refused:
        reach(Channel.DM, rules=demanding)
    assert refused.value.facts["no_dm"] == "cannot"


def test_sensitive_people_get_no_codeless_message_in_a_bulk(reach, account):
    """Without a setting only the standard tier goes without a code."""
    assert reach(Channel.DM, Channel.MAIL, tier=Tier.SENSITIVE) == (Channel.MAIL,)


def test_in_a_bulk_gates_and_the_requesters_addresses_count_too(reach, rules, account):
    """The same rules as for one."""
    gated = replace(rules, gates={"corp": frozenset({Channel.DM})})
    assert reach(Channel.DM, Channel.MAIL, rules=gated) == (Channel.MAIL,)
    assert reach(Channel.DM, Channel.MAIL, account=replace(account, mail="ada+x@example.com")) == (Channel.DM,)
    assert reach(Channel.DM, Channel.MAIL, rules=replace(rules, mail_password=False)) == (Channel.DM,)


def test_in_a_bulk_a_fresh_address_is_not_mailed_to_either(reach, now):
    """Each of the two addresses by itself."""
    assert reach(Channel.MAIL, Channel.RECOVERY, mail_changed_at=now) == (Channel.RECOVERY,)
    assert reach(Channel.MAIL, Channel.RECOVERY, recovery_changed_at=now) == (Channel.MAIL,)


def test_one_mailbox_of_two_accounts_is_read_by_both(account, actor_account):
    """Whichever of their addresses it is, in whatever spelling; what neither has is shared by nobody."""
    assert share_mail(account, replace(actor_account, recovery_mail="Bobby+x@EXAMPLE.org"))
    assert not share_mail(account, actor_account)
    assert not share_mail(replace(account, mail=None, recovery_mail=None), replace(actor_account, mail=None))
