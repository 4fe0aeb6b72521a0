"""A directory in a file of its own, for a team that has no other."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from pathlib import Path  # noqa: TC003
from typing import TYPE_CHECKING, ClassVar

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Select, func, or_, select, update

from directory.base import (
    Account,
    AccountGone,
    Ambiguous,
    Capability,
    Directory,
    DirectoryError,
    Finding,
    Group,
    Page,
    PasswordPolicy,
    Written,
)
from directory.local_file import LocalFile
from directory.local_groups import batches, find_groups, group, inside, names_around
from directory.local_hash import Hasher
from directory.local_parts import Parts, Settings, next_change, read_settings
from directory.local_passwords import replace
from directory.local_people import LocalPeople
from directory.local_signin import LocalSignIn, PassKind, is_current, revoke
from directory.local_tables import (
    account_of,
    accounts,
    domains,
    gone,
    is_unicode,
    key,
    settings,
)
from directory.opening import Opening

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence

    from sqlalchemy.ext.asyncio import AsyncConnection

    from directory.secret import Secret

PAGE = 1000  # accounts
_AMBIGUOUS = 20  # accounts that Ambiguous holds at most
_OTHERS_MAY_READ = 0o077


class LocalOptions(BaseModel):
    """The settings of a `local` directory."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: Path  # of the SQLite file; its folder must be there
    busy_seconds: float = Field(default=10.0, ge=0, le=300)  # how long to wait for another process' write


