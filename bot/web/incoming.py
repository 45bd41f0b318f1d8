"""What browsers send (来信): bodies within their bounds, and messages made of them."""

import json
import re
from typing import Any

from starlette.requests import Request

from storage.records import Attachment, ChatId, Message

LARGEST_FILE = 20_000_000  # bytes
LARGEST_MESSAGE = 64 * 1024  # bytes
_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")
_ACTION = re.compile(r"[a-z][a-z_]{0,31}(:[!-~]{1,48})?")
_MIME = re.compile(r"[a-z0-9.+-]{1,40}/[a-z0-9.+-]{1,60}")
# No control characters in texts (a database may refuse them), nor turned writing in file names.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_NOT_IN_NAMES = re.compile(r"[\x00-\x1f\x7f/\\\u202a-\u202e\u2066-\u2069]")


class TooLargeError(Exception):
    """A body is longer than it may be."""


async def body_of(request: Request, limit: int) -> bytes:
    """The body; raises TooLargeError, before reading where the length is told."""
    told = request.headers.get("content-length", "")
    if told.isascii() and told.isdigit() and int(told[:20]) > limit:
        raise TooLargeError
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise TooLargeError
    return bytes(body)


def text_message(chat: ChatId, body: bytes) -> Message:
    """The message or pressed button in a call; raises ValueError or RecursionError."""
    match json.loads(body):
        case {"id": str(id_), "text": str(text), "language": str(language), **more} if _ID.fullmatch(id_):
            action = more.get("action")
            if action is not None and not (isinstance(action, str) and _ACTION.fullmatch(action)):
                raise ValueError("action")
            if action is None and not text.strip():
                raise ValueError("empty")
            album = more.get("album")
            if album is not None and not (isinstance(album, str) and _ID.fullmatch(album)):
                raise ValueError("album")
            return Message(id_, chat, _text(text), action=action, language=_text(language)[:16], album=album)
    raise ValueError("message")


def file_message(chat: ChatId, request: Request) -> Message:
    """The message around a file that is still to come; raises ValueError."""
    asked: Any = request.query_params
    id_, album = asked.get("id", ""), asked.get("album", "")
    if not _ID.fullmatch(id_) or (album and not _ID.fullmatch(album)):
        raise ValueError("id")
    mime = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if not _MIME.fullmatch(mime):
        mime = "application/octet-stream"
    kind = "photo" if mime.startswith("image/") else "voice" if mime.startswith("audio/") else "file"
    part = Attachment("", name=file_name(asked.get("name", "")), mime=mime, kind=kind)
    language = _text(asked.get("language", ""))[:16] or None
    return Message(id_, chat, attachments=(part,), kind=kind, language=language, album=album or None)


def file_name(name: str) -> str:
    """A name that is safe to show and to save under; the end of a long one, where its type stands."""
    return _NOT_IN_NAMES.sub("", _text(name)).strip()[-120:]


def _text(text: str) -> str:
    # Half a surrogate pair is valid in JSON, but no text.
    return _CONTROL.sub("", text.replace("\r\n", "\n")).encode("utf-8", "replace").decode()
