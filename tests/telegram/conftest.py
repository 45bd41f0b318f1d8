"""A bot that runs against its far end, by polling and by webhook."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx
import pytest
import pytest_asyncio
from starlette.applications import Starlette
from starlette.routing import Route

from bot.channels.telegram.adapter import Account, Telegram
from tests.fakes.telegram import TOKEN, FakeTelegram
from tests.telegram.doubles import EchoAssistant
from tests.waiting import until

SECRET = "loopback_secret-1"
COMMANDS = {
    language: {"start": "开始 / start", "help": "帮助 / help", "status": "查发票"}
    for language in ("zh", "en", "ja")
}
DOCUMENTS = {"kept": b"%PDF-1.7 kept"}


async def read_document(reference: str) -> bytes | None:
    return DOCUMENTS.get(reference)


@dataclass
class Stage:
    """All that plays in a test."""

    far_end: FakeTelegram
    channel: Telegram
    assistant: EchoAssistant
    http: httpx.AsyncClient  # to our own server


@asynccontextmanager
async def _stage(mode: str) -> AsyncIterator[Stage]:
    http: httpx.AsyncClient | None = None

    async def deliver(url: str, headers: dict[str, str], body: bytes) -> int:
        assert http is not None
        return (await http.post(url, headers=headers, content=body)).status_code

    async with FakeTelegram(deliver) as far_end:
        assistant = EchoAssistant()
        account = Account(
            TOKEN,
            "webhook" if mode == "webhook" else "polling",
            SECRET if mode == "webhook" else None,
            "http://piaoda.test" if mode == "webhook" else None,
            far_end.base,
        )
        channel = Telegram(account, assistant, COMMANDS, read_document)
        assistant.channel = channel
        app = Starlette(routes=[Route("/telegram", channel.webhook, methods=["POST"])])
        http = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://piaoda.test")
        stage = Stage(far_end, channel, assistant, http)
        yield stage
        await assistant.close()
        await channel.stop()
        await http.aclose()


@pytest_asyncio.fixture(params=["polling", "webhook"])
async def stage(request: pytest.FixtureRequest) -> AsyncIterator[Stage]:
    """A started channel, once in each mode."""
    async with _stage(request.param) as each:
        await each.channel.start()
        await until(lambda: each.channel.ready and len(each.far_end.commands) == 4)
        yield each
        assert each.far_end.violations == []


@pytest_asyncio.fixture
async def polling() -> AsyncIterator[Stage]:
    """A channel that will poll, not started."""
    async with _stage("polling") as each:
        yield each


@pytest_asyncio.fixture
async def webhook() -> AsyncIterator[Stage]:
    """A channel that will take a webhook, not started."""
    async with _stage("webhook") as each:
        yield each
