"""Every connector finds whom it was asked for and nobody else, tells what is known, and walks over all."""

from __future__ import annotations

import pytest

from directory.base import Ambiguous, Capability, Directory, DirectoryError
from tests.directory.contract import declares, everyone, made
from tests.directory.harness import Harness, Person


@pytest.mark.parametrize(
    "ident", ["ada.lovelace", "ADA.Lovelace", "ada.lovelace@example.test", "Ada.Lovelace@EXAMPLE.test"]
)
async def test_find_takes_login_and_mail_in_any_case(harness: Harness, directory: Directory, ident: str) -> None:
    """An account is found by its login or its mail address, and is told as it is."""
    account = await made(harness, directory)
    found = await directory.find(ident)
    assert found == account
    assert (found.login, found.name, found.mail) == ("ada.lovelace", "Ada Lovelace", "ada.lovelace@example.test")
    assert (found.given_name, found.family_name) == ("Ada", "Lovelace")
    assert not any((found.disabled, found.locked, found.external, found.privileged, found.service))
    assert found.confirmed
    assert not found.must_change


@pytest.mark.parametrize(
    "ident",
    [
        "",
        " ",
        "nobody",
        "ada",
        "ada.lovelace@",
        "ada*",
        "*",
        "*)(uid=*",
        "ada.lovelace' OR '1'='1",
        "\\2a",
        "%",
        "_" * 12,
        "ada.lovelace\x00",
        "a" * 256,
        "\ud800",
    ],
)
async def test_find_is_exact(harness: Harness, directory: Directory, ident: str) -> None:
    """Nothing but the whole name answers: no prefix, no wild card, no filter or SQL smuggled in."""
    await made(harness, directory)
    assert await directory.find(ident) is None


async def test_find_refuses_to_choose(harness: Harness, directory: Directory) -> None:
    """A mail address that two accounts share is Ambiguous, and both are told."""
    one = await made(harness, directory)
    two = await made(harness, directory, Person(login="ada.twin", name="Ada Twin"))
    with pytest.raises(Ambiguous) as caught:
        await directory.find("ada.lovelace@example.test")
    assert {account.id for account in caught.value.accounts} == {one.id, two.id}


async def test_many_are_found_as_one_is(harness: Harness, directory: Directory) -> None:
    """Every name asked for is a key: one account, none, or all who share it; each as `find` tells it."""
    ada = await made(harness, directory)
    charles = await made(harness, directory, Person(login="charles", name="Charles B", mail="charles@example.test"))
    twins = [
        await made(harness, directory, Person(login=f"twin{n}", name="A Twin", mail="twins@example.test"))
        for n in range(2)
    ]
    hostile = ["", " ", "*", "twin*", "*)(uid=*", "x' OR '1'='1", "\\2a", "\x00", "a" * 300, "\ud800"]
    idents = ["ADA.Lovelace", "ada.lovelace@example.test", "charles", "Twins@example.test", "nobody", *hostile]
    found = await directory.find_many(idents)
    assert list(found) == idents
    assert found["ADA.Lovelace"] == found["ada.lovelace@example.test"] == (ada,)
    assert found["charles"] == (charles,)
    assert {a.id for a in found["Twins@example.test"]} == {t.id for t in twins}
    assert all(found[ident] == () for ident in ["nobody", *hostile])
    assert await directory.find_many([]) == {}


async def test_a_thousand_names_are_looked_for_at_once(harness: Harness, directory: Directory) -> None:
    """A thousand names and a thousand ids go in one call each; those that are there are told."""
    account = await made(harness, directory)
    names = [f"nobody{n}" for n in range(999)]
    found = await directory.find_many([*names, account.login])
    assert {name for name, accounts in found.items() if accounts} == {account.login}
    ids = [f"{n:08d}-0000-4000-8000-000000000000" for n in range(999)]
    assert set(await directory.fetch([*ids, account.id])) == {account.id}


async def test_hostile_names_come_through_as_they_are(harness: Harness, directory: Directory) -> None:
    """Texts are as the directory has them; escaping is the views' part."""
    name = "<!channel> \u202eyks =1+1 *b* Žofie 李"
    account = await made(harness, directory, Person(login="hostile", name=name, mail="hostile@example.test"))
    assert account.name == name
    found = await directory.find("hostile")
    assert found is not None
    assert found.name == name


