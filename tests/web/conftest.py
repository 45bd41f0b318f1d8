"""A site with its store, and browsers' side of it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from bot.build import Program
from locales.catalog import Catalog
from storage.store import Store
from tests.web.stage import Talk, program_on, quiet


@pytest.fixture(scope="session")
def words() -> Catalog:
    return Catalog.load()


@pytest.fixture
def talk() -> Talk:
    return Talk()


@pytest_asyncio.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await Store.open(f"sqlite:///{tmp_path}/piaoda.db")
    yield opened
    await opened.close()


@pytest_asyncio.fixture
async def program(store: Store, words: Catalog, talk: Talk) -> AsyncIterator[Program]:
    made = program_on(store, words, talk)
    yield made
    talk.go_on.set()
    await quiet(made)
