"""How fast we may speak.

Telegram allows about 30 messages a second in all, 1 a second in a chat, 20 a minute in a group, with short
bursts above that; whoever is faster gets 429.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable

from handlers.core import RetryLaterError

_OVERALL = (25.0, 5.0)  # messages a second, burst: never more than 30 in any second
_PRIVATE = (1.0, 5.0)  # the burst lets several answers to quick messages go out at once
_GROUP = (1 / 3, 5.0)
_PATIENCE = 1.5  # seconds a call waits for its turn itself; for longer it gives its place to other chats
_CHATS = 5_000
_FLOODED_CHATS = 5  # so many chats under 429 at once mean that the bot as a whole is too fast


class Bucket:
    """Tokens that come back at `rate` a second, up to `burst`."""

    def __init__(self, rate: float, burst: float) -> None:
        self._rate = rate
        self._burst = burst
        self._tokens = burst
        self._seen = 0.0

    def delay(self, now: float) -> float:
        """Seconds until a token is free."""
        self._tokens = min(self._burst, self._tokens + (now - self._seen) * self._rate)
        self._seen = now
        return max(0.0, (1 - self._tokens) / self._rate)

    def take(self) -> None:
        """Use a token, also one that is still to come."""
        self._tokens -= 1


class Pace:
    """The turn of each message; a chat that must pause holds up no other."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._overall = Bucket(*_OVERALL)
        self._chats: OrderedDict[int, Bucket] = OrderedDict()
        self._pauses: dict[int, float] = {}

    async def turn(self, chat: int) -> None:
        """Return when a message to `chat` may go; raises RetryLaterError if that takes longer."""
        self._refuse_in_pause(chat)
        now = self._clock()
        bucket = self._bucket(chat)
        if (delay := bucket.delay(now)) > _PATIENCE:
            raise RetryLaterError(delay, "pace of the chat")
        if (overall := self._overall.delay(now)) > _PATIENCE:
            raise RetryLaterError(overall, "pace of the bot")
        bucket.take()
        self._overall.take()
        if wait := max(delay, overall):
            await asyncio.sleep(wait)
            self._refuse_in_pause(chat)

    def pause(self, chat: int, seconds: float) -> None:
        """Telegram asked for a pause in `chat`."""
        self._pauses[chat] = self._clock() + seconds

    def is_paused(self, chat: int) -> bool:
        """Whether a call to `chat` would be refused now."""
        return self._pause_left(chat) > 0

    def _refuse_in_pause(self, chat: int) -> None:
        if (left := self._pause_left(chat)) > 0:
            raise RetryLaterError(left, "429")

    def _pause_left(self, chat: int) -> float:
        now = self._clock()
        self._pauses = {each: until for each, until in self._pauses.items() if until > now}
        if len(self._pauses) >= _FLOODED_CHATS:
            return max(self._pauses.get(chat, 0.0), min(self._pauses.values())) - now
        return self._pauses.get(chat, now) - now

    def _bucket(self, chat: int) -> Bucket:
        bucket = self._chats.pop(chat, None) or Bucket(*(_GROUP if chat < 0 else _PRIVATE))
        self._chats[chat] = bucket
        if len(self._chats) > _CHATS:
            self._chats.popitem(last=False)
        return bucket
