"""The one door to what is kept: writes through the one writer, reads beside it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

import sqlalchemy as sa
import structlog
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import schema
from storage.database import (
    DirectoryLock,
    StoreSetupError,
    StoreUnavailableError,
    database_url,
    reading_engine,
    sqlite_warning,
    writing_engine,
)
from storage.migrate import check_current, migrate
from storage.reader import Reader
from storage.records import ChatId
from storage.writer import Item, Operation, Result, Writer

P = ParamSpec("P")
T = TypeVar("T")


class Store:
    """What is kept, on SQLite (one process) or PostgreSQL (many).

    `write(operation, item)`, `ask(operation, item)` and `read(query, …)` take the functions of the modules beside
    this one. All raise StoreUnavailableError when the database does not answer.
    """

    def __init__(self, url: URL, lock: DirectoryLock | None) -> None:
        self._lock = lock
        self._writing = writing_engine(url)
        self._writer = Writer(self._writing)
        self._reader = Reader(reading_engine(url))
        self.shared = url.get_backend_name() != "sqlite"  # other nodes may write too
        self.url = url

    @classmethod
    async def open(cls, url: str, *, migrate_first: bool = True) -> "Store":
        """Open the database, bring it up to date and start the writer.

        Raises StoreSetupError when it cannot be used as configured.
        """
        parsed = database_url(url)
        lock = None
        if parsed.get_backend_name() == "sqlite" and parsed.database:
            lock = DirectoryLock(Path(parsed.database).parent)
            lock.acquire()
            if warning := sqlite_warning():
                structlog.get_logger().info("sqlite_version", note=warning)
        store = cls(parsed, lock)
        try:
            await (migrate if migrate_first else check_current)(store._writing)
        except (sa.exc.DBAPIError, OSError, StoreSetupError) as error:
            await store.close()
            if isinstance(error, StoreSetupError):
                raise
            reason = type(getattr(error, "orig", error)).__name__
            raise StoreSetupError(
                f"the database cannot be opened ({reason}); check PIAODA_DATABASE_URL"
            ) from error
        store._writer.start()
        return store

    async def close(self) -> None:
        """Finish the waiting writes and let go."""
        await self._writer.stop()
        await self._reader.close()
        await self._writing.dispose()
        if self._lock is not None:
            self._lock.release()

    async def write(self, operation: Operation[Item, Result], item: Item) -> Result:
        """Do one thing durably; things done at the same time share a transaction."""
        return await self._writer.run(operation, item)

    async def note(self, operation: Operation[Item, Result], item: Item) -> Result:
        """The same for what nobody waits for: it goes along with the next transaction, or soon has its own."""
        return await self._writer.run(operation, item, hurries=False)

    async def read(
        self,
        query: Callable[Concatenate[AsyncConnection, P], Awaitable[T]],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Ask something."""
        return await self._reader.read(query, *args, **kwargs)

    async def ask(self, operation: Operation[Item, Result], item: Item) -> Result:
        """Ask something that many ask: those who ask at the same time share a statement."""
        return await self._reader.ask(operation, item)

    async def ready(self) -> bool:
        """Whether the database takes a write now."""
        try:
            async with asyncio.timeout(2):
                await self._writer.run(_nothing, None)
        except (StoreUnavailableError, sa.exc.DBAPIError, TimeoutError):
            return False
        return True

    async def transcript(
        self, chat: ChatId, after: int = 0, limit: int = 200, *, before: int | None = None
    ) -> list[tuple[int, str, dict[str, Any]]]:
        """(id, direction, body) of a chat: the next after an id, or the last (before one); oldest first."""
        return await self.read(_transcript, chat, after, before, limit)


async def _nothing(connection: AsyncConnection, items: Sequence[None]) -> list[None]:
    await connection.execute(sa.select(1))
    return list(items)


async def _transcript(
    connection: AsyncConnection, chat: ChatId, after: int, before: int | None, limit: int
) -> list[tuple[int, str, dict[str, Any]]]:
    table = schema.messages
    query = sa.select(table.c.id, table.c.direction, table.c.body, table.c.created_at).where(
        table.c.chat == str(chat), table.c.id > after
    )
    if before is not None:
        query = query.where(table.c.id < before)
    # Without a place to go on from it is the end that is wanted, else what comes next.
    order = table.c.id if after else table.c.id.desc()
    rows = sorted(
        (await connection.execute(query.order_by(order).limit(limit))).all(), key=lambda row: row.id
    )
    return [(row.id, row.direction, {**row.body, "at": row.created_at.isoformat()}) for row in rows]
