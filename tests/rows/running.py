"""`piaoda serve` as a process between its far ends, with what it keeps filled before it starts."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx

from storage import keys
from storage.keys import NewKey
from storage.store import Store
from tests.fakes.telegram import TOKEN as TELEGRAM_TOKEN
from tests.fakes.telegram import FakeTelegram
from tests.fakes.wechat import APP_ID, APP_SECRET, FakeWeChat
from tests.server import Server
from tests.wechat.doubles import AES_KEY, TOKEN, Platform

SECRET = "loopback_secret-1"
PUBLIC_URL = "https://piaoda.example"

Fill = Callable[[Store], Awaitable[None]]


@dataclass
class Running:
    """A program at work, its far ends, and the ways to it."""

    server: Server
    wechat: FakeWeChat
    telegram: FakeTelegram
    http: httpx.AsyncClient
    platform: Platform
    key: str  # of the REST interface


async def nothing(_store: Store) -> None:
    """Leave the database empty."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a program keeps its data."""

    home: Path
    url: str
    key: str


async def prepare(home: Path, database: str | None = None, fill: Fill = nothing) -> Place:
    """Fill a database, of SQLite in `home` or another; one at a time, as migrations run in this process."""
    (home / "data").mkdir()
    url = database or f"sqlite:///{home}/data/piaoda.db"
    store = await Store.open(url)
    key = await store.write(keys.make, NewKey("rows", datetime.now(UTC)))
    await fill(store)
    await store.close()
    return Place(home, url, key)


@asynccontextmanager
async def running(place: Place, *, mode: str, telegram_mode: str, **settings: str) -> AsyncIterator[Running]:
    """The program with all its channels, WeChat in `mode`; stopped in order afterwards, without a complaint."""
    server = Server(
        place.home,
        database_url=place.url,
        log_level="debug",
        wechat_token=TOKEN,
        wechat_app_id=APP_ID,
        wechat_app_secret=APP_SECRET,
        wechat_mode=mode,
        telegram_token=TELEGRAM_TOKEN,
        telegram_mode=telegram_mode,
        telegram_secret=SECRET,
        public_url=PUBLIC_URL,
        **({} if mode == "plain" else {"wechat_aes_key": AES_KEY}),
        **settings,
    )

    async def deliver(url: str, headers: dict[str, str], body: bytes) -> int:
        return (await http.post(url.removeprefix(PUBLIC_URL), headers=headers, content=body)).status_code

    limits = httpx.Limits(max_connections=200, max_keepalive_connections=50)
    async with (
        FakeWeChat() as wechat,
        FakeTelegram(deliver) as telegram,
        httpx.AsyncClient(base_url=server.base, timeout=30, trust_env=False, limits=limits) as http,
    ):
        server.environment["PIAODA_WECHAT_API_BASE"] = wechat.base
        server.environment["PIAODA_TELEGRAM_API_BASE"] = telegram.base
        async with server:
            yield Running(server, wechat, telegram, http, Platform(mode, http), place.key)
            assert await server.stop() == 0
    assert wechat.violations == []
    assert telegram.violations == []
    assert "Traceback" not in server.log
