"""The answer to one push in time: within 4.5 s as passive reply, or else by another way."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol

import structlog

from bot.channels.wechat import wording
from bot.channels.wechat.incoming import Push
from bot.channels.wechat.sending import Sender, Words
from bot.channels.wechat.window import Windows
from storage.database import StoreUnavailableError
from storage.records import ChatId, Message, OutboxItem, OutboxState, Outgoing

PASSIVE_SECONDS = 4.5  # the platform hangs up at five
_LAST_SECONDS = 0.35  # for what has to be written down after that
_TYPING_AFTER = 1.5
_TYPING_AGAIN = 13.0  # it shows for 15 s
_TYPING_TIMES = 4
_TRIES = 3  # deliveries of one message
_TRY_SECONDS = 5
_MEMORY = 5_000  # messages whose deliveries are remembered

_log = structlog.get_logger()

# The answer is on its way otherwise, or never will be: not to be said here again.
_ELSEWHERE = frozenset({OutboxState.QUEUED, OutboxState.SENDING, OutboxState.DEAD})

Keep = Callable[[str, Outgoing], Awaitable[object]]
Gone = Callable[[], Awaitable[None]]


class Assistant(Protocol):
    """What this channel needs of handlers.assistant.Assistant."""

    async def accept(self, message: Message) -> bool: ...

    def begin(self, message: Message, *, passive: bool = False) -> asyncio.Task[tuple[OutboxItem, ...]]: ...

    async def written(self, items: tuple[OutboxItem, ...]) -> object: ...

    async def postpone(self, message: Message) -> object: ...

    async def silence(self, chat: ChatId) -> object: ...


@dataclass(frozen=True, slots=True)
class Said:
    """A passive reply: its words ("" is none), and the items that count as sent once it is on the wire."""

    text: str = ""
    items: tuple[OutboxItem, ...] = ()


NOTHING = Said()


@dataclass(slots=True)
class _Trace:
    """What this node remembers of one message; copies of it may come at any time."""

    deliveries: int = 0
    postponed: bool = False
    said: Said | None = None


class Talk:
    """Finds the passive reply to a message."""

    def __init__(
        self, assistant: Assistant, sender: Sender | None, windows: Windows, catalog: Words, keep: Keep
    ) -> None:
        self._assistant = assistant
        self._sender = sender
        self._windows = windows
        self._catalog = catalog
        self._keep = keep
        self._traces: OrderedDict[tuple[ChatId, str], _Trace] = OrderedDict()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._answers: set[asyncio.Task[Any]] = set()  # the assistant's, not ours to cancel

    async def reply(
        self, message: Message, push: Push, sent_at: int, deadline: float, gone: Gone
    ) -> Said | None:
        """What to answer by `deadline` (loop time); None to let this delivery time out and wait for the next.

        `sent_at` is the platform's time of this delivery, `gone` returns when the platform has hung up.
        Raises StoreUnavailableError while nothing can be written down.
        """
        trace = self._trace(message, push)
        if trace.said is not None:
            return Said(trace.said.text)
        if trace.postponed:
            return NOTHING
        trace.deliveries += 1
        work = self._assistant.begin(message, passive=True)
        if work not in self._answers:
            self._answers.add(work)
            work.add_done_callback(self._end)
        if not await self._wait(work, message, deadline, gone):
            return await self._late(message, trace, _is_last(trace, push, sent_at), work)
        said, rest = self._say(message, work.result())
        if rest:
            # Its own task, so that a hang-up now cannot part the rest from its beginning.
            await asyncio.shield(self._begin(self._keep_rest(said, rest)))
        if said.items:
            trace.said = said
        return said

    async def finish(self, seconds: float) -> None:
        """Give the answers in work `seconds` to end."""
        if self._tasks or self._answers:
            _, late = await asyncio.wait(self._tasks | self._answers, timeout=seconds)
            late -= self._answers
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _wait(
        self, work: asyncio.Task[tuple[OutboxItem, ...]], message: Message, deadline: float, gone: Gone
    ) -> bool:
        """Whether the answer is there in time."""
        loop = asyncio.get_running_loop()
        done, _ = await asyncio.wait({work}, timeout=min(_TYPING_AFTER, deadline - loop.time()))
        if done:
            return True
        if self._sender is not None:
            self._begin(self._show_typing(self._sender, message.chat.user, work))
        hung_up = asyncio.ensure_future(gone())
        try:
            await asyncio.wait(
                {work, hung_up}, timeout=deadline - loop.time(), return_when=asyncio.FIRST_COMPLETED
            )
            return work.done() and not hung_up.done()
        finally:
            hung_up.cancel()
            await asyncio.gather(hung_up, return_exceptions=True)

    def _say(self, message: Message, items: tuple[OutboxItem, ...]) -> tuple[Said, tuple[Outgoing, ...]]:
        items = tuple(item for item in items if item.state not in _ELSEWHERE)
        if not items:
            return NOTHING, ()
        outgoing = [item.outgoing for item in items]
        language = outgoing[-1].language
        self._windows.speak(message.chat.user, language)
        hint = "" if self._may_push else self._catalog.text("channel.more", language)
        layout = wording.passive(self._in_words(outgoing), hint)
        return Said(layout.text, items), layout.rest

    async def _keep_rest(self, said: Said, rest: tuple[Outgoing, ...]) -> None:
        for number, outgoing in enumerate(rest):
            await self._keep(f"{said.items[-1].key}:rest{number}", outgoing)

    def _in_words(self, answers: list[Outgoing]) -> list[Outgoing]:
        """The same, with a word in the place of files, which a passive reply cannot carry."""
        return [
            outgoing if outgoing.file is None else replace(outgoing, text=self._with_note(outgoing))
            for outgoing in answers
        ]

    def _with_note(self, outgoing: Outgoing) -> str:
        note = self._catalog.text("channel.file_elsewhere", outgoing.language)
        return f"{outgoing.text}\n\n{note}".strip()

    async def _late(
        self, message: Message, trace: _Trace, is_last: bool, work: asyncio.Task[tuple[OutboxItem, ...]]
    ) -> Said | None:
        if not (self._may_push or is_last):
            return None
        if not await self._written_down(message):
            raise StoreUnavailableError
        trace.postponed = True
        self._begin(self._postpone(message))
        language = self._windows.language(message.chat.user)
        if not self._may_push:
            return Said(wording.clean(self._catalog.text("channel.fetch_later", language)))
        if message.attachments:
            return Said(wording.clean(self._catalog.text("channel.reading", language)))
        return NOTHING

    async def _written_down(self, message: Message) -> bool:
        """Whether the message is safe with us, so that it may be confirmed without an answer."""
        try:
            async with asyncio.timeout(_LAST_SECONDS):
                await self._assistant.accept(message)
        except (StoreUnavailableError, TimeoutError):
            return False
        return True

    async def _postpone(self, message: Message) -> None:
        try:
            await self._assistant.postpone(message)
        except StoreUnavailableError:
            # The answer is then found unwritten, and shown at the next contact.
            _log.warning("wechat.postpone_failed")

    async def _show_typing(self, sender: Sender, user: str, work: asyncio.Task[Any]) -> None:
        for _ in range(_TYPING_TIMES):
            await sender.show_typing(user)
            done, _ = await asyncio.wait({work}, timeout=_TYPING_AGAIN)
            if done:
                return

    @property
    def _may_push(self) -> bool:
        return self._sender is not None and self._sender.rights.has("custom")

    def _trace(self, message: Message, push: Push) -> _Trace:
        key = (message.chat, message.id)
        trace = self._traces.get(key)
        if trace is None:
            trace = self._traces[key] = _Trace()
            self._windows.touch(push.user, push.contact)  # once: a copy is no new contact
            if len(self._traces) > _MEMORY:
                self._traces.popitem(last=False)
        return trace

    def _begin(self, work: Any) -> asyncio.Task[Any]:
        task: asyncio.Task[Any] = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._end)
        return task

    def _end(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        self._answers.discard(task)
        if task.cancelled() or (error := task.exception()) is None:
            return
        if isinstance(error, StoreUnavailableError):
            _log.warning("wechat.store_unavailable")
        else:
            _log.error("wechat.turn_failed", exc_info=error)


def _is_last(trace: _Trace, push: Push, sent_at: int) -> bool:
    """Whether the platform will not deliver this message again.

    Other nodes may have had the earlier deliveries; both times are the platform's own.
    """
    age = sent_at - push.created if push.created is not None else 0
    return trace.deliveries >= _TRIES or (_TRIES - 1) * _TRY_SECONDS - 1 <= age <= 4 * _TRY_SECONDS
