"""The file of a `local` directory: made, shared, full, damaged, gone; every failure is a DirectoryError."""

from __future__ import annotations

import asyncio
import resource
import sqlite3
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest
from sqlalchemy import event

from directory.base import BadAnswer, DirectoryError, NotNow, PasswordPolicy, Unreachable
from directory.local import LocalDirectory
from directory.local_file import LocalFile
from directory.local_people import NewAccount
from directory.local_tables import VERSION
from directory.misconfigured import Misconfigured
from directory.opening import Opening
from directory.registry import open_directory
from directory.secret import Secret

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

OLD = "Analytical-engine-1843"
NEW = "Speech-annually-nephew-dispense-3"
OTHER = "Velvet-otter-plank-moss-dune-7"


@dataclass
class Clock:
    now: datetime = field(default_factory=lambda: datetime(2026, 3, 1, 12, tzinfo=UTC))

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


def opened(path: Path, **more: object) -> LocalDirectory:
    return cast(
        LocalDirectory,
        open_directory("local", "corp", {"path": str(path), **more}, clock=Clock(), opening=Opening.MAKE),
    )


def used(path: Path) -> LocalDirectory:
    return cast(LocalDirectory, open_directory("local", "corp", {"path": str(path)}, clock=Clock()))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "people.db"


@pytest.fixture
async def local(path: Path) -> AsyncIterator[LocalDirectory]:
    directory = opened(path, busy_seconds=0.2)
    yield directory
    await directory.close()


async def ada(local: LocalDirectory) -> Any:
    account_id = await local.add_account(NewAccount("ada", "Ada Lovelace", password=Secret(OLD)))
    return (await local.fetch([account_id]))[account_id]


