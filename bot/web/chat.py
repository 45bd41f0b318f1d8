"""The chat page (网页聊天) at / and what it calls under /chat."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Mount, Route

from bot.build import Program
from bot.web import session
from bot.web.answers import FILE_HEADERS, HEADERS, Assets, entry, error, found, picture_type
from bot.web.incoming import (
    LARGEST_FILE,
    LARGEST_MESSAGE,
    TooLargeError,
    body_of,
    file_message,
    file_name,
    text_message,
)
from bot.web.limits import Allowance
from storage import documents, people
from storage.database import StoreUnavailableError
from storage.documents import NewDocument
from storage.people import Attach
from storage.records import ChatId, Message

HOME = Path(__file__).parent / "page"
_IN_WORK = 20  # messages of one chat that are not answered yet
_STREAMS = 16  # open pages of one chat
_UPLOADS = 24  # files on their way at the same time, of all chats
_ALIVE_SECONDS = 15.0  # between signs of life on an open stream
_MESSAGE_SECONDS = 30.0
_UPLOAD_SECONDS = 180.0
# With many nodes a smaller id may become visible after a greater one: look back so far.
_LATE_IDS = 500
_MOST_ROWS = 1_000
_HISTORY = 100  # messages at a time, of what was said before

_log = structlog.get_logger()


def routes(program: Program) -> list[BaseRoute]:
    """The page and its calls."""
    page = Page(program)
    return [
        Route("/", page.index),
        Route("/chat/words/{language:str}", page.words),
        Route("/chat/messages", page.history, methods=["GET"]),
        Route("/chat/messages", page.take_message, methods=["POST"]),
        Route("/chat/files", page.take_file, methods=["POST"]),
        Route("/chat/files/{digest:str}", page.give_file),
        Route("/chat/events", page.events),
        Mount("/assets", Assets(directory=HOME, check_dir=False)),
    ]


class Page:
    """Serves the browsers; each sees its own chat only."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._store = program.store
        self._in_work: Counter[ChatId] = Counter()
        self._streams: Counter[ChatId] = Counter()
        self._uploads = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._reads: set[asyncio.Task[Any]] = set()
        self._newcomers = Allowance(300, 2)  # new chats of one address; an office shares one
        self._messages = Allowance(120, 4)  # of one chat
        self._bytes = Allowance(20 * LARGEST_FILE, 1_000_000)  # of one chat's files

    async def index(self, request: Request) -> Response:
        """The page itself; a new browser gets its chat."""
        html = await asyncio.to_thread((HOME / "index.html").read_bytes)
        headers = {**HEADERS, "cache-control": "no-cache"}
        response = Response(html, media_type="text/html", headers=headers)
        if request.method == "HEAD":
            return response
        secret = session.secret_of(request)
        if secret is None:
            address = request.client.host if request.client else ""
            if not self._newcomers.take(address):
                return error("busy", 429, wait=5)
            secret = session.new_secret()
        try:
            await self._introduce(session.chat_with(secret))
        except StoreUnavailableError:
            return response  # the page asks again
        session.keep(response, secret, request)
        return response

    async def words(self, request: Request) -> Response:
        """The words of the page in one language, and what it should know."""
        language = request.path_params["language"]
        catalog = self._program.catalog
        if language not in catalog.languages:
            return error("unknown", 404)
        languages = {
            code: {name: catalog.text(f"web.language.{name}", code) for name in ("short", "name")}
            for code in catalog.languages
        }
        response = found(
            {
                **catalog.all("web.", language),
                "demo": self._program.settings.demo,
                "languages": languages,
                "largest_file": LARGEST_FILE,
            }
        )
        response.headers["cache-control"] = "no-cache"
        return response

    async def history(self, request: Request) -> Response:
        """The last messages of this browser's chat, or those before one; `more` tells whether there are older ones."""
        chat = session.chat_of(request)
        if chat is None:
            return error("session", 401)
        before = request.query_params.get("before", "")
        limit = int(before) if before.isascii() and before.isdigit() and len(before) < 19 else None
        try:
            rows = await self._store.transcript(chat, limit=_HISTORY + 1, before=limit)
        except StoreUnavailableError:
            return error("unavailable", 503, wait=2)
        return found({"messages": [entry(*row) for row in rows[-_HISTORY:]], "more": len(rows) > _HISTORY})

    async def take_message(self, request: Request) -> Response:
        """A message or a pressed button; 202 once it is written down. The same id again changes nothing."""
        chat = self._speaker(request)
        if isinstance(chat, Response):
            return chat
        try:
            async with asyncio.timeout(_MESSAGE_SECONDS):
                body = await body_of(request, LARGEST_MESSAGE)
            message = text_message(chat, body)
        except TooLargeError:
            return error("too_large", 413)
        except TimeoutError:
            return error("slow", 408)
        except (ValueError, RecursionError, ClientDisconnect):
            return error("malformed", 400)
        return await self._take(message)

    async def take_file(self, request: Request) -> Response:
        """A file: its bytes are the body, `id` and `name` stand in the query."""
        chat = self._speaker(request)
        if isinstance(chat, Response):
            return chat
        if self._uploads >= _UPLOADS:
            return error("busy", 429, wait=5)
        self._uploads += 1
        try:
            message = file_message(chat, request)
            async with asyncio.timeout(_UPLOAD_SECONDS):
                content = await body_of(request, LARGEST_FILE)
        except TooLargeError:
            return error("too_large", 413)
        except TimeoutError:
            return error("slow", 408)
        except (ValueError, ClientDisconnect):
            return error("malformed", 400)
        finally:
            self._uploads -= 1
        return await self._keep_file(message, content)

    async def _keep_file(self, message: Message, content: bytes) -> Response:
        if not content:
            return error("empty", 400)
        if not self._bytes.take(message.chat, len(content)):
            return error("busy", 429, wait=20)
        part = message.attachments[0]
        new = NewDocument(content, part.name, part.mime, self._program.services.now())
        try:
            digest = await self._store.write(documents.keep, new)
        except StoreUnavailableError:
            return error("unavailable", 503, wait=2)
        return await self._take(replace(message, attachments=(replace(part, ref=digest, size=len(content)),)))

    async def give_file(self, request: Request) -> Response:
        """A file that stands in this browser's chat."""
        chat, digest = session.chat_of(request), request.path_params["digest"]
        try:
            if chat is None or not await self._store.read(documents.is_in_chat, chat, digest):
                return error("unknown", 404)
            kept = await self._store.read(documents.document, digest)
        except StoreUnavailableError:
            return error("unavailable", 503, wait=2)
        if kept is None:
            return error("unknown", 404)
        # The same bytes may have come from others under other names: theirs are not told.
        name = file_name(request.query_params.get("name", "")) or "document"
        picture = picture_type(kept.content)
        headers = {
            **FILE_HEADERS,
            "cache-control": "private, max-age=86400, immutable",
            "content-disposition": f"{'inline' if picture else 'attachment'}; filename*=utf-8''{quote(name)}",
        }
        return Response(kept.content, media_type=picture or "application/octet-stream", headers=headers)

    async def events(self, request: Request) -> Response:
        """The chat as it grows (server-sent events); goes on after the last event the browser has."""
        chat = session.chat_of(request)
        if chat is None:
            return error("session", 401)
        if self._streams[chat] >= _STREAMS:
            return error("busy", 429, wait=5)
        headers = {**HEADERS, "cache-control": "no-store", "x-accel-buffering": "no"}
        if request.method == "HEAD":
            return Response(media_type="text/event-stream", headers=headers)
        last = request.headers.get("last-event-id") or request.query_params.get("after", "0")
        after = int(last) if last.isascii() and last.isdigit() and len(last) < 19 else 0
        return StreamingResponse(self._stream(chat, after), media_type="text/event-stream", headers=headers)

    async def _stream(self, chat: ChatId, after: int) -> AsyncIterator[str]:
        self._streams[chat] += 1
        try:
            yield "retry: 1000\n\n"
            async for event in self._events(chat, after):
                yield event
        finally:
            _less(self._streams, chat)

    async def _events(self, chat: ChatId, after: int) -> AsyncIterator[str]:
        """`message` events with the chat's messages, `working` while it is answered, and signs of life."""
        live = self._program.live
        back = _LATE_IDS if self._store.shared else 0
        given: set[int] = set()
        working = False
        with live.listen(chat) as changed:
            while not live.closing:
                changed.clear()
                # Asked before the rows, so that the end of the work is never told before its fruit.
                now_working = self._in_work[chat] > 0
                try:
                    rows = await self._rows(chat, max(after - back, 0))
                except StoreUnavailableError:
                    return  # the browser comes back by itself
                rows = [row for row in rows if row[0] not in given]
                for row in rows:
                    after = max(after, row[0])
                    if back:
                        given.add(row[0])
                    yield f"id: {after}\ndata: {json.dumps(entry(*row), ensure_ascii=False)}\n\n"
                if now_working != working:
                    working = now_working
                    yield f"event: working\ndata: {json.dumps(working)}\n\n"
                if not rows and not await _within(changed, _ALIVE_SECONDS):
                    yield "event: alive\ndata: 1\n\n"

    async def _rows(self, chat: ChatId, after: int) -> list[tuple[int, str, dict[str, Any]]]:
        # A browser that goes away must not break off a read: that would cost the database connection.
        reading = asyncio.create_task(self._store.transcript(chat, after, _MOST_ROWS))
        self._reads.add(reading)
        reading.add_done_callback(self._read_done)
        return await asyncio.shield(reading)

    def _read_done(self, reading: asyncio.Task[Any]) -> None:
        self._reads.discard(reading)
        if not reading.cancelled():
            reading.exception()  # looked at, also when nobody waits for it any more

    def _speaker(self, request: Request) -> ChatId | Response:
        """Who speaks, or why nobody may now."""
        if not session.is_own_page(request, self._program.settings.public_url):
            return error("foreign", 403)
        chat = session.chat_of(request)
        if chat is None:
            return error("session", 401)
        if self._in_work[chat] >= _IN_WORK or not self._messages.take(chat):
            return error("busy", 429, wait=2)
        return chat

    async def _take(self, message: Message) -> Response:
        try:
            new = await self._program.assistant.accept(message)
        except StoreUnavailableError:
            return error("unavailable", 503, wait=2)
        if new:
            self._in_work[message.chat] += 1
            task = asyncio.create_task(self._answer(message))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        response = found({"taken": message.id})
        response.status_code = 202
        return response

    async def _answer(self, message: Message) -> None:
        self._program.live.change(message.chat)
        try:
            await self._program.assistant.answer(message)
        except StoreUnavailableError:
            _log.warning("web_answer_put_off")  # it is in the inbox, and answered later
        finally:
            _less(self._in_work, message.chat)
            self._program.live.change(message.chat)

    async def _introduce(self, chat: ChatId) -> None:
        """With demo data every new browser speaks for the demo employee, until it unbinds itself."""
        employee = self._program.demo_employee
        if employee is not None and not await self._store.transcript(chat, limit=1):
            await self._store.write(people.attach, Attach(chat, employee, self._program.services.now()))


def _less(counter: Counter[ChatId], chat: ChatId) -> None:
    counter[chat] -= 1
    if counter[chat] <= 0:
        del counter[chat]


async def _within(event: asyncio.Event, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True
