"""The local index: found by the start of any word, the same on every directory and both databases."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from directory.base import Account
from store import index
from store.folding import fold, query_words, words_of
from store.tables_index import index_words

PEOPLE = (
    Account("1", "anna", "Anna Müller", "Anna", "Müller", "anna@example.com", department="Sales"),
    Account("2", "anna.berg", "Anna Berg", "Anna", "Berg", "anna.berg@example.com", department="Human Resources"),
    Account("3", "jb", "Jürgen Bergström-Łukasz", "Jürgen", "Bergström-Łukasz", "j.b@example.com"),
    Account("4", "obrien", "Seán O'Brien", "Seán", "O'Brien", None, department="IT", slack_user="U0SEAN"),
    Account("5", "sally", "Sally Strauß", "Sally", "Strauß", "sally@example.com", department="Engineering"),
    Account("6", "=cmd", "\u202e<!channel> \0\ud800 %_'--", mail="hostile@example.com", department="\0"),
)
CORP = ("corp",)


@pytest.fixture
async def filled(store, clock):
    async with store.write() as tx:
        await index.upsert(tx, "corp", PEOPLE, clock())
        await index.upsert(tx, "lab", [replace(PEOPLE[0], name="Anna of the lab")], clock())
    return store


async def found(store, query, *, directories=CORP, limit=20):
    async with store.read() as tx:
        return [each.account_id for each in await index.search(tx, query, directories=directories, limit=limit)]


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("anna", ["1", "2"]),
        ("ANNA", ["1", "2"]),
        ("anna.b", ["2"]),
        ("anna.berg@example.com", ["2"]),
        ("ann mul", ["1"]),
        ("müll anna", ["1"]),
        ("MU\u0308LLER", ["1"]),
        ("berg", ["2", "3"]),
        ("bergstrom", ["3"]),
        ("lukasz", ["3"]),
        ("ŁUK jür", ["3"]),
        ("j.b", ["3"]),
        ("o'br", ["4"]),
        ("brien", ["4"]),
        ("sean it", ["4"]),
        ("strauss", ["5"]),
        ("sal", ["5", "1"]),  # one's own name before a department's
        ("human res", ["2"]),
        ("anna sales", ["1"]),
        ("anna engineering", []),
        ("example", []),
        ("zzz", []),
        ("", []),
        (" ,;\u202e\0 ", []),
        ("%nna", []),
        ("%", ["6"]),
        ("_nna", []),
        ("' OR 1=1 --", []),
        ("=cmd", ["6"]),
        ("channel", ["6"]),
    ],
)
async def test_an_account_is_found_by_the_start_of_its_words(filled, query, ids):
    """Case and accents do not matter, every word must fit, and no character of a query is special."""
    assert await found(filled, query) == ids


async def test_only_the_asked_directories_are_searched(filled):
    """A choice tells its directory; none asked, none found."""
    assert await found(filled, "anna", directories=("lab",)) == ["1"]
    assert await found(filled, "anna", directories=("corp", "lab")) == ["1", "1", "2"]
    assert await found(filled, "anna", directories=()) == []
    async with filled.read() as tx:
        (choice,) = await index.search(tx, "anna", directories=("lab",), limit=5)
    assert (choice.directory, choice.name, choice.mail) == ("lab", "Anna of the lab", "anna@example.com")


async def test_a_whole_login_comes_first_and_the_limit_holds(store, clock):
    """However many begin alike, who typed a login whole sees that account."""
    crowd = [Account(f"c{n}", f"ann.{n:03}", f"Ann {n}", mail=f"ann.{n:03}@example.com") for n in range(100)]
    async with store.write() as tx:
        await index.upsert(tx, "corp", [*crowd, Account("x", "ann", "Zoë")], clock())
    ids = await found(store, "ann")
    assert ids[0] == "x"
    assert len(ids) == len(set(ids)) == 20


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("ana", ["1", "2"]),
        ("anna mullre", ["1"]),
        ("bergstrem", ["3"]),
        ("saly", ["5"]),
        ("obrein", ["4"]),
        ("anna xyzzy", ["1", "2"]),
        ("xyzzy", []),
        ("", []),
    ],
)
async def test_a_misspelt_name_is_guessed(filled, query, ids):
    """Did you mean: letters left out, doubled or swapped, where the first ones are right."""
    async with filled.read() as tx:
        near = await index.near(tx, query, directories=CORP, limit=5)
        assert await index.near(tx, query, directories=(), limit=5) == ()
    assert sorted(each.account_id for each in near) == ids


async def test_a_change_is_found_and_what_was_is_not(filled, clock):
    """A new name replaces the old one's words; nothing is left behind."""
    async with filled.write() as tx:
        await index.upsert(tx, "corp", [replace(PEOPLE[1], name="Anna Weber", family_name="Weber")], clock())
    assert await found(filled, "weber") == ["2"]
    assert await found(filled, "anna web") == ["2"]
    assert await found(filled, "anna.berg") == ["2"]
    async with filled.write() as tx:
        await index.upsert(tx, "corp", [replace(PEOPLE[1], login="aweber", mail=None, name="A W")], clock())
    assert await found(filled, "anna.b") == []
    async with filled.read() as tx:
        assert await index.count(tx, "corp") == len(PEOPLE)


