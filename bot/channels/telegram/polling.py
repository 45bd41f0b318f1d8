"""Long polling (长轮询): one call at a time, confirmed only when what it brought is durable."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence

import structlog
from telegram import Bot
from telegram.error import Conflict, InvalidToken, TelegramError

from bot.channels.telegram.incoming import ALLOWED_UPDATES
from bot.channels.telegram.wire import FloodError, RawUpdates
from storage.database import StoreUnavailableError

_LONG_POLL = 25  # seconds the far end may hold a call open
_QUIET = 0.3  # seconds before the next call when one brought nothing and did not wait either
_TOKEN_REFUSED = 60.0

_log = structlog.get_logger()


class Backoff:
    """Growing pauses with jitter: 0.5 s, 1 s, 2 s … 30 s."""

    def __init__(self, first: float = 0.5, most: float = 30.0) -> None:
        self._first = first
        self._most = most
        self._failures = 0

    @property
    def failures(self) -> int:
        """Failures in a row."""
        return self._failures

    def after(self, error: Exception) -> float:
        """Seconds to wait after one more failure."""
        self._failures += 1
        if isinstance(error, FloodError):
            return error.seconds
        if isinstance(error, InvalidToken):
            return _TOKEN_REFUSED
        pause: float = min(self._most, self._first * 2.0 ** min(self._failures - 1, 10))
        return pause * random.uniform(0.8, 1.2)  # noqa: S311 -- spreads load, guards nothing

    def reset(self) -> None:
        """It works again."""
        self._failures = 0


class Polling:
    """Fetches updates for ever; `take` makes a batch durable or raises StoreUnavailableError."""

    def __init__(
        self, bot: Bot, updates: RawUpdates, take: Callable[[Sequence[object]], Awaitable[None]]
    ) -> None:
        self._bot = bot
        self._updates = updates
        self._take = take
        self._backoff = Backoff()
        self._offset: int | None = None

    @property
    def works(self) -> bool:
        """Whether the last calls went through."""
        return self._backoff.failures < 3

    async def run(self) -> None:
        """Poll until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            try:
                moved = await self._poll()
            except (TelegramError, StoreUnavailableError) as error:
                pause = self._backoff.after(error)
                _log.warning("telegram.poll_failed", error=type(error).__name__, pause=round(pause, 1))
                if isinstance(error, Conflict):
                    await self._free_the_way(error)
                await asyncio.sleep(pause)
                continue
            except Exception as error:
                # A bug; but a channel that ends without a word until the next restart would be worse.
                _log.exception("telegram.poll_broken")
                await asyncio.sleep(self._backoff.after(error))
                continue
            self._backoff.reset()
            if not moved and loop.time() - began < _QUIET:
                await asyncio.sleep(_QUIET)

    async def _poll(self) -> bool:
        """One call; whether it moved the offset on."""
        await self._bot.get_updates(
            offset=self._offset, timeout=_LONG_POLL, allowed_updates=list(ALLOWED_UPDATES)
        )
        batch = self._updates.take()
        if not batch:
            return False
        await self._take(batch)
        numbers = [raw["update_id"] for raw in batch if _is_numbered(raw)]
        if not numbers:
            return False
        before, self._offset = self._offset, max(numbers) + 1
        return before is None or self._offset > before

    async def _free_the_way(self, conflict: Conflict) -> None:
        """409: somebody else polls (an instance that is about to stop, say), or a webhook is set."""
        if "webhook" not in str(conflict).lower():
            return
        try:
            await self._bot.delete_webhook()
        except TelegramError as error:
            _log.warning("telegram.webhook_not_deleted", error=type(error).__name__)


def _is_numbered(raw: object) -> bool:
    return isinstance(raw, dict) and isinstance(raw.get("update_id"), int)
