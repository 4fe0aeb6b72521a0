"""Giving a `local` account a new password: looked at outside of the transaction, written inside of one, guarded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, select, update

from directory.base import AccountGone, NotNow, PasswordPolicy, PasswordRejected, PasswordUnchanged
from directory.local_parts import Parts, next_change, read_settings
from directory.local_policy import LONGEST, complaint
from directory.local_tables import accounts, old_passwords

if TYPE_CHECKING:
    from sqlalchemy import RowMapping
    from sqlalchemy.ext.asyncio import AsyncConnection

    from directory.secret import Secret

_TRIES = 8  # against others who change the same account's password between our look and our write


@dataclass(frozen=True, slots=True)
class _Sight:
    """What was seen of the account before hashing; the write demands that its marker still stands."""

    account: RowMapping
    policy: PasswordPolicy
    older: tuple[str, ...]


async def replace(parts: Parts, account_id: str, password: Secret, *, must_change: bool) -> str:
    """Replace a password, whoever else does so at the same time, and return the new marker.

    Raises:
        AccountGone: deleted, or disabled; nothing has changed.
        PasswordUnchanged, PasswordRejected: nothing has changed.
        NotNow: others changed it again and again; nothing has changed.
    """
    for _ in range(_TRIES):
        sight = await _look(parts, account_id)
        marker = await _exchange(parts, sight, password, must_change=must_change)
        if marker is not None:
            return marker
    raise NotNow("others keep changing this password")


async def replace_own(parts: Parts, account_id: str, seen_marker: str, password: Secret) -> bool:
    """Replace the password that has this marker, by its owner; False when it is no longer that one.

    Raises:
        AccountGone, PasswordUnchanged, PasswordRejected: as `replace`; nothing has changed.
    """
    sight = await _look(parts, account_id)
    if sight.account["marker"] != seen_marker:
        return False
    return await _exchange(parts, sight, password, must_change=False) is not None


def refuse_bad(policy: PasswordPolicy, *, login: str, name: str, password: Secret) -> None:
    """Raise PasswordRejected if the policy has something against a password, history left out."""
    found = complaint(policy, login=login, name=name, password=password.reveal())
    if found:
        raise PasswordRejected(found)


async def _look(parts: Parts, account_id: str) -> _Sight:
    async def look(conn: AsyncConnection) -> _Sight:
        row = (await conn.execute(select(accounts).where(accounts.c.id == account_id))).mappings().one_or_none()
        if row is None or row["disabled"]:
            raise AccountGone("disabled" if row else "deleted")
        older = select(old_passwords.c.password_hash).where(old_passwords.c.account_id == account_id)
        policy = (await read_settings(conn)).policy
        newest = older.order_by(old_passwords.c.number.desc()).limit(policy.history)
        return _Sight(row, policy, tuple((await conn.execute(newest)).scalars()))

    return await parts.file.read(look)


async def _exchange(parts: Parts, sight: _Sight, password: Secret, *, must_change: bool) -> str | None:
    """Hash and write; None when the password changed since the sight was taken."""
    await _refuse(parts, sight, password)
    hashed = await parts.hasher.hash(password)
    marker = parts.randbytes(8).hex()
    row = sight.account

    async def exchange(conn: AsyncConnection) -> bool:
        taken = await conn.execute(
            update(accounts)
            .where(accounts.c.id == row["id"], accounts.c.disabled.is_(False))
            .where(accounts.c.marker.is_not_distinct_from(row["marker"]))
            .values(
                password_hash=hashed,
                marker=marker,
                must_change=must_change,
                password_changed_at=parts.clock(),
                changed=await next_change(conn),
            )
        )
        if taken.rowcount == 0:
            return False
        await _remember(conn, row, sight.policy.history)
        return True

    return marker if await parts.file.write(exchange) else None


async def _refuse(parts: Parts, sight: _Sight, password: Secret) -> None:
    row = sight.account
    # first of all, so that a repeated write is told apart even if the policy has become stricter since
    short_enough = len(password.reveal()) <= LONGEST
    if row["password_hash"] and short_enough and await parts.hasher.matches(row["password_hash"], password):
        raise PasswordUnchanged
    refuse_bad(sight.policy, login=row["login"], name=row["name"], password=password)
    if await parts.hasher.matches_any(sight.older, password):
        raise PasswordRejected("history")


async def _remember(conn: AsyncConnection, row: RowMapping, history: int) -> None:
    """Keep the password that has just been replaced, and no more of them than the policy asks for."""
    if row["password_hash"] and history:
        await conn.execute(insert(old_passwords).values(account_id=row["id"], password_hash=row["password_hash"]))
    mine = old_passwords.c.account_id == row["id"]
    kept = select(old_passwords.c.number).where(mine).order_by(old_passwords.c.number.desc()).limit(history)
    await conn.execute(delete(old_passwords).where(mine, old_passwords.c.number.not_in(kept)))
