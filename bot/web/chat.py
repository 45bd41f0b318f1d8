"""The chat page (网页聊天) at / and what it calls under /chat."""

import asyncio
import json
import re
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from bot.build import Program
from bot.web import session
from storage import documents, people
from storage.database import StoreUnavailableError
from storage.documents import NewDocument
from storage.people import Attach
from storage.records import Attachment, ChatId, Message

HOME = Path(__file__).parent / "page"
LARGEST_FILE = 20_000_000  # bytes
_LARGEST_MESSAGE = 64 * 1024  # bytes
_IN_WORK = 20  # messages of one chat that are not answered yet
_ALIVE_SECONDS = 15.0  # between signs of life on an open stream
_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")
_ACTION = re.compile(r"[a-z][a-z_]{0,31}(:[!-~]{1,48})?")
_LANGUAGES = ("zh", "en", "ja")
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
    "manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "content-security-policy": _POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "geolocation=(), microphone=()",
}
# Types a browser shows without running anything in them; all others are saved.
_SHOWN = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})

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
        Mount("/assets", StaticFiles(directory=HOME)),
    ]


class Page:
    """Serves the browsers; each sees its own chat only."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._store = program.store
        self._in_work: Counter[ChatId] = Counter()
        self._tasks: set[asyncio.Task[None]] = set()

    async def index(self, request: Request) -> Response:
        """The page itself; a new browser gets its chat."""
        html = await asyncio.to_thread((HOME / "index.html").read_bytes)
        response = Response(html, media_type="text/html", headers=_HEADERS)
        response.headers["cache-control"] = "no-cache"
        if session.chat_of(request) is None:
            chat, value = session.new_chat()
            await self._introduce(chat)
            session.keep(response, value, request)
        return response

    async def words(self, request: Request) -> Response:
        """The words of the page in one language."""
        language = request.path_params["language"]
        if language not in _LANGUAGES:
            return Response(status_code=404)
        words = self._program.catalog.all("web.", language)
        words["demo"] = "1" if self._program.settings.demo else ""
        return JSONResponse(words, headers={**_HEADERS, "cache-control": "no-cache"})

    async def history(self, request: Request) -> Response:
        """The last messages of this browser's chat."""
        chat = session.chat_of(request)
        if chat is None:
            return Response(status_code=401)
        try:
            rows = await self._store.transcript(chat)
        except StoreUnavailableError:
            return Response(status_code=503)
        entries = [_entry(*row) for row in rows]
        return JSONResponse({"messages": entries}, headers={**_HEADERS, "cache-control": "no-store"})

    async def take_message(self, request: Request) -> Response:
        """A message or a pressed button; 202 once it is written down. The same id again changes nothing."""
        if (refusal := self._refusal(request)) is not None:
            return refusal
        chat = session.chat_of(request) or ChatId("web", "")
        try:
            body = json.loads(await _body(request, _LARGEST_MESSAGE))
            message = _message(chat, body)
        except _TooLargeError:
            return JSONResponse({"error": "too_large"}, 413)
        except (ValueError, RecursionError, ClientDisconnect):
            return JSONResponse({"error": "malformed"}, 400)
        return await self._take(message)

    async def take_file(self, request: Request) -> Response:
        """A file: its bytes are the body, `id` and `name` stand in the query."""
        if (refusal := self._refusal(request)) is not None:
            return refusal
        chat = session.chat_of(request) or ChatId("web", "")
        id_, name = request.query_params.get("id", ""), request.query_params.get("name", "")[:200]
        album = request.query_params.get("album", "")
        if not _ID.fullmatch(id_) or (album and not _ID.fullmatch(album)):
            return JSONResponse({"error": "malformed"}, 400)
        try:
            content = await _body(request, LARGEST_FILE)
            mime = request.headers.get("content-type", "").split(";")[0].strip().lower()[:100]
            new = NewDocument(content, name, mime, self._program.services.now())
            digest = await self._store.write(documents.keep, new)
        except _TooLargeError:
            return JSONResponse({"error": "too_large"}, 413)
        except ClientDisconnect:
            return Response(status_code=400)
        except StoreUnavailableError:
            return Response(status_code=503)
        kind = "photo" if mime.startswith("image/") else "voice" if mime.startswith("audio/") else "file"
        attachment = Attachment(digest, name=name, mime=mime, kind=kind, size=len(content))
        return await self._take(Message(id_, chat, attachments=(attachment,), kind=kind, album=album or None))

    async def give_file(self, request: Request) -> Response:
        """A file that stands in this browser's chat."""
        chat, digest = session.chat_of(request), request.path_params["digest"]
        if chat is None or not await self._store.read(documents.is_in_chat, chat, digest):
            return Response(status_code=404)
        kept = await self._store.read(documents.document, digest)
        if kept is None:
            return Response(status_code=404)
        name = request.query_params.get("name") or kept.name or "document"
        shown = kept.mime in _SHOWN
        headers = {
            **_HEADERS,
            "content-security-policy": "default-src 'none'; sandbox",
            "cache-control": "private, max-age=86400, immutable",
            "content-disposition": f"{'inline' if shown else 'attachment'}; filename*=utf-8''{quote(name)}",
        }
        return Response(
            kept.content, media_type=kept.mime if shown else "application/octet-stream", headers=headers
        )

    async def events(self, request: Request) -> Response:
        """The chat as it grows (server-sent events); goes on after the last event the browser has."""
        chat = session.chat_of(request)
        if chat is None:
            return Response(status_code=401)
        last = request.headers.get("last-event-id") or request.query_params.get("after", "0")
        after = int(last) if last.isascii() and last.isdigit() and len(last) < 19 else 0
        headers = {**_HEADERS, "cache-control": "no-store", "x-accel-buffering": "no"}
        return StreamingResponse(self._stream(chat, after), media_type="text/event-stream", headers=headers)

    async def _stream(self, chat: ChatId, after: int) -> AsyncIterator[str]:
        live = self._program.live
        yield "retry: 1000\n\n"
        with live.listen(chat) as changed:
            while not live.closing:
                changed.clear()
                try:
                    rows = await self._store.transcript(chat, after)
                except StoreUnavailableError:
                    return  # the browser comes back by itself
                for row in rows:
                    after = row[0]
                    yield f"id: {after}\ndata: {json.dumps(_entry(*row), ensure_ascii=False)}\n\n"
                if not rows and not await _within(changed, _ALIVE_SECONDS):
                    yield ": alive\n\n"

    def _refusal(self, request: Request) -> Response | None:
        if not session.is_own_page(request):
            return JSONResponse({"error": "foreign"}, 403)
        chat = session.chat_of(request)
        if chat is None:
            return JSONResponse({"error": "session"}, 401)
        if self._in_work[chat] >= _IN_WORK:
            return JSONResponse({"error": "busy"}, 429, headers={"retry-after": "2"})
        return None

    async def _take(self, message: Message) -> Response:
        try:
            new = await self._program.assistant.accept(message)
        except StoreUnavailableError:
            return JSONResponse({"error": "unavailable"}, 503, headers={"retry-after": "2"})
        if new:
            task = asyncio.create_task(self._answer(message))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return JSONResponse({"taken": message.id}, 202)

    async def _answer(self, message: Message) -> None:
        self._in_work[message.chat] += 1
        try:
            await self._program.assistant.answer(message)
        except StoreUnavailableError:
            _log.warning("web_answer_put_off")  # it is in the inbox, and answered later
        finally:
            self._in_work[message.chat] -= 1
            if not self._in_work[message.chat]:
                del self._in_work[message.chat]

    async def _introduce(self, chat: ChatId) -> None:
        """With demo data every browser speaks for the demo employee."""
        employee = self._program.demo_employee
        if employee is not None:
            await self._store.write(people.attach, Attach(chat, employee, self._program.services.now()))


