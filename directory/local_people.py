"""Keeping a `local` directory: accounts, groups, mail domains and the password policy, by who administers it."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict, dataclass
from datetime import datetime  # noqa: TC003
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

from sqlalchemy import delete, insert, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from directory.base import PasswordPolicy, PasswordRejected
from directory.local_file import Conflict
from directory.local_parts import Parts, next_change, read_settings
from directory.local_passwords import refuse_bad, replace
from directory.local_signin import PassKind, revoke
from directory.local_tables import accounts, domains, gone, groups, key, members, nesting, settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy.ext.asyncio import AsyncConnection

    from directory.secret import Secret


@dataclass(frozen=True, slots=True)
class NewAccount:
    """An account to add. Without a password nobody can sign in until one is set. Groups are names, made as needed."""

    login: str
    name: str
    given_name: str = ""
    family_name: str = ""
    mail: str | None = None
    recovery_mail: str | None = None
    department: str | None = None
    slack_user: str | None = None
    password: Secret | None = None
    must_change: bool = False
    groups: tuple[str, ...] = ()
    owner: bool = False
    admin: bool = False
    external: bool = False
    service: bool = False
    confirmed: bool = True
    disabled: bool = False
    locked: bool = False
    last_sign_in: datetime | None = None  # aware UTC
    manager: str | None = None  # the login of theirs, who may be added with them


class AccountFields(TypedDict, total=False):
    """What `change_account` changes; what is not named stays."""

    login: str
    name: str
    given_name: str
    family_name: str
    mail: str | None
    recovery_mail: str | None
    department: str | None
    slack_user: str | None
    owner: bool
    admin: bool
    external: bool
    service: bool
    confirmed: bool
    manager: str | None  # the login of theirs


class LocalPeople:
    """The office. Every method may raise the DirectoryErrors of a file that cannot be read or written.

    A method that names an account, a group or a login raises Conflict where it is not there, or where a name that must
    be its own is taken; nothing has changed then.
    """

    _parts: Parts

    async def add_account(self, new: NewAccount) -> str:
        """Add one account and return its id. As `add_accounts`."""
        return (await self.add_accounts([new]))[0]

    async def add_accounts(self, new: Sequence[NewAccount]) -> tuple[str, ...]:
        """Add accounts, all or none, and return their ids in the same order.

        Passwords are hashed on all cores beforehand: about 25 ms of one core each.

        Raises:
            Conflict: a login is taken, here or within the list, or no manager is called so; nothing has changed.
            PasswordRejected: the policy refuses one; nothing has changed.
        """
        hashes = await self._hashes(new)

        async def add(conn: AsyncConnection) -> tuple[str, ...]:
            change = await next_change(conn)
            rows = [self._row_of(one, hashed, change) for one, hashed in zip(new, hashes, strict=True)]
            taken = {row["login_key"] for row in rows}
            known = select(accounts.c.login_key).where(accounts.c.login_key.in_(taken))
            if len(taken) < len(rows) or (await conn.execute(known)).first() is not None:
                raise Conflict("a login is taken")
            if rows:
                await conn.execute(insert(accounts), rows)
            for one, row in zip(new, rows, strict=True):
                for group in one.groups:
                    await _join(conn, group, [row["id"]])
                if one.manager is not None:
                    managed = update(accounts).where(accounts.c.id == row["id"])
                    await conn.execute(managed.values(manager_id=await _called(conn, one.manager)))
            return tuple(row["id"] for row in rows)

        return await self._parts.file.write(add)

    async def change_account(self, account_id: str, **fields: Unpack[AccountFields]) -> None:
        """Change what an account shows.

        Raises:
            Conflict: no such account, the login is taken, or no manager is called so; nothing has changed.
        """
        values: dict[str, Any] = dict(fields)
        unknown = values.keys() - AccountFields.__annotations__.keys()
        if unknown:
            raise TypeError(f"an account has no {', '.join(sorted(unknown))}")
        if "mail" in values:
            values["mail_key"] = key(values["mail"]) if values["mail"] else None

        async def change(conn: AsyncConnection) -> None:
            if "login" in values:
                values["login_key"] = key(values["login"])
                same = select(accounts.c.id).where(
                    accounts.c.login_key == values["login_key"], accounts.c.id != account_id
                )
                if (await conn.execute(same)).first() is not None:
                    raise Conflict("the login is taken")
            if "manager" in values:
                manager = values.pop("manager")
                values["manager_id"] = None if manager is None else await _called(conn, manager)
            await _alter(conn, account_id, **values)

        await self._parts.file.write(change)

    async def set_initial_password(self, login: str, password: Secret, *, must_change: bool = True) -> None:
        """Give an account its first or a new password, by its login.

        Raises:
            Conflict: no such login.
            AccountGone, PasswordRejected, PasswordUnchanged: as `set_password`; nothing has changed.
        """
        named = select(accounts.c.id).where(accounts.c.login_key == key(login))

        async def look(conn: AsyncConnection) -> str | None:
            return (await conn.execute(named)).scalar_one_or_none()

        account_id = await self._parts.file.read(look)
        if account_id is None:
            raise Conflict("no such login")
        await replace(self._parts, account_id, password, must_change=must_change)

    async def disable(self, account_id: str) -> None:
        """Shut an account out, and revoke its sessions and API tokens for good."""

        async def disable(conn: AsyncConnection) -> None:
            await _alter(conn, account_id, disabled=True)
            await revoke(self._parts, conn, account_id, (PassKind.SESSION, PassKind.TOKEN))

        await self._parts.file.write(disable)

    async def enable(self, account_id: str) -> None:
        """Let a disabled account in again; its password and its lock are as they were."""
        await self._parts.file.write(lambda conn: _alter(conn, account_id, disabled=False))

    async def delete_account(self, account_id: str) -> None:
        """Delete an account with its passes, old passwords and memberships. Its id is never given again."""

        async def remove(conn: AsyncConnection) -> None:
            taken = await conn.execute(delete(accounts).where(accounts.c.id == account_id))
            if taken.rowcount == 0:
                raise Conflict("no such account")
            await conn.execute(insert(gone).values(id=account_id, changed=await next_change(conn)))

        await self._parts.file.write(remove)

    async def add_domain(self, name: str, *, verified: bool) -> None:
        """Add a mail domain, or say of a known one whether it is verified."""
        row = {"name": key(name), "verified": verified}
        statement = upsert(domains).values(**row).on_conflict_do_update(index_elements=["name"], set_=row)
        await self._parts.file.write(lambda conn: conn.execute(statement))

    async def add_group(self, name: str, *, members: Sequence[str] = (), groups: Sequence[str] = ()) -> None:
        """Add a group, or members to a known one.

        Args:
            name: shown as it is, compared in any case.
            members: ids of accounts.
            groups: names of groups whose members become members of this one too; made as needed, circles are fine.
        """

        async def add(conn: AsyncConnection) -> None:
            await _join(conn, name, members)
            for inner in groups:
                await _join(conn, inner, ())
                link = upsert(nesting).values(inner_key=key(inner), outer_key=key(name))
                await conn.execute(link.on_conflict_do_nothing())

        await self._parts.file.write(add)

    async def set_policy(self, policy: PasswordPolicy, *, lock_after: int | None = None) -> None:
        """Hold new passwords against this policy from now on; lock after so many wrong ones in a row (0: never)."""
        values: dict[str, object] = {"policy": json.dumps(asdict(policy))}
        if lock_after is not None:
            values["lock_after"] = lock_after
        await self._parts.file.write(lambda conn: conn.execute(update(settings).values(**values)))

    async def _hashes(self, new: Sequence[NewAccount]) -> list[str | None]:
        policy = (await self._parts.file.read(read_settings)).policy
        for number, one in enumerate(new):
            if one.password is not None:
                try:
                    refuse_bad(policy, login=one.login, name=one.name, password=one.password)
                except PasswordRejected as error:
                    raise PasswordRejected(f"number {number}: {error.detail}") from error

        async def hashed(password: Secret | None) -> str | None:
            return await self._parts.hasher.hash(password) if password is not None else None

        return await asyncio.gather(*(hashed(one.password) for one in new))

    def _row_of(self, new: NewAccount, hashed: str | None, change: int) -> dict[str, Any]:
        now = self._parts.clock()
        row = {name: getattr(new, name) for name in NewAccount.__slots__}
        for other in ("password", "groups", "locked", "manager"):
            del row[other]
        return row | {
            "id": self._parts.randbytes(16).hex(),
            "login_key": key(new.login),
            "mail_key": key(new.mail) if new.mail else None,
            "locked_at": now if new.locked else None,
            "password_hash": hashed,
            "password_changed_at": now if hashed else None,
            "marker": self._parts.randbytes(8).hex() if hashed else None,
            "changed": change,
        }


async def _alter(conn: AsyncConnection, account_id: str, **values: object) -> None:
    values["changed"] = await next_change(conn)
    taken = await conn.execute(update(accounts).where(accounts.c.id == account_id).values(**values))
    if taken.rowcount == 0:
        raise Conflict("no such account")


async def _called(conn: AsyncConnection, login: str) -> str:
    """Return the id of whoever has a login."""
    found: str | None = await conn.scalar(select(accounts.c.id).where(accounts.c.login_key == key(login)))
    if found is None:
        raise Conflict("no such manager")
    return found


async def _join(conn: AsyncConnection, group: str, ids: Iterable[str]) -> None:
    made = upsert(groups).values(key=key(group), name=group).on_conflict_do_nothing()
    await conn.execute(made)
    wanted = set(ids)
    known = set((await conn.execute(select(accounts.c.id).where(accounts.c.id.in_(wanted)))).scalars())
    if known != wanted:
        raise Conflict("no such account")
    for account_id in wanted:
        link = upsert(members).values(group_key=key(group), account_id=account_id)
        await conn.execute(link.on_conflict_do_nothing())
