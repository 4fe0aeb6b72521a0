"""A bulk's plan: a row for each person, signed, cut into chunks and frozen under one digest.

A plan of 100,000 people fits into no document. So each row is a part of it and carries a signature of its own, bound to
the request: whoever writes over a row, or moves it to another request, has none. Nothing here holds more than a page.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, func, select, tuple_, update

from resets.bulk import CANARY, CANARY_FROM, CHUNK
from resets.request import Channel, PlanDigest, PlannedTarget, RequestState, TargetState, Tier
from store import plans
from store.folding import storable
from store.tables import chunks as chunk_rows
from store.tables import requests as request_rows
from store.tables import targets as target_rows

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Collection, Sequence
    from datetime import datetime

    from sqlalchemy import Row

    from resets.bulk import Candidate, Unfound
    from resets.outcome import Target
    from resets.request import ResetRequest
    from store.base import Store, Tx

PAGE_ROWS = 500  # read and written at once: a few milliseconds of everybody's time
LONGEST_NAME = 256  # characters of an unfound name that are kept
NOWHERE = ""  # the directory of a name that nobody answers to


async def begin(tx: Tx, request: ResetRequest) -> None:
    """Write a bulk whose people are still to be added. Until it is settled it has no digest, so nobody can prove it."""
    await tx.conn.execute(
        request_rows.insert().values(
            id=request.id,
            actor_id=request.requester.id,
            requester=plans.actor_to_json(request.requester),
            plan=plans.plan_to_json(replace(request.plan, targets=())),
            digest="",
            state=RequestState.ASKED.value,
            asked_at=request.asked_at,
            total=0,
        )
    )


async def known(tx: Tx, request_id: str, directory: str, ids: Collection[str]) -> frozenset[str]:
    """Return those of some accounts (0-1,000) that are in a bulk already."""
    mine = (target_rows.c.request_id == request_id) & (target_rows.c.directory == directory)
    wanted = list(ids)
    found: set[str] = set()
    for start in range(0, len(wanted), PAGE_ROWS):
        some = target_rows.c.account_id.in_(wanted[start : start + PAGE_ROWS])
        found.update(await tx.conn.scalars(select(target_rows.c.account_id).where(mine, some)))
    return frozenset(found)


async def add(
    tx: Tx,
    request: ResetRequest,
    candidates: Sequence[Candidate],
    unfound: Sequence[Unfound],
    *,
    new_id: Callable[[], str],
    first: int = 0,
) -> int:
    """Add people, and names that are nobody's (0-1,000 of both); returns how many were not there before.

    Args:
        tx: a write.
        request: as `begin` wrote it.
        candidates: judged; whoever has a reason is kept as left out.
        unfound: kept as left out too.
        new_id: gives opaque ids.
        first: the number of the first row, in the order of naming.
    """
    key = tx.ring.plan_key  # derived at each asking
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for candidate in candidates:
        row = _person(key, request, new_id(), candidate)
        rows.setdefault((row["directory"], row["account_id"]), row)
    for name in unfound:
        row = _name(key, request, new_id(), name)
        rows.setdefault((row["directory"], row["account_id"]), row)
    ids: dict[str, list[str]] = {}
    for directory, account_id in rows:
        ids.setdefault(directory, []).append(account_id)
    for directory, some in ids.items():
        for account_id in await known(tx, request.id, directory, some):
            del rows[directory, account_id]
    new = [{**row, "position": first + number} for number, row in enumerate(rows.values())]
    if new:
        await tx.conn.execute(target_rows.insert(), new)
    return len(new)


async def freeze(store: Store, request: ResetRequest, *, new_id: Callable[[], str]) -> ResetRequest:
    """Number those who will be reset, cut them into chunks, and return the request with its digest and its count.

    Each page is a short transaction of its own. What is returned is still to be settled; without anybody to be reset
    there is no digest.

    Raises:
        ValueError: a row does not bear our signature, or people were added meanwhile.
    """
    async with store.read() as tx:
        mine = (target_rows.c.request_id == request.id) & (target_rows.c.state == TargetState.NEW.value)
        total = await tx.conn.scalar(select(func.count()).select_from(target_rows).where(mine)) or 0
    key = store.ring.plan_key
    made, cutter, position = PlanDigest(request.plan), _Cutter(request.id, total, new_id), 0
    async for page in _included(store, request.id):
        moves = []
        for row in page:
            planned = plans.planned_from_row(row)
            if not _signed(key, request.id, row.id, planned, str(row.mac), included=True):
                raise ValueError("a row of the plan is not ours")
            made.add(planned)
            moves.append({"which": row.id, "to_position": position, "to_chunk": cutter.chunk_for(row.directory)})
            position += 1
        async with store.write() as tx:
            there = update(target_rows).where(target_rows.c.id == bindparam("which"))
            moved = there.values(position=bindparam("to_position"), chunk_id=bindparam("to_chunk"))
            await tx.conn.execute(moved, moves)
            await _insert_chunks(tx, cutter.whole())
    async with store.write() as tx:
        await _insert_chunks(tx, cutter.rest())
    if position != total:
        raise ValueError("the plan changed while it was frozen")
    plan = replace(request.plan, count=total)
    return replace(request, plan=plan, digest=made.hex() if total else "")


async def settle(tx: Tx, request: ResetRequest) -> bool:
    """Keep what `freeze` returned; True once. From now on its digest may be proved, unless there is none."""
    asked = (request_rows.c.id == request.id) & (request_rows.c.state == RequestState.ASKED.value)
    kept = {"digest": request.digest, "total": request.plan.count}
    there = update(request_rows).where(asked, request_rows.c.digest == "").values(kept)
    return (await tx.conn.execute(there)).rowcount == 1


async def genuine(tx: Tx, request_id: str, targets: Sequence[Target]) -> set[str]:
    """Return the ids of those targets (0-1,000) that are to be reset and bear our signature for it, as they are."""
    rows = await tx.conn.execute(
        select(target_rows.c.id, target_rows.c.mac).where(target_rows.c.id.in_([target.id for target in targets]))
    )
    key, macs = tx.ring.plan_key, {row.id: str(row.mac) for row in rows}
    return {
        target.id
        for target in targets
        if _signed(key, request_id, target.id, target.planned, macs.get(target.id, ""), included=True)
    }


async def of_request(tx: Tx, request_id: str) -> tuple[str, int] | None:
    """Return a bulk's digest ("" before it is settled) and how many it will reset; None for what is no bulk."""
    wanted = select(request_rows.c.digest, request_rows.c.total).where(request_rows.c.id == request_id)
    row = (await tx.conn.execute(wanted.where(request_rows.c.total.is_not(None)))).one_or_none()
    return None if row is None else (row.digest, row.total)