class _TooLargeError(Exception):
    pass


async def _body(request: Request, limit: int) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise _TooLargeError
    return bytes(body)


def _message(chat: ChatId, body: Any) -> Message:
    """The message in a call; raises ValueError."""
    match body:
        case {"id": str(id_), "text": str(text), "language": str(language), **more} if _ID.fullmatch(id_):
            action = more.get("action")
            if action is not None and not (isinstance(action, str) and _ACTION.fullmatch(action)):
                raise ValueError("action")
            return Message(id_, chat, text, action=action, language=language[:16])
    raise ValueError("message")


def _entry(id_: int, direction: str, body: dict[str, Any]) -> dict[str, Any]:
    """A message of the transcript as the page takes it."""
    entry: dict[str, Any] = {"seq": id_, "from": "me" if direction == "in" else "bot", "at": body["at"]}
    entry["text"] = body.get("text", "")
    if direction == "in":
        entry["id"] = body.get("id", "")
        entry["action"] = body.get("action")
        entry["files"] = [
            {"digest": part["ref"], "name": part["name"], "mime": part["mime"]}
            for part in body.get("attachments", ())
        ]
        return entry
    entry["choices"] = body.get("choices", [])
    entry["key"] = body.get("key", "")
    entry["language"] = body.get("language", "zh")
    if body.get("file"):
        entry["files"] = [{"digest": body["file"], "name": body.get("file_name") or "", "mime": ""}]
    return entry


async def _within(event: asyncio.Event, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True
