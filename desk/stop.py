"""Not me: the person says that they asked for nothing. It is taken back, and the security channel hears.

Who asked for it begins nothing more until somebody at the host has looked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from desk import accuse
from desk.dossier import PURPOSE
from desk.journal import alarm, announce, current, note
from desk.tools import Tools, Work, WorkKind
from resets.audit import Deed
from resets.notice import NoticeKind
from resets.reasons import Reason, Refused
from resets.request import TargetState
from store import jobs, requests, vault

if TYPE_CHECKING:
    from resets.actor import SlackPerson

STOPPABLE = (TargetState.SET, TargetState.DELIVERED, TargetState.COLLECTED)


async def not_me(tools: Tools, target_id: str, person: SlackPerson) -> None:
    """Void the password that we set for this person, and have the directory replace it. Twice is once.

    Who had it reset is frozen by that, in a bulk by the third person's word.

    Raises:
        Refused: NOT_YOURS, or EXPIRED: there is nothing of ours left to stop.
    """
    async with tools.store.write() as tx:
        target = await requests.target(tx, target_id)
        request = await requests.get(tx, target.request_id) if target else None
        if target is None or request is None:
            raise Refused(Reason.NOT_YOURS)
        if person.team != tools.team or target.planned.slack_user != person.user:
            raise Refused(Reason.NOT_YOURS)
        if target.state is TargetState.SPOILED:
            return
        paused = await accuse.frozen(tools, tx, request)
        if not await requests.move_target(tx, target.id, STOPPABLE, TargetState.SPOILED):
            raise Refused(Reason.EXPIRED)
        await vault.wipe(tx, PURPOSE, target.id)
        await requests.set_attempts(tx, target.id, 0)
        await note(tools, tx, Deed.NOT_ME, by=person, request=request, target=target)
        job = jobs.Job(tools.new_id(), WorkKind.SPOIL.value, request.id, target.id, {}, tools.clock())
        await jobs.add(tx, job)
        await tools.enqueue(tx, Work(WorkKind.SPOIL, job.id))
        about = f"{target.planned.login} ({target.planned.directory})"
        await alarm(tools, tx, "not_me", request_id=request.id, about=about, user=person.user, name=target.planned.name)
        await current(tools, tx, target)
        await announce(tools, tx, NoticeKind.SHOW, request_id=request.id, target_id=target.id)
        if paused is not None:
            await accuse.told(tools, tx, request, paused)
