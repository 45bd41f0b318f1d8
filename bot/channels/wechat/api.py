"""Calls to the platform: one token for all of them, limits on every wait, no call that cannot succeed."""

import asyncio
import json
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx
import structlog

from bot.channels.wechat.faults import BUSY, TOKEN, ApiError, Circuit
from handlers.core import AttachmentError, InDoubtError, RetryLaterError

_TIMEOUT = httpx.Timeout(connect=3.0, read=5.0, write=5.0, pool=3.0)
_LIMITS = httpx.Limits(max_connections=20, max_keepalive_connections=10, keepalive_expiry=8.0)
_BUSY_PAUSES = (0.3, 1.0)  # seconds before the second and the third try
_EARLY = 240.0  # seconds before its end that a token is replaced; the platform has a new one 300 s before
_FORCE_PAUSE = 30.0  # the platform refuses a forced refresh sooner
_OUTAGE_PAUSE = 5.0
_DOWNLOAD_SECONDS = 20.0
_ERROR_BYTES = 64 * 1024
_TOKEN_PATH = "/cgi-bin/stable_token"  # noqa: S105 -- a path
_UPLOAD_PATH = "/cgi-bin/media/upload"
_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Line:
    """Where the platform is, and who we are to it."""

    base: str
    app_id: str
    app_secret: str = field(repr=False)


def open_client() -> httpx.AsyncClient:
    """A client that asks no proxy of the environment and follows nobody elsewhere."""
    # httpx logs every address, and ours carry the token.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    logging.getLogger("httpcore").setLevel(logging.WARNING)
    return httpx.AsyncClient(timeout=_TIMEOUT, limits=_LIMITS, trust_env=False, follow_redirects=False)


class Api:
    """The platform's interface. Methods raise ApiError for a refusal, and DeliveryErrors for the rest."""

    def __init__(self, line: Line, client: httpx.AsyncClient, now: Callable[[], datetime]) -> None:
        self._line = line
        self._client = client
        self._circuit = Circuit(now)
        self._tokens = _Tokens(line, self)

    @property
    def works(self) -> bool:
        """Whether no code of the platform holds back every call, or those of a path."""
        return not self._circuit.is_open

    async def token(self) -> str:
        """A valid access_token (调用凭证)."""
        return await self._token_for(_TOKEN_PATH)

    async def _token_for(self, path: str) -> str:
        self._circuit.check(path)
        return await self._tokens.token()

    async def call(
        self, path: str, payload: Mapping[str, Any], *, repeatable: bool = False
    ) -> dict[str, Any]:
        """POST `payload`; a call that may be repeated is never in doubt."""
        body = json.dumps(payload, ensure_ascii=False).encode()  # escapes would be shown as they stand
        return await self._with_token(
            path, lambda token: self.post(path, body, {"access_token": token}, repeatable=repeatable)
        )

    async def upload_image(self, name: str, content: bytes) -> str:
        """Upload a temporary image; returns its media_id, valid for three days."""
        files = {"media": (name, content)}
        result = await self._with_token(
            _UPLOAD_PATH,
            lambda token: self._request(
                _UPLOAD_PATH,
                {"access_token": token, "type": "image"},
                {"files": files},
                repeatable=True,
            ),
        )
        media = result.get("media_id")
        if not isinstance(media, str):
            raise RetryLaterError(_OUTAGE_PAUSE, "no media_id")
        return media

    async def download(self, media: str, limit: int) -> bytes:
        """The bytes of a temporary media file; raises AttachmentError."""
        try:
            async with asyncio.timeout(_DOWNLOAD_SECONDS):
                try:
                    return await self._download(media, limit)
                except httpx.TransportError as error:
                    # The user has sent it once and should not be asked to again for one hiccup.
                    _log.warning("wechat.media_again", error=type(error).__name__)
                return await self._download(media, limit)
        except ApiError as error:
            _log.warning("wechat.media_refused", errcode=error.code)
            raise AttachmentError("gone" if error.code in (40007, 41006) else "unavailable") from error
        except (httpx.HTTPError, TimeoutError, RetryLaterError) as error:
            _log.warning("wechat.media_unavailable", error=type(error).__name__)
            raise AttachmentError("unavailable") from error

    async def _download(self, media: str, limit: int) -> bytes:
        token = await self.token()
        try:
            return await self._media(token, media, limit)
        except ApiError as error:
            if error.code not in TOKEN:
                raise
        await self._tokens.renew(token)
        return await self._media(await self.token(), media, limit)

    async def post(
        self, path: str, body: bytes, params: Mapping[str, str], *, repeatable: bool
    ) -> dict[str, Any]:
        """One POST, tried again while the platform says it is busy."""
        for pause in (*_BUSY_PAUSES, None):
            try:
                return await self._request(path, params, {"content": body}, repeatable=repeatable)
            except ApiError as error:
                if error.code != BUSY or pause is None:
                    raise
                await asyncio.sleep(pause)
        raise AssertionError("unreachable")

    async def _with_token(self, path: str, send: Callable[[str], Any]) -> dict[str, Any]:
        token = await self._token_for(path)
        for is_last in (False, True):
            try:
                result: dict[str, Any] = await send(token)
                return result
            except ApiError as error:
                if error.code in TOKEN and not is_last:
                    await self._tokens.renew(token)
                    token = await self._token_for(path)
                    continue
                self.trip(error, path)
                raise
        raise AssertionError("unreachable")

    def check(self, path: str) -> None:
        """Raise RetryLaterError while calls of `path` are held back."""
        self._circuit.check(path)

    def trip(self, error: ApiError, path: str) -> None:
        """Raise RetryLaterError where the code stops further calls for a while."""
        pause = self._circuit.trip(error.code, path)
        if pause is not None:
            raise pause from error

    async def _request(
        self, path: str, params: Mapping[str, str], content: dict[str, Any], *, repeatable: bool
    ) -> dict[str, Any]:
        try:
            response = await self._client.post(self._line.base + path, params=dict(params), **content)
        except _NEVER_SENT as error:
            raise RetryLaterError(_OUTAGE_PAUSE, type(error).__name__) from error
        except httpx.HTTPError as error:
            if repeatable:
                raise RetryLaterError(_OUTAGE_PAUSE, type(error).__name__) from error
            raise InDoubtError(type(error).__name__) from error
        return _result(response, repeatable=repeatable)

    async def _media(self, token: str, media: str, limit: int) -> bytes:
        address = self._line.base + "/cgi-bin/media/get"
        params = {"access_token": token, "media_id": media}
        async with self._client.stream("GET", address, params=params) as response:
            if response.status_code != 200:
                raise AttachmentError("unavailable")
            kind = response.headers.get("content-type", "")
            if "json" in kind or kind.startswith("text/"):
                # Refusals, and videos, which come as an address elsewhere, are JSON in the place of bytes.
                _refusal(await _read(response, _ERROR_BYTES))
                raise AttachmentError("unavailable")
            return await _read(response, limit)


