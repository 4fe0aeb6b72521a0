"""The journal: what was written stays, and every change to it is named."""

from __future__ import annotations

import asyncio
import json
import logging

import pytest
from sqlalchemy import LargeBinary, delete, func, select, type_coerce, update

from resets.audit import Deed, link
from store import audit
from store.audit import Finding, Verdict
from store.base import Store, StoreFailed
from store.keys import KeyRing
from store.tables import audit as rows
from store.tables import audit_head


@pytest.fixture
async def journal(store, entry):
    """Ten entries; gives the head after the last."""
    async with store.write() as tx:
        for number in range(1, 11):
            head = await audit.append(tx, entry(f"r{number}", step=number))
    return head


async def verdict(store, head=None):
    async with store.read() as tx:
        return await audit.verify(tx, head)


async def kept(tx, seq):
    return dict((await tx.conn.execute(select(rows).where(rows.c.seq == seq))).one()._mapping)


async def append_and_fail(store, entry):
    async with store.write() as tx:
        await audit.append(tx, entry)
        raise ZeroDivisionError


async def tamper(store, *statements):
    async with store.write() as tx:
        for statement in statements:
            await tx.conn.execute(statement)


async def test_an_untouched_journal_is_whole(store, journal):
    """With the head that the log has kept the end is proved; without it, that is said."""
    assert journal[0] == 10
    assert await verdict(store, journal) == Verdict(True, 10, None, Finding.WHOLE)
    assert await verdict(store) == Verdict(True, 10, None, Finding.END_NOT_PROVABLE)


async def test_an_empty_journal_is_fine(store):
    """A new store has nothing to hide."""
    assert await verdict(store) == Verdict(True, 0, None, Finding.END_NOT_PROVABLE)


async def test_an_earlier_head_still_proves(store, journal, entry):
    """A head from last week proves that part; what came later is fine."""
    async with store.write() as tx:
        await audit.append(tx, entry())
    assert await verdict(store, journal) == Verdict(True, 11, None, Finding.WHOLE)


async def test_a_longer_journal_than_a_batch_is_read_to_its_end(store, entry, monkeypatch):
    """Nothing is skipped where one batch ends and the next begins."""
    monkeypatch.setattr(audit, "BATCH", 3)
    async with store.write() as tx:
        for number in range(9):
            await audit.append(tx, entry(f"r{number}"))
    assert (await verdict(store)).entries == 9
    async with store.read() as tx:
        assert [each.seq async for each in audit.export(tx)] == list(range(1, 10))


@pytest.mark.parametrize("seq", [1, 5, 10])
async def test_an_edited_body_is_named(store, journal, seq):
    """One changed letter, anywhere in the chain."""
    async with store.read() as tx:
        body = (await kept(tx, seq))["body"]
    await tamper(store, update(rows).where(rows.c.seq == seq).values(body=body.replace("U0ADA", "U0EVE")))
    assert await verdict(store) == Verdict(False, seq - 1, seq, Finding.EDITED)


@pytest.mark.parametrize("column", ["mac", "key_id", "request_id", "deed"])
async def test_every_other_column_is_covered_too(store, journal, column):
    """Also the columns that an entry is found by: else a proof could be hidden, or borrowed for another request."""
    await tamper(
        store, update(rows).where(rows.c.seq == 4).values({column: "proved" if column == "deed" else "0" * 64})
    )
    assert await verdict(store) == Verdict(False, 3, 4, Finding.EDITED)


async def test_nonsense_in_a_row_is_a_finding_not_a_crash(store, journal):
    """A body that is no JSON at all is edited, like any other."""
    await tamper(store, update(rows).where(rows.c.seq == 4).values(body="{"))
    assert await verdict(store) == Verdict(False, 3, 4, Finding.EDITED)


@pytest.mark.parametrize(("column", "what"), [("body", b"\xff\x00"), ("mac", b"\xff")], ids=str)
async def test_bytes_in_a_row_are_a_finding_not_a_crash(sqlite_store, entry, column, what):
    """SQLite keeps bytes in a column of text; the journal is still checked, listed and searched for proofs."""
    async with sqlite_store.write() as tx:
        for number in range(1, 6):
            await audit.append(tx, entry(f"r{number}"))
    await tamper(sqlite_store, update(rows).where(rows.c.seq == 3).values({column: type_coerce(what, LargeBinary)}))
    assert await verdict(sqlite_store) == Verdict(False, 2, 3, Finding.EDITED)
    async with sqlite_store.read() as tx:
        listed = await audit.tail(tx, 10)
        assert [each.seq for each in listed] == [1, 2, 3, 4, 5]
        assert (listed[2].entry is None) is (column == "body")
        for number in (3, 4):
            deed = listed[0].entry.deed
            assert (await audit.proved(tx, f"r{number}", deed) is None) is (number == 3 or column == "mac")