async def test_what_is_removed_leaves_nothing(filled):
    """Accounts and their words; those of another directory stay."""
    async with filled.write() as tx:
        await index.remove(tx, "corp", [*(each.id for each in PEOPLE), "unknown"])
        assert await index.count(tx, "corp") == 0
        assert await index.count(tx, "lab") == 1
        await index.remove(tx, "lab", ["1"])
        assert await tx.conn.scalar(select(func.count()).select_from(index_words)) == 0


async def test_a_changed_recovery_address_is_noticed_apart(filled, clock):
    """The recovery address has a time of its own."""
    anna = PEOPLE[0]
    at = clock.tick(days=1)
    async with filled.write() as tx:
        await index.upsert(tx, "corp", [replace(anna, recovery_mail="thief@home.test")], at)
        known = await index.addresses(tx, "corp", "1")
    assert (known.mail_changed_at, known.recovery, known.recovery_changed_at) == (None, "thief@home.test", at)


async def test_a_changed_address_is_noticed(filled, clock):
    """When it was first seen to differ; case alone, and a first sight, are no change."""

    async def seen(account):
        async with filled.write() as tx:
            await index.upsert(tx, "corp", [account], clock())
            known = await index.addresses(tx, "corp", "1")
            return known.mail_changed_at, known.mail

    anna = PEOPLE[0]
    assert await seen(anna) == (None, "anna@example.com")
    assert await seen(replace(anna, mail="Anna@Example.com")) == (None, "Anna@Example.com")
    first = clock.tick(days=1)
    assert await seen(replace(anna, mail="eve@example.com")) == (first, "eve@example.com")
    clock.tick(days=1)
    assert await seen(replace(anna, mail="eve@example.com", name="Another")) == (first, "eve@example.com")
    third = clock.tick(days=1)
    assert await seen(replace(anna, mail=None)) == (third, None)
    async with filled.read() as tx:
        assert await index.addresses(tx, "corp", "unknown") is None


async def test_a_full_walk_forgets_who_was_not_seen(filled, clock):
    """Unchanged, changed and new accounts stay; a walk that was broken off forgets nobody."""
    async with filled.write() as tx:
        await index.begin_walk(tx, "corp")
        await index.upsert(tx, "corp", PEOPLE[:1], clock())
    async with filled.write() as tx:
        await index.begin_walk(tx, "corp")
        assert await index.count(tx, "corp") == len(PEOPLE)
        await index.upsert(
            tx, "corp", [PEOPLE[1], replace(PEOPLE[2], name="New Name"), Account("9", "new", "New")], clock()
        )
        assert await index.end_walk(tx, "corp") == 4
        assert await index.count(tx, "corp") == 3
        assert await index.count(tx, "lab") == 1
    assert await found(filled, "new") == ["9", "3"]


async def test_the_marker_is_kept(filled, clock):
    """None before the first walk; a new walk leaves it until it is set again."""
    async with filled.write() as tx:
        assert await index.mark(tx, "corp") is None
        await index.set_mark(tx, "corp", "m1", clock())
        await index.begin_walk(tx, "corp")
        assert await index.mark(tx, "corp") == "m1"
        await index.set_mark(tx, "corp", None, clock())
        assert await index.mark(tx, "corp") is None
        assert await index.mark(tx, "lab") is None


async def test_accounts_are_found_by_their_slack_user(filled):
    """Where the directory says whose Slack user it is."""
    async with filled.read() as tx:
        assert [each.account_id for each in await index.by_slack(tx, "U0SEAN")] == ["4"]
        assert await index.by_slack(tx, "U0NOBODY") == ()