async def forget_drafts(tx: Tx, before: datetime, *, most: int = 1000) -> int:
    """Forget previews from before a time that nobody proved, at most so many rows at once; 0 once none is left."""
    asked = (request_rows.c.state == RequestState.ASKED.value) & request_rows.c.total.is_not(None)
    oldest = select(request_rows.c.id).where(asked, request_rows.c.asked_at < before).limit(1)
    request_id = await tx.conn.scalar(oldest)
    if request_id is None:
        return 0
    some = select(target_rows.c.id).where(target_rows.c.request_id == request_id).limit(most)
    gone = (await tx.conn.execute(delete(target_rows).where(target_rows.c.id.in_(some)))).rowcount
    if gone < most:
        await tx.conn.execute(delete(chunk_rows).where(chunk_rows.c.request_id == request_id))
        await tx.conn.execute(delete(request_rows).where(request_rows.c.id == request_id))
        gone += 1
    return gone


# -- within ----------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Cutter:
    """Says to which chunk the next one belongs: a small one first where there are many, each of one directory."""

    request_id: str
    total: int
    new_id: Callable[[], str]
    number: int = 0
    open: dict[str, Any] | None = None
    closed: list[dict[str, Any]] = field(default_factory=list)

    def chunk_for(self, directory: str) -> str:
        if self.open is not None and (self.open["directory"] != directory or self.open["size"] == self._room()):
            self.closed = self.rest()
        if self.open is None:
            canary = self.number == 0 and self.total >= CANARY_FROM
            self.open = {"id": self.new_id(), "request_id": self.request_id, "number": self.number, "round": 0}
            self.open |= {"directory": directory, "size": 0, "canary": int(canary)}
            self.number += 1
        self.open["size"] += 1
        chunk_id: str = self.open["id"]
        return chunk_id

    def whole(self) -> list[dict[str, Any]]:
        """Give away those that nobody will be added to."""
        given, self.closed = self.closed, []
        return given

    def rest(self) -> list[dict[str, Any]]:
        """Give away all."""
        given = [*self.whole(), *([self.open] if self.open else [])]
        self.open = None
        return given

    def _room(self) -> int:
        return CANARY if self.open is not None and self.open["canary"] else CHUNK