@pytest.mark.parametrize("body", ["{", "{}", "[]", '{"at": 1}'])
async def test_an_entry_that_was_written_over_is_listed_as_such(store, journal, body):
    """The list goes on behind it."""
    await tamper(store, update(rows).where(rows.c.seq == 4).values(body=body))
    async with store.read() as tx:
        assert [each.seq async for each in audit.export(tx) if each.entry is None] == [4]
        assert [each.seq for each in await audit.tail(tx, 3)] == [8, 9, 10]


@pytest.mark.parametrize("seq", [1, 5])
async def test_a_deleted_entry_is_a_gap(store, journal, seq):
    """The missing number is named."""
    await tamper(store, delete(rows).where(rows.c.seq == seq))
    assert await verdict(store) == Verdict(False, seq - 1, seq, Finding.GAP)


async def test_a_deletion_closed_up_is_found(store, journal):
    """Renumbering what follows a deleted entry does not hide it."""
    await tamper(
        store,
        delete(rows).where(rows.c.seq == 5),
        *(update(rows).where(rows.c.seq == seq).values(seq=seq - 1) for seq in range(6, 11)),
        update(audit_head).values(seq=9),
    )
    assert await verdict(store) == Verdict(False, 4, 5, Finding.EDITED)


@pytest.mark.parametrize(("one", "two"), [(4, 5), (3, 9), (1, 10)])
async def test_swapped_entries_are_named(store, journal, one, two):
    """Genuine entries in each other's place."""
    await tamper(
        store,
        update(rows).where(rows.c.seq == one).values(seq=1000),
        update(rows).where(rows.c.seq == two).values(seq=one),
        update(rows).where(rows.c.seq == 1000).values(seq=two),
    )
    assert await verdict(store) == Verdict(False, one - 1, one, Finding.REORDERED)


async def test_an_inserted_entry_is_named(store, journal):
    """Something that never happened, slipped in between, with everything after it moved up."""
    async with store.read() as tx:
        forged = await kept(tx, 5)
    forged["body"] = json.dumps({**json.loads(forged["body"]), "actor": "slack:T0REKEY/U0EVE"})
    await tamper(
        store,
        *(update(rows).where(rows.c.seq == seq).values(seq=seq + 1) for seq in range(10, 4, -1)),
        rows.insert().values(**forged),
        update(audit_head).values(seq=11),
    )
    assert await verdict(store) == Verdict(False, 4, 5, Finding.INSERTED)


async def test_a_copied_entry_is_named(store, journal):
    """An old, genuine entry put at the end once more proves nothing."""
    async with store.read() as tx:
        copy = {**await kept(tx, 3), "seq": 11}
    await tamper(store, rows.insert().values(**copy), update(audit_head).values(seq=11, mac=copy["mac"]))
    assert await verdict(store) == Verdict(False, 10, 11, Finding.REORDERED)


async def test_a_cut_tail_is_found_by_our_own_head(store, journal):
    """Who cuts the tail only, forgets the row that says how long it was."""
    await tamper(store, delete(rows).where(rows.c.seq > 7))
    assert await verdict(store) == Verdict(False, 7, 8, Finding.CUT)


@pytest.mark.parametrize("statement", [update(audit_head).values(mac="0" * 64), delete(audit_head)])
async def test_our_own_head_must_be_the_last_entry(store, journal, statement):
    """A head that was changed or taken away is a finding at the journal's end."""
    await tamper(store, statement)
    assert await verdict(store) == Verdict(False, 10, 10, Finding.EDITED)


async def test_a_tail_cut_with_care_needs_a_head_from_outside(store, journal):
    """Where our own head was set back too, only the one from the log finds it; without it, that is admitted."""
    async with store.read() as tx:
        seventh = await kept(tx, 7)
    await tamper(store, delete(rows).where(rows.c.seq > 7), update(audit_head).values(seq=7, mac=seventh["mac"]))
    assert await verdict(store) == Verdict(True, 7, None, Finding.END_NOT_PROVABLE)
    assert await verdict(store, journal) == Verdict(False, 7, 8, Finding.CUT)
    everything = (delete(rows), update(audit_head).values(seq=0, mac="0" * 64))
    await tamper(store, *everything)
    assert await verdict(store, journal) == Verdict(False, 0, 1, Finding.CUT)


async def test_a_chain_written_anew_with_the_key_is_found_by_a_head(store, journal):
    """Even who has the key cannot change what the log has already told."""
    async with store.write() as tx:
        previous = (await kept(tx, 8))["mac"]
        for seq in (9, 10):
            body = (await kept(tx, seq))["body"].replace("U0ADA", "U0EVE")
            previous = link(store.ring.audit_key, previous, seq, body.encode())
            await tx.conn.execute(update(rows).where(rows.c.seq == seq).values(body=body, mac=previous))
        await tx.conn.execute(update(audit_head).values(mac=previous))
    assert (await verdict(store)).ok
    assert await verdict(store, journal) == Verdict(False, 9, 10, Finding.EDITED)


async def test_another_ring_verifies_nothing(store, journal, clock, migrated_url):
    """Without the key the first entry is not genuine."""
    other = await Store.open(migrated_url, KeyRing((bytes(range(32)),)), clock=clock)
    assert await verdict(other) == Verdict(False, 0, 1, Finding.EDITED)
    await other.close()


