"""A small assistant with an outbox behind it: what the channel needs to be tried alone."""

import asyncio
import json
from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from bot.channels.telegram.adapter import Telegram
from handlers.core import DeliveryError, InDoubtError, RetryLaterError
from storage.database import StoreUnavailableError
from storage.records import ChatId, Choice, Message, Outgoing

UPDATES = Path(__file__).parent / "updates"


def update(name: str) -> dict[str, Any]:
    """A captured update, without its number."""
    captured: dict[str, Any] = json.loads((UPDATES / f"{name}.json").read_text("utf-8"))
    return captured


def text_update(chat: int, number: int, text: str) -> dict[str, Any]:
    """The captured text message, from another user."""
    captured = update("chinese")
    message = captured["message"]
    message.update(message_id=number, text=text)
    message["chat"]["id"] = message["from"]["id"] = chat
    return captured


class EchoAssistant:
    """Answers "回 <text>" through an outbox, in order per chat; remembers what it got."""

    def __init__(self) -> None:
        self.channel: Telegram | None = None
        self.accepted: dict[tuple[str, str], Message] = {}
        self.refused = 0  # so many times the store is down
        self.broken: Callable[[Message], bool] = lambda _message: False
        self.silenced: list[ChatId] = []
        self.think: Mapping[str, float] = {}  # text → seconds
        self.begun: list[str] = []
        self.answered: list[str] = []
        self.choices: tuple[Choice, ...] = ()
        self.failures: list[DeliveryError] = []
        self._locks: dict[ChatId, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._deliveries: set[asyncio.Task[None]] = set()

    @property
    def messages(self) -> list[Message]:
        return list(self.accepted.values())

    async def accept(self, message: Message) -> bool:
        await asyncio.sleep(0.001)
        if self.refused:
            self.refused -= 1
            raise StoreUnavailableError
        if self.broken(message):
            raise RuntimeError("a bug")
        key = (str(message.chat), message.id)
        if key in self.accepted:
            return False
        self.accepted[key] = message
        return True

    async def answer(self, message: Message) -> None:
        self.begun.append(message.text)
        async with self._locks[message.chat]:
            await asyncio.sleep(self.think.get(message.text, 0))
            self.answered.append(message.text)
        text = f"回 {message.text or message.action or message.kind}"
        self.deliver(Outgoing(message.chat, text, self.choices), f"{message.chat}-{message.id}")

    async def silence(self, chat: ChatId) -> None:
        self.silenced.append(chat)

    def deliver(self, outgoing: Outgoing, key: str) -> None:
        task = asyncio.create_task(self._deliver(outgoing, key))
        self._deliveries.add(task)
        task.add_done_callback(self._deliveries.discard)

    async def _deliver(self, outgoing: Outgoing, key: str) -> None:
        assert self.channel is not None
        async with self._locks[ChatId("outbox", outgoing.chat.user)]:
            for _ in range(8):
                try:
                    await self.channel.send(outgoing, key)
                except RetryLaterError as error:
                    self.failures.append(error)
                    await asyncio.sleep(error.seconds or 0.2)
                except DeliveryError as error:
                    self.failures.append(error)
                    return
                else:
                    return

    async def close(self) -> None:
        for task in list(self._deliveries):
            task.cancel()
        await asyncio.gather(*self._deliveries, return_exceptions=True)

    @property
    def in_doubt(self) -> int:
        return sum(isinstance(error, InDoubtError) for error in self.failures)
