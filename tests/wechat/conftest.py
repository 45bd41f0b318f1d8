"""The channel behind a real server on loopback, its far end, and an assistant."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
import pytest_asyncio
import uvicorn

from bot.channels.wechat.account import Account
from bot.channels.wechat.adapter import WeChat
from tests.fakes.wechat import APP_ID, APP_SECRET, FakeWeChat
from tests.waiting import until
from tests.wechat.doubles import AES_KEY, TOKEN, EchoAssistant, Platform

PICTURES = {"picture": b"\x89PNG loopback"}


class KeyWords:
    """A catalog that says the key."""

    def text(self, key: str, language: str, /, **values: Any) -> str:
        return f"[{key} {language}]"


def utc_now() -> datetime:
    return datetime.now(UTC)


async def read_document(reference: str) -> bytes | None:
    return PICTURES.get(reference)


@dataclass
class Stage:
    """All that plays in a test."""

    far_end: FakeWeChat
    channel: WeChat
    assistant: EchoAssistant
    platform: Platform
    address: tuple[str, int]


@asynccontextmanager
async def open_stage(mode: str, **settings: Any) -> AsyncIterator[Stage]:
    async with FakeWeChat() as far_end:
        assistant = EchoAssistant()
        key = None if mode == "plain" else AES_KEY
        account = Account(
            TOKEN, **{"app_id": APP_ID, "app_secret": APP_SECRET, "aes_key": key, "mode": mode,
                      "api_base": far_end.base, **settings}
        )  # fmt: skip
        channel = WeChat(account, assistant, KeyWords(), assistant.keep, read_document)
        assistant.channel = channel
        await channel.start()
        async with _served(channel) as address:
            base = f"http://{address[0]}:{address[1]}"
            async with httpx.AsyncClient(base_url=base, timeout=12, trust_env=False) as http:
                yield Stage(far_end, channel, assistant, Platform(mode, http), address)
        await assistant.close()
        await channel.stop()
        assert far_end.violations == []


@asynccontextmanager
async def _served(channel: WeChat) -> AsyncIterator[tuple[str, int]]:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await channel.handle(scope, receive, send)

    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    config = uvicorn.Config(app, lifespan="off", log_level="critical", access_log=False, loop="none")
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    serving = asyncio.create_task(server._serve([listener]))
    await until(lambda: server.started)
    yield listener.getsockname()
    server.should_exit = True
    server.force_exit = True
    await serving
    listener.close()


@pytest_asyncio.fixture(params=["plain", "compatible", "safe"])
async def stage(request: pytest.FixtureRequest) -> AsyncIterator[Stage]:
    """The channel in each mode."""
    async with open_stage(request.param) as each:
        yield each


@pytest_asyncio.fixture(params=["compatible", "safe"])
async def sealed(request: pytest.FixtureRequest) -> AsyncIterator[Stage]:
    """The channel in each encrypted mode."""
    async with open_stage(request.param) as each:
        yield each


@pytest_asyncio.fixture
async def safe() -> AsyncIterator[Stage]:
    """The channel in safe mode."""
    async with open_stage("safe") as each:
        yield each


@pytest_asyncio.fixture
async def plain() -> AsyncIterator[Stage]:
    """The channel in plain mode."""
    async with open_stage("plain") as each:
        yield each
