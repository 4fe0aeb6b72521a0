"""Taking one's own request back while it waits for others, or changing it: another one takes its place, in one deed.

A changed request is another request. What was agreed to the old one counts for nothing; the old one has ended and the
new one waits, or neither.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from desk import approvers, ask, freeze, history
from desk.approvers import over
from desk.find import Chosen
from desk.forms import RESET, open_form, role_of
from resets.approval import account_of
from resets.audit import Deed
from resets.reasons import Reason, Refused
from resets.request import RequestState
from store import approvals, requests

if TYPE_CHECKING:
    from desk.forms import Opened
    from desk.tools import Tools
    from resets.actor import Actor, SlackPerson
    from resets.request import ResetRequest
    from store.base import Tx
    from store.forms import Form

REPLACES = "replaces"  # of a form: the request whose place the new one takes


async def withdraw(tools: Tools, shown: str, by: SlackPerson) -> None:
    """Take one's own request back while it waits.

    Raises:
        Refused: NO_ROLE, NOT_YOUR_REQUEST, DECIDED or REPLACED.
    """
    request_id = shown.partition("#")[0]
    async with tools.store.write(waited_for=True) as tx:
        actor = await role_of(tx, by)
        request = await requests.get(tx, request_id)
        if request is not None and account_of(request.requester) != account_of(actor):
            raise Refused(Reason.NOT_YOUR_REQUEST, user=request.requester.name)
        if request is None or not await approvals.lock(tx, request_id):
            raise await over(tx, request_id)
        await ask.end(tools, tx, request, RequestState.WITHDRAWN, Reason.WITHDRAWN)
        await history.note(tools, tx, Deed.WITHDRAWN, by=actor, request=request)
        await ask.told(tools, tx, request)


async def begin(tools: Tools, shown: str, by: SlackPerson) -> tuple[str, Chosen]:
    """Open a reset form that is to take the place of one's own request, and say for whom. Touches no directory.

    Raises:
        Refused: NO_ROLE, FROZEN, ACTOR_FROZEN, DECIDED, REPLACED, NOT_PROVED, NOT_YOUR_REQUEST, or CHOICE_INVALID: of
            many people, which is withdrawn and asked anew.
    """
    async with tools.store.write(waited_for=True) as tx:
        actor = await role_of(tx, by)
        await freeze.demand(tools, tx, actor)
        request = await _own(tx, shown.partition("#")[0], actor)
        if request.plan.count is not None:
            raise Refused(Reason.CHOICE_INVALID)
        form_id = await open_form(tools, tx, RESET, by, actor, {REPLACES: request.id})
    (target,) = request.plan.targets
    return form_id, Chosen(target.directory, target.account_id)


async def before(tx: Tx, form: Form) -> ResetRequest | None:
    """Return the request whose place a form's is to take; None where it is to take nobody's."""
    return await requests.get(tx, str(form.state[REPLACES])) if REPLACES in form.state else None


async def hold(tx: Tx, form: Opened) -> ResetRequest | None:
    """Return the request whose place a form's is to take, and let nobody decide about it until this write ends.

    Raises:
        Refused: DECIDED, REPLACED, NOT_PROVED, NOT_YOUR_REQUEST, or CHOICE_INVALID: the form is about somebody else.
    """
    state = form.form.state
    if REPLACES not in state:
        return None
    await approvals.lock(tx, str(state[REPLACES]))
    request = await _own(tx, str(state[REPLACES]), form.actor)
    whom = (state["target"]["directory"], state["target"]["account_id"])
    if [(one.directory, one.account_id) for one in request.plan.targets] != [whom]:
        raise Refused(Reason.CHOICE_INVALID)
    return request


async def replace(tools: Tools, tx: Tx, old: ResetRequest, new: ResetRequest) -> None:
    """End a request that `hold` returned: the new one, asked in the same write, takes its place."""
    await ask.end(tools, tx, old, RequestState.WITHDRAWN, Reason.REPLACED)
    await history.note(tools, tx, Deed.WITHDRAWN, by=new.requester, request=old, replaced_by=new.id)
    await ask.told(tools, tx, old)


async def _own(tx: Tx, request_id: str, actor: Actor) -> ResetRequest:
    request = (await approvers.case(tx, request_id)).request
    if request.requester.id != actor.id:
        raise Refused(Reason.NOT_YOUR_REQUEST, user=request.requester.name)
    return request
