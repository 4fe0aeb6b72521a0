"""Handing over: the person is told how to get the password, by the ways that the plan names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desk.journal import announce
from resets.notice import Notice, NoticeKind, NoticeState
from resets.outcome import Step, StepRecord, StepState
from resets.request import Channel, TargetState
from store import requests

if TYPE_CHECKING:
    from desk.dossier import Dossier
    from desk.tools import Tools
    from resets.outcome import Target
    from resets.request import ResetRequest

CARRIERS = {
    Channel.DM: NoticeKind.SHOW,
    Channel.MAIL: NoticeKind.MAIL_PASSWORD,
    Channel.RECOVERY: NoticeKind.MAIL_PASSWORD_RECOVERY,
}


def notices(tools: Tools, request: ResetRequest, target: Target) -> list[Notice]:
    """Return what is said to one person of a bulk, once their password is set: by each way that the plan names."""
    channels = request.plan.channels_of(target.planned)
    kinds = [CARRIERS[channel] for channel in channels]
    if target.planned.address and Channel.MAIL not in channels:
        kinds.append(NoticeKind.MAIL_NOTICE)
    return [
        Notice(
            id=tools.new_id(),
            kind=kind,
            request_id=request.id,
            target_id=target.id,
            facts={},
            state=NoticeState.WAITING,
            attempts=0,
            created_at=tools.clock(),
            chunk_id=target.chunk_id,
        )
        for kind in kinds
    ]


async def hand_over(tools: Tools, dossier: Dossier) -> None:
    """Write the notices that carry the password, and one without it to an address that gets none. Happens once."""
    request, target_id = dossier.request, dossier.target.id
    async with tools.store.write() as tx:
        target = await requests.target(tx, target_id)
        if target is None or target.state not in (TargetState.SET, TargetState.DELIVERED):
            return
        if target.step(Step.DELIVER).state is not StepState.TODO:
            return
        again = target.state is TargetState.DELIVERED
        for channel in request.plan.channels_of(target.planned):
            await announce(tools, tx, CARRIERS[channel], request_id=request.id, target_id=target_id)
        if target.planned.address and Channel.MAIL not in request.plan.channels_of(target.planned) and not again:
            await announce(tools, tx, NoticeKind.MAIL_NOTICE, request_id=request.id, target_id=target_id)
        await requests.record_step(tx, target_id, StepRecord(Step.DELIVER, StepState.UNDER_WAY))
