"""Whom a preview finds for what was typed: the index, the directory and Slack are asked, and guesses are paid for."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from desk import preview, sweep
from directory.local_people import NewAccount
from resets.reasons import Reason
from store import lookups
from tests.support.house import ADA
from tests.support.previews import make, planned, refusal, why_not, wish
from tests.support.unsteady import Unsteady


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


async def test_who_was_chosen_and_is_gone(filled):
    """Somebody deleted between the typeahead and the preview is left out and said."""
    made = await make(filled, wish(people=(("corp", "gone"), ("corp", filled.ids["bob"]))))
    assert made.included == 1
    assert made.excluded == ((Reason.ACCOUNT_GONE, 1),)


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
