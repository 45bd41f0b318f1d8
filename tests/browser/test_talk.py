"""What a person does on the chat page, in a real browser at the size of a phone and of a desktop."""

from typing import Any

import pytest
from playwright.async_api import Page, expect

from bot.build import Program
from handlers.core import Reply
from tests.browser.visit import DESKTOP, PHONE, Visiting
from tests.web.stage import HOSTILE, Talk

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
async def test_a_talk(visiting: Visiting, size: dict[str, Any]) -> None:
    async with visiting(size) as visit:
        await expect(visit.page.locator("#welcome")).to_be_visible()
        await expect(visit.page.locator("#demo")).to_have_text("演示数据")
        await visit.page.locator("#text").fill("第一行")
        await visit.page.locator("#text").press("Shift+Enter")
        await visit.page.keyboard.type("第二行")
        await visit.page.locator("#send").click()
        await expect(visit.bot()).to_have_count(1)
        assert (await visit.texts())[0] == "第一行\n第二行"
        await expect(visit.mine()).to_have_attribute("data-state", "sent")
        await expect(visit.page.locator("#welcome")).to_be_hidden()
        await expect(visit.page.locator("#text")).to_have_value("")
        await visit.say("buttons")
        await visit.page.get_by_role("button", name="常见问题").click()
        await expect(visit.bot().last).to_contain_text("pressed faq:lost")
        # Buttons of older messages stay usable.
        await visit.page.get_by_role("button", name="我能做什么").click()
        await expect(visit.bot().last).to_contain_text("pressed menu")
        assert await fits(visit.page)


async def fits(page: Page) -> bool:
    """Nothing stands out at the side, and the composer is on the screen."""
    wide: bool = await page.evaluate(
        """() => document.documentElement.scrollWidth <= innerWidth
        && document.getElementById("scroller").scrollWidth <= innerWidth
        && document.getElementById("composer").getBoundingClientRect().bottom <= innerHeight + 0.5"""
    )
    return wide


async def test_the_welcome_starts_a_talk(visiting: Visiting) -> None:
    async with visiting() as visit:
        await visit.page.get_by_role("button", name="开始").click()
        await expect(visit.bot()).to_contain_text("pressed start")
    async with visiting(locale="en-GB") as visit:
        await visit.page.get_by_role("button", name="I lost my invoice").click()
        await expect(visit.bot()).to_contain_text("heard I lost my invoice in en")


async def test_the_language_is_switched_and_remembered(visiting: Visiting, talk: Talk) -> None:
    async with visiting() as visit:
        await visit.page.get_by_role("button", name="English").click()
        await expect(visit.page.locator("#text")).to_have_attribute("placeholder", "Ask or type a number")
        await expect(visit.bot()).to_contain_text("pressed language:en")
        await expect(visit.page.locator("html")).to_have_attribute("lang", "en")
        await expect(visit.page.locator("#demo")).to_have_text("Demo data")
        await visit.page.reload()
        await expect(visit.page.locator("#demo")).to_have_text("Demo data")
        await expect(visit.page.get_by_role("button", name="English")).to_have_attribute(
            "aria-pressed", "true"
        )
        await visit.page.get_by_role("button", name="日本語").click()
        await expect(visit.page.locator(".day:visible").first).to_have_text("今日")
        await expect(visit.bot()).to_have_count(2)
    assert [turn.message.action for turn in talk.heard] == ["language:en", "language:ja"]
    async with visiting(locale="ja-JP") as visit:
        await expect(visit.page.locator("#welcome-title")).to_contain_text("こんにちは")
    async with visiting(locale="fr-FR") as visit:
        await expect(visit.page.locator("#welcome-title")).to_contain_text("Hello")


async def test_an_awaited_answer_shows_as_typing(visiting: Visiting, talk: Talk) -> None:
    async with visiting() as visit:
        await visit.say("wait")
        await expect(visit.page.locator("#typing")).to_be_visible()
        await expect(visit.page.locator("#status")).to_have_text("正在输入…")
        talk.go_on.set()
        await expect(visit.bot()).to_have_count(1)
        await expect(visit.page.locator("#typing")).to_be_hidden()
        await visit.say("silence")
        await expect(visit.mine().last).to_have_attribute("data-state", "sent")
        await expect(visit.page.locator("#typing")).to_be_hidden()


