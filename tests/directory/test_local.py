"""A `local` directory's passwords and its administration: hashed well, guarded, all or nothing."""

from __future__ import annotations

import asyncio
import itertools
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from directory.base import AccountGone, BadAnswer, NotNow, PasswordPolicy, PasswordRejected, PasswordUnchanged, Written
from directory.local_file import Conflict
from directory.local_hash import Hasher, argon2id, cores
from directory.local_people import NewAccount
from directory.local_policy import complaint
from directory.local_signin import NoEntry
from directory.secret import Secret
from tests.directory.local_world import NEW, OLD, OTHER, Engine, World

if TYPE_CHECKING:
    from pathlib import Path


async def all_bytes(folder: Path) -> bytes:
    return await asyncio.to_thread(lambda: b"".join(file.read_bytes() for file in folder.iterdir()))


# -- hashing -----------------------------------------------------------------------------------------------


def test_the_hash_is_argon2id_as_owasp_asks() -> None:
    """19 MiB, 2 passes, 1 lane, a salt of 16 bytes, and each hash with another salt."""
    engine = argon2id()
    one, two = engine.hash(NEW), engine.hash(NEW)
    assert one.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert one != two
    assert engine.verify(one, NEW)


@pytest.mark.parametrize("at_once", [1, 3])
async def test_no_more_hashes_at_once_than_cores(at_once: int) -> None:
    """However many ask, and however many of them give up waiting, no more than `at_once` threads hash."""
    engine = Engine()
    hasher = Hasher(engine, at_once=at_once)
    engine.held.clear()
    asked = [asyncio.create_task(hasher.hash(Secret(NEW))) for _ in range(20)]
    assert await asyncio.to_thread(engine.reached.wait, 30)
    for task in asked[:10]:
        task.cancel()
    asked += [asyncio.create_task(hasher.hash(Secret(NEW))) for _ in range(20)]
    await asyncio.sleep(0)
    engine.held.set()
    done = await asyncio.gather(*asked, return_exceptions=True)
    assert sum(isinstance(one, str) for one in done) >= 30
    assert engine.most == at_once
    assert all(name.startswith("argon2id") for name in engine.threads), "hashed in the event loop's thread"
    hasher.close()


def test_the_limit_is_the_number_of_cores() -> None:
    """Without being told otherwise, a hasher has as many threads as this process has cores."""
    hasher = Hasher()
    assert hasher._threads._max_workers == cores() >= 1
    hasher.close()


async def test_a_stored_hash_of_nonsense_is_a_bad_answer() -> None:
    """A hash that cannot be read is the directory's fault, not a wrong password."""
    hasher = Hasher(Engine())
    with pytest.raises(BadAnswer):
        await hasher.matches("nonsense", Secret(NEW))
    hasher.close()


# -- the policy --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("policy", "password", "expected"),
    [
        (PasswordPolicy(min_length=12), "x" * 11, "too short"),
        (PasswordPolicy(min_length=12), "x" * 12, None),
        (PasswordPolicy(max_length=20), "x" * 21, "too long"),
        (PasswordPolicy(max_length=0), "x" * 1024, None),
        (PasswordPolicy(max_length=0), "x" * 1025, "too long"),
        (PasswordPolicy(min_classes=3), "abcdefgh1", "classes"),
        (PasswordPolicy(min_classes=3), "Abcdefgh1", None),
        (PasswordPolicy(min_classes=4), "Abcdefgh1", "classes"),
        (PasswordPolicy(min_classes=4), "Abcdefgh1-", None),
        (PasswordPolicy(min_classes=3), "Žluťoučkýkůň", "classes"),
        (PasswordPolicy(min_classes=3), "Žluťoučký-kůň", None),
        (PasswordPolicy(min_upper=2), "Abcdefgh", "classes"),
        (PasswordPolicy(min_lower=2), "ABCDEFGh", "classes"),
        (PasswordPolicy(min_digits=2), "abcdefg1", "classes"),
        (PasswordPolicy(min_digits=1), "abcdefg١", "classes"),  # noqa: RUF001
        (PasswordPolicy(min_special=2), "abcdefg-", "classes"),
        (PasswordPolicy(forbid_names=True), "i-am-ADA.L-indeed", "holds a name"),
        (PasswordPolicy(forbid_names=True), "counting-Lovelaces", "holds a name"),
        (PasswordPolicy(forbid_names=True), "of-engines-and-looms", None),
        (PasswordPolicy(), "i-am-ada.l-indeed", None),
        (PasswordPolicy(min_length=0), "\ud800" * 12, "no Unicode"),
    ],
)
def test_the_policy_is_held(policy: PasswordPolicy, password: str, expected: str | None) -> None:
    """Length in characters, kinds of characters, and names; names shorter than 3 characters do not count."""
    assert complaint(policy, login="ada.l", name="Ada-of Lovelace", password=password) == expected