def overwrite(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(b"\0" * path.stat().st_size)
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def give_rights(path: Path, mode: int) -> None:
    path.chmod(mode)


async def signs_in(path: Path, password: str) -> bool:
    """Ask through another opening of the file."""
    other = opened(path)
    try:
        return (await other.sign_in("ada", Secret(password))).ok
    finally:
        await other.close()


# -- opening -----------------------------------------------------------------------------------------------


async def test_the_file_is_for_its_owner_only(local: LocalDirectory, path: Path) -> None:
    """It holds hashes: nobody else on the machine may read it, nor the log beside it."""
    await ada(local)
    for file in path.parent.iterdir():
        assert file.stat().st_mode & 0o077 == 0, file


async def test_a_directory_is_kept(path: Path) -> None:
    """Closed and opened again, everything is there, also the marker of its changes."""
    first = opened(path)
    account = await ada(first)
    markers = [page.marker async for page in first.pages()]
    await first.close()
    second = opened(path)
    assert await second.find("ada") == account
    assert [page.marker async for page in second.pages()] == markers
    await second.close()


def test_a_newer_version_is_refused(path: Path) -> None:
    """A file from a newer version is left alone, with a sentence."""
    opened(path)._parts.hasher.close()
    with sqlite3.connect(path) as raw:
        raw.execute(f"PRAGMA user_version = {VERSION + 1}")
    raw.close()
    with pytest.raises(Misconfigured, match="newer Rekey"):
        opened(path)


def as_first(path: Path) -> None:
    """Take from a file what version 1 had not: the column that names people's managers, and its index."""
    with sqlite3.connect(path) as raw:
        made = raw.execute("SELECT sql FROM sqlite_master WHERE name = 'accounts'").fetchone()[0]
        old = "".join(line for line in made.splitlines(keepends=True) if "manager_id" not in line)
        old = (
            old.replace("CREATE TABLE accounts", "CREATE TABLE older").rstrip().removesuffix(")").rstrip(", \n\t") + ")"
        )
        names = [row[1] for row in raw.execute("PRAGMA table_info(accounts)") if row[1] != "manager_id"]
        copied = f"INSERT INTO older SELECT {', '.join(names)} FROM accounts"
        for statement in (old, copied, "DROP TABLE accounts", "ALTER TABLE older RENAME TO accounts"):
            raw.execute(statement)
        raw.execute("PRAGMA user_version = 1")
    raw.close()


@pytest.mark.parametrize("before", [None, b""])
@pytest.mark.parametrize("opening", [Opening.LOOK, Opening.USE])
def test_none_is_made_by_the_way(path: Path, opening: Opening, before: bytes | None) -> None:
    """Where there is none, or an empty file, the sentence names the path, and what is there stays so."""
    if before is not None:
        path.write_bytes(before)
    with pytest.raises(Misconfigured, match=r"people\.db is (not there|empty), and nothing was made\. Mend `path`"):
        LocalFile(path, busy=timedelta(seconds=1), opening=opening)
    assert (path.read_bytes() if path.exists() else None) == before


async def test_an_older_version_is_brought_up_to_date(path: Path) -> None:
    """Once, with everybody in it; whoever may write nothing leaves it alone, with a sentence."""
    first = opened(path)
    await first.add_account(NewAccount("ada", "Ada"))
    await first.close()
    as_first(path)
    with pytest.raises(Misconfigured, match="older Rekey"):
        LocalFile(path, busy=timedelta(seconds=1), opening=Opening.LOOK)
    for _ in range(2):
        directory = used(path)
        ada = await directory.find("ada")
        assert ada is not None
        assert await directory.manager(ada) is None
        await directory.close()
    directory = opened(path)
    await directory.add_account(NewAccount("bob", "Bob", manager="ada"))
    bob = await directory.find("bob")
    assert bob is not None
    assert await directory.manager(bob) == ada
    await directory.delete_account(ada.id)  # the column refers to an account here too
    assert await directory.manager(bob) is None
    await directory.close()


def test_another_programs_database_is_refused(path: Path) -> None:
    """No table is ever put into a file that is not ours."""
    with sqlite3.connect(path) as raw:
        raw.execute("CREATE TABLE requests (id)")
    raw.close()
    with pytest.raises(Misconfigured, match="another program"):
        opened(path)


def test_what_is_no_database_is_refused(path: Path) -> None:
    """A text file stays as it is."""
    path.write_text("shopping list\n" * 100)
    with pytest.raises(Misconfigured, match=r"it is no SQLite file.* put it back"):
        opened(path)
    assert path.read_text().startswith("shopping list")


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    """We do not make folders: a mistyped path is a mistake."""
    with pytest.raises(Misconfigured, match="does not exist"):
        opened(tmp_path / "nowhere" / "people.db")
    with pytest.raises(Misconfigured, match=r"cannot be opened .* rights of the file and its folder"):
        opened(tmp_path)


CHILD = """
import asyncio, datetime, sys
from directory.local_people import NewAccount
from directory.opening import Opening
from directory.registry import open_directory
async def main(path, me):
    told = {"clock": lambda: datetime.datetime.now(datetime.UTC), "opening": Opening.MAKE}
    local = open_directory("local", me, {"path": path}, **told)
    for n in range(15):
        await local.add_account(NewAccount(f"{me}-{n}", me))
    await local.close()
asyncio.run(main(*sys.argv[1:]))
"""


async def test_processes_share_a_file(path: Path) -> None:
    """Several processes may make the file at the same moment and write to it at once; nothing is lost."""
    children = [await asyncio.create_subprocess_exec(sys.executable, "-c", CHILD, str(path), f"p{n}") for n in range(3)]
    assert [await asyncio.wait_for(child.wait(), 60) for child in children] == [0, 0, 0]
    local = opened(path)
    seen = [account.login async for page in local.pages() for account in page.accounts]
    assert len(seen) == len(set(seen)) == 45
    await local.close()


# -- failing -----------------------------------------------------------------------------------------------


@pytest.fixture
def writer(path: Path) -> Iterator[sqlite3.Connection]:
    """Another process' connection."""
    raw = sqlite3.connect(path, isolation_level=None)
    yield raw
    raw.close()


async def test_a_busy_file_is_not_now(local: LocalDirectory, writer: sqlite3.Connection, path: Path) -> None:
    """While another process writes for longer than we wait: NotNow for a write, nothing changed, reads go on."""
    account = await ada(local)
    writer.execute("BEGIN IMMEDIATE")
    with pytest.raises(NotNow):
        await local.set_password(account, Secret(NEW), must_change=False)
    assert await local.find("ada") == account
    writer.execute("ROLLBACK")
    assert await signs_in(path, OLD)
    await local.set_password(account, Secret(NEW), must_change=False)
    assert await signs_in(path, NEW)


async def test_a_full_disk_is_not_now(local: LocalDirectory, path: Path) -> None:
    """With no room left, a write is refused as NotNow and has not happened; with room again, it goes through."""
    account = await ada(local)
    full = True

    @event.listens_for(local._parts.file.engine.sync_engine, "checkout")
    def no_more_pages(connection: Any, _record: object, _proxy: object) -> None:
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA max_page_count = {1 if full else 1_000_000}")  # 1 is "as many as there are"
        cursor.close()

    crowd = [NewAccount(f"person{n}", "x" * 500) for n in range(50)]
    with pytest.raises(NotNow, match="full"):
        await local.add_accounts(crowd)
    assert [a.login async for page in local.pages() for a in page.accounts] == ["ada"]
    full = False
    await local.add_accounts(crowd)
    await local.set_password(account, Secret(NEW), must_change=False)
    assert await signs_in(path, NEW)


async def test_a_failing_disk_is_a_directory_error(local: LocalDirectory, path: Path) -> None:
    """A write that the operating system refuses midway is a DirectoryError, and leaves one password or the other."""
    account = await ada(local)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))  # the log beside the file cannot grow any more
    try:
        with pytest.raises(DirectoryError):
            await local.set_password(account, Secret(NEW), must_change=False)
        assert (await local.find("ada")) is not None
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert sorted([await signs_in(path, OLD), await signs_in(path, NEW)]) == [False, True]