class LocalDirectory(LocalPeople, LocalSignIn, Directory):
    """Accounts in an SQLite file, passwords as argon2id; several processes may have it open.

    Besides the contract, for who administers it (each method's promise stands where it is written):

    - accounts: `add_account(NewAccount(...))`, `add_accounts([...])` (all or none; 200 with passwords in seconds),
      `change_account(id, mail=..., ...)`, `set_initial_password(login, password)`, `disable`, `enable`,
      `delete_account`;
    - around them: `add_domain(name, verified=...)`, `add_group(name, members=ids, groups=names)`,
      `set_policy(PasswordPolicy(...), lock_after=10)`;
    - the door: `sign_in(login, password) -> SignIn`, `change_own_password(login, old, new) -> SignIn`,
      `issue_token(id) -> Secret`, `holder(session or token) -> Account | None`.

    A new directory asks for 12 characters, no names in them and 5 remembered passwords, and locks after 10 wrong ones
    in a row, until somebody unlocks. A disabled or locked account answers to no password, not even the right one.
    """

    kind: ClassVar[str] = "local"
    capabilities: ClassVar[frozenset[Capability]] = frozenset(Capability)
    Options: ClassVar[type[LocalOptions]] = LocalOptions

    def __init__(self, name: str, parts: Parts) -> None:
        super().__init__(name)
        self._parts = parts

    @classmethod
    def open(
        cls, name: str, options: LocalOptions, *, clock: Callable[[], datetime], opening: Opening = Opening.USE
    ) -> LocalDirectory:
        """Open the file; with MAKE, make it if it is missing.

        Raises:
            Misconfigured: the path can never work, the file is not ours or from a newer version, or there is none and
                none is to be made.
        """
        file = LocalFile(options.path, busy=timedelta(seconds=options.busy_seconds), opening=opening)
        return cls(name, Parts(file, Hasher(), clock, secrets.token_bytes))

    async def close(self) -> None:
        """Close the file and let the hashing threads end. May be called twice."""
        self._parts.hasher.close()
        await self._parts.file.close()

    async def find(self, ident: str) -> Account | None:
        """Find by login or mail address, in any case.

        Raises:
            Ambiguous: a mail address that two share, or that is another's login.
        """
        wanted = key(ident)
        if not wanted or not is_unicode(wanted):
            return None
        answers = or_(accounts.c.login_key == wanted, accounts.c.mail_key == wanted)
        found = await self._accounts(select(accounts).where(answers).order_by(accounts.c.id).limit(_AMBIGUOUS))
        if len(found) > 1:
            raise Ambiguous(f"{len(found)} accounts", accounts=found)
        return found[0] if found else None

    async def fetch(self, ids: Sequence[str]) -> Mapping[str, Account]:
        """Read accounts anew by their ids."""
        found = await self._accounts(select(accounts).where(accounts.c.id.in_({i for i in ids if is_unicode(i)})))
        return {account.id: account for account in found}

    async def find_many(self, idents: Sequence[str]) -> Mapping[str, tuple[Account, ...]]:
        """Find by many logins or mail addresses, in two statements."""
        wanted = {ident: key(ident) for ident in idents}
        keys = {k for k in wanted.values() if k and is_unicode(k)}
        # one after another and no OR of the two: each has an index of its own
        by_login = select(accounts).where(accounts.c.login_key.in_(keys))
        by_mail = select(accounts).where(accounts.c.mail_key.in_(keys))
        answers: dict[str, dict[str, Account]] = {k: {} for k in keys}
        for column, statement in (("login_key", by_login), ("mail_key", by_mail)):
            for answered, account in await self._answers(statement, column):
                if len(answers[answered]) < _AMBIGUOUS:
                    answers[answered][account.id] = account
        return {ident: tuple(answers.get(k, {}).values()) for ident, k in wanted.items()}

    async def pages(self, since: str | None = None) -> AsyncIterator[Page]:
        """Walk in pages of 1,000; only the last page carries the marker, so that a walk broken off is walked again.

        The marker is that of the walk's beginning: who changes during it comes again next time. A marker of another
        file, or of this one's future (a restored backup), is answered with all accounts.
        """
        about = await self._parts.file.read(read_settings)
        after = _change_of(since, about)
        marker = f"{about.directory}:{about.change}"
        last = ""
        while True:
            some = select(accounts).where(accounts.c.id > last, accounts.c.changed > after)
            found = await self._accounts(some.order_by(accounts.c.id).limit(PAGE + 1))
            if len(found) <= PAGE:
                break
            last = found[PAGE - 1].id
            yield Page(found[:PAGE])
        yield Page(found, marker, await self._gone(after) if since else ())

    async def set_password(self, account: Account, password: Secret, *, must_change: bool) -> Written:
        """Replace the password in one transaction. Does not unlock, and ends no session."""
        marker = await replace(self._parts, account.id, password, must_change=must_change)
        return Written(marker=marker, must_change=must_change)

    async def check(self) -> list[Finding]:
        """Look at the file, read from it, and write to it without keeping what was written."""
        findings = [self._check_rights()]
        try:
            findings.append(await self._check_reading())
            findings.append(await self._check_writing())
            if not await self.verified_domains():
                remedy = "Add the domains that are yours: accounts of others are not reset."
                findings.append(Finding(ok=False, what="verified domains", detail="none", remedy=remedy))
        except DirectoryError as error:
            remedy = f"See to the file {self._parts.file.path} and its disk."
            findings.append(Finding(ok=False, what="use the file", detail=error.detail, remedy=remedy))
        return findings

    def _check_rights(self) -> Finding:
        path = self._parts.file.path
        try:
            open_to_others = bool(path.stat().st_mode & _OTHERS_MAY_READ)
        except OSError as error:
            return Finding(
                ok=False, what="file", detail=error.strerror or "", remedy=f"Put {path} back, or restart Rekey."
            )
        if open_to_others:
            remedy = f"It holds password hashes: chmod 600 {path}"
            return Finding(ok=False, what="file", detail="others on this machine may open it", remedy=remedy)
        return Finding(ok=True, what="file", detail=str(path))

    async def _check_reading(self) -> Finding:
        async def look(conn: AsyncConnection) -> tuple[int, bool]:
            count = (await conn.execute(select(func.count()).select_from(accounts))).scalar_one()
            return count, (await conn.exec_driver_sql("PRAGMA quick_check(1)")).scalar_one() == "ok"

        count, sound = await self._parts.file.read(look)
        if not sound:
            return Finding(ok=False, what="find", detail="the file is damaged", remedy="Restore it from a backup.")
        return Finding(ok=True, what="find", detail=f"{count} accounts")

    async def _check_writing(self) -> Finding:
        same = update(settings).values(change=settings.c.change)
        await self._parts.file.write(lambda conn: conn.execute(same))
        return Finding(ok=True, what="right to reset")

    async def _accounts(self, statement: Select[*tuple[object, ...]]) -> tuple[Account, ...]:
        async def read(conn: AsyncConnection) -> tuple[Account, ...]:
            return tuple(account_of(row) for row in (await conn.execute(statement)).mappings())

        return await self._parts.file.read(read)

    async def _answers(self, statement: Select[*tuple[object, ...]], column: str) -> list[tuple[str, Account]]:
        async def read(conn: AsyncConnection) -> list[tuple[str, Account]]:
            return [(row[column], account_of(row)) for row in (await conn.execute(statement)).mappings()]

        return await self._parts.file.read(read)

    async def _texts(self, statement: Select[str]) -> tuple[str, ...]:
        async def read(conn: AsyncConnection) -> tuple[str, ...]:
            return tuple((await conn.execute(statement)).scalars())

        return await self._parts.file.read(read)

    async def _gone(self, after: int) -> tuple[str, ...]:
        return await self._texts(select(gone.c.id).where(gone.c.changed > after).order_by(gone.c.changed))

    # -- declared capabilities: all of them ----------------------------------------------------------------

    async def _must_change(self, account: Account) -> None:
        await self._alter_living(account, must_change=True)

    async def _unlock(self, account: Account) -> None:
        await self._alter_living(account, locked_at=None, misses=0)

    async def _alter_living(self, account: Account, **values: object) -> None:
        async def alter(conn: AsyncConnection) -> None:
            changes = {**values, "changed": await next_change(conn)}
            taken = await conn.execute(update(accounts).where(accounts.c.id == account.id).values(**changes))
            if taken.rowcount == 0:
                raise AccountGone("deleted")

        await self._parts.file.write(alter)

    async def _revoke_sessions(self, account: Account) -> int:
        return await self._parts.file.write(lambda conn: revoke(self._parts, conn, account.id, (PassKind.SESSION,)))

    async def _revoke_tokens(self, account: Account) -> int:
        return await self._parts.file.write(lambda conn: revoke(self._parts, conn, account.id, (PassKind.TOKEN,)))

    async def _groups(self, account: Account) -> tuple[str, ...]:
        return tuple(sorted(await self._texts(names_around(account.id))))

    async def _manager(self, account: Account) -> Account | None:
        async def read(conn: AsyncConnection) -> Account | None:
            theirs = select(accounts.c.manager_id).where(accounts.c.id == account.id)
            own = (await conn.execute(theirs)).one_or_none()
            if own is None:
                raise AccountGone("deleted")
            found = (await conn.execute(select(accounts).where(accounts.c.id == own.manager_id))).mappings()
            row = found.one_or_none()
            return None if row is None else account_of(row)

        return await self._parts.file.read(read)

    async def _find_groups(self, query: str, limit: int) -> tuple[Group, ...]:
        return await find_groups(self._parts.file, query, limit)

    async def _group(self, group_id: str) -> Group | None:
        return await group(self._parts.file, group_id)

    def _members(self, group_id: str) -> AsyncIterator[tuple[str, ...]]:
        return batches(self._parts.file, group_id)

    async def _place(self, name: str) -> Group | None:
        return await group(self._parts.file, key(name))

    async def _inside(self, group: Group, ids: Sequence[str]) -> frozenset[str]:
        return await inside(self._parts.file, group.id, ids)

    async def _password_policy(self, account: Account) -> PasswordPolicy:  # noqa: ARG002
        return (await self._parts.file.read(read_settings)).policy

    async def _verified_domains(self) -> frozenset[str]:
        return frozenset(await self._texts(select(domains.c.name).where(domains.c.verified)))

    async def _last_sign_in(self, account: Account) -> datetime | None:
        last = select(accounts.c.last_sign_in).where(accounts.c.id == account.id)

        async def read(conn: AsyncConnection) -> datetime | None:
            return (await conn.execute(last)).scalar_one_or_none()

        return await self._parts.file.read(read)

    async def _verify_password(self, account: Account, password: Secret) -> bool:
        return await is_current(self._parts, account.id, password)


def _change_of(marker: str | None, about: Settings) -> int:
    directory, _, change = (marker or "").partition(":")
    if directory != about.directory or not change.isascii() or not change.isdigit():
        return 0
    return int(change) if int(change) <= about.change else 0
