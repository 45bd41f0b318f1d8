"""The live transcript: every message once and in order, from any point on, until the server stops."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import httpx
import pytest
import pytest_asyncio

from bot.build import Program
from handlers.core import Reply
from tests.web.stage import Site, Talk, quiet


@pytest_asyncio.fixture
async def site(program: Program) -> AsyncIterator[Site]:
    made = Site(program)
    await made.start()
    yield made
    await made.stop()


@pytest_asyncio.fixture
async def browser(site: Site) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=site.base, trust_env=False, timeout=10) as client:
        await client.get("/")
        yield client


async def say(browser: httpx.AsyncClient, text: str, id_: str) -> None:
    answer = await browser.post("/chat/messages", json={"id": id_, "text": text, "language": "zh"})
    assert answer.status_code == 202


class Listener:
    """What comes through one open stream."""

    def __init__(self, answer: httpx.Response) -> None:
        self.answer = answer
        self._events = self._read()

    async def _read(self) -> AsyncIterator[tuple[str, str, Any]]:
        name, id_, data = "message", "", ""
        async for line in self.answer.aiter_lines():
            field, _, value = line.partition(": ")
            match field:
                case "event":
                    name = value
                case "id":
                    id_ = value
                case "data":
                    data = value
                case "" if data:
                    yield name, id_, json.loads(data)
                    name, data = "message", ""

    async def next(self) -> tuple[str, str, Any]:
        """(event, id, data); raises StopAsyncIteration at the end."""
        async with asyncio.timeout(10):
            return await anext(self._events)

    async def said(self, count: int) -> list[dict[str, Any]]:
        """The next messages."""
        found: list[dict[str, Any]] = []
        while len(found) < count:
            name, id_, data = await self.next()
            if name == "message":
                assert id_ == str(data["seq"])
                found.append(data)
        return found


@asynccontextmanager
async def listening(browser: httpx.AsyncClient, after: object = 0, **headers: str) -> AsyncIterator[Listener]:
    """An open stream."""
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    async with browser.stream("GET", "/chat/events", params={"after": str(after)}, headers=headers) as answer:
        yield Listener(answer)


async def test_messages_come_as_they_are_said(browser: httpx.AsyncClient) -> None:
    async with listening(browser) as stream:
        assert stream.answer.headers["content-type"].startswith("text/event-stream")
        assert stream.answer.headers["cache-control"] == "no-store"
        await say(browser, "one", "message-1")
        await say(browser, "two", "message-2")
        got = await stream.said(4)
    assert [entry["seq"] for entry in got] == sorted({entry["seq"] for entry in got})
    assert [entry["id"] for entry in got if entry["from"] == "me"] == ["message-1", "message-2"]


async def test_a_stream_goes_on_after_what_the_browser_has(
    program: Program, browser: httpx.AsyncClient
) -> None:
    for number in range(5):
        await say(browser, "twice", f"message-{number}")
    await quiet(program)
    whole = (await browser.get("/chat/messages")).json()["messages"]
    assert len(whole) == 15
    middle = whole[6]["seq"]
    async with listening(browser, middle) as stream:
        assert await stream.said(8) == whole[7:]
    # What the browser got last counts more than where its page began.
    async with listening(browser, middle, last_event_id=str(whole[12]["seq"])) as stream:
        assert await stream.said(2) == whole[13:]


async def test_a_wrong_place_is_the_beginning(browser: httpx.AsyncClient, program: Program) -> None:
    await say(browser, "one", "message-1")
    await quiet(program)
    for place in ("", "x", "-1", "9" * 40, "²", "1e3"):
        async with listening(browser, place) as stream:
            assert len(await stream.said(2)) == 2


async def test_the_page_is_told_while_an_answer_is_in_work(browser: httpx.AsyncClient, talk: Talk) -> None:
    told: list[Any] = []
    async with listening(browser) as stream:
        await say(browser, "wait", "message-1")
        while False not in told:
            name, _, data = await stream.next()
            told.append(data if name == "working" else data["from"])
            if told[-1] is True:
                talk.go_on.set()
    assert told == ["me", True, "bot", False]


async def test_a_notice_comes_without_a_question(
    browser: httpx.AsyncClient, program: Program, talk: Talk
) -> None:
    await say(browser, "one", "message-1")
    await quiet(program)
    chat = talk.heard[0].message.chat
    async with listening(browser) as stream:
        await stream.said(2)
        await program.assistant.tell(chat, Reply("voice.heard", {"text": "notice"}), "en", "notice-1")
        (notice,) = await stream.said(1)
    assert "notice" in notice["text"]


async def test_streams_end_when_the_server_stops(site: Site, browser: httpx.AsyncClient) -> None:
    async with listening(browser) as stream:
        await say(browser, "one", "message-1")
        await stream.said(2)
        await site.stop()
        with pytest.raises(StopAsyncIteration):
            await stream.said(1)
    await site.start()
    async with listening(browser, 1) as stream:
        assert len(await stream.said(1)) == 1


async def test_head_of_a_stream_ends_at_once(browser: httpx.AsyncClient) -> None:
    answer = await browser.head("/chat/events")
    assert (answer.status_code, answer.content) == (200, b"")


async def test_one_chat_holds_so_many_streams(browser: httpx.AsyncClient) -> None:
    async def status() -> int:
        async with browser.stream("GET", "/chat/events") as answer:
            return answer.status_code

    async with AsyncExitStack() as opened:
        for _ in range(16):
            stream = await opened.enter_async_context(listening(browser))
            assert stream.answer.status_code == 200
        assert await status() == 429
    async with asyncio.timeout(10):
        while await status() != 200:
            pass
