"""Files that users send: fetched by reference, capped while they come in."""

import asyncio
from collections.abc import Mapping
from typing import Any

import httpx
from telegram import Bot, File
from telegram.error import BadRequest, InvalidToken, TelegramError

from bot.channels.telegram.wire import FloodError
from handlers.core import AttachmentError
from storage.records import Attachment

BOT_API_LIMIT = 20_000_000  # bytes: the Bot API hands out nothing larger
_TRIES = 3
_SECONDS = 60.0  # for the whole of a download


class Files:
    """Fetches files; `options` are those of the line, for an httpx client."""

    def __init__(self, bot: Bot, options: Mapping[str, Any]) -> None:
        self._bot = bot
        self._options = options

    async def fetch(self, attachment: Attachment, limit: int) -> bytes:
        """The bytes of `attachment`; raises AttachmentError: too_large, gone or unavailable."""
        limit = min(limit, BOT_API_LIMIT)
        if (attachment.size or 0) > limit:
            raise AttachmentError("too_large")
        try:
            async with asyncio.timeout(_SECONDS):
                return await self._download(await self._locate(attachment.ref), limit)
        except TimeoutError:
            raise AttachmentError("unavailable") from None

    async def _locate(self, ref: str) -> File:
        for attempt in range(1, _TRIES + 1):
            try:
                return await self._bot.get_file(ref)
            except BadRequest as error:
                raise AttachmentError("too_large" if "too big" in str(error).lower() else "gone") from error
            except InvalidToken as error:
                raise AttachmentError("unavailable") from error
            except TelegramError as error:
                if attempt == _TRIES:
                    raise AttachmentError("unavailable") from error
                await asyncio.sleep(error.seconds if isinstance(error, FloodError) else attempt)
        raise AttachmentError("unavailable")

    async def _download(self, file: File, limit: int) -> bytes:
        if (file.file_size or 0) > limit:
            raise AttachmentError("too_large")
        if not file.file_path:
            raise AttachmentError("gone")
        async with httpx.AsyncClient(**self._options, timeout=20.0) as client:
            for attempt in range(1, _TRIES + 1):
                try:
                    return await _capped(client, file.file_path, limit)
                except httpx.HTTPError as error:
                    if attempt == _TRIES:
                        raise AttachmentError("unavailable") from error
                    await asyncio.sleep(attempt)
        raise AttachmentError("unavailable")


async def _capped(client: httpx.AsyncClient, url: str, limit: int) -> bytes:
    """The body at `url`; never holds more than `limit` and a chunk."""
    async with client.stream("GET", url) as response:
        if response.status_code in (400, 404, 410):
            raise AttachmentError("gone")
        response.raise_for_status()
        content = bytearray()
        async for chunk in response.aiter_bytes():
            content += chunk
            if len(content) > limit:
                raise AttachmentError("too_large")
        return bytes(content)
