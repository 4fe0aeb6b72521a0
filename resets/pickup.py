"""The code that the requester tells the person, so that a thief in the person's Slack has nothing."""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: no I, L, O, U. Source: crockford.com/base32.html
LENGTH = 8  # 40 bits; with five tries a thief's chance is 5 in 2^40
TRIES = 5

_READ_AS = str.maketrans("ILO", "110", "-‐‑‒–— \t\n\r")  # noqa: RUF001 - the dashes that phones type


def new_code(randbelow: Callable[[int], int]) -> str:
    """Draw a code, written as "K7QM-2XBD"."""
    return _written("".join(ALPHABET[randbelow(len(ALPHABET))] for _ in range(LENGTH)))


def normal(text: str) -> str | None:
    """Write a typed code as `new_code` does: any case, I and L for 1, O for 0, any dashes. None: cannot be one."""
    bare = text[:64].upper().translate(_READ_AS)
    return _written(bare) if len(bare) == LENGTH and set(bare) <= set(ALPHABET) else None


def mac(key: bytes, target_id: str, code: str) -> bytes:
    """Return what the store keeps in a code's stead: its HMAC-SHA256 for this one target.

    Args:
        key: the key ring's key for pickup codes.
        target_id: the target that the code is for.
        code: as `new_code` or `normal` gave it.
    """
    return hmac.new(key, f"rekey-pickup-1\n{target_id}\n{code}".encode(), hashlib.sha256).digest()


def _written(bare: str) -> str:
    return f"{bare[:4]}-{bare[4:]}"
