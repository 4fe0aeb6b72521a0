"""Break-glass: one reset from the host by a sealed code, where no admin is there, and what becomes of it after."""

from __future__ import annotations

import hashlib
import hmac
from datetime import timedelta
from typing import TYPE_CHECKING

from resets.actor import Actor, SlackPerson

if TYPE_CHECKING:
    from collections.abc import Callable

    from resets.audit import AuditEntry

METHOD = "break_glass"  # of a proof, in the journal's own words
ROLE = "(break-glass)"  # no role in the settings can be called so
REVIEW_WITHIN = timedelta(hours=24)
LONGEST_WHY = 200  # characters
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32, as of a pickup code
LETTERS, GROUP = 28, 4  # 140 bits

_READ_AS = str.maketrans("ILO", "110", "-‐‑‒–— \t\n\r")  # noqa: RUF001 - the dashes that phones type


def nobody(team: str) -> Actor:
    """Return who asks by break-glass: no enrolment, no Slack person, no account; the journal says who sat there."""
    name = "The IT desk (break-glass)"
    return Actor(ROLE, SlackPerson(team, ""), "", "", ROLE, name, ROLE)


def proves(proof: AuditEntry) -> bool:
    """Say whether a genuine entry of the journal is the proof of such a reset: nobody's role stands behind it."""
    return proof.facts.get("method") == METHOD


def new_code(randbelow: Callable[[int], int]) -> str:
    """Draw a code, written as seven groups of four letters and digits."""
    return _written("".join(ALPHABET[randbelow(len(ALPHABET))] for _ in range(LETTERS)))


def normal(text: str) -> str | None:
    """Write a typed code as `new_code` does: any case, I and L for 1, O for 0, any dashes. None: cannot be one."""
    bare = text[:256].upper().translate(_READ_AS)
    return _written(bare) if len(bare) == LETTERS and set(bare) <= set(ALPHABET) else None


def mac(key: bytes, code: str) -> bytes:
    """Return what the store keeps in the code's stead.

    Args:
        key: the key ring's key for codes.
        code: as `new_code` or `normal` gave it.
    """
    return hmac.new(key, f"rekey-break-glass-1\n{code}".encode(), hashlib.sha256).digest()


def _written(bare: str) -> str:
    return "-".join(bare[at : at + GROUP] for at in range(0, LETTERS, GROUP))