async def test_filling_twice_changes_nothing(filled, clock):
    """The same accounts once more, twice in one call, and none at all."""
    async with filled.write() as tx:
        before = await tx.conn.scalar(select(func.count()).select_from(index_words))
        await index.upsert(tx, "corp", [*PEOPLE, *PEOPLE], clock())
        await index.upsert(tx, "corp", [], clock())
        assert await tx.conn.scalar(select(func.count()).select_from(index_words)) == before


async def test_a_search_does_not_wait_for_a_fill(sqlite_store, clock):
    """Typing goes on while a page of the directory is being written."""
    async with sqlite_store.write() as tx:
        await index.upsert(tx, "corp", PEOPLE, clock())
        assert await asyncio.wait_for(found(sqlite_store, "anna"), 5) == []
    assert await found(sqlite_store, "anna") == ["1", "2"]


@given(st.text(max_size=80))
def test_folding_twice_is_folding_once(text):
    """Any text: folded, it is folded; and it holds nothing that a database would refuse."""
    once = fold(text)
    assert fold(once) == once
    assert "\0" not in once
    once.encode()


@given(
    st.builds(
        Account,
        id=st.just("1"),
        login=st.text(min_size=1, max_size=20),
        name=st.text(max_size=40),
        given_name=st.text(max_size=20),
        family_name=st.text(max_size=20),
        mail=st.none() | st.text(max_size=30),
        department=st.none() | st.text(max_size=30),
    )
)
def test_every_word_of_an_account_starts_one_of_its_ranked_words(account):
    """What is left out as the start of a longer word is still found by that one."""
    words = [word for _, word in words_of(account)]
    for text in (account.login, account.name, account.given_name, account.family_name, account.department or ""):
        for word in query_words(text):
            assert any(each.startswith(word) for each in words)


def test_hostile_texts_stay_small():
    """A name of a megabyte makes few and short words."""
    words = words_of(Account("1", "x" * 10_000, " ".join(f"w{n}" for n in range(100_000))))
    assert len(words) < 100
    assert max(len(word) for _, word in words) <= 64
    assert len(query_words("a b c d e f g h i j")) == 6


@pytest.mark.parametrize(
    ("name", "ids"),
    [
        ("anna", ["1"]),  # a login; that two people are called so does not matter
        ("ANNA@example.COM", ["1"]),
        ("anna.berg@example.com", ["2"]),
        ("berg", []),  # a name, and neither login nor address
        ("obrien", ["4"]),
        ("ann", []),
        ("müller", []),
        ("=cmd", ["6"]),
        ("", []),
        ("x" * 5000, []),
        ("\0\ud800 %_'--", []),
    ],
)
async def test_many_names_are_found_exactly(filled, name, ids):
    """As login or address, in any case; every name is answered, whatever stands beside it."""
    beside = [f"nobody{n}" for n in range(600)]
    async with filled.read() as tx:
        found = await index.exact_many(tx, [*beside, name], CORP)
        assert len(found) == 601
        assert [each.account_id for each in found[name]] == ids
        assert await index.exact_many(tx, [name], ()) == {name: ()}


async def test_a_name_in_two_directories_is_told_from_both(filled):
    """Whoever asks for both learns that it is ambiguous."""
    async with filled.read() as tx:
        both = await index.exact_many(tx, ["anna"], ("corp", "lab"))
    assert {each.directory for each in both["anna"]} == {"corp", "lab"}


async def test_a_crowd_under_one_address_hides_nobody(filled, clock, monkeypatch):
    """However many accounts answer to one name, the others are still found."""
    monkeypatch.setattr(index, "ENOUGH", 5)
    crowd = [Account(f"c{n}", f"crowd{n}", "Crowd", mail="all@example.com") for n in range(20)]
    async with filled.write() as tx:
        await index.upsert(tx, "corp", crowd, clock())
    async with filled.read() as tx:
        names = ["anna@example.com", "all@example.com", "sally@example.com"]
        found = await index.exact_many(tx, names, CORP)
    assert [len(found[name]) > 1 for name in names] == [False, True, False]
    assert [each.account_id for each in found["sally@example.com"]] == ["5"]


async def test_addresses_of_many(filled, clock):
    """What the index knows of each; who is unknown is missing."""
    async with filled.read() as tx:
        found = await index.addresses_many(tx, "corp", ["1", "4", "nobody"])
    assert {account_id: known.mail for account_id, known in found.items()} == {"1": "anna@example.com", "4": None}