@pytest.mark.parametrize(
    "person",
    [
        Person(recovery_mail="ada@home.test"),
        Person(department="Engines"),
        Person(slack_user="U0ADA"),
        Person(external=True),
        Person(privileged=True),
        Person(service=True),
        Person(confirmed=False),
    ],
    ids=["recovery_mail", "department", "slack_user", "external", "privileged", "service", "unconfirmed"],
)
async def test_fields_are_told(harness: Harness, directory: Directory, person: Person) -> None:
    """What the directory has a place for is told; what it has none for stays at its harmless default."""
    account = await made(harness, directory, person if harness.fields else None)
    plain = Person()
    for name in ("recovery_mail", "department", "slack_user", "external", "privileged", "service", "confirmed"):
        expected = getattr(person, name) if name in harness.fields else getattr(plain, name)
        assert getattr(account, name) == expected, name


async def test_an_account_without_mail_is_an_account(harness: Harness, directory: Directory) -> None:
    """A missing address is None, never an empty text."""
    assert (await made(harness, directory, Person(mail=None))).mail is None


async def test_fetch_reads_anew_and_leaves_out_who_is_gone(harness: Harness, directory: Directory) -> None:
    """Ids are immutable: a changed account keeps its id, a deleted one is missing, nonsense is missing too."""
    account = await made(harness, directory)
    other = await made(harness, directory, Person(login="charles", name="Charles B", mail="charles@example.test"))
    await harness.move_mail(account.id, "countess@example.test")
    await harness.delete(other.id)
    fetched = await directory.fetch([account.id, other.id, "nonsense", "*", ""])
    assert set(fetched) == {account.id}
    assert fetched[account.id].mail == "countess@example.test"
    assert await directory.fetch([]) == {}


async def test_a_new_account_with_an_old_name_has_another_id(harness: Harness, directory: Directory) -> None:
    """An id is never given to another account: who was deleted and made again is somebody else."""
    account = await made(harness, directory)
    await harness.delete(account.id)
    assert (await made(harness, directory)).id != account.id


async def test_a_disabled_account_is_found_and_told_so(harness: Harness, directory: Directory) -> None:
    """Disabled accounts are not hidden; the rules need to see them."""
    account = await made(harness, directory)
    await harness.disable(account.id)
    found = await directory.find(account.login)
    assert found is not None
    assert found.disabled
    assert found.id == account.id


# -- walking ---------------------------------------------------------------------------------------------


async def test_pages_walk_over_all_accounts(harness: Harness, directory: Directory) -> None:
    """A walk without a marker meets every account once, just as `fetch` tells it."""
    made_ids = [
        await harness.make_account(Person(login=f"person{n}", name=f"Person {n}", mail=f"p{n}@example.test"))
        for n in range(7)
    ]
    seen, _, marker = await everyone(directory)
    assert set(made_ids) <= set(seen)
    assert {i: seen[i] for i in made_ids} == await directory.fetch(made_ids)
    assert (marker is not None) == directory.can(Capability.CHANGES)


async def test_pages_since_a_marker_tell_the_changes(harness: Harness, directory: Directory) -> None:
    """From a marker on come all that changed since (a few more do no harm), and no change is lost."""
    if not declares(harness, directory, Capability.CHANGES):
        return
    account = await made(harness, directory)
    _, _, marker = await everyone(directory)
    assert marker is not None
    await harness.move_mail(account.id, "countess@example.test")
    new = await made(harness, directory, Person(login="charles", name="Charles B", mail="charles@example.test"))
    seen, _, later = await everyone(directory, marker)
    assert seen[account.id].mail == "countess@example.test"
    assert new.id in seen
    assert later is not None
    await harness.disable(new.id)
    seen, _, _ = await everyone(directory, later)
    assert seen[new.id].disabled


async def test_a_marker_of_nonsense_does_no_harm(harness: Harness, directory: Directory) -> None:
    """A marker that is not ours ends in a whole walk or in a DirectoryError, never in a bug or in silence."""
    if not declares(harness, directory, Capability.CHANGES):
        return
    account = await made(harness, directory)
    for marker in ("nonsense", "x:1", "*", "9" * 40):
        try:
            seen, _, _ = await everyone(directory, marker)
        except DirectoryError:
            continue
        assert account.id in seen
