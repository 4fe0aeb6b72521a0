"""The vault: secrets sealed at rest, each under a key of its own, bound to the very row that holds it.

A seal is: version (1 byte), id of the wrapping key (16), nonce (12), wrapped data key (48), nonce (12), cipher text.
Both layers are AES-256-GCM (NIST SP 800-38D). What is bound to is purpose, row id and context; the wrapping also binds
the key's id, so that a data key can later be wrapped anew without touching what it sealed.
"""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import bindparam, select, update

from directory.secret import Secret
from store.tables import seals

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Select

    from store.base import Tx
    from store.keys import KeyRing

log = logging.getLogger(__name__)

TAG = b"rekey-seal-1"
VERSION = b"\x01"
ID, NONCE, WRAPPED, TAG_SIZE = 16, 12, 48, 16
HEAD = 1 + ID + NONCE + WRAPPED + NONCE

_ROW = (seals.c.purpose == bindparam("of")) & (seals.c.row_id == bindparam("row"))
_PEEK = select(seals.c.blob).where(_ROW)
_WIPE = update(seals).where(_ROW, seals.c.blob.is_not(None)).values(blob=None, wiped_at=bindparam("now"))


class CannotOpen(Exception):
    """A seal does not open: altered, moved from another row, for another context, or under a key that we lack."""


def _bound(purpose: str, row_id: str, context: str, key_id: str = "") -> bytes:
    """Join the parts so that no two different lists of parts give the same bytes."""
    parts = (purpose, row_id, context, VERSION.hex(), key_id)
    return TAG + b"".join(len(raw).to_bytes(4, "big") + raw for raw in (part.encode() for part in parts))


def seal(ring: KeyRing, purpose: str, row_id: str, context: str, secret: Secret) -> bytes:
    """Seal a secret under the newest key, so that it opens only for this purpose, row and context."""
    key_id = ring.newest
    wrapping = ring.wrapping_key(key_id)
    assert wrapping is not None
    data_key, outer, inner = AESGCM.generate_key(256), os.urandom(NONCE), os.urandom(NONCE)
    wrapped = AESGCM(wrapping).encrypt(outer, data_key, _bound(purpose, row_id, context, key_id))
    body = AESGCM(data_key).encrypt(inner, secret.reveal().encode(), _bound(purpose, row_id, context))
    return VERSION + key_id.encode() + outer + wrapped + inner + body


def unseal(ring: KeyRing, purpose: str, row_id: str, context: str, blob: bytes) -> Secret:
    """Open a seal.

    Raises:
        CannotOpen: it is not what was sealed for this purpose, row and context, or not under a key of this ring.
    """
    if len(blob) < HEAD + TAG_SIZE or blob[:1] != VERSION:
        raise CannotOpen("malformed")
    key_id = blob[1 : 1 + ID].decode("ascii", "replace")
    wrapping = ring.wrapping_key(key_id)
    if wrapping is None:
        raise CannotOpen("unknown key")
    rest = blob[1 + ID :]
    outer, wrapped = rest[:NONCE], rest[NONCE : NONCE + WRAPPED]
    inner, body = rest[NONCE + WRAPPED : NONCE + WRAPPED + NONCE], rest[NONCE + WRAPPED + NONCE :]
    try:
        data_key = AESGCM(wrapping).decrypt(outer, wrapped, _bound(purpose, row_id, context, key_id))
        return Secret(AESGCM(data_key).decrypt(inner, body, _bound(purpose, row_id, context)).decode())
    except (InvalidTag, UnicodeDecodeError) as error:
        raise CannotOpen("altered, moved or for another context") from error


async def put(tx: Tx, purpose: str, row_id: str, secret: Secret, context: str = "") -> None:
    """Keep a secret; one that was kept for the same purpose and row is replaced."""
    blob = seal(tx.ring, purpose, row_id, context, secret)
    values = {"purpose": purpose, "row_id": row_id, "blob": blob, "sealed_at": tx.now(), "wiped_at": None}
    await tx.upsert(seals, ("purpose", "row_id"), values)


async def put_many(tx: Tx, purpose: str, secrets: Mapping[str, Secret]) -> None:
    """Keep secrets by their rows, as `put`."""
    now = tx.now()
    rows = [
        {
            "purpose": purpose,
            "row_id": row_id,
            "blob": seal(tx.ring, purpose, row_id, "", secret),
            "sealed_at": now,
            "wiped_at": None,
        }
        for row_id, secret in secrets.items()
    ]
    await tx.upsert_many(seals, ("purpose", "row_id"), rows)


async def peek_many(tx: Tx, purpose: str, row_ids: Sequence[str]) -> dict[str, Secret]:
    """Open kept secrets (0-1,000); what is not there, or does not open, is missing from the answer."""
    wanted = (seals.c.purpose == purpose) & seals.c.row_id.in_(row_ids) & seals.c.blob.is_not(None)
    found = {}
    for row in await tx.conn.execute(select(seals.c.row_id, seals.c.blob).where(wanted)):
        try:
            found[row.row_id] = unseal(tx.ring, purpose, row.row_id, "", row.blob)
        except CannotOpen:
            log.error("seal_broken", extra={"purpose": purpose, "row": row.row_id})  # noqa: TRY400  # the row tells all
    return found


async def wipe_of(tx: Tx, purpose: str, rows: Select[tuple[str]]) -> None:
    """Destroy the kept secrets of the rows that a statement selects."""
    there = (seals.c.purpose == purpose) & seals.c.row_id.in_(rows) & seals.c.blob.is_not(None)
    await tx.conn.execute(update(seals).where(there).values(blob=None, wiped_at=tx.now()))


async def peek(tx: Tx, purpose: str, row_id: str, context: str = "") -> Secret | None:
    """Open a kept secret; None where there is none, or none any more.

    Raises:
        CannotOpen: as `unseal`.
    """
    blob = await tx.conn.scalar(_PEEK, {"of": purpose, "row": row_id})
    return None if blob is None else unseal(tx.ring, purpose, row_id, context, blob)


async def wipe(tx: Tx, purpose: str, row_id: str) -> bool:
    """Destroy a kept secret; says whether there was one."""
    return (await tx.conn.execute(_WIPE, {"of": purpose, "row": row_id, "now": tx.now()})).rowcount == 1
