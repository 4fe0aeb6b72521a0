"""Looking up: exact, counted, audited, and never more than one's due."""

from __future__ import annotations

import pytest

from desk import fill, find, look, sweep
from directory.base import Unreachable
from directory.local_people import NewAccount
from resets.audit import Deed
from resets.facts import AskReset, AskWho, Excluded
from resets.reasons import Reason, Refused
from resets.request import Channel
from tests.support.house import ADA, BOB, EVE

NOBODY = Refused(Reason.NO_MANAGER)  # who could vouch


async def named(house, text):
    form_id = await look.start(house.tools, ADA)
    return await look.named(house.tools, form_id, ADA, find.Typed(text))


async def test_only_the_enrolled_may_start(house):
    """A person without a role is refused before any directory is asked."""
    house.directory.calls.clear()
    with pytest.raises(Refused) as refused:
        await look.start(house.tools, EVE)
    assert refused.value.reason is Reason.NO_ROLE
    assert house.directory.calls == []


@pytest.mark.parametrize("text", ["bob", "BOB", "bob@example.com", " Bob@Example.com "])
async def test_login_or_mail_finds_exactly_one(house, text):
    """Login and mail address find the account, in any case."""
    found = await named(house, text)
    assert found.account.login == "bob"


@pytest.mark.parametrize("text", ["jo", "JO", "j@x.org"])
async def test_a_login_of_two_letters_is_found(house, text):
    """Who has a short login or address can be reset by it: only a search needs three letters."""
    await house.local.add_account(NewAccount("jo", "Jo Short", "Jo", "Short", "j@x.org"))
    found = await named(house, text)
    assert found.account.login == "jo"
    assert (await house.deeds()).count(Deed.LOOKED_UP) == 1


async def test_short_names_are_not_searched_for(house):
    """Fewer than three letters that are nobody's login ask for more; they are a look-up like any other."""
    await sweep.refresh(house.tools, "corp")
    answer = await named(house, "bo")
    assert isinstance(answer, AskWho)
    assert (answer.reason, answer.choices) == (Reason.TOO_SHORT, ())
    assert (await house.deeds()).count(Deed.LOOKED_UP) == 1


async def test_no_letter_at_all_asks_nobody(house):
    """What cannot be seen is nobody's login: no directory is asked, and no look-up is used up."""
    house.directory.calls.clear()
    assert (await named(house, "\u200b,")).reason is Reason.TOO_SHORT
    assert house.directory.calls == []
    assert Deed.LOOKED_UP not in await house.deeds()


async def test_a_name_of_two_people_offers_both(house):
    """What fits several people is a choice, never a guess."""
    await sweep.refresh(house.tools, "corp")
    answer = await named(house, "sam same")
    assert isinstance(answer, AskWho)
    assert answer.reason is Reason.AMBIGUOUS
    assert {c.login for c in answer.choices} == {"sam1", "sam2"}


async def test_people_read_the_name_that_the_operator_gave_the_directory(house):
    """The form, an exclusion and a refusal all call a directory by its display name."""
    house.with_rules(display={"corp": "The corporation"})
    assert (await house.form("bob")).card.directory == "The corporation"
    excluded = await house.form("olga")
    assert excluded.card.directory == excluded.facts["directory"] == "The corporation"
    with pytest.raises(Refused) as refused:
        await house.form("nora", member=None)
    assert refused.value.facts["directory"] == "The corporation"


async def test_a_typing_mistake_is_answered_with_who_it_may_be(house):
    """A near miss names who may have been meant."""
    await sweep.refresh(house.tools, "corp")
    answer = await named(house, "boob")
    assert answer.reason is Reason.NOT_FOUND
    assert "bob" in {c.login for c in answer.choices}


@pytest.mark.parametrize(
    ("login", "reason"),
    [
        ("dora", Reason.DISABLED),
        ("ext", Reason.EXTERNAL),
        ("olga", Reason.PRIVILEGED),
        ("una", Reason.UNVERIFIED_DOMAIN),
        ("svc", Reason.SERVICE),
        ("new", Reason.UNCONFIRMED),
        ("ada", Reason.SELF),
    ],
)
async def test_who_may_not_be_reset_is_excluded_with_the_reason(house, login, reason):
    """Each kind of account that may not be reset says why."""
    answer = await house.form(login, None)
    assert isinstance(answer, Excluded)
    assert answer.reason is reason


async def test_nobody_reachable_is_refused(house):
    """Without Slack account and mail there is nothing to deliver to: refused, with a reason."""
    with pytest.raises(Refused) as refused:
        await house.form("nora", None)
    assert refused.value.reason is Reason.UNREACHABLE_PERSON


async def test_directory_that_is_down_is_said(house):
    """A directory that does not answer is a sentence, not "not found"."""
    house.directory.before["find"] = [Unreachable("down")]
    with pytest.raises(Refused) as refused:
        await named(house, "bob")
    assert refused.value.reason is Reason.DIRECTORY_DOWN


