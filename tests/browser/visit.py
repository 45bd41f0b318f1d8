"""A visit of the chat page: one browser window, and what a person does in it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from playwright.async_api import BrowserContext, Page, expect

PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
DESKTOP: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}}
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c4944415408d763f8cfc000000301"
    "0100c9fe92ef0000000049454e44ae426082"
)


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


Visiting = Callable[..., Any]
