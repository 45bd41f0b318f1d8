"""What the chat page's calls give back: headers, errors, and messages as the page takes them."""

from typing import Any

from starlette.responses import JSONResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob:",
        "connect-src 'self'",
        "manifest-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
)
HEADERS = {
    "content-security-policy": _POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "geolocation=(), microphone=()",
}
# A user's file never runs, whatever is in it.
FILE_HEADERS = {**HEADERS, "content-security-policy": "default-src 'none'; sandbox"}
_FIRST_BYTES = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)


class Assets(StaticFiles):
    """The page's own scripts, styles and pictures: asked for again each time, sent again when changed."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """A file."""
        response = await super().get_response(path, scope)
        response.headers.update({**HEADERS, "cache-control": "no-cache"})
        return response


def found(body: Any) -> JSONResponse:
    """A good answer."""
    return JSONResponse(body, headers={**HEADERS, "cache-control": "no-store"})


def error(name: str, status: int, *, wait: int | None = None) -> JSONResponse:
    """A refusal: `error` says why in one word, `wait` in how many seconds it may go better."""
    headers = {**HEADERS, "cache-control": "no-store"}
    if wait is not None:
        headers["retry-after"] = str(wait)
    return JSONResponse({"error": name}, status, headers=headers)


def picture_type(content: bytes) -> str | None:
    """The type of a picture that a browser shows; what a sender calls a file is not asked."""
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    return next((mime for first, mime in _FIRST_BYTES if content.startswith(first)), None)


def entry(id_: int, direction: str, body: dict[str, Any]) -> dict[str, Any]:
    """A message of the transcript."""
    shown: dict[str, Any] = {"seq": id_, "from": "me" if direction == "in" else "bot", "at": body["at"]}
    shown["text"] = body.get("text", "")
    if direction == "in":
        shown["id"] = body.get("id", "")
        shown["action"] = body.get("action")
        shown["files"] = [
            {"digest": part["ref"], "name": part["name"], "mime": part["mime"], "size": part.get("size")}
            for part in body.get("attachments", ())
        ]
        return shown
    shown["choices"] = body.get("choices", [])
    shown["key"] = body.get("key", "")
    shown["language"] = body.get("language", "zh")
    shown["files"] = []
    if body.get("file"):
        shown["files"] = [
            {"digest": body["file"], "name": body.get("file_name") or "", "mime": "", "size": None}
        ]
    return shown
