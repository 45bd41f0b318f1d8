"""The outbox at work: what waits for a channel is leased, sent and marked, in order within a chat."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from bot import metrics
from handlers.core import (
    Channel,
    InDoubtError,
    NeedsContactError,
    RecipientGoneError,
    RetryLaterError,
    UndeliverableError,
)
from storage import outbox
from storage.database import StoreUnavailableError
from storage.outbox import Lease, Mark
from storage.records import ChatId, OutboxItem, OutboxState
from storage.store import Store

_LEASE_SECONDS = 120.0  # longer than any call with its retries
_IDLE_SECONDS = 1.0  # between looks when nobody calls
_MOST_PAUSE = 600.0
_MEANING = timedelta(hours=48)  # an answer older than that is kept for the next contact instead
_OURS = (OutboxState.SENDING, OutboxState.IN_DOUBT)

_log = structlog.get_logger()


class PushChannel(Channel, Protocol):
    """A channel that can write first."""

    concurrency: int


class Delivery:
    """Sends the outbox of one channel; `on_gone` is told of users to whom nothing can be delivered any more."""

    def __init__(
        self,
        store: Store,
        channel: PushChannel,
        now: Callable[[], datetime],
        on_gone: Callable[[ChatId], Awaitable[object]],
    ) -> None:
        self._store = store
        self._on_gone = on_gone
        self._channel = channel
        self._now = now
        self._work = asyncio.Event()
        self._sending: set[asyncio.Task[None]] = set()

    def wake(self) -> None:
        """There is something to send."""
        self._work.set()

    async def run(self) -> None:
        """Send until cancelled."""
        while True:
            self._work.clear()
            try:
                found = await self._lease()
            except StoreUnavailableError:
                await asyncio.sleep(_IDLE_SECONDS)
                continue
            for item in found:
                task = asyncio.create_task(self._send(item))
                self._sending.add(task)
                task.add_done_callback(self._sent)
            if self._is_full:
                await asyncio.wait(self._sending, return_when=asyncio.FIRST_COMPLETED)
            elif not found:
                await self._rest()

    async def finish(self, seconds: float) -> None:
        """Let the calls in the air end; a call that does not is found in doubt later."""
        if self._sending:
            await asyncio.wait(self._sending, timeout=seconds)

    @property
    def _is_full(self) -> bool:
        return len(self._sending) >= self._channel.concurrency

    async def _rest(self) -> None:
        try:
            async with asyncio.timeout(_IDLE_SECONDS):
                await self._work.wait()
        except TimeoutError:
            pass

    async def _lease(self) -> list[OutboxItem]:
        room = self._channel.concurrency - len(self._sending)
        return await self._store.write(
            outbox.lease, Lease(self._channel.name, self._now(), _LEASE_SECONDS, room)
        )

    async def _send(self, item: OutboxItem) -> None:
        state, due_at = await self._attempt(item)
        # Where the call outlived its lease the user may have been told again, or have left: then that stands.
        mark = Mark((item.id,), state, due_at, fence=item.fence, only=_OURS)
        metrics.DELIVERIES.labels(self._channel.name, state.value).inc()
        while True:
            try:
                await self._store.write(outbox.mark, mark)
                return
            except StoreUnavailableError:
                # It has been sent: the mark is worth waiting for. After the lease it counts as in doubt.
                await asyncio.sleep(_IDLE_SECONDS)

    async def _attempt(self, item: OutboxItem) -> tuple[OutboxState, datetime]:
        now = self._now()
        try:
            await self._channel.send(item.outgoing, item.key)
        except RetryLaterError as error:
            if now - item.created_at > _MEANING:
                return OutboxState.HELD, item.created_at
            seconds = error.seconds if error.seconds is not None else _pause(item.attempts)
            _log.info("delivery_later", channel=self._channel.name, reason=error.reason)
            # A quota that is used up until midnight: given before that if the user writes.
            state = OutboxState.HELD if seconds > _MOST_PAUSE * 2 else OutboxState.QUEUED
            return state, self._now() + timedelta(seconds=seconds)
        except NeedsContactError:
            return OutboxState.HELD, item.created_at  # with no time of its own
        except InDoubtError:
            return OutboxState.IN_DOUBT, now
        except UndeliverableError as error:
            _log.warning("undeliverable", channel=self._channel.name, reason=str(error), item=item.id)
            if isinstance(error, RecipientGoneError):
                await self._end_follows(item.outgoing.chat)
            return OutboxState.DEAD, now
        return OutboxState.SENT, now

    async def _end_follows(self, chat: ChatId) -> None:
        try:
            await self._on_gone(chat)
        except StoreUnavailableError:
            _log.warning("follows_not_ended", channel=chat.channel)  # the next message to them says it again

    def _sent(self, task: asyncio.Task[None]) -> None:
        self._sending.discard(task)
        self._work.set()  # the next message of the same chat may go now
        if not task.cancelled() and (error := task.exception()) is not None:
            # A bug of an adapter: the lease runs out and the message is found in doubt.
            _log.error("delivery_failed", channel=self._channel.name, exc_info=error)


def _pause(attempts: int) -> float:
    """Seconds before the next try: 2, 4, 8 … 600, spread."""
    pause: float = min(_MOST_PAUSE, 2.0 ** min(attempts, 12))
    return pause * random.uniform(0.8, 1.2)  # noqa: S311 -- spreads load, guards nothing