async def test_the_reader_stays_where_they_read(visiting: Visiting, program: Program, talk: Talk) -> None:
    async with visiting(PHONE) as visit:
        await visit.say("long")
        await expect(visit.bot()).to_have_count(1)
        await at_end(visit.page)
        await visit.page.evaluate("document.getElementById('scroller').scrollTop = 100")
        button = visit.page.locator("#to-end")
        await expect(button).to_be_visible()
        chat = talk.heard[0].message.chat
        for number in range(2):
            reply = Reply("voice.heard", {"text": "notice"})
            await program.assistant.tell(chat, reply, "zh", f"notice-{number}")
        await expect(button).to_have_text("新消息 2")
        await expect(visit.page.locator(".fresh:visible")).to_have_text(
            "新消息"
        )  # once, before the first of them
        assert await visit.page.evaluate("document.getElementById('scroller').scrollTop") == 100
        await button.click()
        await at_end(visit.page)
        await expect(button).to_be_hidden()
        await visit.say("thanks")
        await expect(visit.page.locator(".fresh:visible")).to_have_count(0)


async def test_what_was_said_before_comes_as_the_reader_goes_up(
    visiting: Visiting, program: Program, talk: Talk
) -> None:
    async with visiting(PHONE) as visit:
        await visit.say("first")
        await expect(visit.bot()).to_have_count(1)
        chat = talk.heard[0].message.chat
        for number in range(230):
            reply = Reply("voice.heard", {"text": f"notice {number}"})
            await program.assistant.tell(chat, reply, "zh", f"notice-{number}")
        await visit.page.reload()
        await expect(visit.bot()).to_have_count(100)
        await at_end(visit.page)
        place = "document.querySelector('.row.bot .bubble').getBoundingClientRect().top"
        await visit.page.evaluate("document.getElementById('scroller').scrollTop = 300")
        before = await visit.page.evaluate(
            f"window.first = document.querySelector('.row.bot .bubble'); {place}"
        )
        await expect(visit.bot()).to_have_count(200)
        after = await visit.page.evaluate("first.getBoundingClientRect().top")
        assert abs(after - before) < 2  # what is read does not move
        await visit.page.evaluate("document.getElementById('scroller').scrollTop = 0")
        await expect(visit.page.locator(".row")).to_have_count(232)
        assert (await visit.texts())[0] == "first"
        assert await visit.page.locator("#log").get_attribute("aria-busy") == "false"


async def test_lines_of_an_answer_show_what_they_are(
    visiting: Visiting, program: Program, talk: Talk
) -> None:
    lines = "【演示数据】\n识别结果\n号码：1〔二维码〕\n⚠ <b>不符</b>\n下一步：核对"
    async with visiting() as visit:
        await visit.say("first")
        await expect(visit.bot()).to_have_count(1)
        reply = Reply("verdict.show", {"lines": lines})
        await program.assistant.tell(talk.heard[0].message.chat, reply, "zh", "verdict")
        await expect(visit.bot()).to_have_count(2)
        assert (await visit.texts())[-1] == lines
        shown = visit.bot().last.locator(".line")
        assert await shown.evaluate_all("lines => lines.map((line) => line.className)") == [
            "line demo",
            "line head",
            "line warn",
            "line next",
        ]
        await expect(visit.bot().last.locator(".source")).to_have_text("〔二维码〕")


async def at_end(page: Page) -> None:
    await page.wait_for_function(
        """() => { const { scrollHeight, scrollTop, clientHeight } = document.getElementById("scroller");
        return scrollHeight - scrollTop - clientHeight < 2; }"""
    )


async def test_enter_belongs_to_the_input_method_while_it_composes(visiting: Visiting, talk: Talk) -> None:
    async with visiting() as visit:
        text = visit.page.locator("#text")
        await text.fill("fapiao")
        await text.dispatch_event("keydown", {"key": "Enter", "isComposing": True})
        await text.dispatch_event("keydown", {"key": "Enter", "keyCode": 229})
        await expect(text).to_have_value("fapiao")
        await text.press("Enter")
        await expect(visit.bot()).to_have_count(1)
    assert len(talk.heard) == 1


@pytest.mark.parametrize(
    "text", [HOSTILE, "<svg/onload=alert(1)>", "https://a.example/\"onmouseover='alert(1)'"]
)
async def test_hostile_text_is_text(visiting: Visiting, text: str) -> None:
    async with visiting() as visit:
        await visit.say(text)
        await expect(visit.bot()).to_have_count(1)
        assert (await visit.texts())[0] == text
        await visit.say("hostile")
        await expect(visit.bot()).to_have_count(2)
        assert HOSTILE in (await visit.texts())[3]
        await visit.page.reload()
        await expect(visit.bot()).to_have_count(2)
        assert (
            await visit.page.locator("#log script, #log img, #log svg[onload], #log [onmouseover]").count()
            == 0
        )


async def test_only_web_addresses_become_links(visiting: Visiting) -> None:
    async with visiting() as visit:
        await visit.say("see https://example.com/a?b=1, http://example.com javascript:alert(1) //example.com")
        link = visit.bot().locator("a")
        await expect(link).to_have_attribute("href", "https://example.com/a?b=1")
        await expect(link).to_have_attribute("rel", "noopener noreferrer nofollow")
