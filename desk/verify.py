"""How the caller was verified: what the requester says and what we have seen, held against what the account needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from desk import number
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


async def evidence(tools: Tools, tx: Tx, form: Form, said: str, options: Options) -> tuple[Evidence, ...]:
    """Return what speaks for the caller, if that is enough for the account of a form; () where nothing is asked.

    Args:
        tools: the desk's tools.
        tx: a write; what we have seen is held as it is until that ends.
        form: a filled reset form.
        said: what the requester chose, raw; "" for nothing.
        options: what else was chosen.

    Raises:
        Refused: CHOICE_INVALID, NOT_PRESSED, or what `verification.enough` says; with the field, if the form has one.
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
    seen = await number.evidence(tx, form.id)
    denied = await number.denied(tools, tx, frozen["directory"], frozen["account_id"])
    if how is How.NUMBER and not seen and not denied:
        raise Refused(Reason.NOT_PRESSED, **where)
    known = (*(() if how in {None, How.NUMBER} else (Evidence(how),)), *seen)
    about = verification.About(needed, tier, options.why, options.channels, denied)
    lack = verification.enough({each.how for each in known}, about)
    if lack is not None:
        raise Refused(lack, **where)
    return known
