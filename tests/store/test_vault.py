"""What is sealed opens only where it was sealed for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update

from directory.secret import Secret
from store import vault
from store.keys import KeyRing
from store.tables import seals

RING = KeyRing((bytes(range(32)),))
WORDS = st.text(max_size=40)
PASSWORD = "Speech-annually-nephew-dispense-strut-3"


@given(purpose=WORDS, row=WORDS, context=WORDS, text=st.text(max_size=200))
def test_what_is_sealed_opens_again(purpose, row, context, text):
    """Any text comes back as it was, for its own purpose, row and context."""
    blob = vault.seal(RING, purpose, row, context, Secret(text))
    assert vault.unseal(RING, purpose, row, context, blob).reveal() == text


@given(st.tuples(WORDS, WORDS, WORDS), st.tuples(WORDS, WORDS, WORDS))
def test_a_seal_opens_for_nothing_else(sealed_for, asked_for):
    """Another purpose, row or context, also one that joins to the same letters, does not open it."""
    blob = vault.seal(RING, *sealed_for, Secret("x"))
    if sealed_for == asked_for:
        return
    with pytest.raises(vault.CannotOpen):
        vault.unseal(RING, *asked_for, blob)


def test_parts_that_join_to_the_same_letters_differ():
    """Sealed for "ab" and "c" is not sealed for "a" and "bc"."""
    blob = vault.seal(RING, "ab", "c", "", Secret("x"))
    for other in (("a", "bc", ""), ("ab", "", "c"), ("", "abc", "")):
        with pytest.raises(vault.CannotOpen):
            vault.unseal(RING, *other, blob)


def test_no_byte_can_be_flipped():
    """Each single altered byte is noticed: version, key id, nonces, wrapped key and text."""
    blob = vault.seal(RING, "password", "t1", "", Secret(PASSWORD))
    for place in range(len(blob)):
        altered = blob[:place] + bytes([blob[place] ^ 1]) + blob[place + 1 :]
        with pytest.raises(vault.CannotOpen):
            vault.unseal(RING, "password", "t1", "", altered)


def test_nothing_can_be_cut_or_added():
    """Every truncation, and a byte too many, is noticed."""
    blob = vault.seal(RING, "password", "t1", "", Secret(PASSWORD))
    for length in range(len(blob)):
        with pytest.raises(vault.CannotOpen):
            vault.unseal(RING, "password", "t1", "", blob[:length])
    with pytest.raises(vault.CannotOpen):
        vault.unseal(RING, "password", "t1", "", blob + b"\0")


def test_another_ring_opens_nothing():
    """A ring without the key refuses, and so does one that has another key under its id."""
    blob = vault.seal(RING, "password", "t1", "", Secret(PASSWORD))
    other = KeyRing((bytes(range(1, 33)),))
    with pytest.raises(vault.CannotOpen):
        vault.unseal(other, "password", "t1", "", blob)
    renamed = blob[:1] + other.newest.encode() + blob[17:]
    with pytest.raises(vault.CannotOpen):
        vault.unseal(other, "password", "t1", "", renamed)


def test_an_older_key_of_the_ring_still_opens():
    """After a new key was put in front, what the old one has sealed opens, and new seals are the new one's."""
    blob = vault.seal(RING, "password", "t1", "", Secret(PASSWORD))
    longer = KeyRing((bytes(range(1, 33)), bytes(range(32))))
    assert vault.unseal(longer, "password", "t1", "", blob).reveal() == PASSWORD
    assert vault.seal(longer, "password", "t1", "", Secret("x"))[1:17].decode() == longer.newest


def test_the_same_secret_never_looks_the_same():
    """Keys and nonces are drawn for each seal."""
    one, two = (vault.seal(RING, "password", "t1", "", Secret(PASSWORD)) for _ in range(2))
    assert one[17:] != two[17:]


async def test_a_row_is_kept_replaced_and_wiped(store):
    """`peek` gives what was put last, and nothing once it is wiped; wiping says whether there was something."""
    async with store.write() as tx:
        assert await vault.peek(tx, "password", "t1") is None
        await vault.put(tx, "password", "t1", Secret("first"))
        await vault.put(tx, "password", "t1", Secret(PASSWORD))
    async with store.read() as tx:
        assert (await vault.peek(tx, "password", "t1")).reveal() == PASSWORD
    async with store.write() as tx:
        assert await vault.wipe(tx, "password", "t1")
        assert not await vault.wipe(tx, "password", "t1")
        assert not await vault.wipe(tx, "password", "unknown")
        assert await vault.peek(tx, "password", "t1") is None


async def test_rows_that_were_swapped_do_not_open(store):
    """Who can write the database cannot give one account another's password, or an admin another's seed."""
    async with store.write() as tx:
        await vault.put(tx, "seed", "ada", Secret("ADA"), "T0/U0ADA/id-ada")
        await vault.put(tx, "seed", "eve", Secret("EVE"), "T0/U0EVE/id-eve")
        blob = await tx.conn.scalar(select(seals.c.blob).where(seals.c.row_id == "eve"))
        await tx.conn.execute(update(seals).where(seals.c.row_id == "ada").values(blob=blob))
        with pytest.raises(vault.CannotOpen):
            await vault.peek(tx, "seed", "ada", "T0/U0ADA/id-ada")
        with pytest.raises(vault.CannotOpen):
            await vault.peek(tx, "seed", "eve", "T0/U0ADA/id-ada")
        assert (await vault.peek(tx, "seed", "eve", "T0/U0EVE/id-eve")).reveal() == "EVE"


async def test_what_is_wiped_leaves_the_file(sqlite_store, tmp_path):
    """After `tidy`, not even the sealed form of a wiped secret is in SQLite's files; in clear it never was."""

    def everything():
        return b"".join(path.read_bytes() for path in tmp_path.glob("rekey.db*"))

    async with sqlite_store.write() as tx:
        for number in range(50):
            await vault.put(tx, "password", f"t{number}", Secret(PASSWORD))
        blob = await tx.conn.scalar(select(seals.c.blob).where(seals.c.row_id == "t7"))
    assert blob in everything()
    assert PASSWORD.encode() not in everything()
    async with sqlite_store.write() as tx:
        await vault.wipe(tx, "password", "t7")
    await sqlite_store.tidy()
    assert blob not in everything()
    assert blob[80:] not in everything()
