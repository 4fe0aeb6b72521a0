"""The dry run of a bulk: everybody named is found, judged, and frozen or left out with the reason; nothing changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from desk import choose, draft, preview, submit_bulk, sweep
from desk.tools import WorkKind
from directory.base import Capability, Unreachable
from directory.local_people import NewAccount
from resets.audit import Deed
from resets.bulk import Wish
from resets.facts import Member
from resets.reasons import Reason, Refused
from resets.request import Channel, Options, RequestState, Why
from store import audit, bulk, lookups, outbox, requests, tally
from tests.support.house import ADA, BOB, EVE, TEAM, Unsteady

OPTIONS = Options(Why.FORGOT, "", True, True, False, (Channel.DM,))


def wish(*names, **changes):
    return replace(Wish((), (), names, OPTIONS, None), **changes)


async def in_slack(accounts):
    """Say that whoever has a Slack id is a full member."""
    return {a.id: person(a.slack_user) if a.slack_user else None for a in accounts}


def person(user):
    from resets.actor import SlackPerson

    return Member(SlackPerson(TEAM, user), "", None, deleted=False, bot=False, guest=False, stranger=False)


async def make(house, wanted, reach=in_slack, form_id=None):
    return await preview.make(house.tools, form_id or await choose.start(house.tools, ADA), ADA, wanted, reach)


async def planned(house, made):
    """Return the frozen people by login."""
    async with house.store.read() as tx:
        targets = await requests.targets(tx, made.request_id)
    return {target.planned.login: target.planned for target in targets if target.planned.channels}


async def why_not(house, made):
    """Return who is left out, with the reason."""
    rows = [row async for row in tally.report(house.store, made.request_id)]
    return {row.login: row.reason for row in rows if row.reason}


async def refusal(house, wanted, **given):
    with pytest.raises(Refused) as refused:
        await make(house, wanted, **given)
    return refused.value


async def draft_of(house):
    """Return the id of the only request there is."""
    from sqlalchemy import text

    async with house.store.read() as tx:
        return (await tx.conn.execute(text("SELECT id FROM requests"))).scalar_one()


@pytest.fixture
async def filled(house):
    await sweep.refresh(house.tools, "corp")
    house.directory.calls.clear()
    return house


async def test_everybody_is_frozen_or_left_out_with_the_reason(filled):
    """Each rule has its person; what is frozen has the digest of the same plan in one piece; nobody was changed."""
    house = filled
    everybody = ("bob", "eve@example.com", "ada", "dora", "ext", "olga", "una", "svc", "new", "nora", "nobody.here")
    made = await make(house, wish(*everybody, "<@oops>", "sam same"))
    assert await why_not(house, made) == {
        "ada": Reason.SELF,
        "dora": Reason.DISABLED,
        "ext": Reason.EXTERNAL,
        "olga": Reason.PRIVILEGED,
        "una": Reason.UNVERIFIED_DOMAIN,
        "svc": Reason.SERVICE,
        "new": Reason.UNCONFIRMED,
        "nora": Reason.UNREACHABLE_PERSON,
        "nobody.here": Reason.NOT_FOUND,
        "<@oops>": Reason.MALFORMED_TARGET,
        "sam same": Reason.NOT_FOUND,
    }
    there = await planned(house, made)
    assert set(there) == {"bob", "eve"}
    assert (there["bob"].slack_user, there["bob"].address, there["bob"].recovery_address) == (
        BOB.user,
        "bob@example.com",
        None,
    )
    assert (made.included, made.duplicates, made.directories) == (2, 0, (("corp", 2),))
    assert made.by_channel == ((Channel.DM, 2),)
    assert made.excluded[0] == (Reason.NOT_FOUND, 2)
    assert sum(number for _, number in made.excluded) == 11
    assert not {"set_password", "unlock", "_must_change"} & set(house.directory.calls)
    async with house.store.read() as tx:
        request = await requests.get(tx, made.request_id)
        targets = [t.planned for t in await requests.targets(tx, made.request_id) if t.planned.channels]
    assert made.digest == request.digest == replace(request.plan, targets=tuple(targets)).digest()
    assert request.state is RequestState.ASKED


async def test_the_preview_can_be_proved_and_is_written_down(filled):
    """The form is tied to it; the journal has its numbers; its whole list goes to the requester."""
    house = filled
    made = await make(house, replace(wish("bob", "dora", "bob"), file="people.csv"))
    async with house.store.read() as tx:
        entry = next(k.entry for k in await audit.tail(tx, 10) if k.entry.deed is Deed.PREVIEWED)
        (work,) = [work for work in house.queue if work.kind is WorkKind.NOTICE]
        notice = await outbox.get(tx, work.id)
    assert (notice.kind, notice.request_id) == ("preview", made.request_id)
    assert (entry.digest, entry.request_id) == (made.digest, made.request_id)
    counts = {"included": 1, "excluded": 1, "unknown": 0, "duplicates": 1, "lookups": 1, "file": "people.csv"}
    assert entry.facts == counts
    held = await submit_bulk.begin(house.tools, made.form_id, ADA, house.code(), "")
    assert (held.request_id, held.included) == (made.request_id, 1)


async def test_people_groups_and_names_are_one_list(filled):
    """Whoever is named twice is taken once, by whichever way, and that is counted."""
    house = filled
    await house.local.add_group("Sales", members=[house.ids["eve"], house.ids["sam1"]])
    await house.local.add_group("Everybody", members=[house.ids["bob"], house.ids["eve"]], groups=["Sales"])
    people = (("corp", house.ids["bob"]), ("corp", house.ids["bob"]))
    groups = (("corp", "everybody"), ("corp", "everybody"))
    wanted = wish("BOB", "bob@example.com", "bob", "bob", "sam2", people=people, groups=groups)
    made = await make(house, replace(wanted, options=replace(OPTIONS, channels=(Channel.DM,))))
    assert set(await planned(house, made)) == {"bob", "eve"}  # the Sams have nobody in Slack
    assert set(await why_not(house, made)) == {"sam1", "sam2"}
    # Again: bob among the people, bob in the group, and bob's login three times and his address in the list.
    assert made.duplicates == 6
    rows = {row.login: row.source async for row in tally.report(house.store, made.request_id)}
    assert (rows["bob"], rows["eve"], rows["sam1"], rows["sam2"]) == ("bob", "Everybody", "Everybody", "sam2")


async def test_a_hundred_thousand_times_the_same(filled):
    """They cost one row and one look-up."""
    made = await make(filled, wish(*["bob"] * 100_000))
    assert (made.included, made.duplicates) == (1, 99_999)
    assert (await refusal(filled, wish(*["bob"] * 100_001))).reason is Reason.TOO_MANY_ROWS


async def test_what_the_index_does_not_know_the_directory_may(house):
    """Before the index was filled, and for whoever came since; and the directory's word goes before the index's."""
    assert set(await planned(house, await make(house, wish("bob", "eve@example.com")))) == {"bob", "eve"}
    await sweep.refresh(house.tools, "corp")
    await house.local.add_accounts([NewAccount("late", "Late", "La", "Te", "late@example.com", slack_user="U0LATE")])
    await house.local.change_account(house.ids["eve"], mail="evelyn@example.com")
    made = await make(house, wish("late", "eve@example.com"))
    assert set(await planned(house, made)) == {"late"}
    assert await why_not(house, made) == {"eve@example.com": Reason.NOT_FOUND}


async def test_facts_are_fresh(filled):
    """Who was disabled after the index was filled is left out."""
    await filled.local.disable(filled.ids["bob"])
    assert await why_not(filled, await make(filled, wish("bob"))) == {"bob": Reason.DISABLED}


async def test_many_names_cost_few_round_trips(filled):
    """A thousand people are read in two goes of 500, not one by one."""
    house = filled
    names = [f"p{n:04d}" for n in range(1000)]
    await house.local.add_accounts(
        [NewAccount(n, n, "P", n, f"{n}@example.com", slack_user=f"U{n.upper()}") for n in names]
    )
    await sweep.refresh(house.tools, "corp")
    house.directory.calls.clear()
    made = await make(house, wish(*names))
    assert made.included == 1000
    assert made.asks_number
    assert house.directory.calls.count("fetch") == 3  # the requester's own account too
    assert house.directory.calls.count("find") == 0


async def test_a_mention_is_whom_the_directory_says(filled):
    """By the Slack id that the directory holds, else by the address that Slack has."""
    made = await make(filled, wish("<@U0BOB>", "<@U0NOBODY|eve@example.com>", "<@U0NOBODY>"))
    assert set(await planned(filled, made)) == {"bob", "eve"}
    assert await why_not(filled, made) == {"<@U0NOBODY>": Reason.NOT_FOUND}


async def test_a_name_of_two_directories_is_ambiguous(filled):
    """And it is said which accounts were meant."""
    house = filled
    other = Unsteady(house.local)
    other.name = "lab"
    house.tools = replace(house.tools, directories={"corp": house.directory, "lab": other})
    made = await make(house, wish("bob"))
    page = await preview.excluded(house.tools, made.form_id, ADA, Reason.AMBIGUOUS, 0)
    assert page.rows == (("bob", "", {"typed": "bob", "near": "bob (corp), bob (lab)"}),)


async def test_did_you_mean(filled):
    """Names nearly right come with whom they may mean."""
    made = await make(filled, wish("bbo.baker", "bakr"))
    page = await preview.excluded(filled.tools, made.form_id, ADA, Reason.NOT_FOUND, 0)
    assert (page.total, page.pages, page.page) == (2, 1, 0)
    assert {name: facts.get("near") for name, _, facts in page.rows}["bakr"] == "bob"


async def test_delivery_is_each_persons_own(filled):
    """Of what is wanted, what reaches this one; the address stays for the notice."""
    house = filled
    house.with_rules(mail_password=True)
    both = replace(OPTIONS, channels=(Channel.MAIL, Channel.DM))
    made = await make(house, wish("bob", "sam1", "nora", options=both))
    there = await planned(house, made)
    assert there["bob"].channels == (Channel.DM, Channel.MAIL)
    assert (there["sam1"].channels, there["sam1"].slack_user) == ((Channel.MAIL,), None)
    assert made.by_channel == ((Channel.DM, 1), (Channel.MAIL, 2))
    assert await why_not(house, made) == {"nora": Reason.UNREACHABLE_PERSON}
    neither = await make(house, wish("bob", "eve", options=replace(OPTIONS, channels=())))
    (bob,) = (await planned(house, neither)).values()
    assert (bob.channels, bob.recovery_address, bob.slack_user) == ((Channel.RECOVERY,), "bobby@home.test", None)
    assert neither.options.channels == (Channel.RECOVERY,)


async def test_a_fresh_address_gets_no_password(filled):
    """Whether the index saw it change or it differs from what the index knows."""
    house = filled
    house.with_rules(mail_password=True)
    mail = replace(OPTIONS, channels=(Channel.MAIL,))
    await house.local.change_account(house.ids["sam1"], mail="samuel@example.com")
    assert await why_not(house, await make(house, wish("sam1", options=mail))) == {"sam1": Reason.UNREACHABLE_PERSON}
    await sweep.refresh(house.tools, "corp", whole=True)
    house.clock.tick(days=6)
    assert (await make(house, wish("sam1", options=mail))).included == 0
    house.clock.tick(days=1)
    assert (await make(house, wish("sam1", options=mail))).included == 1


async def test_slack_is_asked_only_for_messages(filled):
    """Where nobody wants a message, or everybody is left out, Slack is not asked."""

    async def never(_accounts):
        raise AssertionError("Slack was asked")

    filled.with_rules(mail_password=True)
    assert (await make(filled, wish("bob", options=replace(OPTIONS, channels=(Channel.MAIL,))), never)).included == 1
    assert (await make(filled, wish("dora"), never)).included == 0
    filled.with_rules(gates={"corp": frozenset({Channel.DM})})
    assert (await make(filled, wish("bob"), never)).included == 0


async def test_a_suspected_compromise_clears_sessions(filled):
    """Whatever was ticked; and what a directory cannot do is said."""
    house = filled
    asked = replace(OPTIONS, why=Why.COMPROMISE, clear_sessions=False, unlock=True, ticket="  INC \n 7 ")
    made = await make(house, wish("bob", options=asked))
    assert (made.options.clear_sessions, made.options.ticket, made.no_tokens, made.cannot) == (True, "INC 7", False, ())
    house.directory.capabilities -= {Capability.UNLOCK, Capability.REVOKE_TOKENS}
    made = await make(house, wish("bob", options=asked))
    assert (made.no_tokens, made.cannot) == (True, (Reason.CANNOT,))


@pytest.mark.parametrize(
    ("wanted", "reason"),
    [
        (wish(), Reason.NOBODY_CHOSEN),
        (wish("bob", options=replace(OPTIONS, ticket="x" * 201)), Reason.CHOICE_INVALID),
        (wish(groups=(("corp", "no such group"),)), Reason.GROUP_GONE),
        (wish(groups=(("other", "sales"),)), Reason.NO_SUCH_DIRECTORY),
        (wish(people=(("other", "id"),)), Reason.NO_SUCH_DIRECTORY),
    ],
)
async def test_what_cannot_be_asked_for(filled, wanted, reason):
    """Refused with a reason of its own."""
    assert (await refusal(filled, wanted)).reason is reason


async def test_a_time_is_ahead_and_not_too_far(filled):
    """Between now and thirty days."""
    now = filled.clock()
    for start in (now - timedelta(seconds=1), now + timedelta(days=30, seconds=1)):
        assert (await refusal(filled, wish("bob", start=start))).reason is Reason.START_INVALID
    assert (await make(filled, wish("bob", start=now + timedelta(days=30)))).start == now + timedelta(days=30)


async def test_nobody_left_can_not_be_proved(filled):
    """An empty group, or only exclusions: a preview that says so, and no digest."""
    house = filled
    await house.local.add_group("Empty")
    for wanted in (wish(groups=(("corp", "empty"),)), wish("dora", "nobody.here")):
        made = await make(house, wanted)
        assert (made.included, made.digest, made.directories, made.by_channel) == (0, "", (), ())
        with pytest.raises(Refused) as refused:
            await submit_bulk.begin(house.tools, made.form_id, ADA, house.code(), "0")
        assert refused.value.reason is Reason.NOBODY_LEFT


async def test_who_was_chosen_and_is_gone(filled):
    """Somebody deleted between the typeahead and the preview is left out and said."""
    made = await make(filled, wish(people=(("corp", "gone"), ("corp", filled.ids["bob"]))))
    assert made.included == 1
    assert made.excluded == ((Reason.ACCOUNT_GONE, 1),)


async def test_a_group_that_is_too_large_is_refused(filled, monkeypatch):
    """Before everybody of it was read."""
    monkeypatch.setattr(draft, "MOST", 3)
    await filled.local.add_group(
        "Large", members=[filled.ids["bob"], filled.ids["eve"], filled.ids["sam1"], filled.ids["sam2"]]
    )
    refused = await refusal(filled, wish(groups=(("corp", "large"),)))
    assert refused.reason is Reason.TOO_MANY_ROWS


@pytest.mark.parametrize("method", ["fetch", "find_many", "_group", "verified_domains"])
async def test_a_directory_lost_on_the_way_leaves_nothing_to_prove(filled, method):
    """The refusal names it; what was read until then is a request without a digest; an earlier preview is void too."""
    house = filled
    await house.local.add_group("Sales", members=[house.ids["eve"]])
    made = await make(house, wish("bob"))
    # The first answer of `fetch` is the requester's own account.
    house.directory.before[method] = [*([None] if method == "fetch" else []), Unreachable("gone")]
    wanted = wish("sam1", "nobody.here", groups=(("corp", "sales"),))
    refused = await refusal(house, wanted, form_id=made.form_id)
    assert (refused.reason, refused.facts) == (Reason.DIRECTORY_DOWN, {"directory": "corp"})
    with pytest.raises(Refused) as again:
        await submit_bulk.begin(house.tools, made.form_id, ADA, house.code(), "")
    assert again.value.reason is Reason.FORM_UNKNOWN


async def test_slack_lost_on_the_way(filled):
    """The same."""

    async def lost(_accounts):
        raise Refused(Reason.WHO_UNKNOWN)

    assert (await refusal(filled, wish("bob"), reach=lost)).reason is Reason.WHO_UNKNOWN
    async with filled.store.read() as tx:
        assert await bulk.of_request(tx, await draft_of(filled)) == ("", 0)


async def test_only_ones_own_form_and_role(filled):
    """Another's form, a lost role and a disabled account make no preview."""
    house = filled
    form_id = await choose.start(house.tools, ADA)
    with pytest.raises(Refused) as refused:
        await preview.make(house.tools, form_id, EVE, wish("bob"), in_slack)
    assert refused.value.reason is Reason.NOT_YOURS
    with pytest.raises(Refused) as refused:
        await preview.excluded(house.tools, form_id, ADA, Reason.DISABLED, 0)
    assert refused.value.reason is Reason.FORM_UNKNOWN  # no preview yet
    await house.local.disable(house.ids["ada"])
    assert (await refusal(house, wish("bob"))).reason is Reason.ACTOR_DISABLED


