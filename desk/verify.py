"""How the caller was verified: what the requester says and what we have seen, held against what the account needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from desk import number, questions, vouch
from resets import verification
from resets.evidence import Evidence, How
from resets.reasons import Reason, Refused
from resets.request import Tier
from resets.verification import Needed

if TYPE_CHECKING:
    from desk.tools import Tools
    from resets.request import Options
    from store.base import Tx
    from store.forms import Form

# What nobody says: it is there once somebody else has answered.
NOT_YET = {How.NUMBER: Reason.NOT_PRESSED, How.MANAGER: Reason.NOT_VOUCHED}


async def evidence(tools: Tools, tx: Tx, form: Form, said: str, options: Options) -> tuple[Evidence, ...]:
    """Return what speaks for the caller, if that is enough for the account of a form; () where nothing is asked.

    Args:
        tools: the desk's tools.
        tx: a write; what we have seen is held as it is until that ends.
        form: a filled reset form.
        said: what the requester chose, raw; "" for nothing.
        options: what else was chosen.

    Raises:
        Refused: CHOICE_INVALID, NOT_PRESSED, NOT_VOUCHED, VOUCHED_OTHERWISE, or what `verification.enough` says; with
            the field, if the form has one.
    """
    frozen: dict[str, Any] = form.state["target"]
    tier = Tier(frozen["tier"])
    needed = tools.rules.needed_of(tier)
    if needed is Needed.NONE:
        return ()
    where: dict[str, str] = {"field": "verified"} if frozen.get("asks") else {}
    try:
        how = How(said) if said else None
    except ValueError as error:
        raise Refused(Reason.CHOICE_INVALID, **where) from error
    account = (frozen["directory"], frozen["account_id"])
    pressed = await number.evidence(tx, form.id, account)
    words = await vouch.words(tools, tx, form.id, account)
    seen = (*pressed, *([words[options.why]] if options.why in words else ()))
    denied = await questions.denied(tools, tx, *account)
    if how in NOT_YET and not denied and how not in {each.how for each in seen}:
        raise Refused(Reason.VOUCHED_OTHERWISE if how is How.MANAGER and words else NOT_YET[how], **where)
    known = (*(() if how is None or how in NOT_YET else (Evidence(how),)), *seen)
    about = verification.About(needed, tier, options.why, options.channels, denied)
    hows = {each.how for each in known}
    lack = verification.enough(hows, about)
    if lack is not None:
        with_it = verification.enough({*hows, How.MANAGER}, about) is None
        raise Refused(Reason.VOUCHED_OTHERWISE if words and with_it else lack, **where)
    return known
