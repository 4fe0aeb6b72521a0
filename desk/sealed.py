"""Opening what is sealed: what does not open is refused with a reason, and the journal's reader learns of it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from resets.reasons import Reason, Refused
from store import vault

if TYPE_CHECKING:
    from directory.secret import Secret
    from store.base import Tx

log = logging.getLogger(__name__)


async def unsealed(tx: Tx, purpose: str, row_id: str, context: str = "") -> Secret | None:
    """Return a sealed text, or None where there is none (any more).

    Raises:
        Refused: KEY_WRONG: another key sealed it, or somebody has changed or moved it.
    """
    try:
        return await vault.peek(tx, purpose, row_id, context)
    except vault.CannotOpen as error:
        log.error("seal_broken", extra={"purpose": purpose, "row": row_id})  # noqa: TRY400  # the row tells all
        raise Refused(Reason.KEY_WRONG) from error
