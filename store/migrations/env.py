"""How Alembic is run: always from `store/schema.py`, on a connection that is handed in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic import context

from store.schema import VERSION_TABLE
from store.tables import metadata

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from sqlalchemy.schema import SchemaItem


def ours(
    item: SchemaItem,  # noqa: ARG001  # Alembic's signature
    name: str | None,
    kind: str,
    reflected: bool,  # noqa: FBT001
    compare_to: SchemaItem | None,  # noqa: ARG001
) -> bool:
    """Leave alone what other programs (the durable engine) keep in the same database."""
    return not (kind == "table" and reflected and name not in metadata.tables)


connection: Connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    include_object=ours,
    render_as_batch=True,  # SQLite alters a column by copying the table
    transactional_ddl=True,  # SQLite can, though Alembic takes it that it cannot; `store/sqlite.py` begins for real
)
with context.begin_transaction():
    context.run_migrations()
