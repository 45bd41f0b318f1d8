"""The chat page by keyboard, with a screen reader, in light and dark."""

import pytest
from playwright.async_api import expect

from tests.browser.visit import PHONE, Visiting

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]


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
