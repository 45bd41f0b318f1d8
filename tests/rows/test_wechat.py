"""Rows over the whole program on WeChat: from the platform's push to what the user reads."""

import asyncio
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
from tests.fakes.wechat import APP_ID, APP_SECRET, FakeWeChat
from tests.rows.conftest import PATIENCE, SELLER, Whole, number_of, serving
from tests.waiting import until
from tests.wechat.doubles import AES_KEY, TOKEN, Platform, text_push

USER = "oLoopbackUser"
CHAT = ChatId("wechat", USER)

pytestmark = pytest.mark.slow


@dataclass
class Account:
    """A user of the account, and what the platform shows them."""

    whole: Whole
    far_end: FakeWeChat
    platform: Platform
    said: int = 0

    async def say(self, text: str, user: str = USER, press: str | None = None) -> str:
        """What the user reads after a message or a pressed link: at once, or by customer-service message."""
        self.said += 1
        return await self._after(_pressed(text_push(user, f"5{self.said:08d}", text), press), user)

    async def send(self, media: str) -> str:
        """What the user reads after a picture."""
        self.said += 1
        push = text_push(USER, f"5{self.said:08d}", "x").replace("[text]", "[image]")
        fields = f"<PicUrl>http://mmbiz.qpic.cn/x</PicUrl><MediaId>{media}</MediaId></xml>"
        return await self._after(re.sub("<Content>.*</Content>", "", push).replace("</xml>", fields), USER)

    async def _after(self, push: str, user: str) -> str:
        before = len(self.far_end.texts(user))
        said = await self.platform.say(push)
        if said is not None:
            return said
        await until(lambda: len(self.far_end.texts(user)) > before)
        return "\n".join(self.far_end.texts(user)[before:])


def _pressed(push: str, action: str | None) -> str:
    if action is None:
        return push
    return push.replace("</xml>", f"<bizmsgmenuid>{action}</bizmsgmenuid></xml>")


def action_in(text: str, start: str) -> str:
    """The action of a link that begins so."""
    found = re.search(rf"msgmenuid=({start}[^\"]*)\"", text)
    assert found, text
    return found.group(1).replace("%3A", ":")


@asynccontextmanager
async def account(home: Path, mode: str) -> AsyncIterator[Account]:
    key: dict[str, Any] = {} if mode == "plain" else {"wechat_aes_key": AES_KEY}
    async with FakeWeChat() as far_end:
        async with (
            serving(
                home, wechat_token=TOKEN, wechat_app_id=APP_ID, wechat_app_secret=APP_SECRET,
                wechat_mode=mode, wechat_api_base=far_end.base, **key,
            ) as whole,
            httpx.AsyncClient(base_url=whole.base, timeout=PATIENCE, trust_env=False) as http,
        ):  # fmt: skip
            yield Account(whole, far_end, Platform(mode, http))
        assert far_end.violations == []


@pytest.mark.parametrize("mode", ["plain", "compatible", "safe"])
async def test_a_day_on_wechat(tmp_path: Path, mode: str) -> None:
    async with account(tmp_path, mode) as here:
        assert "发票" in await here.say("你好")
        owner = await here.whole.employee(CHAT, "1001")
        for place in range(7):
            await here.whole.invoice(owner, number_of(place))
        await status_follow_and_notice(here)
        await search_and_next_page(here)
        if mode == "safe":
            await a_file(here)
            await twenty_at_once(here)
            await held_until_the_next_contact(here)


async def status_follow_and_notice(here: Account) -> None:
    status = await here.say(f"查发票 {number_of(3)}")
    assert number_of(3) in status
    assert SELLER in status
    assert number_of(3) in await here.say("关注", press=action_in(status, "follow"))
    await here.whole.imported(number_of(3), "已到账")
    await until(lambda: here.far_end.texts(USER))
    (notice,) = here.far_end.texts(USER)
    assert number_of(3) in notice


async def search_and_next_page(here: Account) -> None:
    first = await here.say("查一下我2026年8月的发票")
    second = await here.say("下一页", press=action_in(first, "search_next"))
    pages = [set(re.findall(r"msgmenuid=(open(?::|%3A)\d+)", page)) for page in (first, second)]
    assert [len(page) for page in pages] == [5, 2]
    assert pages[0] & pages[1] == set()


async def a_file(here: Account) -> None:
    drawn = draw("digital_ordinary", 4711, "A")
    here.far_end.media["media-1"] = ("application/pdf", drawn.pdf())
    number = drawn.truth["number"]
    assert number is not None
    said = await here.send("media-1")
    await until(lambda: number in said or any(number in text for text in here.far_end.texts(USER)))


async def twenty_at_once(here: Account) -> None:
    users = [f"oCrowd{place:02d}" for place in range(20)]
    for place, user in enumerate(users):
        owner = await here.whole.employee(ChatId("wechat", user), f"2{place:03d}")
        await here.whole.invoice(owner, number_of(100 + place))
    asked = [here.say(number_of(100 + place), user) for place, user in enumerate(users)]
    for place, answer in enumerate(await asyncio.gather(*asked)):
        assert set(re.findall(r"(?<!\d)2611\d{16}(?!\d)", answer)) == {number_of(100 + place)}


async def held_until_the_next_contact(here: Account) -> None:
    """An account without the right (48001): the notice waits, and is given with the next answer, once."""
    here.far_end.rights.discard("custom")
    before = len(here.far_end.calls("/custom/send"))
    await here.whole.imported(number_of(3), "已退回")
    await until(lambda: len(here.far_end.calls("/custom/send")) > before)
    delivery = here.whole.program.deliveries[0]
    await delivery.finish(PATIENCE)
    said = await here.say("谢谢")
    assert number_of(3) in said
    assert number_of(3) not in await here.say("谢谢")
