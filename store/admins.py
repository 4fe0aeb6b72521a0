"""The enrolled: who they are, and the throttle on their codes. Each change is one conditional update: one winner."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta  # noqa: TC003
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, case, or_, select, update

from resets.actor import Actor, SlackPerson
from store.tables import admins

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Row

    from store.base import Tx


# Asked in every deed of an admin's: built once.
_BY_ID = select(admins).where(admins.c.id == bindparam("admin"))
_HELD = _BY_ID.with_for_update()
_FREE = (admins.c.id == bindparam("admin")) & admins.c.revoked_at.is_(None)
_IN_TIME = admins.c.next_try_at.is_(None) | (admins.c.next_try_at <= bindparam("now"))
_PAY = (
    update(admins)
    .where(_FREE, admins.c.misses == bindparam("seen"), admins.c.locked_at.is_(None), _IN_TIME)
    .values(misses=admins.c.misses + 1, next_try_at=bindparam("then"))
)
_PAY_LAST = _PAY.values(locked_at=bindparam("now"))
_SPEND_UNLOCKING = (
    update(admins)
    .where(_FREE, admins.c.last_step < bindparam("step"))
    .values(last_step=bindparam("step"), misses=0, next_try_at=None, locked_at=None)
)
_SPEND = (
    update(admins)
    .where(_FREE, admins.c.last_step < bindparam("step"), admins.c.locked_at.is_(None))
    .values(last_step=bindparam("step"), misses=0, next_try_at=None)
)
_BY_SLACK = select(admins).where(
    admins.c.team == bindparam("team"), admins.c.slack_user == bindparam("slack_user"), admins.c.revoked_at.is_(None)
)


@dataclass(frozen=True, slots=True)
class AdminRow:
    """One enrolment as it stands."""

    id: str
    actor: Actor
    enrolled_at: datetime
    revoked_at: datetime | None
    misses: int  # wrong codes since the last right one
    locked_at: datetime | None
    next_try_at: datetime | None
    last_step: int  # the newest TOTP step that was used; 0 for none
    frozen_at: datetime | None = None  # since then they begin nothing
    froze_at: datetime | None = None  # when they last froze everything without a code
    unfrozen_at: datetime | None = None


async def add(tx: Tx, actor: Actor, now: datetime) -> None:
    """Enrol someone.

    Raises:
        StoreFailed: "conflict", as this Slack person has an enrolment that was not revoked (when the tx ends).
    """
    await tx.conn.execute(
        admins.insert().values(
            id=actor.id,
            team=actor.slack.team,
            slack_user=actor.slack.user,
            directory=actor.directory,
            account_id=actor.account_id,
            login=actor.login,
            name=actor.name,
            role=actor.role,
            enrolled_at=now,
            misses=0,
            last_step=0,
        )
    )


async def by_slack(tx: Tx, person: SlackPerson) -> AdminRow | None:
    """Find the living enrolment of a Slack person."""
    theirs = {"team": person.team, "slack_user": person.user}
    row = (await tx.conn.execute(_BY_SLACK, theirs)).one_or_none()
    return None if row is None else _row(row)


async def by_id(tx: Tx, admin_id: str, *, hold: bool = False) -> AdminRow | None:
    """Find an enrolment, revoked or not. `hold`, in a write: nobody else changes it until that ends."""
    row = (await tx.conn.execute(_HELD if hold else _BY_ID, {"admin": admin_id})).one_or_none()
    return None if row is None else _row(row)


async def living(tx: Tx) -> tuple[AdminRow, ...]:
    """Return the enrolments that were not revoked, the oldest first."""
    rows = select(admins).where(admins.c.revoked_at.is_(None)).order_by(admins.c.enrolled_at, admins.c.id)
    return tuple(_row(row) for row in await tx.conn.execute(rows))


async def of_accounts(tx: Tx, actors: Sequence[Actor], *, hold: bool = False) -> tuple[AdminRow, ...]:
    """Return all living enrolments of some people's accounts. `hold`, in a write: nobody changes them until it ends.

    They are taken in one order, so that two who hold several do not wait for each other.
    """
    theirs = or_(*[(admins.c.directory == one.directory) & (admins.c.account_id == one.account_id) for one in actors])
    asked = select(admins).where(theirs, admins.c.revoked_at.is_(None)).order_by(admins.c.id)
    return tuple(_row(row) for row in await tx.conn.execute(asked.with_for_update() if hold else asked))


async def of_account(tx: Tx, directory: str, account_id: str) -> tuple[AdminRow, ...]:
    """Return the living enrolments of one account, the oldest first."""
    theirs = (admins.c.directory == directory) & (admins.c.account_id == account_id) & admins.c.revoked_at.is_(None)
    rows = await tx.conn.execute(select(admins).where(theirs).order_by(admins.c.enrolled_at, admins.c.id))
    return tuple(_row(row) for row in rows)


async def first(tx: Tx) -> AdminRow | None:
    """Return the oldest enrolment that was not revoked."""
    living = select(admins).where(admins.c.revoked_at.is_(None)).order_by(admins.c.enrolled_at, admins.c.id)
    row = (await tx.conn.execute(living.limit(1))).one_or_none()
    return None if row is None else _row(row)


async def listing(tx: Tx) -> tuple[AdminRow, ...]:
    """Return every enrolment there ever was, the oldest first."""
    rows = await tx.conn.execute(select(admins).order_by(admins.c.enrolled_at, admins.c.id))
    return tuple(_row(row) for row in rows)


async def revoke(tx: Tx, admin_id: str, now: datetime) -> bool:
    """End an enrolment for good; says whether it was living."""
    living = (admins.c.id == admin_id) & admins.c.revoked_at.is_(None)
    return (await tx.conn.execute(update(admins).where(living).values(revoked_at=now))).rowcount == 1


async def unlock(tx: Tx, admin_id: str, step: int) -> bool:
    """Lift a lock and forget the misses; says whether there was something to lift or forget.

    `step` is the TOTP step of now: one that was used in its future, by a clock that was wrong, is brought back to it.
    """
    held = admins.c.locked_at.is_not(None) | (admins.c.misses > 0) | (admins.c.last_step > step)
    wanted = (admins.c.id == admin_id) & admins.c.revoked_at.is_(None) & held
    used = case((admins.c.last_step > step, step), else_=admins.c.last_step)
    values = {"locked_at": None, "misses": 0, "next_try_at": None, "last_step": used}
    return (await tx.conn.execute(update(admins).where(wanted).values(values))).rowcount == 1


async def freeze(tx: Tx, admin_id: str, now: datetime) -> bool:
    """Let an enrolment begin nothing any more; False where it is frozen already, or was revoked."""
    free = (admins.c.id == admin_id) & admins.c.revoked_at.is_(None) & admins.c.frozen_at.is_(None)
    return (await tx.conn.execute(update(admins).where(free).values(frozen_at=now))).rowcount == 1


async def unfreeze(tx: Tx, admin_id: str) -> bool:
    """Let a frozen enrolment act again; says whether it was frozen."""
    frozen = (admins.c.id == admin_id) & admins.c.revoked_at.is_(None) & admins.c.frozen_at.is_not(None)
    values = {"frozen_at": None, "unfrozen_at": tx.now()}
    return (await tx.conn.execute(update(admins).where(frozen).values(values))).rowcount == 1


async def froze(tx: Tx, admin_id: str, now: datetime) -> None:
    """Note that somebody has frozen everything without a code."""
    await tx.conn.execute(update(admins).where(admins.c.id == admin_id).values(froze_at=now))


async def pay(tx: Tx, admin_id: str, now: datetime, *, wait: timedelta | None, lock: bool, seen_misses: int) -> bool:
    """Spend an attempt before its code is looked at: it counts as a miss until `spend` takes that back.

    Args:
        tx: a write.
        admin_id: whose.
        now: the moment of trying; must not be before the wait that an earlier attempt left.
        wait: how long the next attempt must wait from now.
        lock: this is the last attempt; none is possible after it.
        seen_misses: the count that `wait` and `lock` were worked out from.

    Returns:
        True for exactly one of the attempts that saw the same count; False: locked, too early, revoked or overtaken.
    """
    then = None if wait is None else now + wait
    asked = {"admin": admin_id, "seen": seen_misses, "now": now, "then": then}
    return (await tx.conn.execute(_PAY_LAST if lock else _PAY, asked)).rowcount == 1


async def spend(tx: Tx, admin_id: str, step: int, *, unlock: bool = False) -> bool:
    """Use up a TOTP step and forget the misses; True for exactly one use of a step, never for an older one.

    `unlock`: the lock is the one that this very attempt's `pay` has set; it is lifted.
    """
    used = {"admin": admin_id, "step": step}
    return (await tx.conn.execute(_SPEND_UNLOCKING if unlock else _SPEND, used)).rowcount == 1


def _row(row: Row[Any]) -> AdminRow:
    actor = Actor(
        id=row.id,
        slack=SlackPerson(row.team, row.slack_user),
        directory=row.directory,
        account_id=row.account_id,
        login=row.login,
        name=row.name,
        role=row.role,
    )
    return AdminRow(
        id=row.id,
        actor=actor,
        enrolled_at=row.enrolled_at,
        revoked_at=row.revoked_at,
        misses=row.misses,
        locked_at=row.locked_at,
        next_try_at=row.next_try_at,
        last_step=row.last_step,
        frozen_at=row.frozen_at,
        froze_at=row.froze_at,
        unfrozen_at=row.unfrozen_at,
    )
