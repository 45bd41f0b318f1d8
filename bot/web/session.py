"""Who a browser is (网页会话): a random secret in a cookie, of which we keep only the digest."""

import hashlib
import re
import secrets
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from storage.records import ChatId

COOKIE = "piaoda_chat"
_SECONDS = 400 * 86_400  # the longest a browser keeps one
_SECRET = re.compile(r"[A-Za-z0-9_-]{43}")  # 256 bits in base64


def secret_of(request: Request) -> str | None:
    """The secret that this browser shows, or None."""
    shown = request.cookies.get(COOKIE, "")
    return shown if _SECRET.fullmatch(shown) else None


def new_secret() -> str:
    """A secret for a new browser."""
    return secrets.token_urlsafe(32)


def chat_of(request: Request) -> ChatId | None:
    """The chat that belongs to this browser, or None for a new one."""
    shown = secret_of(request)
    return None if shown is None else chat_with(shown)


def chat_with(secret: str) -> ChatId:
    """The chat of the browser that holds a secret."""
    return ChatId("web", hashlib.sha256(secret.encode()).hexdigest()[:32])


def keep(response: Response, secret: str, request: Request) -> None:
    """Give the browser its secret, or more time with it."""
    # Not "strict": a link to the page from a mail would arrive without its chat, and be given a new one.
    response.set_cookie(
        COOKIE,
        secret,
        max_age=_SECONDS,
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
        path="/",
    )


def is_own_page(request: Request, public_url: str | None = None) -> bool:
    """Whether our own page sent this request: other sites may not speak in a user's name.

    A proxy in front may show us another host name than the browser sees: that is what `public_url` is for.
    """
    origin = request.headers.get("origin")
    if origin is None:
        return request.headers.get("sec-fetch-site", "same-origin") in ("same-origin", "none")
    try:
        host = urlsplit(origin).netloc
    except ValueError:
        return False
    return host != "" and host in (
        request.headers.get("host"),
        urlsplit(public_url).netloc if public_url else None,
    )