async def test_as_many_passwords_are_remembered_as_the_policy_says(world: World) -> None:
    """With a history of 2, the two before the current one are refused and the third is not."""
    account = await world.ada()
    await world.local.set_policy(PasswordPolicy(history=2))
    passwords = [OLD, *(f"{NEW}-{n}" for n in range(3))]
    for password in passwords[1:]:
        await world.local.set_password(account, Secret(password), must_change=False)
    for password in passwords[1:3]:
        with pytest.raises(PasswordRejected, match="history"):
            await world.local.set_password(account, Secret(password), must_change=False)
    await world.local.set_password(account, Secret(OLD), must_change=False)
    assert await world.opens(OLD)


async def test_a_repeated_write_is_known_under_a_stricter_policy(world: World) -> None:
    """A retry after the policy has become stricter still hears that its password is set."""
    account = await world.ada()
    await world.local.set_password(account, Secret(NEW), must_change=True)
    await world.local.set_policy(PasswordPolicy(min_length=60))
    with pytest.raises(PasswordUnchanged):
        await world.local.set_password(account, Secret(NEW), must_change=True)


# -- races, each made certain by holding the hash ----------------------------------------------------------


async def test_disabled_while_hashing_is_gone(world: World) -> None:
    """Who is disabled between our look and our write keeps the old password and stays disabled."""
    account = await world.ada()
    world.hold()
    writing = asyncio.create_task(world.local.set_password(account, Secret(NEW), must_change=False))
    await world.held()
    await world.local.disable(account.id)
    world.engine.held.set()
    with pytest.raises(AccountGone):
        await writing
    after = await world.again(account.id)
    assert (after.disabled, after.marker) == (True, account.marker)
    await world.local.enable(account.id)
    assert await world.opens(OLD)


async def test_deleted_while_hashing_is_gone(world: World) -> None:
    """Who is deleted meanwhile is not made again."""
    account = await world.ada()
    world.hold()
    writing = asyncio.create_task(world.local.set_password(account, Secret(NEW), must_change=False))
    await world.held()
    await world.local.delete_account(account.id)
    world.engine.held.set()
    with pytest.raises(AccountGone):
        await writing
    assert await world.local.find("ada") is None


async def test_the_same_password_twice_at_once_is_set_once(world: World) -> None:
    """Of two equal writes at once, one is told that it wrote and the other that it is unchanged."""
    account = await world.ada()
    told = await asyncio.gather(
        *(world.local.set_password(account, Secret(NEW), must_change=False) for _ in range(2)), return_exceptions=True
    )
    assert {type(one) for one in told} == {Written, PasswordUnchanged}
    assert await world.opens(NEW)


