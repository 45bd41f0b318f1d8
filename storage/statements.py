"""What the two databases spell differently."""

from collections.abc import Sequence
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


def listed(dialect: str, name: str, kind: sa.types.TypeEngine[Any]) -> tuple[sa.FromClause, Any]:
    """A list of plain values, bound as `name`, as rows; and the column that holds them."""
    if dialect == "sqlite":
        rows = sa.func.json_each(sa.bindparam(name, type_=sa.JSON)).table_valued(
            sa.column("value", kind), name=name
        )
        return rows, rows.c.value
    values = sa.func.unnest(sa.bindparam(name, type_=postgresql.ARRAY(kind)))
    rows = values.table_valued(sa.column("value", kind)).render_derived(name=name)
    return rows, rows.c.value


def among(dialect: str, column: sa.ColumnElement[Any], name: str) -> sa.ColumnElement[bool]:
    """Whether a column has one of the values bound as `name`, however many: the text stays the same."""
    rows, value = listed(dialect, name, column.type)
    return column.in_(sa.select(value).select_from(rows))


def given(dialect: str, table: sa.Table, names: Sequence[str]) -> sa.Select[Any]:
    """A list of JSON objects, bound as `given`, as rows for columns of a table, as the database keeps them.

    Columns that keep JSON take it as text.
    """
    columns = [table.c[name] for name in names]
    if dialect == "sqlite":
        rows = sa.func.json_each(sa.bindparam("given", type_=sa.JSON)).table_valued("value", name="given")
        fields: list[Any] = [
            sa.func.json_extract(rows.c.value, sa.literal_column(f"'$.{name}'")).label(name) for name in names
        ]
        return sa.select(*fields).select_from(rows).where(sa.true())  # or ON CONFLICT reads as a join
    kinds = [sa.column(column.name, _kept(column.type)) for column in columns]
    objects = sa.func.json_to_recordset(sa.bindparam("given", type_=postgresql.JSON)).table_valued(*kinds)
    rows = objects.render_derived(name="given", with_types=True)
    fields = [
        sa.cast(field, column.type) if isinstance(column.type, sa.JSON) else field
        for field, column in zip(rows.c, columns, strict=True)
    ]
    return sa.select(*fields).select_from(rows)


def _kept(kind: Any) -> Any:
    if isinstance(kind, sa.JSON):
        return sa.Text()
    return kind.impl_instance if isinstance(kind, sa.types.TypeDecorator) else kind


def asked(dialect: str, *names: str) -> tuple[sa.FromClause, dict[str, Any]]:
    """A list of JSON objects, bound as `asked`, as rows to join with; and the rows' fields by name."""
    value = sa.column("value", sa.JSON)
    if dialect == "sqlite":
        rows = sa.func.json_each(sa.bindparam("asked", type_=sa.JSON)).table_valued(value, name="asked")
    else:
        # Of an array PostgreSQL guesses few rows and looks each up; of jsonb_array_elements 100, and reads the table.
        objects = sa.func.unnest(sa.bindparam("asked", type_=postgresql.ARRAY(postgresql.JSONB)))
        rows = objects.table_valued(value).render_derived(name="asked")
    return rows, {name: rows.c.value[name] for name in names}
