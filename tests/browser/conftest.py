"""One Chromium for all visits of a file, and a fresh site for each test."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from bot.build import Program
from locales.catalog import Catalog
from storage.store import Store
from tests.browser.visit import DESKTOP, Visit, Visiting
from tests.web.stage import Site, Talk, program_on, quiet

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# Reports what the content security policy holds back, which a page that behaves never does.
WATCH = """window.reports = [];
addEventListener("securitypolicyviolation", (event) => reports.push(event.violatedDirective));"""


@pytest.fixture(scope="session")
def words() -> Catalog:
    return Catalog.load()


@pytest.fixture
def talk() -> Talk:
    return Talk()


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
