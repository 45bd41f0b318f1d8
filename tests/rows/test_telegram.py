"""Rows over the whole program on Telegram: from the update to what the user sees."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from storage.records import ChatId
from tests.drawing.draw import draw
from tests.fakes.telegram import TOKEN, FakeTelegram
from tests.rows.conftest import SELLER, Whole, number_of, serving
from tests.telegram.doubles import text_update, update
from tests.waiting import until

USER = 7001
SECRET = "loopback_secret-1"

pytestmark = pytest.mark.slow


@dataclass
class Bot:
    """The users of a bot, and what they see."""

    whole: Whole
    far_end: FakeTelegram
    said: int = 10

    async def say(self, text: str, chat: int = USER) -> str:
        """What the user sees after a message."""
        self.said += 1
        return await self.after(text_update(chat, self.said, text), chat)

    async def press(self, action: str) -> str:
        """What the user sees after a pressed button."""
        self.said += 1
        pressed = update("press")
        pressed["callback_query"].update(id=f"9{self.said:05d}", data=action)
        return await self.after(pressed, USER)

    async def after(self, arriving: dict[str, Any], chat: int) -> str:
        before = len(self.far_end.texts(chat))
        await self.far_end.push(arriving)
        await until(lambda: len(self.far_end.texts(chat)) > before)
        return self.far_end.texts(chat)[-1]

    def button(self, start: str) -> str:
        """The newest button whose action begins so."""
        for call in reversed(self.far_end.calls("sendMessage", USER)):
            for row in json.loads(call.params.get("reply_markup") or "{}").get("inline_keyboard", []):
                for button in row:
                    if button.get("callback_data", "").startswith(start):
                        return str(button["callback_data"])
        raise AssertionError(f"no button {start}")


@asynccontextmanager
async def bot(home: Path, mode: str) -> AsyncIterator[Bot]:
    place = ""

    async def know(base: str) -> None:
        nonlocal place
        place = base

    async def deliver(url: str, headers: dict[str, str], body: bytes) -> int:
        target = place + url.removeprefix("https://piaoda.example")
        async with httpx.AsyncClient(trust_env=False) as client:
            return (await client.post(target, headers=headers, content=body)).status_code

    hook = {"telegram_secret": SECRET, "public_url": "https://piaoda.example"} if mode == "webhook" else {}
    async with FakeTelegram(deliver) as far_end:
        async with serving(
            home, at=know, telegram_token=TOKEN, telegram_mode=mode, telegram_api_base=far_end.base, **hook
        ) as whole:
            telegram = whole.program.telegram
            assert telegram is not None
            await until(lambda: telegram.ready)
            yield Bot(whole, far_end)
        assert far_end.violations == []


@pytest.mark.parametrize("mode", ["polling", "webhook"])
async def test_a_day_on_telegram(tmp_path: Path, mode: str) -> None:
    async with bot(tmp_path, mode) as here:
        assert "发票" in await here.say("你好")
        owner = await here.whole.employee(ChatId("telegram", str(USER)), "1001")
        for place in range(7):
            await here.whole.invoice(owner, number_of(place))
        await status_follow_and_notice(here)
        await search_and_next_page(here)
        if mode == "polling":
            await a_file(here)
            await twenty_at_once(here)
        answered = {call.params["callback_query_id"] for call in here.far_end.calls("answerCallbackQuery")}
        assert len(answered) == 2  # each pressed button


async def status_follow_and_notice(here: Bot) -> None:
    status = await here.say(f"查发票 {number_of(3)}")
    assert number_of(3) in status
    assert SELLER in status
    assert number_of(3) in await here.press(here.button("follow"))
    before = len(here.far_end.texts(USER))
    await here.whole.imported(number_of(3), "已到账")
    await until(lambda: len(here.far_end.texts(USER)) > before)
    (notice,) = here.far_end.texts(USER)[before:]
    assert number_of(3) in notice


async def search_and_next_page(here: Bot) -> None:
    first = await here.say("查一下我2026年8月的发票")
    second = await here.press(here.button("search_next"))
    assert first != second
    assert first.count(SELLER) == 5
    assert second.count(SELLER) == 2


async def a_file(here: Bot) -> None:
    drawn = draw("digital_ordinary", 4711, "A")
    number = drawn.truth["number"]
    assert number is not None
    sent = update("pdf")
    document = sent["message"]["document"]
    here.far_end.files[document["file_id"]] = drawn.pdf()
    await here.after(sent, sent["message"]["chat"]["id"])
    await until(lambda: any(number in text for text in here.far_end.texts(sent["message"]["chat"]["id"])))


async def twenty_at_once(here: Bot) -> None:
    chats = [8100 + place for place in range(20)]
    for place, chat in enumerate(chats):
        owner = await here.whole.employee(ChatId("telegram", str(chat)), f"2{place:03d}")
        await here.whole.invoice(owner, number_of(100 + place))
    asked = [here.say(number_of(100 + place), chat) for place, chat in enumerate(chats)]
    for place, answer in enumerate(await asyncio.gather(*asked)):
        assert set(re.findall(r"(?<!\d)2611\d{16}(?!\d)", answer)) == {number_of(100 + place)}
