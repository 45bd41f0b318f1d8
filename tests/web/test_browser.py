"""The chat page in a real browser: what a person does there, and what must never happen."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from bot.build import Program
from handlers.core import Reply
from locales.catalog import Catalog
from storage.store import Store
from tests.web.stage import HOSTILE, Site, Talk, program_on, quiet

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
DESKTOP: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}}
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c4944415408d763f8cfc000000301"
    "0100c9fe92ef0000000049454e44ae426082"
)
# Reports what the content security policy holds back, which a page that behaves never does.
WATCH = """window.reports = [];
addEventListener("securitypolicyviolation", (event) => reports.push(event.violatedDirective));"""


@dataclass
class Visit:
    """One browser with one page, and what went wrong there."""

    page: Page
    context: BrowserContext
    base: str
    wrong: list[str] = field(default_factory=list)

    async def open(self) -> None:
        await self.page.goto(self.base)
        await expect(self.page.locator("#log")).to_have_attribute("aria-busy", "false")

    async def say(self, text: str) -> None:
        await self.page.locator("#text").fill(text)
        await self.page.locator("#text").press("Enter")

    def mine(self) -> Any:
        return self.page.locator(".row.mine")

    def bot(self) -> Any:
        return self.page.locator(".row.bot")

    async def texts(self) -> list[str]:
        found: list[str] = await self.page.locator(".row .words").all_text_contents()
        return found


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
        yield browser
        await browser.close()


# One browser for all means one event loop for all: the store must live in it too.
@pytest_asyncio.fixture(loop_scope="module")
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await Store.open(f"sqlite:///{tmp_path}/piaoda.db")
    yield opened
    await opened.close()


@pytest_asyncio.fixture(loop_scope="module")
async def program(store: Store, words: Catalog, talk: Talk) -> AsyncIterator[Program]:
    made = program_on(store, words, talk)
    yield made
    talk.go_on.set()
    await quiet(made)


@pytest_asyncio.fixture(loop_scope="module")
async def site(program: Program) -> AsyncIterator[Site]:
    made = Site(program)
    await made.start()
    yield made
    await made.stop()


Visiting = Callable[..., Any]


@pytest.fixture
def visiting(chromium: Browser, site: Site) -> Visiting:
    @asynccontextmanager
    async def visit(size: dict[str, Any] = DESKTOP, **more: Any) -> AsyncIterator[Visit]:
        options: dict[str, Any] = {"locale": "zh-CN", "timezone_id": "Asia/Shanghai", **size, **more}
        context = await chromium.new_context(**options)
        await context.add_init_script(WATCH)
        page = await context.new_page()
        made = Visit(page, context, site.base)
        page.on("dialog", lambda dialog: made.wrong.append(f"dialog {dialog.message}"))
        page.on("pageerror", lambda error: made.wrong.append(str(error)))
        page.on("request", lambda request: _look(made, request.url))
        await made.open()
        yield made
        reports = await page.evaluate("reports")
        await context.close()
        assert made.wrong == []
        assert reports == []

    return visit


def _look(visit: Visit, address: str) -> None:
    if not address.startswith((visit.base + "/", f"blob:{visit.base}/")):
        visit.wrong.append(f"asks {address}")


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


async def test_a_file_is_sent_shown_and_given_back(visiting: Visiting, tmp_path: Path) -> None:
    paper = tmp_path / "发票 <1>.pdf"
    paper.write_bytes(b"%PDF-1.4 made up")
    picture = tmp_path / "photo.png"
    picture.write_bytes(PNG)
    async with visiting(PHONE) as visit:
        await visit.page.locator("#files").set_input_files(paper)
        await expect(visit.bot()).to_contain_text("got 1: 发票 <1>.pdf")
        await expect(visit.mine().locator("a.file .name")).to_have_text("发票 <1>.pdf")
        async with visit.page.expect_download() as download:
            await visit.mine().locator("a.file").click()
        assert await (await download.value).path() is not None
        await visit.page.locator("#photo").set_input_files(picture)
        await expect(visit.mine().locator(".picture img")).to_be_visible()
        await expect(visit.bot()).to_have_count(2)
        await visit.page.reload()
        await expect(visit.mine().locator(".picture img")).to_have_js_property("naturalWidth", 1)
        await visit.mine().locator(".picture").click()
        await expect(visit.page.locator("#viewer")).to_be_visible()
        await visit.page.keyboard.press("Escape")
        await expect(visit.page.locator("#viewer")).to_be_hidden()


async def test_several_files_are_one_album_and_the_text_is_its_caption(
    visiting: Visiting, talk: Talk, tmp_path: Path
) -> None:
    for name in ("a.png", "b.png"):
        (tmp_path / name).write_bytes(PNG + name.encode())
    async with visiting() as visit:
        await visit.page.locator("#files").set_input_files([tmp_path / "a.png", tmp_path / "b.png"])
        await expect(visit.bot()).to_contain_text("got 2: a.png, b.png")
        await paste(visit.page, "scan.png")
        await expect(visit.page.locator("#tray .held")).to_have_count(1)
        await visit.say("send it back")
        await expect(visit.page.locator("#tray")).to_be_hidden()
        await expect(visit.bot()).to_have_count(3)
        await expect(visit.bot().nth(1)).to_contain_text("got 1: scan.png | send it back")
        await expect(visit.bot().last.locator(".picture img")).to_be_visible()
    assert len(talk.heard) == 2


async def paste(page: Page, name: str) -> None:
    await page.evaluate(
        """([name, bytes]) => {
            const data = new DataTransfer();
            data.items.add(new File([new Uint8Array(bytes)], name, { type: "image/png" }));
            const event = new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true });
            document.getElementById("text").dispatchEvent(event);
        }""",
        [name, list(PNG)],
    )


async def test_dropped_files_wait_for_a_look(visiting: Visiting) -> None:
    async with visiting() as visit:
        await visit.page.evaluate(
            """(bytes) => {
                const data = new DataTransfer();
                for (const name of ["a.png", "b.pdf"]) data.items.add(new File([new Uint8Array(bytes)], name));
                for (const type of ["dragenter", "dragover", "drop"]) {
                    const more = { dataTransfer: data, bubbles: true, cancelable: true };
                    document.getElementById("log").dispatchEvent(new DragEvent(type, more));
                    if (type === "dragover") window.over = getComputedStyle(document.getElementById("drop")).visibility;
                }
            }""",
            list(PNG),
        )
        assert await visit.page.evaluate("window.over") == "visible"
        await expect(visit.page.locator("#drop")).to_be_hidden()
        await visit.page.get_by_role("button", name="移除: b.pdf").click()
        await expect(visit.mine()).to_have_count(0)
        await visit.page.locator("#send").click()
        await expect(visit.bot()).to_contain_text("got 1: a.png")


async def test_a_file_that_is_too_large_is_not_even_sent(
    visiting: Visiting, tmp_path: Path, talk: Talk
) -> None:
    (tmp_path / "large.pdf").write_bytes(b"0" * 20_000_001)
    async with visiting() as visit:
        await visit.page.locator("#files").set_input_files(tmp_path / "large.pdf")
        await expect(visit.page.locator(".retry")).to_contain_text("20 MB")
        await visit.page.get_by_role("button", name="删除这条未发出的消息").click()
        await expect(visit.mine()).to_have_count(0)
    assert talk.heard == []


async def test_a_reload_keeps_the_talk(visiting: Visiting) -> None:
    async with visiting() as visit:
        for number in range(3):
            await visit.say(f"message {number}")
            await expect(visit.bot()).to_have_count(number + 1)
        before = await visit.texts()
        await visit.page.reload()
        await expect(visit.bot()).to_have_count(3)
        assert await visit.texts() == before
        await expect(visit.page.locator(".day:visible")).to_have_text("今天")
        second = await visit.context.new_page()  # another page of the same browser is the same chat
        await second.goto(visit.base)
        await expect(second.locator(".row.bot")).to_have_count(3)
        await visit.say("to both")
        await expect(second.locator(".row")).to_have_count(8)
        assert len(await visit.texts()) == 8


async def test_a_lost_connection_loses_and_repeats_nothing(
    visiting: Visiting, program: Program, talk: Talk
) -> None:
    async with visiting() as visit:
        await visit.say("before")
        await expect(visit.bot()).to_have_count(1)
        await visit.context.set_offline(True)
        await expect(visit.page.locator("#offline")).to_be_visible()
        await visit.say("one")
        await visit.say("two")
        await expect(visit.mine().last).to_have_attribute("data-state", "waiting")
        await program.assistant.tell(
            talk.heard[0].message.chat, Reply("voice.heard", {"text": "notice"}), "zh", "notice-1"
        )
        await visit.context.set_offline(False)
        await expect(visit.page.locator("#offline")).to_be_hidden()
        await expect(visit.bot()).to_have_count(4)
        await quiet(program)
        said = [text for text in await visit.texts() if "我听到" not in text]
        assert said == ["before", "one", "two"]
        assert [turn.message.text for turn in talk.heard] == ["before", "one", "two"]


async def test_the_page_survives_the_servers_restart(visiting: Visiting, site: Site, talk: Talk) -> None:
    async with visiting() as visit:
        await visit.say("before")
        await expect(visit.bot()).to_have_count(1)
        await site.stop()
        await visit.say("meanwhile")
        await expect(visit.page.locator("#offline")).to_be_visible()
        await site.start()
        await expect(visit.bot()).to_have_count(2)
        await expect(visit.mine().last).to_have_attribute("data-state", "sent")
        await expect(visit.page.locator("#offline")).to_be_hidden()
    assert [turn.message.text for turn in talk.heard] == ["before", "meanwhile"]


async def test_what_was_not_sent_is_sent_after_a_reload(
    visiting: Visiting, tmp_path: Path, talk: Talk
) -> None:
    (tmp_path / "kept.png").write_bytes(PNG)
    async with visiting() as visit:
        await visit.page.route("**/chat/messages", _refuse_posts)
        await visit.page.route("**/chat/files?*", _refuse_posts)
        await visit.say("kept")
        await visit.page.locator("#files").set_input_files(tmp_path / "kept.png")
        await expect(visit.mine()).to_have_count(2)
        await visit.page.unroute_all()
        await visit.page.reload()
        await expect(visit.bot()).to_have_count(2)
        await expect(visit.bot().last).to_contain_text("got 1: kept.png")
        await visit.page.reload()
        await expect(visit.mine()).to_have_count(2)
        assert (
            await visit.page.evaluate("Object.keys(localStorage).filter((key) => key.includes('unsent'))")
            == []
        )
    assert len(talk.heard) == 2


async def _refuse_posts(route: Any) -> None:
    if route.request.method == "POST":
        await route.abort()
    else:
        await route.continue_()


async def test_a_failed_message_is_sent_again_under_its_id(visiting: Visiting, talk: Talk) -> None:
    async with visiting() as visit:
        ids: list[str] = []
        ways = ["refuse", "lose", "pass"]

        async def meddle(route: Any) -> None:
            if route.request.method != "POST":
                await route.continue_()
                return
            ids.append(route.request.post_data_json["id"])
            match ways.pop(0):
                case "refuse":
                    await route.fulfill(status=403, json={"error": "foreign"})
                case "lose":  # it arrives, but nobody hears of it
                    await route.fetch()
                    await route.abort()
                case _:
                    await route.continue_()

        await visit.page.route("**/chat/messages", meddle)
        await visit.say("again")
        await expect(visit.mine()).to_have_attribute("data-state", "failed")
        await visit.page.locator(".retry").click()
        await expect(visit.mine()).to_have_attribute("data-state", "sent")
        await expect(visit.bot()).to_have_count(1)
        await expect(visit.mine()).to_have_count(1)
        assert len(set(ids)) == 1
        await visit.page.unroute_all(behavior="wait")
    assert len(talk.heard) == 1


async def test_the_language_is_switched_and_remembered(visiting: Visiting, talk: Talk) -> None:
    async with visiting() as visit:
        await visit.page.get_by_role("button", name="English").click()
        await expect(visit.page.locator("#text")).to_have_attribute(
            "placeholder", "Question or invoice number"
        )
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
        assert await visit.page.evaluate("document.getElementById('scroller').scrollTop") == 100
        await button.click()
        await at_end(visit.page)
        await expect(button).to_be_hidden()


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


async def test_everything_is_reached_by_keyboard_and_has_a_name(visiting: Visiting) -> None:
    async with visiting(PHONE) as visit:
        await visit.say("buttons")
        await expect(visit.bot()).to_have_count(1)
        log = visit.page.get_by_role("log")
        await expect(log).to_have_attribute("aria-live", "polite")
        await expect(log).to_have_attribute("aria-label", "对话内容")
        nameless = await visit.page.evaluate(
            """() => [...document.querySelectorAll("button, textarea, a, [tabindex]")]
            .filter((item) => item.checkVisibility())
            .filter((item) => !(item.ariaLabel || item.innerText || item.title).trim())
            .map((item) => item.outerHTML)"""
        )
        assert nameless == []
        reached: list[str] = []
        await visit.page.evaluate("document.activeElement.blur()")
        for _ in range(12):
            await visit.page.keyboard.press("Tab")
            reached.append(
                await visit.page.evaluate(
                    "document.activeElement.id || document.activeElement.innerText || ''"
                )
            )
        for name in ("中", "EN", "日", "scroller", "我能做什么", "常见问题", "attach", "camera", "text"):
            assert name in reached
        small = await visit.page.evaluate(
            """() => [...document.querySelectorAll("button")].filter((item) => item.checkVisibility())
            .map((item) => [item.id || item.innerText, item.getBoundingClientRect().height])
            .filter(([, height]) => height < 32)"""
        )
        assert small == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_text_stands_out_from_its_ground(visiting: Visiting, scheme: str) -> None:
    async with visiting(color_scheme=scheme) as visit:
        await visit.say("buttons")
        await expect(visit.bot()).to_have_count(1)
        await visit.page.evaluate("document.getElementById('offline').hidden = false")
        weak = await visit.page.evaluate(CONTRAST)
        assert weak == []


# Elements whose own text has less than 4.5 : 1 against the nearest painted ground.
CONTRAST = """() => {
  const channels = (color) => color.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((value) => value / 255)
    .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4))
    .reduce((sum, value, place) => sum + value * [0.2126, 0.7152, 0.0722][place], 0);
  const ground = (item) => {
    for (; item; item = item.parentElement) {
      const color = channels(getComputedStyle(item).backgroundColor);
      if (getComputedStyle(item).backgroundColor.startsWith("rgb") && (color[3] ?? 1) > 0.9) return color;
    }
    return [255, 255, 255];
  };
  return [...document.querySelectorAll("body *")]
    .filter((item) => item.checkVisibility())
    .filter((item) => [...item.childNodes].some((node) => node.nodeType === 3 && node.data.trim()))
    .map((item) => {
      const [one, other] = [light(channels(getComputedStyle(item).color)), light(ground(item))];
      return [item.className || item.id || item.tagName, (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05)];
    })
    .filter(([, ratio]) => ratio < 4.5);
}"""
