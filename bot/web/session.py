"""Who a browser is (网页会话): a random secret in a cookie, of which we keep only the digest."""

import hashlib
import secrets
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from storage.records import ChatId

COOKIE = "piaoda_chat"
_SECONDS = 400 * 86_400  # the longest a browser keeps one
_LENGTH = 43  # characters of 256 bits in base64


def chat_of(request: Request) -> ChatId | None:
    """The chat that belongs to this browser, or None for a new one."""
    shown = request.cookies.get(COOKIE, "")
    return _chat(shown) if len(shown) == _LENGTH else None


def new_chat() -> tuple[ChatId, str]:
    """A new chat, and the secret that `keep` gives to the browser."""
    value = secrets.token_urlsafe(32)
    return _chat(value), value


def keep(response: Response, value: str, request: Request) -> None:
    """Give the browser its secret."""
    secure = request.url.scheme == "https"
    response.set_cookie(
        COOKIE, value, max_age=_SECONDS, httponly=True, samesite="strict", secure=secure, path="/"
    )


def is_own_page(request: Request) -> bool:
    """Whether our own page sent this request: other sites may not speak in a user's name."""
    origin = request.headers.get("origin")
    if origin is not None:
        return urlsplit(origin).netloc == request.headers.get("host", "")
    return request.headers.get("sec-fetch-site", "same-origin") in ("same-origin", "none")


def _chat(value: str) -> ChatId:
    return ChatId("web", hashlib.sha256(value.encode()).hexdigest()[:32])
