"""Fixtures for every test."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from storage.store import Store
from tests.databases import Cluster, cluster


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    """A PostgreSQL server."""
    with cluster() as started:
        yield started


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database, on each of the two systems."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/piaoda.db"
    server: Cluster = request.getfixturevalue("postgres")
    return server.database()


@pytest_asyncio.fixture
async def any_store(database_url: str) -> AsyncIterator[Store]:
    """An empty store on each of the two systems."""
    store = await Store.open(database_url)
    yield store
    await store.close()
