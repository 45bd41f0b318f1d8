"""The webhook (回调): updates that Telegram posts to us."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import Awaitable, Callable

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from storage.database import StoreUnavailableError

_HEADER = "x-telegram-bot-api-secret-token"
_BODY_BYTES = 256 * 1024
_BODY_SECONDS = 10.0  # a client that stalls is let go


class _RefusedError(Exception):
    """The request is not an update; `status` says why."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


def secret_for(token: str) -> str:
    """A secret for the webhook where none is set: the same on every node, and silent about the token."""
    return hmac.new(token.encode(), b"piaoda telegram webhook", hashlib.sha256).hexdigest()


class Webhook:
    """The HTTP endpoint: `take` makes an update durable or raises StoreUnavailableError."""

    def __init__(
        self, secret: str, take: Callable[[object], Awaitable[None]], is_busy: Callable[[], bool]
    ) -> None:
        self._secret = secret.encode()
        self._take = take
        self._is_busy = is_busy

    async def __call__(self, request: Request) -> Response:
        """200 once the update is durable; 401, 403, 4xx for what is none; 503 to have it sent again."""
        presented = request.headers.get(_HEADER)
        if presented is None:
            return Response(status_code=401)
        if not hmac.compare_digest(presented.encode("latin-1"), self._secret):
            return Response(status_code=403)
        try:
            async with asyncio.timeout(_BODY_SECONDS):
                update = _update(await _body(request))
        except _RefusedError as error:
            return Response(status_code=error.status)
        except TimeoutError:
            return Response(status_code=408)
        except ClientDisconnect:
            return Response(status_code=400)
        if self._is_busy():
            return Response(status_code=503)
        try:
            await self._take(update)
        except StoreUnavailableError:
            return Response(status_code=503)
        return Response(status_code=200)


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _BODY_BYTES:
            raise _RefusedError(413)
    return bytes(body)


def _update(body: bytes) -> object:
    """The JSON object in `body`, numbered as updates are."""
    try:
        update = json.loads(body)
    except (ValueError, RecursionError):
        raise _RefusedError(400) from None
    if not (isinstance(update, dict) and type(update.get("update_id")) is int):
        raise _RefusedError(400)
    return update
