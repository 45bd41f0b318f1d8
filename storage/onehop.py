"""SQLAlchemy's aiosqlite dialect with one hop to the database's thread for all that belongs together.

The stock one asks the thread for a cursor, the execution, the rows and the close of every statement one by one; each
is a wake-up of two threads, and they cost more than the statements themselves (benchmarks/wechat.py). Here a whole
transaction, or a question of several statements, runs in that thread: see `at_once`.
"""

import collections
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar, cast

import sqlalchemy as sa
from sqlalchemy.connectors.asyncio import AsyncAdapt_dbapi_cursor
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.aiosqlite import (
    AsyncAdapt_aiosqlite_connection,
    AsyncAdapt_aiosqlite_dbapi,
    SQLiteDialect_aiosqlite,
)
from sqlalchemy.ext.asyncio import AsyncConnection

DRIVER = "sqlite+onehop"
T = TypeVar("T")


async def at_once(connection: AsyncConnection, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
    """Do `work`, which awaits nothing but the connection it is given; on SQLite in one hop."""
    if connection.dialect.driver != OneHopDialect.driver:
        return await work(connection)
    held = connection.sync_connection
    assert held is not None
    inside: Any = _Inside(held)
    driver: Any = held.connection.driver_connection
    return cast(T, await driver._execute(lambda: _run(work(inside))))


def _run(work: Awaitable[T]) -> T:
    """The result of a coroutine that never has to wait."""
    steps = work.__await__()
    try:
        next(steps)
    except StopIteration as stop:
        return cast(T, stop.value)
    cast(Any, steps).close()  # ends its transaction
    raise RuntimeError("work in the database's thread waited for something else")


class _Inside:
    """What an AsyncConnection offers to operations, in the database's own thread: there nothing has to wait."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection
        self.dialect = connection.dialect

    async def execute(self, *args: Any) -> Any:
        return self._connection.execute(*args)

    async def run_sync(self, work: Callable[..., T], *args: Any) -> T:
        return work(self._connection, *args)

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[None]:
        with self._connection.begin():
            yield

    @asynccontextmanager
    async def begin_nested(self) -> AsyncIterator[None]:
        with self._connection.begin_nested():
            yield


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

    def execute(self, operation: Any, parameters: Any = None) -> Any:
        if not _is_here(self._connection):
            return super().execute(operation, parameters)
        self._cursor, self._rows = self._done("execute", operation, parameters or ())
        return None

    def executemany(self, operation: Any, seq_of_parameters: Any) -> Any:
        if not _is_here(self._connection):
            return super().executemany(operation, seq_of_parameters)
        self._cursor, self._rows = self._done("executemany", operation, seq_of_parameters)
        return None

    async def _execute_async(self, operation: Any, parameters: Any) -> Any:
        await self._hop("execute", operation, parameters or ())

    async def _executemany_async(self, operation: Any, seq_of_parameters: Any) -> Any:
        await self._hop("executemany", operation, seq_of_parameters)

    async def _hop(self, *asked: Any) -> None:
        connection: Any = self._connection
        async with self._adapt_connection._execute_mutex:
            self._cursor, self._rows = await connection._execute(self._done, *asked)

    def _done(self, method: str, operation: Any, parameters: Any) -> tuple[_Done, collections.deque[Any]]:
        connection: Any = self._connection
        cursor = connection._conn.cursor()
        try:
            getattr(cursor, method)(operation, parameters)
            rows = collections.deque(cursor.fetchall() if cursor.description else ())
            return _Done(cursor.description, cursor.rowcount, cursor.lastrowid), rows
        finally:
            cursor.close()


class _Connection(AsyncAdapt_aiosqlite_connection):
    __slots__ = ()
    _cursor_cls = _Cursor  # type: ignore[assignment]

    def commit(self) -> None:
        if _is_here(self._connection):
            self._connection._conn.commit()
        else:
            super().commit()

    def rollback(self) -> None:
        if _is_here(self._connection):
            self._connection._conn.rollback()
        else:
            super().rollback()


def _is_here(connection: Any) -> bool:
    """Whether this is the thread of the connection."""
    return bool(connection._thread.ident == threading.get_ident())


class _Dbapi(AsyncAdapt_aiosqlite_dbapi):
    def connect(self, *args: Any, **options: Any) -> AsyncAdapt_aiosqlite_connection:
        return _Connection(self, super().connect(*args, **options)._connection)


class OneHopDialect(SQLiteDialect_aiosqlite):
    """The dialect behind DRIVER."""

    driver = "onehop"
    supports_statement_cache = True

    @classmethod
    def import_dbapi(cls) -> AsyncAdapt_aiosqlite_dbapi:
        """The adapted driver."""
        return _Dbapi(__import__("aiosqlite"), __import__("sqlite3"))


registry.register("sqlite.onehop", __name__, "OneHopDialect")
