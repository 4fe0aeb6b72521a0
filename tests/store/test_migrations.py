"""The schema: one line of revisions, that gives exactly the tables that the code describes."""

from __future__ import annotations

import stat

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

from store import address, base, schema
from store.base import Store, StoreFailed, StoreNotReady
from store.schema import SchemaState
from store.tables import metadata


async def run(url, work):
    return await base._once(address.parsed(url), work, writer=True)


def tables(conn):
    return set(inspect(conn).get_table_names())


def test_there_is_exactly_one_head():
    """Two people's migrations that both follow the same one never reach a release."""
    assert len(ScriptDirectory.from_config(schema.config()).get_heads()) == 1


async def test_the_migrations_give_what_the_code_describes(url):
    """Columns, types, indexes and tables: a change of one without the other does not pass."""
    await base.upgrade(url)

    def differences(conn):
        return compare_metadata(
            MigrationContext.configure(conn, opts={"version_table": schema.VERSION_TABLE}), metadata
        )

    assert await run(url, differences) == []
    assert await run(url, tables) == {*metadata.tables, schema.VERSION_TABLE}


async def test_up_and_down_again(url):
    """Down leaves nothing of ours, and up works once more after it."""
    assert await base.state(url) is SchemaState.EMPTY
    await base.upgrade(url)
    assert await base.state(url) is SchemaState.CURRENT
    await base.upgrade(url)
    await run(url, schema.to_base)
    assert await run(url, tables) == {schema.VERSION_TABLE}
    assert await base.state(url) is SchemaState.EMPTY
    await base.upgrade(url)
    assert await base.state(url) is SchemaState.CURRENT


async def test_a_new_store_is_not_frozen(url):
    """The row that every claim asks is there from the start: without it nobody would begin anything."""
    await base.upgrade(url)
    rows = await run(url, lambda conn: conn.execute(text("SELECT id, at FROM freezes")).all())
    assert [tuple(row) for row in rows] == [(1, None)]


async def test_other_programs_tables_are_left_alone(url):
    """The durable engine keeps its tables in the same database: we neither compare nor drop them."""
    await run(url, lambda conn: conn.exec_driver_sql("CREATE TABLE workflow_status (workflow_uuid TEXT PRIMARY KEY)"))
    await run(url, lambda conn: conn.exec_driver_sql("CREATE TABLE alembic_version (version_num TEXT)"))
    await base.upgrade(url)
    assert {"workflow_status", "alembic_version"} <= await run(url, tables)
    await run(url, schema.to_base)
    assert {"workflow_status", "alembic_version"} <= await run(url, tables)


async def test_an_unprepared_store_is_refused_and_not_made(sqlite_url, ring, clock, tmp_path):
    """`open` never makes a database by mistake: a wrong path is said, not filled."""
    with pytest.raises(StoreNotReady) as caught:
        await Store.open(sqlite_url, ring, clock=clock)
    assert caught.value.state is SchemaState.EMPTY
    assert not (tmp_path / "rekey.db").exists()


async def test_a_store_of_a_newer_version_is_refused(url, ring, clock):
    """An older Rekey neither opens nor changes what a newer one has made."""
    await base.upgrade(url)
    await run(url, lambda conn: conn.execute(text("UPDATE rekey_version SET version_num = '9999'")))
    assert await base.state(url) is SchemaState.NEWER
    with pytest.raises(StoreNotReady, match="newer"):
        await Store.open(url, ring, clock=clock)
    with pytest.raises(StoreNotReady, match="newer"):
        await base.upgrade(url)


async def test_an_upgrade_that_fails_leaves_nothing_half_done(url):
    """Where one of our tables' names is taken, the upgrade fails as a whole."""
    await run(url, lambda conn: conn.exec_driver_sql("CREATE TABLE audit (whatever TEXT)"))
    with pytest.raises(StoreFailed):
        await base.upgrade(url)
    assert await run(url, tables) == {"audit"}


async def test_a_new_file_is_its_owners_alone(sqlite_url, tmp_path):
    """Nobody else on the machine reads the store."""
    await base.upgrade(sqlite_url)
    assert stat.S_IMODE((tmp_path / "rekey.db").stat().st_mode) == 0o600


@pytest.mark.parametrize("url", ["mysql://x/y", "nonsense", "sqlite+aiosqlite://", "sqlite:///:memory:"])
async def test_a_wrong_address_is_said(url):
    """A URL that we have no driver for is a StoreFailed, never a traceback of another library."""
    with pytest.raises(StoreFailed) as caught:
        await base.state(url)
    assert caught.value.what == "address"
