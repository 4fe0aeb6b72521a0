"""*Details, Approve, Deny, Withdraw*: what people do with a request that waits for others. A card is never believed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desk import change, decide
from handlers import payloads
from handlers.hook import Hook
from handlers.surface import Audience, Room, Surface
from resets.reasons import Reason, Refused
from views import approval

if TYPE_CHECKING:
    from handlers.payloads import CodeSent, Press, WhySent
    from handlers.replies import Reply


async def details(room: Room, call: Press, reply: Reply) -> None:
    """Show everything about a request to whoever holds a role."""
    await reply.ack()
    async with room.members.admitted(call.origin.person.user):
        facts = await decide.look(room.tools, call.value, call.origin.person)
    await reply.open(approval.details(facts))


async def approve(room: Room, call: Press, reply: Reply) -> None:
    """Open the question for the approver's code."""
    await reply.ack()
    async with room.members.admitted(call.origin.person.user):
        asked = await decide.begin(room.tools, call.value, call.origin.person)
    await reply.open(approval.ask(asked))


async def deny(room: Room, call: Press, reply: Reply) -> None:
    """Open the question why not."""
    await reply.ack()
    async with room.members.admitted(call.origin.person.user):
        asked = await decide.begin(room.tools, call.value, call.origin.person, deny=True)
    await reply.open(approval.deny(asked))


async def withdraw(room: Room, call: Press, reply: Reply) -> None:
    """Take a request back; the card and the requester's message then say so."""
    await reply.ack()
    async with room.members.admitted(call.origin.person.user):
        pass
    await change.withdraw(room.tools, call.value, call.origin.person)


async def approved(room: Room, call: CodeSent, reply: Reply) -> None:
    """Take an approval, in local transactions only: a wrong code can be said only in the ack."""
    try:
        agreed = await decide.approve(room.tools, call.form_id, call.origin.person, call.code)
    except Refused as refused:
        if not refused.reason.value.startswith("code_") and refused.reason not in {Reason.FORM_USED, Reason.FROZEN}:
            raise
        await reply.ack_error("code", refused)
        return
    await reply.ack_view(approval.agreed(agreed.missing))


async def denied(room: Room, call: WhySent, reply: Reply) -> None:
    """Take a denial."""
    try:
        await decide.deny(room.tools, call.form_id, call.origin.person, call.why)
    except Refused as refused:
        if refused.reason not in {Reason.NO_REASON, Reason.FORM_USED}:
            raise
        await reply.ack_error("why", refused)
        return
    await reply.ack_view(approval.denied())


SURFACES = {
    "approval_details": Surface(Audience.ROLE, Hook.ACTION, "approval_details", payloads.press, details),
    "approval_approve": Surface(Audience.ROLE, Hook.ACTION, "approval_approve", payloads.press, approve),
    "approval_deny": Surface(Audience.ROLE, Hook.ACTION, "approval_deny", payloads.press, deny),
    "approval_withdraw": Surface(Audience.ROLE, Hook.ACTION, "approval_withdraw", payloads.press, withdraw),
    "approval_form": Surface(Audience.ROLE, Hook.SUBMISSION, approval.APPROVAL_FORM, payloads.code_sent, approved),
    "denial_form": Surface(Audience.ROLE, Hook.SUBMISSION, approval.DENIAL_FORM, payloads.why_sent, denied),
}
