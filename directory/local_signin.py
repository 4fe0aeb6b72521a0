"""Signing in to a `local` directory: wrong passwords counted, sessions and API tokens as rows."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from sqlalchemy import and_, case, insert, literal, or_, select, update

from directory.local_file import Conflict
from directory.local_parts import Parts, next_change, read_settings
from directory.local_passwords import replace_own
from directory.local_policy import LONGEST
from directory.local_tables import Utc, account_of, accounts, is_unicode, key, passes
from directory.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Executable, RowMapping
    from sqlalchemy.ext.asyncio import AsyncConnection

    from directory.base import Account

SESSION_LIFE = timedelta(hours=12)


class PassKind(StrEnum):
    """What a pass is: it opens the door without a password until it is revoked or over."""

    SESSION = "session"
    TOKEN = "token"


class NoEntry(StrEnum):
    """Why somebody was not let in."""

    WRONG = "wrong"  # the login, the password, or that the account has none: not told apart
    LOCKED = "locked"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True)
class SignIn:
    """What became of a sign-in. `session` is there only when somebody is really in: not while `must_change`."""

    ok: bool
    must_change: bool = False
    reason: NoEntry | None = None
    account_id: str | None = None
    session: Secret | None = None


class LocalSignIn:
    """The door. Every method may raise the DirectoryErrors of a file that cannot be read or written."""

    _parts: Parts

    async def sign_in(self, login: str, password: Secret) -> SignIn:
        """Try a login and its password, and open a session of 12 hours.

        A wrong password counts towards the lock; a right one sets the count back. With `must_change` the password
        is right and no session is opened: `change_own_password` comes first.
        """
        row, refused = await self._at_the_door(login, password)
        if row is None:
            return refused
        tried = await _try(self._parts, row["id"], password, signs_in=True)
        return tried if tried.ok else await self._why_not(login, tried)

    async def change_own_password(self, login: str, old: Secret, new: Secret) -> SignIn:
        """Change one's own password; `must_change` is over with it. Opens no session.

        Raises:
            PasswordRejected, PasswordUnchanged: nothing has changed.
            AccountGone: disabled meanwhile; nothing has changed.
        """
        row, refused = await self._at_the_door(login, old)
        if row is None:
            return refused
        tried = await _try(self._parts, row["id"], old, signs_in=False)
        if not tried.ok:
            return await self._why_not(login, tried)
        changed = await replace_own(self._parts, row["id"], row["marker"], new)
        return SignIn(ok=True, account_id=row["id"]) if changed else SignIn(ok=False, reason=NoEntry.WRONG)

    async def issue_token(self, account_id: str, label: str = "", *, life: timedelta | None = None) -> Secret:
        """Issue an API token, good until it is revoked or `life` is over. Its text is given out here only.

        Raises:
            Conflict: no such account.
        """
        until = self._parts.clock() + life if life else None

        async def issue(conn: AsyncConnection) -> Secret:
            if await _one(conn, select(accounts.c.id).where(accounts.c.id == account_id)) is None:
                raise Conflict("no such account")
            return await _issue(self._parts, conn, account_id, PassKind.TOKEN, label=label, until=until)

        return await self._parts.file.write(issue)

    async def holder(self, opener: Secret) -> Account | None:
        """Say whose session or API token this is; None when it opens nothing (any more)."""
        mine = (
            select(accounts)
            .join(passes, passes.c.account_id == accounts.c.id)
            .where(passes.c.digest == _digest(opener), passes.c.revoked_at.is_(None), accounts.c.disabled.is_(False))
            .where(or_(passes.c.expires_at.is_(None), passes.c.expires_at > self._parts.clock()))
        )
        row = await self._parts.file.read(lambda conn: _one(conn, mine))
        return account_of(row) if row else None

    async def _at_the_door(self, login: str, password: Secret) -> tuple[RowMapping | None, SignIn]:
        """Give the account if its password may be looked at; else None and the refusal."""
        row = await self._row(login)
        refused = _shut(row)
        if refused is NoEntry.WRONG:
            await self._parts.hasher.waste(password)
        return (None if refused else row), SignIn(ok=False, reason=refused)

    async def _row(self, login: str) -> RowMapping | None:
        if not is_unicode(login):
            return None
        named = select(accounts).where(accounts.c.login_key == key(login))
        return await self._parts.file.read(lambda conn: _one(conn, named))

    async def _why_not(self, login: str, tried: SignIn) -> SignIn:
        """Say LOCKED of the attempt that has just locked the account, and of those that it overtook."""
        reason = _shut(await self._row(login)) or tried.reason
        return SignIn(ok=False, reason=reason)


def _shut(row: RowMapping | None) -> NoEntry | None:
    if row is None or row["password_hash"] is None:
        return NoEntry.WRONG
    if row["disabled"]:
        return NoEntry.DISABLED
    return NoEntry.LOCKED if row["locked_at"] is not None else None


async def is_current(parts: Parts, account_id: str, password: Secret) -> bool:
    """Say whether this is the password with which the account could sign in right now. Counts as `sign_in` does."""
    return (await _try(parts, account_id, password, signs_in=False)).ok


async def revoke(parts: Parts, conn: AsyncConnection, account_id: str, kinds: tuple[PassKind, ...]) -> int:
    """Revoke an account's passes; return how many were good until now."""
    now = parts.clock()
    ended = await conn.execute(
        update(passes)
        .where(passes.c.account_id == account_id, passes.c.kind.in_(kinds), passes.c.revoked_at.is_(None))
        .where(or_(passes.c.expires_at.is_(None), passes.c.expires_at > now))
        .values(revoked_at=now)
    )
    return ended.rowcount


