"""The HTTP side of python-telegram-bot, made strict: an answer of the Bot API, or an error that says why."""

import ipaddress
import json
import logging
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx
from telegram import Bot
from telegram.error import NetworkError, TelegramError
from telegram.request import BaseRequest, HTTPXRequest, RequestData

READ_SECONDS = 20.0  # patience with a slow answer: giving up early would leave the message in doubt
_CONNECT_SECONDS = 5.0
_ANSWERED_EMPTY = b'{"ok":true,"result":[]}'


class FloodError(TelegramError):
    """429: the Bot API asks us to wait `seconds`."""

    def __init__(self, seconds: float) -> None:
        super().__init__("Too Many Requests")
        self.seconds = seconds


class ForeignAnswerError(NetworkError):
    """Something between us and the Bot API answered, a proxy or a portal: the call was not carried out."""


class Wire(HTTPXRequest):
    """Requests whose answers are checked before the library sees them.

    The library would print a page that is not JSON to its log, fail with a KeyError on JSON of another
    shape, and warn about the type of `retry_after`.
    """

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: Any = BaseRequest.DEFAULT_NONE,
        write_timeout: Any = BaseRequest.DEFAULT_NONE,
        connect_timeout: Any = BaseRequest.DEFAULT_NONE,
        pool_timeout: Any = BaseRequest.DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        """Status and body; raises FloodError, ForeignAnswerError, and what HTTPXRequest raises."""
        status, body = await super().do_request(
            url, method, request_data, read_timeout, write_timeout, connect_timeout, pool_timeout
        )
        answer = _json_object(body)
        if answer is None or (status < 300 and not (answer.get("ok") is True and "result" in answer)):
            raise ForeignAnswerError(f"HTTP {status} without an answer of the Bot API")
        if status == 429:
            raise FloodError(_retry_after(answer))
        return status, body


class RawUpdates(Wire):
    """The requests of getUpdates: keeps the updates raw and hands the library an empty list.

    The library parses a batch as a whole; one update that it does not understand would block those behind
    it for ever.
    """

    _batch: list[Any] | None = None

    async def do_request(self, *args: Any, **options: Any) -> tuple[int, bytes]:
        """Status and an empty answer; the updates are in `take()`."""
        status, body = await super().do_request(*args, **options)
        if status >= 300:
            return status, body
        batch = json.loads(body)["result"]
        if not isinstance(batch, list):
            raise ForeignAnswerError("getUpdates did not answer with a list")
        self._batch = batch
        return status, _ANSWERED_EMPTY

    def take(self) -> list[Any]:
        """The updates of the last call, once."""
        batch, self._batch = self._batch or [], None
        return batch


@dataclass(frozen=True, slots=True)
class Line:
    """A way to the Bot API; opens no connection by itself."""

    bot: Bot
    updates: RawUpdates  # where the updates of `bot.get_updates` arrive
    options: Mapping[str, Any]  # for an httpx client that fetches files there


def connect(token: str, api_base: str) -> Line:
    """A line to the Bot API at `api_base` (no path) for the bot with `token`."""
    base = api_base.rstrip("/")
    options: dict[str, Any] = {"verify": _tls(base), "trust_env": not _is_loopback(base)}
    timing: dict[str, Any] = {"connect_timeout": _CONNECT_SECONDS, "pool_timeout": 5.0, "write_timeout": 10.0}
    updates = RawUpdates(
        connection_pool_size=2, read_timeout=READ_SECONDS / 2, httpx_kwargs=dict(options), **timing
    )
    calls = Wire(
        connection_pool_size=32,
        read_timeout=READ_SECONDS,
        media_write_timeout=60.0,
        httpx_kwargs=dict(options),
        **timing,
    )
    bot = Bot(
        token,
        base_url=f"{base}/bot",
        base_file_url=f"{base}/file/bot",
        request=calls,
        get_updates_request=updates,
    )
    return Line(bot, updates, options)


def _tls(base: str) -> ssl.SSLContext:
    """One context for all clients: each would load the certificates anew (20 ms). Plain http needs none."""
    if base.startswith("http:"):
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # trusts nobody, should a redirect lead to https
    return httpx.create_ssl_context()


def _is_loopback(base: str) -> bool:
    """Whether `base` is on this machine: no proxy is asked then."""
    host = urlsplit(base).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def hush_libraries() -> None:
    """Keep the libraries from logging addresses (they hold the token) and texts."""
    for name in ("httpx", "httpcore", "telegram"):
        logging.getLogger(name).setLevel(logging.WARNING)


def _json_object(body: bytes) -> dict[str, Any] | None:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return answer if isinstance(answer, dict) else None


def _retry_after(answer: dict[str, Any]) -> float:
    parameters = answer.get("parameters")
    seconds = parameters.get("retry_after") if isinstance(parameters, dict) else None
    return float(seconds) if isinstance(seconds, int | float) and 0 < seconds < 86_400 else 1.0