async def test_a_damaged_file_is_a_bad_answer(local: LocalDirectory, path: Path) -> None:
    """Where the file has been overwritten, the answer is BadAnswer and `check` says what to do."""
    await ada(local)
    await local._parts.file.close()  # so that nothing is cached
    overwrite(path)
    with pytest.raises(DirectoryError) as caught:
        await local.find("ada")
    assert isinstance(caught.value, BadAnswer)
    assert any(finding.remedy for finding in await local.check() if not finding.ok)


async def test_a_file_put_in_its_place_is_not_taken(local: LocalDirectory, path: Path, tmp_path: Path) -> None:
    """Another file under the same name (a backup restored under our feet) is Unreachable until a restart."""
    account = await ada(local)
    await opened(tmp_path / "other.db").close()
    (tmp_path / "other.db").replace(path)
    with pytest.raises(Unreachable):
        await local.find("ada")
    with pytest.raises(Unreachable) as caught:
        await local.set_password(account, Secret(NEW), must_change=False)
    assert not caught.value.sent


async def test_a_write_can_be_cut_off_at_any_statement(local: LocalDirectory, path: Path) -> None:
    """Cancelled at any statement, or at the commit, a write is whole or not there, and the next one goes through."""
    account = await ada(local)
    await local.set_policy(PasswordPolicy(min_length=8))
    engine = local._parts.file.engine.sync_engine
    countdown = 0
    writing: asyncio.Task[object] | None = None

    def tick(*_: object) -> None:
        nonlocal countdown
        countdown -= 1
        if countdown == 0 and writing is not None:
            writing.cancel()

    event.listen(engine, "before_cursor_execute", tick)
    event.listen(engine, "commit", tick)
    event.listen(engine, "begin", tick)
    current, cut = OLD, 0
    for at in range(1, 40):
        countdown, wanted = at, f"{NEW}-{at}"
        writing = asyncio.create_task(local.set_password(account, Secret(wanted), must_change=False))
        await asyncio.wait([writing], timeout=30)
        if not writing.cancelled():
            assert countdown > 0, "a cancelled write went on"
            break
        cut += 1
        countdown = 0
        now_old, now_new = await signs_in(path, current), await signs_in(path, wanted)
        assert now_old != now_new
        current = wanted if now_new else current
        following = f"{OTHER}-{at}"
        await asyncio.wait_for(local.set_password(account, Secret(following), must_change=False), 20)
        current = following
        await local.unlock(account)
    assert cut >= 5
    assert await signs_in(path, wanted)


# -- what `check` sees -------------------------------------------------------------------------------------


async def test_check_tells_of_open_rights_and_missing_domains(local: LocalDirectory, path: Path) -> None:
    """A file that others may read, and a directory without a verified domain, are findings with their remedies."""
    give_rights(path, 0o644)
    bad = {finding.what: finding.remedy for finding in await local.check() if not finding.ok}
    assert "chmod 600" in bad["file"]
    assert "domains" in bad["verified domains"]
    give_rights(path, 0o600)
    await local.add_domain("example.test", verified=True)
    assert all(finding.ok for finding in await local.check())


# -- walking -----------------------------------------------------------------------------------------------


async def test_a_walk_comes_in_pages_and_tells_who_is_gone(local: LocalDirectory) -> None:
    """2,001 accounts are 3 pages; only the last has the marker; from it on, changes and deletions are told."""
    ids = await local.add_accounts([NewAccount(f"person{n}", f"Person {n}") for n in range(2001)])
    pages = [page async for page in local.pages()]
    assert [len(page.accounts) for page in pages] == [1000, 1000, 1]
    assert [page.marker is None for page in pages] == [True, True, False]
    assert {account.id for page in pages for account in page.accounts} == set(ids)
    await local.delete_account(ids[0])
    await local.change_account(ids[1], department="Engines")
    (changes,) = [page async for page in local.pages(pages[-1].marker)]
    assert [account.id for account in changes.accounts] == [ids[1]]
    assert changes.gone == (ids[0],)
    (nothing,) = [page async for page in local.pages(changes.marker)]
    assert (nothing.accounts, nothing.gone, nothing.marker) == ((), (), changes.marker)


async def test_a_marker_of_another_file_walks_over_all(local: LocalDirectory) -> None:
    """After a restored backup (a marker from the future) or with another file's marker, everybody comes."""
    account = await ada(local)
    (page,) = [page async for page in local.pages()]
    assert page.marker is not None
    directory = page.marker.partition(":")[0]
    for marker in (f"{directory}:999", "0123456789abcdef:1", f"{directory}:-1", f"{directory}:١"):  # noqa: RUF001
        (again,) = [page async for page in local.pages(marker)]
        assert again.accounts == (account,)
