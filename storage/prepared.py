"""Statements of the message path, handed to the database's driver as they are.

SQLAlchemy writes them, once for each database. For it to execute one costs 30 µs where SQLite needs 4, and every
message has eight; so here values go in and rows come out without its machinery (docs/performance.md).
"""

from collections import namedtuple
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.compiler import SQLCompiler

Statement = sa.Select[Any] | sa.UpdateBase


class Prepared:
    """One statement: `build` makes it for a dialect by name. Its parameters have names, and none expands."""

    def __init__(self, build: Callable[[str], Statement]) -> None:
        self._build = build
        self._compiled: dict[str, _Compiled] = {}

    async def rows(self, connection: AsyncConnection, **values: Any) -> list[Any]:
        """Execute it; its rows by the names of their columns. Raises what SQLAlchemy would raise."""
        return await connection.run_sync(self._rows, values)

    def _rows(self, connection: sa.Connection, values: dict[str, Any]) -> list[Any]:
        dialect = connection.dialect
        compiled = self._compiled.get(dialect.name)
        if compiled is None:
            compiled = self._compiled[dialect.name] = _Compiled(self._build(dialect.name), dialect)
        return compiled.execute(connection, values)


class _Compiled:
    """A statement as text, and how its values are converted on their way in and out."""

    def __init__(self, statement: Statement, dialect: sa.Dialect) -> None:
        compiled = statement.compile(dialect=dialect)
        assert isinstance(compiled, SQLCompiler)
        self._text = str(compiled)
        self._parameters = [
            (name, bind.value, bind.type.dialect_impl(dialect).bind_processor(dialect))
            for name in compiled.positiontup or ()
            for bind in (compiled.binds[name],)
        ]
        columns = statement.exported_columns
        names = [str(column.key) for column in columns]  # known only now, which mypy does not allow for
        self._row: Any = namedtuple("Row", names)  # type: ignore[misc]
        self._conversions = [
            (place, convert)
            for place, column in enumerate(columns)
            if (convert := column.type.dialect_impl(dialect).result_processor(dialect, None)) is not None
        ]

    def execute(self, connection: sa.Connection, values: dict[str, Any]) -> list[Any]:
        parameters = []
        for name, constant, convert in self._parameters:
            value = values.get(name, constant)
            parameters.append(value if convert is None else convert(value))
        cursor = connection.connection.cursor()
        try:
            cursor.execute(self._text, tuple(parameters))
            return [self._converted(row) for row in cursor.fetchall()]
        except connection.dialect.loaded_dbapi.Error as error:
            raise self._wrapped(error, connection, cursor) from error
        finally:
            cursor.close()

    def _converted(self, row: tuple[Any, ...]) -> Any:
        if not self._conversions:
            return self._row._make(row)
        values = list(row)
        for place, convert in self._conversions:
            values[place] = convert(values[place])
        return self._row._make(values)

    def _wrapped(self, error: Any, connection: sa.Connection, cursor: Any) -> BaseException:
        """The error as SQLAlchemy tells it: without values, and saying whether the connection is lost."""
        dialect = connection.dialect
        wrapped: BaseException = sa.exc.DBAPIError.instance(
            self._text,
            None,
            error,
            dialect.loaded_dbapi.Error,
            hide_parameters=True,
            connection_invalidated=dialect.is_disconnect(error, connection.connection, cursor),
            dialect=dialect,
        )
        return wrapped
