"""Outgoing → Bot API: split, with buttons, at Telegram's pace, never a part twice."""

import asyncio
import contextlib
import unicodedata
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

import structlog
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, InputFile, LinkPreviewOptions
from telegram.constants import ChatAction
from telegram.error import BadRequest, ChatMigrated, NetworkError, TelegramError

from bot.channels.telegram.address import Address
from bot.channels.telegram.faults import delivery_error, is_markup_refused
from bot.channels.telegram.pace import Pace
from bot.channels.telegram.splitting import clean, split
from bot.channels.telegram.wire import FloodError
from handlers.core import RetryLaterError, UndeliverableError
from storage.records import Choice, Outgoing

_CALLS = 10  # at once; with more the library's own latency grows past a second
_REMEMBERED = 1_000  # messages of which some parts are out
_BUTTONS = 100
_DATA_BYTES = 64
_SHORT_LABEL = 14  # columns, a Chinese character takes two: two such buttons fit one row of a phone
_PRESS_TRIES = 3
_PRESS_PATIENCE = 10.0  # seconds; later Telegram takes no answer to a press

_log = structlog.get_logger()

ReadDocument = Callable[[str], Awaitable[bytes | None]]


@dataclass(frozen=True, slots=True)
class _Part:
    """One call: a text, or a file."""

    text: str = ""
    keyboard: InlineKeyboardMarkup | None = None
    document: str | None = None
    name: str = "document"


class Sender:
    """Sends; `read_document` gives the bytes of a kept document by its reference, or None."""

    def __init__(self, bot: Bot, read_document: ReadDocument, pace: Pace | None = None) -> None:
        self._bot = bot
        self._read_document = read_document
        self._pace = pace or Pace()
        self._calls = asyncio.Semaphore(_CALLS)
        self._parts_out: OrderedDict[str, int] = OrderedDict()
        self._closed = False

    def open(self) -> None:
        """Allow calls, after `close`."""
        self._closed = False

    async def close(self, seconds: float) -> None:
        """Begin no more calls; give those in the air `seconds` to end, as cut off they would be in doubt."""
        self._closed = True
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds), contextlib.AsyncExitStack() as stack:
                for _ in range(_CALLS):
                    await stack.enter_async_context(self._calls)

    async def send(self, outgoing: Outgoing, key: str) -> None:
        """Deliver all parts in order; raises a DeliveryError.

        After RetryLaterError the next call with the same key goes on with the part that failed.
        """
        try:
            place = Address.parse(outgoing.chat.user)
        except ValueError:
            raise UndeliverableError("no such chat") from None
        parts = _parts(outgoing)
        for index in range(self._parts_out.get(key, 0), len(parts)):
            await self._pace.turn(place.chat)
            async with self._calls:
                if self._closed:
                    raise RetryLaterError(None, "stopping")
                await self._deliver(place, parts[index])
            self._remember(key, index + 1)
        self._parts_out.pop(key, None)

    async def answer_press(self, query_id: str) -> None:
        """End the waiting sign on a pressed button. Tries a few times; a query that is too old is let go."""
        for _ in range(0 if self._closed else _PRESS_TRIES):
            try:
                async with self._calls:
                    await self._bot.answer_callback_query(query_id)
                return
            except BadRequest:
                return
            except FloodError as error:
                if error.seconds > _PRESS_PATIENCE:
                    return
                await asyncio.sleep(error.seconds)
            except NetworkError:
                await asyncio.sleep(0.5)  # answering twice is harmless
            except TelegramError as error:
                _log.warning("telegram.press_unanswered", error=type(error).__name__)
                return

    async def show_typing(self, place: Address) -> None:
        """Show "typing"; a failure is of no consequence."""
        if self._closed or self._pace.is_paused(place.chat):
            return
        try:
            async with self._calls:
                await self._bot.send_chat_action(
                    place.chat, ChatAction.TYPING, message_thread_id=place.topic, read_timeout=3.0
                )
        except FloodError as error:
            self._pace.pause(place.chat, error.seconds)
        except TelegramError as error:
            _log.debug("telegram.typing_failed", error=type(error).__name__)

    async def _deliver(self, place: Address, part: _Part) -> None:
        try:
            await self._call(place, part)
        except ChatMigrated as error:
            # The group has become a supergroup under a new number; updates bring that from now on.
            await self._deliver_once(replace(place, chat=error.new_chat_id), part)
        except BadRequest as error:
            await self._deliver_after_refusal(place, part, error)
        except TelegramError as error:
            raise self._classified(place, error) from error

    async def _deliver_after_refusal(self, place: Address, part: _Part, error: BadRequest) -> None:
        """Leave out what was refused, a topic that is gone or the buttons; raise if that was not it."""
        _log.error("telegram.refused", error=str(error)[:80])
        if place.topic is not None and "thread not found" in str(error).lower():
            await self._deliver_once(replace(place, topic=None), part)
        elif part.keyboard is not None and is_markup_refused(error):
            await self._deliver_once(place, replace(part, keyboard=None))
        else:
            raise delivery_error(error) from error

    async def _deliver_once(self, place: Address, part: _Part) -> None:
        try:
            await self._call(place, part)
        except TelegramError as error:
            raise self._classified(place, error) from error

    def _classified(self, place: Address, error: TelegramError) -> Exception:
        if isinstance(error, FloodError):
            self._pace.pause(place.chat, error.seconds)
        return delivery_error(error)

    async def _call(self, place: Address, part: _Part) -> None:
        if part.document is None:
            # No parse_mode: what looks like markup in a seller's name stays text.
            await self._bot.send_message(
                place.chat,
                part.text,
                message_thread_id=place.topic,
                reply_markup=part.keyboard,
                link_preview_options=LinkPreviewOptions(is_disabled=True),
            )
            return
        content = await self._read_document(part.document)
        if content is None:
            raise UndeliverableError("document gone")
        await self._bot.send_document(
            place.chat,
            InputFile(content, filename=part.name),
            message_thread_id=place.topic,
            reply_markup=part.keyboard,
        )

    def _remember(self, key: str, count: int) -> None:
        self._parts_out[key] = count
        self._parts_out.move_to_end(key)
        if len(self._parts_out) > _REMEMBERED:
            self._parts_out.popitem(last=False)


def _parts(outgoing: Outgoing) -> list[_Part]:
    """The calls for a message: its texts, the buttons under the last, then the file."""
    texts = split(clean(outgoing.text))
    board = keyboard(outgoing.choices)
    parts = [_Part(text) for text in texts[:-1]]
    parts += [_Part(text, board) for text in texts[-1:]]
    if outgoing.file is not None:
        name = clean(outgoing.file_name or "document")
        parts.append(_Part(keyboard=None if texts else board, document=outgoing.file, name=name))
    return parts


def keyboard(choices: Sequence[Choice]) -> InlineKeyboardMarkup | None:
    """Buttons under a message: short labels two in a row, long ones alone."""
    rows: list[list[InlineKeyboardButton]] = []
    room = False  # the last row holds one short button
    for choice in choices[:_BUTTONS]:
        if not 0 < len(choice.action.encode()) <= _DATA_BYTES or not choice.label.strip():
            _log.error("telegram.button_dropped", action=choice.action[:_DATA_BYTES])
            continue
        button = InlineKeyboardButton(clean(choice.label), callback_data=choice.action)
        short = _columns(choice.label) <= _SHORT_LABEL
        if short and room:
            rows[-1].append(button)
            room = False
        else:
            rows.append([button])
            room = short
    return InlineKeyboardMarkup(rows) if rows else None


def _columns(label: str) -> int:
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in label)
