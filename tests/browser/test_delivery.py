"""Whatever happens to page, connection or server: every message is there, once."""

from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import expect

from bot.build import Program
from handlers.core import Reply
from tests.browser.visit import PNG, Visiting
from tests.web.stage import Site, Talk, quiet

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]


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
