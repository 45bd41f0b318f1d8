"""WeChat official account: the adapter that bot/build.py wires in."""

import asyncio
import time
from collections.abc import Awaitable, Callable, MutableMapping
from datetime import UTC, datetime
from typing import Any

import structlog

from bot.channels.wechat.account import Account
from bot.channels.wechat.api import Api, open_client
from bot.channels.wechat.codec import text_reply
from bot.channels.wechat.gate import Delivery, Gate, RefusedError, read_query
from bot.channels.wechat.incoming import CHANNEL, Push, read_push
from bot.channels.wechat.sending import ReadDocument, Sender, Words
from bot.channels.wechat.talk import PASSIVE_SECONDS, Assistant, Keep, Said, Talk
from bot.channels.wechat.window import Windows
from handlers.core import AttachmentError, NeedsContactError
from storage.database import StoreUnavailableError
from storage.records import Attachment, Outgoing

PATH = "/wechat"
_BODY_SECONDS = 4.0  # a client that stalls is let go
_HOLD_SECONDS = 3.0  # after our own limit; the platform hangs up before
_STOP_SECONDS = 10.0
_CONFIRM = b"success"
_LARGEST_CONTENT_LENGTH = 12  # digits

_log = structlog.get_logger()

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


def _utc_now() -> datetime:
    return datetime.now(UTC)


class WeChat:
    """The channel: answers the callback, sends, fetches media.

    `keep(key, outgoing)` writes a message into the outbox once per key: the rest of an answer that is too
    long for one reply. `read_document` gives the bytes of a kept document by its reference.
    """

    name = CHANNEL
    concurrency = 16  # deliveries at once, below the connections of the client

    def __init__(
        self,
        account: Account,
        assistant: Assistant,
        catalog: Words,
        keep: Keep,
        read_document: ReadDocument,
        now: Callable[[], datetime] = _utc_now,
    ) -> None:
        self._assistant = assistant
        self._cryptor = account.cryptor
        self._gate = Gate(account.token, account.effective_mode, self._cryptor, now)
        self._windows = Windows()
        self._client = open_client()
        line = account.line
        self._api = Api(line, self._client, now) if line else None
        self._sender = (
            Sender(self._api, self._windows, catalog, account.notice, read_document, now)
            if self._api
            else None
        )
        self._talk = Talk(assistant, self._sender, self._windows, catalog, keep)
        self._mode = account.effective_mode

    @property
    def ready(self) -> bool:
        """Whether the platform takes our calls, as far as we know; an account that only answers makes none."""
        return self._api is None or self._api.works

    async def start(self) -> None:
        """Nothing is opened before the first call: the platform may be out of reach when we start."""
        if self._sender is None:
            _log.warning("wechat.passive_only", reason="no app secret: nothing can be sent first")
        _log.info("wechat.started", mode=self._mode)

    async def stop(self) -> None:
        """Let answers in work end; what does not end in time is run at the next start."""
        await self._talk.finish(_STOP_SECONDS)
        await self._client.aclose()

    async def send(self, outgoing: Outgoing, key: str) -> None:
        """Deliver one message; raises a DeliveryError. See Sender.send."""
        if self._sender is None:
            raise NeedsContactError("no app secret")
        await self._sender.send(outgoing, key)

    async def fetch(self, attachment: Attachment, limit: int) -> bytes:
        """The bytes of a media file, at most `limit`; raises AttachmentError."""
        if self._api is None:
            raise AttachmentError("unavailable")
        return await self._api.download(attachment.ref, limit)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI endpoint for /wechat: the platform's check of the address, and its pushes."""
        try:
            if scope["method"] == "POST":
                await self._push(scope, receive, send)
            elif scope["method"] == "GET":
                echo = self._gate.check_address(scope.get("query_string", b""))
                await _respond(send, 200, echo.encode("utf-8", "ignore"))
            else:
                await _respond(send, 405, b"", (b"allow", b"GET, POST"))
        except RefusedError as error:
            _log.warning("wechat.refused", status=error.status, reason=error.reason)
            await _respond(send, error.status, b"", (b"connection", b"close"))

    async def _push(self, scope: Scope, receive: Receive, send: Send) -> None:
        deadline = asyncio.get_running_loop().time() + PASSIVE_SECONDS
        query = read_query(scope.get("query_string", b""))
        self._gate.check_before_body(query)
        body = await _read_body(scope, receive, self._gate.body_limit)
        if body is None:
            return
        delivery = self._gate.open(query, body)
        push = read_push(delivery.fields)
        try:
            said = await self._answer(push, delivery, deadline, receive)
        except StoreUnavailableError:
            await _respond(send, 503, b"")  # the platform will deliver again
            return
        if said is None:
            await self._hold(receive, send)
            return
        await _respond(send, 200, *self._envelope(push, delivery, said))
        if said.items:
            await self._mark_written(said)

    async def _answer(self, push: Push, delivery: Delivery, deadline: float, receive: Receive) -> Said | None:
        if push.gone is not None:
            self._windows.close(push.user)
            await self._assistant.silence(push.gone)
        if push.message is None:
            return Said()
        return await self._talk.reply(
            push.message, push, delivery.timestamp, deadline, lambda: _hang_up(receive)
        )

    def _envelope(self, push: Push, delivery: Delivery, said: Said) -> tuple[bytes, tuple[bytes, bytes]]:
        if not said.text:
            return _CONFIRM, _PLAIN
        at = int(time.time())
        xml = text_reply(push.user, push.account, at, said.text)
        if delivery.sealed and self._cryptor is not None:
            xml = self._cryptor.seal(xml, at, delivery.nonce)
        return xml.encode(), _XML

    async def _mark_written(self, said: Said) -> None:
        try:
            await self._assistant.written(said.items)
        except StoreUnavailableError:
            # They stay unmarked and are shown again at the next contact: twice rather than never.
            _log.warning("wechat.written_unmarked", count=len(said.items))

    async def _hold(self, receive: Receive, send: Send) -> None:
        """Say nothing until the platform hangs up; it then delivers again, and the answer may be there."""
        try:
            async with asyncio.timeout(_HOLD_SECONDS):
                await _hang_up(receive)
        except TimeoutError:
            await _respond(send, 200, _CONFIRM)