async def used(house):
    async with house.store.read() as tx:
        from store import admins

        actor = (await admins.by_slack(tx, ADA)).actor
        return await lookups.count(tx, actor.id, house.clock() - timedelta(hours=1))


async def test_a_list_that_is_right_costs_one_lookup(filled):
    """However long; a few wrong names in it are free."""
    house = filled
    names = [f"p{n:03d}" for n in range(200)]
    await house.local.add_accounts([NewAccount(n, n, "P", n, f"{n}@example.com") for n in names])
    await sweep.refresh(house.tools, "corp")
    await make(house, wish(*names, *(f"wrong{n}" for n in range(10))))
    assert await used(house) == 1
    await make(house, wish(*names, *(f"wrong{n}" for n in range(11))))
    assert await used(house) == 3


async def test_a_list_of_guesses_uses_up_the_hour_and_shows_nothing(filled):
    """Twenty wrong names are a look-up; too many are refused before all of them were looked for."""
    house = filled
    await make(house, wish(*(f"guess{n}" for n in range(100))))
    assert await used(house) == 6
    house.directory.calls.clear()
    guesses = (f"guess{n}" for n in range(99_000))
    refused = await refusal(house, wish("bob", *guesses))
    assert (refused.reason, refused.facts) == (Reason.TOO_MANY_LOOKUPS, {"limit": 60})
    assert house.directory.calls.count("find_many") < 30
    assert await used(house) == 60
    assert (await refusal(house, wish("bob"))).reason is Reason.TOO_MANY_LOOKUPS


async def test_hostile_names_are_listed_and_hurt_nobody(filled):
    """Control characters, halves of characters, formulas and whole books are names that nobody has."""
    hostile = (
        "\0",
        "\ud800",
        "=cmd()",
        "x" * 100_000,
        "<!channel>",
        "*)(uid=*",
        "' OR 1=1 --",
        "\u202e",
        "@",
        "%",
        " ",
    )
    made = await make(filled, wish("bob", *hostile))
    assert made.included == 1
    assert sum(number for _, number in made.excluded) == len(hostile)