async def test_lookups_are_limited_and_audited(house):
    """The sixty-first look-up within an hour is refused; an hour later it goes on."""
    for _ in range(60):
        await named(house, "bob")
    with pytest.raises(Refused) as refused:
        await named(house, "bob")
    assert refused.value.reason is Reason.TOO_MANY_LOOKUPS
    assert (await house.deeds()).count(Deed.LOOKED_UP) == 60
    house.clock.tick(hours=1, seconds=1)
    await named(house, "bob")


async def test_typing_on_is_one_lookup_and_starting_over_is_another(house):
    """A typeahead costs one look-up for a name being typed, however many letters it takes."""
    await sweep.refresh(house.tools, "corp")
    form_id = await look.start(house.tools, ADA)
    for query in ("bak", "bake", "baker", "baker b"):
        assert {c.login for c in await look.suggest(house.tools, form_id, ADA, query)} == {"bob"}
    assert (await house.deeds()).count(Deed.LOOKED_UP) == 1
    await look.suggest(house.tools, form_id, ADA, "eva")
    assert (await house.deeds()).count(Deed.LOOKED_UP) == 2


async def test_other_letters_after_the_same_beginning_are_other_lookups(house):
    """One name typed on is one look-up; going through the alphabet behind a beginning is one for each letter."""
    await sweep.refresh(house.tools, "corp")
    form_id = await look.start(house.tools, ADA)
    for query in ("exa", "exa a", "exa b", "exa c", "exa d"):
        await look.suggest(house.tools, form_id, ADA, query)
    assert (await house.deeds()).count(Deed.LOOKED_UP) == 4


async def test_letters_taken_back_are_no_lookup(house):
    """Who takes back a letter, or all but the first three, has seen that answer already."""
    await sweep.refresh(house.tools, "corp")
    form_id = await look.start(house.tools, ADA)
    for query in ("bak", "bake", "baker", "bake", "bak", "baker", "baker b"):
        await look.suggest(house.tools, form_id, ADA, query)
    assert (await house.deeds()).count(Deed.LOOKED_UP) == 1


@pytest.mark.parametrize("query", [",,,", "\u200b\u200b\u200b", "\u200b\u200bb", "(b)", '""b'])
async def test_what_the_index_does_not_see_is_no_letter(house, query):
    """Three characters of which the index drops some are not three letters."""
    await sweep.refresh(house.tools, "corp")
    form_id = await look.start(house.tools, ADA)
    with pytest.raises(Refused) as refused:
        await look.suggest(house.tools, form_id, ADA, query)
    assert refused.value.reason is Reason.TOO_SHORT
    assert (await named(house, query)).reason is Reason.TOO_SHORT


async def test_a_disabled_admin_has_no_role_any_more(house):
    """An admin whose own account was disabled is refused although the enrolment stands."""
    await house.local.disable(house.ids["ada"])
    with pytest.raises(Refused) as refused:
        await house.form()
    assert refused.value.reason is Reason.ACTOR_DISABLED


async def test_a_fresh_address_is_not_offered(house):
    """A mail address that changed within a week carries no password."""
    house.with_rules(mail_password=True)
    await sweep.refresh(house.tools, "corp")
    await house.local.change_account(house.ids["bob"], mail="bobby@example.com")
    form = await house.form()
    assert isinstance(form, AskReset)
    assert Channel.MAIL not in form.offer.channels
    assert form.offer.no_mail is Reason.CHANGED_SINCE
    await sweep.refresh(house.tools, "corp")
    house.clock.tick(days=8)
    form = await house.form()
    assert Channel.MAIL in form.offer.channels


@pytest.mark.parametrize("trait", ["guest", "bot", "deleted", "stranger"])
async def test_dm_only_to_full_living_members(house, trait):
    """A guest, a bot, somebody deactivated or a stranger gets no DM, and the form says why."""
    house.with_rules(mail_password=True)
    form_id = await look.start(house.tools, ADA)
    found = await look.named(house.tools, form_id, ADA, find.Typed("bob"))
    form = await fill.fill(house.tools, form_id, ADA, found, house.member(BOB, **{trait: True}), NOBODY)
    assert Channel.DM not in form.offer.channels
    assert form.offer.no_dm is not None


async def test_a_mention_finds_by_the_directorys_slack_attribute(house):
    """A mentioned person is found by the id that the directory holds, not by the address that Slack shows."""
    await sweep.refresh(house.tools, "corp")
    form_id = await look.start(house.tools, ADA)
    member = house.member(BOB, mail="eve@example.com")
    found = await look.named(house.tools, form_id, ADA, find.Mentioned(member))
    assert found.account.login == "bob"


async def test_a_fresh_recovery_address_is_not_offered(house):
    """A recovery address that somebody has changed within a week carries no password either."""
    house.with_rules(mail_password=True)
    await sweep.refresh(house.tools, "corp")
    form = await house.form()
    assert Channel.RECOVERY in form.offer.channels
    await house.local.change_account(house.ids["bob"], recovery_mail="thief@home.test")
    assert Channel.RECOVERY not in (await house.form()).offer.channels
    await sweep.refresh(house.tools, "corp")
    assert Channel.RECOVERY not in (await house.form()).offer.channels
    house.clock.tick(days=8)
    assert Channel.RECOVERY in (await house.form()).offer.channels