_PLAIN = (b"content-type", b"text/plain; charset=utf-8")
_XML = (b"content-type", b"text/xml; charset=utf-8")


async def _respond(send: Send, status: int, body: bytes, header: tuple[bytes, bytes] = _PLAIN) -> None:
    headers = [
        header,
        (b"content-length", str(len(body)).encode()),
        (b"x-content-type-options", b"nosniff"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _read_body(scope: Scope, receive: Receive, limit: int) -> bytes | None:
    """The body; None if the client went away. Raises RefusedError for one too large or too slow."""
    length = dict(scope["headers"]).get(b"content-length", b"0")
    if not length.isdigit() or len(length) > _LARGEST_CONTENT_LENGTH or int(length) > limit:
        raise RefusedError(413, "too large")
    event = await _receive(receive)
    body = event.get("body", b"")
    if event["type"] != "http.request":
        return None
    if not event.get("more_body"):
        _check_size(body, limit)
        return bytes(body)
    return await _read_chunks(receive, bytearray(body), limit)


async def _read_chunks(receive: Receive, body: bytearray, limit: int) -> bytes | None:
    try:
        async with asyncio.timeout(_BODY_SECONDS):
            while True:
                _check_size(body, limit)
                event = await receive()
                if event["type"] != "http.request":
                    return None
                body += event.get("body", b"")
                if not event.get("more_body"):
                    _check_size(body, limit)
                    return bytes(body)
    except TimeoutError:
        raise RefusedError(408, "stalled") from None


async def _receive(receive: Receive) -> MutableMapping[str, Any]:
    try:
        async with asyncio.timeout(_BODY_SECONDS):
            return await receive()
    except TimeoutError:
        raise RefusedError(408, "stalled") from None


def _check_size(body: bytes | bytearray, limit: int) -> None:
    if len(body) > limit:
        raise RefusedError(413, "too large")


async def _hang_up(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
