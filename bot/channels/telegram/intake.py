"""From updates to answers: written down first, then confirmed, then answered."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Collection, Coroutine, Sequence
from typing import Any, Protocol

import structlog
from telegram import Bot

from bot.channels.telegram.address import Address
from bot.channels.telegram.incoming import Identity, Incoming, read_update
from storage.database import StoreUnavailableError
from storage.records import ChatId, Message

_TURNS = 1_000  # answers in work at most; beyond that no more updates are taken
_RETRIES = (0.5, 2.0, 10.0, 30.0)  # seconds between tries while the store is down
_DOUBLE_PRESS = 1.0  # seconds in which the same button counts once
_TYPING_AFTER = 1.0
_TYPING_EVERY = 4.5  # Telegram shows it for 5 s
_TYPING_TIMES = 20

_log = structlog.get_logger()


class Assistant(Protocol):
    """What this channel needs of handlers.assistant.Assistant."""

    async def accept(self, message: Message) -> bool: ...

    async def answer(self, message: Message) -> object: ...

    async def silence(self, chat: ChatId) -> object: ...


class Intake:
    """Takes updates in: `take` returns when they are durable, the answers run on."""

    def __init__(
        self,
        assistant: Assistant,
        bot: Bot,
        commands: Collection[str],
        on_press: Callable[[str], Coroutine[Any, Any, None]],
        show_typing: Callable[[Address], Awaitable[None]],
    ) -> None:
        self._assistant = assistant
        self._bot = bot
        self._commands = frozenset(commands)
        self._on_press = on_press
        self._show_typing = show_typing
        self._tasks: set[asyncio.Task[None]] = set()
        self._typing: set[Address] = set()
        self._uncertain: set[tuple[ChatId, str]] = set()
        self._presses: OrderedDict[tuple[ChatId, str], tuple[str, float]] = OrderedDict()

    @property
    def is_full(self) -> bool:
        """Whether as many answers are in work as we dare."""
        return len(self._tasks) >= _TURNS

    async def room(self) -> None:
        """Wait until fewer answers are in work."""
        while self.is_full:
            await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)

    async def take(self, updates: Sequence[object], me: Identity) -> None:
        """Write the messages in `updates` down and start their answers, in order.

        Raises StoreUnavailableError if one could not be written: then all may be handed in again.
        """
        found = [self._read(raw, me) for raw in updates]
        written = await asyncio.gather(*(self._write_down(each) for each in found), return_exceptions=True)
        unavailable = None
        for incoming, outcome in zip(found, written, strict=True):
            if isinstance(outcome, StoreUnavailableError):
                unavailable = outcome
                continue
            if isinstance(outcome, BaseException):
                # A fault of ours; handed in again it would fail again and block the updates behind it.
                _log.error("telegram.update_failed", exc_info=outcome)
            if incoming.press is not None:
                self._begin(self._on_press(incoming.press))
            if outcome is True and incoming.message is not None:
                self._begin(self._answer(incoming.message))
        if unavailable is not None:
            raise unavailable

    async def finish(self, seconds: float) -> None:
        """Give the answers in work `seconds` to end; the rest is in the inbox and runs at the next start."""
        if not self._tasks:
            return
        _, late = await asyncio.wait(self._tasks, timeout=seconds)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    def _read(self, raw: object, me: Identity) -> Incoming:
        incoming = read_update(raw, self._bot, me, self._commands)
        if incoming is None:
            number = raw.get("update_id") if isinstance(raw, dict) else None
            _log.warning("telegram.update_skipped", update_id=number if isinstance(number, int) else None)
            return Incoming()
        return incoming

    async def _write_down(self, incoming: Incoming) -> bool:
        """Whether this is a message to be answered: a new one."""
        if incoming.gone is not None:
            await self._assistant.silence(incoming.gone)
        message = incoming.message
        if message is None or (incoming.press is not None and self._is_double(message, incoming.press)):
            return False
        try:
            new = await self._assistant.accept(message)
        except StoreUnavailableError:
            self._uncertain.add((message.chat, message.id))
            raise
        # What broke off may have been written after all: then it is known now, but has no answer yet.
        uncertain = (message.chat, message.id) in self._uncertain
        self._uncertain.discard((message.chat, message.id))
        return new or uncertain

    def _is_double(self, message: Message, press: str) -> bool:
        """Whether a nervous finger pressed the same button twice (the same press again is no double)."""
        now = asyncio.get_running_loop().time()
        key = (message.chat, message.action or message.text)
        first, at = self._presses.get(key, ("", -_DOUBLE_PRESS))
        if first != press and now - at < _DOUBLE_PRESS:
            return True
        self._presses[key] = (press, now)
        if len(self._presses) > _TURNS:
            self._presses.popitem(last=False)
        return False

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._end)

    def _end(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("telegram.turn_failed", exc_info=error)

    async def _answer(self, message: Message) -> None:
        for delay in (*_RETRIES, None):
            try:
                await self._with_typing(message)
                return
            except StoreUnavailableError:
                if delay is None:
                    raise
                _log.warning("telegram.store_unavailable")
                await asyncio.sleep(delay)

    async def _with_typing(self, message: Message) -> None:
        """Answer; once that takes a second, show that we are at it (正在输入)."""
        answer = asyncio.ensure_future(self._assistant.answer(message))
        place = Address.parse(message.chat.user)
        shows = False
        try:
            done, _ = await asyncio.wait({answer}, timeout=_TYPING_AFTER)
            if not done and place not in self._typing:
                shows = True
                self._typing.add(place)
                for _ in range(_TYPING_TIMES):
                    await self._show_typing(place)
                    done, _ = await asyncio.wait({answer}, timeout=_TYPING_EVERY)
                    if done:
                        break
            await answer
        finally:
            if shows:
                self._typing.discard(place)
            if not answer.done():
                answer.cancel()
                await asyncio.gather(answer, return_exceptions=True)