async def _try(parts: Parts, account_id: str, password: Secret, *, signs_in: bool) -> SignIn:
    """Pay first, then look: of any number of guesses at once, no more are looked at than the lock allows."""
    paid = await _pay(parts, account_id)
    if paid is None:
        return SignIn(ok=False, reason=NoEntry.WRONG)
    fits = len(password.reveal()) <= LONGEST and await parts.hasher.matches(paid["password_hash"], password)
    if not fits:
        return SignIn(ok=False, reason=NoEntry.WRONG)
    return await _let_in(parts, paid, signs_in=signs_in)


async def _pay(parts: Parts, account_id: str) -> RowMapping | None:
    """Count a miss beforehand, and lock at the last; None when there is nothing to look at."""

    async def pay(conn: AsyncConnection) -> RowMapping | None:
        limit = (await read_settings(conn)).lock_after
        if limit == 0:
            return await _one(conn, select(accounts).where(accounts.c.id == account_id, _open()))
        last = accounts.c.misses + 1 >= limit
        pays = (
            update(accounts)
            .where(accounts.c.id == account_id, _open())
            .values(
                misses=accounts.c.misses + 1,
                locked_at=case((last, literal(parts.clock(), Utc)), else_=None),
                changed=case((last, await next_change(conn)), else_=accounts.c.changed),
            )
            .returning(accounts)
        )
        return await _one(conn, pays)

    return await parts.file.write(pay)


async def _one(conn: AsyncConnection, statement: Executable) -> RowMapping | None:
    rows: Sequence[RowMapping] = (await conn.execute(statement)).mappings().all()
    return rows[0] if rows else None


def _open() -> ColumnElement[bool]:
    return and_(accounts.c.disabled.is_(False), accounts.c.locked_at.is_(None), accounts.c.password_hash.is_not(None))


async def _let_in(parts: Parts, paid: RowMapping, *, signs_in: bool) -> SignIn:
    """Give the payment back, unless the account was disabled, changed, or locked by another attempt meanwhile."""
    now = parts.clock()
    enters = signs_in and not paid["must_change"]

    async def let_in(conn: AsyncConnection) -> SignIn:
        back = await conn.execute(
            update(accounts)
            .where(accounts.c.id == paid["id"], accounts.c.disabled.is_(False), accounts.c.marker == paid["marker"])
            # None was there before; what is there now is this attempt's own lock or nobody's
            .where(accounts.c.locked_at.is_not_distinct_from(paid["locked_at"]))
            .values(
                misses=0,
                locked_at=None,
                changed=await next_change(conn) if paid["locked_at"] else accounts.c.changed,
                last_sign_in=now if enters else accounts.c.last_sign_in,
            )
        )
        if back.rowcount == 0:
            return SignIn(ok=False, reason=NoEntry.WRONG)
        session = None
        if enters:
            session = await _issue(parts, conn, paid["id"], PassKind.SESSION, label="", until=now + SESSION_LIFE)
        return SignIn(ok=True, must_change=paid["must_change"], account_id=paid["id"], session=session)

    return await parts.file.write(let_in)


async def _issue(
    parts: Parts, conn: AsyncConnection, account_id: str, kind: PassKind, *, label: str, until: datetime | None
) -> Secret:
    opener = Secret(parts.randbytes(32).hex())
    await conn.execute(
        insert(passes).values(
            digest=_digest(opener),
            account_id=account_id,
            kind=kind,
            label=label,
            issued_at=parts.clock(),
            expires_at=until,
        )
    )
    return opener


def _digest(opener: Secret) -> str:
    # 256 random bits need no slow hash: ASVS 5.0, 6.5.2
    return hashlib.sha256(opener.reveal().encode("utf-8", "surrogatepass")).hexdigest()
