"""The dry run of a bulk: everybody named is found, judged, and frozen or left out with the reason; nothing changes."""

from __future__ import annotations

from dataclasses import replace

from desk import submit_bulk, sweep
from desk.tools import WorkKind
from directory.base import Capability
from resets.audit import Deed
from resets.reasons import Reason
from resets.request import Channel, RequestState, Why
from store import audit, outbox, requests, tally
from tests.support.house import ADA, BOB
from tests.support.previews import OPTIONS, make, planned, refusal, why_not, wish


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
