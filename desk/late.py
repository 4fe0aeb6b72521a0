"""A no that comes once the question is over or was answered otherwise: the sign of an attack, whatever it still stops.

What was decided stays as it is. But it alarms, it stands in the journal, and whoever said it hears where things are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from desk.journal import alarm, note
from desk.questions import AN_HOUR
from resets.late import Meanwhile, became
from resets.request import RequestState
from store import requests

if TYPE_CHECKING:
    from collections.abc import Mapping

    from desk.tools import Tools
    from resets.actor import Actor, SlackPerson
    from resets.audit import Deed
    from resets.number import NumberMatch
    from resets.outcome import Target
    from resets.request import ResetRequest
    from resets.vouch import Vouch
    from store.base import Tx

LOOK = 20  # of an account's newest requests


async def said(
    tools: Tools,
    tx: Tx,
    deed: Deed,
    asked: NumberMatch | Vouch,
    *,
    by: Actor | SlackPerson,
    alarmed: Mapping[str, str],
    more: Mapping[str, str | int],
) -> None:
    """Write a late no into the journal and tell the security channel, with the request that followed, if one did."""
    followed = await _followed(tx, asked)
    request = followed[0] if followed else None
    became_of = became(followed)
    facts = {**more, "state": asked.state.value, "meanwhile": became_of.value}
    await note(tools, tx, deed, by=by, request=request, more=facts)
    what = "late_no" if became_of is Meanwhile.NOTHING else "late_no_asked"
    await alarm(tools, tx, what, request_id=request.id if request else None, **alarmed)


async def meanwhile(tx: Tx, asked: NumberMatch | Vouch) -> Meanwhile | None:
    """Return what has come of a question to which somebody said no too late; None: nobody did."""
    return became(await _followed(tx, asked)) if asked.denied_at else None


async def _followed(tx: Tx, asked: NumberMatch | Vouch) -> tuple[ResetRequest, Target] | None:
    """Return the last reset of the account that whoever asked the question has asked for within the hour after it."""
    for request, target in await requests.recent_for(tx, asked.directory, asked.account_id, LOOK):
        soon = asked.asked_at <= request.asked_at < asked.asked_at + AN_HOUR
        if soon and request.requester.is_same(asked.requester) and request.state is not RequestState.ASKED:
            return request, target
    return None
