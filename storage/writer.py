"""The one writer: group commit, so that an acknowledgement costs a share of a sync and not a whole one."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, cast

import sqlalchemy as sa
import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from storage.database import StoreUnavailableError
from storage.onehop import at_once

Item = TypeVar("Item")
Result = TypeVar("Result")

# Does its work for all items of a batch at once and returns one result an item, in order.
Operation = Callable[[AsyncConnection, Sequence[Item]], Awaitable[Sequence[Result]]]

_BATCH = 128  # items a transaction: beyond that the first one waits longer than it gains
_QUEUE = 4096  # waiting items; a caller past that gets StoreUnavailableError at once
_CROWD = 10  # items in a batch that are a sign of load
_GATHER = 0.003  # seconds
_PATIENCE = 0.03  # seconds that what does not hurry waits for a transaction to go along with
_RETRIES = 3  # for a lost connection


@dataclass(slots=True)
class Job:
    """One thing to be done with others of its kind, and who waits for it."""

    operation: Operation[Any, Any]
    item: Any
    done: asyncio.Future[Any]

    def settle(self, *, result: Any = None, error: Exception | None = None) -> None:
        """Tell who waits, if they still do."""
        if self.done.done():
            return
        if error is not None:
            self.done.set_exception(error)
        else:
            self.done.set_result(result)


class Writer:
    """Runs operations one transaction after the other; those that wait together are committed together."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._queue: asyncio.Queue[Job] = asyncio.Queue(_QUEUE)
        self._patient: list[Job] = []
        self._connection: AsyncConnection | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._work(), name="writer")

    async def stop(self) -> None:
        """Finish what waits, then close."""
        task, self._task = self._task, None
        if task is not None:
            self._hurry()
            await self._queue.join()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        await self._disconnect()

    async def run(self, operation: Operation[Item, Result], item: Item, *, hurries: bool = True) -> Result:
        """Do `operation` for `item` and return when it is durable.

        What does not hurry makes no transaction of its own where another one comes soon. Raises what the
        operation raises, or StoreUnavailableError.
        """
        if self._task is None:
            raise StoreUnavailableError("closed")
        loop = asyncio.get_running_loop()
        job = Job(operation, item, loop.create_future())
        if hurries:
            self._put(job)
        else:
            self._patient.append(job)
            if len(self._patient) == 1:
                loop.call_later(_PATIENCE, self._hurry)
        return cast(Result, await job.done)

    def _put(self, job: Job) -> None:
        try:
            self._queue.put_nowait(job)
        except asyncio.QueueFull:
            job.settle(error=StoreUnavailableError("the write queue is full"))

    def _hurry(self) -> None:
        patient, self._patient = self._patient, []
        for job in patient:
            self._put(job)

    async def _work(self) -> None:
        batch: list[Job] = []
        while True:
            is_crowded = len(batch) >= _CROWD
            batch = [await self._queue.get()]
            if is_crowded:
                # Under load a commit costs more than this wait, which lets others share it; alone nobody waits.
                await asyncio.sleep(_GATHER)
            self._hurry()
            while len(batch) < _BATCH and not self._queue.empty():
                batch.append(self._queue.get_nowait())
            try:
                await self._finish(batch)
            finally:
                for _ in batch:
                    self._queue.task_done()

    async def _finish(self, batch: list[Job]) -> None:
        try:
            results = await self._commit(batch)
        except Exception as error:
            if len(batch) > 1:
                structlog.get_logger().warning("batch_failed", error=type(error).__name__, size=len(batch))
            if len(batch) == 1 or isinstance(error, StoreUnavailableError):
                for job in batch:
                    job.settle(error=error)
                return
            # One bad item must not fail the others: each again, alone.
            for job in batch:
                await self._finish([job])
            return
        for job, result in zip(batch, results, strict=True):
            job.settle(result=result)

    async def _commit(self, batch: list[Job]) -> list[Any]:
        for attempt in range(_RETRIES):
            try:
                return await self._transaction(batch)
            except (sa.exc.DBAPIError, OSError, TimeoutError) as error:
                await self._disconnect()
                if not _lost(error):
                    raise
                if attempt == _RETRIES - 1:
                    raise StoreUnavailableError(type(error).__name__) from error
                structlog.get_logger().warning("database_lost", error=type(error).__name__)
                await asyncio.sleep(0.2 * 4**attempt)
        raise AssertionError("unreachable")

    async def _transaction(self, batch: list[Job]) -> list[Any]:
        if self._connection is None:
            self._connection = await self._engine.connect()
        return await at_once(self._connection, lambda connection: _committed(connection, batch))

    async def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                await connection.close()
            except (sa.exc.DBAPIError, OSError):
                await connection.invalidate()


async def _committed(connection: AsyncConnection, batch: list[Job]) -> list[Any]:
    """The results of a batch, in order, once its transaction is durable."""
    groups: dict[Any, list[Job]] = {}
    for job in batch:
        groups.setdefault(job.operation, []).append(job)
    results: dict[int, Any] = {}
    async with connection.begin():
        for operation, jobs in groups.items():
            found = await operation(connection, [job.item for job in jobs])
            results.update(zip(map(id, jobs), found, strict=True))
    return [results[id(job)] for job in batch]


def _lost(error: BaseException) -> bool:
    """Whether the connection, not the statement, is at fault; then the whole batch may be tried again."""
    if isinstance(error, sa.exc.DBAPIError):
        return error.connection_invalidated or isinstance(error, sa.exc.InterfaceError)
    return isinstance(error, OSError | TimeoutError)
