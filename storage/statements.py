"""What the two databases spell differently."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection


def insert(dialect: str, table: sa.Table) -> "sqlite.Insert | postgresql.Insert":
    """An INSERT that has on_conflict_do_…, for the database at hand."""
    if dialect == "sqlite":
        return sqlite.insert(table)
    return postgresql.insert(table)


def skip_locked(dialect: str, select: sa.Select[Any]) -> sa.Select[Any]:
    """Rows another node has claimed are passed over; SQLite has one writer and needs no such thing."""
    if dialect == "sqlite":
        return select
    return select.with_for_update(skip_locked=True)


async def notify(connection: AsyncConnection, topic: str, payloads: set[str]) -> None:
    """Tell the other nodes, when this transaction commits. On SQLite there are none."""
    if connection.dialect.name == "sqlite":
        return
    # One statement for all: a batch of answers tells as many chats.
    if payloads:
        await connection.execute(_NOTIFY, {"topic": f"piaoda_{topic}", "payloads": list(payloads)})


_PAYLOAD = sa.func.unnest(sa.bindparam("payloads", type_=postgresql.ARRAY(sa.Text))).column_valued("payload")
_NOTIFY = sa.select(sa.func.pg_notify(sa.bindparam("topic", type_=sa.Text), _PAYLOAD))


def asked(dialect: str, *names: str) -> tuple[sa.FromClause, dict[str, Any]]:
    """A list of JSON objects, bound as `asked`, as rows to join with; and the rows' fields by name."""
    value = sa.column("value", sa.JSON)
    if dialect == "sqlite":
        rows = sa.func.json_each(sa.bindparam("asked", type_=sa.JSON)).table_valued(value, name="asked")
    else:
        objects = sa.func.jsonb_array_elements(sa.bindparam("asked", type_=postgresql.JSONB))
        rows = objects.table_valued(value).render_derived(name="asked")
    return rows, {name: rows.c.value[name] for name in names}