class _Tokens:
    """The stable access token, fetched by one caller at a time and replaced before it ends."""

    def __init__(self, line: Line, api: Api) -> None:
        self._line = line
        self._api = api
        self._lock = asyncio.Lock()
        self._token = ""
        self._end = 0.0  # time.monotonic()
        self._forced = -_FORCE_PAUSE

    async def token(self) -> str:
        if not self._is_fresh():
            async with self._lock:
                if not self._is_fresh():
                    await self._replace()
        return self._token

    async def renew(self, stale: str) -> None:
        """Replace a token that the platform refused, unless another caller has done so already."""
        async with self._lock:
            if self._token != stale:
                return
            await self._fetch(force=False)
            if self._token == stale and time.monotonic() - self._forced >= _FORCE_PAUSE:
                self._forced = time.monotonic()
                await self._fetch(force=True)

    def _is_fresh(self) -> bool:
        return bool(self._token) and time.monotonic() < self._end - _EARLY

    async def _replace(self) -> None:
        try:
            await self._fetch(force=False)
        except RetryLaterError:
            if time.monotonic() >= self._end:
                raise

    async def _fetch(self, *, force: bool) -> None:
        self._api.check(_TOKEN_PATH)
        body = json.dumps(
            {
                "grant_type": "client_credential",
                "appid": self._line.app_id,
                "secret": self._line.app_secret,
                "force_refresh": force,
            }
        ).encode()
        try:
            result = await self._api.post(_TOKEN_PATH, body, {}, repeatable=True)
        except ApiError as error:
            _log.error("wechat.token_refused", errcode=error.code, forced=force)
            if force:
                return  # 20 a day; the refusal says nothing about other calls
            self._api.trip(error, _TOKEN_PATH)
            raise RetryLaterError(_OUTAGE_PAUSE, str(error)) from error
        token, seconds = result.get("access_token"), result.get("expires_in")
        if not (isinstance(token, str) and token and isinstance(seconds, int)):
            raise RetryLaterError(_OUTAGE_PAUSE, "no token")
        self._token = token
        # A token with little time left is used up to half of it, not fetched anew for every call.
        self._end = time.monotonic() + max(seconds, seconds / 2 + _EARLY)


def _result(response: httpx.Response, *, repeatable: bool) -> dict[str, Any]:
    if response.status_code == 504 and not repeatable:
        raise InDoubtError("504")  # passed on, and no answer came back
    try:
        result = json.loads(response.content) if response.status_code == 200 else None
    except ValueError:
        result = None
    if not isinstance(result, dict):
        # A gateway's page: the call did not get to the platform.
        raise RetryLaterError(_OUTAGE_PAUSE, f"status {response.status_code} without a result")
    code = _code(result)
    if code:
        raise ApiError(code)
    return result


def _refusal(content: bytes) -> None:
    try:
        result = json.loads(content)
    except ValueError:
        return
    if isinstance(result, dict) and (code := _code(result)):
        raise ApiError(code)


def _code(result: Mapping[str, Any]) -> int:
    try:
        return int(result.get("errcode") or 0)
    except (TypeError, ValueError):
        return 0


async def _read(response: httpx.Response, limit: int) -> bytes:
    length = response.headers.get("content-length", "")
    if length.isdigit() and int(length) > limit:
        raise AttachmentError("too_large")
    content = bytearray()
    async for chunk in response.aiter_bytes():
        content += chunk
        if len(content) > limit:
            raise AttachmentError("too_large")
    return bytes(content)