async def _included(store: Store, request_id: str) -> AsyncIterator[Sequence[Row[Any]]]:
    """Walk over those who will be reset, sorted by (directory, account id) byte by byte."""
    last: tuple[str, str] | None = None
    mine = select(target_rows).where(target_rows.c.request_id == request_id)
    pairs = tuple_(target_rows.c.directory, target_rows.c.account_id)
    while True:
        after = mine if last is None else mine.where(pairs > last)
        # Those who are left out are read as well: the index that sorts does not know them apart.
        page = after.order_by(target_rows.c.directory, target_rows.c.account_id).limit(PAGE_ROWS)
        async with store.read() as tx:
            rows = (await tx.conn.execute(page)).all()
        if included := [row for row in rows if row.state == TargetState.NEW.value]:
            yield included
        if len(rows) < PAGE_ROWS:
            return
        last = (rows[-1].directory, rows[-1].account_id)
        await asyncio.sleep(0)


async def _insert_chunks(tx: Tx, some: list[dict[str, Any]]) -> None:
    if some:
        await tx.conn.execute(chunk_rows.insert(), some)


def _person(key: bytes, request: ResetRequest, target_id: str, candidate: Candidate) -> dict[str, Any]:
    planned = _storable(candidate.planned)
    included = candidate.reason is None
    return {
        "id": target_id,
        "request_id": request.id,
        "directory": planned.directory,
        "account_id": planned.account_id,
        "slack_user": planned.slack_user,
        "asked_at": request.asked_at,
        "state": (TargetState.NEW if included else TargetState.EXCLUDED).value,
        "reason": None if candidate.reason is None else candidate.reason.value,
        "attempts": 0,
        "login": planned.login,
        "name": planned.name,
        "tier": planned.tier.value,
        "address": planned.address,
        "recovery_address": planned.recovery_address,
        "channels": " ".join(_channels(planned)),
        "source": candidate.source,
        "facts": candidate.facts,
        "mac": _mac(key, request.id, target_id, planned, included=included),
    }


def _name(key: bytes, request: ResetRequest, target_id: str, unfound: Unfound) -> dict[str, Any]:
    """Make the row of a name that nobody answers to; what stands for an account id is as long for every name."""
    shown = storable(unfound.name[:LONGEST_NAME])
    stands_for = "?" + hashlib.sha256(unfound.name.encode("utf-8", "surrogatepass")).hexdigest()
    planned = PlannedTarget(NOWHERE, stands_for, shown, "", Tier.STANDARD, None, None, None, ())
    return {
        "id": target_id,
        "request_id": request.id,
        "directory": NOWHERE,
        "account_id": stands_for,
        "slack_user": None,
        "asked_at": request.asked_at,
        "state": TargetState.EXCLUDED.value,
        "reason": unfound.reason.value,
        "attempts": 0,
        "login": shown,
        "name": "",
        "tier": planned.tier.value,
        "address": None,
        "recovery_address": None,
        "channels": "",
        "source": shown,
        "facts": {"typed": shown, **({"near": ", ".join(unfound.near)} if unfound.near else {})},
        "mac": _mac(key, request.id, target_id, planned, included=False),
    }


def _storable(planned: PlannedTarget) -> PlannedTarget:
    """Write a plan as it will be read back, since that is what is signed."""
    return replace(
        planned,
        login=storable(planned.login),
        name=storable(planned.name),
        address=None if planned.address is None else storable(planned.address),
        recovery_address=None if planned.recovery_address is None else storable(planned.recovery_address),
        channels=_channels(planned),
    )


def _channels(planned: PlannedTarget) -> tuple[Channel, ...]:
    return planned.channels or ()


def _mac(key: bytes, request_id: str, target_id: str, planned: PlannedTarget, *, included: bool) -> str:
    parts = [request_id, target_id, included, planned.directory, planned.account_id, planned.login, planned.name]
    parts += [planned.tier.value, planned.slack_user, planned.address, planned.recovery_address]
    body = json.dumps([*parts, list(_channels(planned))], separators=(",", ":")).encode()
    return hmac.new(key, b"rekey-row-1\n" + body, hashlib.sha256).hexdigest()


def _signed(key: bytes, request_id: str, target_id: str, planned: PlannedTarget, mac: str, *, included: bool) -> bool:
    return hmac.compare_digest(_mac(key, request_id, target_id, planned, included=included), mac)