async def test_after_a_new_key_the_old_entries_still_verify(tmp_path, sqlite_url, sqlite_store, entry, clock):
    """Putting a key in front of the ring continues the chain."""
    old, new = bytes(range(32)), bytes(range(1, 33))
    for masters in ((old,), (new, old)):
        store = await Store.open(sqlite_url, KeyRing(masters), clock=clock)
        async with store.write() as tx:
            await audit.append(tx, entry())
        assert (await verdict(store)).ok
        await store.close()


async def test_parallel_appends_leave_no_gap(store, entry):
    """Sixty writers at once, each in a transaction of its own: numbers without a gap, one unbroken chain."""

    async def one(number):
        async with store.write() as tx:
            return await audit.append(tx, entry(f"r{number}"))

    heads = await asyncio.gather(*(one(number) for number in range(60)))
    assert sorted(seq for seq, _ in heads) == list(range(1, 61))
    assert await verdict(store, max(heads)) == Verdict(True, 60, None, Finding.WHOLE)


async def test_parallel_stores_leave_no_gap(store, entry, migrated_url, clock):
    """Two processes' worth of stores on one database write one chain."""
    second = await Store.open(migrated_url, store.ring, clock=clock)

    async def one(which, number):
        async with which.write() as tx:
            await audit.append(tx, entry(f"r{number}"))

    await asyncio.gather(*(one(which, number) for which in (store, second) for number in range(20)))
    assert (await verdict(store)).entries == 40
    assert (await verdict(second)).ok
    await second.close()


async def test_an_entry_is_kept_with_its_deed_or_not_at_all(store, journal, entry):
    """A deed that fails leaves no entry, and the chain goes on without a gap."""
    with pytest.raises(ZeroDivisionError):
        await append_and_fail(store, entry())
    async with store.write() as tx:
        assert (await audit.append(tx, entry()))[0] == 11
    assert (await verdict(store)).ok


async def test_without_an_entry_no_deed(store, entry):
    """If the journal cannot be written, what belongs to it is not kept either."""
    await tamper(store, delete(audit_head))
    with pytest.raises(StoreFailed):
        async with store.write() as tx:
            await audit.append(tx, entry())
    async with store.read() as tx:
        assert await tx.conn.scalar(select(func.count()).select_from(rows)) == 0


async def test_each_kept_entry_goes_to_the_log(store, entry, caplog):
    """Number, MAC and deed, after the commit only: the log is where a later head comes from."""
    caplog.set_level(logging.INFO, logger="store.audit")
    with pytest.raises(ZeroDivisionError):
        await append_and_fail(store, entry())
    assert not caplog.records
    async with store.write() as tx:
        seq, mac = await audit.append(tx, entry(deed=Deed.PROVED))
        assert not caplog.records
    (record,) = caplog.records
    assert (record.message, record.seq, record.mac, record.deed) == ("audit_appended", seq, mac, "proved")


async def test_a_proof_is_found_with_what_it_says(store, journal, entry):
    """`proved` gives the entry that was written, the newest one where there are two."""
    async with store.write() as tx:
        await audit.append(tx, entry("r3", Deed.PROVED, which="first"))
        await audit.append(tx, entry("r3", Deed.PROVED, which="second"))
    async with store.read() as tx:
        assert (await audit.proved(tx, "r3", Deed.PROVED)).facts == {"which": "second"}
        assert (await audit.proved(tx, "r1", Deed.ASKED)).request_id == "r1"
        assert await audit.proved(tx, "r4", Deed.PROVED) is None


@pytest.mark.parametrize(
    "statement",
    [
        update(rows).where(rows.c.seq == 11).values(mac="0" * 64),
        update(rows).where(rows.c.seq == 11).values(key_id="0" * 16),
        update(rows).where(rows.c.seq == 11).values(body="{"),
        update(rows).where(rows.c.seq == 11).values(request_id="r4"),
        update(rows).where(rows.c.seq == 10).values(mac="0" * 64),
        delete(rows).where(rows.c.seq == 10),
        update(rows).where(rows.c.seq == 11).values(seq=12),
    ],
)
async def test_a_broken_proof_is_none(store, journal, entry, statement):
    """Who can write the database still cannot prove a request."""
    async with store.write() as tx:
        await audit.append(tx, entry("r3", Deed.PROVED))
        await tx.conn.execute(statement)
    async with store.read() as tx:
        assert await audit.proved(tx, "r3", Deed.PROVED) is None
        assert await audit.proved(tx, "r4", Deed.PROVED) is None


async def test_the_tail_is_the_newest_in_order(store, journal):
    """`tail` shows the last entries, the oldest of them first, as they were written."""
    async with store.read() as tx:
        last = await audit.tail(tx, 3)
    assert [each.seq for each in last] == [8, 9, 10]
    assert last[-1].mac == journal[1]
    assert last[-1].entry.facts == {"step": 10}
