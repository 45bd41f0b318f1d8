"""Who is told at once that a chat's transcript has grown: open pages here, and on the other nodes."""

import asyncio
import contextlib
from collections.abc import Iterator

import structlog

from storage.records import ChatId

_CHANNEL = "piaoda_chat"
_AGAIN_SECONDS = 2.0

_log = structlog.get_logger()


class Live:
    """Wakes the open pages of a chat."""

    def __init__(self) -> None:
        self._listeners: dict[ChatId, set[asyncio.Event]] = {}
        self.closing = False

    def change(self, chat: ChatId) -> None:
        """The transcript of a chat has grown."""
        for event in self._listeners.get(chat, ()):
            event.set()

    def change_all(self) -> None:
        """Something may have been missed: every page looks for itself."""
        for events in self._listeners.values():
            for event in events:
                event.set()

    def close(self) -> None:
        """We stop: every page is let go, and comes back to the next process."""
        self.closing = True
        self.change_all()

    @contextlib.contextmanager
    def listen(self, chat: ChatId) -> Iterator[asyncio.Event]:
        """An event that is set with every change of the chat; the listener clears it."""
        event = asyncio.Event()
        self._listeners.setdefault(chat, set()).add(event)
        try:
            yield event
        finally:
            events = self._listeners[chat]
            events.discard(event)
            if not events:
                del self._listeners[chat]

    async def follow_database(self, address: str) -> None:
        """Pass on what other nodes write, for ever; `address` is that of PostgreSQL."""
        import asyncpg  # a tenth of the start's time, and not wanted on SQLite

        while True:
            try:
                await self._follow(address)
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                _log.warning("listen_lost", error=type(error).__name__)
            await asyncio.sleep(_AGAIN_SECONDS)

    async def _follow(self, address: str) -> None:
        import asyncpg

        connection = await asyncpg.connect(address)
        try:
            lost = asyncio.Event()
            connection.add_termination_listener(lambda _: lost.set())
            await connection.add_listener(_CHANNEL, lambda *told: self.change(ChatId.parse(str(told[-1]))))
            self.change_all()
            await lost.wait()
        finally:
            connection.terminate()
