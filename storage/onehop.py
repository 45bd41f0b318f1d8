"""SQLAlchemy's aiosqlite dialect with one hop to the connection's thread a statement, instead of four.

The stock one asks the thread for a cursor, the execution, the rows and the close one by one; each is a wake-up of
two threads, and under load those cost more than the statements themselves (benchmarks/wechat.py).
"""

import collections
from typing import Any

from sqlalchemy.connectors.asyncio import AsyncAdapt_dbapi_cursor
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.aiosqlite import (
    AsyncAdapt_aiosqlite_connection,
    AsyncAdapt_aiosqlite_dbapi,
    SQLiteDialect_aiosqlite,
)

DRIVER = "sqlite+onehop"


class _Done:
    """A cursor after its work: what it says of the result, without the rows."""

    __slots__ = ("arraysize", "description", "lastrowid", "rowcount")

    def __init__(self, description: Any = None, rowcount: int = -1, lastrowid: int | None = None) -> None:
        self.description = description
        self.rowcount = rowcount
        self.lastrowid = lastrowid
        self.arraysize = 1

    def close(self) -> None:
        """It is closed already."""


class _Cursor(AsyncAdapt_dbapi_cursor):
    __slots__ = ()
    _awaitable_cursor_close = False

    def __init__(self, adapt_connection: Any) -> None:
        self._adapt_connection = adapt_connection
        self._connection = adapt_connection._connection
        self._cursor: Any = _Done()
        self._soft_closed_memoized = {}  # type: ignore[assignment]
        self._rows = collections.deque()

    async def _execute_async(self, operation: Any, parameters: Any) -> Any:
        return await self._at_once("execute", operation, parameters or ())

    async def _executemany_async(self, operation: Any, seq_of_parameters: Any) -> Any:
        return await self._at_once("executemany", operation, seq_of_parameters)

    async def _at_once(self, method: str, operation: Any, parameters: Any) -> None:
        connection: Any = self._connection

        def work() -> tuple[_Done, list[Any]]:
            cursor = connection._conn.cursor()
            try:
                getattr(cursor, method)(operation, parameters)
                rows = cursor.fetchall() if cursor.description else []
                return _Done(cursor.description, cursor.rowcount, cursor.lastrowid), rows
            finally:
                cursor.close()

        async with self._adapt_connection._execute_mutex:
            self._cursor, rows = await connection._execute(work)
            self._rows = collections.deque(rows)


class _Connection(AsyncAdapt_aiosqlite_connection):
    __slots__ = ()
    _cursor_cls = _Cursor  # type: ignore[assignment]


class _Dbapi(AsyncAdapt_aiosqlite_dbapi):
    def connect(self, *args: Any, **options: Any) -> AsyncAdapt_aiosqlite_connection:
        return _Connection(self, super().connect(*args, **options)._connection)


class OneHopDialect(SQLiteDialect_aiosqlite):
    """The dialect behind DRIVER."""

    supports_statement_cache = True

    @classmethod
    def import_dbapi(cls) -> AsyncAdapt_aiosqlite_dbapi:
        """The adapted driver."""
        return _Dbapi(__import__("aiosqlite"), __import__("sqlite3"))


registry.register("sqlite.onehop", __name__, "OneHopDialect")