@pytest.mark.parametrize("let_pass", [0, 1, 2])
async def test_an_admins_reset_beats_a_change_by_the_owner(world: World, let_pass: int) -> None:
    """A change that was proved with the old password does not overwrite what an admin sets meanwhile, at any moment."""
    account = await world.ada()
    world.hold(let_pass)
    changing = asyncio.create_task(world.local.change_own_password("ada", Secret(OLD), Secret(OTHER)))
    await world.held()
    await world.local.set_password(account, Secret(NEW), must_change=True)
    world.engine.held.set()
    assert (await changing).reason is NoEntry.WRONG
    assert (await world.local.sign_in("ada", Secret(NEW))).must_change


async def test_a_reset_gives_up_against_endless_changes(world: World) -> None:
    """If others change the password each time that we look away, NotNow is said, and theirs stands."""
    account = await world.ada()
    await world.local.set_policy(PasswordPolicy(history=0))
    loop, numbers = asyncio.get_running_loop(), itertools.count()

    def meddle(password: str | bytes) -> None:
        if password == NEW:
            other = Secret(f"{OTHER}-{next(numbers)}")
            change = world.local.set_password(account, other, must_change=False)
            asyncio.run_coroutine_threadsafe(change, loop).result(30)

    world.engine.meddle = meddle
    with pytest.raises(NotNow):
        await world.local.set_password(account, Secret(NEW), must_change=False)
    assert await world.opens(f"{OTHER}-{next(numbers) - 1}")


async def test_one_after_another_all_get_through(world: World) -> None:
    """Six different passwords at once for one account: nobody is refused, and the last marker is the account's."""
    account = await world.ada()
    await world.local.set_policy(PasswordPolicy(history=0))
    written = await asyncio.gather(
        *(world.local.set_password(account, Secret(f"{NEW}-{n}"), must_change=False) for n in range(6))
    )
    assert (await world.again(account.id)).marker in {one.marker for one in written}
    assert len({one.marker for one in written}) == 6


# -- what must not be seen ---------------------------------------------------------------------------------


