"""Handing over: the person is told how to get the password, by the ways that the plan names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desk.journal import announce
from resets.notice import NoticeKind
from resets.outcome import Step, StepRecord, StepState
from resets.request import Channel, TargetState
from store import requests

if TYPE_CHECKING:
    from desk.dossier import Dossier
    from desk.tools import Tools

CARRIERS = {
    Channel.DM: NoticeKind.SHOW,
    Channel.MAIL: NoticeKind.MAIL_PASSWORD,
    Channel.RECOVERY: NoticeKind.MAIL_PASSWORD_RECOVERY,
}


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
        for channel in request.plan.options.channels:
            await announce(tools, tx, CARRIERS[channel], request_id=request.id, target_id=target_id)
        if target.planned.address and Channel.MAIL not in request.plan.options.channels and not again:
            await announce(tools, tx, NoticeKind.MAIL_NOTICE, request_id=request.id, target_id=target_id)
        await requests.record_step(tx, target_id, StepRecord(Step.DELIVER, StepState.UNDER_WAY))
