"""The readers: questions beside the writer; equal ones that come together are answered by one statement."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from storage.database import READERS, StoreUnavailableError
from storage.onehop import at_once
from storage.writer import Item, Job, Operation, Result

P = ParamSpec("P")
T = TypeVar("T")

_BATCH = 128  # questions a statement


class Reader:
    """Runs questions on a few connections that it keeps: a checkout of the pool costs as much as a question."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._idle: asyncio.LifoQueue[AsyncConnection | None] = asyncio.LifoQueue()
        for _ in range(READERS):
            self._idle.put_nowait(None)
        self._waiting: dict[Operation[Any, Any], list[Job]] = {}
        self._rounds: set[asyncio.Task[None]] = set()
        self._closed = False

    async def close(self) -> None:
        """Finish what was asked, then let the connections go."""
        if self._closed:
            return
        self._closed = True
        for _ in range(READERS):
            if (held := await self._idle.get()) is not None:
                await held.close()
        await self._engine.dispose()

    async def read(
        self,
        query: Callable[Concatenate[AsyncConnection, P], Awaitable[T]],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Ask alone. Raises what the query raises, or StoreUnavailableError."""
        if self._closed:
            raise StoreUnavailableError("closed")
        held = await self._idle.get()
        kept: AsyncConnection | None = None
        try:
            connection = held if held is not None else await self._engine.connect()
            try:
                answer = await at_once(connection, lambda here: query(here, *args, **kwargs))
            except BaseException:
                await connection.invalidate()
                await connection.close()
                raise
            kept = connection
            return answer
        except (sa.exc.DBAPIError, OSError, TimeoutError) as error:
            raise StoreUnavailableError(type(error).__name__) from error
        finally:
            self._idle.put_nowait(kept)

    async def ask(self, operation: Operation[Item, Result], item: Item) -> Result:
        """Ask with those who ask the same in this moment; alone nobody waits. Raises as `read` does."""
        job = Job(operation, item, asyncio.get_running_loop().create_future())
        waiting = self._waiting.get(operation)
        if waiting is None:
            self._waiting[operation] = [job]
            # One round of each question at a time: whoever comes meanwhile shares the next.
            task = asyncio.create_task(self._rounds_of(operation), name="reader")
            self._rounds.add(task)
            task.add_done_callback(self._rounds.discard)
        else:
            waiting.append(job)
        return cast(Result, await job.done)

    async def _rounds_of(self, operation: Operation[Any, Any]) -> None:
        while jobs := self._waiting[operation][:_BATCH]:
            del self._waiting[operation][:_BATCH]
            await self._round(jobs)
        del self._waiting[operation]

    async def _round(self, jobs: list[Job]) -> None:
        try:
            results = await self.read(jobs[0].operation, [job.item for job in jobs])
        except Exception as error:
            if len(jobs) == 1 or isinstance(error, StoreUnavailableError):
                for job in jobs:
                    job.settle(error=error)
                return
            for job in jobs:  # one bad question must not fail the others
                await self._round([job])
            return
        for job, result in zip(jobs, results, strict=True):
            job.settle(result=result)