async def test_nothing_secret_is_kept_or_said(world: World, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """No password, session or token is in the file, and no hash either in the log at DEBUG."""
    caplog.set_level("DEBUG")
    account = await world.ada()
    await world.local.set_password(account, Secret(NEW), must_change=False)
    session = (await world.local.sign_in("ada", Secret(NEW))).session
    assert session is not None
    token = await world.local.issue_token(account.id)
    kept = await all_bytes(tmp_path)
    for secret in (OLD, NEW, session.reveal(), token.reveal()):
        assert secret.encode() not in kept
        assert secret not in caplog.text
    assert b"$argon2id$" in kept
    assert "$argon2id$" not in caplog.text


async def test_a_forgotten_hash_is_overwritten(world: World, tmp_path: Path) -> None:
    """Without a history, no trace of the replaced hash is left in the closed file."""
    account = await world.ada()
    await world.local.set_policy(PasswordPolicy(history=0))
    hashes = (await all_bytes(tmp_path)).split(b"$argon2id$")
    old = hashes[-1][:60]
    assert old in await all_bytes(tmp_path)
    await world.local.set_password(account, Secret(NEW), must_change=False)
    await world.local.close()
    assert old not in await all_bytes(tmp_path)


# -- administration ----------------------------------------------------------------------------------------


async def test_adding_is_all_or_nothing(world: World) -> None:
    """A login that is taken, in any case, or a password that the policy refuses, and nobody is added."""
    await world.ada()
    fresh = NewAccount("charles", "Charles Babbage", password=Secret(NEW))
    for bad in (NewAccount("ADA", "Twin"), NewAccount("Charles", "Twin")):
        with pytest.raises(Conflict):
            await world.local.add_accounts([fresh, bad])
    with pytest.raises(PasswordRejected, match="number 1"):
        await world.local.add_accounts([fresh, NewAccount("mary", "Mary", password=Secret("short"))])
    assert await world.local.find("charles") is None
    assert await world.local.add_accounts([]) == ()


async def test_an_account_is_added_as_it_is_described(world: World) -> None:
    """Everything that a demo or a command line says of an account is there at once, groups too."""
    when = datetime(2026, 1, 2, tzinfo=UTC)
    account = await world.ada(
        given_name="Ada", family_name="Lovelace", mail="Ada@Example.test", recovery_mail="ada@home.test",
        department="Engines", slack_user="U0ADA", owner=True, external=True, service=True, confirmed=False,
        disabled=True, locked=True, must_change=True, last_sign_in=when, groups=("staff", "Engines"),
    )  # fmt: skip
    assert account.mail == "Ada@Example.test"
    assert (account.privileged, account.external, account.service, account.confirmed) == (True, True, True, False)
    assert (account.disabled, account.locked, account.must_change) == (True, True, True)
    assert (account.slack_user, account.department, account.recovery_mail) == ("U0ADA", "Engines", "ada@home.test")
    assert account.password_changed_at == world.now
    assert await world.local.last_sign_in(account) == when
    assert await world.local.groups(account) == ("Engines", "staff")


async def test_a_first_password_is_set_by_login(world: World) -> None:
    """An account without a password lets nobody in, not even with none; its first one must be changed."""
    await world.local.add_account(NewAccount("ada", "Ada Lovelace"))
    assert not await world.opens("")
    await world.local.set_initial_password("ADA", Secret(NEW))
    assert (await world.local.sign_in("ada", Secret(NEW))).must_change
    with pytest.raises(Conflict):
        await world.local.set_initial_password("nobody", Secret(NEW))


async def test_an_account_is_renamed_and_found_anew(world: World) -> None:
    """Login and mail change for finding as well; a login that is taken, and a field that is none, are refused."""
    account = await world.ada(mail="ada@example.test")
    await world.local.add_account(NewAccount("charles", "Charles"))
    await world.local.change_account(account.id, login="Countess", mail=None, name="Countess of Lovelace")
    found = await world.local.find("COUNTESS")
    assert found is not None
    assert (found.id, found.mail, found.name) == (account.id, None, "Countess of Lovelace")
    assert await world.local.find("ada") is None
    assert await world.local.find("ada@example.test") is None
    with pytest.raises(Conflict):
        await world.local.change_account(account.id, login="CHARLES")
    with pytest.raises(TypeError):
        await world.local.change_account(account.id, password_hash="x")  # type: ignore[call-arg]


async def test_who_is_not_there_is_a_conflict(world: World) -> None:
    """Administering an account that does not exist says so, and makes nothing."""
    local = world.local
    for attempt in (
        local.disable("nobody"),
        local.enable("nobody"),
        local.delete_account("nobody"),
        local.change_account("nobody", name="x"),
        local.add_group("ghosts", members=["nobody"]),
        local.issue_token("nobody"),
    ):
        with pytest.raises(Conflict):
            await attempt


async def test_a_domain_can_lose_its_verification(world: World) -> None:
    """Said again, a domain is what was said last."""
    await world.local.add_domain("Example.test", verified=True)
    assert await world.local.verified_domains() == {"example.test"}
    await world.local.add_domain("example.TEST", verified=False)
    assert await world.local.verified_domains() == frozenset()


async def test_managers_are_named_by_their_login(world: World) -> None:
    """In any case, in one list with whom they manage too; one whom nobody knows is refused, and changes nothing."""
    people = world.local
    ada_id, bob_id = await people.add_accounts([NewAccount("ada", "Ada", manager="BOB"), NewAccount("bob", "Bob")])
    ada = (await people.fetch([ada_id]))[ada_id]
    told = await people.manager(ada)
    assert told is not None
    assert told.id == bob_id
    with pytest.raises(Conflict):
        await people.change_account(ada_id, manager="nobody", name="Another")
    with pytest.raises(Conflict):
        await people.add_account(NewAccount("eve", "Eve", manager="nobody"))
    assert await people.find("eve") is None
    assert (await people.fetch([ada_id]))[ada_id] == ada
    await people.change_account(ada_id, manager=None)
    assert await people.manager(ada) is None
