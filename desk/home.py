"""What App Home shows: to an admin the last requests, to anybody else their own recent resets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desk import decide, roles
from resets.facts import HomeFacts, HomeRow
from resets.outcome import Step, StepState
from resets.reasons import Refused
from resets.request import TargetState
from store import admins, freezes, requests, tally

if TYPE_CHECKING:
    from collections.abc import Iterable

    from desk.tools import Tools
    from resets.actor import SlackPerson
    from resets.bulk import BulkRow
    from resets.outcome import Target
    from resets.request import ResetRequest

ROWS = 10
RUNS = 5
UNCLAIMED = (TargetState.SET, TargetState.DELIVERED)


async def show(tools: Tools, person: SlackPerson) -> HomeFacts:
    """Return what one person's Home shows. Touches no directory; a stranger to us gets an empty one."""
    async with tools.store.read() as tx:
        admin = await admins.by_slack(tx, person)
        freeze = await freezes.standing(tx) if admin else None
        if admin is None:
            rows = await requests.recent_to(tx, person.user, ROWS) if person.team == tools.team else ()
        else:
            rows = await requests.recent_by(tx, admin.actor.id, ROWS)
        waits = await decide.mine(tools, tx, admin.actor) if admin else ()
    return HomeFacts(
        person=person,
        role=admin.actor.role if admin else None,
        name=admin.actor.name if admin else "",
        rows=tuple(_rows(tools, rows)),
        unclaimed=sum(target.state in UNCLAIMED for _, target in rows),
        failed=sum(_failed(target) for _, target in rows),
        directories=tuple(tools.rules.called(name) for name in tools.directories),
        freeze=freeze,
        stopped=admin is not None and admin.frozen_at is not None,
        waits=waits,
        resets=admin is not None and not tools.rules.resets_nobody(admin.actor.role),
    )


async def unheld(tools: Tools, person: SlackPerson) -> Refused | None:
    """Say why an admin's role is not theirs at this moment; asks a directory where the role names a group."""
    async with tools.store.read() as tx:
        admin = await admins.by_slack(tx, person)
    try:
        if admin is not None:
            await roles.admit(tools, admin.actor)
    except Refused as refused:
        return refused
    return None


async def runs(tools: Tools, person: SlackPerson) -> tuple[BulkRow, ...]:
    """Return the last bulks, whoever's, to an admin who may stop them, and none to anybody else."""
    async with tools.store.read() as tx:
        admin = await admins.by_slack(tx, person)
        steers = admin is not None and not tools.rules.only_vouches(admin.actor.role)
        return await tally.recent(tx, RUNS) if steers else ()


def _failed(target: Target) -> bool:
    return target.state is TargetState.FAILED or any(target.step(s).state is StepState.FAILED for s in Step)


def _rows(tools: Tools, rows: Iterable[tuple[ResetRequest, Target]]) -> Iterable[HomeRow]:
    for request, target in rows:
        yield HomeRow(
            request_id=request.id,
            login=target.planned.login,
            name=target.planned.name,
            directory=tools.rules.called(target.planned.directory),
            state=request.state,
            target_state=target.state,
            reason=target.reason,
            asked_at=request.asked_at,
        )
