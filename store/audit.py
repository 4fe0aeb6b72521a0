"""The journal: append-only, each entry's MAC tied to the one before it, written in the transaction of the deed."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, func, select, update

from resets.audit import GENESIS, AuditEntry, Deed, link
from store.tables import audit, audit_head

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from sqlalchemy import Row

    from store.base import Tx

log = logging.getLogger(__name__)
BATCH = 1_000
HEAD = 1
_HEAD = select(audit_head.c.seq, audit_head.c.mac).with_for_update()
_ADD = audit.insert()
_NEW_HEAD = update(audit_head).where(audit_head.c.id == HEAD).values(seq=bindparam("to_seq"), mac=bindparam("to_mac"))


# An entry beside the MAC of the one before it, to which its own is tied.
_BEFORE = audit.alias("before")
_TIED = select(audit, _BEFORE.c.mac.label("previous")).join(_BEFORE, _BEFORE.c.seq == audit.c.seq - 1, isouter=True)
_ABOUT = _TIED.where(audit.c.request_id == bindparam("request"), audit.c.deed.in_(bindparam("deeds", expanding=True)))
_NEWEST = _ABOUT.order_by(audit.c.seq.desc()).limit(1)
_OLDEST_FIRST = _ABOUT.order_by(audit.c.seq)
_NUMBERED = _TIED.where(audit.c.seq == bindparam("number"))


class Finding(StrEnum):
    """What a look at the whole journal says."""

    WHOLE = "whole"  # every entry, up to a head that was known from outside
    END_NOT_PROVABLE = "end not provable"  # every entry is genuine; without a head, a cut tail would not show
    EDITED = "edited"  # the entry is not what was written
    GAP = "gap"  # an entry is missing
    REORDERED = "reordered"  # a genuine entry stands in another's place
    INSERTED = "inserted"  # an entry that was never written stands between genuine ones
    CUT = "cut"  # the end is missing


@dataclass(frozen=True, slots=True)
class Verdict:
    """What `verify` found. `seq` names the first entry that is wrong, or is missing; None when ok."""

    ok: bool
    entries: int  # genuine ones, before the first that is wrong
    seq: int | None
    what: Finding


@dataclass(frozen=True, slots=True)
class Kept:
    """One entry as it stands in the journal; None where what stands there is none, which `verify` calls edited."""

    seq: int
    mac: str
    entry: AuditEntry | None


async def append(tx: Tx, entry: AuditEntry) -> tuple[int, str]:
    """Write an entry; returns its number (from 1) and MAC, which also go to the log once the deed is kept."""
    # PostgreSQL's writers queue at this row until they commit; SQLite has but one writer.
    head = (await tx.conn.execute(_HEAD)).one()
    seq, body = head.seq + 1, entry.body()
    mac = link(tx.ring.audit_key, head.mac, seq, body)
    row = {"seq": seq, "body": body.decode(), "mac": mac, "key_id": tx.ring.newest}
    await tx.conn.execute(_ADD, row | {"request_id": entry.request_id, "deed": entry.deed.value})
    await tx.conn.execute(_NEW_HEAD, {"to_seq": seq, "to_mac": mac})
    fields = {"seq": seq, "mac": mac, "deed": entry.deed.value}
    tx.after_commit(lambda: log.info("audit_appended", extra=fields))
    return seq, mac


async def append_many(tx: Tx, entries: Sequence[AuditEntry]) -> int:
    """Write entries (0-1,000), in their order, as `append`; of the MACs, the last goes to the log: it covers all.

    Returns:
        the number of the first of them; 0 for none.
    """
    if not entries:
        return 0
    head = (await tx.conn.execute(_HEAD)).one()
    seq, mac, key, rows = head.seq, head.mac, tx.ring.audit_key, []
    for entry in entries:
        seq, body = seq + 1, entry.body()
        mac = link(key, mac, seq, body)
        row = {"seq": seq, "body": body.decode(), "mac": mac, "key_id": tx.ring.newest}
        rows.append(row | {"request_id": entry.request_id, "deed": entry.deed.value})
    await tx.conn.execute(_ADD, rows)
    await tx.conn.execute(_NEW_HEAD, {"to_seq": seq, "to_mac": mac})
    fields = {"seq": seq, "mac": mac, "deed": entries[-1].deed.value, "entries": len(rows)}
    tx.after_commit(lambda: log.info("audit_appended", extra=fields))
    return int(head.seq) + 1


async def verify(tx: Tx, head: tuple[int, str] | None = None) -> Verdict:
    """Check every entry against the one before it, and the end against a head (number, MAC) that the log has kept."""
    previous, seq = GENESIS, 0
    async for row in _rows(tx):
        if row.seq != seq + 1:
            return Verdict(ok=False, entries=seq, seq=seq + 1, what=Finding.GAP)
        if not _genuine(tx, previous, row) or not _found_as_written(row):
            what = await _why(tx, previous, row)
            return Verdict(ok=False, entries=seq, seq=row.seq, what=what)
        if head is not None and row.seq == head[0] and row.mac != head[1]:
            # The chain holds, but it is not the one that was there: written anew by someone who has the key.
            return Verdict(ok=False, entries=seq, seq=row.seq, what=Finding.EDITED)
        previous, seq = row.mac, row.seq
    ours = (await tx.conn.execute(select(audit_head.c.seq, audit_head.c.mac))).one_or_none()
    known = max(head[0] if head else 0, ours.seq if ours else 0)
    if seq < known:
        return Verdict(ok=False, entries=seq, seq=seq + 1, what=Finding.CUT)
    if ours is None or (ours.seq, ours.mac) != (seq, previous):
        return Verdict(ok=False, entries=seq, seq=seq, what=Finding.EDITED)
    return Verdict(ok=True, entries=seq, seq=None, what=Finding.WHOLE if head else Finding.END_NOT_PROVABLE)


async def proved(tx: Tx, request_id: str, *deeds: Deed) -> AuditEntry | None:
    """Return the newest entry of these deeds for a request, if it is genuine; None where it is missing or broken."""
    row = (await tx.conn.execute(_NEWEST, _wanted(request_id, deeds))).one_or_none()
    return _believed(tx, row)


async def all_proved(tx: Tx, request_id: str, *deeds: Deed) -> tuple[AuditEntry, ...]:
    """Return the genuine entries of these deeds for a request, the oldest first; the others are left out."""
    rows = (await tx.conn.execute(_OLDEST_FIRST, _wanted(request_id, deeds))).all()
    return tuple([entry for row in rows if (entry := _believed(tx, row)) is not None])


async def numbered(tx: Tx, number: int, request_id: str) -> AuditEntry | None:
    """Return the entry with a number (from 1), if it is genuine and about this request; None for any other."""
    entry = _believed(tx, (await tx.conn.execute(_NUMBERED, {"number": number})).one_or_none())
    return entry if entry is not None and entry.request_id == request_id else None


async def tail(tx: Tx, limit: int) -> tuple[Kept, ...]:
    """Return the newest entries, the oldest of them first; nothing is verified."""
    rows = await tx.conn.execute(select(audit).order_by(audit.c.seq.desc()).limit(limit))
    return tuple(_read(row) for row in reversed(rows.all()))


async def export(tx: Tx) -> AsyncIterator[Kept]:
    """Give out every entry, the oldest first; nothing is verified."""
    async for row in _rows(tx):
        yield _read(row)


async def signers(tx: Tx) -> frozenset[str]:
    """Return the ids of the keys that the first and the newest entry name; empty for an empty journal."""
    ends = (select(func.min(audit.c.seq)).scalar_subquery(), select(func.max(audit.c.seq)).scalar_subquery())
    return frozenset(await tx.conn.scalars(select(audit.c.key_id).where(audit.c.seq.in_(ends))))


async def demand_writable(tx: Tx) -> None:
    """Write the journal's head as it is: where that cannot be kept (a full disk, say), no deed can.

    Raises:
        StoreFailed: here, or when the transaction ends.
    """
    await tx.conn.execute(update(audit_head).where(audit_head.c.id == HEAD).values(seq=audit_head.c.seq))


async def deeds_of(tx: Tx, request_id: str, deed: Deed) -> int:
    """Say how many entries of this deed there are for a request; nothing is verified."""
    wanted = (audit.c.request_id == request_id) & (audit.c.deed == deed.value)
    return await tx.conn.scalar(select(func.count()).select_from(audit).where(wanted)) or 0


async def count(tx: Tx) -> int:
    """Say how many entries there are."""
    return await tx.conn.scalar(select(func.count()).select_from(audit)) or 0


async def _rows(tx: Tx) -> AsyncIterator[Row[Any]]:
    last = None
    while True:
        after = select(audit) if last is None else select(audit).where(audit.c.seq > last)
        rows = (await tx.conn.execute(after.order_by(audit.c.seq).limit(BATCH))).all()
        for row in rows:
            yield row
        if len(rows) < BATCH:
            return
        last = rows[-1].seq


def _wanted(request_id: str, deeds: Sequence[Deed]) -> dict[str, Any]:
    return {"request": request_id, "deeds": [deed.value for deed in deeds]}


def _believed(tx: Tx, row: Row[Any] | None) -> AuditEntry | None:
    """Return the entry of a row that stands beside the MAC before it, if it is genuine."""
    if row is None:
        return None
    previous = GENESIS if row.seq == 1 else row.previous
    if previous is None or not _genuine(tx, previous, row) or not _found_as_written(row):
        return None
    return _entry(row.body)


def _genuine(tx: Tx, previous: str, row: Row[Any], *, at: int | None = None) -> bool:
    """Say whether the row is what was written as number `at` (its own, unless given) after an entry with this MAC."""
    key = tx.ring.audit_keys.get(row.key_id)
    if not isinstance(row.body, str) or not isinstance(previous, str):  # SQLite keeps bytes in a column of text too
        return False
    return key is not None and link(key, previous, at or row.seq, row.body.encode()) == row.mac


def _found_as_written(row: Row[Any]) -> bool:
    """Say whether the columns that an entry is found by are those of its body."""
    body = json.loads(row.body)
    return (row.request_id, row.deed) == (body["request"], body["deed"])


async def _why(tx: Tx, previous: str, wrong: Row[Any]) -> Finding:
    """Say what happened to the first wrong row, by looking for where it and its place's own row went."""
    displaced = elsewhere = False
    before = GENESIS
    async for row in _rows(tx):
        if row.seq != wrong.seq:
            elsewhere = elsewhere or _genuine(tx, before, wrong, at=row.seq)
            if _genuine(tx, previous, row, at=wrong.seq):
                displaced = True
                elsewhere = elsewhere or _genuine(tx, row.mac, wrong, at=wrong.seq + 1)
        before = row.mac
    if elsewhere:
        return Finding.REORDERED
    return Finding.INSERTED if displaced else Finding.EDITED


def _read(row: Row[Any]) -> Kept:
    try:
        return Kept(row.seq, row.mac, _entry(row.body))
    except (ValueError, KeyError, TypeError):  # written over
        return Kept(row.seq, row.mac, None)


def _entry(body: str) -> AuditEntry:
    fields = json.loads(body)
    return AuditEntry(
        at=datetime.fromisoformat(fields["at"]),
        deed=Deed(fields["deed"]),
        actor=fields["actor"],
        actor_account=fields["actor_account"],
        request_id=fields["request"],
        target_id=fields["target"],
        target_account=fields["target_account"],
        digest=fields["digest"],
        facts=fields["facts"],
    )
