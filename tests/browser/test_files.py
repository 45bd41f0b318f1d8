"""Files on the chat page: picked, pasted, dropped, shown and given back."""

from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.browser.visit import PHONE, PNG, Visiting
from tests.web.stage import Talk

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]


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


async def test_a_large_file_shows_how_far_it_is(visiting: Visiting, tmp_path: Path) -> None:
    paper = tmp_path / "large.pdf"
    paper.write_bytes(b"%PDF-1.4 made up" + bytes(900_000))
    async with visiting(PHONE) as visit:
        wire = await visit.context.new_cdp_session(visit.page)
        slow = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 300_000}
        await wire.send("Network.emulateNetworkConditions", slow)
        await visit.page.locator("#files").set_input_files(paper)
        bar = visit.mine().locator("progress")
        await expect(bar).to_have_attribute("aria-label", "发送中")
        await expect(visit.bot()).to_contain_text("got 1: large.pdf")
        await expect(bar).to_have_count(0)


async def test_an_empty_file_is_told_at_once_and_not_tried_again(
    visiting: Visiting, talk: Talk, tmp_path: Path
) -> None:
    (tmp_path / "empty.pdf").touch()
    async with visiting() as visit:
        await visit.page.locator("#files").set_input_files(tmp_path / "empty.pdf")
        await expect(visit.mine()).to_have_attribute("data-state", "failed")
        await expect(visit.mine().locator(".why")).to_contain_text("空的")
        await expect(visit.mine().locator(".retry")).to_have_count(0)
        await visit.mine().locator(".discard").click()
        await expect(visit.mine()).to_have_count(0)
    assert talk.heard == []


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
        await expect(visit.page.locator(".why")).to_contain_text("20 MB")
        await visit.page.get_by_role("button", name="删除这条未发出的消息").click()
        await expect(visit.mine()).to_have_count(0)
    assert talk.heard == []
